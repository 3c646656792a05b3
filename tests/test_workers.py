"""Parse workers: each page gets its article or its own failure, and the pages after it are not touched."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from dataclasses import replace

import pytest

from scraper.errors import ParseFailed
from scraper.model import NO_RULES, Article, Page, Rules
from scraper.workers import _kill, parsed, readers

GOOD = b"<html><head><title>The bridge reopens</title></head><body><h1>The bridge reopens</h1></body></html>"

# id, page that kills or hangs a worker, reasons that may be given for it
HOSTILE = [
    ("C13 nested div", b"<div>" * 300_000, {"parse_limit", "parse_memory", "parser_crash"}),
    ("C14 spans closed by p", b"<span>" * 80_000 + b"</p>" * 80_000, {"parse_limit", "parse_memory", "parser_crash"}),
    (
        "C15 formatting bomb",
        b"".join(b"<font a=%d>" % i for i in range(3000)) + b"<p>" * 3000,
        {"parse_memory", "parse_limit"},
    ),
]


def page(body: bytes) -> Page:
    return Page("https://post.example/1", "https://post.example/1", 200, (), body, None)


def no_rules(page: Page) -> Rules:
    return NO_RULES


async def _run(body: bytes) -> tuple[str | None, str | None]:
    """(reason the hostile page failed for, headline of the good page after it)."""
    async with readers(1, cpu=1, wall=4.0, memory=400 << 20) as read:
        reason = None
        try:
            await read.parse(page(body), NO_RULES)
        except ParseFailed as error:
            reason = error.reason
        return reason, (await read.parse(page(GOOD), NO_RULES)).headline


@pytest.mark.parametrize(("body", "reasons"), [c[1:] for c in HOSTILE], ids=[c[0] for c in HOSTILE])
def test_hostile_page_fails_alone(body: bytes, reasons: set[str]) -> None:
    reason, after = asyncio.run(_run(body))
    # A parser that copes with the page is welcome; one that dies has to say so.
    assert (reason is None or reason in reasons, after) == (True, "The bridge reopens")


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_every_page_gets_its_own_article(workers: int) -> None:
    async def run() -> list[str | None]:
        async with readers(workers) as read:
            bodies = [GOOD.replace(b"bridge", b"bridge %d" % i) for i in range(20)]
            return [a.headline for a in await asyncio.gather(*(read.parse(page(b), NO_RULES) for b in bodies))]

    assert asyncio.run(run()) == [f"The bridge {i} reopens" for i in range(20)]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_pages_are_parsed_side_by_side_and_given_in_order(workers: int) -> None:
    """None is taken before its turn is near: an archive is not held in memory."""
    taken: list[int] = []

    def pages() -> Iterator[tuple[int, Page]]:
        for number in range(20):
            taken.append(number)
            yield number, page(GOOD.replace(b"bridge", b"bridge %d" % number))

    found = parsed(pages(), no_rules, workers)
    first = next(found)
    ahead = len(taken)
    rest = [(number, article.headline) for number, article in found if isinstance(article, Article)]
    assert (first[0], ahead, rest) == (0, 2 * workers + 1, [(n, f"The bridge {n} reopens") for n in range(1, 20)])


def test_a_page_among_others_fails_alone() -> None:
    odd = replace(page(GOOD), url="https://post.example/\ud800")  # cannot be handed to a worker
    found = [article for _, article in parsed(((None, each) for each in (page(GOOD), odd, page(GOOD))), no_rules, 1)]
    assert [article.reason if isinstance(article, ParseFailed) else "" for article in found] == ["", "unreadable", ""]


def test_a_worker_may_end_while_it_is_ended() -> None:
    """On a busy machine its exit and the end of our patience come in one turn of the loop."""

    async def run() -> int:
        command = (sys.executable, "-c", "import time; time.sleep(0.25)")
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        asyncio.get_running_loop().call_later(0.15, time.sleep, 0.4)
        return await _kill(process)

    assert asyncio.run(run()) in (0, -9)
