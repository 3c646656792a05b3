"""One connection, TCP or TLS: a request out, a reply in, by its deadlines."""

from __future__ import annotations

import asyncio
import socket
import ssl

from scraper.errors import FetchError
from scraper.fetch.pressure import Pressure
from scraper.fetch.reply import Limits, Reply

READ_SIZE = 128 * 1024  # bytes read at once; the only amount by which a cap can be overshot


def next_deadline(
    limits: Limits, deadline: float, sent: float, first: float, last: float, received: int
) -> tuple[float, str]:
    """The moment at which a request has failed if no further byte comes, and the name of that cap.

    All moments in seconds of one clock: `deadline` is the total one, `first` and `last` those of the first and the last
    of the `received` bytes.
    """
    total = (deadline, "total")
    if not received:
        return min(total, (sent + limits.first_byte, "first byte"))
    too_slow = first + max(limits.min_rate_after, received / limits.min_rate)
    return min(total, (last + limits.idle, "idle"), (too_slow, "rate"))


class Connection(asyncio.BufferedProtocol):
    """One TCP or TLS connection: one request at a time, dropped at once when it holds bytes that nobody asked for."""

    __slots__ = (
        "_answered",
        "_buffer",
        "_deadline",
        "_first",
        "_last",
        "_limits",
        "_loop",
        "_paused_at",
        "_pressure",
        "_register",
        "_reply",
        "_sent",
        "_sock",
        "_timer",
        "_transport",
        "address",
        "closed",
        "gone",
        "held",
        "idle_since",
    )

    def __init__(self, sock: socket.socket, buffer: memoryview, pressure: Pressure, register: set[Connection]) -> None:
        """`buffer` may be shared by all connections of a loop: what is read into it is parsed before the next read.

        The connection stands in `register` as long as its socket is open.
        """
        self.closed = False
        self.idle_since = 0.0  # loop time; 0 before its first reply
        self.address = ""
        self.held = 0  # bytes of the reply on its way
        self._loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self._sock = sock
        self._buffer = buffer
        self._pressure = pressure
        self._register = register
        self._reply: Reply | None = None
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None
        self._paused_at: float | None = None
        self._answered: asyncio.Future[None]

    def send(
        self, request: bytes, reply: Reply, limits: Limits, deadline: float, answered: asyncio.Future[None]
    ) -> None:
        """Send the request; `answered` ends with the reply, or by `deadline` (loop time) with a FetchError.

        Whoever waits for it calls finish() then, however the waiting ended.
        """
        self._reply, self._limits, self._deadline, self._answered = reply, limits, deadline, answered
        self._sent = self._first = self._last = self._loop.time()
        self.held, self._paused_at = 0, None
        if self.closed:
            self._end(FetchError("no_response", retry=True))
            return
        self._set_timer()
        self._transport.write(request)

    def finish(self, reply: Reply) -> None:
        """Let go of the reply; the connection stays open if a next request may go over it."""
        self._pressure.remove(self, self.held)
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
        peer = transport.get_extra_info("peername")
        self.address = peer[0] if peer else ""  # none when it is gone already

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
            else:
                self.held += count
                self._pressure.add(self, count)

    def pause(self) -> None:
        self._paused_at = self._loop.time()
        self._transport.pause_reading()

    def resume(self) -> None:
        """Read on; the time of waiting is not the server's fault, so only the total deadline has counted it."""
        assert self._paused_at is not None
        self._last = self._loop.time()
        self._first += self._last - self._paused_at
        self._paused_at = None
        self._set_timer()
        self._transport.resume_reading()

    def eof_received(self) -> None:
        self.closed = True
        self._ended(clean=self._said_farewell())

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if exc is not None and self._reply is not None and self._reply.received:
            self._end(FetchError("reset", detail=str(exc), retry=True))
        self._ended(clean=False)
        self._stop_timer()
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

    def _set_timer(self) -> None:
        """Look at the deadlines when the next one is due. A timer that rings before stays: most requests set none."""
        when = self._next_deadline()[0]
        if self._timer is None or self._timer.when() > when:
            self._stop_timer()
            self._timer = self._loop.call_at(when, self._watch)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _watch(self) -> None:
        self._timer = None
        if self._reply is None:
            return
        when, phase = self._next_deadline()
        if when > self._loop.time():
            self._timer = self._loop.call_at(when, self._watch)
        else:
            self._end(FetchError("timeout", detail=phase, retry=True))

    def _next_deadline(self) -> tuple[float, str]:
        """As `next_deadline`; while the reading is paused, the total deadline alone."""
        if self._paused_at is not None:
            return self._deadline, "total"
        received = self._reply.received if self._reply else 0
        return next_deadline(self._limits, self._deadline, self._sent, self._first, self._last, received)
