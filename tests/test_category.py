"""Category: rows of invented snippets, each with the step that must find it."""

from __future__ import annotations

from typing import Any

import pytest

from scraper.parse.category import STEPS
from scraper.parse.ladder import climb
from snippets import URL, document, rows


@pytest.mark.parametrize("row", rows("category"), ids=lambda row: row["id"])
def test_category(row: dict[str, Any]) -> None:
    found = climb(document(row["html"], row.get("url", URL)), STEPS)
    got = (found.value, found.source) if found else (None, None)
    assert got == (row.get("want"), row.get("source")), f"{row['id']}: category"
