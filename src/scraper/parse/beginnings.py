"""What stands in front of an article's text and is no part of it: its date, its byline, the place that it is from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from scraper.parse import byline, datekinds, datetext
from scraper.parse.document import Document
from scraper.parse.text import fold

_DATELINE = 60  # characters; what stands in front of the first longer line may be the article's date
_FRONT = 40  # short lines right in front of it that are looked at
_HEAD_LINES = 2  # so many short lines may be between a standfirst and the prose
_CLOCK = re.compile(r"(?<![\d.,$€£¥])(?:[01]?\d|2[0-3])[:.][0-5]\d(?!\d)")  # in a line without a year: "12.1. klo 8.04"
_SEAMS = re.compile(r"\s*(?:[|/·•]|,(?!\d)|\s[–—-]\s)\s*")  # within a line: "Springfield, 6 July 2021"
_AROUND = " .:–—-*•()[]"
_PLACE = 4  # words of what stands beside the date


def without_head(doc: Document, texts: list[str]) -> list[str]:
    """`texts` without the dates and bylines in front of the prose, or between a standfirst and it."""
    first = next((i for i, text in enumerate(texts) if len(text) > _DATELINE), 0)
    rest = texts[first + 1 :]
    count = next((i for i, text in enumerate(rest[: _HEAD_LINES + 1]) if len(text) > _DATELINE), 0)
    start = max(0, first - _FRONT)
    front = [text for text in texts[start:first] if not is_byline(doc, text)]
    between = [text for text in rest[:count] if not is_byline(doc, text)]
    dated = [text for text in (*front, *between) if is_dateline(doc, text)]
    if dated:
        short = (text for text in rest[count:] if len(text) <= _DATELINE)
        if any(is_dateline(doc, text) for text in short):  # the days of a chronicle
            dated = [text for text in front if is_dateline(doc, text, alone=True)]
        front, between = ([text for text in lines if text not in dated] for lines in (front, between))
    doc.memo["head_lines"] = [text for text in texts[start:first] if text not in front]
    return texts[:start] + front + texts[first : first + 1] + between + rest[count:]


def is_byline(doc: Document, text: str) -> bool:
    """Whether a line is a byline, or nothing but a name that is known to be an author's: "(Ada Lind)"."""
    authors: Sequence[str] = doc.memo.get("authors", ())
    return byline.whole(text) or (len(text) <= _DATELINE and fold(text.strip(_AROUND)) in map(fold, authors))


def head_lines(doc: Document) -> list[str]:
    """The dates and bylines that the body left out in front of its text; a description may begin with them."""
    lines: list[str] = doc.memo.get("head_lines", [])
    return lines


def is_dateline(doc: Document, text: str, alone: bool = False) -> bool:
    """Whether a line in front of the prose is a date, with what it is for: "Published 6 July 2021, 12:36".

    Or beside a place, unless it must stand `alone`.
    """
    if not any(map(str.isdigit, text)) or datekinds.is_foreign(text):
        return False
    when = datekinds.read(doc, text)
    said = _dated().sub(" ", text)
    if when is None or (when.date is None and "date-ambiguous" not in when.issues):
        return _CLOCK.search(text) is not None and datetext.is_bare(said)
    if datetext.is_bare(said) or datetext.is_bare(text):
        return True
    return not alone and datetext.is_bare(_without_place(said))


def _without_place(text: str) -> str:
    """The part of a line that has its date, where the others are but a few words: "Springfield, 6 July 2021"."""
    parts = [part for part in _SEAMS.split(text) if part]
    dated = [part for part in parts if any(map(str.isdigit, part))]
    few = all(len(part.split()) <= _PLACE for part in parts if part not in dated)
    return " ".join(dated) if few else text


@cache
def _dated() -> re.Pattern[str]:
    """The words around dates, which the list gives as beginnings, to their ends: "Published" for "publish"."""
    changed, published = (datekinds.marks(name).pattern for name in ("changed", "published"))
    return re.compile(rf"(?:{changed}|{published})\w*", re.IGNORECASE)
