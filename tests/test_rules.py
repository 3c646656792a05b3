"""A site's own rules: rows of an invented page, the rules as config.toml has them, and what the record says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scraper import config, parse
from scraper.model import Page
from scraper.parse.article import explain
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


MISSES = {
    'number = "i.nr"': "nothing on the page matches the rule",
    'number = { css = "b", regex = "No (x+)" }': "its attribute, regex, transform and format leave nothing of that",
    'number = "u"': "it is empty",
    'number = "b"': None,
}


@pytest.mark.parametrize("rules", MISSES)
def test_why_a_rule_found_nothing(rules: str) -> None:
    loaded = config.loads(f"{SITE}[sites.a.fields]\n{rules}\n", Path("config.toml")).sites["a"].rules()
    html = "<meta property='article:id' content='18200'><h1>Bridge</h1><b>No 7</b><u></u>"
    page = Page(URL, URL, 200, (), html.encode(), None)
    lost = [found.lost for found in explain(page, loaded).evidence["number"] if found.source == "site"]
    assert lost == [MISSES[rules]]
