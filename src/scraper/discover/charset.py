"""Start pages in any encoding of the web, as UTF-8: expat knows no multi-byte encoding but Unicode's."""

from __future__ import annotations

import codecs
import re

from scraper.data import table

_BEGINNINGS = (  # byte order marks, and UTF-16 without one, which its first "<" shows (XML 1.0, appendix F)
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_DECLARED = re.compile(
    rb"(?:<\?xml\s[^>]*?\sencoding|<meta\s[^>]*?charset)\s*=\s*[\"']?\s*([a-z0-9_:.-]{2,40})", re.IGNORECASE
)
_SNIFF = 4096  # bytes searched for a declaration


def to_utf8(body: bytes, content_type: str | None) -> bytes:
    """`body` as UTF-8 without byte order mark. UTF-8 passes as it is, bad bytes too."""
    charset = charset_of(body, content_type)
    text = body if charset == "utf-8" else body.decode(charset, "replace").encode("utf-8", "replace")
    return text.removeprefix(codecs.BOM_UTF8)


def charset_of(body: bytes, content_type: str | None) -> str:
    """The charset by byte order mark, HTTP header, declaration (RFC 7303 section 3.2), else UTF-8. A Python codec."""
    for beginning, name in _BEGINNINGS:
        if body.startswith(beginning):
            return name
    header = _HEADER.search(content_type or "")
    declared = _DECLARED.search(body, 0, _SNIFF)
    codec = (header and _codec(header[1])) or (declared and _codec(declared[1].decode("ascii"))) or "utf-8"
    # What does not begin as UTF-16 is none, whatever it says. Windows-1252, which Latin-1 and ASCII stand for too, is
    # the default of servers and templates that went over to UTF-8 long ago.
    return "utf-8" if codec.startswith("utf-16") or (codec == "cp1252" and _is_utf8(body)) else codec


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _codec(label: str) -> str | None:
    """The Python codec of a WHATWG encoding label, None for a name that is no text encoding."""
    codec: str | None = table("charsets.toml")["labels"].get(label.lower())
    return codec
