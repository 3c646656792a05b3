"""robots.txt and pacing together, since a Crawl-delay feeds pacing and a robots.txt is itself a paced request.

A host is asked one request at a time with a pause between starts, never before the moment that it named in a
Retry-After, and never for what its robots.txt forbids. Times in seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from scraper.errors import FetchError, SkipPage
from scraper.fetch.decode import decode
from scraper.fetch.hops import MAX_PAUSE, Answer, redirect, retry_after
from scraper.fetch.options import Clock, SiteOptions
from scraper.fetch.retry import Retry
from scraper.fetch.robots import MAX_BYTES, Robots, read
from scraper.urls import Origin, origin

ROBOTS_REDIRECTS = 5  # RFC 9309 section 2.3.1.2
ROBOTS_FRESH = 86_400.0  # section 2.4: no longer than a day...
ROBOTS_STALE = 2 * 86_400.0  # ...unless it cannot be had again: then the last good copy for one more
ROBOTS_AGAIN = 300.0  # before an unreachable one is asked for again
ROBOTS_DECODED = 8_000_000  # bytes, for servers that compress although we ask them not to
MAX_CRAWL_DELAY = 60.0  # a site that wants longer pauses is parked and reported
FIRST_PAUSE = 2.0  # after a 429 without Retry-After, doubled with each one
LONGEST_PAUSE = 3600.0
BREAKER = 20  # failures of a host in a row after which it is left alone...
BREAKER_PAUSE = 300.0  # ...for so long after each further one

_HOST_FAILURES = frozenset({"connect", "dns", "no_response", "reset", "timeout"})  # and tls_*
_PLAIN = {"Accept-Encoding": "identity"}  # a compressed body cannot be cut

Exchange = Callable[[str, Mapping[str, str], int | None], Awaitable[Answer]]  # url, headers, bytes to cut the body at


class HostMemory(Protocol):
    """What a host asked for, kept over runs. Seconds since 1970."""

    def get(self, host: str) -> float | None:
        """Not to be asked before then; None if nothing is known."""

    def set(self, host: str, not_before: float) -> None: ...


class RunMemory(dict[str, float]):
    """A HostMemory that ends with the process."""

    def set(self, host: str, not_before: float) -> None:
        self[host] = not_before


@dataclass(slots=True)
class _Lane:
    """One host's queue."""

    gate: asyncio.Semaphore
    not_before: float  # seconds since 1970
    next_start: float = 0.0  # monotonic
    crawl_delay: float = 0.0
    throttled: int = 0  # 429 in a row
    failed: int = 0  # failures of the host in a row
    failed_at: float = 0.0  # the last of them, monotonic


class Pace:
    """Who may ask which host when."""

    def __init__(self, clock: Clock, memory: HostMemory, max_wait: float) -> None:
        self._clock, self._memory, self._max_wait = clock, memory, max_wait
        self._lanes: dict[str, _Lane] = {}

    @asynccontextmanager
    async def turn(self, host: str, site: SiteOptions) -> AsyncIterator[None]:
        """Wait for our turn at the host and hold it. Raises FetchError "host_parked" instead of waiting too long."""
        lane = self._lane(host, site)
        self._refuse_parked(host, lane)
        async with lane.gate:
            await self._wait(host, lane)
            lane.next_start = self._clock.monotonic() + max(site.delay, lane.crawl_delay)
            yield

    def slow_down(self, host: str, crawl_delay: float, site: SiteOptions) -> None:
        """Take a Crawl-delay into account. Raises FetchError "host_parked" for one that is beyond waiting for."""
        if crawl_delay > MAX_CRAWL_DELAY:
            raise FetchError("host_parked", detail=f"Crawl-delay {crawl_delay:g} s")
        lane = self._lane(host, site)
        if crawl_delay > max(lane.crawl_delay, site.delay):  # it also counts from the request for robots.txt
            lane.next_start += crawl_delay - max(lane.crawl_delay, site.delay)
            lane.crawl_delay = crawl_delay

    def answered(self, host: str, answer: Answer) -> float | None:
        """Note what the answer says about the host; the pause that it wants from now, None for none."""
        lane = self._lanes[host]
        if answer.status in (402, 403):  # many in a row: we are not welcome
            self._count_failure(lane)
        else:
            lane.failed = 0
        if answer.status not in (429, 503):
            lane.throttled = 0
            return None
        pause = retry_after(answer.values("retry-after"), self._clock.now())
        if pause is None and answer.status == 429:
            lane.throttled += 1
            pause = min(FIRST_PAUSE * 2.0 ** (lane.throttled - 1), LONGEST_PAUSE)
        if pause:
            lane.not_before = max(lane.not_before, self._clock.now().timestamp() + pause)
            self._memory.set(host, lane.not_before)
        return pause

    def failed(self, host: str, error: FetchError) -> None:
        """Count failures that are the host's own."""
        if error.reason in _HOST_FAILURES or error.reason.startswith("tls_"):
            self._count_failure(self._lanes[host])

    def _count_failure(self, lane: _Lane) -> None:
        lane.failed += 1
        lane.failed_at = self._clock.monotonic()

    def _lane(self, host: str, site: SiteOptions) -> _Lane:
        lane = self._lanes.get(host)
        if lane is None:
            known, now = self._memory.get(host) or 0.0, self._clock.now().timestamp()
            # Beyond what is ever noted: the clock was wrong then, or is now.
            lane = _Lane(asyncio.Semaphore(site.per_host), known if known <= now + MAX_PAUSE else 0.0)
            self._lanes[host] = lane
        return lane

    def _refuse_parked(self, host: str, lane: _Lane) -> float:
        """Seconds until the host may be asked again by its own word; raises FetchError when they are too many."""
        if lane.failed >= BREAKER and self._clock.monotonic() < lane.failed_at + BREAKER_PAUSE:
            raise FetchError("host_parked", detail=f"{host}: {lane.failed} failures in a row")
        pause = lane.not_before - self._clock.now().timestamp() if lane.not_before else 0.0
        if pause > self._max_wait:
            raise FetchError("host_parked", detail=f"{host}: not before {pause:.0f} s", retry_after=pause)
        return pause

    async def _wait(self, host: str, lane: _Lane) -> None:
        while True:  # what we wait for may grow while we wait, by the answer to another request
            pause = max(self._refuse_parked(host, lane), lane.next_start - self._clock.monotonic())
            if pause <= 0:
                return
            await self._clock.sleep(pause)


