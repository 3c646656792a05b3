"""Everything saved as one thing: WARC files, folders of pages, bare HTML files, standard input."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from scraper.archive import bare, folder, walk, warc
from scraper.archive.entry import Decode, Entry, Flaw, Refused
from scraper.errors import StoreError


def entries(path: str, decode: Decode, url: str | None = None) -> Iterator[Entry]:
    """Every page of a file, of all files below a folder, or of standard input ("-"), and every flaw at its place.

    `url` is the address of bare pages, else the one they declare. Raises StoreError for what is not there or cannot
    be read; below a folder, that is a flaw of its place.
    """
    place = Path(path)
    if path == "-":
        yield from _standard_input(decode, url)
    elif place.is_dir():
        yield from _below(place, decode, url)
    else:
        (file,) = folder.files(place)
        yield from _file(file, decode, url)


def _below(place: Path, decode: Decode, url: str | None) -> Iterator[Entry]:
    files, flaws = walk.below(place, lambda name: warc.is_named(name) or folder.is_named(name))
    archives = [file for file in files if warc.is_named(file.name)]
    pages = folder.among(files, place)
    if not (archives or pages or flaws):
        raise folder.nothing(place)
    yield from flaws
    for file in (*archives, *pages):
        try:
            yield from _file(file, decode, url)
        except StoreError as error:
            yield Entry(str(file), flaw=Flaw("unreadable", str(error).removeprefix(f"{file}: ")))


def _file(file: Path, decode: Decode, url: str | None) -> Iterator[Entry]:
    """What a file holds, by its first bytes rather than by its name."""
    if warc.is_named(file.name) or (not folder.is_kept(file) and bare.is_warc(_start(file))):
        yield from warc.read(file, decode)
    else:
        yield folder.entry(file, decode, url)


def _start(file: Path) -> bytes:
    """Empty for a file that cannot be read: reading the whole of it will tell why."""
    try:
        with file.open("rb") as stream:
            return stream.read(bare.START)
    except OSError:
        return b""


# --- standard input -------------------------------------------------------------------------------------------------


class _Begun(io.RawIOBase):
    """A stream that cannot be sought in, of which the start was read already."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start, self._rest = start, rest
        self.name = getattr(rest, "name", "-")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._start or self._rest.read(len(buffer))
        size = min(len(data), len(buffer))
        buffer[:size], self._start = data[:size], data[size:]
        return size


def _standard_input(decode: Decode, url: str | None) -> Iterator[Entry]:
    stream: BinaryIO = sys.stdin.buffer
    start = stream.read(bare.START)  # waits for them: a slow pipe has a byte at first
    if stream.seekable():  # a file, in which a revisit's original can be found
        stream.seek(-len(start), io.SEEK_CUR)
    else:
        stream = io.BufferedReader(_Begun(start, stream))
    if bare.is_warc(start):
        yield from warc.read(stream, decode)
        return
    try:
        yield Entry("-", bare.page(stream, url))
    except Refused as refused:
        yield Entry("-", flaw=refused.flaw)
