"""Sitemaps (sitemaps.org protocol 0.9): pages, and further sitemaps of an index."""

from __future__ import annotations

import gzip
import io
import zlib

from scraper.discover.found import Links
from scraper.discover.xml import Element, read

MAX_DECODED = 50 << 20  # bytes; the protocol's own limit for one sitemap
MAX_URLS = 50_000  # the protocol's own limit


def sitemap(body: bytes) -> Links:
    """The locations of one sitemap, XML or plain text, gzipped or not; `sitemaps` holds those of an index."""
    body = _plain(body)
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return Links(pages=[line.strip() for line in body.decode("utf-8", "replace").splitlines()][:MAX_URLS])
    links = Links()

    def on_end(element: Element) -> None:
        if element.name == "loc" and element.path and element.text:
            into = {"url": links.pages, "sitemap": links.sitemaps}.get(element.path[-1])
            if into is not None and len(into) < MAX_URLS:
                into.append(element.text)

    links.problem = read(body, on_end)
    return links


def _plain(body: bytes) -> bytes:
    """The bytes without gzip, whatever the name says; cut at the protocol's limit."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        with gzip.open(io.BytesIO(body)) as stream:
            return stream.read(MAX_DECODED)
    except (OSError, EOFError, zlib.error):
        return b""
