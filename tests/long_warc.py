"""All real pages: folder -> WARC -> folder -> WARC, byte-equal, and the same records from either; some minutes.

    python tests/long_warc.py [PAGES]

Then a WARC is cut at 500 places: what is whole before the cut is given as it was, nothing else, and the cut is told.
"""

from __future__ import annotations

import faulthandler
import io
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

import archived
import scraper
from scraper.archive import folder, warc
from scraper.archive.entry import Entry
from scraper.model import Page
from scraper.write import jsonl

HANG = 20.0  # seconds that one reading of a cut WARC may take; it takes a hundredth


@contextmanager
def told(what: str) -> Iterator[list[int]]:
    """Prints what was done, how often, and how long it took."""
    count, begun = [0], time.perf_counter()
    yield count
    print(f"{count[0]} {what}, in {time.perf_counter() - begun:.1f} s", flush=True)


def entries(files: list[Path]) -> Iterator[Entry]:
    return (archived.fetched(file, number) for number, file in enumerate(files))


def packed(room: Path) -> io.BytesIO:
    """The pages of a folder as a WARC."""
    out = io.BytesIO()
    assert warc.to_warc(folder.from_folder(room, archived.decode), out) == []
    out.seek(0)
    return out


def round_trip(files: list[Path], room: Path) -> io.BytesIO:
    """The WARC made of the pages' folder; AssertionError where there and back one byte differs."""
    with told("pages there and back, byte-equal") as count:
        assert folder.to_folder(entries(files), room / "a") == []
        archive = packed(room / "a")
        assert folder.to_folder(warc.read(archive, archived.decode), room / "b") == []
        assert packed(room / "b").getvalue() == archive.getvalue()
        assert contents(room / "a") == contents(room / "b")
        count[0] = len(contents(room / "b")) // 2
    assert count[0] == len(files)
    return archive


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("page.*")}


def same_records(files: list[Path], archive: io.BytesIO) -> None:
    """Pages as they were and as the WARC gives them, and their records, byte for byte."""
    originals = {entry.page.url: entry.page for entry in entries(files) if entry.page}
    archive.seek(0)
    with told("records the same from the original bytes and from the WARC") as count:
        for entry in warc.read(archive, archived.decode):
            assert entry.page, entry
            original = originals.pop(entry.page.url)
            assert entry.page == original, entry.place
            assert record(entry.page) == record(original), entry.place
            count[0] += 1
    assert originals == {}


def record(page: Page) -> bytes:
    return jsonl.encode(scraper.parse(page).to_dict())


def independent(archive: io.BytesIO, pages: int) -> None:
    """Another tool reads every record: three of each page."""
    archive.seek(0)
    with told("records read by warcio, digests right") as count:
        for found in ArchiveIterator(archive, check_digests="raise"):
            assert found.raw_stream.read() is not None
            count[0] += 1
    assert count[0] == 3 * pages


def cut(files: list[Path], places: int) -> None:
    """A WARC of ten pages cut at random: the whole pages before the cut are given as they were, nothing else is."""
    kept = [entry.page for entry in entries(files[:: max(len(files) // 10, 1)][:10]) if entry.page]
    parts = archived.members(*kept)
    data, ends = b"".join(parts), [sum(map(len, parts[:number])) for number in range(len(parts) + 1)]
    with told("cuts: no whole page lost, none invented, no hang") as count:
        for place in random.Random(1).sample(range(len(data)), places):
            faulthandler.dump_traceback_later(HANG, exit=True)
            whole = max(number for number, end in enumerate(ends) if end <= place)
            assert archived.told(data[:place]) == [*kept[:whole], *(["cut"] if place not in ends else [])], place
            count[0] += 1
        faulthandler.cancel_dump_traceback_later()


def main() -> None:
    files = sorted(archived.CORPORA.glob("*/pages/*.html.gz"))
    if not files:
        sys.exit("NOT RUN: the corpora of real pages are not beside this tree")
    files = files[: int(sys.argv[1])] if len(sys.argv) > 1 else files
    with tempfile.TemporaryDirectory() as name:
        archive = round_trip(files, Path(name))
    independent(archive, len(files))
    same_records(files, archive)
    cut(files, 500)


if __name__ == "__main__":
    main()
