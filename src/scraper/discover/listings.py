"""Home pages and listing pages: the links that look like articles."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from scraper.discover.found import Links

MAX_LINKS = 2_000
_ID = re.compile(r"\d{4,}")
_FILE = re.compile(r"\.(?:jpe?g|png|gif|svg|webp|pdf|zip|mp[34]|css|js|xml|ico)$", re.IGNORECASE)
_SIDE = "header, footer, nav, aside, form"


def listing(body: bytes, url: str) -> Links:
    """Links of an HTML page that look like articles: a headline's length, a slug, a date or an id in the address."""
    tree = LexborHTMLParser(body, scripting=True)
    for node in tree.css(_SIDE):
        node.decompose()
    links = Links(kind="listing")
    found: dict[str, None] = {}
    for node in tree.css("a[href]"):
        href = (node.attributes.get("href") or "").strip()
        if href and _looks_like_article(href, node.text(strip=True)):
            found.setdefault(href)
    for href in found:
        links.add(url, href, MAX_LINKS)
    return links


def _looks_like_article(href: str, text: str) -> bool:
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    path = parts.path.rstrip("/")
    if not path or _FILE.search(path):
        return False
    slug = path.rsplit("/", 1)[-1]
    return slug.count("-") >= 3 or bool(_ID.search(href)) or len(text) >= 30
