"""Stored pages parsed again: what today's code and rules give, beside the stored records or another configuration's."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import msgspec

from scraper import pages, wiring
from scraper.archive.entry import Entry, stamp
from scraper.config import Config
from scraper.errors import StoreError
from scraper.model import NO_RULES, Article, Outcome, Page, Rules
from scraper.parse.article import parse
from scraper.replay import sides
from scraper.report import escape
from scraper.store import Result, Store
from scraper.store.places import OUT, PAGES
from scraper.urls import BadUrl, canonical
from scraper.write import WRITERS

# What says which record it is, by whom and from what it was made; a difference there alone is none of the page's.
IDENTITY = frozenset(
    {"schema", "id", "site", "url", "fetched_at", "content_hash", "revision", "sources", "parser_version"}
)
RECORD = "record"  # the row that counts pages which became an article, or are none any more
VERDICTS = ("same", "changed", "gained", "lost")
EXAMPLES = 3  # for each site, field and verdict
BATCH = 128  # records in one transaction

Record = Mapping[str, Any]
Made = tuple[str | None, bytes]  # when a record's page was fetched, and the record's line
Place = tuple[str, str | None]  # where a page is kept and when it was fetched: a member of a WARC may hold several
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pair:
    """What one stored page gave and gives now; a side is None where the page is no article, and `refusal` says why."""

    url: str
    site: str
    old: Record | None
    new: Record | None
    refusal: str = ""
    result: Result | None = None  # what to store of the new side; None where the old one is not the stored record


# --- reading --------------------------------------------------------------------------------------------------------


def stored(folder: Path, told: Say) -> Iterator[tuple[Entry, Page]]:
    """The pages that runs kept, in order; `told` hears of those that cannot be read. Raises StoreError."""
    place = folder / PAGES
    if not place.is_dir():
        raise StoreError(f"{place}: no stored pages; runs keep them unless output.pages is false")
    for entry in pages.entries(str(place)):
        if entry.page is not None:
            yield entry, entry.page
        elif entry.flaw and entry.flaw.reason == "unreadable":  # a whole file: nothing can be said of a run without it
            raise StoreError(f"{entry.place}: {entry.flaw.detail}")
        elif entry.flaw:
            told(f"{entry.place}: {entry.flaw.reason}: {entry.flaw.detail}")


def rules_of(config: Config, entry: Entry, page: Page) -> Rules:
    """The rules of the site that the page was fetched for; a site that is gone gives way to one on the same host."""
    site = config.sites.get(entry.outcome.site) if entry.outcome else None
    site = site or config.site_of(page.final_url)
    return site.rules() if site else NO_RULES


class Key(msgspec.Struct):
    """The part of a record that says which page it was made from, and what else is relied upon here."""

    id: str
    url: str
    revision: int
    fetched_at: str | None
    parser_version: str
    content_hash: str
    sources: dict[str, str]


def lines(folder: Path, told: Say) -> Iterator[tuple[Key, bytes]]:
    """Every whole line of the records below a run's folder; `told` hears where one is no record, or cannot be read."""
    for path in sorted((folder / OUT).rglob("articles-*.jsonl*")):
        for place, line in _numbered(path, told):
            if line.endswith(b"\n") and (key := _key(place, line, told)):
                yield key, line


def _key(place: str, line: bytes, told: Say) -> Key | None:
    """None for what is no record."""
    try:
        # Read whole: what Key leaves out would be passed over without a look at its bytes.
        return msgspec.convert(msgspec.json.decode(line), Key)
    except ValueError as error:  # msgspec's errors, and Unicode's
        told(f"{place}: no record: {error}; restore the file from a copy")
        return None


def _numbered(path: Path, told: Say) -> Iterator[tuple[str, bytes]]:
    """The lines of a file with their places."""
    number = 0
    try:
        with cast(IO[bytes], (gzip.open if path.suffix == ".gz" else open)(path, "rb")) as file:
            for number, line in enumerate(file, 1):
                yield f"{path}:{number}", line
    except (OSError, EOFError, zlib.error) as error:
        told(f"{path}:{number + 1}: cannot be read from here on: {error}; restore the file from a copy")


def newest(folder: Path, version: str | None, told: Say) -> dict[str, tuple[str | None, bytes]]:
    """By its URL, each article's newest line and when its page was fetched; with `version`, the newest it wrote.

    Raises StoreError where that version wrote none.
    """
    found: dict[str, tuple[Key, bytes]] = {}
    versions: Counter[str] = Counter()
    for key, line in lines(folder, told):
        versions[key.parser_version] += 1
        if version in (None, key.parser_version) and (key.id not in found or key.revision > found[key.id][0].revision):
            found[key.id] = key, line
    if version is not None and not found:
        there = ", ".join(f"{name} ({count})" for name, count in sorted(versions.items()))
        raise StoreError(f"{folder / OUT}: no stored record was written by version {version}; there are: {there or 0}")
    return {key.url: (key.fetched_at, line) for key, line in found.values()}


