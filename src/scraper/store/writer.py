"""The one writer of a folder: state and output move together, or not at all."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from scraper.errors import StoreError
from scraper.model import Article, Outcome, Word
from scraper.store import database, disk, places, state
from scraper.store.lock import Lock
from scraper.store.outbox import SYNC_BYTES, SYNC_SECONDS, Append, Outbox
from scraper.store.places import OUT, PAGES
from scraper.store.state import Run

DATABASE = "state.db"


Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


class Writer(Protocol):
    """How records become bytes; the rows of scraper.write.WRITERS fit."""

    @property
    def suffix(self) -> str: ...

    @property
    def encode(self) -> Callable[[Sequence[Mapping[str, Any]]], bytes]: ...


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one URL. With an article, the state decides the outcome's word and reason."""

    outcome: Outcome
    article: Article | None = None
    etag: str | None = None  # of the page the article came from, as received
    last_modified: str | None = None
    basis: str = ""  # what the record depends on besides the page (parser version, the site's rules), see `validators`
    partition: str = ""  # folder below out/, "site=valley/date=2026-01-31"; "" for none
    also: tuple[Append, ...] = ()  # other bytes to keep with it, such as the page for an archive
    told: Callable[[Outcome], Append] | None = None  # bytes behind those, made once the state has said how it ends


