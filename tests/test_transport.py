"""What is around a reply: kept connections, queues, memory, descriptors (N23, N24, N27, N32, N52, N69 to N75)."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from oddserver import CHUNKED, HELLO, MIB, OK, SHORT, End, OddServer, Step, fetch, loopback, numbered
from scraper.errors import FetchError
from scraper.fetch.transport import Limits, Transport
from scraper.fetch.wire import READ_SIZE

FIN, CUT, RST, HOLD, NEXT = End


def test_n69_connection_closed_between_requests_is_tried_again_unseen() -> None:
    async def two() -> tuple[str, str, int]:
        def script(head: bytes, number: int) -> list[Step]:
            return [numbered(head), NEXT] if number == 0 else [FIN]

        async with OddServer(script) as server, Transport(connect=loopback, limits=SHORT) as transport:
            first, second = await fetch(transport, server.url("/1")), await fetch(transport, server.url("/2"))
            return first, second, server.connections

    assert asyncio.run(two()) == ("200 /1", "200 /2", 2)


def test_n70_no_reply_is_ever_given_to_another_request() -> None:
    stray = OK + HELLO
    endings = [
        lambda head: [numbered(head), NEXT],
        lambda head: [numbered(head), FIN],
        lambda head: [numbered(head, more=stray), NEXT],
        lambda head: [numbered(head), 0.001, stray, NEXT],
        lambda head: [numbered(head, b"204 No"), NEXT],
        lambda head: [numbered(head, b"304 No"), NEXT],
        lambda head: [OK + b"\r\n" + head.split(b" ")[1], FIN],
        lambda head: [RST],
    ]

    async def many() -> list[tuple[str, str]]:
        def script(head: bytes, number: int) -> list[Step]:
            return endings[int(head.split(b" ")[1].split(b"-")[1]) % len(endings)](head)

        async def lane(host: int) -> None:
            for number in random.Random(host).sample(range(80), 80):
                path = f"/{host}-{number}"
                pairs.append((path, await fetch(transport, server.url(path, f"host{host}.test"))))
                await asyncio.sleep(0.005 if number % len(endings) == 3 else 0)

        pairs: list[tuple[str, str]] = []
        async with OddServer(script) as server, Transport(connect=loopback) as transport:
            await asyncio.gather(*(lane(host) for host in range(15)))
        return pairs

    pairs = asyncio.run(many())
    mixed = [pair for pair in pairs if pair[1].startswith("200") and pair[1].split()[1] != pair[0]]
    assert (len(pairs), mixed) == (1200, [])
    assert sum(outcome.startswith("200") for _, outcome in pairs) == 750


@pytest.mark.parametrize(
    ("more", "late"),
    [pytest.param(b"more", b"", id="N10-excess"), pytest.param(b"", b"HTTP/1.1 200 OK\r\n", id="N70-while-idle")],
)
def test_connection_with_unasked_bytes_is_never_used_again(more: bytes, late: bytes) -> None:
    async def two() -> tuple[str, int]:
        def script(head: bytes, number: int) -> list[Step]:
            return [numbered(head, more=more), NEXT]

        async with OddServer(script) as server, Transport(connect=loopback, limits=SHORT) as transport:
            await fetch(transport, server.url("/1"))
            server.writers[0].write(late)
            await asyncio.sleep(0.02)
            return (await fetch(transport, server.url("/2")))[:6], server.connections

    assert asyncio.run(two()) == ("200 /2", 2)


def test_n70_bytes_that_came_while_the_loop_was_busy() -> None:
    async def two() -> list[str]:
        def script(head: bytes, number: int) -> list[Step]:
            return [numbered(head), NEXT]

        async with OddServer(script) as server, Transport(connect=loopback, limits=SHORT) as transport:
            first = await fetch(transport, server.url("/1"))
            (writer,) = server.writers
            writer.write(OK + HELLO)
            await asyncio.sleep(0)  # the server's bytes are sent, the client has not looked at them
            return [first, await fetch(transport, server.url("/3"))]

    assert asyncio.run(two()) == ["200 /1", "200 /3"]


@pytest.mark.parametrize("pause", [0, 0.02], ids=["with-head", "late"])
@pytest.mark.parametrize("status", ["204 No", "205 No", "304 No"])
def test_n27_next_reply_after_a_body_where_none_may_be(status: str, pause: float) -> None:
    stray = OK + HELLO
    poison = f"HTTP/1.1 {status}\r\nContent-Length: {len(stray)}\r\n\r\n".encode()

    async def two() -> list[str]:
        def script(head: bytes, number: int) -> list[Step]:
            if b"/2 " in head:
                return [numbered(head), NEXT]
            return [poison, pause, stray, NEXT] if pause else [poison + stray, NEXT]

        async with OddServer(script) as server, Transport(connect=loopback, limits=SHORT) as transport:
            return [await fetch(transport, server.url(path)) for path in ("/1", "/2")]

    assert asyncio.run(two()) == [status[:3] if pause else f"{status[:3]} body_excess", "200 /2"]


@pytest.mark.parametrize("end", [NEXT, FIN], ids=["kept", "closed"])
def test_n32_head_ends_with_its_headers(end: End) -> None:
    async def two() -> list[str]:
        def script(head: bytes, number: int) -> list[Step]:
            return [numbered(head) if b"GET" in head else OK + b"Content-Length: 99999999\r\n\r\n", end]

        async with OddServer(script) as server, Transport(connect=loopback, limits=SHORT) as transport:
            return [await fetch(transport, server.url("/1"), "HEAD"), await fetch(transport, server.url("/2"))]

    assert asyncio.run(two()) == ["200", "200 /2"]


GROWTH = """
import asyncio, resource, sys, httpx
from scraper.errors import FetchError
from scraper.fetch.transport import Limits, Transport
from scraper.fetch.wire import READ_SIZE
async def connect(host, port): return ["127.0.0.1"]
async def main(url):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with Transport(connect=connect, limits=Limits(total=20)) as transport:
        try: await transport.handle_async_request(httpx.Request("GET", url))
        except FetchError as error: reason = error.reason
    print(reason, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
@pytest.mark.parametrize(
    ("first", "again", "expected"),
    [
        pytest.param(OK + b"X-A: ", b"b" * MIB, "headers_too_large", id="N23-endless-header"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40_000, "protocol", id="N24-endless-interim"),
        pytest.param(OK + b"\r\n", b"x" * MIB, "body_too_large", id="N52-1-GiB"),
        pytest.param(CHUNKED, b"100000\r\n" + b"x" * MIB + b"\r\n", "body_too_large", id="N53-endless-chunks"),
        pytest.param(CHUNKED + b"5;", b"x" * MIB, "body_too_large", id="N14-endless-extension"),
    ],
)
def test_memory_and_reading_stop_at_the_cap(first: bytes, again: bytes, expected: str) -> None:
    async def grown() -> tuple[str, int, int]:
        def script(head: bytes, number: int) -> Iterator[Step]:
            yield first
            yield from itertools.repeat(again, 1024)

        async with OddServer(script) as server:
            child = await asyncio.create_subprocess_exec(sys.executable, "-c", GROWTH, server.url(), stdout=PIPE)
            reason, growth = (await child.communicate())[0].split()
            return reason.decode(), int(growth), server.sent

    reason, growth, sent = asyncio.run(grown())
    assert reason == expected
    assert growth < 2 * 8 * MIB
    assert sent < 8 * MIB + 24 * MIB  # what the system's socket buffers take is beyond anyone's reach


def test_one_connection_a_host_however_many_ask() -> None:
    async def crowd() -> tuple[set[str], int, int]:
        def script(head: bytes, number: int) -> list[Step]:
            return [0.01, OK + HELLO, NEXT]

        async with OddServer(script) as server, Transport(connect=loopback, limits=SHORT) as transport:
            outcomes = await asyncio.gather(*(fetch(transport, server.url(f"/{n}")) for n in range(20)))
            return set(outcomes), server.connections, len(server.requests)

    assert asyncio.run(crowd()) == ({"200 hello"}, 1, 20)


def test_places_are_shared_by_all_hosts() -> None:
    """Two places, six hosts that ask without a pause, one of whose callers gives up: never three requests at once, each
    host in its turn, and no request's time begins before it has its place."""
    limits = replace(SHORT, max_in_flight=2, total=0.3)
    open_now, most = 0, 0

    def script(head: bytes, number: int) -> Iterator[Step]:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        yield 0.005
        open_now -= 1
        yield numbered(head)
        yield NEXT

    async def ask(transport: Transport, server: OddServer, host: int, order: list[int]) -> set[str]:
        outcomes = set()
        for _ in range(24):
            outcomes.add(await fetch(transport, server.url("/", f"host{host}.test")))
            order.append(host)
        return outcomes

    async def crowd() -> tuple[set[str], list[int]]:
        order: list[int] = []
        async with OddServer(script) as server, Transport(connect=loopback, limits=limits) as transport:
            lanes = [asyncio.create_task(ask(transport, server, host, order)) for host in range(6)]
            await asyncio.sleep(0.02)
            lanes.pop().cancel()
            return set().union(*await asyncio.gather(*lanes)), order

    outcomes, order = asyncio.run(crowd())
    assert (outcomes, most, len(order)) == ({"200 /"}, 2, 5 * 24)
    assert {order.index(host) < 40 for host in range(5)} == {True}


def test_n72_descriptors_are_bounded_and_given_back() -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    async def tour() -> tuple[int, int]:
        limits = replace(SHORT, max_idle=10)
        async with OddServer([OK + HELLO, NEXT]) as server, Transport(connect=loopback, limits=limits) as transport:
            for n in range(60):
                assert await fetch(transport, server.url(host=f"host{n}.test")) == "200 hello"
            await asyncio.sleep(0.01)
            most = len(server.writers)
        return most, len(asyncio.all_tasks())

    if not Path("/proc/self/fd").exists():
        pytest.skip("NOT RUN: no /proc")
    before = descriptors()
    assert asyncio.run(tour()) == (10, 1)
    assert descriptors() == before


def test_idle_connections_are_closed_in_time() -> None:
    async def idle() -> int:
        limits = replace(SHORT, keepalive=0.1)
        async with OddServer([OK + HELLO, NEXT]) as server, Transport(connect=loopback, limits=limits) as transport:
            assert await fetch(transport, server.url()) == "200 hello"
            await asyncio.sleep(0.3)
            return len(server.writers)

    assert asyncio.run(idle()) == 0


def test_a_caller_who_gives_up_leaves_nothing_behind() -> None:
    async def give_up() -> tuple[str, int]:
        def script(head: bytes, number: int) -> list[Step]:
            return [HOLD] if b"/slow" in head else [numbered(head), NEXT]

        async with OddServer(script) as server, Transport(connect=loopback) as transport:
            slow = asyncio.create_task(fetch(transport, server.url("/slow")))
            await asyncio.sleep(0.05)
            slow.cancel()
            outcome = await fetch(transport, server.url("/next"))
            await asyncio.sleep(0.05)
            return outcome, len(server.writers)

    assert asyncio.run(give_up()) == ("200 /next", 1)


def test_inside_httpx_client() -> None:
    """Whoever uses it below httpx.AsyncClient gets the same reply; the wire's bytes stay as they came."""

    async def get() -> tuple[int, str, tuple[str, ...]]:
        async with OddServer([OK + b"X-B: 1\r\nx-a: 2\r\n" + HELLO]) as server:
            async with httpx.AsyncClient(transport=Transport(connect=loopback), trust_env=False) as client:
                response = await client.get(server.url("/a?b=c"))
            assert server.requests[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")
        return response.status_code, response.text, tuple(name.decode() for name, _ in response.headers.raw)

    assert asyncio.run(get()) == (200, "hello", ("X-B", "x-a", "Content-Length"))


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        pytest.param("http://news.test/", {"X-A": "b\r\nX-Evil: 1"}, id="header"),
        pytest.param("http://news.test/", {"X-A": "b\nc"}, id="bare-lf"),
        pytest.param("http://news.test/", {"X-A": "b\0c"}, id="nul"),
    ],
)
def test_n75_requests_cannot_be_split(url: str, headers: dict[str, str]) -> None:
    async def send() -> None:
        async with Transport(connect=loopback) as transport:
            await transport.handle_async_request(httpx.Request("GET", url, headers=headers))

    with pytest.raises(FetchError, match="bad_url"):
        asyncio.run(send())


