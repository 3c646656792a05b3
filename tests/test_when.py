"""Dates: rows of invented snippets; date, time, offset and instant are one, and no time is invented."""

from __future__ import annotations

from typing import Any

import pytest

from scraper.parse.when import when
from snippets import document, rows

URL = "https://www.valley-times.example/politics/bridge-opens"


@pytest.mark.parametrize("row", rows("when"), ids=lambda row: row["id"])
def test_when(row: dict[str, Any]) -> None:
    stamp = when(document(row["html"], row.get("url", URL), row.get("zone")))
    got = [value or "" for value in (stamp.date, stamp.time, stamp.utc_offset, stamp.published_at)]
    assert got == row["want"], f"{row['id']}: date"
    assert stamp.modified_at == row.get("modified"), f"{row['id']}: modified_at"
    assert set(row.get("issues", ())) <= set(stamp.issues), f"{row['id']}: issues"


@pytest.mark.parametrize("row", rows("when"), ids=lambda row: row["id"])
def test_all_candidates_are_named(row: dict[str, Any]) -> None:
    """With `full`, the winner comes first and each of the others says why it lost."""
    stamp = when(document(row["html"], row.get("url", URL), row.get("zone")), full=True)
    lost = [found.lost for found in stamp.evidence]
    assert all(lost[i] for i in range(lost.count(None), len(lost))), f"{row['id']}: evidence"
    assert bool(stamp.date) == (None in lost), f"{row['id']}: winner"
