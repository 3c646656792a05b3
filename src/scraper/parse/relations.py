"""What is seen of a block among the others: whole numbers, which the trees of the scorer compare.

By columns, one number a block in each: a neighbour's number is the same column, shifted.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import accumulate, compress
from typing import NamedTuple

from scraper.parse.blocks import Block
from scraper.parse.survey import Survey
from scraper.parse.traits import GROUPS, HEADING, TAGS

NONE = -99_999  # stands for a neighbour that is not there
_CLIP, _LONGEST = 6000, 300  # of one block's score and of its length, in the mean of a group

Columns = dict[str, Sequence[int]]


class Parts(NamedTuple):
    """A block's score by itself, in thousandths, by what it comes from."""

    words: int
    names: int
    shape: int
    place: int


def relate(blocks: list[Block], survey: Survey, parts: Sequence[Parts]) -> Columns:
    """Columns of numbers by name, always in the same order."""
    scores = list(map(sum, parts))
    columns = _columns(blocks, survey, parts, scores)
    for circle, told in _circles(blocks, survey, scores).items():
        of_all = zip(*told, strict=True)
        columns |= {f"{circle}_{name}": column for name, column in zip(_OF_A_CIRCLE, of_all, strict=True)}
    return columns


def rows(blocks: list[Block], survey: Survey, parts: Sequence[Parts], wanted: list[bool]) -> list[tuple[int, ...]]:
    """The numbers of each wanted block, in the order of the columns of `relate`."""
    scores = list(map(sum, parts))
    columns = zip(*_columns(blocks, survey, parts, scores).values(), strict=True)
    told = zip(columns, *_circles(blocks, survey, scores).values(), strict=True)
    return [(*row, *siblings, *part, *kin) for row, siblings, part, kin in compress(told, wanted)]


