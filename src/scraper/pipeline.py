"""The one way through: discover -> fetch -> parse -> commit. Its parts are handed in; every URL ends in one outcome."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from scraper.discover.start import Lead
from scraper.errors import FetchError, ParseFailed, ScraperError, SkipPage, unforeseen
from scraper.model import Article, Fetch, Outcome, Page, Rules
from scraper.store import Append, Result
from scraper.urls import BadUrl, canonical, host_of
from scraper.workers import Parse

BATCH = 128  # results in one transaction at most
BATCH_SECONDS = 0.05  # a result waits no longer than this for others to share its transaction
BATCH_BYTES = 16 << 20  # of kept pages in one transaction, and one page more at most
GRACE = 5.0  # seconds that requests under way have after a stop: who asks for it kills after ten
QUEUED = 128  # results that may wait for the writer, each with its page, before fetching pauses

Kept = tuple[Append, Callable[[Outcome], Append]]  # a page's bytes, and those that tell its outcome once it is known
Keep = Callable[[Page], Awaitable[Kept]]


@dataclass(frozen=True, slots=True)
class Site:
    """What the way through needs of one site."""

    name: str
    leads: Callable[[], AsyncIterator[Lead]]  # what its start addresses lead to
    fetch: Fetch
    rules: Rules
    unwanted: Callable[[str], str | None]  # why a URL is out of scope, None when it is wanted
    per_host: int = 1
    limit: int | None = None  # URLs taken up in one run at most
    basis: str = ""  # what its records depend on besides the pages
    partition: Callable[[Article], str] = lambda article: ""  # the folder of a record below the output's


@dataclass(frozen=True, slots=True)
class Event:
    """Told while a run goes on: one more URL `discovered`, an `outcome` on disk, or a `note` in words."""

    discovered: str | None = None
    outcome: Outcome | None = None
    article: Article | None = None  # with an outcome that added a line
    note: str | None = None


Progress = Callable[[Event], None]
Commit = Callable[[Sequence[Result]], Sequence[Outcome]]


@dataclass(slots=True)
class Run:
    """One run's parts, and what it keeps in memory: the URLs seen and a lane for each host."""

    parse: Parse
    commit: Commit
    done: Callable[[str], bool]  # whether a URL has its outcome from an earlier, interrupted part of this run
    tell: Progress
    stop: asyncio.Event
    gone: Callable[[str], bool] = lambda url: False  # whether it was gone for good in an earlier run
    keep: Keep | None = None  # makes bytes of a fetched page, to be stored with its result
    saved: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))  # saved pages under way at once
    limit: int | None = None  # URLs taken up at most; None for no limit
    pending: int = 0  # URLs discovered whose outcome is not on disk yet; 0 at the end of a whole run
    _seen: set[str] = field(default_factory=set)
    _taken: int = 0
    _left: dict[str, tuple[Site, SkipPage]] = field(default_factory=dict)  # URLs that a site leads to and does not want
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)  # what a stop may break off
    _lanes: dict[str, list[asyncio.Queue[tuple[Site, str] | None]]] = field(default_factory=dict)
    _results: asyncio.Queue[Result | None] = field(default_factory=lambda: asyncio.Queue(QUEUED))

    async def go(self, sites: Sequence[Site]) -> None:
        """Crawl all sites to their end, or until `stop` is set. Raises what `commit` raises."""
        fault = None
        with ThreadPoolExecutor(1, "commit") as disk:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._write(disk))
                    break_off = group.create_task(self._break_off())
                    await self._crawl(sites)
                    break_off.cancel()
                    await self._results.put(None)
            except* Exception as failures:
                fault = _first(failures)  # raised in here, it would come out in a group of its own (Python 3.11.2)
        if fault:
            raise fault

    async def _crawl(self, sites: Sequence[Site]) -> None:
        async with asyncio.TaskGroup() as lanes:
            async with asyncio.TaskGroup() as finders:
                for site in sites:
                    self._note(finders.create_task(self._find(site, lanes)))
            await self._leave()
            for queues in self._lanes.values():
                for queue in queues:
                    queue.put_nowait(None)

    async def _find(self, site: Site, lanes: asyncio.TaskGroup) -> None:
        """Take up each new address that the site's starts lead to."""
        taken = copies = 0
        async for lead in site.leads():
            if self._full() or taken == site.limit:
                break
            url, problem = _address(lead)
            if url in self._seen:
                copies += lead.page is not None
                continue
            if skip := _unwanted(site, url, problem):
                self._left.setdefault(url, (site, skip))
                continue
            taken += 1
            self._taken += 1
            if not self._is_new(url):
                continue
            if problem:
                await self._results.put(Result(failure(url, site.name, problem)))
            elif lead.page:
                await self._take(site, url, lead.page, lanes)
            else:
                self._lane(host_of(url), site, lanes).put_nowait((site, url))
        if copies:
            self.tell(Event(note=f"{site.name}: {copies} more saved pages of the same addresses were left out"))

    def _is_new(self, url: str) -> bool:
        """Note a URL, and whether it has no outcome from an earlier part of this run."""
        self._seen.add(url)
        self.tell(Event(discovered=url))
        is_new = not self.done(url)
        self.pending += is_new
        return is_new

    async def _leave(self) -> None:
        """The end of what no site wanted: until all starts are read, another one may want what the first does not."""
        for url, (site, skip) in self._left.items():
            if self.stop.is_set():  # then not all starts are read
                return
            if url not in self._seen and self._is_new(url):
                await self._results.put(Result(failure(url, site.name, skip)))

    async def _take(self, site: Site, url: str, page: Page, lanes: asyncio.TaskGroup) -> None:
        """A saved page needs no lane; the place that it waits for keeps memory within bounds."""
        await self.saved.acquire()

        async def work() -> None:
            try:
                await self._results.put(await self._read(site, url, page))
            finally:
                self.saved.release()

        self._note(lanes.create_task(work()))

    def _note(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _break_off(self) -> None:
        """After a stop: what waits for its turn, or for an answer, stays pending unless it ends within GRACE."""
        await self.stop.wait()
        await asyncio.sleep(GRACE)
        for task in [*self._tasks]:
            task.cancel()

    def _full(self) -> bool:
        return self.stop.is_set() or (self.limit is not None and self._taken >= self.limit)

    def _lane(self, host: str, site: Site, lanes: asyncio.TaskGroup) -> asyncio.Queue[tuple[Site, str] | None]:
        """The host's shortest queue. A slow host holds up its own lane and no other."""
        queues = self._lanes.get(host)
        if queues is None:
            queues = self._lanes[host] = [asyncio.Queue() for _ in range(site.per_host)]
            for queue in queues:
                self._note(lanes.create_task(self._drain(queue)))
        return min(queues, key=lambda q: q.qsize())

    async def _drain(self, queue: asyncio.Queue[tuple[Site, str] | None]) -> None:
        while (job := await queue.get()) is not None and not self.stop.is_set():
            await self._results.put(await self._work(*job))

    async def _work(self, site: Site, url: str) -> Result:
        """Fetch and parse one URL; whatever happens becomes its result."""
        if self.gone(url):
            return Result(Outcome(url, "failed", "gone", site.name, "HTTP 410 in an earlier run, not asked again"))
        try:
            page = await site.fetch(url)
        except FetchError as error:
            return Result(failure(url, site.name, error))
        except ScraperError:
            raise
        except Exception as error:
            return Result(failure(url, site.name, unforeseen(error, url)))
        if page.status == 304:
            outcome = Outcome(url, "unchanged", site=site.name)
            return Result(outcome, None, page.header("etag"), page.header("last-modified"))
        return await self._read(site, url, page)

    async def _read(self, site: Site, url: str, page: Page) -> Result:
        """Parse one page, and keep it."""
        try:
            found = result(url, site, page, await self.parse(page, site.rules))
        except ParseFailed as error:
            found = Result(Outcome(url, "failed", error.reason, site.name, error.detail))
        except Exception as error:
            found = Result(failure(url, site.name, unforeseen(error, url)))
        if self.keep is None:
            return found
        records, told = await self.keep(page)
        return replace(found, also=(records,), told=told)

    async def _write(self, disk: ThreadPoolExecutor) -> None:
        """Commit results in batches as they come; only what is on disk is told."""
        loop = asyncio.get_running_loop()
        more = True
        while more:
            batch = await self._batch()
            more = batch[-1] is not None
            results = [r for r in batch if r is not None]
            if results:
                self._tell_all(results, await loop.run_in_executor(disk, self.commit, results))

    def _tell_all(self, results: list[Result], outcomes: Sequence[Outcome]) -> None:
        self.pending -= len(results)
        articles = {r.outcome.url: r.article for r in results}
        for outcome in outcomes:
            added = outcome.word in ("stored", "updated")
            self.tell(Event(outcome=outcome, article=articles[outcome.url] if added else None))

    async def _batch(self) -> list[Result | None]:
        """At least one result, then what comes within BATCH_SECONDS; the last is None at the end."""
        batch = [await self._results.get()]
        size = _size(batch[0])
        try:
            async with asyncio.timeout(BATCH_SECONDS):
                while batch[-1] is not None and len(batch) < BATCH and size < BATCH_BYTES:
                    batch.append(await self._results.get())
                    size += _size(batch[-1])
        except TimeoutError:
            pass
        return batch


def _size(result: Result | None) -> int:
    return sum(len(each.data) for each in result.also) if result else 0


def _address(lead: Lead) -> tuple[str, FetchError | None]:
    """The lead's URL in its one form, where it has one, and what is wrong with it."""
    try:
        return canonical(lead.url), lead.problem
    except BadUrl as error:
        return lead.url, lead.problem or FetchError(error.reason, url=lead.url, detail=error.detail)


def _unwanted(site: Site, url: str, problem: FetchError | None) -> SkipPage | None:
    """Why the site does not want an address that it led to; None for one that it does, or that is faulty."""
    if problem:
        return problem if isinstance(problem, SkipPage) else None
    reason = site.unwanted(url)
    return SkipPage(reason) if reason else None


def result(url: str, site: Site, page: Page, article: Article) -> Result:
    """What to store of a parsed page: a record, or why it is none."""
    if not article.is_article:
        return Result(Outcome(url, "refused", article.refusal or "not_article", site.name))
    return Result(
        Outcome(url, "stored", site=site.name),
        article,
        page.header("etag"),
        page.header("last-modified"),
        site.basis,
        site.partition(article),
    )


def failure(url: str, site: str, error: FetchError) -> Outcome:
    """How a URL ends that could not be had, or was left alone by rule."""
    return Outcome(url, "skipped" if isinstance(error, SkipPage) else "failed", error.reason, site, error.detail)


def _first(group: BaseExceptionGroup[Exception]) -> Exception:
    """The first real error inside nested groups."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
