"""Which blocks are the article's: two sums of weights that scripts/train_body.py learned (body_weights.json)."""

from __future__ import annotations

from functools import lru_cache

from scraper.data import table
from scraper.parse.blocks import Block, Context
from scraper.parse.survey import Evidence, Survey
from scraper.parse.traits import AT, FAMILIES, SIZE, first_look, second_look

CROSSED = (
    "tag",
    "length",
    "end",
    "links",
    "strong",
    "capitals",
    "cue",
    "cue_first",
    "cue_last",
    "parent",
    "look",
    "zone",
    "list",
    "own",
    "path",
)


def score(blocks: list[Block], core: Context, evidence: Evidence) -> list[float]:
    """How much each block looks like the article's; above zero it is. `core` is the element with most of the prose."""
    first, second = _weights(evidence.news)
    survey = Survey(blocks, core, evidence)
    rows = first_look(blocks, survey, _vocabulary())
    scores = [sum([first[i] for i in row]) for row in rows]
    again = second_look(blocks, survey, scores)
    return [sum([second[i] for i in row + more]) for row, more in zip(rows, again, strict=True)]


@lru_cache(1)
def _vocabulary() -> dict[str, int]:
    return {word: i for i, word in enumerate(table("body_weights.json")["words"])}


@lru_cache(2)
def _weights(news: bool) -> tuple[list[float], list[float]]:
    """The weights of the first and the second look, by feature; news articles have some of their own on top."""
    loaded = table("body_weights.json")
    return _flat(loaded["first"], news), _flat(loaded["second"], news)


def _flat(families: dict[str, list[float]], news: bool) -> list[float]:
    weights = [0.0] * SIZE
    for name, values in families.items():
        family = name.removeprefix("news ")
        if family in FAMILIES and (news or family == name):
            start = getattr(AT, family)
            for i, value in enumerate(values):
                weights[start + i] += value
    return weights + families["word"]
