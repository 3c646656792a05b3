"""Whether an answer is a page at all: by its first bytes, then by its Content-Type (WHATWG MIME sniffing, in short)."""

from __future__ import annotations

import re

from scraper.errors import SkipPage

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_UNSAID = frozenset({"", "application/octet-stream", "application/xml", "text/xml", "application/unknown", "*/*"})
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),  # and the office formats
    (b"\xd0\xcf\x11\xe0", "application/msword"),
    (b"\x1f\x8b", "application/gzip"),
    (b"Rar!", "application/vnd.rar"),
    (b"7z\xbc\xaf", "application/x-7z-compressed"),
    (b"\x89PNG", "image/png"),
    (b"GIF8", "image/gif"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"RIFF", "image/webp"),  # and wave sound
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\x7fELF", "application/x-executable"),
    (b"wOF", "font/woff"),
)
_TAG = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|link|script|style|article|main|header|section|div|table|h[1-6]|p|br)\b",
    re.IGNORECASE,
).search
_XML_ROOT = re.compile(rb"<(?:rss|feed|rdf:rdf|urlset|sitemapindex|opml|svg)\b", re.IGNORECASE).search
_TYPE = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+").fullmatch
_SNIFFED = 2048  # bytes


def require_page(url: str, content_type: str | None, body: bytes, types: frozenset[str]) -> None:
    """Raises SkipPage("not_html") unless the answer is HTML or declared as one of `types` ("text/plain")."""
    declared = _declared(content_type or "")
    binary = _magic(body)
    if declared in types and not (binary and declared.startswith("text/")):
        return
    if binary or not (declared in _HTML or (declared in _UNSAID and _looks_like_html(body))):
        raise SkipPage("not_html", url=url, detail=(binary or declared or "unknown type")[:80])


def _declared(content_types: str) -> str:
    """The last of the types that is one, "" for none (Fetch standard, "extract a MIME type")."""
    named = [each.partition(";")[0].strip().lower() for each in content_types.split(",")]
    return next((name for name in reversed(named) if _TYPE(name)), "")


def _magic(body: bytes) -> str | None:
    if body[4:8] == b"ftyp":
        return "video/mp4"
    return next((kind for magic, kind in _MAGIC if body.startswith(magic)), None)


def _looks_like_html(body: bytes) -> bool:
    start = body[:_SNIFFED].replace(b"\0", b"")  # UTF-16 reads as ASCII without its zeros
    return bool(_TAG(start)) and not _XML_ROOT(start)
