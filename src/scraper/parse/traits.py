"""What is seen of a block, as numbered features: its text, its names, its place in the page, and then its neighbours.

Numbers, so that a score is one sum over a list of weights. FAMILIES is the one table that says what a number means; the
weights file keeps the same order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from math import fsum, prod
from types import SimpleNamespace

from scraper.data import table
from scraper.parse.blocks import Block
from scraper.parse.survey import Survey

_GROUP, _SPAN, _STEP, _KINDS, _CUES = 5, 3, 10, 40, 12
FAMILIES: dict[str, tuple[int, ...]] = {
    "tag": (24,),
    "length": (_GROUP, 9),
    "end": (_GROUP, 3, _SPAN),
    "start": (6, _SPAN),
    "links": (_GROUP, _SPAN, 7),
    "strong": (_SPAN,),
    "cue": (_CUES, 3, _SPAN),
    "cue_first": (_CUES, _SPAN),
    "cue_last": (_CUES, _SPAN),
    "date": (_SPAN,),
    "bar": (_SPAN,),
    "capitals": (_SPAN, 7),
    "address": (_SPAN,),
    "author": (_SPAN,),
    "wordless": (1,),
    "again": (_SPAN,),
    "headline": (1,),
    "description": (2,),
    "data": (2, 2, _SPAN),
    "parent": (3, _GROUP, _SPAN),
    "look": (2, _GROUP),
    "share": (9,),
    "dense": (_GROUP, 6),
    "way": (6, 5),
    "up": (6, _GROUP, _SPAN),
    "zone": (2, _GROUP, 9),
    "before": (7, _GROUP, 2),
    "before_span": (2, 2, _SPAN),
    "after": (7, _GROUP, 2),
    "after_span": (2, 2, _SPAN),
    "inside": (2, 2, _SPAN),
    "title": (2, _GROUP, _SPAN),
    "under": (6, _SPAN),
    "list": (3, _SPAN),
    "own": (_KINDS, 4),
    "path": (_KINDS, 4),
    # the second look
    "self": (_STEP, _SPAN),
    "previous": (_STEP, _GROUP),
    "next": (_STEP, _GROUP),
    "both": (5, 5, 5),
    "behind": (_STEP,),
    "ahead": (_STEP, 5),
    "back3": (_STEP,),
    "ahead3": (_STEP, _GROUP),
    "around": (_STEP, 5),
    "siblings": (_STEP, 5),
    "part": (_STEP, 5),
    "part_size": (_STEP, 5),
    "done": (6, 5),
    "done_part": (6, 5),
}


def _number() -> tuple[SimpleNamespace, int]:
    starts, at = {}, 0
    for name, sizes in FAMILIES.items():
        starts[name] = at
        at += prod(sizes)
    return SimpleNamespace(**starts), at


AT, SIZE = _number()  # where each family starts; how many there are, before those of single words

_TAG_NAMES = "p h1 h2 h3 h4 h5 h6 li blockquote pre dt dd td th tr figcaption caption div section article main a"
_TAGS = {tag: i for i, tag in enumerate(_TAG_NAMES.split(), 1)}
_GROUPS = {"p": 1, "li": 2, "h1": 3, "h2": 3, "h3": 3, "h4": 3, "h5": 3, "h6": 3, "blockquote": 4}
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
_BARS = frozenset("|»›•/")
_WORD = re.compile(r"[^\W\d_][\w’'-]*[:=]?|©|\([cC]\)|\*\*\*|###")
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
def _named(start: int, kinds: frozenset[str]) -> tuple[list[int], ...]:
    """The features of a set of kinds, for each span; in one order, since sums of floats depend on it."""
    numbers = _kinds()
    firsts = [start + numbers[kind] * 4 for kind in sorted(kinds) if kind in numbers]
    return tuple([first + i for first in firsts for i in (span, 3)] for span in range(_SPAN))


def first_look(blocks: list[Block], survey: Survey, vocabulary: Mapping[str, int]) -> list[list[int]]:
    """The features of each block by itself. `vocabulary` numbers words that tell in short blocks, from 0."""
    seen: set[str] = set()
    rows = []
    for i, block in enumerate(blocks):
        group, count = _GROUPS.get(block.tag, 0), survey.counts[i]
        span = 0 if count < _SHORT else 1 if count < _LONG else 2
        row = _shape(block, group, span, count)
        if count < _SPOKEN:
            _wording(row, block, span, survey, vocabulary if count < _TERSE else {})
        _echo(row, block, span, count, i, seen, survey)
        _position(row, block, group, span, count, i, survey)
        rows.append(row)
    return rows


def _shape(block: Block, group: int, span: int, count: int) -> list[int]:
    """Tag, length, ends and links."""
    text = block.text
    end, size = text[-1], len(text)
    ending = 0 if end in _STOPS else 1 if end in ":：" else 2
    density = min(block.links * 5 // size, 5) + 1 if block.links else 0
    row = [
        AT.tag + _TAGS.get(block.tag, 0),
        AT.length + group * 9 + (_LENGTHS[count] if count <= 70 else 8),
        AT.end + (group * 3 + ending) * 3 + span,
        AT.start + _opening(text[0]) * 3 + span,
        AT.links + (group * 3 + span) * 7 + density,
    ]
    if block.strong:
        row.append(AT.strong + span)
    if count < _SPOKEN and text.isupper():
        row.append(AT.capitals + span * 7 + density)
    return row


def _opening(char: str) -> int:
    if char.isalpha():
        return 0 if char.isupper() else 1 if char.islower() else 2
    return 3 if char.isdigit() else 4 if char in _QUOTES else 5


def word_list(text: str) -> list[str]:
    """The words of a block's beginning, lower-case, in order."""
    return _WORD.findall(text[:300].lower())


