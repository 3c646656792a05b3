"""Authors: rows of invented snippets."""

from __future__ import annotations

from typing import Any

import pytest

from scraper.parse.authors import STEPS
from scraper.parse.ladder import climb
from snippets import URL, document, rows


@pytest.mark.parametrize("row", rows("authors"), ids=lambda row: row["id"])
def test_authors(row: dict[str, Any]) -> None:
    found = climb(document(row["html"] * row.get("times", 1), row.get("url", URL)), STEPS)
    value = found.value if found else None
    assert (list(value) if isinstance(value, tuple) else value) == row.get("want"), f"{row['id']}: authors"
