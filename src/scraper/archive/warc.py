"""WARC files as pages; see `warcwrite` for how pages become WARC records."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from scraper.archive import message, warcwrite
from scraper.archive.entry import FORMAT, Decode, Entry, Flaw, Refused, moment, ours, outcome_of
from scraper.archive.message import Message
from scraper.archive.scrub import NO_SECRETS, Secrets
from scraper.archive.warcread import Bad, Record, digest, matches, records
from scraper.errors import FetchError, StoreError
from scraper.model import Outcome, Page

CAP = 64 << 20  # bytes of one record's block
SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz")
_NAMES = 150_000  # three of each response that a revisit record may name: the latest ones


def is_named(name: str) -> bool:
    """Whether a file is called as WARC files are."""
    return name.lower().endswith(SUFFIXES)


def read(source: Path | BinaryIO, decode: Decode, *, cap: int = CAP) -> Iterator[Entry]:
    """Every page of a WARC file, in order, and every flaw at its place; memory stays within a few times `cap` bytes.

    Pages are what HTTP responses (of any status: the caller knows what it wants) and resource records of http(s) URLs
    hold, and what `revisit` records repeat, if the file can be sought in and has the original in a member of its own
    among the last 50,000. A page whose digest is wrong is a flaw, never a page. Raises StoreError where the file
    cannot be read.
    """
    name = str(source) if isinstance(source, Path) else str(getattr(source, "name", "-"))
    try:
        with source.open("rb") if isinstance(source, Path) else contextlib.nullcontext(source) as raw:
            yield from _Reader(name, raw, decode, cap)
    except OSError as error:
        raise StoreError(f"{name}: cannot be read: {error.strerror or error}") from error


def to_warc(
    entries: Iterable[Entry], out: BinaryIO, *, secrets: Secrets = NO_SECRETS, user_agent: str = ""
) -> list[Entry]:
    """Writes the pages as WARC records; gives back the entries that are flaws. Raises ValueError, OSError."""
    flaws = []
    for entry in entries:
        if entry.page:
            out.write(warcwrite.records(entry.page, entry.outcome, secrets=secrets, user_agent=user_agent))
        else:
            flaws.append(entry)
    return flaws


class _Reader:
    def __init__(self, name: str, raw: BinaryIO, decode: Decode, cap: int) -> None:
        self._name, self._raw, self._decode, self._cap = name, raw, decode, cap
        self._start = raw.tell() if raw.seekable() else 0
        self._originals: dict[int, int] = {}  # hash of a name of a response -> its offset

    def __iter__(self) -> Iterator[Entry]:
        """A page waits for the record after it, which may tell its outcome."""
        held: Entry | None = None
        identity = ""
        for record in records(self._raw, self._cap, self._start):
            told = _told(record, identity) if held else None
            if held:
                yield replace(held, outcome=told[0], run=told[1]) if told else held
            held = None if told else self._entry(record)
            identity = record.fields.get("warc-record-id", "") if isinstance(record, Record) else ""
        if held:
            yield held

    def _entry(self, record: Record | Bad) -> Entry | None:
        """None for a record that is neither page nor flaw."""
        place = f"{self._name}:{record.offset}"
        if isinstance(record, Bad):
            return Entry(place, flaw=record.flaw)
        try:
            page = self._page(record)
        except Refused as refused:
            return Entry(place, flaw=refused.flaw)
        except FetchError as error:
            return Entry(place, flaw=Flaw(error.reason, error.detail))
        return Entry(place, page) if page else None

    def _page(self, record: Record) -> Page | None:
        extra = _extra(record)
        if record.type not in ("response", "resource", "revisit"):
            return None
        if not record.target:
            raise Refused("bad_url", "the record has no WARC-Target-URI")  # mandatory by WARC 1.1 section 5.14
        if not (extra or _is_web(record)):
            return None
        _check(record)
        if record.type == "resource":
            return _resource(record)
        if record.type == "revisit":
            return self._revisit(record)
        page = self._response(record, extra)
        if record.is_alone:
            self._remember(record)
        return page

    def _response(self, record: Record, extra: Mapping[str, Any]) -> Page:
        answer, raw = message.parse(record.block)
        message.check_length(answer, raw)
        label = record.fields.get("warc-payload-digest", "")
        if extra:
            _check_payload(label, (raw,))
            return _restored(record, extra, answer, self._decode)
        body = self._decode(answer.body, answer.values("content-encoding"))
        _check_payload(label, (raw, answer.body, body))  # crawlers differ in what they call the payload
        wire = None if body == answer.body else answer.body
        return Page(record.target, record.target, answer.status, answer.headers, body, _date(record), wire)

    def _revisit(self, record: Record) -> Page:
        """The original's body under the revisit's own URL, time and, if it keeps them, headers (WARC 1.1 section 6.7).

        A revisit by "not modified" keeps the headers of the 304 answer: those of the original stand.
        """
        page = self._original(record)
        page = replace(page, url=record.target, final_url=record.target, fetched_at=_date(record))
        if not record.block or record.fields.get("warc-profile", "").rstrip("/").endswith("server-not-modified"):
            return page
        answer, _ = message.parse(record.block)
        return replace(page, status=answer.status, headers=answer.headers)

    def _original(self, record: Record) -> Page:
        names = _names(record, "warc-refers-to", "warc-refers-to-target-uri", "warc-refers-to-date")
        offset = next((self._originals[hash(name)] for name in names if hash(name) in self._originals), None)
        if offset is None:
            raise Refused("revisit", f"of {names[0][1] if names else 'nothing named'}, which is not at hand")
        back = self._raw.tell()
        self._raw.seek(offset)
        original = next(records(self._raw, self._cap, offset), None)
        self._raw.seek(back)
        if not isinstance(original, Record) or not set(_own_names(original)) & set(names):
            raise Refused("revisit", "the original cannot be read again")
        labels = {_field(each, "warc-payload-digest") for each in (original, record)} - {""}
        if len(labels) > 1:
            raise Refused("revisit", "the original has another digest")
        return self._response(original, _extra(original))

    def _remember(self, record: Record) -> None:
        if not self._raw.seekable():
            return
        for name in _own_names(record):
            self._originals[hash(name)] = record.offset
        while len(self._originals) > _NAMES:
            del self._originals[next(iter(self._originals))]


def _is_web(record: Record) -> bool:
    kind = record.fields.get("content-type", "application/http").lower()
    is_http = record.type == "resource" or kind.startswith("application/http")
    return is_http and record.target.lower().startswith(("http://", "https://"))


def _check(record: Record) -> None:
    """Raises Refused for a record that is not the whole of what was archived."""
    if "warc-segment-number" in record.fields:
        raise Refused("segmented", "its other parts are elsewhere")
    if "warc-truncated" in record.fields:
        raise Refused("truncated", f"by the crawler: {record.fields['warc-truncated'][:40]}")
    if matches(record.fields.get("warc-block-digest", ""), record.block) is False:
        raise Refused("bad_digest", "of the block")


def _check_payload(label: str, forms: tuple[bytes, ...]) -> None:
    verdicts = [matches(label, form) for form in forms]
    if False in verdicts and True not in verdicts:
        raise Refused("bad_digest", "of the payload")


def _resource(record: Record) -> Page:
    """What was archived without an HTTP answer is taken as one that says what the record says."""
    _check_payload(record.fields.get("warc-payload-digest", ""), (record.block,))
    kind = record.fields.get("content-type")
    headers = (("Content-Type", kind),) if kind else ()
    return Page(record.target, record.target, 200, headers, record.block, _date(record))


def _date(record: Record) -> datetime | None:
    try:
        return moment(record.fields.get("warc-date", ""))
    except ValueError:
        return None


def _own_names(record: Record) -> list[tuple[str, ...]]:
    return _names(record, "warc-record-id", "warc-target-uri", "warc-date")


def _names(record: Record, identity: str, target: str, date: str) -> list[tuple[str, ...]]:
    """What a response may be called by, the surest first."""
    fields = [(identity,), (target, date), ("warc-payload-digest",)]
    named = [tuple(_field(record, field) for field in group) for group in fields]
    return [(str(number), *values) for number, values in enumerate(named) if all(values)]


def _field(record: Record, name: str) -> str:
    """A field that two records are compared by; empty where it is not there."""
    value = record.fields.get(name, "").strip("<>")
    return digest(value) if name.endswith("-digest") else value


# --- what our own records say besides --------------------------------------------------------------------------------


def _extra(record: Record) -> dict[str, Any]:
    """What `warcwrite` adds to a response; empty for another program's record. Raises Refused for a newer version."""
    text = record.fields.get("warc-json-metadata", "")
    return ours(text) if record.type == "response" and FORMAT in text else {}


