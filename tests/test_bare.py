"""Saved pages of which only the body is known: what is a page at all, and the address that it declares."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest

from archived import HTML, decode, page
from scraper.archive import bare, saved, warcwrite
from scraper.archive.entry import Refused

URL = "https://valley.example/18204/"
LINK = f'<link rel="canonical" href="{URL}">'
OG = '<meta property="og:url" content="https://valley.example/og/">'
DECLARED: dict[str, tuple[str | bytes, str | None]] = {
    "a canonical link": (LINK, URL),
    "og:url": (OG, "https://valley.example/og/"),
    "the link goes first": (OG + LINK, URL),
    "a comment says nothing": (f'<!-- <link rel="canonical" href="https://old.example/x"> -->{LINK}', URL),
    "nor does a script": (f"<script>var old = '<link rel=canonical href=https://old.example/x>'</script>{LINK}", URL),
    "nor what is there without scripts": (f"<noscript>{LINK.replace('18204', 'x')}</noscript>{LINK}", URL),
    "another attribute": (LINK.replace(" href", ' data-href="https://tracker.example/t" href'), URL),
    "blanks around the sign": (LINK.replace("=", " = "), URL),
    "no quotes": (f"<LINK REL=Canonical HREF={URL}>", URL),
    "two relations": (LINK.replace("canonical", "shortlink canonical"), URL),
    "a relation called alike": (LINK.replace("canonical", "canonical-amp"), None),
    "behind long styles": (f"<style>{'x' * 210_000}</style>{LINK}", URL),
    "escapes": (LINK.replace("/18204/", "/?a=1&amp;b=2"), "https://valley.example/?a=1&b=2"),
    "a link that is no address": (f'<link rel="canonical" href="/18204/">{OG}', "https://valley.example/og/"),
    "no value": ("<link rel=canonical><meta property=og:url>", None),
    "nothing": ("<p>Bridge opens", None),
    "where a browser saved it": (f"<!-- saved from url=(0041){URL} --><p>Bridge opens", URL),
    "where SingleFile saved it": (f"<!--\n Page saved with SingleFile \n url: {URL} \n-->", URL),
    "its link before where it was saved": (f"<!-- saved from url=(0041)https://valley.example/a -->{LINK}", URL),
    "saved where it was built": ("<!-- saved from url=(0028)http://localhost:8000/a.html --><p>Bridge", None),
    "UTF-16": (LINK.encode("utf-16"), URL),
    "UTF-16 the other way": (b"\xfe\xff" + LINK.encode("utf-16-be"), URL),
    "UTF-8 with a mark": (b"\xef\xbb\xbf" + LINK.encode(), URL),
    "another charset": (
        f"<meta charset=windows-1251>{LINK.replace('18204', 'мост')}".encode("cp1251"),
        "https://valley.example/%D0%BC%D0%BE%D1%81%D1%82/",
    ),
    "another charset that is not true": (
        f"<meta charset=windows-1251>{LINK.replace('18204', 'мост')}",
        "https://valley.example/%D0%BC%D0%BE%D1%81%D1%82/",
    ),
}


@pytest.mark.parametrize("name", DECLARED)
def test_the_address_that_a_page_declares(name: str) -> None:
    html, expected = DECLARED[name]
    assert bare.declared(html if isinstance(html, bytes) else html.encode()) == expected


MHTML = (
    b"From: <Saved by Blink>\r\nSubject: Bridge\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n"
    b'\ttype="text/html"; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n' + HTML
)
HELD: dict[str, tuple[bytes, str]] = {
    "a page": (HTML, ""),
    "a page, packed": (gzip.compress(HTML), ""),
    "a page in two members": (gzip.compress(HTML[:99]) + gzip.compress(HTML[99:]), ""),
    "text": (b"Note: the bridge opens\n\nMIME-Version: 1.0\n", ""),
    "a script's brace": (b"{% extends page %}" + HTML, ""),
    "nothing": (b"", ""),
    "packed and torn": (gzip.compress(HTML)[:-3], "unreadable"),
    "packed and damaged": (gzip.compress(HTML)[:40] + b"\0" * 40, "unreadable"),
    "MHTML": (MHTML, "not_html"),
    "MHTML by another browser": (b"MIME-Version: 1.0\n" + MHTML, "not_html"),
    "a zip file": (b"PK\x03\x04" + bytes(26), "not_html"),
    "HAR": (json.dumps({"log": {"entries": []}}, indent=2).encode(), "not_html"),
    "a list": (b'\xef\xbb\xbf[\n {"url": 1}]', "not_html"),
    "large": (bytes(5000), "too_large"),
    "large when unpacked": (gzip.compress(bytes(5000)), "too_large"),
}


@pytest.mark.parametrize("way", ["file", "stdin"])
@pytest.mark.parametrize("name", HELD)
def test_what_is_a_page(name: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, reason = HELD[name]
    file = tmp_path / "page.dat"
    file.write_bytes(data)
    monkeypatch.setattr(bare, "LARGEST", 4000)
    with file.open("rb") as stream:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        (found,) = saved.entries(str(file) if way == "file" else "-", decode)
    assert (found.flaw.reason if found.flaw else "") == reason


@pytest.mark.parametrize("name", ["MHTML", "a zip file", "HAR"])
def test_what_to_do_is_said(name: str) -> None:
    with pytest.raises(Refused, match=r"save it as|save the page|give the WARC"):
        bare.page(io.BytesIO(HELD[name][0]))


class Drip(io.RawIOBase):
    """A slow pipe: a byte at first, then some at a time, and no way back."""

    def __init__(self, data: bytes) -> None:
        self._data, self._size = data, 1

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        piece, self._data = self._data[: self._size], self._data[self._size :]
        self._size = 700
        buffer[: len(piece)] = piece
        return len(piece)


WARC = warcwrite.records(page())
PIPED = {
    "a WARC file": gzip.decompress(WARC),
    "packed": WARC,
    "a page": page().body,
    "a packed page": gzip.compress(page().body),
    "a long page": page("dam", HTML * 20).body,
}


@pytest.mark.parametrize("name", PIPED)
def test_a_slow_pipe_is_waited_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Drip(PIPED[name]))))
    expected = PIPED[name] if name == "a long page" else page().body
    assert [each.page and each.page.body for each in saved.entries("-", decode)] == [expected]


@pytest.mark.parametrize("name", ["crawl.warc.open", "crawl.html", "crawl"])
@pytest.mark.parametrize("data", [WARC, gzip.decompress(WARC)], ids=["packed", "plain"])
def test_a_warc_file_under_any_name(data: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    assert [each.page for each in saved.entries(str(tmp_path / name), decode)] == [page()]
