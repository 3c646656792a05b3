"""The nouns: Page, Found, Article, Outcome, and a site's own Rules. Plain frozen data, standard library only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

SCHEMA = "article/1"

Source = Literal["site", "json-ld", "meta", "label", "markup", "url"]
Word = Literal["stored", "updated", "unchanged", "skipped", "refused", "failed"]
WORDS: tuple[Word, ...] = ("stored", "updated", "unchanged", "skipped", "refused", "failed")


@dataclass(frozen=True, slots=True)
class Page:
    """One fetched page: the seam between fetching and parsing is bytes, headers and fetch time, never decoded text."""

    url: str  # as requested
    final_url: str  # after redirects
    status: int
    headers: tuple[tuple[str, str], ...]  # as received, in order; bytes as Latin-1
    body: bytes  # content-decoded (gzip, br ... undone), charset-raw
    fetched_at: datetime | None  # aware, UTC; None where it is not known
    wire: bytes | None = None  # the body before content decoding; None when that is the same

    def header(self, name: str) -> str | None:
        """The first header of that name (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


Fetch = Callable[[str], Awaitable[Page]]  # raises FetchError; retry, pace, guard and record wrap one another


@dataclass(frozen=True, slots=True)
class Found:
    """One candidate for a field: what it says, which step found it, the text as it stands and where."""

    value: Any
    source: Source
    raw: str
    path: str = ""  # "json-ld NewsArticle.datePublished", "meta og:title", "h1.title"
    lost: str | None = None  # why another candidate was preferred or this one refused; None for the winner


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one site prints one field, from config.toml; the first selector that matches wins."""

    css: tuple[str, ...] = ()
    attribute: str | None = None
    regex: str | None = None
    format: str | None = None  # strptime format of a date or time
    constant: str | None = None
    remove: tuple[str, ...] = ()  # selectors cut out of the match first
    transform: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What a site's section of config.toml tells the parser."""

    site: str | None = None
    timezone: str | None = None  # IANA name
    language: str | None = None  # BCP 47
    fields: Mapping[str, FieldRule] = field(default_factory=dict)


NO_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Article:
    """One article as the page gives it. Strings are in the record's own forms; None where the page does not say."""

    id: str
    site: str
    url: str
    canonical_url: str
    number: str | None = None
    category: str | None = None
    headline: str | None = None
    date: str | None = None  # YYYY-MM-DD, Gregorian
    time: str | None = None  # HH:MM:SS, local to the page
    utc_offset: str | None = None  # +HH:MM
    published_at: str | None = None  # RFC 3339, UTC, Z
    modified_at: str | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None  # BCP 47
    summary: str | None = None
    body: str | None = None  # paragraphs joined by a blank line
    tags: tuple[str, ...] = ()
    image: str | None = None
    access: Literal["free", "paid", "unknown"] = "unknown"
    fetched_at: str | None = None
    content_hash: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict)
    issues: tuple[str, ...] = ()
    parser_version: str = ""
    # Not part of the record:
    is_article: bool = True
    refusal: str | None = (
        None  # the outcome's reason when it is not an article: "listing", "soft_404", "wall_consent"...
    )
    evidence: Mapping[str, tuple[Found, ...]] = field(default_factory=dict)  # filled by explain() only

    def to_dict(self, revision: int | None = None) -> dict[str, Any]:
        """The record: the keys of article/1, all of them, in order. `revision` is None without kept state."""
        return {
            "schema": SCHEMA,
            "id": self.id,
            "site": self.site,
            "url": self.url,
            "canonical_url": self.canonical_url,
            "number": self.number,
            "category": self.category,
            "headline": self.headline,
            "date": self.date,
            "time": self.time,
            "utc_offset": self.utc_offset,
            "published_at": self.published_at,
            "modified_at": self.modified_at,
            "authors": list(self.authors),
            "language": self.language,
            "summary": self.summary,
            "body": self.body,
            "tags": list(self.tags),
            "image": self.image,
            "access": self.access,
            "fetched_at": self.fetched_at,
            "content_hash": self.content_hash,
            "revision": revision,
            "sources": dict(self.sources),
            "issues": list(self.issues),
            "parser_version": self.parser_version,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one URL ended. Every discovered URL ends in exactly one."""

    url: str
    word: Word
    reason: str | None = None  # "robots", "http_404", "listing"...; None for stored, updated and unchanged
    site: str = ""
    detail: str = ""
