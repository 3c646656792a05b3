"""Sitemaps (sitemaps.org protocol 0.9): pages, and further sitemaps of an index."""

from __future__ import annotations

import gzip
import io
import math
import zlib
from datetime import UTC, datetime

from scraper.discover.found import Links
from scraper.discover.xml import Element, read
from scraper.urls import join

MAX_DECODED = 50 << 20  # bytes; the protocol's own limit for one sitemap
MAX_URLS = 50_000  # the protocol's own limit
_PIECE = 8192  # bytes unpacked at once: what a damage may take with it


def sitemap(body: bytes, base: str) -> Links:
    """The locations of one XML sitemap at the address `base`; `sitemaps` holds those of an index, newest first."""
    links = Links(kind="sitemap")
    children: list[tuple[float, str]] = []
    current: dict[str, str] = {}

    def take_child() -> None:
        url = current.get("loc")
        if url and len(children) < MAX_URLS:
            children.append((_moment(current.get("lastmod", "")), url))
        elif url:
            links.left_out += 1
        current.clear()

    def on_end(element: Element) -> None:
        parent = element.path[-1] if element.path else ""
        if element.name == "loc" and parent == "url":
            links.add(element.base, element.text, MAX_URLS)
        elif element.name == "loc" and parent == "sitemap" and element.text:
            current["loc"] = join(element.base, element.text) or ""
        elif element.name == "lastmod" and parent == "sitemap":
            current["lastmod"] = element.text
        elif element.name == "sitemap":
            take_child()

    links.problem = read(body, base, on_end)
    take_child()  # the last one of a document that is cut behind its <loc>
    children.sort(key=lambda child: child[0], reverse=True)  # stable: those without a moment keep their order
    links.sitemaps = [url for _, url in children]
    return links


def _moment(lastmod: str) -> float:
    """Seconds since 1970 of a W3C date, which may be a year or a month alone; minus infinity for what is none."""
    missing = {4: "-01-01", 7: "-01"}.get(len(lastmod), "")
    try:
        moment = datetime.fromisoformat(lastmod + missing)
    except ValueError:
        return -math.inf
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def text_sitemap(body: bytes, base: str, *, cut: bool) -> Links:
    """The lines that are whole addresses, as the protocol wants them; a sentence or an empty line is none.

    The last line of a text that is `cut` may be, and is left out.
    """
    links = Links(kind="sitemap")
    for line in (body.rpartition(b"\n")[0] if cut else body).splitlines():
        address = line.strip()
        if address[:8].lower().startswith((b"http://", b"https://")):
            links.add(base, address.decode("utf-8", "replace"), MAX_URLS)
    links.problem = None if links.pages or not body else "no line of it is an address"
    return links


def plain(body: bytes) -> tuple[bytes, str | None]:
    """The bytes without gzip, whatever the name says, and what is wrong with them: damaged, or beyond the limit."""
    if not is_packed(body):
        return body, None
    unpacked = bytearray()
    try:
        with gzip.open(io.BytesIO(body)) as stream:
            while len(unpacked) <= MAX_DECODED and (piece := stream.read1(_PIECE)):
                unpacked += piece
    except (OSError, EOFError, zlib.error) as error:
        return bytes(unpacked), f"damaged gzip: {error}"
    problem = f"more than {MAX_DECODED} bytes when unpacked" if len(unpacked) > MAX_DECODED else None
    return bytes(unpacked[:MAX_DECODED]), problem


def is_packed(body: bytes) -> bool:
    """Whether the bytes begin as gzip does (RFC 1952 section 2.3.1)."""
    return body.startswith(b"\x1f\x8b")
