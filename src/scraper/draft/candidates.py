"""Rules that give a marked value on its own page: every place that prints it, every way to name that place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.draft.marks import DATED, LISTS, Sample, fold, items, moment, plain
from scraper.draft.selectors import Priced, selectors
from scraper.model import FieldRule

_MANY = 20_000  # elements looked at on one page
_PLACES = 40  # places of a value, the best of which are tried
_SHORT, _DATE = 400, 80  # characters of an element that prints the value among others; of one that prints a date
_LABEL = 30  # characters of a label in front of a value
_UNREAD = frozenset(("script", "style", "html", "head", "svg", "path", "template", "option", "select", "textarea"))
# What holds a value that a program wrote; other attributes do too, but less often on purpose.
_USUAL = frozenset(("content", "datetime", "href", "src", "title", "value"))
_REGEX, _ATTRIBUTE, _FORMAT = 2.0, 1.5, 2.0  # what these cost in trust
_MACHINE = 1.5  # what a date gains by being written for machines
_ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9-]*")
_FOR, _AGAINST = 1.0, 8.0  # what a word in the page's own names adds to trust, or takes
_NUMERIC = re.compile(r"(?<!\d)\d{1,4}([./-])\d{1,2}\1\d{2,4}(?!\d)")
_BREAK = re.compile(r"[\0\n\d|]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule, and what it costs in trust: 0 is best."""

    cost: float
    rule: FieldRule


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page prints the value: the element, and how it is read out of it."""

    node: LexborNode
    cost: float
    attribute: str | None = None
    regex: str | None = None
    format: str | None = None


def candidates(name: str, mark: str, sample: Sample) -> list[Candidate]:
    """Every rule that may give `mark`, the most trusted first. They are not tried yet, not even on this page."""
    found: dict[FieldRule, float] = {}
    for place in sorted(_places(name, mark, sample), key=lambda place: place.cost)[:_PLACES]:
        for cost, css in _named(place):
            rule = FieldRule((css,), place.attribute, place.regex, place.format)
            price = cost + place.cost + _said(name, f"{css} {place.attribute} {place.regex}")
            found[rule] = min(price, found.get(rule, price))
    return sorted((Candidate(cost, rule) for rule, cost in found.items()), key=lambda each: each.cost)


def _said(name: str, names: str) -> float:
    """What the page's own words take from or add to the cost."""
    speaks = {side: table("draft.toml")[side].get(name) for side in ("for", "against")}
    heard = {side: bool(words and re.search(words, names, re.IGNORECASE)) for side, words in speaks.items()}
    return _AGAINST * heard["against"] - _FOR * heard["for"]


def _named(place: _Place) -> list[Priced]:
    """The selectors of a place; an attribute of a rare name is one by itself."""
    found = selectors(place.node)
    rare = (
        place.attribute and place.attribute.startswith("data-") and place.attribute not in table("draft.toml")["roles"]
    )
    return [*found, (1.0, f"{place.node.tag}[{place.attribute}]")] if rare else found


def _places(name: str, mark: str, sample: Sample) -> Iterator[_Place]:
    words = items(mark) if name in LISTS else [mark]
    for node in sample.doc.tree.css("*")[:_MANY]:
        if node.tag in _UNREAD:
            continue
        if node.tag != "body":
            yield from _in_text(name, words, node, sample)
        for attribute, value in node.attributes.items():
            if value and attribute != "style" and _ATTRIBUTE_NAME.fullmatch(attribute):
                yield from _in_attribute(name, words, node, attribute, value, sample)


# --- in the text ----------------------------------------------------------------------------------------------------


def _in_text(name: str, words: list[str], node: LexborNode, sample: Sample) -> Iterator[_Place]:
    text = node.text(separator="\0")
    if len(text) > _SHORT + 4 * len(words[0]) or not text.strip("\0 \n\t"):
        return
    shown = plain(text.replace("\0", " "))
    if name in DATED:
        yield from _dated(name, words[0], node, text, sample)
    elif any(shown == plain(word) for word in words):
        yield _Place(node, 0.0)
    else:
        for regex, cost in _anchored(name, words, text):
            yield _Place(node, cost + len(text) / 100, regex=regex)


def _anchored(name: str, words: Iterable[str], text: str) -> Iterator[tuple[str, float]]:
    """Patterns that take a value out of a longer text, by the label in front of it or the mark behind."""
    folded = fold(text.replace("\0", " "))
    for word in words:
        at = folded.find(fold(word))
        while at >= 0:
            before, after = text[:at], text[at + len(word) :]
            if not (before[-1:].isalnum() and word[:1].isalnum()) and not (after[:1].isalnum() and word[-1:].isalnum()):
                yield from _patterns(name, word, before, after)
            at = folded.find(fold(word), at + 1)


