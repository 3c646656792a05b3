"""The bytes of pages, feeds and sitemaps as UTF-8, whatever they are in and say that they are in."""

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
_META_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([a-z0-9_:.-]{2,40})")  # in lower-cased bytes
_XML_CHARSET = re.compile(rb"\s*<\?xml\s[^>]*?\sencoding\s*=\s*[\"']\s*([a-z0-9_:.-]{2,40})")
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_C1 = re.compile(rb"\xc2[\x80-\x9f]")  # U+0080 to U+009F in UTF-8: control characters that no text has
_TWICE = re.compile(  # UTF-8 sequences of which each byte was taken for a character and became UTF-8 again
    rb"\xc3[\x82-\x9f]\xc2[\x80-\xbf]|\xc3[\xa0-\xaf](?:\xc2[\x80-\xbf]){2}|\xc3[\xb0-\xb4](?:\xc2[\x80-\xbf]){3}"
)
_LEADS = 200  # bytes 0xC2 that are looked at one by one
_SNIFF = 4096  # bytes searched for a <meta charset>; the standard's 1024 miss pages that open with long comments


def charset_of(body: bytes, content_type: str | None) -> str:
    """The charset by the order of the web (BOM, header, the page's own word), then strict UTF-8, then statistics.

    HTML standard 13.2.3, RFC 7303 section 3.2. The name of a Python codec.
    """
    for beginning, name in _BEGINNINGS:
        if body.startswith(beginning):
            return name
    header = _HEADER_CHARSET.search(content_type or "")
    if header and (codec := _codec(header[1])):
        # Servers send the default of their configuration with pages that were moved to UTF-8 long ago.
        return "utf-8" if codec == "cp1252" and not body.isascii() and _is_utf8(body) else codec
    if codec := _codec(_declared(body)):
        # A page whose ASCII meta could be read is not UTF-16 whatever it says (HTML standard, 13.2.3.3). Nor is one in
        # a legacy charset by chance valid UTF-8: templates are moved to UTF-8 and keep their old meta.
        if codec.startswith("utf-") or (not body.isascii() and _is_utf8(body)):
            return "utf-8"
        return codec
    if _is_utf8(body):
        return "utf-8"
    from charset_normalizer import from_bytes  # few pages need it, and it is slow to import

    best = from_bytes(body[:65536]).best()
    return best.encoding if best else "cp1252"


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:  # a body that was cut in the midst of a character is no other charset's
        return error.reason == "unexpected end of data" and not body[: error.start].isascii()
    return True


def _declared(body: bytes) -> str:
    """The charset of the first <meta> that names one, else of the XML declaration, lower-cased; empty for none."""
    head = body[:_SNIFF].lower()
    at = head.find(b"charset")
    while at >= 0:
        tag = head.rfind(b"<meta", 0, at)
        if tag >= 0 and head.find(b">", tag, at) < 0 and (match := _META_CHARSET.match(head, at)):
            return match[1].decode("ascii")
        at = head.find(b"charset", at + 1)
    declared = _XML_CHARSET.match(head)
    return declared[1].decode("ascii") if declared else ""


def _codec(label: str) -> str | None:
    """The Python codec of a WHATWG encoding label, None for a name that is no text encoding."""
    codec: str | None = table("charsets.toml")["labels"].get(label.lower())
    return codec


def to_utf8(body: bytes, charset: str) -> bytes:
    """`body` as UTF-8 without BOM. UTF-8 passes as it is: the tree replaces bad bytes by U+FFFD itself."""
    if charset == "utf-8":
        return _once(body.removeprefix(codecs.BOM_UTF8))
    text = body.decode(charset, "replace").lstrip("\ufeff")
    return text.encode("utf-8", "replace")


def _once(body: bytes) -> bytes:
    """UTF-8 that was once read as Latin-1 and encoded again (an "é" as "Ã©") as it was before; else `body`.

    Such runs hold C1 control characters, which the HTML standard bars from text. Where most of those stay behind, they
    are curly quotes of Windows-1252 taken for Latin-1, and are read as the standard reads &#146; (13.2.5.80).
    """
    first = _may_be_c1(body)
    controls = len(_C1.findall(body, first)) if first >= 0 else 0
    if not controls:
        return body
    repaired = _TWICE.sub(lambda run: _bytes_of(run[0]), body)
    return repaired if 2 * len(_C1.findall(repaired)) < controls else _C1.sub(_of_windows, body)


def _of_windows(control: re.Match[bytes]) -> bytes:
    """The character that Windows-1252 has in place of a C1 control; nothing where it has none."""
    return control[0][1:].decode("cp1252", "ignore").encode()


def _may_be_c1(body: bytes) -> int:
    """A place before which no C1 control stands, -1 where none is: find() is fast, few pages have many bytes 0xC2."""
    at = body.find(b"\xc2")
    for _ in range(_LEADS):
        if at < 0 or body[at + 1 : at + 2] < b"\xa0":
            break
        at = body.find(b"\xc2", at + 1)
    return at


def _bytes_of(run: bytes) -> bytes:
    """The bytes that the characters of `run` stand for, if they are UTF-8 themselves; else `run`."""
    once = run.decode("utf-8").encode("latin-1")
    return once if _is_utf8(once) else run
