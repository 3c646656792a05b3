"""Config -> parts: the only file that names every concrete part."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import queue
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scraper import pages
from scraper.archive.scrub import Secrets
from scraper.config import Config, Site
from scraper.discover.start import Lead, walk
from scraper.errors import FetchError, ParseFailed
from scraper.fetch import FetchClient, FetchOptions, SiteOptions, open_client
from scraper.model import Article, Fetch, Outcome, Page, Rules
from scraper.parse.article import version
from scraper.pipeline import Event, Progress, Run, failure, result
from scraper.pipeline import Site as Lane
from scraper.store import Store
from scraper.store.places import OUT, PAGES
from scraper.urls import BadUrl, origin
from scraper.workers import Readers, in_loop, readers
from scraper.write import WRITERS

_ENOUGH = 3  # articles that show whether a rule finds anything
STOP_POLL = 0.1  # seconds between two looks at the caller's stop event


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to. `discovered` is the sum of `balance` and, after an interruption, what is left."""

    discovered: int
    balance: Mapping[str, int]
    reasons: Sequence[tuple[str, str, str | None, int]]  # site, word, reason, count
    problems: list[str]  # what went wrong apart from single pages
    new_lines: int
    interrupted: bool


@dataclass(slots=True)
class _Seen:
    """What a run tells, kept for its result and passed on."""

    onward: Progress
    lines: int = 0
    problems: list[str] = field(default_factory=list)
    found: Counter[tuple[str, str]] = field(default_factory=Counter)  # articles by site and by what its rules found

    def __call__(self, event: Event) -> None:
        self.lines += bool(event.outcome and event.outcome.word in ("stored", "updated"))
        if event.article:
            ruled = [name for name, source in event.article.sources.items() if source == "site"]
            self.found.update((event.article.site, name) for name in ["", *ruled])
        if event.note:
            self.problems.append(event.note)
        self.onward(event)


# --- the main job ---------------------------------------------------------------------------------------------------


def run(
    config: Config,
    *,
    only: str | None = None,
    limit: int | None = None,
    progress: Progress = lambda event: None,
    stop: threading.Event | None = None,
) -> RunResult:
    """The main job, to its end or until `stop` is set. Must not be called where an event loop runs: see `scrape`.

    Raises LockedError, StoreError.
    """
    tell = _Seen(progress)
    writer = WRITERS[config.output.format, config.output.compress]
    names = (OUT, PAGES) if config.output.pages else (OUT,)
    with Store.open(config.run.folder, writer, rotate=config.output.rotate, names=names) as store:
        known = store.begin_run(_identity(config, only, limit))
        keeper = pages.Keeper(known.id, pages.secrets_of(config), _fetch_options(config).agent)
        job = Run(
            parse=_no_parse,
            commit=lambda results: store.commit(known, keeper.headed(results)),
            done=store.done(known).__contains__,
            gone=lambda url: store.is_gone(known, url),
            tell=tell,
            stop=asyncio.Event(),
            keep=keeper.keep if config.output.pages else None,
            saved=asyncio.Semaphore(max(1, config.run.workers)),
            limit=limit,
        )
        asyncio.run(_crawl(config, only, store, job, stop or threading.Event()))
        interrupted = job.stop.is_set()
        for remark in _idle_rules(config, tell.found):
            tell(Event(note=remark))
        if not interrupted:
            store.finish_run(known)
        balance = {str(word): count for word, count in store.balance(known).items()}
        reasons = [(*key, count) for key, count in store.reasons(known).items()]
    return RunResult(sum(balance.values()) + job.pending, balance, reasons, tell.problems, tell.lines, interrupted)


def _idle_rules(config: Config, found: Counter[tuple[str, str]]) -> Iterator[str]:
    """The rules that found nothing on any of the articles that were stored: the site has changed, or they are wrong."""
    for name, site in config.sites.items():
        count = found[name, ""]
        for rule in site.fields if count >= _ENOUGH else ():
            if not found[name, rule]:
                yield f"{name}: the rule for {rule} found nothing on {count} pages; scraper why shows what is there"


async def _no_parse(page: Page, rules: Rules) -> Article:
    raise ParseFailed("no_parser")