def _patterns(name: str, word: str, before: str, after: str) -> Iterator[tuple[str, float]]:
    label, end = _label(before), after.lstrip("\0 \n\t")[:1]
    group = _group(name, word)
    if label:
        yield rf"{label}{group}", _REGEX
    if name == "number":
        if not label and not any(map(str.isdecimal, before + after)):
            yield group, _REGEX + 2
        return
    gap = r"\s+" if after[:1] in ("\0", " ", "\n", "\t") else r"\s*"
    stop = gap + re.escape(end) if end and not end.isalnum() else ""
    if stop and label:
        yield rf"{label}(\S.*?){stop}", _REGEX + 0.5
    if stop and not before.strip("\0 \n\t"):
        yield rf"^\s*(\S.*?){stop}", _REGEX + 1


def _group(name: str, word: str) -> str:
    if name == "number":
        return r"(\d+(?:[/-]\d+)*)" if word.isdecimal() else r"([\w./-]*\d[\w./-]*)"
    return r"(\S[^\n]*)" if re.search(r"[|/:·•]", word) else r"([^\s|/:·•][^\n|/:·•]*)"


def _label(before: str) -> str:
    """The words straight in front of a value and the gap behind them, as a pattern; empty where there are none."""
    words = _BREAK.split(before.rstrip("\0 \n\t"))[-1].strip()
    if len(words) > _LABEL:
        words = words[-_LABEL:].partition(" ")[2]
    if not any(map(str.isalpha, words)):
        return ""
    gap = r"\s+" if words[-1].isalnum() and not before[-1].isalnum() else r"\s*"
    start = r"\b" if words[0].isalnum() else ""
    return start + r"\s+".join(map(re.escape, words.split())) + gap


def _dated(name: str, mark: str, node: LexborNode, text: str, sample: Sample) -> Iterator[_Place]:
    """Dates and times, in whatever way they are printed."""
    shown, language = text.replace("\0", " "), sample.doc.lang
    wanted = moment(name, mark)
    if len(shown) <= _DATE and moment(name, shown, language) == wanted:
        yield _Place(node, len(shown) / 100)
    pieces = [piece for piece in re.split(r"[\0\n|]", text) if any(map(str.isdecimal, piece))]
    for piece in pieces[:12]:
        tail = re.search(r"\d", piece)
        start = piece.rfind(":", 0, tail.start() if tail else 0) + 1
        if moment(name, piece[start : start + 60], language) == wanted:
            label = _label(text[: text.index(piece) + start])
            if label:
                yield _Place(node, _REGEX + len(text) / 100, regex=rf"{label}([^\n|]{{4,40}})")
    for match in _NUMERIC.finditer(fold(shown)):
        for form in _formats(match[0], wanted) if name == "date" else ():
            yield _Place(node, _REGEX + _FORMAT, regex=_shape(match[0]), format=form)


def _formats(text: str, wanted: str | None) -> Iterator[str]:
    for form in table("draft.toml")["formats"]:
        try:
            if datetime.strptime(text, form).date().isoformat() == wanted:
                yield form
        except ValueError:
            continue


def _shape(text: str) -> str:
    """`\\d{1,2}/\\d{1,2}/\\d{4}` of 3/4/2021"""
    return re.sub(r"\d+", lambda run: r"\d{4}" if len(run[0]) == 4 else r"\d{1,2}", re.escape(text))


# --- in attributes --------------------------------------------------------------------------------------------------


def _in_attribute(
    name: str, words: list[str], node: LexborNode, attribute: str, value: str, sample: Sample
) -> Iterator[_Place]:
    cost = 0.5 if attribute in _USUAL else _ATTRIBUTE
    if len(value) > _SHORT + 4 * len(words[0]):
        return
    if name in DATED:
        if len(value) <= _DATE and len(value) > 4 and moment(name, value, sample.doc.lang) == moment(name, words[0]):
            yield _Place(node, cost - _MACHINE, attribute)
    elif any(plain(value) == plain(word) for word in words) or (name == "image" and value.endswith(words[0])):
        yield _Place(node, cost, attribute)
    elif name == "number" and attribute in ("id", "class", "href", "content", "value"):
        for regex, price in _numbered(words[0], value):
            yield _Place(node, cost + price, attribute, regex)


def _numbered(word: str, value: str) -> Iterator[tuple[str, float]]:
    """`postid-(\\d+)` for 18200 in "single postid-18200"."""
    if not word.isdecimal():
        return
    for match in re.finditer(rf"([A-Za-z][A-Za-z_]*[=/_-]){word}(?!\d)", value):
        yield rf"(?:^|[^\w-]){re.escape(match[1])}(\d+)", _REGEX
