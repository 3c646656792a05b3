"""Where a run writes, looked at before its first request: what cannot work is refused with what to do about it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from scraper.errors import StoreError
from scraper.store import disk

OUT, PAGES = "out", "pages"  # below a run's folder: records, and the pages that they were made from
PACKED = ".warc.gz"  # how names of files with pages end
_OWN = ("lock", "state.db", "state.db-wal", "state.db-shm")
_NUMBERED = re.compile(r"(?:articles|pages)-\d+(\..+)")
_OURS = {OUT: re.compile(r"articles-\d{5,}\.jsonl.*"), PAGES: re.compile(r"pages-\d{5,}" + re.escape(PACKED))}


def check(folder: Path, names: Iterable[str], suffixes: Collection[str] = ()) -> None:
    """StoreError if a run cannot write in the folder or in those below it that are named, as far as they are there.

    With `suffixes`, also if it cannot add to the last file of a series that has one of them.
    """
    _demand(folder, os.R_OK | os.W_OK | os.X_OK)
    for name in _OWN:
        if os.path.exists(folder / name):
            _demand(folder / name, os.R_OK | os.W_OK)
    for name in names:
        if os.path.lexists(folder / name):
            _check_folder(folder / name, suffixes)


def leftovers(folder: Path, names: Iterable[str]) -> list[Path]:
    """Those of the named folders that hold files of a run."""
    return [folder / name for name in names if any(map(_OURS[name].fullmatch, _below(folder / name)))]


def _below(place: Path) -> Iterator[str]:
    """The names in a folder and its partitions."""
    yield from (path.name for path in place.glob("*-*"))
    yield from (path.name for path in place.glob("*=*/**/*-*"))


def _check_folder(place: Path, suffixes: Collection[str]) -> None:
    """The folder and its partitions ("site=valley"): real folders, since no link below run.folder is followed."""
    if os.path.islink(place) or not os.path.isdir(place):
        found = "a link is there; put a folder in its place" if os.path.isdir(place) else disk.in_the_way(place)
        raise StoreError(f"{place}: must be a folder: {found}, or name another run.folder")
    _demand(place, os.R_OK | os.W_OK | os.X_OK)
    inside = list(place.iterdir())
    for file in _growing(inside, suffixes):
        _demand(file, os.R_OK | os.W_OK)
    for inner in inside:
        if "=" in inner.name and not os.path.isfile(inner):
            _check_folder(inner, suffixes)


def _growing(files: Iterable[Path], suffixes: Collection[str]) -> Iterator[Path]:
    """The last file of each series: it may grow, the others are sealed."""
    last: dict[str, Path] = {}
    for file in sorted(files, key=lambda each: (len(each.name), each.name)):
        match = _NUMBERED.fullmatch(file.name)
        if match and match[1] in suffixes:
            last[match[1]] = file
    yield from last.values()


def _demand(path: Path, mode: int) -> None:
    if os.access(path, mode) or not os.path.lexists(path):  # SQLite's own files come and go
        return
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        raise StoreError(
            f"{path}: on a disk that is mounted read-only; mount it for writing, or name another run.folder"
        )
    raise StoreError(f"{path}: no permission to read and write; change its owner or mode")
