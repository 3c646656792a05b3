"""httpx's transport on asyncio and llhttp: lanes per host, checked addresses, deadlines, caps.

httpx's own pool looks at all connections for each request: ten times the CPU and more (bench/wire.py).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import certifi
import httpx

from scraper.errors import FetchError
from scraper.fetch.dial import dial, tls_fault
from scraper.fetch.pressure import Pressure
from scraper.fetch.reply import Limits, Reply
from scraper.fetch.wire import READ_SIZE, Connection

__all__ = ["Connect", "Limits", "Transport"]

# Host, port -> literal IP addresses that may be connected to, best first; raises FetchError. Asked once a connection.
Connect = Callable[[str, int], Awaitable[Sequence[str]]]
Origin = tuple[str, str, int]  # scheme, host, port

_PORTS = {"http": 80, "https": 443}

_KEPT_HEAP = 16 << 20  # bytes
# Requests of one host that a place serves in a row before it goes to the next host that waits: what belongs to the host
# is still in the CPU's caches then, which is what 256 hosts cost more than 64 (bench/wire.py).
_TURNS = 8


class Body(httpx.AsyncByteStream):
    """A body that is already here."""

    def __init__(self, wire: bytes) -> None:
        self._wire = wire

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._wire


@dataclass(slots=True)
class _Lane:
    """The connections of one origin: `gate` counts those in use, `idle` are the ones kept."""

    origin: Origin
    gate: asyncio.Semaphore
    idle: list[Connection] = field(default_factory=list)
    users: int = 0
    turns: int = 0  # requests that may still begin ahead of other hosts' waiting ones


@dataclass(slots=True)
class _Job:
    """One request on its way: first it waits for a place, then for its reply."""

    lane: _Lane
    method: str
    wire: bytes
    limits: Limits
    answered: asyncio.Future[None]  # ends with the reply, or without one: a place is free, but no kept connection
    deadline: float | None = None  # loop time; None as long as it waits for a place
    connection: Connection | None = None
    reply: Reply | None = None

    def send(self, connection: Connection) -> None:
        assert self.deadline is not None
        self.connection = connection
        self.reply = Reply(self.limits, head_only=self.method == "HEAD")
        connection.send(self.wire, self.reply, self.limits, self.deadline, self.answered)

    def finish(self) -> None:
        if self.connection and self.reply:
            self.connection.finish(self.reply)

    def require_second(self, error: FetchError) -> None:
        """Raises `error` unless a second try, over a new connection, is due.

        RFC 9112 section 9.3.1: the server may have closed a kept connection before the request came.
        """
        is_kept = bool(self.connection and self.connection.idle_since)
        if not (self.method in ("GET", "HEAD") and error.reason == "no_response" and is_kept):
            raise error


class Transport(httpx.AsyncBaseTransport):
    """Use one per event loop and close it in that loop. Redirects, cookies and content decoding are the caller's.

    The response's extensions: `wire` (the whole body, content coding not undone: aread() would undo it without a cap),
    `flags` (see below), `address` (the IP connected to), `http_version` and `reason_phrase`. Flags: "body_excess" (more
    bytes than announced), "body_cut" (Limits.cut_body), "chunked_and_length", "close_framed" (only the end of the
    connection ended the body, so it may be cut short), "tls_unclosed" (and not even TLS said so), "h11" (who read it).

    `request.extensions["limits"]` replaces the limits for one request. The total deadline runs from the moment at which
    the host's lane and one of the `max_in_flight` places are free. Raises FetchError: `connect`, `tls_*`, `timeout`
    (detail: connect, first byte, idle, rate or total), `no_response`, `reset`, `truncated`, `protocol`,
    `headers_too_large`, `body_too_large`, `bad_url`, and what `connect` raises.
    """

    def __init__(self, *, connect: Connect, limits: Limits | None = None, verify: ssl.SSLContext | None = None) -> None:
        # glibc gives the top of the heap back to the kernel at each free, and takes it again page by page for the next
        # body: a fifth of the work. Freeing one large block raises that threshold (mallopt(3), M_MMAP_THRESHOLD).
        block = bytearray(_KEPT_HEAP)
        del block
        self._connect = connect
        self._limits = limits or Limits()
        self._verify = verify
        self._buffer = memoryview(bytearray(READ_SIZE))
        self._pressure = Pressure(self._limits.max_held)
        self._places = self._limits.max_in_flight
        self._waiting: deque[_Job] = deque()
        self._filling: asyncio.Handle | None = None
        self._lanes: dict[Origin, _Lane] = {}
        self._idle: dict[Connection, _Lane] = {}  # longest idle first
        self._open: set[Connection] = set()
        self._sweeper: asyncio.TimerHandle | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        lane = self._lane(_origin(url))
        lane.users += 1
        try:
            job = _Job(
                lane=lane,
                method=request.method,
                wire=await _wire_format(request),
                limits=request.extensions.get("limits", self._limits),
                answered=asyncio.get_running_loop().create_future(),
            )
            del request  # memory given back while it is warm: with many hosts a tenth less work for each reply
            async with lane.gate:
                reply, address = await self._ask(job)
        except FetchError as error:
            error.url = error.url or str(url)
            raise
        finally:
            lane.users -= 1
            self._forget_if_empty(lane)
        return _response(reply, address)

    async def aclose(self) -> None:
        """Drop every connection and wait until their sockets are closed."""
        for timer in (self._sweeper, self._filling):
            if timer:
                timer.cancel()
        for connection in self._open:
            connection.abort()
        await asyncio.gather(*(connection.gone for connection in self._open))
        self._idle.clear()
        self._lanes.clear()

    async def _ask(self, job: _Job) -> tuple[Reply, str]:
        """The reply and the address it came from. One coroutine, as each level of them is woken for each reply."""
        lane = job.lane
        try:
            if self._places and (lane.turns or not self._waiting):
                lane.turns = max(0, lane.turns - 1)
                self._begin(job)
            else:
                self._waiting.append(job)
            while True:
                replied = False
                try:
                    await job.answered
                    replied = job.reply is not None
                except FetchError as error:
                    job.require_second(error)
                finally:
                    job.finish()
                if replied:
                    return self._kept(job)
                connection = await self._connected(job)
                job.answered = asyncio.get_running_loop().create_future()
                job.send(connection)
        finally:
            if job.deadline is not None:
                self._places += 1
                if self._waiting and self._filling is None:
                    self._filling = asyncio.get_running_loop().call_soon(self._fill_places)

    def _fill_places(self) -> None:
        """Begin what waits: here, not in its own task, so that it is woken once, with its reply."""
        self._filling = None
        while self._places and self._waiting:
            job = self._waiting.popleft()
            if not job.answered.done():  # else it was cancelled
                job.lane.turns = _TURNS - 1
                self._begin(job)

    def _begin(self, job: _Job) -> None:
        self._places -= 1
        job.deadline = asyncio.get_running_loop().time() + job.limits.total
        if kept := self._take_idle(job.lane):
            job.send(kept)
        else:
            job.answered.set_result(None)

    async def _connected(self, job: _Job) -> Connection:
        """A new connection: guard, TCP and TLS under one cap."""
        scheme, host, port = job.lane.origin
        assert job.deadline is not None
        cap = min(job.deadline, asyncio.get_running_loop().time() + job.limits.connect)
        try:
            async with asyncio.timeout_at(cap):
                sock = await dial(await self._connect(host, port), port)
                return await self._attach(sock, host if scheme == "https" else None)
        except TimeoutError:
            raise FetchError("timeout", detail="connect", retry=True) from None

    async def _attach(self, sock: socket.socket, tls_host: str | None) -> Connection:
        """Our protocol on a connected socket; TLS, verified for that host, if one is named."""
        loop = asyncio.get_running_loop()
        if tls_host is not None and self._verify is None:
            self._verify = _default_tls()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(sock, self._buffer, self._pressure, self._open),
                sock=sock,
                ssl=None if tls_host is None else self._verify,
                server_hostname=None if tls_host is None else tls_host.rstrip("."),
            )
        except TimeoutError:
            raise
        except OSError as error:
            raise tls_fault(error) from None
        except ValueError as error:
            raise FetchError("bad_url", detail=str(error)) from None
        return connection

    def _lane(self, origin: Origin) -> _Lane:
        lane = self._lanes.get(origin)
        if lane is None:
            lane = self._lanes[origin] = _Lane(origin, asyncio.Semaphore(self._limits.max_connections))
        return lane

    def _forget_if_empty(self, lane: _Lane) -> None:
        if not lane.users and not lane.idle:
            self._lanes.pop(lane.origin, None)

    def _kept(self, job: _Job) -> tuple[Reply, str]:
        """The reply and the address of its connection, which is kept for the next request if it may be."""
        connection, lane = job.connection, job.lane
        assert connection and job.reply
        if not connection.closed:
            loop = asyncio.get_running_loop()
            connection.idle_since = loop.time()
            lane.idle.append(connection)
            self._idle[connection] = lane
            if len(self._idle) > self._limits.max_idle:
                self._drop_longest_idle()
            if self._sweeper is None:
                self._sweeper = loop.call_later(self._limits.keepalive, self._sweep)
        return job.reply, connection.address

    def _take_idle(self, lane: _Lane) -> Connection | None:
        oldest = asyncio.get_running_loop().time() - self._limits.keepalive
        while lane.idle:
            connection = lane.idle.pop()
            del self._idle[connection]
            if connection.idle_since > oldest and connection.fit_for_use():
                return connection
            connection.abort()
        return None

    def _drop_longest_idle(self) -> None:
        connection, lane = next(iter(self._idle.items()))
        del self._idle[connection]
        lane.idle.remove(connection)
        connection.abort()
        self._forget_if_empty(lane)

    def _sweep(self) -> None:
        """Close what has been idle for too long; comes again as long as something is idle."""
        loop = asyncio.get_running_loop()
        self._sweeper = None
        while self._idle:
            rest = next(iter(self._idle)).idle_since + self._limits.keepalive - loop.time()
            if rest > 0:
                self._sweeper = loop.call_later(rest, self._sweep)
                return
            self._drop_longest_idle()


def _origin(url: httpx.URL) -> Origin:
    scheme = url.scheme
    if scheme not in _PORTS:
        raise FetchError("scheme", url=str(url), detail=scheme)
    return scheme, url.raw_host.decode("ascii"), url.port or _PORTS[scheme]


async def _wire_format(request: httpx.Request) -> bytes:
    """The request as RFC 9112 section 3 writes it. Raises FetchError `bad_url` for what would break out of its line."""
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%s: %s" % header for header in request.headers.raw]
    head = b"\r\n".join(lines) + b"\r\n\r\n"
    breaks = len(lines) + 1
    if head.count(b"\n") != breaks or head.count(b"\r") != breaks or b"\0" in head or lines[0].count(b" ") != 2:
        raise FetchError("bad_url", detail="line break, NUL or space in the request's head")
    return head + await request.aread()


def _response(reply: Reply, address: str) -> httpx.Response:
    body = reply.body
    extensions = {
        "http_version": b"HTTP/" + reply.version.encode("ascii"),
        "reason_phrase": reply.reason,
        "wire": body,
        "flags": tuple(reply.flags),
        "address": address,
    }
    return httpx.Response(reply.status, headers=reply.headers, stream=Body(body), extensions=extensions)


def _default_tls() -> ssl.SSLContext:
    """Verified against certifi's roots, TLS 1.2 or later; deaf to the environment (SSL_CERT_FILE, SSLKEYLOGFILE)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context
