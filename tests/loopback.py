"""A small HTTP server on a loopback address, which notes who connected and what was asked for."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

Route = bytes | Callable[["Asked"], bytes] | Callable[["Asked"], Awaitable[bytes]]


@dataclass
class Asked:
    """One request as the server saw it."""

    path: str
    headers: dict[str, str]  # names in lower case
    at: float  # monotonic seconds


@dataclass
class Server:
    address: str
    routes: Mapping[str, Route]
    port: int = 0
    accepted: int = 0
    log: list[Asked] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://{self.address}:{self.port}"

    def paths(self) -> list[str]:
        return [asked.path for asked in self.log]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                reply = await self._reply(head.decode("latin-1"))
                if not reply:
                    break
                writer.write(reply)
                await writer.drain()
                if reply.startswith(b"HTTP/1.0"):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _reply(self, head: str) -> bytes:
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        asked = Asked(first.split(" ")[1], headers, time.monotonic())
        self.log.append(asked)
        route = self.routes.get(asked.path.partition("?")[0], self.routes.get("*", reply(404)))
        if isinstance(route, bytes):
            return route
        result = route(asked)
        return result if isinstance(result, bytes) else await result


@asynccontextmanager
async def serve(routes: Mapping[str, Route], address: str = "127.0.0.80", port: int = 0) -> AsyncIterator[Server]:
    """Routes by path, "*" for all others (default 404); an empty reply, or one of HTTP/1.0, closes the connection."""
    server = Server(address, routes)
    listener = await asyncio.start_server(server.answer, address, port)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await asyncio.sleep(0)


def reply(status: int = 200, body: bytes = b"", *headers: str, kind: str = "text/html; charset=utf-8") -> bytes:
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", *headers]
    lines += [f"Content-Type: {kind}"] if kind else []
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def page(text: str = "The bridge opens") -> bytes:
    return reply(200, f"<html><body><h1>{text}</h1></body></html>".encode())


def to(place: str, status: int = 302) -> bytes:
    return reply(status, b"", f"Location: {place}")


@contextmanager
def in_thread(routes: Mapping[str, Route], address: str = "127.0.0.80") -> Iterator[Server]:
    """`serve` for tests that run commands: in a thread and a loop of its own."""
    ready, stop, found = threading.Event(), threading.Event(), list[Server]()

    async def work() -> None:
        async with serve(routes, address) as server:
            found.append(server)
            ready.set()
            while not stop.is_set():  # noqa: ASYNC110 - set by the test's thread
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    try:
        ready.wait(10)
        yield found[0]
    finally:
        stop.set()
        thread.join()
