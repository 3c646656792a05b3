"""Output files, written exactly once: bytes and their place are committed with the state, and only then written.

`stage` puts bytes and their offset into the caller's transaction; `write` puts the same bytes there after COMMIT;
`sync` makes the files durable, and the next transaction forgets what is safe (`settle`). Every byte that a reader can
see is therefore already decided: recovery only writes the same bytes to the same place, so it may itself be killed any
number of times.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
import zlib
from dataclasses import dataclass, fields
from pathlib import Path

from scraper.errors import StoreError
from scraper.store import disk
from scraper.store.database import sign, transaction

SYNC_BYTES = 4 << 20  # bytes written between two syncs
SYNC_SECONDS = 1.0
_MOST_OPEN = 64  # files kept open between two commits


@dataclass(frozen=True, slots=True)
class Append:
    """Bytes for the end of the series prefix-00001suffix, prefix-00002suffix ... below the folder."""

    prefix: str  # "out/articles"
    suffix: str  # ".jsonl"
    data: bytes
    records: int  # how many records the bytes hold


@dataclass(frozen=True, slots=True)
class File:
    """What the state knows of one file that may still grow."""

    id: int
    prefix: str
    suffix: str
    number: int
    size: int
    records: int
    tail: int  # where the last batch begins
    tail_sha256: bytes

    @property
    def name(self) -> str:
        """Relative to the folder."""
        return f"{self.prefix}-{self.number:05d}{self.suffix}"


COLUMNS = ", ".join(field.name for field in fields(File))


class Outbox:
    """The files below one folder. Not for threads: the store holds its lock around every call."""

    def __init__(
        self,
        db: sqlite3.Connection,
        root: Path,
        *,
        rotate: int,
        sync_bytes: int = SYNC_BYTES,
        sync_seconds: float = SYNC_SECONDS,
    ) -> None:
        self._db, self._root, self._rotate = db, root, rotate
        self._sync_bytes, self._sync_seconds = sync_bytes, sync_seconds
        self._open: dict[int, int] = {}  # file id -> descriptor
        self._staged: list[tuple[File, bytes]] = []
        self._written: dict[int, int] = {}  # file id -> its size, where not yet synced
        self._durable: dict[int, int] = {}  # file id -> its size, where synced but still in the outbox
        self._unsynced = 0  # bytes
        self._synced_at = time.monotonic()

    def recover(self) -> None:
        """Compare the growing files with the state and write again what a crash may have kept from the disk.

        StoreError if a file is not what this package left there.
        """
        rows = self._db.execute(f"SELECT {COLUMNS} FROM files WHERE sealed_sha256 IS NULL")  # noqa: S608
        for row in rows.fetchall():
            self._restore(File(*row))
        with transaction(self._db):
            self._db.execute("DELETE FROM outbox")

    def stage(self, append: Append) -> None:
        """Give the bytes their place, inside the caller's transaction; at most one call for each series in it."""
        file = self._growing(append.prefix, append.suffix)
        if file is None:
            file = self._create(append.prefix, append.suffix, 1)
        elif file.size >= self._rotate:
            self._seal(file)
            file = self._create(append.prefix, append.suffix, file.number + 1)
        else:
            self._check_unchanged(file)
        self._db.execute(
            "INSERT INTO outbox VALUES (?, ?, ?, ?)", (file.id, file.size, append.data, zlib.crc32(append.data))
        )
        self._db.execute(
            "UPDATE files SET size = size + ?, records = records + ?, tail = ?, tail_sha256 = ? WHERE id = ?",
            (len(append.data), append.records, file.size, disk.sha256(append.data), file.id),
        )
        sign(self._db, "files", file.id)
        self._staged.append((file, append.data))

    def settle(self) -> None:
        """Forget what is safe in the files, inside the caller's transaction."""
        for file, size in self._durable.items():
            self._db.execute("DELETE FROM outbox WHERE file = ? AND offset < ?", (file, size))

    def write(self) -> None:
        """Write what was staged, after COMMIT. Since then it outlives a power cut too: recovery would write it."""
        self._durable.clear()
        for file, data in self._staged:
            with disk.mapped(self._root / file.name, was_there=True):
                disk.write_at(self._descriptor(file, create=file.size == 0), data, file.size)
            self._written[file.id] = file.size + len(data)
            self._unsynced += len(data)
        self._staged.clear()
        if self._is_sync_due():
            self.sync()

    def sync(self) -> None:
        """Make the files durable. An error is final: the kernel may have dropped the bytes, recovery still has them."""
        for file, size in self._written.items():
            with disk.mapped(self._root):
                os.fdatasync(self._open[file])
            self._durable[file] = size
        self._written.clear()
        self._unsynced, self._synced_at = 0, time.monotonic()
        if len(self._open) > _MOST_OPEN:
            self.close()

    def _is_sync_due(self) -> bool:
        late = time.monotonic() - self._synced_at >= self._sync_seconds
        return late or self._unsynced >= self._sync_bytes or len(self._open) > _MOST_OPEN

    def close(self) -> None:
        """Close the files; what was not synced stays in the outbox."""
        for fd in self._open.values():
            os.close(fd)
        self._open.clear()

    def _growing(self, prefix: str, suffix: str) -> File | None:
        row = self._db.execute(
            f"SELECT {COLUMNS} FROM files WHERE prefix = ? AND suffix = ? AND sealed_sha256 IS NULL",  # noqa: S608
            (prefix, suffix),
        ).fetchone()
        return File(*row) if row else None

    def _create(self, prefix: str, suffix: str, number: int) -> File:
        """A row of the state; the file itself is made after COMMIT, by `write` or by `recover`."""
        cursor = self._db.execute(
            "INSERT INTO files (prefix, suffix, number, size, records, tail, tail_sha256) VALUES (?, ?, ?, 0, 0, 0, ?)",
            (prefix, suffix, number, disk.sha256(b"")),
        )
        file = File(cursor.lastrowid or 0, prefix, suffix, number, 0, 0, 0, b"")
        disk.check_name(file.name)
        if os.path.lexists(self._root / file.name):
            raise StoreError(f"{self._root / file.name}: exists, but the state knows nothing of it; move it away")
        return file

    def _seal(self, file: File) -> None:
        """Inside the caller's transaction: the file is durable and will never grow again."""
        self._check_unchanged(file)
        fd = self._descriptor(file)
        with disk.mapped(self._root / file.name, was_there=True):
            os.fdatasync(fd)
            digest = disk.hash_range(fd, 0, file.size)
        self._db.execute("UPDATE files SET sealed_sha256 = ? WHERE id = ?", (digest, file.id))
        sign(self._db, "files", file.id)
        self._db.execute("DELETE FROM outbox WHERE file = ?", (file.id,))

    def _descriptor(self, file: File, *, create: bool = False) -> int:
        if file.id not in self._open:
            self._open[file.id] = disk.open_file(self._root, file.name, create=create)
        return self._open[file.id]

    def _check_unchanged(self, file: File) -> None:
        """StoreError if the file was replaced, moved, cut or added to since our last write."""
        path = self._root / file.name
        with disk.mapped(path, was_there=True):
            ours, there = os.fstat(self._descriptor(file)), os.stat(path, follow_symlinks=False)
        if (ours.st_dev, ours.st_ino) != (there.st_dev, there.st_ino) or not stat.S_ISREG(there.st_mode):
            raise StoreError(f"{path}: replaced by another file during the run; put the first one back")
        _check_size(path, there.st_size, file.size, file.size)

    def _restore(self, file: File) -> None:
        rows = self._db.execute(
            "SELECT offset, data, crc FROM outbox WHERE file = ? ORDER BY offset", (file.id,)
        ).fetchall()
        path = self._root / file.name
        durable = rows[0][0] if rows else file.size
        _check_rows(path, rows, durable, file.size)
        with disk.mapped(path, was_there=True):
            fd = self._reopen(path, file, create=durable == 0)
            self._open[file.id] = fd
            _check_size(path, os.fstat(fd).st_size, durable, file.size)
            for offset, data, _ in rows:
                disk.write_at(fd, data, offset)
            if rows:
                os.fdatasync(fd)
            if disk.hash_range(fd, file.tail, file.size) != file.tail_sha256:
                raise StoreError(f"{path}: its last records are not the ones that were written; restore it from a copy")
        if len(self._open) > _MOST_OPEN:
            self.close()

    def _reopen(self, path: Path, file: File, *, create: bool) -> int:
        try:
            return disk.open_file(self._root, file.name, create=create)
        except FileNotFoundError:
            raise _shorter(path, 0, file.size) from None


def _check_rows(path: Path, rows: list[tuple[int, bytes, int]], start: int, end: int) -> None:
    """The outbox must hold every byte from `start` to `end`, undamaged."""
    for offset, data, crc in rows:
        if offset != start or zlib.crc32(data) != crc:
            break
        start += len(data)
    if start != end:
        raise StoreError(f"{path}: the state's copy of its last records is damaged; restore the folder from a copy")


def _check_size(path: Path, size: int, least: int, most: int) -> None:
    if size < least:
        raise _shorter(path, size, least)
    if size > most:
        raise StoreError(
            f"{path}: output is longer than state: {size - most} bytes after byte {most} were not written by a run, "
            f"or state.db is an old copy; restore state.db, or move those bytes elsewhere and cut the file to {most}"
        )


def _shorter(path: Path, size: int, least: int) -> StoreError:
    return StoreError(
        f"{path}: output is shorter than state: {size} bytes where {least} were written; "
        "put the file back, or move the whole folder away to start anew"
    )
