"""Small invented pages for the tests of single fields."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scraper.model import Page, Rules
from scraper.parse import labels
from scraper.parse.document import Document

URL = "https://www.valley-times.example/politics/bridge-opens-after-long-winter-18200"
FETCHED = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of tests/cases/NAME.toml."""
    text = (Path(__file__).parent / "cases" / f"{name}.toml").read_text("utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["row"]
    return found


def document(html: str, url: str = URL, zone: str | None = None) -> Document:
    """A page of `html`; a snippet without <html> or <head> is body."""
    page = Page(url, url, 200, (), html.encode(), FETCHED)
    doc = Document(page, Rules(timezone=zone))
    doc.labels = labels.find(doc)
    return doc
