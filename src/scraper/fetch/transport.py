"""httpx's transport on asyncio and llhttp: lanes per host, checked addresses, deadlines, caps.

httpx's own pool looks at all connections for each request: ten times the CPU and more (bench/wire.py). The second try
of a garbled reply is read by h11, as httpx's stock transport does, but over our own wire: so its address comes from the
same guard, and the same deadline and caps hold.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import certifi
import httpx

from scraper.errors import FetchError
from scraper.fetch.dial import dial, tls_fault
from scraper.fetch.pressure import Pressure
from scraper.fetch.reply import GarbledReply, H11Reply, Limits, LlhttpReply, Reply
from scraper.fetch.wire import READ_SIZE, Connection

__all__ = ["Connect", "Limits", "Transport"]

# Host, port -> literal IP addresses that may be connected to, best first; raises FetchError. Asked once a connection.
Connect = Callable[[str, int], Awaitable[Sequence[str]]]
Origin = tuple[str, str, int]  # scheme, host, port

_PORTS = {"http": 80, "https": 443}


_KEPT_HEAP = 16 << 20  # bytes


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


@dataclass(frozen=True, slots=True)
class _Job:
    """One request on its way."""

    lane: _Lane
    method: str
    wire: bytes
    limits: Limits
    deadline: float  # loop time

    @property
    def idempotent(self) -> bool:
        return self.method in ("GET", "HEAD")


class Transport(httpx.AsyncBaseTransport):
    """Use one per event loop and close it in that loop. Redirects, cookies and content decoding are the caller's.

    The response's extensions: `wire` (the whole body, content coding not undone: aread() would undo it without a cap),
    `flags` (see below), `address` (the IP connected to), `http_version` and `reason_phrase`. Flags: "body_excess" (more
    bytes than announced), "body_cut" (Limits.cut_body), "chunked_and_length", "close_framed" (only the end of the
    connection ended the body, so it may be cut short), "tls_unclosed" (and not even TLS said so), "h11" (second try).

    `request.extensions["limits"]` replaces the limits for one request. The total deadline runs from the moment at which
    the host's lane is free. Raises FetchError: `connect`, `tls_*`, `timeout` (detail: connect, first byte, idle, rate
    or total), `no_response`, `reset`, `truncated`, `protocol`, `headers_too_large`, `body_too_large`, `bad_url`, and
    what `connect` raises.
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
        self._lanes: dict[Origin, _Lane] = {}
        self._idle: dict[Connection, _Lane] = {}  # longest idle first
        self._open: set[Connection] = set()
        self._sweeper: asyncio.TimerHandle | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        lane = self._lane(_origin(request.url))
        limits: Limits = request.extensions.get("limits", self._limits)
        lane.users += 1
        try:
            wire = await _wire_format(request)
            async with lane.gate:
                job = _Job(lane, request.method, wire, limits, asyncio.get_running_loop().time() + limits.total)
                reply, address = await self._ask(job)
        except FetchError as error:
            error.url = error.url or str(request.url)
            raise
        finally:
            lane.users -= 1
            self._forget_if_empty(lane)
        return _response(request, reply, address)

    async def aclose(self) -> None:
        """Drop every connection and wait until their sockets are closed."""
        if self._sweeper:
            self._sweeper.cancel()
        for connection in self._open:
            connection.abort()
        await asyncio.gather(*(connection.gone for connection in self._open))
        self._idle.clear()
        self._lanes.clear()

    async def _ask(self, job: _Job) -> tuple[Reply, str]:
        try:
            return await self._ask_by_llhttp(job)
        except GarbledReply:
            if not job.idempotent:
                raise
        return await self._exchange(job, await self._connected(job), H11Reply)

    async def _ask_by_llhttp(self, job: _Job) -> tuple[Reply, str]:
        if kept := self._take_idle(job.lane):
            try:
                return await self._exchange(job, kept, LlhttpReply)
            except FetchError as error:  # RFC 9112 section 9.3.1: the server may have closed it meanwhile
                if error.reason != "no_response" or not job.idempotent:
                    raise
        return await self._exchange(job, await self._connected(job), LlhttpReply)

    async def _exchange(
        self, job: _Job, connection: Connection, reader: type[LlhttpReply | H11Reply]
    ) -> tuple[Reply, str]:
        reply = reader(job.limits, head_only=job.method == "HEAD")
        await connection.ask(job.wire, reply, job.limits, job.deadline)
        if not connection.closed:
            self._keep(job.lane, connection)
        return reply, connection.address

    async def _connected(self, job: _Job) -> Connection:
        """A new connection: guard, TCP and TLS under one cap."""
        scheme, host, port = job.lane.origin
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

    def _keep(self, lane: _Lane, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        lane.idle.append(connection)
        self._idle[connection] = lane
        if len(self._idle) > self._limits.max_idle:
            self._drop_longest_idle()
        if self._sweeper is None:
            self._sweeper = loop.call_later(self._limits.keepalive, self._sweep)

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


def _response(request: httpx.Request, reply: Reply, address: str) -> httpx.Response:
    body = reply.body
    extensions = {
        "http_version": b"HTTP/" + reply.version.encode("ascii"),
        "reason_phrase": reply.reason,
        "wire": body,
        "flags": tuple(reply.flags),
        "address": address,
    }
    return httpx.Response(
        reply.status, headers=reply.headers, stream=Body(body), extensions=extensions, request=request
    )


def _default_tls() -> ssl.SSLContext:
    """Verified against certifi's roots, TLS 1.2 or later; deaf to the environment (SSL_CERT_FILE, SSLKEYLOGFILE)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context
