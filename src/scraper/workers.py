"""Parsing in worker processes: limited, watched, replaced when they die. Each page has its answer or its failure."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

from scraper.errors import ParseFailed
from scraper.model import Article, Page, Rules

Parse = Callable[[Page, Rules], Awaitable[Article]]  # raises ParseFailed

MEMORY = 1 << 30  # bytes of address space
CPU = 5  # seconds for a page
WALL = 10.0  # seconds for a page
_SIGNALS: dict[int, tuple[str, str]] = {
    signal.SIGXCPU: ("parse_limit", "more processor time than a page may take"),
    signal.SIGKILL: ("parse_memory", "the worker was killed"),
}
_reply = msgspec.msgpack.Decoder(tuple[str, Article | None])


@asynccontextmanager
async def parser(workers: int, *, memory: int = MEMORY, cpu: int = CPU, wall: float = WALL) -> AsyncIterator[Parse]:
    """A `Parse` over `workers` processes; 0 parses in place, without limits."""
    if workers == 0:
        yield _in_place
        return
    pool = _Pool(workers, (str(memory), str(cpu)), wall)
    try:
        yield pool.parse
    finally:
        await pool.close()


async def _in_place(page: Page, rules: Rules) -> Article:
    from scraper.parse.article import parse

    return parse(page, rules)


class _Pool:
    def __init__(self, workers: int, limits: tuple[str, str], wall: float) -> None:
        self._limits, self._wall = limits, wall
        self._idle: asyncio.LifoQueue[Process | None] = asyncio.LifoQueue()
        for _ in range(workers):
            self._idle.put_nowait(None)  # a seat; its process is started when first needed
        self._workers = workers

    async def parse(self, page: Page, rules: Rules) -> Article:
        process = await self._idle.get()
        alive = False
        try:
            if process is None or process.returncode is not None:
                process = await self._start()
            article = await self._ask(process, msgspec.msgpack.encode((page, rules)))
            alive = True
            return article
        finally:
            if process is not None and not alive:
                await _kill(process)
            self._idle.put_nowait(process if alive else None)

    async def _start(self) -> Process:
        # -P: a json.py in the current folder is not ours.
        command = (sys.executable, "-P", "-m", "scraper.worker", *self._limits)
        # In a session of its own: a terminal's Ctrl-C goes to a whole group, and what is being parsed is finished.
        return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, start_new_session=True)

    async def _ask(self, process: Process, payload: bytes) -> Article:
        assert process.stdin and process.stdout
        try:
            async with asyncio.timeout(self._wall):
                process.stdin.write(len(payload).to_bytes(4, "big") + payload)
                await process.stdin.drain()
                size = int.from_bytes(await process.stdout.readexactly(4), "big")
                reason, article = _reply.decode(await process.stdout.readexactly(size))
        except TimeoutError:
            raise ParseFailed("parse_limit", f"no answer within {self._wall:g} s") from None
        except (asyncio.IncompleteReadError, ConnectionError, msgspec.DecodeError):
            code = await _kill(process)
            raise ParseFailed(*_SIGNALS.get(-code, ("parser_crash", f"the worker ended with {code}"))) from None
        if article is None:
            raise ParseFailed(reason, "the worker ran out of memory")
        return article

    async def close(self) -> None:
        for _ in range(self._workers):
            process = await self._idle.get()
            if process is not None:
                await _kill(process)


async def _kill(process: Process) -> int:
    """End the process if it still runs; its exit code, negative for a signal."""
    if process.stdin:
        process.stdin.close()
    try:
        # One that is dying by itself says by what; one that hangs does not get to delay the run.
        return await asyncio.wait_for(process.wait(), 0.2)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):  # it ended just now
            process.kill()
        return await process.wait()
