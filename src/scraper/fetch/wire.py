"""One connection and the reply read from it: parsed by llhttp, or by h11 the second time, under deadlines and caps.

Every read is parsed at once and a body is never longer than its cap, so nothing is buffered without bound.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import Literal

import h11
import httptools

from scraper.errors import FetchError

MIB = 1024 * 1024
READ_SIZE = 128 * 1024  # bytes read at once; the only amount by which a cap can be overshot


@dataclass(frozen=True, slots=True)
class Limits:
    """Deadlines in seconds and caps in bytes for one request; the last four are of the transport as a whole."""

    connect: float = 10.0  # name, TCP and TLS together
    first_byte: float = 15.0
    idle: float = 15.0  # between two reads
    total: float = 30.0  # from leaving the host's queue to the last byte, second tries included
    min_rate: float = 1024.0  # bytes a second, averaged since the first byte...
    min_rate_after: float = 10.0  # ...once this many seconds have passed
    max_headers: int = 64 * 1024
    max_header_lines: int = 100
    max_body: int = 8 * MIB  # on the wire, before content decoding
    max_interim: int = 20  # 1xx replies before the real one
    cut_body: bool = False  # True: a longer body is cut at max_body and flagged "body_cut" (robots.txt), not refused
    max_connections: int = 1  # per scheme, host and port
    keepalive: float = 30.0
    max_idle: int = 256  # connections kept open for a next request, over all hosts


class GarbledReply(FetchError):
    """llhttp does not understand the reply; h11, which is more lenient, may."""

    def __init__(self, detail: str) -> None:
        super().__init__("protocol", detail=detail)


class _ReadEnough(Exception):
    """Stops llhttp: the reply is complete or beyond saving."""


class Reply:
    """The reply to one request as far as it was read. A reader is made for one reply and never used again."""

    def __init__(self, limits: Limits, *, head_only: bool) -> None:
        self.status = 0
        self.reason = b""
        self.version = ""
        self.headers: list[tuple[bytes, bytes]] = []
        self.flags: list[str] = []
        self.done = False
        self.reusable = False  # whether a next request may go over the same connection
        self.received = 0  # bytes, everything counted
        self._limits = limits
        self._head_only = head_only
        self._parts: list[bytes] = []
        self._size = 0
        self._head_size = 0
        self._lines = 0
        self._interim = 0
        self._framing: Literal["", "length", "chunked", "close", "none"] = ""  # "" while the head is not complete
        self._fault: FetchError | None = None

    @property
    def body(self) -> bytes:
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def feed(self, data: memoryview) -> None:
        """Take bytes as they come. Raises FetchError as soon as no good end is possible."""
        self.received += len(data)
        self._parse(data)
        if self._fault:
            raise self._fault
        if self.done:
            return
        if not self._framing and self.received > self._limits.max_headers:
            raise FetchError("headers_too_large", detail=f"more than {self._limits.max_headers} bytes")
        if self.received > self._limits.max_headers + self._limits.max_body + MIB // 2:  # chunk framing counts too
            raise FetchError("body_too_large", detail=f"{self.received} bytes on the wire")

    def feed_eof(self, *, clean: bool) -> None:
        """The server has ended the connection; `clean` is False if TLS was not told so (RFC 9112 section 9.8)."""
        if not self.received:
            raise FetchError("no_response", retry=True)
        if self._framing != "close":
            where = f"{self._size} bytes of a {self._framing} body" if self._framing else "the headers"
            raise FetchError("truncated", detail=f"connection closed after {where}", retry=True)
        self.flags += ["close_framed"] if clean else ["close_framed", "tls_unclosed"]
        self.done = True

    def release(self) -> None:
        """Let go of the parser, which points back here."""

    def _parse(self, data: memoryview) -> None:
        raise NotImplementedError

    def _refuse(self, reason: str, detail: str) -> None:
        self._fault = self._fault or FetchError(reason, detail=detail)
        raise _ReadEnough

    def _header(self, name: bytes, value: bytes) -> None:
        self._lines += 1
        self._head_size += len(name) + len(value) + 4
        if self._lines > self._limits.max_header_lines or self._head_size > self._limits.max_headers:
            self._refuse("headers_too_large", f"{self._lines} lines, {self._head_size} bytes")
        if not self._framing:  # else it is a trailer
            self.headers.append((name, value))

    def _head_complete(self, status: int, version: str, *, keep_alive: bool) -> None:
        if not 100 <= status <= 999 or status == 101:  # 101: nobody asked for another protocol
            self._refuse("protocol", f"status {status:03}")
        if status < 200:
            self._interim += 1
            self.headers.clear()
            self.reason = b""
            if self._interim > self._limits.max_interim:
                self._refuse("protocol", f"more than {self._limits.max_interim} interim replies")
            return
        self.status, self.version = status, version
        self._framing = self._framed()
        self.done = self._framing == "none"
        self.reusable = keep_alive and not self.flags and not (self.done and self._may_be_followed_by_a_body())

    def _framed(self) -> Literal["length", "chunked", "close", "none"]:
        """How the end of the body is known (RFC 9112 section 6.3)."""
        coding = b",".join(value for name, value in self.headers if name.lower() == b"transfer-encoding")
        length = next((value for name, value in self.headers if name.lower() == b"content-length"), None)
        if self._head_only or self.status in (204, 205, 304):
            return "none"
        if coding:
            if coding.strip().lower() != b"chunked":
                self._refuse("protocol", f"transfer-encoding {coding[:40]!r}")
            if length is not None:
                self.flags.append("chunked_and_length")
            return "chunked"
        if length is None:
            return "close"
        if int(length) > self._limits.max_body and not self._limits.cut_body:
            self._refuse("body_too_large", f"content-length {int(length)}")
        return "length"

    def _may_be_followed_by_a_body(self) -> bool:
        """Whether the head of a reply without body announces one, which a wrong server then sends sooner or later."""
        named = {name.lower(): value for name, value in self.headers}
        length = named.get(b"content-length", b"0")
        return not self._head_only and (length != b"0" or b"transfer-encoding" in named)

    def _data(self, data: bytes) -> None:
        if self.done:
            self._excess()
        room = self._limits.max_body - self._size
        if len(data) > room:
            if not self._limits.cut_body:
                self._refuse("body_too_large", f"more than {self._limits.max_body} bytes")
            self.flags.append("body_cut")
            self.done, self.reusable, data = True, False, data[:room]
        self._size += len(data)
        self._parts.append(data)

    def _excess(self) -> None:
        if "body_cut" not in self.flags:
            self.flags.append("body_excess")
        raise _ReadEnough


class LlhttpReply(Reply):
    """Read by llhttp, with the leniencies that no later reader can be tricked by: nobody reads after us."""

    def __init__(self, limits: Limits, *, head_only: bool) -> None:
        super().__init__(limits, head_only=head_only)
        self.on_header, self.on_body = self._header, self._data
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            lenient_chunked_length=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )

    def release(self) -> None:
        del self._parser, self.on_header, self.on_body

    def _parse(self, data: memoryview) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if self._fault or "body_cut" in self.flags:
                return
            if self.done:
                self.reusable = False
                self.flags += [] if "body_excess" in self.flags else ["body_excess"]
            elif "in Content-Length" in str(error):  # h11 would read "1, 1" as 1
                self._fault = FetchError("protocol", detail=str(error))
            else:
                self._fault = GarbledReply(str(error))

    def on_message_begin(self) -> None:
        if self.done:
            self._excess()

    def on_status(self, reason: bytes) -> None:
        self.reason += reason

    def on_headers_complete(self) -> None:
        parser = self._parser
        keep_alive = parser.should_keep_alive()
        self._head_complete(parser.get_status_code(), parser.get_http_version(), keep_alive=keep_alive)

    def on_message_complete(self) -> None:
        self.done = bool(self._framing)


class H11Reply(Reply):
    """Read by h11, which takes folded headers, odd versions and doubled lengths. Its connection is never used again."""

    def __init__(self, limits: Limits, *, head_only: bool) -> None:
        super().__init__(limits, head_only=head_only)
        self.flags.append("h11")
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.max_headers)
        self._state.send(h11.Request(method="HEAD" if head_only else "GET", target="/", headers=[("Host", "-")]))
        self._state.send(h11.EndOfMessage())

    def _parse(self, data: memoryview) -> None:
        try:
            self._state.receive_data(bytes(data))
            while not self.done and self._take(self._state.next_event()):
                pass
        except h11.RemoteProtocolError as error:
            self._fault = FetchError("protocol", detail=str(error))
        except _ReadEnough:
            pass
        if self.done and self._state.trailing_data[0]:
            self.flags.append("body_excess")

    def _take(self, event: object) -> bool:
        """False when h11 needs more data."""
        if isinstance(event, h11.InformationalResponse | h11.Response):
            for name, value in event.headers.raw_items():
                self._header(name, value)
            self.reason = event.reason
            self._head_complete(event.status_code, event.http_version.decode(), keep_alive=False)
        elif isinstance(event, h11.Data):
            self._data(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            self.done = True
        else:
            return False
        return True


class Connection(asyncio.BufferedProtocol):
    """One TCP or TLS connection: one request at a time, dropped at once when it holds bytes that nobody asked for."""

    def __init__(self, sock: socket.socket, buffer: memoryview, register: set[Connection]) -> None:
        """`buffer` may be shared by all connections of a loop: what is read into it is parsed before the next read.

        The connection stands in `register` as long as its socket is open.
        """
        self.closed = False
        self.idle_since = 0.0
        self.address = ""
        self._loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self._sock = sock
        self._buffer = buffer
        self._register = register
        self._reply: Reply | None = None
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle
        self._answered: asyncio.Future[None]

    async def ask(self, request: bytes, reply: Reply, limits: Limits, deadline: float) -> None:
        """Send the request and read the reply to its end. Raises FetchError by `deadline` (loop time) at the latest."""
        if self.closed:
            raise FetchError("no_response", retry=True)
        self._reply, self._limits, self._deadline = reply, limits, deadline
        self._answered = self._loop.create_future()
        self._sent = self._first = self._last = self._loop.time()
        self._timer = self._loop.call_at(self._next_deadline()[0], self._watch)
        self._transport.write(request)
        try:
            await self._answered
        finally:
            self._timer.cancel()
            self._reply = None
            reply.release()
            if not reply.done or not reply.reusable:
                self.abort()

    def fit_for_use(self) -> bool:
        """Whether the connection is open and silent: bytes that came unread belong to no request yet to be made."""
        if self.closed:
            return False
        try:
            self._sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def abort(self) -> None:
        """Close without lingering: no waiting for unsent bytes nor for the other side's TLS farewell."""
        self.closed = True
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._register.add(self)
        self.address = transport.get_extra_info("peername")[0]

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, count: int) -> None:
        reply = self._reply
        if reply is None:  # bytes that belong to no request would be read as the reply to the next one
            self.abort()
            return
        self._last = self._loop.time()
        if not reply.received:
            self._first = self._last
        try:
            reply.feed(self._buffer[:count])
        except FetchError as error:
            self._end(error)
        else:
            if reply.done:
                self._end(None)

    def eof_received(self) -> None:
        self.closed = True
        self._ended(clean=self._said_farewell())

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if exc is not None and self._reply is not None and self._reply.received:
            self._end(FetchError("reset", detail=str(exc), retry=True))
        self._ended(clean=False)
        self._register.discard(self)
        if not self.gone.done():
            self.gone.set_result(None)

    def _ended(self, *, clean: bool) -> None:
        if self._reply is None:
            return
        try:
            self._reply.feed_eof(clean=clean)
        except FetchError as error:
            self._end(error)
        else:
            self._end(None)

    def _said_farewell(self) -> bool:
        """Whether TLS ended by close_notify; asyncio reports every end as EOF. Always True without TLS."""
        tls: ssl.SSLObject | None = self._transport.get_extra_info("ssl_object")
        if tls is None:
            return True
        try:
            return tls.read(1) == b""
        except ssl.SSLZeroReturnError:
            return True
        except ssl.SSLError:
            return False

    def _end(self, error: FetchError | None) -> None:
        self._reply = None
        if self._answered.done():
            return
        if error is None:
            self._answered.set_result(None)
        else:
            self._answered.set_exception(error)
            self.abort()

    def _watch(self) -> None:
        when, phase = self._next_deadline()
        if when > self._loop.time():
            self._timer = self._loop.call_at(when, self._watch)
        else:
            self._end(FetchError("timeout", detail=phase, retry=True))

    def _next_deadline(self) -> tuple[float, str]:
        """The loop time at which the request has failed if no further byte comes, and the name of that cap."""
        limits, total = self._limits, (self._deadline, "total")
        received = self._reply.received if self._reply else 0
        if not received:
            return min(total, (self._sent + limits.first_byte, "first byte"))
        too_slow = self._first + max(limits.min_rate_after, received / limits.min_rate)
        return min(total, (self._last + limits.idle, "idle"), (too_slow, "rate"))