def _wording(row: list[int], block: Block, span: int, survey: Survey, vocabulary: Mapping[str, int]) -> None:
    """What the words of a short block are about: sharing, signing up, dates, names."""
    text, cues = block.text, _cues()
    tokens = word_list(text)
    row += {SIZE + vocabulary[token] for token in tokens if token in vocabulary}
    hits = [cues[token] for token in tokens if token in cues]
    if hits:
        number: dict[int, int] = {}
        for hit in hits:
            for kind in hit:
                number[kind] = number.get(kind, 0) + 1
        for kind, n in number.items():
            share = 0 if n * 2 >= len(tokens) else 1 if n * 5 >= len(tokens) else 2
            row.append(AT.cue + (kind * 3 + share) * 3 + span)
        row += [AT.cue_first + kind * 3 + span for kind in cues.get(tokens[0], ())]
        row += [AT.cue_last + kind * 3 + span for kind in cues.get(tokens[-1], ())]
    elif not tokens:
        row.append(AT.wordless)
    if not text.isalpha() and _DATE.search(text):
        row.append(AT.date + span)
    if not _BARS.isdisjoint(text):
        row.append(AT.bar + span)
    if "@" in text:
        row.append(AT.address + span)
    if any(author in text for author in survey.evidence.authors):
        row.append(AT.author + span)


def _echo(row: list[int], block: Block, span: int, count: int, i: int, seen: set[str], survey: Survey) -> None:
    """Whether the block says what the page says elsewhere too."""
    text, evidence = block.text, survey.evidence
    if text in seen:
        row.append(AT.again + span)
    seen.add(text)
    if evidence.headline and (text == evidence.headline or (count > 3 and text in evidence.headline)):
        row.append(AT.headline)
    if evidence.description and count > 4 and (text[:60] in evidence.description or evidence.description[:60] in text):
        row.append(AT.description + (i > survey.first))
    if evidence.data_body:
        row.append(AT.data + (survey.in_data[i] * 2 + survey.trusted) * 3 + span)


