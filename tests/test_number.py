"""Number: rows of invented snippets, each with the step that must find it."""

from __future__ import annotations

from typing import Any

import pytest

from scraper.parse.ladder import climb
from scraper.parse.number import STEPS, but_the_day
from snippets import URL, document, rows


@pytest.mark.parametrize("row", rows("number"), ids=lambda row: row["id"])
def test_number(row: dict[str, Any]) -> None:
    found = climb(document(row["html"], row.get("url", URL)), STEPS)
    got = (found.value, found.source) if found else (None, None)
    assert got == (row.get("want"), row.get("source")), f"{row['id']}: number"


@pytest.mark.parametrize("slug", ["bridge-210706", "bridge-0706", "bridge-0607"])
def test_the_articles_day_is_no_number(slug: str) -> None:
    found = climb(document("<p>text</p>", f"https://www.valley-times.example/news/{slug}/"), STEPS)
    assert found is not None
    assert but_the_day((found,), "2021-07-06") == ()
