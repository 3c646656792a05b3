"""Pages read in worker processes: limited, watched, replaced when they die. Each has its answer or its failure."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from scraper.discover.found import Links
from scraper.errors import ParseFailed
from scraper.model import Article, Page, Rules

T = TypeVar("T")
Parse = Callable[[Page, Rules], Awaitable[Article]]  # raises ParseFailed
Read = Callable[[Page], Awaitable[Links]]  # of a start page; raises ParseFailed

MEMORY = 1 << 30  # bytes of address space
CPU = 5  # seconds for a page
WALL = 10.0  # seconds for a page
_SIGNALS: dict[int, tuple[str, str]] = {
    signal.SIGXCPU: ("parse_limit", "more processor time than a page may take"),
    signal.SIGKILL: ("parse_memory", "the worker was killed"),
}
# To start a worker: the files and the memory that are in use now are given back by requests that end. Seconds.
_PATIENCE = AsyncRetrying(
    retry=retry_if_exception_type(OSError), wait=wait_fixed(0.5), stop=stop_after_delay(10), reraise=True
)
_reply = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Readers:
    parse: Parse
    links: Read


@asynccontextmanager
async def readers(workers: int, *, memory: int = MEMORY, cpu: int = CPU, wall: float = WALL) -> AsyncIterator[Readers]:
    """Readers over `workers` processes; 0 reads in place, without limits."""
    if workers == 0:
        yield Readers(_parse_here, _links_here)
        return
    pool = _Pool(workers, (str(memory), str(cpu)), wall)
    try:
        yield Readers(pool.parse, pool.links)
    finally:
        await pool.close()


async def _parse_here(page: Page, rules: Rules) -> Article:
    from scraper.parse.article import parse

    return parse(page, rules)


async def _links_here(page: Page) -> Links:
    from scraper.discover.start import read

    return read(page)


def parsed(
    pages: Iterable[tuple[T, Page]], rules: Callable[[Page], Rules], workers: int
) -> Iterator[tuple[T, Article | ParseFailed]]:
    """Each page's article, or why it has none, in the order of `pages`, over `workers` processes.

    0 reads in place, without limits: no process is started then, and no event loop, which would open sockets.
    """
    if workers == 0:
        from scraper.parse.article import parse

        yield from ((key, parse(page, rules(page))) for key, page in pages)
        return
    with in_loop(readers(workers)) as (runner, read):
        under_way: deque[tuple[T, asyncio.Task[Article | ParseFailed]]] = deque()
        for key, page in pages:
            under_way.append((key, runner.get_loop().create_task(_or_failure(read.parse(page, rules(page))))))
            if len(under_way) > 2 * workers:
                yield _first(runner, under_way)
        while under_way:
            yield _first(runner, under_way)


@contextmanager
def in_loop(resource: AbstractAsyncContextManager[T]) -> Iterator[tuple[asyncio.Runner, T]]:
    """What is opened, and a loop to use it in that stands still in between; what nobody waits for is given up at the
    end.
    """
    with asyncio.Runner() as runner:
        opened = runner.run(resource.__aenter__())
        try:
            yield runner, opened
        finally:
            for task in asyncio.all_tasks(runner.get_loop()):
                task.cancel()
            runner.run(resource.__aexit__(None, None, None))


async def _or_failure(article: Awaitable[Article]) -> Article | ParseFailed:
    try:
        return await article
    except ParseFailed as error:
        return error


def _first(
    runner: asyncio.Runner, under_way: deque[tuple[T, asyncio.Task[Article | ParseFailed]]]
) -> tuple[T, Article | ParseFailed]:
    """The oldest of what is under way, when it has ended; the others go on meanwhile."""
    key, task = under_way.popleft()
    return key, runner.run(asyncio.wait_for(task, None))


class _Pool:
    def __init__(self, workers: int, limits: tuple[str, str], wall: float) -> None:
        self._limits, self._wall = limits, wall
        self._idle: asyncio.LifoQueue[Process | None] = asyncio.LifoQueue()
        for _ in range(workers):
            self._idle.put_nowait(None)  # a seat; its process is started when first needed
        self._workers = workers

    async def parse(self, page: Page, rules: Rules) -> Article:
        return await self._read(page, rules, Article)

    async def links(self, page: Page) -> Links:
        return await self._read(page, None, Links)

    async def _read(self, page: Page, rules: Rules | None, wanted: type[T]) -> T:
        process = await self._idle.get()
        alive = False
        try:
            payload = _payload(page, rules)
            if process is None or process.returncode is not None:
                process = await self._start()
            found = await self._ask(process, payload, wanted)
            alive = True
            return found
        finally:
            if process is not None and not alive:
                await _kill(process)
            self._idle.put_nowait(process if alive else None)

    async def _start(self) -> Process:
        """Raises ParseFailed where the system has no room for a process for long: "no_worker"."""
        # -P: a json.py in the current folder is not ours.
        command = (sys.executable, "-P", "-m", "scraper.worker", *self._limits)
        # In a session of its own: a terminal's Ctrl-C goes to a whole group, and what is being parsed is finished.
        start = functools.partial(asyncio.create_subprocess_exec, stdin=PIPE, stdout=PIPE, start_new_session=True)
        try:
            return await _PATIENCE.copy()(start, *command)
        except OSError as error:
            raise ParseFailed("no_worker", str(error)) from None

    async def _ask(self, process: Process, payload: bytes, wanted: type[T]) -> T:
        assert process.stdin and process.stdout
        try:
            async with asyncio.timeout(self._wall):
                process.stdin.write(len(payload).to_bytes(4, "big") + payload)
                await process.stdin.drain()
                size = int.from_bytes(await process.stdout.readexactly(4), "big")
                reason, found = _reply.decode(await process.stdout.readexactly(size))
                if not reason:
                    return msgspec.msgpack.decode(found, type=wanted)
        except TimeoutError:
            raise ParseFailed("parse_limit", f"no answer within {self._wall:g} s") from None
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.DecodeError):
            code = await _kill(process)
            raise ParseFailed(*_SIGNALS.get(-code, ("parser_crash", f"the worker ended with {code}"))) from None
        raise ParseFailed(reason, "the worker ran out of memory")

    async def close(self) -> None:
        for _ in range(self._workers):
            process = await self._idle.get()
            if process is not None:
                await _kill(process)


def _payload(page: Page, rules: Rules | None) -> bytes:
    try:
        return msgspec.msgpack.encode((page, rules))
    except (ValueError, OverflowError) as error:  # lone surrogates in the address or a header
        raise ParseFailed("unreadable", str(error)) from None


async def _kill(process: Process) -> int:
    """End the process if it still runs; its exit code, negative for a signal."""
    if process.stdin:
        process.stdin.close()
    try:
        # One that is dying by itself says by what; one that hangs does not get to delay the run.
        return await asyncio.wait_for(_ended(process), 0.2)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):  # it ended just now
            process.kill()
        return await _ended(process)


async def _ended(process: Process) -> int:
    """Its exit code. What it still says is read: a pipe that nobody empties is never seen to end."""
    while process.stdout and await process.stdout.read(1 << 16):
        pass
    return await process.wait()
