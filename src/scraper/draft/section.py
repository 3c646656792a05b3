"""A site's section of config.toml, as text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import fields

from scraper.draft.marks import Sample
from scraper.draft.propose import Proposal
from scraper.model import FieldRule
from scraper.parse.article import parse

_HIDDEN = re.compile(r"[^ -~]+")
MOST = 20  # lines


def lines(name: str, start: Sequence[str], proposals: Sequence[Proposal] = (), notes: Sequence[str] = ()) -> list[str]:
    """The section's lines, at most MOST: its starts, `notes` as comments, and the proposed rules."""
    rules = [rule(each) for each in proposals if each.rule]
    head = [f"[sites.{_key(name)}]", f"start = [{', '.join(map(quoted, start))}]", *(f"# {note}" for note in notes)]
    return [*head, *(["", f"[sites.{_key(name)}.fields]", *rules] if rules else [])][:MOST]


def notes(samples: Sequence[Sample]) -> list[str]:
    """What only a person can add."""
    articles = [parse(sample.page) for sample in samples]
    found = []
    if any(article.time and not article.utc_offset for article in articles):
        found.append('timezone = "Area/City"  # the pages print a time without its offset')
    if not any(article.language for article in articles):
        found.append('language = "xx"  # the pages do not say theirs')
    return found


def rule(proposal: Proposal) -> str:
    """`number = { css = "p.meta", regex = 'No: (\\d+)' }`; empty where no rule is proposed."""
    return f"{proposal.field} = {_rule(proposal.rule)}" if proposal.rule else ""


def _rule(rule: FieldRule) -> str:
    """A selector alone where that is all there is, else a table of what is set."""
    values = {each.name: getattr(rule, each.name) for each in fields(rule) if getattr(rule, each.name)}
    if values.keys() == {"css"}:
        return _value(rule.css)
    return f"{{ {', '.join(f'{key} = {_value(value)}' for key, value in values.items())} }}"


def _value(value: str | tuple[str, ...]) -> str:
    if isinstance(value, str):
        return quoted(value)
    return quoted(value[0]) if len(value) == 1 else f"[{', '.join(map(quoted, value))}]"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else quoted(name)


def quoted(text: str) -> str:
    """A TOML string: as it stands between single quotes where that saves escapes (a pattern), else a basic one."""
    if "\\" in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return _HIDDEN.sub(_spelt, json.dumps(text, ensure_ascii=False))  # TOML's escapes are JSON's, and \\U


def _spelt(match: re.Match[str]) -> str:
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in match[0])
