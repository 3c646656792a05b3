"""A server on a raw socket that says exactly what a test tells it to: bytes, pauses, an ending. And a way to ask it."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Iterable, Sequence

import httpx

from scraper.errors import FetchError
from scraper.fetch.transport import Limits, Transport


class End(enum.Enum):
    FIN = "close in good order (TLS: with close_notify)"
    CUT = "TLS: close without close_notify; else as FIN"
    RST = "reset"
    HOLD = "say nothing more, and wait until the client closes"
    NEXT = "read the next request on the same connection"


Step = bytes | float | End  # send, wait that many seconds, end; without an end: FIN
Script = Callable[[bytes, int], Iterable[Step]]  # request head, its number on this connection (0 is the first)


class OddServer:
    """`async with OddServer(steps or script) as server`: listens on a loopback address, keeps what it was asked."""

    def __init__(
        self,
        script: Script | Iterable[Step],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.sent = 0  # bytes handed to the system
        self.host, self.port = host, port
        self.writers: list[asyncio.StreamWriter] = []  # of the connections still open, oldest first
        self._tls = tls
        steps = script if callable(script) else list(script)
        self._script: Script = steps if callable(steps) else lambda head, number: steps
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> OddServer:
        self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, path: str = "/", host: str = "news.test") -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Awaitable[None]:
        self.connections += 1
        task = asyncio.ensure_future(self._converse(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = 0
        self.writers.append(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while await self._answer(reader, writer, number) is End.NEXT:
                    number += 1
        finally:
            self.writers.remove(writer)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> End:
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head)
        for step in self._script(head, number):
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
                self.sent += len(step)
            elif isinstance(step, End):
                return await _end(step, reader, writer)
            else:
                await asyncio.sleep(step)
        return await _end(End.FIN, reader, writer)


async def _end(end: End, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> End:
    if end is End.FIN:
        writer.close()
        await writer.wait_closed()
    elif end is End.RST:
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif end is End.HOLD:
        await reader.read()
    return end


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
HELLO = b"Content-Length: 5\r\n\r\nhello"
MIB = 1024 * 1024
SHORT = Limits(connect=0.5, first_byte=0.4, idle=0.4, total=0.8, min_rate_after=0.6, max_body=64 * 1024)


def numbered(head: bytes, status: bytes = b"200 OK", more: bytes = b"") -> bytes:
    """A reply whose body is the path that was asked for."""
    path = head.split(b" ")[1]
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s%s" % (status, len(path), path, more)


async def loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


async def fetch(transport: Transport, url: str, method: str = "GET", limits: Limits | None = None) -> str:
    """ "200 hello" with flags, or the failure's reason, a star marking one worth a retry."""
    extensions = {"limits": limits} if limits else {}
    try:
        response = await transport.handle_async_request(httpx.Request(method, url, extensions=extensions))
    except FetchError as error:
        assert error.url == url
        return f"{error.reason}{'*' if error.retry else ''}"
    body = response.extensions["wire"].decode()
    return " ".join(filter(None, (str(response.status_code), body, *response.extensions["flags"])))
