"""What is seen of a block by itself, as numbered features: its words, its names, its shape and its place in the page.

Numbers, so that a score is one sum over a list of weights. FAMILIES is the one table that says what a number means; the
weights file keeps the same order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from math import prod
from types import SimpleNamespace
from typing import NamedTuple

from scraper.data import table
from scraper.parse.blocks import Block
from scraper.parse.survey import Survey

_GROUP, _SPAN, _KINDS, _CUES = 5, 3, 40, 12
FAMILIES: dict[str, tuple[int, ...]] = {
    # words
    "cue": (_CUES, 3, _SPAN),
    "cue_first": (_CUES, _SPAN),
    "cue_last": (_CUES, _SPAN),
    "date": (_SPAN,),
    "address": (_SPAN,),
    "author": (_SPAN,),
    "wordless": (1,),
    "again": (_SPAN,),
    # names
    "own": (_KINDS, 4),
    "path": (_KINDS, 4),
    # shape
    "tag": (24,),
    "length": (_GROUP, 9),
    "end": (_GROUP, 3, _SPAN),
    "start": (6, _SPAN),
    "capitals": (_SPAN, 7),
    "links": (_GROUP, _SPAN, 7),
    "list": (3, _SPAN),
    # place
    "parent": (3, _GROUP, _SPAN),
    "zone": (2, _GROUP, 9),
    "data": (2, 2, _SPAN),
}


class Looks(NamedTuple):
    """The features of one block, by what they are about."""

    words: list[int]
    names: tuple[int, ...]
    shape: list[int]
    place: list[int]


def _number() -> tuple[SimpleNamespace, int]:
    starts, at = {}, 0
    for name, sizes in FAMILIES.items():
        starts[name] = at
        at += prod(sizes)
    return SimpleNamespace(**starts), at


AT, SIZE = _number()  # where each family starts; how many there are, before those of single words

_TAG_NAMES = "p h1 h2 h3 h4 h5 h6 li blockquote pre dt dd td th tr figcaption caption div section article main a"
TAGS = {tag: i for i, tag in enumerate(_TAG_NAMES.split(), 1)}
HEADING = 3
GROUPS = {"p": 1, "li": 2, **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), HEADING), "blockquote": 4}
_MARKS = [
    "<aside>",
    "<header>",
    "<footer>",
    "<nav>",
    "<form>",
    "<figure>",
    "<table>",
    "<a>",
    "<blockquote>",
    "<ul>",
    "<ol>",
]
_LENGTHS = (0, 0, 1, 2, 2, 3, 3, 3, 3, *[4] * 6, *[5] * 10, *[6] * 16, *[7] * 30)  # steps by words: 1, 2, 4, 8, 14...
_SHORT, _LONG, _SPOKEN, _TERSE = 12, 30, 40, 25  # words
_STOPS = frozenset(".!?…。！？؟۔।”\"»“’'）)]」』")
_QUOTES = frozenset("\"“«„‘'「『")
_WORD = re.compile(r"[^\W\d_][\w’'-]*[:=]?|©|\([cC]\)|\*\*\*|###")
_DIGIT = re.compile(r"\d")
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[:.]\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|[0-9]年")


@lru_cache(1)
def _kinds() -> dict[str, int]:
    return {kind: i for i, kind in enumerate((*table("boilerplate.toml")["kinds"], *_MARKS))}


@lru_cache(1)
def _cues() -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for i, row in enumerate(table("boilerplate.toml")["cues"].values()):
        for word in row:
            found[word] = (*found.get(word, ()), i)
    return found


@lru_cache(4096)
def _named(start: int, kinds: frozenset[str]) -> tuple[tuple[int, ...], ...]:
    """The features of a set of kinds, for each span."""
    numbers = _kinds()
    firsts = [start + numbers[kind] * 4 for kind in sorted(kinds) if kind in numbers]
    return tuple(tuple([first + i for first in firsts for i in (span, 3)]) for span in range(_SPAN))


def look(blocks: list[Block], survey: Survey, vocabulary: Mapping[str, int]) -> list[Looks]:
    """The features of each block by itself. `vocabulary` numbers words that tell in short blocks, from 0."""
    seen: set[str] = set()
    rows = []
    for i, block in enumerate(blocks):
        group, count = GROUPS.get(block.tag, 0), survey.counts[i]
        span = 0 if count < _SHORT else 1 if count < _LONG else 2
        density = min(block.links * 5 // len(block.text), 5) + 1 if block.links else 0
        told = _words(block.text, span, survey, vocabulary if count < _TERSE else {}) if count < _SPOKEN else []
        if block.text in seen:
            told.append(AT.again + span)
        seen.add(block.text)
        spot = survey.spots[i]
        step = _LENGTHS[count] if count <= 70 else 8
        names = _named(AT.own, block.own)[span] if block.own else ()
        if spot.kinds:
            names = names + _named(AT.path, spot.kinds)[span]
        key, above = block.context.key, block.context.parent
        near = 2 if key == survey.main else 1 if above is not None and above.key == survey.main else 0
        shape = [
            AT.tag + TAGS.get(block.tag, 0),
            AT.length + group * 9 + step,
            AT.end + (group * 3 + _ending(block.text[-1])) * 3 + span,
            AT.start + _opening(block.text[0]) * 3 + span,
            AT.links + (group * 3 + span) * 7 + density,
        ]
        if group == 2 or block.context.tag == "li":
            shape.append(AT.list + near * 3 + span)
        if count < _SPOKEN and block.text.isupper():
            shape.append(AT.capitals + span * 7 + density)
        place = [AT.parent + (near * 5 + group) * 3 + span, AT.zone + ((spot.up == 0) * 5 + group) * 9 + step]
        if survey.evidence.data_body:
            place.append(AT.data + (survey.in_data[i] * 2 + survey.trusted) * 3 + span)
        rows.append(Looks(told, names, shape, place))
    return rows


def _ending(char: str) -> int:
    """What a text ends with: a sentence's end, a colon, or else."""
    return 0 if char in _STOPS else 1 if char in ":：" else 2


