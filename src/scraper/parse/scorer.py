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
_WHOLE = 1000  # the weights have three decimals; as whole numbers their sums are exact, and the same in every Python


def score(blocks: list[Block], core: Context, evidence: Evidence) -> list[float]:
    """How much each block looks like the article's; above zero it is. `core` is the element with most of the prose."""
    first, second = _weights(evidence.news)
    survey = Survey(blocks, core, evidence)
    rows = first_look(blocks, survey, _vocabulary())
    scores = [sum([first[i] for i in row]) / _WHOLE for row in rows]
    again = second_look(blocks, survey, scores)
    return [sum([second[i] for i in row + more]) / _WHOLE for row, more in zip(rows, again, strict=True)]


@lru_cache(1)
def _vocabulary() -> dict[str, int]:
    return {word: i for i, word in enumerate(table("body_weights.json")["words"])}


@lru_cache(2)
def _weights(news: bool) -> tuple[list[int], list[int]]:
    """The weights of the first and the second look in thousandths, by feature; those of news articles on top."""
    loaded = table("body_weights.json")
    return _flat(loaded["first"], news), _flat(loaded["second"], news)


def _flat(families: dict[str, list[float]], news: bool) -> list[int]:
    weights = [0] * SIZE
    for name, values in families.items():
        family = name.removeprefix("news ")
        if family in FAMILIES and (news or family == name):
            start = getattr(AT, family)
            for i, value in enumerate(values):
                weights[start + i] += round(value * _WHOLE)
    return weights + [round(value * _WHOLE) for value in families["word"]]
