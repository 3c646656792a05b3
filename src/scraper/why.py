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


KIND = "is_article"
# Parts of one instant, whose candidates are told with the date, or with the part that is asked for alone.
INSTANT = frozenset(("time", "utc_offset", "published_at", "modified_at"))


def fields() -> list[str]:
    """What can be asked about: the fields in the record's order, then whether the page is an article."""
    return [*(name for name in Article("", "", "", "").to_dict() if name not in DERIVED), KIND]


def explain(article: Article, only: str | None = None, *, width: int = 100) -> Iterator[str]:
    """Lines for a terminal: each field's value and source, its place and raw text, then what lost and why."""
    record = article.to_dict()
    for name in [only] if only else fields():
        yield from _kind(article, width) if name == KIND else _field(name, record[name], article, width)
        if only in INSTANT:
            yield from _candidates(article, "date", width)
    if not only:
        yield f"issues: {escape(', '.join(article.issues) or 'none', width)}"


def _field(name: str, value: object, article: Article, width: int) -> Iterator[str]:
    source = article.sources.get(name)
    shown = "nothing found" if value in (None, []) else _shown(value, width)
    yield f"{name}: {shown}" + (f"  [{source}]" if source else "")
    yield from _candidates(article, name, width)


def _candidates(article: Article, name: str, width: int) -> Iterator[str]:
    """The field's candidates, the winner first."""
    for candidate in sorted(article.evidence.get(name, ()), key=lambda each: each.lost is not None):
        yield from _candidate(candidate, width)


def _kind(article: Article, width: int) -> Iterator[str]:
    """The verdict and its grounds: one sign that no article has, or what weighs most, for it (+) or against it (-)."""
    yield f"{KIND}: yes" if article.is_article else f"{KIND}: no, refused as {escape(article.refusal or '?', width)}"
    for ground in article.evidence.get(KIND, ()):
        if isinstance(ground.value, float):
            yield f"    {ground.value:+.2f}  {escape(ground.raw, width)}"
        else:
            yield from _candidate(ground, width)


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