def _position(row: list[int], block: Block, group: int, span: int, count: int, i: int, survey: Survey) -> None:
    """Names, parents, and the way from the article's element to the block."""
    context = block.context
    key = context.key
    spot = survey.place(context)
    main = key == survey.main
    near = 2 if main else 1 if context.parent is not None and context.parent.key == survey.main else 0
    zone = int(spot.up == 0)
    size = survey.sizes[key]
    row += (
        AT.parent + (near * 5 + group) * 3 + span,
        AT.look + (f"{block.tag} {block.look}" == survey.look) * 5 + group,
        AT.share + size * 8 // survey.total,
        AT.dense + group * 6 + min(survey.linked[key] * 5 // size, 5),
        AT.way + spot.up * 5 + spot.down,
        AT.up + (spot.up * 5 + group) * 3 + span,
        AT.zone + (zone * 5 + group) * 9 + (_LENGTHS[count] if count <= 70 else 8),
    )
    if i < survey.first:
        row += (
            AT.before + (min(survey.first - i, 6) * 5 + group) * 2 + zone,
            AT.before_span + (main * 2 + zone) * 3 + span,
        )
        if survey.title >= 0:
            under = i > survey.title
            row.append(AT.title + (under * 5 + group) * 3 + span)
            if under:
                row.append(AT.under + min(i - survey.title, 5) * 3 + span)
    elif i > survey.last:
        row += (
            AT.after + (min(i - survey.last, 6) * 5 + group) * 2 + zone,
            AT.after_span + (main * 2 + zone) * 3 + span,
        )
    else:
        row.append(AT.inside + (main * 2 + zone) * 3 + span)
    if block.own:
        row += _named(AT.own, block.own)[span]
    if spot.kinds:
        row += _named(AT.path, spot.kinds)[span]
    if group == 2 or context.tag == "li":
        row.append(AT.list + near * 3 + span)


def _step(score: float) -> int:
    """A score as one of ten steps."""
    return 0 if score < -4 else 9 if score > 5 else int(score + 4.5)


def _means(keys: list[int], scores: list[float], sizes: list[int]) -> tuple[dict[int, float], dict[int, int]]:
    total: dict[int, float] = {}
    number: dict[int, int] = {}
    for key, score, size in zip(keys, scores, sizes, strict=True):
        total[key] = total.get(key, 0.0) + size * (score if -6 < score < 6 else 6 if score > 0 else -6)
        number[key] = number.get(key, 0) + size
    return {key: total[key] / number[key] for key in total}, number


def second_look(blocks: list[Block], survey: Survey, scores: list[float]) -> list[list[int]]:
    """The features of each block among its neighbours, whose scores of the first look are known."""
    n = len(blocks)
    sizes = [min(len(block.text), 300) for block in blocks]
    parents = [block.context.key for block in blocks]
    parts = [survey.place(block.context).part for block in blocks]
    siblings, _ = _means(parents, scores, sizes)
    part_mean, part_size = _means(parts, scores, sizes)
    good_size = sum(size for size, score in zip(sizes, scores, strict=True) if score > 0) or 1
    steps = [0, 0, 0, *map(_step, scores), 0, 0, 0]
    ahead = [0] * (n + 1)
    for i in range(n - 1, -1, -1):
        ahead[i] = max(steps[i + 3], ahead[i + 1])
    padded = [-9.0, *scores, -9.0]
    behind = good = 0
    rows = []
    for i, block in enumerate(blocks):
        group, at, mine = _GROUPS.get(block.tag, 0), i + 3, steps[i + 3]
        size = sizes[i]
        half, part, done = mine // 2, _step(part_mean[parts[i]]), min(good * 5 // good_size, 5)
        wide = padded[max(0, i - 3) : i + 1] + padded[i + 2 : i + 6]
        rows.append(
            [
                AT.self + mine * 3 + (0 if size < 70 else 1 if size < 160 else 2),
                AT.previous + steps[at - 1] * 5 + group,
                AT.next + steps[at + 1] * 5 + group,
                AT.both + (steps[at - 1] // 2 * 5 + steps[at + 1] // 2) * 5 + half,
                AT.behind + behind,
                AT.ahead + ahead[i + 1] * 5 + half,
                AT.back3 + max(steps[i:at]),
                AT.ahead3 + max(steps[at + 1 : at + 4]) * 5 + group,
                AT.around + _step(fsum(wide) / len(wide)) * 5 + half,
                AT.siblings + _step(siblings[parents[i]]) * 5 + half,
                AT.part + part * 5 + half,
                AT.part_size + min(9, part_size[parts[i]] * 10 // good_size) * 5 + part // 2,
                AT.done + done * 5 + half,
                AT.done_part + done * 5 + part // 2,
            ]
        )
        behind = max(behind, mine)
        if scores[i] > 0:
            good += size
    return rows
