"""The table that `scraper init` prints: what the sampled articles give for each field, and how sure that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scraper.config import FIELDS
from scraper.draft.marks import OWN, Sample, plain, same, value_of
from scraper.draft.propose import Proposal
from scraper.model import Article, Rules
from scraper.parse.article import explain
from scraper.report import escape

_STRONG = frozenset(("site", "json-ld", "meta", "label"))
_SHOWN = 40  # characters of a value
_TITLES = ("headline", "summary")  # often printed with the site's name, or cut short


@dataclass(frozen=True, slots=True)
class Row:
    """One field. `value` is the first article's that has one; `doubt` is empty where the field is sure."""

    field: str
    value: str
    source: str
    doubt: str


def rows(samples: Sequence[Sample], rules: Rules) -> list[Row]:
    """A row for every field that a site can have a rule for, in the record's order."""
    articles = [explain(sample.page, rules) for sample in samples]
    return [_row(name, articles) for name in FIELDS]


def table(samples: Sequence[Sample], rules: Rules) -> Iterator[str]:
    """The rows as lines for a terminal."""
    found = [("field", "value", "source", "")]
    found += [
        (row.field, row.value, row.source, f"unsure: {row.doubt}" if row.doubt else "sure")
        for row in rows(samples, rules)
    ]
    widths = [max(len(line[column]) for line in found) for column in range(3)]
    for line in found:
        yield "  ".join([*(part.ljust(width) for part, width in zip(line, widths, strict=False)), line[3]]).rstrip()


def proposal(found: Proposal, rule: str) -> str:
    """What came of one marked field, as a line; `rule` is the line of config."""
    if found.built_in:
        others = f", also on {_pages(found.proven)} more that you marked" if found.proven else ""
        return f"{found.field}: built in: the parser is right without a rule{others}"
    if found.rule is None:
        return f"{found.field}: no rule was found that gives what you marked and holds on the other pages"
    proof = f"right on {found.proven} of them that you marked, plausible on {found.shaped}"
    doubt = "" if found.sure else "; unsure: mark this field on a second page"
    return f"{rule}  <- {_pages(found.others)} not used to find it: {proof}{doubt}"


def _pages(count: int) -> str:
    return f"{count} page{'' if count == 1 else 's'}"


def _row(name: str, articles: Sequence[Article]) -> Row:
    values = [value_of(article, name) for article in articles]
    first = next((value for value in values if value), None)
    sources = Counter(str(article.sources[name]) for article in articles if name in article.sources)
    counted = ", ".join(source if len(sources) == 1 else f"{source} {count}" for source, count in sources.most_common())
    return Row(name, _shown(first), counted or "-", _doubt(name, values, articles))


def _shown(value: Any) -> str:
    text = "; ".join(value) if isinstance(value, tuple) else value or "-"
    return escape(" ".join(text.split()), _SHOWN)


def _doubt(name: str, values: Sequence[Any], articles: Sequence[Article]) -> str:
    """Why a field cannot be relied on, empty if it can."""
    missing = sum(value is None for value in values)
    if missing:
        return "missing" if missing == len(values) else f"missing on {missing} of {_pages(len(values))}"
    if name in OWN and len(values) > 1 and len({plain(value) for value in values}) == 1:
        return "the same on every page"
    stem = "date-" if name in ("date", "time") else f"{name}-"
    codes = {code for article in articles for code in article.issues if code.startswith(stem)}
    if codes:
        return ", ".join(sorted(codes))
    rivals = next((rival for article in articles if (rival := _rival(name, article))), "")
    return f"the page also says {rivals}" if rivals else ""


def _rival(name: str, article: Article) -> str:
    """Another value than the one that a weak step chose, with its source; empty where none disagrees."""
    chosen = value_of(article, name)
    if article.sources.get(name) in _STRONG or name == "body":
        return ""
    for found in article.evidence.get("date" if name == "time" else name, ()):
        if found.lost is not None and found.value and not _agrees(name, chosen, found.value):
            return f"{_shown(found.value)!r} ({found.source})"
    return ""


def _agrees(name: str, chosen: Any, value: Any) -> bool:
    if isinstance(chosen, tuple):
        return isinstance(value, list | tuple) and {*map(plain, value)} == {*map(plain, chosen)}
    if name == "time" and ":" not in str(value):
        return True  # a date without a time
    one, other = plain(chosen), plain(str(value))
    return same(name, chosen, str(value)) or (name in _TITLES and (one in other or other in one))
