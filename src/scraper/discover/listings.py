"""Home pages and listing pages: the links that look like articles."""

from __future__ import annotations

import re
from unicodedata import east_asian_width
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from scraper.discover.found import Links
from scraper.urls import join

MAX_LINKS = 2_000
_ID = re.compile(r"\d{4,}")
_FILE = re.compile(r"\.(?:jpe?g|png|gif|svg|webp|pdf|zip|mp[34]|css|js|xml|ico)$", re.IGNORECASE)
# The header of an article holds its headline and link (WordPress); a form may hold the whole page (ASP.NET).
_SIDE = "nav, aside, :is(header, footer):not(:is(article, main, section) *)"


def listing(body: bytes, url: str) -> Links:
    """Links of an HTML page that look like articles: a headline's length, a slug, a date or an id in the address."""
    tree = LexborHTMLParser(body, scripting=True)
    links = Links(kind="listing")
    base = _base(tree, url)
    for node in reversed(tree.css(_SIDE)):  # inner ones first: what is cut takes what it holds along
        node.decompose()
    found: dict[str, None] = {}
    for node in tree.css("a[href]"):
        href = (node.attributes.get("href") or "").strip()
        if href and _looks_like_article(href, node.text(strip=True)):
            found.setdefault(href)
    for href in found:
        links.add(base, href, MAX_LINKS)
    return links


def _base(tree: LexborHTMLParser, url: str) -> str:
    """What the page's links are relative to: its first <base href>, if that leads to the web (HTML, section 4.2.3)."""
    node = tree.css_first("base[href]")
    href = node.attributes.get("href") if node else None
    return (join(url, href) if href else None) or url


def _looks_like_article(href: str, text: str) -> bool:
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    path = parts.path.rstrip("/")
    if not (path or parts.query) or _FILE.search(path):  # WordPress without permalinks: /?p=18200
        return False
    slug = path.rsplit("/", 1)[-1]
    return slug.count("-") >= 3 or bool(_ID.search(href)) or _width(text) >= 30


def _width(text: str) -> int:
    """The places that a text takes; a Chinese, Japanese or Korean character takes two, and says as much as two."""
    return len(text) + sum(east_asian_width(character) in "WF" for character in text)
