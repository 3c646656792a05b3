"""A saved page of which only the body is known: what it is by its first bytes, and the address that it declares."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from typing import BinaryIO

from selectolax.lexbor import LexborHTMLParser

from scraper.archive.entry import Refused
from scraper.charset import charset_of, to_utf8
from scraper.model import Page
from scraper.urls import BadUrl, canonical, saved_from

START = 4096  # bytes that say what a file is
LARGEST = 64 << 20  # bytes of a page, unpacked and decoded
_GZIP = b"\x1f\x8b"
_WARC = (b"WARC/", b"filedesc:", b"\x28\xb5\x2f\xfd")  # plain, ARC, zstd: no page begins like these
_HEAD = re.compile(rb"\s*([A-Za-z-]+:.*?)\r?\n\r?\n", re.DOTALL).match  # of a mail, which MHTML is
_MAIL = re.compile(rb"^Content-Type:\s*multipart/related", re.IGNORECASE | re.MULTILINE).search
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*[\"}]").match
_TAG = re.compile(rb"<(?:!doctype\s+html|html)\b", re.IGNORECASE).search  # behind what a program printed by mistake
_LONG = re.compile(rb"<(style|script)\b", re.IGNORECASE)  # what can make a head long and says no address
_HEADED = 64 << 10  # bytes of a head without these; nested elements take the square of their number in the parser


def is_warc(start: bytes) -> bool:
    """Whether a file that begins so is a WARC file, or an ARC file, packed or not."""
    if start.startswith(_GZIP):
        try:
            start = zlib.decompressobj(31).decompress(start, 16)
        except zlib.error:
            return False
    return start.startswith(_WARC)


def page(stream: BinaryIO, url: str | None = None, kind: str | None = None) -> Page:
    """The page that a stream holds, also one packed by gzip.

    `url`: its address, None for the one that it declares. `kind`: its Content-Type, None where nobody says it.
    Raises Refused "unreadable", "too_large", or "not_html" for what browsers and crawlers save pages in otherwise.
    """
    try:
        body = _read(stream)
        if body.startswith(_GZIP):
            body = _read(gzip.GzipFile(fileobj=io.BytesIO(body)))
    except (OSError, EOFError, zlib.error) as error:
        raise Refused("unreadable", str(error)) from error
    _require_html(body[:START])
    place = url or declared(body) or ""
    return Page(place, place, 200, (("Content-Type", kind),) if kind else (), body, None)


def _read(stream: BinaryIO | gzip.GzipFile) -> bytes:
    body = bytearray()
    while piece := stream.read(1 << 20):
        body += piece
        if len(body) > LARGEST:
            raise Refused("too_large", f"more than {LARGEST} bytes")
    return bytes(body)


def _require_html(start: bytes) -> None:
    if start.startswith(b"PK\x03\x04"):
        raise Refused("not_html", "a zip file, such as WACZ: give the WARC files or pages that are in it")
    if (head := _HEAD(start + b"\n\n")) and _MAIL(head[1]):
        raise Refused("not_html", 'MHTML, a page with its pictures in one file: save it as "HTML only"')
    if _JSON(start) and not _TAG(start):
        raise Refused("not_html", "JSON, such as HAR: save the page itself as HTML, or give a WARC file")


def declared(body: bytes) -> str | None:
    """The canonical link in a page's head, else its og:url, else where it was saved from, as an http(s) URL; None where
    it has none of them.
    """
    tree = LexborHTMLParser(_head(to_utf8(body, charset_of(body, None))), scripting=True)
    links = [node.attributes.get("href") for node in tree.css('link[rel~="canonical" i]')]
    metas = [node.attributes.get("content") for node in tree.css('meta[property="og:url" i]')]
    for address in (*links, *metas, saved_from(body)):
        try:
            return canonical(address or "")
        except BadUrl:
            continue
    return None


def _head(body: bytes) -> bytes:
    """What stands before the page's body, without styles and scripts."""
    low = body.lower()
    end = low.find(b"<body")
    pieces, at = [], 0
    while match := _LONG.search(low, at, end if end >= 0 else len(low)):
        pieces.append(body[at : match.start()])
        at = low.find(b"</" + match[1], match.end())
        if at < 0:
            return b"".join(pieces)[:_HEADED]
    return b"".join([*pieces, body[at : end if end >= 0 else at + _HEADED]])[:_HEADED]
