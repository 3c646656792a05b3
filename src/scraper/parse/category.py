"""The article's section, as printed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.model import Found
from scraper.parse import jsonld
from scraper.parse.document import Document
from scraper.parse.ladder import Step, climb
from scraper.parse.sitename import host_label, is_site, site_names, squash, tidy
from scraper.parse.text import split_url

_LONGEST = 80  # characters of a section's name
_MAX_CRUMBS = 12
# What holds the links is asked for, not the links in it: that is several times as fast.
_TRAILS = "[itemtype*='BreadcrumbList'], [class*='breadcrumb' i], [aria-label*='breadcrumb' i]"
_MARKED = "a[rel~='category'], [class~='cat-links'], [class*='categor' i], [class*='kicker' i]"
_SECTION_ITSELF = re.compile(r"(?=[pa])(?:post|article)-category", re.IGNORECASE)
_HOLDS_SECTION = re.compile(r"kicker|entry-category|(?<!\S)(?-i:cat-links|post-categories)(?!\S)", re.IGNORECASE)
_SLUG = re.compile(r"[a-z][a-z-]{2,29}")


def from_label(doc: Document) -> Found | None:
    found = next((label for label in doc.labels if label.field == "category"), None)
    return _found(found.value, "label", f"label {found.label}", doc) if found else None


def from_jsonld(doc: Document) -> Found | None:
    article = doc.article_data
    value = article.get("articleSection")
    texts = value if isinstance(value, list) else [value]
    return _first((jsonld.text(text) for text in texts[:10]), "json-ld", "json-ld articleSection", doc)


def from_meta(doc: Document) -> Found | None:
    for key in table("metadata.toml")["section"]:
        if found := _first(doc.meta.get(key, ()), "meta", f"meta {key}", doc):
            return found
    return None


def from_breadcrumb(doc: Document) -> Found | None:
    """The last step of the trail that is neither the home page nor the article itself."""
    for obj in doc.jsonld:
        items = obj.get("itemListElement") if "BreadcrumbList" in jsonld.types(obj) else None
        crumbs = [_crumb(item) for item in items[:_MAX_CRUMBS]] if isinstance(items, list) else []
        if found := _last_crumb(crumbs, "json-ld", "json-ld BreadcrumbList", doc):
            return found
    crumbs = [tidy(node.text()) for node in itertools.islice(_trail(doc), _MAX_CRUMBS)]
    return _last_crumb(crumbs, "markup", "breadcrumb", doc)


def _trail(doc: Document) -> Iterator[LexborNode]:
    """The steps of the page's trails, each once: one list that is a trail stands within another."""
    seen: set[int] = set()
    for trail in doc.tree.css(_TRAILS):
        itemtype = trail.attributes.get("itemtype") or ""
        parts = "a, [itemprop='name']" if "BreadcrumbList" in itemtype else "a"
        for node in trail.css(parts):
            if node.mem_id not in seen and node.mem_id != trail.mem_id:
                seen.add(node.mem_id)
                yield node


def from_markup(doc: Document) -> Found | None:
    for node in itertools.islice(_links(doc), 6):
        path = f"{node.tag}.{(node.attributes.get('class') or node.attributes.get('rel') or '')[:40]}"
        if found := _found(node.text(), "markup", path, doc):
            return found
    return None


def _links(doc: Document) -> Iterator[LexborNode]:
    """The elements that mark themselves as the article's section."""
    for node in doc.tree.css(_MARKED):
        name = node.attributes.get("class") or ""
        if _SECTION_ITSELF.search(name) or "category" in (node.attributes.get("rel") or "").split():
            yield node
        elif node.tag != "a" and _HOLDS_SECTION.search(name):
            yield from node.css("a")


def from_url(doc: Document) -> Found | None:
    """The first word of the path, where the path goes on: /politics/bridge-opens."""
    parts = [part for part in unquote(split_url(doc.url).path).split("/") if part]
    known = table("metadata.toml")["no_sections"]
    for part in parts[:-1][:3]:
        if part.lower() in known or len(part) <= 2:
            continue
        if _SLUG.fullmatch(part) and part.count("-") <= 2:
            return Found(part.replace("-", " "), "url", part, "url path")
        return None
    return None


STEPS: tuple[Step, ...] = (from_label, from_jsonld, from_meta, from_breadcrumb, from_markup, from_url)


def category(doc: Document) -> Found | None:
    """The section, or None where the page names none."""
    return climb(doc, STEPS)


def _found(text: str | None, source: Any, path: str, doc: Document) -> Found | None:
    value = tidy(text)
    if not value or len(value) > _LONGEST or value.startswith(("http://", "https://")) or "{{" in value:
        return None
    if value.casefold() in table("metadata.toml")["no_sections"] or is_site(value, site_names(doc), host_label(doc)):
        return None
    return Found(value, source, text or "", path)


def _first(texts: Iterable[str | None], source: Any, path: str, doc: Document) -> Found | None:
    return next((found for text in texts if text and (found := _found(text, source, path, doc))), None)


def _crumb(item: Any) -> str:
    if not isinstance(item, dict):
        return ""
    inner = item.get("item")
    return tidy(jsonld.text(item.get("name")) or (jsonld.text(inner.get("name")) if isinstance(inner, dict) else None))


def _last_crumb(crumbs: list[str], source: Any, path: str, doc: Document) -> Found | None:
    title = squash(doc.title)
    heading = next((squash(node.text()) for node in doc.h1s[:1]), "")
    for crumb in reversed(crumbs):
        key = squash(crumb)
        own = key and ((key == heading) or (len(key) > 15 and (title.startswith(key) or key in heading)))
        if not own and (found := _found(crumb, source, path, doc)):
            return found
    return None