class Store:
    """State and output of one folder, for one process at a time. Methods may be called from any thread.

    Every error in a write ends the store's use: what was acknowledged is on disk, and opening the folder again puts
    right what was under way.
    """

    def __init__(
        self, folder: Path, lock: Lock, db: sqlite3.Connection, outbox: Outbox, writer: Writer, now: Clock
    ) -> None:
        self._folder, self._lock, self._db, self._outbox = folder, lock, db, outbox
        self._writer, self._now = writer, now
        self._path = folder / DATABASE
        self._mutex = threading.RLock()
        self._failed = False
        self.hosts = Hosts(self)

    @classmethod
    def open(
        cls,
        folder: Path,
        writer: Writer,
        *,
        rotate: int,
        names: Sequence[str] = (OUT, PAGES),
        now: Clock = utc_now,
        sync_bytes: int = SYNC_BYTES,
        sync_seconds: float = SYNC_SECONDS,
    ) -> Store:
        """Take the folder, check what is there and finish what a crash left.

        `rotate` is the size in bytes from which a file is sealed and the next one begun, `names` are the folders below
        this one that will be written to. LockedError if another process has the folder; StoreError, naming path and
        next step, if it cannot be used or holds something else.
        """
        folder = folder.absolute()
        with disk.mapped(folder), contextlib.ExitStack() as undo:
            disk.make_folder(folder)
            places.check(folder, names)
            lock = Lock(folder)
            undo.callback(lock.close)
            db = database.connect(folder / DATABASE)
            undo.callback(db.close)
            outbox = Outbox(db, folder, rotate=rotate, sync_bytes=sync_bytes, sync_seconds=sync_seconds)
            undo.callback(outbox.close)
            with database.mapped(folder / DATABASE):
                _check_leftovers(db, folder, names)
                outbox.recover()
            undo.pop_all()
        return cls(folder, lock, db, outbox, writer, now)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Make everything durable and free the folder; after an error, free it and leave the rest to the next start."""
        with contextlib.ExitStack() as rest:
            rest.callback(self._lock.close)
            rest.callback(self._outbox.close)
            rest.callback(self._db.close)
            if self._failed:
                return
            with self._guard():
                self._outbox.sync()
                with database.transaction(self._db):
                    self._outbox.settle()
                database.disconnect(self._db, self._path)

    def begin_run(self, config_hash: str, *, aside: bool = False) -> Run:
        """The run that was left unfinished with the same configuration, else a new one.

        A new one gives up any other that was left unfinished; but one `aside`, which asks no site, lets it be.
        """
        with self._guard():
            run = state.unfinished(self._db, config_hash, aside) or self._new_run(config_hash, aside)
            self._lock.write(f"run {run.id}")
        return run

    def done(self, run: Run) -> Done:
        """The URLs that have their outcome in this run, for `in`: a resumed run need not fetch them again."""
        return Done(self, run)

    def is_gone(self, run: Run, url: str) -> bool:
        """Whether one of the ten runs before asked for the URL and was told that it is gone for good."""
        with self._guard():
            return state.is_gone(self._db, run, url)

    def commit(self, run: Run, results: Sequence[Result]) -> list[Outcome]:
        """Record the results and write their records; on return both outlive a crash.

        One outcome for each result, in order, but none for a URL that already had its outcome in this run: that result
        is dropped whole. An article that this run has already met under another URL ends as skipped, "duplicate".
        """
        with self._guard():
            with database.transaction(self._db):
                outcomes = self._apply(run, results)
                self._outbox.settle()
            self._outbox.write()
        return outcomes

    def finish_run(self, run: Run) -> None:
        """The run has seen all its URLs: the next one begins anew."""
        with self._guard(), database.transaction(self._db):
            state.end_run(self._db, run, self._time())

    def balance(self, run: Run) -> dict[Word, int]:
        """Every word with its count over the whole run, earlier processes included."""
        with self._guard():
            return state.balance(self._db, run)

    def reasons(self, run: Run) -> dict[tuple[str, Word, str | None], int]:
        """(site, word, reason) -> count over the whole run."""
        with self._guard():
            return state.reasons(self._db, run)

    def outcomes(self, run: Run) -> list[Outcome]:
        """Every outcome of one of the last ten runs."""
        with self._guard():
            return list(state.outcomes(self._db, run))

    def validators(self, url: str, basis: str) -> dict[str, str]:
        """Headers for a conditional request; empty if the page is new, or its record was made with another basis."""
        with self._guard():
            return state.get_validators(self._db, url, basis)

    @contextlib.contextmanager
    def _guard(self) -> Iterator[None]:
        with self._mutex:
            if self._failed:
                raise StoreError(f"{self._folder}: writing failed before; start again, and the run goes on from there")
            try:
                with database.mapped(self._path), disk.mapped(self._folder, was_there=True):
                    yield
            except BaseException:
                self._failed = True
                raise

    def _new_run(self, config_hash: str, aside: bool) -> Run:
        # Runs that begin within one second have nothing else that tells them apart.
        run_id = f"{self._now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        with database.transaction(self._db):
            return state.new_run(self._db, run_id, config_hash, self._time(), aside)

    def _time(self) -> str:
        return self._now().isoformat(timespec="seconds")

    def _apply(self, run: Run, results: Sequence[Result]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        records: dict[str, list[dict[str, Any]]] = {}
        others: dict[tuple[str, str], list[Append]] = {}
        for result in results:
            if state.is_known(self._db, run, result.outcome.url):
                continue
            outcome = self._settle_article(run, result, records)
            state.add_outcome(self._db, run, outcome)
            outcomes.append(outcome)
            for append in (*result.also, *((result.told(outcome),) if result.told else ())):
                others.setdefault((append.prefix, append.suffix), []).append(append)
        for partition, batch in records.items():
            prefix = "/".join(filter(None, (OUT, partition, "articles")))
            self._outbox.stage(Append(prefix, self._writer.suffix, self._writer.encode(batch), len(batch)))
        for (prefix, suffix), appends in others.items():
            data = b"".join(append.data for append in appends)
            self._outbox.stage(Append(prefix, suffix, data, sum(append.records for append in appends)))
        return outcomes

    def _settle_article(self, run: Run, result: Result, records: dict[str, list[dict[str, Any]]]) -> Outcome:
        article = result.article
        if article is None:
            if result.outcome.word == "unchanged":
                state.meet_again(self._db, run, result.outcome.url, result.etag, result.last_modified)
            return result.outcome
        word, revision = state.add_article(self._db, run, article)
        if word in ("stored", "updated"):
            records.setdefault(result.partition, []).append(article.to_dict(revision))
            state.disown(self._db, article.id)
        given = article.id if word != "skipped" else ""
        state.set_validators(self._db, result.outcome.url, result.etag, result.last_modified, result.basis, given)
        return state.as_outcome(result.outcome, word)


class Done:
    """`url in done`: whether the URL has its outcome in the run."""

    def __init__(self, store: Store, run: Run) -> None:
        self._store, self._run = store, run

    def __contains__(self, url: object) -> bool:
        with self._store._guard():
            return isinstance(url, str) and state.is_known(self._store._db, self._run, url)


class Hosts:
    """Until when a host asked not to be called (Retry-After); kept for the next runs too."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, host: str) -> float | None:
        """Seconds since the epoch; None if it did not ask."""
        with self._store._guard():
            return state.not_before(self._store._db, host)

    def set(self, host: str, epoch: float) -> None:
        """Remember it durably."""
        with self._store._guard(), database.transaction(self._store._db):
            state.set_not_before(self._store._db, host, epoch)


def _check_leftovers(db: sqlite3.Connection, folder: Path, names: Sequence[str]) -> None:
    """A new state beside old output would write records again that are already there."""
    if db.execute("SELECT 1 FROM files LIMIT 1").fetchone():
        return
    if found := places.leftovers(folder, names):
        held = " and ".join(f"{place}: holds {'articles' if place.name == OUT else place.name}" for place in found)
        away = " and ".join(str(place) for place in found)
        fault = f"{held}, but {DATABASE} is new and knows nothing of it"
        raise StoreError(f"{fault}; restore {DATABASE}, or move {away} away")
