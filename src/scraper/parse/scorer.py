"""Which blocks are the article's, by what scripts/train_body.py learned (body_weights.json).

A sum of weights judges each block by itself. Where that is not plain, trees judge it among the others.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import compress
from typing import Any

from scraper.data import table
from scraper.parse.blocks import Block, Context
from scraper.parse.relations import Parts, rows
from scraper.parse.survey import Evidence, Survey
from scraper.parse.together import PLAIN, together
from scraper.parse.traits import AT, FAMILIES, SIZE, Looks, look

CROSSED = ("tag", "length", "end", "links", "capitals", "cue", "cue_first", "cue_last", "parent", "zone", "own", "path")
WHOLE = 1000  # weights have three decimals; as whole numbers their sums are exact, and the same in every Python
# After so many trees, the thousandths beyond which the rest are not asked: one block in a thousand would have turned.
_SURE = ((20, 1000), (40, 500), (60, 300), (120, 0))
_PROSE, _LINKED = 80, 5  # characters of a paragraph, and how many there are to one in a link
_DECLARED = 3  # paragraphs; fewer can be a teaser
# Column, most that goes left, left, right. A leaf has no left or right, and for "most" what it adds, in thousandths.
Tree = tuple[int, int, Any, Any]


def score(blocks: list[Block], core: Context, evidence: Evidence) -> list[int]:
    """How much each block looks like the article's; above zero it is. `core` is the element with most of the prose."""
    survey = Survey(blocks, core, evidence)
    weights = _weights(evidence.news)
    parts = [parts_of(looks, weights) for looks in look(blocks, survey, _vocabulary())]
    return _or_longest(blocks, _as_declared(blocks, survey, judge(blocks, survey, parts, _trees())))


def _or_longest(blocks: list[Block], scores: list[int]) -> list[int]:
    """`scores`; where none is above zero, those of the element with most prose made so: what was learned knows few of
    the languages whose sentences end without a mark.
    """
    if any(score > 0 for score in scores):
        return scores
    prose: dict[int, list[int]] = {}
    for i, block in enumerate(blocks):
        if len(block.text) >= _PROSE and _LINKED * block.links <= len(block.text) and not block.own:
            prose.setdefault(block.context.key, []).append(i)
    best = max(prose.values(), key=lambda each: sum([len(blocks[i].text) for i in each]), default=[])
    for i in best if len(best) >= _DECLARED else ():
        scores[i] = 1
    return scores


def _as_declared(blocks: list[Block], survey: Survey, scores: list[int]) -> list[int]:
    """`scores` with the paragraphs that the page's data have too, where most of these were left out: a name above them
    ("related-story paywall") says what they are not.
    """
    if not survey.trusted:
        return scores
    said = list(compress(range(len(blocks)), survey.in_data))
    [(parent, _)] = Counter(blocks[i].context.key for i in said).most_common(1)
    declared = [i for i in said if blocks[i].context.key == parent]
    if len(declared) < _DECLARED or 2 * sum([scores[i] > 0 for i in declared]) >= len(declared):
        return scores
    for i in declared:
        scores[i] = max(scores[i], 1)
    return scores


def judge(blocks: list[Block], survey: Survey, parts: list[Parts], trees: list[Tree]) -> list[int]:
    """The scores in thousandths, by the trees where a block by itself is not plain."""
    scores = list(map(sum, parts))
    unclear = [PLAIN[0] < score < PLAIN[1] for score in scores]
    if any(unclear):
        starts = (0, *[end for end, _ in _SURE])
        stages = [(trees[start:end], sure) for start, (end, sure) in zip(starts, _SURE, strict=False)]
        asked = compress(range(len(scores)), unclear)
        for i, row in zip(asked, rows(blocks, survey, parts, unclear), strict=True):
            scores[i] = _vote(stages, row)
    return together(blocks, scores)


def parts_of(looks: Looks, weights: list[int]) -> Parts:
    """A block's score by itself."""
    weight = weights.__getitem__
    words, names, shape, place = looks
    return Parts(sum(map(weight, words)), sum(map(weight, names)), sum(map(weight, shape)), sum(map(weight, place)))


def _vote(stages: list[tuple[list[Tree], int]], row: tuple[int, ...]) -> int:
    """What the trees say together; those of a later stage are asked where those before are not sure."""
    total = 0
    for trees, sure in stages:
        for column, most, left, right in trees:
            while left is not None:
                column, most, left, right = left if row[column] <= most else right
            total += most
        if not -sure <= total <= sure:
            break
    return total


@lru_cache(1)
def _vocabulary() -> dict[str, int]:
    return {word: i for i, word in enumerate(table("body_weights.json")["words"])}


@lru_cache(2)
def _weights(news: bool) -> list[int]:
    """The weights in thousandths, by feature; those of news articles on top."""
    families = table("body_weights.json")["weights"]
    weights = [0] * SIZE
    for name, values in families.items():
        family = name.removeprefix("news ")
        if family in FAMILIES and (news or family == name):
            start = getattr(AT, family)
            for i, value in enumerate(values):
                weights[start + i] += round(value * WHOLE)
    return weights + [round(value * WHOLE) for value in families["word"]]


@lru_cache(1)
def _trees() -> list[Tree]:
    return [tuples(tree) for tree in table("body_weights.json")["trees"]]


def tuples(tree: Any) -> Tree:
    """A tree of lists as one of tuples, which are quicker to take apart."""
    if isinstance(tree, int):
        return 0, tree, None, None
    column, most, left, right = tree
    return column, most, tuples(left), tuples(right)
