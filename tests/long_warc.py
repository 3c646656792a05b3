"""All real pages: folder -> WARC -> folder -> WARC, byte-equal, and the same records. Takes a minute or two.

python tests/long_warc.py [PAGES]
"""

from __future__ import annotations

import gzip
import io
import random
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

import archived
import scraper
from scraper.archive import folder, warc
from scraper.archive.entry import Entry
from scraper.model import Outcome, Page
from scraper.write import jsonl


def made(file: Path, number: int) -> Entry:
    """The page as if it had been fetched: every third gzip-coded, every fourth chunked, some without a time."""
    body = gzip.decompress(file.read_bytes())
    url = f"https://{file.parents[1].name}.example/{file.name.removesuffix('.html.gz')}?n=1"
    headers = [("Content-Type", "text/html"), ("Set-Cookie", "sid=removed")]
    wire = gzip.compress(body, 1, mtime=0) if number % 3 == 0 else None
    if wire:
        headers.append(("Content-Encoding", "gzip"))
    if number % 4 == 0:
        headers.append(("Transfer-Encoding", "chunked"))
    at = archived.TIME + timedelta(seconds=number) if number % 5 else None
    return Entry(
        str(file),
        Page(url, url, 200, tuple(headers), body, at, wire),
        Outcome(url, "stored", site=file.parents[1].name),
    )


def round_trip(files: list[Path], room: Path) -> int:
    """How many pages went there and back; AssertionError where one byte differs."""
    entries = [made(file, number) for number, file in enumerate(files)]
    assert folder.to_folder(entries, room / "a") == []
    out = io.BytesIO()
    assert warc.to_warc(folder.from_folder(room / "a", archived.decode), out) == []
    out.seek(0)
    found = list(warc.read(out, archived.decode))
    assert folder.to_folder(found, room / "b") == []
    again = io.BytesIO()
    assert warc.to_warc(folder.from_folder(room / "b", archived.decode), again) == []
    assert again.getvalue() == out.getvalue()
    assert contents(room / "a") == contents(room / "b")
    pages = {each.page.url: each.page for each in entries if each.page}
    assert {each.page.url: each.page for each in found if each.page} == pages
    return len(found)


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("page.*")}


def same_records(room: Path, every: int) -> int:
    """Records of the pages in the folder and of those in the WARC made of it, byte for byte."""
    out = io.BytesIO()
    kept = list(folder.from_folder(room / "a", archived.decode))[::every]
    warc.to_warc(kept, out)
    out.seek(0)
    for one, other in zip(kept, warc.read(out, archived.decode), strict=True):
        assert one.page and other.page
        records = [jsonl.encode(scraper.parse(page).to_dict()) for page in (one.page, other.page)]
        assert records[0] == records[1], one.place
    return len(kept)


def cut(room: Path, places: int) -> int:
    """A WARC of ten pages cut at random: what is whole before the cut is given, and the cut is told."""
    parts = archived.members(*(e.page for e in list(folder.from_folder(room / "a", archived.decode))[:10] if e.page))
    data, ends = b"".join(parts), [sum(map(len, parts[:number])) for number in range(len(parts) + 1)]
    for place in random.Random(1).sample(range(len(data)), places):
        told = archived.told(data[:place])
        whole = max(number for number, end in enumerate(ends) if end <= place)
        assert len(told) == whole + (place not in ends), place
        assert place in ends or told[-1] == "cut", place
    return places


def main() -> None:
    files = sorted(archived.CORPORA.glob("*/pages/*.html.gz"))
    if not files:
        sys.exit("NOT RUN: the corpora of real pages are not beside this tree")
    files = files[: int(sys.argv[1])] if len(sys.argv) > 1 else files
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        begun = time.perf_counter()
        print(f"{round_trip(files, room)} pages there and back, byte-equal, in {time.perf_counter() - begun:.1f} s")
        data = io.BytesIO()
        warc.to_warc(folder.from_folder(room / "a", archived.decode), data)
        data.seek(0)
        count = sum(
            1 for record in ArchiveIterator(data, check_digests="raise") if record.raw_stream.read() is not None
        )
        print(f"warcio reads {count} records, digests right ({3 * len(files)} written)")
        assert count == 3 * len(files)
        print(f"{same_records(room, 10)} records the same from both")
        print(f"cut at {cut(room, 500)} places: nothing lost, nothing invented")


if __name__ == "__main__":
    main()
