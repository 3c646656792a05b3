"""Saved pages on disk: a file, a folder of them, or standard input."""

from __future__ import annotations

import gzip
import html
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

from scraper.errors import FetchError, StoreError
from scraper.model import Page
from scraper.urls import BadUrl, canonical

_SUFFIXES = (".html", ".htm", ".xhtml", ".html.gz", ".htm.gz")
_ADDRESS = re.compile(
    rb"""<link\b(?=[^>]*\brel=["']?canonical\b)[^>]*?\bhref=["']?([^"'\s>]+)"""
    rb"""|<meta\b(?=[^>]*\bproperty=["']?og:url\b)[^>]*?\bcontent=["']?([^"'\s>]+)""",
    re.IGNORECASE,
)


def files(path: Path) -> list[Path]:
    """The saved pages of a folder, in name order, or the one file. Raises StoreError where there are none."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise StoreError(f"{path}: no such file or folder")
    found = sorted(p for p in path.rglob("*") if p.name.lower().endswith(_SUFFIXES) and p.is_file())
    if not found:
        raise StoreError(f"{path}: no saved pages here (looked for {', '.join(_SUFFIXES)})")
    return found


def pages(path: str, url: str | None = None) -> Iterator[tuple[str, Page]]:
    """(name, page) for a file, every page of a folder, or "-" for standard input.

    `url` is the pages' address where they do not declare one. Raises StoreError for what is not there or cannot be read.
    """
    if path == "-":
        yield "-", _page(sys.stdin.buffer.read(), url)
        return
    for file in files(Path(path)):
        yield str(file), _page(_read(file), url)


def load(file: Path, url: str) -> Page:
    """One saved page as if it were fetched from `url`. Raises FetchError where it cannot be read."""
    try:
        return _page(_read(file), url)
    except StoreError as error:
        raise FetchError("unreadable", url=url, detail=str(error)) from error


def address(file: Path) -> str | None:
    """The URL that a saved page declares as its own, None where it declares none."""
    try:
        return declared(_read(file))
    except StoreError:
        return None


def declared(body: bytes) -> str | None:
    """The canonical link of a page, else its og:url, as an http(s) URL."""
    for match in _ADDRESS.finditer(body, 0, 200_000):
        try:
            return canonical(html.unescape((match[1] or match[2]).decode("utf-8", "replace")))
        except BadUrl:
            continue
    return None


def _read(file: Path) -> bytes:
    try:
        raw = file.read_bytes()
        return gzip.decompress(raw) if file.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise StoreError(f"{file}: cannot be read: {error}") from error


def _page(body: bytes, url: str | None) -> Page:
    place = url or declared(body) or ""
    return Page(place, place, 200, (), body, None)
