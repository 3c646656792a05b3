"""Pages as WARC 1.1 (ISO 28500:2017): one gzip member a record, and the same page always the same bytes.

The response record holds the answer as it came, with three differences, so that every reader takes it as it is meant:
no secrets (`scrub`); a Transfer-Encoding, and a Content-Length that does not fit, bear the prefix "X-Crawler-", since
the body is kept without transfer coding; characters that HTTP cannot carry are replaced. What these take from a page,
and what a WARC has no place for, stands as JSON in the record's field WARC-JSON-Metadata.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from scraper.archive.entry import FORMAT, VERSION, stamp
from scraper.archive.message import Headers, compose, sendable
from scraper.archive.scrub import NO_SECRETS, Secrets, scrub, scrub_outcome
from scraper.model import Outcome, Page

Fields = tuple[tuple[str, str], ...]  # of a WARC record's header

RENAMED = "X-Crawler-"
NO_DATE = "1970-01-01T00:00:00Z"  # WARC-Date is mandatory: a page whose fetch time is not known says so in its JSON
NO_URL = "http://page.invalid/"  # for a page from elsewhere than the web: readers take answers of http(s) URLs alone
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"  # everything that may stand in a URI, and "%" as it is
_HOST = re.compile(r"(https?)://([^/?#]+)([^#]*)", re.IGNORECASE).match


def records(
    page: Page, outcome: Outcome | None = None, *, secrets: Secrets = NO_SECRETS, user_agent: str = ""
) -> bytes:
    """Request, response and, with an outcome, metadata: whole gzip members, to be put at the end of a .warc.gz.

    Raises ValueError for a fetch time without zone.
    """
    packed = pack(page, secrets=secrets, user_agent=user_agent)
    return packed.data + (packed.metadata(outcome) if outcome else b"")


@dataclass(frozen=True, slots=True)
class Packed:
    """A page's request and response records, while it is not yet known how its URL ends."""

    data: bytes
    count: int  # records in `data`
    about: Fields
    secrets: Secrets

    def metadata(self, outcome: Outcome, run: str = "") -> bytes:
        """The record behind them that tells the outcome, and the run that the page was fetched in."""
        told: dict[str, Any] = {"format": f"{FORMAT}{VERSION}", "outcome": asdict(scrub_outcome(outcome, self.secrets))}
        block = _json({**told, "run": run} if run else told).encode()
        return _record("metadata", [*self.about, ("Content-Type", "application/json")], block)[1]


def pack(page: Page, *, secrets: Secrets = NO_SECRETS, user_agent: str = "") -> Packed:
    """As `records`, with the outcome still to come."""
    page = scrub(page, secrets)
    date = stamp(page.fetched_at) if page.fetched_at else NO_DATE
    target = quote(page.final_url, safe=_URL_SAFE, errors="replace") if _HOST(page.final_url) else NO_URL
    head = [("WARC-Target-URI", target), ("WARC-Date", date)]
    answer, patch = _answer(page)
    payload = page.body if page.wire is None else page.wire
    message = ("Content-Type", "application/http;msgtype=response")
    marks = [("WARC-Payload-Digest", _digest(payload)), ("WARC-JSON-Metadata", _json(_extra(page, target, patch)))]
    identity, data = _record("response", [*head, *marks, message], answer)
    about = (*head, ("WARC-Concurrent-To", identity))
    asked = _request(target, user_agent) if _HOST(page.final_url) else b""
    if asked:
        data = _record("request", [*about, ("Content-Type", "application/http;msgtype=request")], asked)[1] + data
    return Packed(data, 1 + bool(asked), about, secrets)


def count(page: Page, outcome: Outcome | None) -> int:
    """How many records `records` makes of a page."""
    return 1 + bool(_HOST(page.final_url)) + bool(outcome)


def warcinfo(software: str, at: datetime, run: str = "") -> bytes:
    """A record that says who wrote those after it, to the file's end or the next one (ISO 28500 section 6.2)."""
    lines = {"software": software, "format": "WARC File Format 1.1", **({"isPartOf": run} if run else {})}
    block = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in lines.items()).encode()
    return _record("warcinfo", [("WARC-Date", stamp(at)), ("Content-Type", "application/warc-fields")], block)[1]


def _answer(page: Page) -> tuple[bytes, dict[str, tuple[str, str]]]:
    """The HTTP message, and which of the page's header pairs stand otherwise in it."""
    payload = page.body if page.wire is None else page.wire
    written = sendable(tuple((_renamed(name, value, len(payload)), value) for name, value in page.headers))
    pairs = enumerate(zip(page.headers, written, strict=True))
    patch = {str(index): theirs for index, (theirs, ours) in pairs if theirs != ours}
    # Reason phrases change from one Python to the next, and mean nothing (RFC 9112 section 4).
    first = f"HTTP/1.1 {page.status:03d} {'OK' if page.status == 200 else ''}"
    return compose(first, written, payload), patch


def _renamed(name: str, value: str, length: int) -> str:
    lower = name.lower()
    misleads = lower == "transfer-encoding" or (lower == "content-length" and value.strip() != str(length))
    return RENAMED + name if misleads else name


def _extra(page: Page, target: str, patch: dict[str, tuple[str, str]]) -> dict[str, Any]:
    extra: dict[str, Any] = {"format": f"{FORMAT}{VERSION}", "coded": page.wire is not None}
    if page.final_url != target:
        extra["final_url"] = page.final_url
    if page.url != page.final_url:
        extra["url"] = page.url
    if page.fetched_at is None:
        extra["fetched_at"] = None
    if patch:
        extra["headers"] = patch
    return extra


def _request(target: str, user_agent: str) -> bytes:
    """What was asked, as far as it is nobody's secret."""
    match = _HOST(target)
    assert match is not None
    headers: Headers = (("Host", match[2]), *((("User-Agent", user_agent),) if user_agent else ()))
    path = match[3] if match[3].startswith("/") else f"/{match[3]}"
    return compose(f"GET {path} HTTP/1.1", sendable(headers))


def _record(kind: str, fields: Iterable[tuple[str, str]], block: bytes) -> tuple[str, bytes]:
    """The record's id, made of what it says, and its gzip member."""
    named = [("WARC-Type", kind), *fields, ("WARC-Block-Digest", _digest(block)), ("Content-Length", str(len(block)))]
    lines = "".join(f"{name}: {value}\r\n" for name, value in named)
    identity = f"<urn:uuid:{uuid.UUID(bytes=hashlib.sha256(lines.encode()).digest()[:16], version=5)}>"
    head = f"WARC/1.1\r\nWARC-Record-ID: {identity}\r\n{lines}\r\n".encode()
    return identity, member(head + block + b"\r\n\r\n")


def member(data: bytes) -> bytes:
    """One gzip member without name and time, with its lengths in the "sl" field (ISO 28500 annex D).

    By these a reader passes over a damaged member to the next one.
    """
    packer = zlib.compressobj(6, wbits=-15)
    packed = packer.compress(data) + packer.flush()
    sizes = (24 + len(packed) + 8) & 0xFFFFFFFF, len(data) & 0xFFFFFFFF
    head = struct.pack("<2sBBIBBH2sHII", b"\x1f\x8b", 8, 4, 0, 0, 255, 12, b"sl", 8, *sizes)
    return head + packed + struct.pack("<II", zlib.crc32(data), sizes[1])


def _digest(data: bytes) -> str:
    return f"sha256:{base64.b32encode(hashlib.sha256(data).digest()).decode()}"


def _json(value: object) -> str:
    """In one line of ASCII, whatever the page's headers and URLs hold."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