@pytest.mark.parametrize("ending", [b"x", HOLD], ids=["all-end-well", "one-hangs"])
def test_long_bodies_take_turns_beyond_the_budget(ending: Step) -> None:
    """Ten bodies of 8 MiB at once, room for 2 MiB: the others are not read while one is, and none is lost."""
    size, hosts = 8 * MIB, 10
    limits = Limits(total=9.0, idle=0.4, max_held=2 * MIB)

    async def crowd() -> tuple[list[str], int]:
        def script(head: bytes, number: int) -> Iterator[Step]:
            yield OK + b"Content-Length: %d\r\n\r\n" % size
            yield from itertools.repeat(b"x" * (MIB // 4), 4 * size // MIB - 1)
            yield b"x" * (MIB // 4 - 1)
            yield ending if b"host0" in head else b"x"

        async with OddServer(script) as server, Transport(connect=loopback, limits=limits) as transport:
            most, asking = 0, [fetch(transport, server.url(host=f"host{n}.test")) for n in range(hosts)]
            tasks = [asyncio.create_task(one) for one in asking]
            while not all(task.done() for task in tasks):
                most = max(most, sum(connection.held for connection in transport._open))
                await asyncio.sleep(0.002)
            return [(await task)[:8] for task in tasks], most

    outcomes, most = asyncio.run(crowd())
    assert outcomes == [*(["200 xxxx"] if ending == b"x" else ["timeout*"]), *["200 xxxx"] * 9]
    assert most < 2 * MIB + size + hosts * READ_SIZE
