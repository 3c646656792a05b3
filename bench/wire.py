"""Requests per CPU-second of the client process: our transport against httpx's default one and plain aiohttp.

    python bench/wire.py [--short]

A server process answers on loopback addresses 127.0.x.y, one a host, over kept connections, with bodies of 50 KB. Each
client runs in a child of its own, one request at a time a host, all clients in turn within each round. Needs aiohttp.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import httpx

HOSTS = (16, 64, 256)
BODY = b"<p>All the news of the valley.</p>\n" * (50_000 // 35)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nServer: bench\r\nContent-Length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)

Get = Callable[[str], Awaitable[int]]  # URL -> bytes received


def address(host: int) -> str:
    return f"127.0.{host // 250 + 1}.{host % 250 + 1}"


class Answer(asyncio.Protocol):
    """Answers each request head with the same page."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER * data.count(b"\r\n\r\n"))


async def serve() -> None:
    """Listen on all hosts' addresses, print the port, stop when stdin is closed."""
    loop = asyncio.get_running_loop()
    first = await loop.create_server(Answer, address(0), 0)
    port = first.sockets[0].getsockname()[1]
    others = await loop.create_server(Answer, [address(host) for host in range(1, max(HOSTS))], port)
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    first.close()
    others.close()


async def httpx_default(stack: AsyncExitStack) -> Get:
    client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
    return lambda url: _get(client, url)


async def _get(client: httpx.AsyncClient, url: str) -> int:
    return len((await client.get(url)).content)


async def literal(host: str, port: int) -> Sequence[str]:
    return [host]


async def ours_in_client(stack: AsyncExitStack) -> Get:
    from scraper.fetch.transport import Transport

    client = await stack.enter_async_context(httpx.AsyncClient(transport=Transport(connect=literal), trust_env=False))
    return lambda url: _get(client, url)


async def ours_direct(stack: AsyncExitStack) -> Get:
    from scraper.fetch.transport import Transport

    transport = await stack.enter_async_context(Transport(connect=literal))
    headers = {"User-Agent": "bench", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}

    async def get(url: str) -> int:
        response = await transport.handle_async_request(httpx.Request("GET", url, headers=headers))
        return len(response.extensions["wire"])

    return get


async def as_a_run_uses_it(stack: AsyncExitStack) -> Get:
    """With the address guard and the default `concurrency`: 64 requests in flight, however many hosts."""
    from scraper.fetch import FetchOptions, Guard
    from scraper.fetch.http import Wire

    options = FetchOptions(allow_networks=("127.0.0.0/8",))
    wire = Wire(options, Guard(options.allow_networks))
    stack.push_async_callback(wire.aclose)

    async def get(url: str) -> int:
        return len((await wire.exchange(url, {})).body)

    return get


async def plain_aiohttp(stack: AsyncExitStack) -> Get:
    import aiohttp

    connector = aiohttp.TCPConnector(limit=0)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))

    async def get(url: str) -> int:
        async with session.get(url) as response:
            return len(await response.read())

    return get


CLIENTS = {
    "httpx": httpx_default,
    "transport in httpx": ours_in_client,
    "transport direct": ours_direct,
    "as a run uses it": as_a_run_uses_it,
    "aiohttp": plain_aiohttp,
}


async def measure(client: str, port: int, turns: int, seconds: float) -> list[float]:
    """Requests per CPU-second for each number of hosts, which take turns, as the machine's speed wanders."""
    requests, cpu = [0] * len(HOSTS), [0.0] * len(HOSTS)

    async def worker(get: Get, url: str, end: float) -> int:
        count = 0
        while time.monotonic() < end:
            assert await get(url) == len(BODY)
            count += 1
        return count

    async with AsyncExitStack() as stack:
        gets = [await CLIENTS[client](stack) for _ in HOSTS]
        for turn in range(turns + 1):  # the first one opens the connections and warms up
            for place, hosts in enumerate(HOSTS):
                end, start = time.monotonic() + seconds, time.process_time()
                urls = [f"http://{address(host)}:{port}/news" for host in range(hosts)]
                counts = await asyncio.gather(*(worker(gets[place], url, end) for url in urls))
                if turn:
                    requests[place] += sum(counts)
                    cpu[place] += time.process_time() - start
    return [count / used for count, used in zip(requests, cpu, strict=True)]


def run_child(*arguments: object) -> list[float]:
    command = [sys.executable, __file__, "--client", *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    return [float(figure) for figure in done.stdout.split()]


def compare(port: int, rounds: int, turns: int, seconds: float) -> None:
    figures: dict[str, list[list[float]]] = {client: [] for client in CLIENTS}
    for _ in range(rounds):
        for client, rows in figures.items():
            rows.append(run_child(client, port, turns, seconds))
    median = {
        client: [statistics.median(column) for column in zip(*rows, strict=True)] for client, rows in figures.items()
    }
    print(f"requests per CPU-second, 50 KB bodies, median of {rounds} round(s) of {turns} x {seconds} s (x httpx)")
    print(f"{'client':20}" + "".join(f"{f'{hosts} hosts':>20}" for hosts in HOSTS))
    for client, row in median.items():
        cells = (
            f"{rate:,.0f} ({rate / httpx_rate:.1f} x)" for rate, httpx_rate in zip(row, median["httpx"], strict=True)
        )
        print(f"{client:20}" + "".join(f"{cell:>20}" for cell in cells))
    for client, rows in figures.items():
        falls = sorted(row[-1] / row[1] for row in rows)
        spread = f", {falls[0]:.2f} to {falls[-1]:.2f} in the rounds" if rounds > 1 else ""
        print(
            f"{client}: {median[client][1] / median['httpx'][1]:.1f} x httpx at {HOSTS[1]} hosts, "
            f"at {HOSTS[-1]} {statistics.median(falls):.2f} of its {HOSTS[1]}{spread}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="one round, under 20 seconds")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--client", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
    elif options.client:
        client, port, turns, seconds = options.client
        print(*asyncio.run(measure(client, int(port), int(turns), float(seconds))))
    else:
        server = [sys.executable, __file__, "--serve"]
        with subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            compare(int(process.stdout.readline()), *((1, 1, 0.3) if options.short else (5, 8, 0.4)))


if __name__ == "__main__":
    main()
