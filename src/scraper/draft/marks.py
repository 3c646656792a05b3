"""What a person marked on a page, when a value found there is the same, and when one found elsewhere is plausible."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scraper.config import FIELDS
from scraper.model import NO_RULES, Article, Page
from scraper.parse import datetext
from scraper.parse.document import Document
from scraper.parse.text import clean

MARKED = tuple(name for name in FIELDS if name != "body")  # fields that a person can mark with a few words
LISTS = ("authors", "tags")  # marked as "Ada Lind; Ben Ott"
DATED = ("date", "time", "modified_at")
# Fields that no two articles share, so that the same value on another page is the site's and not the article's.
OWN = ("number", "headline", "summary")
_SPELLED = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"})
_MARK = re.compile(rf"(?:(?P<page>.+?):)?(?P<field>{'|'.join(FIELDS)})=(?P<value>.*)", re.DOTALL)
# Longest plausible values, in characters.
_LONGEST = {"number": 40, "category": 60, "headline": 300, "summary": 2000, "language": 35}
_LONGEST_ITEM = 100


@dataclass(slots=True)
class Sample:
    """One page to learn from or to prove on. `marks`: the values that a person read off it, by field."""

    name: str
    page: Page
    marks: Mapping[str, str] = field(default_factory=dict)
    _doc: Document | None = None

    @property
    def doc(self) -> Document:
        """The page's tree, for selectors; read-only."""
        if self._doc is None:
            self._doc = Document(self.page, NO_RULES)
        return self._doc


@dataclass(frozen=True, slots=True)
class Mark:
    """One --mark as it was typed; `page` is None for the first page."""

    page: str | None
    field: str
    value: str


def read(text: str) -> Mark:
    """A mark in the form FIELD=VALUE or PAGE:FIELD=VALUE. Raises ValueError, saying what was expected."""
    match = _MARK.fullmatch(text)
    if match is None:
        raise ValueError(
            f"expected FIELD=VALUE or PAGE:FIELD=VALUE with a field of {', '.join(MARKED)}; found {text!r}"
        )
    mark = Mark(match["page"], match["field"], clean(match["value"]))
    if mark.field not in MARKED:
        raise ValueError(f"{mark.field} cannot be marked; these can: {', '.join(MARKED)}")
    if not mark.value:
        raise ValueError(f"{text!r} has no value")
    if mark.field in DATED and moment(mark.field, mark.value) is None:
        raise ValueError(f"{mark.value!r} is not read as a {'time' if mark.field == 'time' else 'date'}")
    return mark


def fold(text: str) -> str:
    """`text` for comparison, of the same length: ASCII digits, plain quotes and dashes, lower case."""
    return "".join(map(_fold, text.translate(_SPELLED)))


def _fold(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    lower = char.lower()
    return str(digit) if digit is not None else lower if len(lower) == 1 else char


def plain(text: str) -> str:
    """`text` folded, with its blanks squeezed."""
    return fold(clean(text))


def items(value: str) -> list[str]:
    """The parts of a marked list."""
    return [part for part in (clean(part) for part in value.split(";")) if part]


def moment(name: str, text: str, language: str | None = None) -> str | None:
    """The date (YYYY-MM-DD), time (HH:MM) or instant (both) that `text` gives for a dated field, None for none."""
    if len(text) > 200:
        return None
    if name == "time":
        clock = datetext.read_clock(text, language)
        return f"{clock.time:%H:%M}" if clock else None
    when = datetext.read_iso(text) if text[:4].isdecimal() else datetext.read(text, language=language)
    if when is None or when.date is None:
        return None
    return when.date.isoformat() if name == "date" or when.time is None else f"{when.date}T{when.time:%H:%M}"


def same(name: str, mark: str, value: Any, language: str | None = None) -> bool:
    """Whether a record's `value` (a string, or several) is the marked one."""
    if value is None:
        return False
    if name in LISTS:
        return {plain(item) for item in items(mark)} == {plain(item) for item in value}
    if name in DATED:
        at = _instant(mark)
        return (at is not None and at == _instant(value)) or moment(name, mark) == moment(name, value, language)
    if name == "image":
        return _path(mark) == _path(value)
    return plain(mark) == plain(value)


def _instant(text: str) -> datetime | None:
    """An instant that has its offset, so that 12:00+02:00 is 10:00Z; None for all other text."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _path(address: str) -> str:
    return address.partition("?")[0].rpartition("/")[2]


def value_of(article: Article, name: str) -> Any:
    """A field of an article, None where it is empty."""
    return getattr(article, name) or None


def plausible(name: str, values: Sequence[str], sample: Sample, known: frozenset[str]) -> bool:
    """Whether what a selector finds on a page that nobody marked has the right shape. `known`: the marked values."""
    if not values or any(not _shaped(name, value, sample) for value in values):
        return False
    return not (name in OWN and plain(values[0]) in known)


def _shaped(name: str, value: str, sample: Sample) -> bool:
    if name in LISTS:
        return len(value) <= _LONGEST_ITEM and any(map(str.isalpha, value))
    if name in DATED:
        return moment(name, value, sample.doc.lang) is not None
    if len(value) > _LONGEST.get(name, 2000):
        return False
    if name == "number":
        return any(map(str.isdecimal, value))
    if name == "headline":
        return _shares_words(value, sample.doc.title)
    if name == "image":
        return " " not in value and ("/" in value or "." in value)
    if name == "category" and re.search(r"[:：|/]", value):
        return False  # a whole line of facts
    return any(map(str.isalpha, value))


def _shares_words(headline: str, title: str) -> bool:
    """Whether a third of the headline's words stand in the page's title; scripts without blanks go by letters."""
    if not title:
        return len(headline) > 3
    one, other = (set(re.findall(r"\w+", plain(text))) for text in (headline, title))
    if len(one) < 3:
        one, other = set(plain(headline)), set(plain(title))
    return 3 * len(one & other) >= len(one)