def _restored(record: Record, extra: Mapping[str, Any], answer: Message, decode: Decode) -> Page:
    """The page as it was given to `warcwrite.records`, without its secrets."""
    try:
        final_url = str(extra.get("final_url", record.target))
        headers = list(answer.headers)
        for index, (name, value) in extra.get("headers", {}).items():
            headers[int(index)] = (str(name), str(value))
    except (ValueError, TypeError, IndexError, AttributeError) as error:
        raise Refused("bad_json", str(error)[:80]) from None
    values = [value for name, value in headers if name.lower() == "content-encoding"]
    body = decode(answer.body, values) if extra.get("coded") else answer.body
    return Page(
        str(extra.get("url", final_url)),
        final_url,
        answer.status,
        tuple(headers),
        body,
        _date(record) if "fetched_at" not in extra else None,
        answer.body if extra.get("coded") else None,
    )


def _told(record: Record | Bad, identity: str) -> tuple[Outcome, str] | None:
    """The outcome and run that a metadata record tells of the response `identity`, None if it is another record."""
    if not isinstance(record, Record) or record.type != "metadata" or not identity:
        return None
    if record.fields.get("warc-concurrent-to") != identity or FORMAT.encode() not in record.block[:200]:
        return None
    try:
        _check(record)
        told = ours(record.block)
        return outcome_of(told.get("outcome")), str(told.get("run", ""))
    except Refused:
        return None
