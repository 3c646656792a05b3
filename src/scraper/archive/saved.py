"""Everything saved as one thing: WARC files, folders of pages, bare HTML files, standard input."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from scraper.archive import folder, warc
from scraper.archive.entry import Decode, Entry

_WARC = (b"WARC/", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # plain, gzip, zstd; no HTML begins like this


def entries(path: str, decode: Decode, url: str | None = None) -> Iterator[Entry]:
    """Every page of a file, of all files below a folder, or of standard input ("-"), and every flaw at its place.

    `url` is the address of bare pages, else the one they declare. Raises StoreError for what is not there or cannot
    be read.
    """
    if path == "-":
        yield from _standard_input(decode, url)
        return
    place = Path(path)
    archives = warc.files(place)
    if place.is_file() and archives:
        yield from warc.read(place, decode)
        return
    found = folder.find(place) if archives else folder.files(place)
    for archive in archives:
        yield from warc.read(archive, decode)
    for file in found:
        yield folder.entry(file, decode, url)


def _standard_input(decode: Decode, url: str | None) -> Iterator[Entry]:
    stream = sys.stdin.buffer
    if isinstance(stream, io.BufferedReader) and stream.peek(5).startswith(_WARC):
        yield from warc.read(stream, decode)
        return
    yield Entry("-", folder.bare(stream.read(), url))
