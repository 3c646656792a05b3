"""Is it an article? Rows of invented pages and the outcome's word of those that are none."""

from __future__ import annotations

from typing import Any

import pytest

from scraper.parse.article import explain
from snippets import URL, document, rows

PARAGRAPHS = [
    f"<p>The council of Aralia met on day {n} and agreed to rebuild the northern pier before the storms come.</p>"
    for n in range(8)
]
PROSE = "".join(PARAGRAPHS)
BRIEF = "".join(PARAGRAPHS[:4]) + '<a href="/">Home</a> <a href="/roads">Roads</a> <a href="/fairs">Fairs</a>'
FILLER = "<div>Goods, offers, opening hours, ways to reach us and what the neighbours say about it all.</div>" * 12
BELOW = {"prose": PROSE, "brief": BRIEF, "filler": FILLER}


@pytest.mark.parametrize("row", rows("kind"), ids=lambda row: row["id"])
def test_kind(row: dict[str, Any]) -> None:
    html = row["html"] + "".join(text for name, text in BELOW.items() if name in row)
    found = explain(document(html, row.get("url", URL)).page)
    is_article, word, evidence = found.is_article, found.refusal, found.evidence["is_article"]
    assert (is_article, word) == ("want" not in row, row.get("want")), f"{row['id']}: is_article {evidence}"
    assert evidence
