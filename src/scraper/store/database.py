"""The state database: one SQLite file, one connection that writes, every transaction on disk before it counts."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path

from scraper.errors import StoreError
from scraper.store import disk, stamp

_WAIT = 5.0  # seconds to wait for another process's lock
_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)  # how SQLite tells that a disk or a file is full
_APPLICATION = 0x73637261  # "scra": tells our file from any other SQLite file

# One script per schema version, applied in one transaction; a released script never changes.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE runs (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, config_hash TEXT NOT NULL,
            started_at TEXT NOT NULL, finished_at TEXT, ending TEXT, crc INTEGER)""",
        """CREATE TABLE outcomes (
            run INTEGER NOT NULL, url_key BLOB NOT NULL, url TEXT NOT NULL, site TEXT NOT NULL,
            word TEXT NOT NULL, reason TEXT, detail TEXT NOT NULL, crc INTEGER,
            PRIMARY KEY (run, url_key)) WITHOUT ROWID""",
        """CREATE TABLE tallies (
            run INTEGER NOT NULL, site TEXT NOT NULL, word TEXT NOT NULL, reason TEXT, urls INTEGER NOT NULL)""",
        """CREATE TABLE articles (
            id TEXT PRIMARY KEY, content_hash TEXT NOT NULL, revision INTEGER NOT NULL, run INTEGER NOT NULL,
            crc INTEGER) WITHOUT ROWID""",
        """CREATE TABLE urls (
            url_key BLOB PRIMARY KEY, etag TEXT, last_modified TEXT, basis TEXT NOT NULL) WITHOUT ROWID""",
        "CREATE TABLE hosts (host TEXT PRIMARY KEY, not_before REAL NOT NULL) WITHOUT ROWID",
        """CREATE TABLE files (
            id INTEGER PRIMARY KEY, prefix TEXT NOT NULL, suffix TEXT NOT NULL, number INTEGER NOT NULL,
            size INTEGER NOT NULL, records INTEGER NOT NULL, tail INTEGER NOT NULL, tail_sha256 BLOB NOT NULL,
            sealed_sha256 BLOB, crc INTEGER, UNIQUE (prefix, suffix, number))""",
        "CREATE UNIQUE INDEX growing ON files (prefix, suffix) WHERE sealed_sha256 IS NULL",
        """CREATE TABLE outbox (
            file INTEGER NOT NULL, offset INTEGER NOT NULL, data BLOB NOT NULL, crc INTEGER NOT NULL,
            PRIMARY KEY (file, offset))""",
    ),
    # The article whose record the page gave; '' where another address gave it, NULL where no run has said yet.
    (
        "ALTER TABLE urls ADD COLUMN article TEXT",
        "CREATE INDEX urls_article ON urls (article) WHERE article > ''",
    ),
)


# Rows that a changed bit could turn into a lost or doubled record carry a checksum over these columns: row_crc(...).
SIGNED = {
    "runs": "number, id, config_hash, started_at, finished_at, ending",
    "outcomes": "run, url_key, url, site, word, reason, detail",
    "articles": "id, content_hash, revision, run",
    "files": "id, prefix, suffix, number, size, records, tail, tail_sha256, sealed_sha256",
}


def connect(path: Path) -> sqlite3.Connection:
    """Open, check and migrate the database, or make it; StoreError says what to do if it cannot be used."""
    with mapped(path), disk.mapped(path):
        stamped = stamp.check(path)
        _ensure(path)
        db = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
        try:
            db.create_function("row_crc", -1, _row_crc, deterministic=True)
            _check(db, path)
            if not stamped:
                _check_rows(db, path)
            stamp.lift(path)
            _configure(db, path)
            _migrate(db)
        except BaseException:
            db.close()
            raise
    return db


def disconnect(db: sqlite3.Connection, path: Path) -> None:
    """Fold the log into the database, close it and stamp it."""
    with mapped(path), disk.mapped(path, was_there=True):
        db.execute("PRAGMA busy_timeout = 0")  # a reader may keep the log; the next start folds it in
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        db.close()
        stamp.put(path)


@contextlib.contextmanager
def mapped(path: Path) -> Iterator[None]:
    """sqlite3.Error inside becomes StoreError about `path`."""
    try:
        yield
    except sqlite3.OperationalError as error:  # locked, disk full, input and output errors, not permitted
        is_room = getattr(error, "sqlite_errorcode", 0) & 0xFF in _ROOM  # the low byte is the kind of an error
        room = disk.room(path) if is_room else ""
        raise StoreError(
            f"{path}: {error}{room}; put that right and start again, and the run goes on where it stopped"
        ) from error
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter of names that a check tells of
        raise _damaged(path, str(error)) from error


def sign(db: sqlite3.Connection, table: str, key: int) -> None:
    """Renew the checksum of a row of `runs` or `files` after a change."""
    db.execute(f"UPDATE {table} SET crc = row_crc({SIGNED[table]}) WHERE rowid = ?", (key,))  # noqa: S608


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing; on disk when the block has ended."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise


def _ensure(path: Path) -> None:
    """An existing regular file, or a new one that only its owner may read (SQLite gives its log the same rights)."""
    fd = disk.open_file(path.parent, path.name, create=not path.exists())
    # Closing a descriptor drops this process's SQLite locks on the file: so only before the connection is made.
    os.close(fd)
    for suffix in ("-wal", "-shm", "-journal"):
        side = path.with_name(path.name + suffix)
        if os.path.lexists(side) and not stat.S_ISREG(side.lstat().st_mode):
            raise StoreError(f"{side}: not a regular file; remove it")


def _check(db: sqlite3.Connection, path: Path) -> None:
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise _damaged(path, str(found))
    version = _pragma(db, "user_version")
    if version and _pragma(db, "application_id") != _APPLICATION:
        raise _damaged(path, "it belongs to another program")
    if not version and db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise _damaged(path, "it has tables but no version")
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path}: written by a newer version (schema {version}, this one knows {len(MIGRATIONS)}); update scraper"
        )


def _check_rows(db: sqlite3.Connection, path: Path) -> None:
    """After a crash there is no stamp, so that each row must speak for itself."""
    if not _pragma(db, "user_version"):
        return
    for table, columns in SIGNED.items():
        if db.execute(f"SELECT 1 FROM {table} WHERE crc IS NOT row_crc({columns}) LIMIT 1").fetchone():  # noqa: S608
            raise _damaged(path, f"a row of {table} has changed")


def _row_crc(*values: object) -> int:
    return zlib.crc32(repr(values).encode("utf-8", "surrogatepass"))


def _configure(db: sqlite3.Connection, path: Path) -> None:
    mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreError(f"{path}: no write-ahead log on this file system (journal mode {mode}); use a local one")
    db.execute("PRAGMA synchronous = FULL")


def _migrate(db: sqlite3.Connection) -> None:
    version = _pragma(db, "user_version")
    if version == len(MIGRATIONS):
        return
    with transaction(db):
        for script in MIGRATIONS[version:]:
            for statement in script:
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {_APPLICATION}")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _damaged(path: Path, why: str) -> StoreError:
    return StoreError(f"{path}: not a usable state database ({why}); restore it from a copy, {stamp.ANEW}")
