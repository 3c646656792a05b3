"""Errors cross process pools whole."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from scraper.errors import (
    ConfigError,
    FetchError,
    LockedError,
    ParseFailed,
    Problem,
    ScraperError,
    SkipPage,
    StoreError,
)

NOTED = StoreError("data/out: gone")
NOTED.add_note("in the second run")
ERRORS: list[ScraperError] = [
    ScraperError("words"),
    ConfigError([Problem("c.toml", 3, "run.x", "unknown key"), Problem("c.toml", None, "", "no sites")]),
    FetchError("dns", url="https://a.example/", detail="no address", retry=True, retry_after=3.5),
    FetchError("gone"),
    SkipPage("robots", url="https://a.example/", detail="Disallow: /"),
    ParseFailed("parse_limit", "no answer within 10 s"),
    StoreError("data: disk full"),
    LockedError("data: another run (pid 7) holds it"),
    NOTED,
]
WAYS: dict[str, Callable[[ScraperError], ScraperError]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle {n}": lambda error, n=n: pickle.loads(pickle.dumps(error, n)) for n in (0, 2, 5)},  # type: ignore[misc]
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_errors_come_back_as_they_were(error: ScraperError, way: str) -> None:
    again = WAYS[way](error)
    assert (type(again), str(again), again.args, vars(again)) == (type(error), str(error), error.args, vars(error))