def _opening(char: str) -> int:
    """What a text begins with: a capital, a small or another letter, a digit, a quotation mark, or else."""
    if char.isalpha():
        return 0 if char.isupper() else 1 if char.islower() else 2
    return 3 if char.isdigit() else 4 if char in _QUOTES else 5


def word_list(text: str) -> list[str]:
    """The words of a block's beginning, lower-case, in order."""
    return _WORD.findall(text[:300].lower())


def _words(text: str, span: int, survey: Survey, vocabulary: Mapping[str, int]) -> list[int]:
    """What the words of a short block are about: sharing, signing up, dates, names."""
    row: list[int] = []
    tokens = word_list(text)
    if vocabulary:
        row += [SIZE + i for i in set(map(vocabulary.get, tokens)) if i is not None]
    if tokens:
        row += _hits(tokens, span)
    else:
        row.append(AT.wordless)
    if (digit := _DIGIT.search(text)) and _DATE.search(text, digit.start()):
        row.append(AT.date + span)
    if "@" in text:
        row.append(AT.address + span)
    if any(author in text for author in survey.evidence.authors):
        row.append(AT.author + span)
    return row


def _hits(tokens: list[str], span: int) -> list[int]:
    """The kinds of cues among a block's words, and those of its first and last word."""
    cues = _cues()
    if cues.keys().isdisjoint(tokens):
        return []
    hits = [kind for token in tokens if token in cues for kind in cues[token]]
    row = []
    for kind in sorted(set(hits)):
        n = hits.count(kind)
        share = 0 if n * 2 >= len(tokens) else 1 if n * 5 >= len(tokens) else 2
        row.append(AT.cue + (kind * 3 + share) * 3 + span)
    row += [AT.cue_first + kind * 3 + span for kind in cues.get(tokens[0], ())]
    row += [AT.cue_last + kind * 3 + span for kind in cues.get(tokens[-1], ())]
    return row
