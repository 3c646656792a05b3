"""Chooses a site's rules: from the pages that a person marked, proven on the pages that were not used to find them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scraper.draft.candidates import Candidate, candidates
from scraper.draft.marks import LISTS, MARKED, Sample, plain, plausible, same, value_of
from scraper.model import FieldRule, Rules
from scraper.parse import site
from scraper.parse.article import parse

_TRIED = 600  # candidates of one field and page that are tried, the most trusted first
_KEPT = 12  # that pass before the search ends
_SEVERAL = 6.0  # what it costs in trust to find more than the one value, of which the first is taken
_PARSED = 6  # of these that are read by the whole parser


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was found for one marked field.

    `rule` is None where none is needed (`built_in`) or none was found. `proven` counts the pages, apart from the one it
    was found on, where a person marked the value and it is right; `shaped` those where it has the right shape.
    """

    field: str
    rule: FieldRule | None = None
    built_in: bool = False
    proven: int = 0
    shaped: int = 0
    others: int = 0  # pages apart from the one it was found on

    @property
    def sure(self) -> bool:
        """Proven on a page that was not used to find it; or the parser was right on more than one page by itself."""
        return self.proven > 0


@dataclass(frozen=True, slots=True)
class _Trial:
    """How a candidate did on the samples."""

    candidate: Candidate
    proven: int  # marked pages apart from its own where it gives the marked value
    shaped: int  # unmarked pages where it gives something plausible
    several: int  # pages where it gives more than one value for a field that has one

    def order(self) -> tuple[float, ...]:
        return (-self.proven, -self.shaped, self.candidate.cost + _SEVERAL * bool(self.several))


def propose(samples: Sequence[Sample], *, built_in: bool = True) -> list[Proposal]:
    """A proposal for every marked field. Without `built_in` a rule is sought even where the parser needs none."""
    marked = {name for sample in samples for name in sample.marks}
    chosen: dict[str, FieldRule] = {}
    proposals = []
    for name in (name for name in MARKED if name in marked):
        found = _field(name, samples, chosen, built_in)
        if found.rule:
            chosen[name] = found.rule
        proposals.append(found)
    return proposals


def _field(name: str, samples: Sequence[Sample], chosen: Mapping[str, FieldRule], built_in: bool) -> Proposal:
    marked = [sample for sample in samples if name in sample.marks]
    if built_in and all(_right(name, sample, chosen) for sample in marked):
        return Proposal(name, built_in=True, proven=len(marked) - 1, others=len(samples) - 1)
    trials = sorted(_trials(name, samples, marked), key=_Trial.order)
    for trial in trials[:_PARSED]:
        rule = _completed(trial, trials, name, marked)
        rules = {**chosen, name: rule}
        if all(_right(name, sample, rules) for sample in marked):
            return Proposal(name, rule, False, trial.proven, trial.shaped, len(samples) - 1)
    return Proposal(name, others=len(samples) - 1)


def _right(name: str, sample: Sample, fields: Mapping[str, FieldRule]) -> bool:
    """Whether the whole parser gives the marked value with these rules."""
    article = parse(sample.page, Rules(fields=fields))
    return same(name, sample.marks[name], value_of(article, name), article.language)


def _trials(name: str, samples: Sequence[Sample], marked: Sequence[Sample]) -> Iterator[_Trial]:
    """The candidates that hold on every page: right where it is marked, plausible or silent elsewhere."""
    seen: set[FieldRule] = set()
    for origin in marked:
        kept = 0
        for candidate in candidates(name, origin.marks[name], origin)[:_TRIED]:
            if candidate.rule in seen:
                continue
            seen.add(candidate.rule)
            if trial := _tried(name, candidate, origin, samples):
                yield trial
                kept += 1
            if kept == _KEPT:
                break


def _tried(name: str, candidate: Candidate, origin: Sample, samples: Sequence[Sample]) -> _Trial | None:
    """None for a candidate that is wrong anywhere, or that nothing but its own page speaks for."""
    proven = shaped = several = 0
    known = frozenset(plain(sample.marks[name]) for sample in samples if name in sample.marks)
    for sample in [origin, *(each for each in samples if each is not origin)]:
        values = found_by(name, candidate.rule, sample)
        several += len(set(values)) != len(values) if name in LISTS else len(set(values)) > 1
        if name in sample.marks:
            right = bool(values) and same(
                name, sample.marks[name], values if name in LISTS else values[0], sample.doc.lang
            )
            if (values and not right) or (sample is origin and not right):
                return None
            proven += right and sample is not origin
        elif values and not plausible(name, values, sample, known):
            return None
        else:
            shaped += bool(values)
    silent = len(samples) > 1 and not proven + shaped
    return None if silent or (several and not proven) else _Trial(candidate, proven, shaped, several)


def found_by(name: str, rule: FieldRule, sample: Sample) -> list[str]:
    """What the rule finds on a page, in page order, as the parser's own first step finds it."""
    sample.doc.rules = Rules(fields={name: rule})
    return [found.value for found in site.founds(sample.doc, name)]


def _completed(trial: _Trial, trials: Sequence[_Trial], name: str, marked: Sequence[Sample]) -> FieldRule:
    """The rule, with the selectors of others of its kind behind it for marked pages on which it finds nothing."""
    rule = trial.candidate.rule
    for sample in marked:
        if found_by(name, rule, sample):
            continue
        for other in trials:
            joined = replace(rule, css=(*rule.css, *other.candidate.rule.css))
            alike = replace(other.candidate.rule, css=rule.css) == replace(rule, css=rule.css)
            if alike and found_by(name, other.candidate.rule, sample):
                rule = joined
                break
    return rule
