"""What stands at the end of an article's text and is no part of it: what leads to other articles, and who wrote it."""

from __future__ import annotations

import re
from functools import cache

from scraper.data import table
from scraper.parse.beginnings import is_dateline
from scraper.parse.document import Document
from scraper.parse.text import fold

_REACHED = re.compile(r"\S@\S+\.\w|(?:\d[\s()/.–-]*){7}")  # an e-mail address, a telephone number
_ANNOUNCED = 120  # characters; a longer line is prose
_DATED = 90  # characters of a line with the dates of the article
_ABOUT = 6  # last paragraphs among which the author may be introduced
_EDGES = " .:：–—-•*[]"


def without_end(doc: Document, texts: list[str]) -> list[str]:
    """`texts` without last lines that lead to other articles or are dates, and without the lines about the author."""
    start = max(1, len(texts) - _ABOUT)
    end = next((i for i in range(start, len(texts)) if _introduces(texts[i]) or _asks_to_call(texts[i:])), len(texts))
    while end and (_announces(texts[end - 1]) or (end > 1 and _is_last_date(doc, texts[end - 1]))):
        end -= 1
    return texts[:end]


def _is_last_date(doc: Document, text: str) -> bool:
    """Whether a line behind the text is the article's date, or that of its change."""
    return len(text) <= _DATED and is_dateline(doc, text)


def _announces(text: str) -> bool:
    """Whether a line leads to other articles: "You might also like:"."""
    return text[-1] in ":：" and len(text) < _ANNOUNCED and not _more().isdisjoint(text[:-1].casefold().split())


@cache
def _more() -> frozenset[str]:
    return frozenset(table("boilerplate.toml")["cues"]["more"])


def _introduces(text: str) -> bool:
    """Whether a line is a heading over who wrote the article: "About the author"."""
    return len(text) < _ANNOUNCED and text.strip(_EDGES).casefold() in _about()


def _asks_to_call(texts: list[str]) -> bool:
    """Whether the first of the last lines begins how to reach the press office: "Press contact: ..."."""
    head, mark, rest = texts[0].partition(":")
    if fold((head if mark else texts[0]).strip(_EDGES)) not in _contacts():
        return False
    return (len(texts) == 1 and not rest.strip()) or _REACHED.search("\n".join([rest, *texts[1:]])) is not None


@cache
def _contacts() -> frozenset[str]:
    return frozenset(map(fold, table("boilerplate.toml")["about"]["contacts"]))


@cache
def _about() -> frozenset[str]:
    return frozenset(table("boilerplate.toml")["about"]["heads"])
