"""What is known of runs, URLs, articles and hosts: rows in, rows out. Callers hold the transaction."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace

from scraper.model import WORDS, Article, Outcome, Word
from scraper.store.database import sign

KEEP_RUNS = 10  # finished runs whose outcomes are kept one by one; of older ones only their counts stay


@dataclass(frozen=True, slots=True)
class Run:
    """One pass over the sites. `resumed`: it began in an earlier process and was not finished there.

    `aside`: it asks no site, so it neither ends an unfinished run nor counts as one that met its articles.
    """

    id: str
    number: int  # 1 for the first run of a folder
    resumed: bool
    aside: bool = False


def url_key(url: str) -> bytes:
    """16 bytes that stand for a URL."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).digest()[:16]


def unfinished(db: sqlite3.Connection, config_hash: str, aside: bool) -> Run | None:
    """The run that an earlier process left unfinished under the same configuration."""
    row = db.execute(
        "SELECT id, number FROM runs WHERE ending IS NULL AND config_hash = ? ORDER BY number DESC", (config_hash,)
    ).fetchone()
    return Run(row[0], row[1], True, aside) if row else None


def new_run(db: sqlite3.Connection, run_id: str, config_hash: str, now: str, aside: bool) -> Run:
    """Begin a run; unless it goes aside, one that was left unfinished under another configuration is abandoned."""
    for (number,) in db.execute("SELECT number FROM runs WHERE ending IS NULL").fetchall() if not aside else ():
        _end(db, number, "abandoned", now)
    cursor = db.execute("INSERT INTO runs (id, config_hash, started_at) VALUES (?, ?, ?)", (run_id, config_hash, now))
    number = cursor.lastrowid or 0
    sign(db, "runs", number)
    return Run(run_id, number, False, aside)


def end_run(db: sqlite3.Connection, run: Run, now: str) -> None:
    """Finish the run and fold the outcomes of old ones into counts."""
    _end(db, run.number, "finished", now)
    old = "run IN (SELECT number FROM runs WHERE number <= ? AND ending IS NOT NULL)"  # the others will be resumed
    last = (run.number - KEEP_RUNS,)
    db.execute(
        f"INSERT INTO tallies SELECT run, site, word, reason, count(*) FROM outcomes WHERE {old} "  # noqa: S608
        "GROUP BY run, site, word, reason",
        last,
    )
    db.execute(f"DELETE FROM outcomes WHERE {old}", last)  # noqa: S608


def _end(db: sqlite3.Connection, number: int, ending: str, now: str) -> None:
    db.execute("UPDATE runs SET ending = ?, finished_at = ? WHERE number = ?", (ending, now, number))
    sign(db, "runs", number)


def is_known(db: sqlite3.Connection, run: Run, url: str) -> bool:
    """Whether the URL has its outcome in this run."""
    row = db.execute("SELECT 1 FROM outcomes WHERE run = ? AND url_key = ?", (run.number, url_key(url))).fetchone()
    return row is not None


def is_gone(db: sqlite3.Connection, run: Run, url: str) -> bool:
    """Whether the server called the URL gone for good (RFC 9110 15.5.11) in one of the KEEP_RUNS runs before."""
    row = db.execute(
        "SELECT 1 FROM outcomes WHERE url_key = ? AND reason = 'gone' AND detail = 'HTTP 410' "
        "AND run IN (SELECT number FROM runs WHERE number < ? ORDER BY number DESC LIMIT ?)",
        (url_key(url), run.number, KEEP_RUNS),
    ).fetchone()
    return row is not None


def add_outcome(db: sqlite3.Connection, run: Run, outcome: Outcome) -> None:
    """Record how a URL ended; it must not have an outcome in this run yet."""
    row = (
        run.number,
        url_key(outcome.url),
        _text(outcome.url),
        _text(outcome.site),
        outcome.word,
        None if outcome.reason is None else _text(outcome.reason),
        _text(outcome.detail),
    )
    # No "?1": Python 3.12.0 to 3.12.3 take it for a named parameter and warn at each one.
    db.execute("INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, row_crc(?, ?, ?, ?, ?, ?, ?))", (*row, *row))


def add_article(db: sqlite3.Connection, run: Run, article: Article) -> tuple[Word, int]:
    """Remember the article; ("stored" | "updated" | "unchanged", revision), or "skipped" if this run already met it."""
    row = db.execute("SELECT content_hash, revision, run FROM articles WHERE id = ?", (article.id,)).fetchone()
    word, revision = _judge(row, run, article)
    if word != "skipped":
        met = row[2] if row and run.aside else run.number
        signed = (article.id, article.content_hash, revision, met)
        db.execute("INSERT OR REPLACE INTO articles VALUES (?, ?, ?, ?, row_crc(?, ?, ?, ?))", (*signed, *signed))
    return word, revision