@dataclass(slots=True)
class _Entry:
    """The robots.txt of one origin: its last good copy, and the load under way or done last."""

    load: asyncio.Task[Robots]
    loaded_at: float = 0.0  # monotonic
    good: Robots | None = None
    good_at: float = 0.0


@dataclass(slots=True)
class Polite:
    """Pages that robots.txt allows, at the host's pace."""

    exchange: Exchange
    pace: Pace
    retry: Retry
    clock: Clock
    token: str  # our product token in robots.txt files
    _entries: dict[Origin, _Entry] = field(default_factory=dict)

    async def check(self, url: str, site: SiteOptions) -> None:
        """Raises SkipPage "robots" for what is forbidden, and FetchError where the rules cannot be had.

        RFC 9309 section 2.3.1: a 4xx allows all; 5xx and 429 ("robots_unreachable") and network faults (their own
        reason, as the page would have met them too) forbid all.
        """
        if not site.robots:
            return
        rules = await self.robots(url, site)
        if not rules.allows(url):
            raise SkipPage("robots", url=url)
        self.pace.slow_down(origin(url).host, rules.crawl_delay, site)

    async def robots(self, url: str, site: SiteOptions) -> Robots:
        """The rules of the URL's origin; one request however many wait. Raises FetchError, never worth a retry."""
        key = origin(url)
        entry = self._entries.get(key)
        if entry is None or self._is_old(entry):
            entry = self._reload(key, entry, site)
        try:
            return await asyncio.shield(entry.load)
        except FetchError as error:
            if entry.good and self.clock.monotonic() - entry.good_at < ROBOTS_STALE:
                return entry.good
            raise FetchError(error.reason, url=url, detail=f"robots.txt: {error.detail}") from None

    async def aclose(self) -> None:
        """Give up the loads under way."""
        loads = [entry.load for entry in self._entries.values() if not entry.load.done()]
        for load in loads:
            load.cancel()
        await asyncio.gather(*loads, return_exceptions=True)

    def _is_old(self, entry: _Entry) -> bool:
        if not entry.load.done():
            return False
        failed = entry.load.cancelled() or entry.load.exception() is not None
        return self.clock.monotonic() - entry.loaded_at > (ROBOTS_AGAIN if failed else ROBOTS_FRESH)

    def _reload(self, key: Origin, old: _Entry | None, site: SiteOptions) -> _Entry:
        entry = _Entry(asyncio.create_task(self._load(key, site)))
        if old:
            entry.good, entry.good_at = old.good, old.good_at
        self._entries[key] = entry
        entry.load.add_done_callback(lambda load: self._loaded(entry, load))
        return entry

    def _loaded(self, entry: _Entry, load: asyncio.Task[Robots]) -> None:
        entry.loaded_at = self.clock.monotonic()
        if not load.cancelled() and load.exception() is None:
            entry.good, entry.good_at = load.result(), entry.loaded_at

    async def _load(self, key: Origin, site: SiteOptions) -> Robots:
        host = f"[{key.host}]" if ":" in key.host else key.host

        async def once(url: str) -> Robots:
            return await self._download(url, site)

        return await self.retry(once, f"{key.scheme}://{host}:{key.port}/robots.txt")

    async def _download(self, url: str, site: SiteOptions) -> Robots:
        for _ in range(ROBOTS_REDIRECTS + 1):
            answer, pause = await self.ask(url, _PLAIN, site, MAX_BYTES * 2)  # twice for UTF-16
            target = redirect(url, answer)
            if target is None:
                return self._verdict(answer, pause)
            url = target
        return read(b"", self.token)  # more than five: as unavailable, which allows all

    def _verdict(self, answer: Answer, pause: float | None) -> Robots:
        if answer.status == 429 or answer.status >= 500:
            raise FetchError("robots_unreachable", detail=f"HTTP {answer.status}", retry=True, retry_after=pause)
        if answer.status != 200:
            return read(b"", self.token)
        return read(decode(answer.body, answer.values("content-encoding"), ROBOTS_DECODED).body, self.token)

    async def ask(
        self, url: str, headers: Mapping[str, str], site: SiteOptions, cut: int | None
    ) -> tuple[Answer, float | None]:
        """One request in its turn: the answer, its body cut at `cut` bytes, and the seconds that the host wants."""
        host = origin(url).host
        async with self.pace.turn(host, site):
            try:
                answer = await self.exchange(url, headers, cut)
            except FetchError as error:
                self.pace.failed(host, error)
                raise
            return answer, self.pace.answered(host, answer)
