"""Proof that a folder holds every record once: each file read in full and compared with the state."""

from __future__ import annotations

import contextlib
import gzip
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import msgspec

from scraper.errors import StoreError
from scraper.store import database, disk
from scraper.store.lock import Lock
from scraper.store.outbox import COLUMNS, File, Outbox
from scraper.store.places import OUT
from scraper.store.writer import DATABASE

_ENOUGH = 100  # problems kept


@dataclass(slots=True)
class Report:
    """What was read. `problems` is empty if all is well, and never longer than a hundred."""

    files: int = 0
    records: int = 0
    articles: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, problem: str) -> None:
        if len(self.problems) < _ENOUGH:
            self.problems.append(problem)


class _Line(msgspec.Struct):
    """The part of a record that says which one it is."""

    id: str
    content_hash: str
    revision: int


def verify(folder: Path) -> Report:
    """Read every output file of a folder; recovers from a crash first, as any start does.

    LockedError while a run is going on; StoreError if the state cannot be used.
    """
    folder = folder.absolute()
    if not (folder / DATABASE).is_file():
        raise StoreError(f"{folder / DATABASE}: not there; name the folder of a run")
    path = folder / DATABASE
    with contextlib.ExitStack() as rest:
        rest.callback(Lock(folder).close)
        db = database.connect(path)
        rest.callback(database.disconnect, db, path)
        with database.mapped(path), disk.mapped(folder):
            outbox = Outbox(db, folder, rotate=0)
            rest.callback(outbox.close)
            outbox.recover()
            return _read_all(db, folder)


def _read_all(db: sqlite3.Connection, folder: Path) -> Report:
    report, seen = Report(), Counter[str]()
    last: dict[str, tuple[int, str]] = {}
    rows = db.execute(f"SELECT {COLUMNS}, sealed_sha256 FROM files ORDER BY id")  # noqa: S608
    for *row, sealed in rows.fetchall():
        for line in _records(folder, File(*row), sealed, report):
            seen[line.id] += 1
            last[line.id] = max(last.get(line.id, (0, "")), (line.revision, line.content_hash))
    _compare(db, seen, last, report)
    return report


def _compare(db: sqlite3.Connection, seen: Counter[str], last: dict[str, tuple[int, str]], report: Report) -> None:
    """Revisions are counted from 1 without gaps: an article's newest revision is also its number of lines."""
    report.articles = len(seen)
    for article, content_hash, revision in db.execute("SELECT id, content_hash, revision FROM articles"):
        if seen.pop(article, 0) != revision:
            report.add(f"article {article}: revision {revision}, but not that many lines")
        elif last[article] != (revision, content_hash):
            report.add(f"article {article}: its newest line is not the one that the state knows")
    for article in seen:
        report.add(f"article {article}: not known to the state")


def _records(folder: Path, file: File, sealed: bytes | None, report: Report) -> Iterator[_Line]:
    path = folder / file.name
    report.files += 1
    if not path.is_file():
        report.add(f"{path}: not there; {file.records} records are in it")
        return
    if problem := _damage(path, file, sealed):
        report.add(f"{path}: {problem}")
    if not file.name.startswith(OUT + "/"):
        return
    before = report.records
    yield from _lines(path, report)
    if report.records - before != file.records:
        report.add(f"{path}: {report.records - before} records, expected {file.records}")


def _damage(path: Path, file: File, sealed: bytes | None) -> str | None:
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        if size != file.size:
            return f"{size} bytes, expected {file.size}"
        if sealed is not None and disk.hash_range(stream.fileno(), 0, size) != sealed:
            return "changed since it was sealed"
    return None


def _lines(path: Path, report: Report) -> Iterator[_Line]:
    """The records of a file up to the first line that is none."""
    number = 1
    try:
        with _opened(path) as stream:
            for number, line in enumerate(stream, 1):  # noqa: B007
                yield _line(line)
                report.records += 1
    except (ValueError, EOFError, OSError) as error:  # msgspec's errors are ValueError; gzip's the other two
        report.add(f"{path}:{number}: not a record: {error}")


def _line(line: bytes) -> _Line:
    if not line.endswith(b"\n"):
        raise ValueError("no line feed at its end")
    return msgspec.json.decode(line, type=_Line)


def _opened(path: Path) -> IO[bytes]:
    opener = gzip.open if path.suffix == ".gz" else open
    return cast(IO[bytes], opener(path, "rb"))
