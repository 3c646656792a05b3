"""Headline: rows of invented snippets."""

from __future__ import annotations

from typing import Any

import pytest

from scraper.parse.headline import headline
from snippets import URL, document, rows


@pytest.mark.parametrize("row", rows("headline"), ids=lambda row: row["id"])
def test_headline(row: dict[str, Any]) -> None:
    found = headline(document(row["html"] * row.get("times", 1), row.get("url", URL)))
    value = found.value if found else None
    assert (list(value) if isinstance(value, tuple) else value) == row.get("want"), f"{row['id']}: headline"


def test_readings_are_left_out_however_deep_the_heading_nests() -> None:
    html = "<h1><ruby>橋<rt>はし</rt></ruby>" + "<b>" * 5000 + "が開く" + "</b>" * 5000 + "</h1>"
    found = headline(document(f"<html><body>{html}<p>x</p></body></html>", URL))
    assert found is not None and found.value == "橋が開く"
