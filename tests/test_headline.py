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
