"""A checksum of the state database while nobody has it open: damage between two runs is seen before it does harm.

The stamp exists from a clean end to the next start. After a crash there is none, and SQLite's own recovery speaks.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from scraper.errors import StoreError
from scraper.store import disk

_SUFFIX = ".sha256"
ANEW = "or move the whole folder away to start anew"


def put(database: Path) -> None:
    """Stamp a closed database; does nothing while its write-ahead log holds anything, as a reader may cause."""
    if _log_size(database):
        return
    # The log's deletion must be durable before the stamp, or a power cut could leave both.
    disk.sync_folder(database.parent)
    disk.replace_file(_stamp(database), f"{_hash(database)}  {database.name}\n".encode())


def check(database: Path) -> bool:
    """True if there is a stamp, and it fits; StoreError if the database is not the one that was stamped."""
    stamp = _stamp(database)
    if not stamp.is_file():
        return False
    if not database.is_file():
        raise StoreError(f"{database}: missing, though {stamp.name} stands beside it; restore it from a copy, {ANEW}")
    if stamp.read_bytes().split(b" ")[0] != _hash(database).encode() or _log_size(database):
        raise StoreError(
            f"{database}: changed since the last run ended; restore it from a copy, {ANEW}. "
            f"If you changed it on purpose, delete {stamp.name}"
        )
    return True


def lift(database: Path) -> None:
    """Remove the stamp, durably, before the first change."""
    stamp = _stamp(database)
    if stamp.is_file():
        stamp.unlink()
        disk.sync_folder(database.parent)


def _stamp(database: Path) -> Path:
    return database.with_name(database.name + _SUFFIX)


def _log_size(database: Path) -> int:
    log = database.with_name(database.name + "-wal")
    return log.stat().st_size if log.is_file() else 0


def _hash(database: Path) -> str:
    with database.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