async def _crawl(config: Config, only: str | None, store: Store, job: Run, stop: threading.Event) -> None:
    async with (
        open_client(_fetch_options(config), memory=store.hosts) as client,
        readers(config.run.workers) as read,
    ):
        job.parse = read.parse
        watch = asyncio.create_task(_watch(stop, job.stop))
        try:
            chosen = [site for site in config.sites.values() if only in (None, site.name)]
            hidden = pages.secrets_of(config)
            await job.go([_lane(config, site, client, read, hidden, store, job) for site in chosen])
        finally:
            watch.cancel()


async def _watch(stop: threading.Event, stopped: asyncio.Event) -> None:
    """Hands the caller's wish to stop into the loop; a signal handler may not touch the loop itself."""
    while not stop.is_set():  # noqa: ASYNC110 - it is set from a signal handler or another thread
        await asyncio.sleep(STOP_POLL)
    stopped.set()


def _lane(
    config: Config, site: Site, client: FetchClient, read: Readers, hidden: Secrets, store: Store, job: Run
) -> Lane:
    """One site's parts."""
    options = site_options(config, site)
    rules = site.rules()
    basis = basis_of(rules)
    asked = client.fetch(options, validators=lambda url: store.validators(url, basis), unwanted=site.excludes)
    fetch = pages.discreet(asked, hidden)
    look = pages.discreet(client.fetch(options, any_type=True), hidden)

    async def leads() -> AsyncIterator[Lead]:
        for start in site.start:
            if isinstance(start, Path):
                waiting = pages.leads(start)
                while lead := await asyncio.to_thread(next, waiting, None):
                    yield lead
            else:
                async for found in walk(start, look, read.links, _noted(job), site.includes):
                    yield found

    return Lane(
        site.name,
        leads,
        fetch,
        rules,
        site.unwanted,
        options.per_host,
        site.limit,
        basis,
        lambda article: partition(config.output.partition, article),
    )


def _noted(job: Run) -> Callable[[str], None]:
    return lambda note: job.tell(Event(note=note))


def basis_of(rules: Rules) -> str:
    """What records depend on besides their pages: the parser's version and the site's rules."""
    return f"{version()} {hashlib.sha256(repr(rules).encode()).hexdigest()[:16]}"


def partition(keys: Iterable[str], article: Article) -> str:
    """The folder of a record below the output's, "site=valley/date=2026-01-31"; empty for none."""
    values = {"site": article.site, "date": article.date or "none"}
    return "/".join(f"{key}={values[key]}" for key in keys)


def _identity(config: Config, only: str | None, limit: int | None) -> str:
    """What an interrupted run must have in common with the one that goes on with it."""
    text = config.path.read_bytes() if config.path else repr(config).encode()
    return hashlib.sha256(text + repr((only, limit)).encode()).hexdigest()


def _fetch_options(config: Config) -> FetchOptions:
    return FetchOptions(
        user_agent=config.run.user_agent,
        contact=config.run.contact,
        concurrency=config.run.concurrency,
        timeout=config.fetch.timeout,
        retries=config.fetch.retries,
        max_body=config.fetch.max_body,
        proxy=config.fetch.proxy,
        allow_networks=config.fetch.allow_networks,
    )


def site_options(config: Config, site: Site | None) -> SiteOptions:
    """How a site is asked: its own keys, else those of [fetch]."""
    own = site or Site("", ())
    starts = [start for start in own.start if isinstance(start, str)]
    delay = config.fetch.delay if own.delay is None else own.delay
    per_host = own.per_host or config.fetch.per_host

    def elsewhere(url: str) -> SiteOptions:
        """Another site of the configuration has its own options; strangers are asked no faster than this one."""
        if other := config.site_of(url):
            return site_options(config, other)
        of_all = site_options(config, None)
        return dataclasses.replace(of_all, delay=max(delay, of_all.delay), per_host=min(per_host, of_all.per_host))

    return SiteOptions(
        delay=delay,
        per_host=per_host,
        robots=config.fetch.robots if own.robots is None else own.robots,
        headers=own.headers,
        origins=frozenset(origin(start) for start in starts),
        elsewhere=elsewhere if site else None,
    )


# --- from Python ----------------------------------------------------------------------------------------------------