def _judge(row: tuple[str, int, int] | None, run: Run, article: Article) -> tuple[Word, int]:
    if row is None:
        return "stored", 1
    content_hash, revision, last_run = row
    if last_run == run.number:
        return "skipped", revision
    return ("unchanged", revision) if content_hash == article.content_hash else ("updated", revision + 1)


def meet_again(db: sqlite3.Connection, run: Run, url: str, etag: str | None, last_modified: str | None) -> None:
    """The page has not changed since it gave its article's record: a copy of it in this run is a duplicate.

    What a 304 says of the page counts from now on (RFC 9110 section 15.4.5).
    """
    db.execute(
        "UPDATE urls SET etag = coalesce(?, etag), last_modified = coalesce(?, last_modified) WHERE url_key = ?",
        (_optional(etag), _optional(last_modified), url_key(url)),
    )
    db.execute(
        "UPDATE articles SET run = ?, crc = row_crc(id, content_hash, revision, ?) "
        "WHERE id = (SELECT article FROM urls WHERE url_key = ?)",
        (run.number, run.number, url_key(url)),
    )


def disown(db: sqlite3.Connection, article: str) -> None:
    """The article has a new record: another address that gave an older one must be fetched whole the next time."""
    db.execute("UPDATE urls SET article = NULL WHERE article = ? AND article > ''", (article,))


def set_validators(
    db: sqlite3.Connection, url: str, etag: str | None, last_modified: str | None, basis: str, article: str
) -> None:
    """Keep what the server said of this version of the page, and what the record was made with.

    `article` is the id of the article that the page gave, "" where another page has given its record.
    """
    db.execute(
        "INSERT OR REPLACE INTO urls VALUES (?, ?, ?, ?, ?)",
        (url_key(url), _optional(etag), _optional(last_modified), _text(basis), article),
    )


def get_validators(db: sqlite3.Connection, url: str, basis: str) -> dict[str, str]:
    """Request headers for a conditional GET (RFC 9110 section 13.1); empty if `basis` is not the one kept.

    Also empty if the article is not known, from before schema 2 or since another address has given a newer record: a
    304 would not say which one it means.
    """
    row = db.execute(
        "SELECT etag, last_modified FROM urls WHERE url_key = ? AND basis = ? AND article IS NOT NULL",
        (url_key(url), _text(basis)),
    ).fetchone()
    pairs = zip(("If-None-Match", "If-Modified-Since"), row or (), strict=False)
    return {name: value for name, value in pairs if value}


def outcomes(db: sqlite3.Connection, run: Run) -> Iterator[Outcome]:
    """The outcomes of one of the last KEEP_RUNS runs, in no order that means anything."""
    rows = db.execute("SELECT url, word, reason, site, detail FROM outcomes WHERE run = ?", (run.number,))
    for row in rows.fetchall():
        yield Outcome(*row)


def reasons(db: sqlite3.Connection, run: Run) -> dict[tuple[str, Word, str | None], int]:
    """How many URLs ended how: (site, word, reason) -> count."""
    rows = db.execute(
        "SELECT site, word, reason, count(*) FROM outcomes WHERE run = ? GROUP BY 1, 2, 3 "
        "UNION ALL SELECT site, word, reason, urls FROM tallies WHERE run = ? ORDER BY 1, 2, 3",
        (run.number, run.number),
    )
    return {(site, word, reason): count for site, word, reason, count in rows}


def balance(db: sqlite3.Connection, run: Run) -> dict[Word, int]:
    """Every word with its count; their sum is the number of URLs that have ended."""
    counts = dict.fromkeys(WORDS, 0)
    for (_, word, _), count in reasons(db, run).items():
        counts[word] += count
    return counts


def not_before(db: sqlite3.Connection, host: str) -> float | None:
    """Seconds since the epoch before which the host asked not to be called; None if it did not."""
    row = db.execute("SELECT not_before FROM hosts WHERE host = ?", (_text(host),)).fetchone()
    return float(row[0]) if row else None


def set_not_before(db: sqlite3.Connection, host: str, epoch: float) -> None:
    """Remember it for this run and the next ones."""
    db.execute("INSERT OR REPLACE INTO hosts VALUES (?, ?)", (_text(host), epoch))


def as_outcome(outcome: Outcome, word: Word) -> Outcome:
    """The outcome of a page that was an article, with the word that the state gave it."""
    return replace(outcome, word=word, reason="duplicate" if word == "skipped" else None)


def _text(value: str) -> str:
    """SQLite keeps UTF-8, which has no lone surrogates."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _optional(value: str | None) -> str | None:
    return None if value is None else _text(value)