# --- pairs ----------------------------------------------------------------------------------------------------------


def against_records(
    config: Config, version: str | None, told: Say, noted: Say, only: str | None = None
) -> Iterator[Pair]:
    """Each stored page that a record was made from or that was refused, and what it gives now. Raises StoreError.

    `noted` hears what is no fault: how many records are not compared, since runs did not keep their pages.
    """
    waiting = newest(config.run.folder, version, told)
    places, times = _places(config.run.folder, waiting, version), _times(waiting)
    refused: set[bytes] = set()
    for entry, page in stored(config.run.folder, told):
        outcome = entry.outcome or Outcome(page.url, "failed")
        if only not in (None, outcome.site):
            continue
        url, fetched_at = place_of(page)
        is_source = url in waiting and places.get(url) == (entry.place, fetched_at)
        line = waiting.pop(url)[1] if is_source else None
        if line is None and (version or outcome.word != "refused" or not _is_new(page, refused)):
            continue
        rules = rules_of(config, entry, page)
        article = parse(page, rules)
        # A refused page that is older than the article's record is no revision of it, whatever the rules say of it now.
        if line or (article.is_article and all(_is_later(fetched_at, times, name) for name in (url, article.id))):
            old = msgspec.json.decode(line) if line else None
            yield _pair(outcome.site, old, article, _result(config, outcome, page, rules, article))
    if waiting and only is None:
        noted(f"{len(waiting)} records have no stored page; they are not compared")


def _places(folder: Path, records: Mapping[str, Made], version: str | None) -> dict[str, Place]:
    """By its URL, where the page of each record is kept.

    A page that changed nothing stands in for one that was not kept, but only if it was fetched later: what changed
    nothing before is what an older record was made from.
    """
    own: dict[str, Place] = {}
    later: dict[str, Place] = {}
    for entry, page in stored(folder, lambda line: None):  # whoever reads the pages tells of the flaws
        url, fetched_at = place_of(page)
        place, word = (entry.place, fetched_at), entry.outcome.word if entry.outcome else "failed"
        made_at = records[url][0] if url in records else ""
        if fetched_at == made_at:  # of several, as where no times are known, the last one that was not refused
            own[url] = own.get(url, place) if word == "refused" else place
        elif version is None and word == "unchanged" and made_at and fetched_at and fetched_at > made_at:
            later.setdefault(url, place)
    return {**later, **own}


def _times(records: Mapping[str, Made]) -> dict[str, str | None]:
    """When the page of each record was fetched, by the record's URL and by its id."""
    ids = {msgspec.json.decode(line, type=Key).id: made_at for made_at, line in records.values()}
    return {**ids, **{url: made_at for url, (made_at, _) in records.items()}}


def _is_later(fetched_at: str | None, times: Mapping[str, str | None], name: str) -> bool:
    """Whether a page was fetched after that of the record `name`, or there is none; False where a time is not known."""
    made_at = times.get(name, "")
    return made_at == "" or (made_at is not None and fetched_at is not None and fetched_at > made_at)


def against_config(config: Config, other: Config, told: Say, only: str | None = None) -> Iterator[Pair]:
    """Each stored page by the rules of `other` and of `config`; the same bytes only once. Raises StoreError."""
    seen: set[bytes] = set()
    for entry, page in stored(config.run.folder, told):
        site = entry.outcome.site if entry.outcome else ""
        is_lost = entry.outcome is not None and entry.outcome.word == "failed"  # it ended its parse worker
        if is_lost or only not in (None, site) or not _is_new(page, seen):
            continue
        before, after = (rules_of(each, entry, page) for each in (other, config))
        old = parse(page, before)
        new = old if before == after else parse(page, after)
        if old.is_article or new.is_article:
            yield _pair(site, old.to_dict() if old.is_article else None, new)


def place_of(page: Page) -> tuple[str, str | None]:
    """`url` and `fetched_at` of a record that is made from the page."""
    try:
        url = canonical(page.final_url or page.url)
    except BadUrl:
        url = ""
    return url, stamp(page.fetched_at.replace(microsecond=0)) if page.fetched_at else None


def _is_new(page: Page, seen: set[bytes]) -> bool:
    mark = hashlib.sha256(page.url.encode("utf-8", "surrogatepass") + b"\n" + page.body).digest()[:16]
    known = mark in seen
    seen.add(mark)
    return not known


