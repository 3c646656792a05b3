"""The standfirst: marked under the headline, else as the page's data give it."""

from __future__ import annotations

from scraper.model import Found
from scraper.parse import body, jsonld
from scraper.parse.document import Document
from scraper.parse.ladder import Step
from scraper.parse.text import clean

_LONGEST = 700  # characters; a longer description is the article itself


def from_jsonld(doc: Document) -> Found | None:
    """The article object's description."""
    text = clean(jsonld.text(doc.article_data.get("description")) or "")
    return Found(text, "json-ld", text, "json-ld description") if 0 < len(text) <= _LONGEST else None


def from_meta(doc: Document) -> Found | None:
    """The page's own description, made for search results and shared links."""
    found = doc.first_meta("og:description", "description", "twitter:description")
    if found is None or not 0 < len(found[1]) <= _LONGEST:
        return None
    return Found(found[1], "meta", found[1], f"meta {found[0]}")


STEPS: tuple[Step, ...] = (body.summary, from_jsonld, from_meta)
