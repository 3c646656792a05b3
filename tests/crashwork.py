"""The run that the crash tests kill: a fixed list of invented URLs in two editions, its output known beforehand."""

from __future__ import annotations

import gzip
import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from scraper.model import Article, Outcome
from scraper.store import Append, Result, Store, database, verify
from scraper.store.outbox import Outbox
from scraper.write import WRITERS

EDITIONS = 2  # runs; in the second some articles have changed
PAGES = "pages/pages"


def now() -> datetime:
    return datetime(2026, 3, 1, 12, tzinfo=UTC)


def url(number: int) -> str:
    return f"https://valley.example/news/{number}"


def article(number: int, edition: int) -> Article:
    """The article behind a URL: some URLs lead to their neighbour's, and every fourth changes in the second edition."""
    number -= number % 20 == 7
    version = edition if number % 4 == 0 else 1
    body = f"Edition {version} of the text. é\u2028\u0085 " * (1 + number % 30)
    return Article(
        id=hashlib.sha256(url(number).encode()).hexdigest()[:32],
        site="valley",
        url=url(number),
        canonical_url=url(number),
        headline=f"Bridge {number} opened",
        body=body,
        content_hash=hashlib.sha256(body.encode()).hexdigest(),
        parser_version="0",
    )


def result(number: int, edition: int) -> Result:
    if number % 10 == 3:
        return Result(Outcome(url(number), "failed", "http_500", "valley"))
    page = Append(PAGES, ".warc.gz", f"page {number} {edition}\n".encode(), 1)
    return Result(Outcome(url(number), "stored", None, "valley"), article(number, edition), etag='"e"', also=(page,))


def work(
    folder: Path, urls: int, batch: int, *, compress: str = "none", tell: Callable[[int, int], None] | None = None
) -> None:
    """Run until both editions are finished. `tell(edition, urls done)` is called at the start and after each commit."""
    writer = WRITERS["jsonl", compress]
    with Store.open(folder, writer, rotate=6000, now=now, sync_bytes=3000, sync_seconds=0.05) as store:
        run = store.begin_run("config")
        while run.number <= EDITIONS:
            done = store.done(run)
            todo = [number for number in range(urls) if url(number) not in done]
            ended = urls - len(todo)
            if tell:
                tell(run.number, ended)
            for at in range(0, len(todo), batch):
                chunk = todo[at : at + batch]
                ended += len(store.commit(run, [result(number, run.number) for number in chunk]))
                if tell:
                    tell(run.number, ended)
            store.finish_run(run)
            run = store.begin_run("config")


def expected_lines(urls: int) -> Counter[tuple[str, int, str]]:
    lines: Counter[tuple[str, int, str]] = Counter()
    for number in (n for n in range(urls) if n % 10 != 3):
        for edition in (1, 2) if (number - (number % 20 == 7)) % 4 == 0 else (1,):
            one = article(number, edition)
            lines[one.id, edition, one.content_hash] = 1
    return lines


def faults(folder: Path, urls: int) -> list[str]:
    """What is wrong with a folder whose work is finished: lines lost, doubled, corrupt; numbers that do not add up."""
    found = list(verify(folder).problems)
    seen: Counter[tuple[str, int, str]] = Counter()
    for line in read_lines(folder):
        try:
            record = json.loads(line)  # not the parser that wrote it
            seen[record["id"], record["revision"], record["content_hash"]] += 1
        except (ValueError, KeyError):
            found.append(f"corrupt: {line[:60]!r}")
    wanted = expected_lines(urls)
    found += [f"lost: {key}" for key in wanted - seen]
    found += [f"doubled: {key}" for key in seen - wanted]
    pages = b"".join(path.read_bytes() for path in sorted(folder.glob("pages/*"))).splitlines()
    wanted_pages = {b"page %d %d" % (n, e) for n in range(urls) if n % 10 != 3 for e in (1, 2)}
    if Counter(pages) != Counter(wanted_pages):
        found.append("pages: lost or doubled")
    return found + _balance_faults(folder, urls)


def _balance_faults(folder: Path, urls: int) -> list[str]:
    db = database.connect(folder / "state.db")
    counts = Counter(dict(db.execute("SELECT word, count(*) FROM outcomes WHERE run = 1 GROUP BY word")))
    database.disconnect(db, folder / "state.db")
    failed = sum(n % 10 == 3 for n in range(urls))
    twins = sum(n % 20 == 7 for n in range(urls))
    wanted = Counter({"failed": failed, "skipped": twins, "stored": urls - failed - twins})
    return [] if counts == +wanted else [f"balance {dict(counts)}, expected {dict(wanted)}"]


def read_lines(folder: Path) -> list[bytes]:
    lines: list[bytes] = []
    for path in sorted(folder.glob("out/*")):
        data = path.read_bytes()
        text = gzip.decompress(data) if path.suffix == ".gz" else data
        lines += text.split(b"\n")[:-1]
        if text and not text.endswith(b"\n"):
            lines.append(b"torn line")
    return lines


def _no_recovery(self: Outbox) -> None:
    with database.transaction(self._db):
        self._db.execute("DELETE FROM outbox")


def _line_first(self: Store, run, results):  # type: ignore[no-untyped-def]
    with self._guard(), database.transaction(self._db):
        outcomes = self._apply(run, results)
        self._outbox.write()
    return outcomes


def _no_outbox(self: Outbox) -> None:
    """The outbox forgets at once, so that the state speaks of bytes that nobody can write again."""
    self._db.execute("DELETE FROM outbox")


def _no_sync(self: Outbox) -> None:
    self._durable.update(self._written)
    self._written.clear()


def _normal(db: sqlite3.Connection, _: Path) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")


MUTANTS: dict[str, tuple[object, str, object]] = {
    "recovery skipped": (Outbox, "recover", _no_recovery),
    "line before state": (Store, "commit", _line_first),
    "state before line, no outbox": (Outbox, "settle", _no_outbox),
    "fdatasync removed": (Outbox, "sync", _no_sync),
    "synchronous = NORMAL": (database, "_configure", _normal),
}


def mutate(name: str) -> Callable[[], None]:
    """Break the store in one way; returns what mends it."""
    owner, attribute, broken = MUTANTS[name]
    sound = getattr(owner, attribute)
    setattr(owner, attribute, broken)
    return lambda: setattr(owner, attribute, sound)