def _columns(blocks: list[Block], survey: Survey, parts: Sequence[Parts], scores: list[int]) -> Columns:
    sizes = [len(block.text) for block in blocks]
    linked = [block.links * 100 // size for block, size in zip(blocks, sizes, strict=True)]
    return {
        **_alone(blocks, survey, sizes, linked),
        **_judged(parts, scores),
        **_near(sizes, linked, parts, scores),
        **_along(blocks, sizes, scores),
        **_placed(blocks, survey),
    }


def _alone(blocks: list[Block], survey: Survey, sizes: list[int], linked: list[int]) -> Columns:
    """The block's own text; `linked` is hundredths of it that are links."""
    tags = [block.tag for block in blocks]
    return {
        "tag": [TAGS.get(tag, 0) for tag in tags],
        "group": [GROUPS.get(tag, 0) for tag in tags],
        "size": sizes,
        "words": survey.counts,
        "linked": linked,
        "links": [block.links for block in blocks],
    }


def _judged(parts: Sequence[Parts], scores: list[int]) -> Columns:
    """The block's score by itself."""
    names = [f"in_{name}" for name in Parts._fields]
    return {"score": scores, **dict(zip(names, zip(*parts, strict=True), strict=True))}


def _near(sizes: list[int], linked: list[int], parts: Sequence[Parts], scores: list[int]) -> Columns:
    """The same of the blocks before and behind."""
    wanted: tuple[tuple[str, list[int], tuple[int, ...]], ...] = (
        ("score", scores, (-2, -1, 1, 2, 3)),
        ("names", [part.names for part in parts], (-1, 1)),
        ("words", [part.words for part in parts], (-1, 1)),
        ("size", sizes, (-1, 1)),
        ("linked", linked, (-1, 1)),
    )
    return {f"{name}{step:+d}": _shifted(column, step) for name, column, steps in wanted for step in steps}


def _shifted(column: list[int], step: int) -> list[int]:
    """For each block the number of the one `step` behind it."""
    n = len(column)
    if step < 0:
        return ([NONE] * -step + column)[:n]
    return (column + [NONE] * step)[step:]


def _along(blocks: list[Block], sizes: list[int], scores: list[int]) -> Columns:
    """What has been read before the block, and what comes behind it."""
    heading = [GROUPS.get(block.tag) == HEADING for block in blocks]
    good = [
        0 if score <= 0 else size if size < _LONGEST else _LONGEST for size, score in zip(sizes, scores, strict=True)
    ]
    all_good = sum(good) or 1
    done = accumulate(good[:-1], initial=0)
    since, at = [], NONE
    for i, head in enumerate(heading):
        at = i if head else at
        since.append(i - at if at >= 0 else NONE)
    heading_before, text_before = _last(scores, heading)
    heading_after, text_after = _last(scores[::-1], heading[::-1])
    n = len(scores)
    return {
        "heading_before": heading_before,
        "heading_after": heading_after[::-1],
        "text_before": text_before,
        "text_after": text_after[::-1],
        "best_before": [NONE, *accumulate(scores[:-1], max)],
        "best_after": [NONE, *accumulate(scores[:0:-1], max)][::-1],
        "done": [part * 100 // all_good for part in done],
        "good": [sum([score > 0 for score in scores]) * 100 // n] * n,
        "since_heading": since,
    }


def _last(scores: list[int], heading: list[bool]) -> tuple[list[int], list[int]]:
    """For each block the scores of the last heading and of the last text before it."""
    heads, texts = [], []
    head = text = NONE
    for score, is_head in zip(scores, heading, strict=True):
        heads.append(head)
        texts.append(text)
        if is_head:
            head = score
        else:
            text = score
    return heads, texts


def _placed(blocks: list[Block], survey: Survey) -> Columns:
    """Where the block stands in the page, and under what."""
    n = len(blocks)
    spots = survey.spots
    return {
        "blocks": [n] * n,
        "total": [survey.total] * n,
        "percent": [i * 100 // n for i in range(n)],
        "behind_first": list(range(-survey.first, n - survey.first)),
        "before_last": list(range(survey.last, survey.last - n, -1)),
        "behind_title": list(range(-survey.title, n - survey.title)) if survey.title >= 0 else [NONE] * n,
        "down": [spot.down for spot in spots],
        "kinds": [len(spot.kinds) for spot in spots],
        "parent": [TAGS.get(block.context.tag, 0) for block in blocks],
    }


_OF_A_CIRCLE = ("count", "share", "linked", "mean", "longest", "score")


def _circles(blocks: list[Block], survey: Survey, scores: list[int]) -> dict[str, list[list[int]]]:
    """For each block what is known of those of the same parent, of the same part of the page, and of the same names
    wherever they stand.
    """
    alone = []
    for block, score in zip(blocks, scores, strict=True):
        size, links = len(block.text), block.links
        weight = size if size < _LONGEST else _LONGEST
        clipped = -_CLIP if score < -_CLIP else score if score < _CLIP else _CLIP
        alone.append((size, links if links < size else size, weight, weight * clipped))
    contexts = [block.context for block in blocks]
    names = [(block.tag, block.look, above.tag, above.look) for block, above in zip(blocks, contexts, strict=True)]
    return {
        "sibling": _circle([above.key for above in contexts], alone, survey.total),
        "part": _circle([spot.part for spot in survey.spots], alone, survey.total),
        "kin": _circle(names, alone, survey.total),
    }


def _circle(keys: Iterable[Hashable], alone: list[tuple[int, int, int, int]], total: int) -> list[list[int]]:
    """For each block, what _OF_A_CIRCLE names of all with its key: number, hundredths of the page's text, of it links,
    sizes and mean score. One list for all of them.
    """
    sums: dict[Hashable, list[int]] = {}
    found = []
    for key, (size, links, weight, weighed) in zip(keys, alone, strict=True):
        told = sums.get(key)
        if told is None:
            told = sums[key] = [1, size, links, size, weight, weighed]
        else:
            told[0] += 1
            told[1] += size
            told[2] += links
            told[3] = size if size > told[3] else told[3]
            told[4] += weight
            told[5] += weighed
        found.append(told)
    for told in sums.values():
        count, size, links, longest, weight, weighed = told
        told[:] = count, size * 100 // total, links * 100 // size, size // count, longest, weighed // weight
    return found
