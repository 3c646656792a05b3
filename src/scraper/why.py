"""Why a field has its value: the winner, where it stood, and what lost against it."""

from __future__ import annotations

from collections.abc import Iterator

from scraper.model import Article, Found
from scraper.report import escape

# What explains itself: made from other fields or not read from the page.
DERIVED = {
    "schema",
    "id",
    "site",
    "url",
    "fetched_at",
    "content_hash",
    "revision",
    "sources",
    "issues",
    "parser_version",
}


def fields() -> list[str]:
    """The fields that can be asked about, in the record's order."""
    return [name for name in Article("", "", "", "").to_dict() if name not in DERIVED]


def explain(article: Article, only: str | None = None, *, width: int = 100) -> Iterator[str]:
    """Lines for a terminal: each field's value and source, its place and raw text, then what lost and why."""
    record = article.to_dict()
    for name in [only] if only else fields():
        yield from _field(name, record[name], article, width)
    if not only:
        yield f"issues: {escape(', '.join(article.issues) or 'none', width)}"
        yield (
            "article: yes" if article.is_article else f"article: no, refused as {escape(article.refusal or '?', width)}"
        )


def _field(name: str, value: object, article: Article, width: int) -> Iterator[str]:
    source = article.sources.get(name)
    shown = "nothing found" if value in (None, []) else _shown(value, width)
    yield f"{name}: {shown}" + (f"  [{source}]" if source else "")
    found = article.evidence.get(name, ())
    for candidate in sorted(found, key=lambda each: each.lost is not None):
        yield from _candidate(candidate, width)


def _candidate(found: Found, width: int) -> Iterator[str]:
    place = escape(found.path, width)
    if found.lost is None:
        yield f"    from {found.source}, {place}: {_shown(found.raw, width)}" if place else f"    from {found.source}"
    else:
        yield f"    lost {found.source}, {place}: {_shown(found.value, width)}"
        yield f"         because {escape(found.lost, width)}"


def _shown(value: object, width: int) -> str:
    if isinstance(value, list | tuple):
        return escape("; ".join(map(str, value)), width)
    return escape(" ".join(str(value).split()) if isinstance(value, str) else repr(value), width)
