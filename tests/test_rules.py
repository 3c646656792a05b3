"""A site's own rules: rows of an invented page, the rules as config.toml has them, and what the record says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scraper import config, parse
from snippets import rows

URL = "https://www.valley-times.example/bridge-opens/"
SITE = '[sites.a]\nstart = ["https://www.valley-times.example/"]\n'


def article(row: dict[str, Any]) -> Any:
    zone = f'timezone = "{row["zone"]}"\n' if "zone" in row else ""
    loaded = config.loads(f"{SITE}{zone}[sites.a.fields]\n{row['rules']}\n", Path("config.toml"))
    return parse(f"<h1>Bridge</h1>{row['html']}".encode(), url=URL, rules=loaded.sites["a"].rules())


@pytest.mark.parametrize("row", rows("rules"), ids=lambda row: row["id"])
def test_rules(row: dict[str, Any]) -> None:
    found = article(row)
    values = {name: getattr(found, name) for name in row["want"]}
    assert values == {name: value or None for name, value in row["want"].items()}, row["id"]


@pytest.mark.parametrize("row", rows("rules"), ids=lambda row: row["id"])
def test_sources(row: dict[str, Any]) -> None:
    found = article(row).sources
    assert {name: found.get(name) for name in row["sources"]} == row["sources"], row["id"]
