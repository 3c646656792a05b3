"""News sites into clean, dated, numbered article records.

    from scraper import parse, scrape
    article = parse(html_bytes, url="https://valley.example/18200/")
    for article in scrape("config.toml"): ...

Nothing is fetched and nothing is written by importing this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from scraper import parse as _package  # noqa: F401 - loaded first, or it would take the place of the function below
from scraper.errors import ConfigError, FetchError, ScraperError, StoreError
from scraper.model import NO_RULES, Article, Found, Outcome, Page, Rules

__all__ = [
    "Article",
    "ConfigError",
    "FetchError",
    "Found",
    "Outcome",
    "Page",
    "Rules",
    "ScraperError",
    "StoreError",
    "explain",
    "parse",
    "scrape",
]


def parse(
    page: Page | bytes,
    url: str = "",
    rules: Rules = NO_RULES,
    *,
    headers: Sequence[tuple[str, str]] = (),
    fetched_at: datetime | None = None,
) -> Article:
    """The article that a page holds; `is_article` says whether it is one. Never raises for what a page contains.

    `page` is a Page, or a body's bytes with the `url` it came from, its header pairs and the fetch time (aware), where
    these are known. Opens no socket, reads no clock: the same input gives the same article.
    """
    from scraper.parse import article

    return article.parse(_page(page, url, headers, fetched_at), rules)


def explain(
    page: Page | bytes,
    url: str = "",
    rules: Rules = NO_RULES,
    *,
    headers: Sequence[tuple[str, str]] = (),
    fetched_at: datetime | None = None,
) -> Article:
    """As `parse`, with `evidence`: for each field every candidate, where it stood, and why it lost."""
    from scraper.parse import article

    return article.explain(_page(page, url, headers, fetched_at), rules)


def scrape(config: str | Path, *, site: str | None = None, limit: int | None = None) -> Iterator[Article]:
    """The main job of a config file, as an iterator over the articles that it stores. Works inside a running loop too.

    `site` runs one site alone, `limit` takes up that many URLs at most. Raises ConfigError, StoreError.
    """
    from scraper import wiring
    from scraper.config import load

    yield from wiring.scrape(load(config), only=site, limit=limit)


def _page(page: Page | bytes, url: str, headers: Sequence[tuple[str, str]], fetched_at: datetime | None) -> Page:
    return page if isinstance(page, Page) else Page(url, url, 200, tuple(headers), page, fetched_at)
