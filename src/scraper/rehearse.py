"""Saved pages whose page.json says how the server behaved: fetched again by the real client, from their records.

"tries" is a list, one entry a request for the page's address, in order, then the last one again. Redirects, refusals,
retries and the pauses between them are those of a live fetch, but no time passes and no socket is opened.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scraper.archive import folder
from scraper.config import Config
from scraper.configvalues import nearest
from scraper.errors import FetchError, StoreError
from scraper.fetch import Clock, FetchOptions, open_client
from scraper.fetch.rehearsal import Recorded, Rehearsal, Try
from scraper.model import Page
from scraper.urls import BadUrl, normalise
from scraper.wiring import site_options

Keep = Callable[[Path], Page]  # the page saved in a folder; raises StoreError

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch  # RFC 9110 section 5.1
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*").fullmatch


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of a rehearsed fetch."""

    found: Page | FetchError
    requests: int  # those for a robots.txt not counted


# --- the entries ------------------------------------------------------------------------------------------------------


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and _is_number(value)


def _are_headers(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(text, str) and _NAME(name) and _VALUE(text) for name, text in value.items()
    )


# Key -> what its value must be, by rule and in words.
_KEYS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "wait": (_is_number, "seconds, 0 or more"),
    "rate": (lambda value: _is_number(value) and value > 0, "bytes a second, more than 0"),
    "cut": (_is_whole, "a number of bytes, 0 or more"),
    "reset": (lambda value: isinstance(value, bool), "true or false"),
    "status": (lambda value: _is_whole(value) and 200 <= value <= 999, "a status from 200 to 999"),
    "headers": (_are_headers, '{"Name": "value", ...}'),
}


def tries(file: Path) -> tuple[Try, ...]:
    """The entries of a page.json; one clean reply where it has none. Raises StoreError."""
    try:
        written = json.loads(file.read_bytes()).get("tries", [{}])
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise StoreError(f"{file}: cannot be read: {error}") from error
    if not isinstance(written, list) or not written:
        raise StoreError(f'{file}: tries: expected a list of entries, such as [{{"wait": 2}}, {{}}]')
    return tuple(_try(entry, f"{file}: tries: entry {number}") for number, entry in enumerate(written, 1))


def _try(entry: object, place: str) -> Try:
    if not isinstance(entry, dict):
        raise StoreError(f"{place}: expected an object; {{}} is a clean reply")
    for key, value in entry.items():
        if key not in _KEYS:
            raise StoreError(f'{place}: unknown key "{key}", {nearest(key, list(_KEYS))}')
        fits, words = _KEYS[key]
        if not fits(value):
            raise StoreError(f"{place}: {key}: expected {words}, not {json.dumps(value)[:80]}")
    if "headers" in entry and "status" not in entry:
        raise StoreError(f"{place}: headers: they go with a status; the page's own are in page.json")
    return Try(**entry)


# --- the fetch --------------------------------------------------------------------------------------------------------


def rehearse(page: Page, home: Path, keep: Keep, config: Config | None) -> Ending:
    """Fetches the page saved in `home` from its record, by the limits and policy of `config`. Raises StoreError.

    Where a redirect leads elsewhere, the page saved for that address beside `home` is found by its folder's name.
    """
    try:
        records = _Records(home.parent, keep)
        records.add(page, tries(home / folder.META))
        options = site_options(config or Config(), config.site_of(page.final_url) if config else None)
    except BadUrl as error:
        raise StoreError(f"{home / folder.META}: an address that cannot be fetched: {error}") from error

    async def fetch() -> Ending:
        clock = _reckoned(page.fetched_at or datetime(2000, 1, 1, tzinfo=UTC))
        stage = Rehearsal(records.get, clock)
        async with open_client(_fetch_options(config), clock=clock, transport=stage) as client:
            try:
                found: Page | FetchError = await client.fetch(options)(page.url)
            except FetchError as error:
                found = error
        if isinstance(found, Page):
            found = replace(found, fetched_at=page.fetched_at)
        return Ending(found, stage.requests)

    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(fetch())


class _Records:
    """What is recorded, by address as it is asked for."""

    def __init__(self, root: Path, keep: Keep) -> None:
        self._root, self._keep = root, keep
        self._known: dict[str, Recorded] = {}

    def add(self, page: Page, entries: tuple[Try, ...]) -> None:
        """The page where it was found; its other address, if it has one, sends on there. Raises BadUrl."""
        start, place = normalise(page.url), normalise(page.final_url)
        self._known[start] = Recorded(Page(start, start, 302, (("Location", place),), b"", None))
        self._known[place] = Recorded(page, entries)

    def get(self, url: str) -> Recorded | None:
        """Raises StoreError for a saved page that cannot be read."""
        home = self._root / folder.name_of(url)
        if url not in self._known and (home / folder.META).is_file():
            self.add(self._keep(home), tries(home / folder.META))
        return self._known.get(url)


def _fetch_options(config: Config | None) -> FetchOptions:
    if config is None:
        return FetchOptions()
    return FetchOptions(
        user_agent=config.run.user_agent,  # a robots.txt may have rules for it
        contact=config.run.contact,
        timeout=config.fetch.timeout,
        retries=config.fetch.retries,
        max_body=config.fetch.max_body,
    )


def _reckoned(start: datetime) -> Clock:
    """A clock that stands still, but for what sleeps by it."""
    passed = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    return Clock(now=lambda: start + timedelta(seconds=passed), monotonic=lambda: passed, sleep=sleep)


class _Loop(asyncio.BaseEventLoop):
    """An event loop for what never waits: without the pair of sockets by which others are woken."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = self

    def select(self, timeout: float | None) -> Sequence[object]:
        if timeout is None or timeout > 0:
            raise RuntimeError("a rehearsal waits for something that nobody does")
        return ()

    def _process_events(self, events: Sequence[object]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody sleeps."""
