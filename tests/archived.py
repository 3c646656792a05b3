"""Invented pages, and the ways to pack their WARC records, for the tests of archives."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli

from scraper.archive import warc, warcwrite
from scraper.archive.entry import Entry
from scraper.fetch.decode import decode as undo
from scraper.model import Outcome, Page

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CORPORA = Path(__file__).parents[2] / "shared" / "eval" / "corpora"
CAP = 64 << 20
TIME = datetime(2021, 7, 6, 8, 6, 30, tzinfo=UTC)
HTML = b"<!doctype html><title>Dam</title><p>" + b"The dam was opened at noon. " * 30
TYPE = ("Content-Type", "text/html; charset=utf-8")


def decode(body: bytes, codings: Sequence[str]) -> bytes:
    return undo(body, codings, CAP).body


def page(name: str = "dam", body: bytes = HTML, *headers: tuple[str, str], wire: bytes | None = None) -> Page:
    url = f"https://valley.example/{name}/"
    return Page(url, url, 200, (TYPE, *headers), body + name.encode(), TIME, wire)


def coded(name: str, coding: str, wire: bytes, body: bytes = HTML) -> Page:
    url = f"https://valley.example/{name}/"
    return Page(url, url, 200, (TYPE, ("Content-Encoding", coding)), body, TIME, wire)


PAGES = {
    "plain": page(),
    "gzip": coded("gzip", "gzip", gzip.compress(HTML, mtime=0)),
    "br": coded("br", "br", brotli.compress(HTML)),
    "zstd": coded("zstd", "zstd", zstd.compress(HTML)),
    "two-codings": coded("two", "deflate, gzip", gzip.compress(zlib.compress(HTML), mtime=0)),
    "coding-lie": Page(
        "https://valley.example/lie/",
        "https://valley.example/lie/",
        200,
        (TYPE, ("Content-Encoding", "br")),
        HTML,
        TIME,
    ),
    "kept-packed": Page(
        "https://valley.example/k/", "https://valley.example/k/", 200, (TYPE,), gzip.compress(HTML, mtime=0), TIME
    ),
    "chunked": page("chunked", HTML, ("Transfer-Encoding", "chunked")),
    "chunked-gzip": Page(
        "https://valley.example/cg/",
        "https://valley.example/cg/",
        200,
        (("transfer-encoding", "chunked"), ("content-encoding", "gzip"), TYPE),
        HTML,
        TIME,
        gzip.compress(HTML, mtime=0),
    ),
    "looks-chunked": page("lc", b"5\r\nhello\r\n0\r\n\r\n", ("Transfer-Encoding", "chunked")),
    "length-right": page("l", HTML, ("Content-Length", str(len(HTML) + 1))),
    "length-wrong": page("l", HTML, ("Content-Length", "12"), ("content-length", "12")),
    "renamed-before": page("r", HTML, ("X-Crawler-Transfer-Encoding", "chunked")),
    "redirected": Page("https://valley.example/a", "https://www.valley.example/b?c=%20d", 200, (TYPE,), HTML, TIME),
    "no-time": Page("https://valley.example/", "https://valley.example/", 200, (TYPE,), HTML, None),
    "microseconds": Page(
        "https://valley.example/", "https://valley.example/", 200, (), HTML, TIME.replace(microsecond=7)
    ),
    "epoch": Page(
        "https://valley.example/", "https://valley.example/", 200, (), HTML, datetime(1970, 1, 1, tzinfo=UTC)
    ),
    "old-time": Page(
        "https://valley.example/", "https://valley.example/", 200, (), HTML, datetime(12, 1, 1, tzinfo=UTC)
    ),
    "no-headers": Page("https://valley.example/", "https://valley.example/", 203, (), HTML, TIME),
    "not-modified": Page("https://valley.example/", "https://valley.example/", 304, (TYPE,), b"", TIME),
    "no-url": Page("", "", 200, (), HTML, None),
    "file-url": Page("file:///a b.html", "file:///a b.html", 200, (), HTML, None),
    "iri": Page("https://valley.example/سد", "https://valley.example/سد?q=é#x", 200, (TYPE,), HTML, TIME),
    "url-injects": Page("https://v.example/\r\nWARC-Type: x", "https://v.example/\r\nX: y", 200, (), HTML, TIME),
    "header-order": page("h", HTML, ("b", "1"), ("a", "2"), ("B", "3"), ("a", "")),
    "header-latin-1": page("h", HTML, ("X-Town", "Zürich"), ("X-Nbsp", "\xa0"), ("X-Nel", "a\x85b")),
    "header-odd": page(
        "h", HTML, ("X-Space ", " a "), ("", "nameless"), ("X:Y", "z"), ("X-Line", "a\r\n\r\nb"), ("X", "\x00")
    ),
    "body-like-warc": page("w", b"\r\n\r\nWARC/1.1\r\nWARC-Type: response\r\nContent-Length: 0\r\n\r\n\r\n\r\n"),
    "body-empty": Page("https://valley.example/", "https://valley.example/", 200, (TYPE,), b"", TIME),
    "body-binary": page("b", bytes(range(256)) * 9),
}
OUTCOME = Outcome("https://valley.example/dam/", "skipped", "duplicate", "valley", "of https://v.example/\r\n\u2028é")


def fetched(file: Path, number: int) -> Entry:
    """A real page as if it had been fetched: a third gzip-coded, a fourth chunked, a fifth without a time."""
    body, corpus = gzip.decompress(file.read_bytes()), file.parents[1].name
    url = f"https://{corpus}.example/{file.name.removesuffix('.html.gz')}?n=1"
    headers = [("Content-Type", "text/html"), ("Set-Cookie", "sid=removed")]
    wire = gzip.compress(body, 1, mtime=0) if number % 3 == 0 else None
    if wire:
        headers.append(("Content-Encoding", "gzip"))
    if number % 4 == 0:
        headers.append(("Transfer-Encoding", "chunked"))
    at = TIME + timedelta(seconds=number) if number % 5 else None
    return Entry(str(file), Page(url, url, 200, tuple(headers), body, at, wire), Outcome(url, "stored", site=corpus))


def read(data: bytes, cap: int = CAP) -> list[Entry]:
    return list(warc.read(io.BytesIO(data), decode, cap=cap))


def told(data: bytes) -> list[Page | str | None]:
    """Each entry as its page, or its flaw's reason."""
    return [entry.flaw.reason if entry.flaw else entry.page for entry in read(data)]


def members(*pages: Page) -> list[bytes]:
    """A response record's gzip member for each page."""
    found = []
    for each in pages:
        ends = _ends(data := warcwrite.records(each))
        found.append(data[ends[-2] if len(ends) > 1 else 0 :])
    return found


def _ends(data: bytes) -> list[int]:
    """Where each gzip member ends."""
    ends: list[int] = []
    while (start := ends[-1] if ends else 0) < len(data):
        inflater = zlib.decompressobj(31)
        inflater.decompress(data[start:])
        ends.append(len(data) - len(inflater.unused_data))
    return ends


def forms(parts: Sequence[bytes]) -> dict[str, tuple[bytes, list[int]]]:
    """The same records as gzip members, one big member, zstd frames and plain; with the end of each, packed apart."""
    plain = [gzip.decompress(part) for part in parts]
    frames = [zstd.compress(part) for part in plain]
    return {
        "gz": (b"".join(parts), _sums(parts)),
        "zst": (b"".join(frames), _sums(frames)),
        "plain": (b"".join(plain), _sums(plain)),
    }


def _sums(parts: Sequence[bytes]) -> list[int]:
    return [sum(len(part) for part in parts[: number + 1]) for number in range(len(parts))]