def _pair(site: str, old: Record | None, article: Article, result: Result | None = None) -> Pair:
    new = article.to_dict() if article.is_article else None
    return Pair(article.url, site or article.site, old, new, article.refusal or "", result if new else None)


def _result(config: Config, outcome: Outcome, page: Page, rules: Rules, article: Article) -> Result:
    return Result(
        Outcome(outcome.url, "stored", site=outcome.site),
        article,
        page.header("etag"),
        page.header("last-modified"),
        wiring.basis_of(rules),
        wiring.partition(config.output.partition, article),
    )


# --- comparing ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Comparison:
    """Site x field: how many values are the same, changed, gained, lost; with examples of what is not the same."""

    compared: int = 0
    counts: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    examples: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    def add(self, pair: Pair) -> None:
        """Count one page."""
        self.compared += 1
        if pair.old is None or pair.new is None:
            there = pair.old or pair.new or {}
            words = f"{there.get('headline')!r}, {pair.refusal or 'no article'}"
            self._count(pair, RECORD, "lost" if pair.old else "gained", words)
            return
        self._count(pair, RECORD, "same", "")
        for name in pair.new:
            if name not in IDENTITY:
                self._compare(pair, name, pair.old.get(name), pair.new[name])

    def _compare(self, pair: Pair, name: str, old: Any, new: Any) -> None:
        if old == new:
            if not _is_empty(old):
                self._count(pair, name, "same", "")
            return
        verdict = "gained" if _is_empty(old) else "lost" if _is_empty(new) else "changed"
        left, right = sides(old, new)
        was, now = (record["sources"].get(name) for record in (pair.old, pair.new) if record)
        self._count(pair, name, verdict, f"{left} [{was or '-'}] -> {right} [{now or '-'}]")

    def _count(self, pair: Pair, name: str, verdict: str, words: str) -> None:
        self.counts.setdefault((pair.site, name), Counter())[verdict] += 1
        kept = self.examples.setdefault((pair.site, name, verdict), [])
        if verdict != "same" and len(kept) < EXAMPLES:
            kept.append(f"{escape(pair.url, 200)}: {words}")

    def rows(self) -> Iterator[tuple[str, str, Counter[str]]]:
        """(site, field, counts), sites by name, fields in the record's order."""
        order = [RECORD, *Article("", "", "", "").to_dict()]
        for site, name in sorted(self.counts, key=lambda key: (key[0], order.index(key[1]))):
            yield site, name, self.counts[site, name]

    def beyond(self, most: Mapping[str, float]) -> list[str]:
        """`lost: category 30/30 on valley` for each site and field where a verdict's share is more than allowed."""
        shares = [
            (verdict, name, counts[verdict], sum(counts[each] for each in VERDICTS if each != "gained"), site)
            for verdict in most
            for site, name, counts in self.rows()
        ]
        return [
            f"{verdict}: {name} {count}/{had} on {escape(site, 60)}"
            for verdict, name, count, had, site in shares
            if count > most[verdict] * had
        ]

    def table(self) -> list[str]:
        """The counts in columns, then the examples."""
        head = ("site", "field", *VERDICTS)
        rows = [head, *((escape(s, 40), n, *(str(c[v]) for v in VERDICTS)) for s, n, c in self.rows())]
        widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
        told = [f"{r[0]:<{widths[0]}}  {r[1]:<{widths[1]}}" + _numbers(r[2:], widths[2:]) for r in rows]
        for (site, name, verdict), kept in sorted(self.examples.items()):
            told += [f"{verdict}: {name} on {escape(site, 60)}: {words}" for words in kept]
        return told


def _numbers(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


# --- accepting ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def accepting(config: Config, written: Counter[str]) -> Iterator[Callable[[Pair], None]]:
    """A call that stores the new side of a pair as a new revision; `written` counts how they ended.

    What differs only outside the content hash makes no revision, and no line. Raises LockedError, StoreError.
    """
    writer = WRITERS[config.output.format, config.output.compress]
    text = config.path.read_bytes() if config.path else b""
    with Store.open(config.run.folder, writer, rotate=config.output.rotate, names=(OUT,)) as store:
        run = store.begin_run(hashlib.sha256(b"reparse" + text).hexdigest(), aside=True)
        batch: list[Result] = []
        met: set[str] = set()  # an article's first page counts, as in a run

        def flush() -> None:
            written.update(outcome.word for outcome in store.commit(run, batch))
            batch.clear()

        def take(pair: Pair) -> None:
            article = pair.result.article if pair.result else None
            if pair.result is None or article is None or article.id in met:
                return
            met.add(article.id)
            if article.content_hash != (pair.old and pair.old["content_hash"]):
                batch.append(pair.result)
            if len(batch) >= BATCH:
                flush()

        yield take
        flush()
        store.finish_run(run)
