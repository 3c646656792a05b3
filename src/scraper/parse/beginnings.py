"""What stands in front of an article's text and is no part of it: its date, its byline, the place that it is from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from scraper.data import table
from scraper.parse import byline, datekinds, datetext
from scraper.parse.access import THIN
from scraper.parse.blocks import Block
from scraper.parse.document import Document
from scraper.parse.sitename import squash
from scraper.parse.text import fold
from scraper.parse.traits import GROUPS, HEADING

_DATELINE = 60  # characters; what stands in front of the first longer line may be the article's date
_DATELINES = 120  # the same of one with two dates: "Published 6 July 2021 at 12:36, updated 7 July 2021 at 9:10"
_FRONT = 40  # short lines right in front of it that are looked at
_HEAD_LINES = 2  # so many short lines may be between a standfirst and the prose
_LINES = 6  # the same where each of them is a date, a byline or an address
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.\w+")  # of mail, of who is named beside it
_CLOCK = re.compile(r"(?<![\d.,$€£¥])(?:[01]?\d|2[0-3])[:.][0-5]\d(?!\d)")  # in a line without a year: "12.1. klo 8.04"
_SEAMS = re.compile(r"\s*(?:[|/·•]|,(?!\d)|\s[–—-]\s)\s*")  # within a line: "Springfield, 6 July 2021"
_AROUND = " .:–—-*•()[]"
_PLACE = 4  # words of what stands beside the date
_KICKER = 100  # characters; what stands above the headline and is longer may be the standfirst
_SLACK = 20  # marks by which a headline may be longer when it is written in another way


def without_head(doc: Document, texts: list[str]) -> list[str]:
    """`texts` without the dates and bylines in front of the prose, or between a standfirst and it."""
    first = next((i for i, text in enumerate(texts) if _is_long(doc, text)), 0)
    rest = texts[first + 1 :]
    count = next((i for i, text in enumerate(rest[: _LINES + 1]) if _is_long(doc, text)), 0)
    if count > _HEAD_LINES and not all(is_byline(doc, text) or is_dateline(doc, text) for text in rest[:count]):
        count = 0
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


def kickers(blocks: list[Block], scores: list[int], headline: str | None) -> set[int]:
    """Which blocks are the headline, with other dashes or case, and which of those that were taken for the text are
    the short lines above it. None where much text is above: there the headline is printed again.
    """
    at = _place_of(blocks, headline) if headline else None
    above = [i for i in range(at or 0) if scores[i] > 0]
    if at is None or sum([len(blocks[i].text) for i in above]) > THIN:
        return set()
    return {at, *[i for i in above if len(blocks[i].text) < _KICKER]}


def _place_of(blocks: list[Block], headline: str) -> int | None:
    """Where the first heading stands that prints the headline."""
    heads = [i for i, block in enumerate(blocks) if GROUPS.get(block.tag) == HEADING]
    same = next((i for i in heads if blocks[i].text == headline), None)
    if same is not None:
        return same
    key, most = squash(headline), len(headline) + _SLACK
    return next((i for i in heads if len(blocks[i].text) < most and squash(blocks[i].text) == key), None)


def _is_long(doc: Document, text: str) -> bool:
    """Whether a line is prose by its length: no date with a byline behind it, nor one with that of the change."""
    if len(text) <= _DATELINE or byline.behind_date(text):
        return False
    return len(text) > _DATELINES or text[-1] in ".!?" or not is_dateline(doc, text, alone=True)


def is_byline(doc: Document, text: str) -> bool:
    """Whether a line is a byline, or nothing but a name that is known to be an author's: "(Ada Lind)"."""
    authors: Sequence[str] = doc.memo.get("authors", ())
    if byline.whole(text) or byline.behind_date(text) or _ADDRESS.fullmatch(text):
        return True
    if (named := byline.reporter(text)) and named.end() == len(text):
        return True
    return len(text) <= _DATELINE and bool(authors) and _are_authors(text, frozenset(map(fold, authors)))


def _are_authors(text: str, authors: frozenset[str]) -> bool:
    """Whether a line names nobody but authors, with a date at most: "Ada Lind and Ben Ott", "Ada Lind 4 May 2021"."""
    if fold(text.strip(_AROUND)) in authors:
        return True
    parts = [fold(part.strip(_AROUND)) for part in byline.parted(text)]
    named = [part for part in parts if part]
    if named and all(part in authors for part in named):
        return True
    line = fold(text)
    if any(line.startswith(name) and datetext.is_bare(line[len(name) :]) for name in authors):
        return True
    return fold(byline.with_title(text)) in authors


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
    said = _counted().sub(" ", said)
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
def _counted() -> re.Pattern[str]:
    """What systems count of an article and print beside its date, in any language: "6 July 2021, Views: 1,204"."""
    words = {re.escape(word) for each in table("labels.toml").values() for word in each.get("other", ())}
    names = "|".join(sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{names})\s?[:\uff1a]?\s?\d[\d.,\u066c]*(?![\w:])", re.IGNORECASE)


@cache
def _dated() -> re.Pattern[str]:
    """The words around dates, which the list gives as beginnings, to their ends: "Published" for "publish"."""
    changed, published = (datekinds.marks(name).pattern for name in ("changed", "published"))
    return re.compile(rf"(?:{changed}|{published})\w*", re.IGNORECASE)