def scrape(config: Config, *, only: str | None = None, limit: int | None = None) -> Iterator[Article]:
    """The main job as an iterator over what it stores. Runs in a thread of its own, so a running loop does not matter.

    Leaving the iteration early stops the run; what was given out is on disk. Raises what `run` raises.
    """
    articles: queue.SimpleQueue[Article | BaseException | None] = queue.SimpleQueue()
    stop = threading.Event()

    def tell(event: Event) -> None:
        if event.article:
            articles.put(event.article)

    def work() -> None:
        try:
            run(config, only=only, limit=limit, progress=tell, stop=stop)
            articles.put(None)
        except BaseException as error:
            articles.put(error)

    thread = threading.Thread(target=work, name="scrape")
    thread.start()
    try:
        while (item := articles.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()


# --- single pages ---------------------------------------------------------------------------------------------------


def saved(paths: list[str], url: str | None) -> Iterator[tuple[str, Page | FetchError]]:
    """(place, page or why there is none) of saved files, folders, WARC files and standard input ("-").

    A SkipPage is an answer that holds no page. Opens no socket. Raises StoreError.
    """
    for path in paths:
        for entry in pages.entries(path, url):
            yield entry.place, pages.usable(entry)


def get(urls: list[str], config: Config | None = None) -> Iterator[tuple[str, Article | None, Outcome]]:
    """Each URL fetched politely and parsed, in order: (url, article or None, how it ended). Nothing is kept."""
    config = config or Config()
    with in_loop(open_client(_fetch_options(config))) as (runner, client):

        async def one(url: str) -> tuple[str, Article | None, Outcome]:
            site = config.site_of(url)
            rules = site.rules() if site else Rules()
            lane = Lane(site.name if site else "", _no_leads, _fetch(config, client, url), rules, lambda url: None)
            async with readers(config.run.workers) as read:
                try:
                    page = await lane.fetch(url)
                    article = await read.parse(page, rules)
                except FetchError as error:
                    return url, None, failure(url, lane.name, error)
                except ParseFailed as error:
                    return url, None, Outcome(url, "failed", error.reason, lane.name, error.detail)
            ended = result(url, lane, page, article)
            return url, ended.article, ended.outcome

        for url in urls:
            yield runner.run(one(url))


async def _no_leads() -> AsyncIterator[Lead]:
    return
    yield


def fetch_one(url: str, config: Config | None = None) -> Page:
    """One page, politely. Raises FetchError."""
    [(_, found)] = fetch_each([url], config)
    if isinstance(found, FetchError):
        raise found
    return found


def fetch_each(urls: list[str], config: Config | None = None) -> Iterator[tuple[str, Page | FetchError]]:
    """Each URL fetched politely, one after the other: (url, page or why it could not be had)."""
    config = config or Config()
    with in_loop(open_client(_fetch_options(config))) as (runner, client):

        async def one(url: str) -> Page | FetchError:
            try:
                return await _fetch(config, client, url)(url)
            except FetchError as error:
                return error

        for url in urls:
            yield url, runner.run(one(url))


@contextlib.contextmanager
def asking(config: Config | None = None) -> Iterator[tuple[Callable[[str], Page], Callable[[str], tuple[str, ...]]]]:
    """Two calls to look at a site with: any page, politely (raises FetchError), and the sitemaps in its robots.txt."""
    config = config or Config()
    with in_loop(open_client(_fetch_options(config))) as (runner, client):

        def ask(url: str) -> Page:
            return runner.run(_asked(_fetch(config, client, url, any_type=True), url))

        def sitemaps(url: str) -> tuple[str, ...]:
            return runner.run(client.sitemaps(url, site_options(config, config.site_of(url))))

        yield ask, sitemaps


async def _asked(fetch: Fetch, url: str) -> Page:
    return await fetch(url)


def _fetch(config: Config, client: FetchClient, url: str, *, any_type: bool = False) -> Fetch:
    try:
        fetch = client.fetch(site_options(config, config.site_of(url)), any_type=any_type)
        return pages.discreet(fetch, pages.secrets_of(config))
    except BadUrl as error:
        raise FetchError(error.reason, url=url, detail=error.detail) from error
