"""What is seen of a block among the others: whole numbers, which the trees of the scorer compare.

By columns, one number a block in each: a neighbour's number is the same column, shifted.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import accumulate
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
    scores = [sum(part) for part in parts]
    sizes = [len(block.text) for block in blocks]
    linked = [block.links * 100 // size for block, size in zip(blocks, sizes, strict=True)]
    return {
        **_alone(blocks, survey, sizes, linked),
        **_judged(parts, scores),
        **_near(sizes, linked, parts, scores),
        **_along(blocks, sizes, scores),
        **_placed(blocks, survey),
        **_grouped(blocks, survey, sizes, scores),
    }


def _alone(blocks: list[Block], survey: Survey, sizes: list[int], linked: list[int]) -> Columns:
    """The block's own text; `linked` is hundredths of it that are links."""
    return {
        "tag": [TAGS.get(block.tag, 0) for block in blocks],
        "group": [GROUPS.get(block.tag, 0) for block in blocks],
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
    good = [min(size, _LONGEST) if score > 0 else 0 for size, score in zip(sizes, scores, strict=True)]
    all_good = sum(good) or 1
    done = list(accumulate(good, initial=0))
    since, at = [], NONE
    for i, head in enumerate(heading):
        at = i if head else at
        since.append(i - at if at >= 0 else NONE)
    return {
        "heading_before": _last_of(scores, heading),
        "heading_after": _last_of(scores[::-1], heading[::-1])[::-1],
        "text_before": _last_of(scores, [not head for head in heading]),
        "text_after": _last_of(scores[::-1], [not head for head in heading[::-1]])[::-1],
        "best_before": [NONE, *accumulate(scores[:-1], max)],
        "best_after": [NONE, *accumulate(scores[:0:-1], max)][::-1],
        "done": [part * 100 // all_good for part in done[:-1]],
        "good": [sum(score > 0 for score in scores) * 100 // len(scores)] * len(scores),
        "since_heading": since,
    }


def _last_of(scores: list[int], chosen: list[bool]) -> list[int]:
    """For each block the score of the last chosen one before it."""
    found, last = [], NONE
    for score, is_chosen in zip(scores, chosen, strict=True):
        found.append(last)
        last = score if is_chosen else last
    return found


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


def _grouped(blocks: list[Block], survey: Survey, sizes: list[int], scores: list[int]) -> Columns:
    """The blocks of the same parent, of the same part of the page, and of the same names wherever they stand."""
    circles: dict[str, list[Hashable]] = {
        "sibling": [block.context.key for block in blocks],
        "part": [spot.part for spot in survey.spots],
        "kin": [(block.tag, block.look, block.context.tag, block.context.look) for block in blocks],
    }
    columns: Columns = {}
    links = [min(block.links, size) for block, size in zip(blocks, sizes, strict=True)]
    for circle, keys in circles.items():
        told = _circle(keys, sizes, links, scores, survey.total)
        rows = zip(*[told[key] for key in keys], strict=True)
        columns |= {f"{circle}_{name}": row for name, row in zip(_OF_A_CIRCLE, rows, strict=True)}
    return columns


_OF_A_CIRCLE = ("count", "share", "linked", "mean", "longest", "score")


def _circle(
    keys: list[Hashable], sizes: list[int], links: list[int], scores: list[int], total: int
) -> dict[Hashable, tuple[int, ...]]:
    """What _OF_A_CIRCLE names, by key: number, hundredths of the page's text, of it links, sizes and mean score."""
    sums: dict[Hashable, list[int]] = {}
    for key, size, link, score in zip(keys, sizes, links, scores, strict=True):
        weight = size if size < _LONGEST else _LONGEST
        clipped = -_CLIP if score < -_CLIP else score if score < _CLIP else _CLIP
        told = sums.get(key)
        if told is None:
            sums[key] = [1, size, link, size, weight, weight * clipped]
            continue
        told[0] += 1
        told[1] += size
        told[2] += link
        told[3] = size if size > told[3] else told[3]
        told[4] += weight
        told[5] += weight * clipped
    return {
        key: (count, size * 100 // total, link * 100 // size, size // count, longest, score // weight)
        for key, (count, size, link, longest, weight, score) in sums.items()
    }
