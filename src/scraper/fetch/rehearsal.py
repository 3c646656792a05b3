"""Recorded replies played again, with the server's delays and faults: no socket, no waiting, the real reply reader."""

from __future__ import annotations

import errno
import math
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import httpx

from scraper.errors import FetchError
from scraper.fetch.options import Clock
from scraper.fetch.reply import Limits, Reply
from scraper.fetch.transport import Body
from scraper.fetch.wire import READ_SIZE, next_deadline
from scraper.model import Page

__all__ = ["Recorded", "Rehearsal", "Try"]

TICK = 0.1  # seconds: how finely a slow reply is cut into pieces
_RESET = str(ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)))  # as the real wire words it
_BREAKS = re.compile(r"[\r\n\0]+")


@dataclass(frozen=True, slots=True)
class Try:
    """How the server behaved for one request. `Try()` is a clean reply, at once."""

    wait: float = 0.0  # seconds before the first byte
    rate: float = math.inf  # bytes a second from there on
    cut: int | None = None  # the connection ends after so many bytes of the reply; None: after all, or 0 by a reset
    reset: bool = False  # it ends by a reset, not in good order
    status: int | None = None  # answered with this status, `headers` and no body; None: with the page
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A page, and how its server behaved: one entry a request, in order, then the last one again."""

    page: Page
    tries: tuple[Try, ...] = (Try(),)


Lookup = Callable[[str], Recorded | None]  # what is recorded of a URL

_NO_ROBOTS = Recorded(Page("", "", 404, (), b"", None))


class Rehearsal(httpx.AsyncBaseTransport):
    """What `Transport` would give and raise, from records. Each request has a connection of its own, made in no time.

    `recorded` is asked with the request's URL. What is not recorded raises FetchError "not_recorded", but for a
    robots.txt: there is none then (404). Every request takes, by `clock.sleep`, the time it would have taken.
    """

    def __init__(self, recorded: Lookup, clock: Clock) -> None:
        self.requests = 0  # but those for a robots.txt
        self._recorded = recorded
        self._clock = clock
        self._asked: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits: Limits = request.extensions.get("limits") or Limits()
        deadline, head_only = self._clock.monotonic() + limits.total, request.method == "HEAD"
        try:
            reply = await self._ask(request, Reply(limits, head_only=head_only), limits, deadline)
        except FetchError as error:
            error.url = error.url or str(request.url)
            raise
        extensions = {"wire": reply.body, "flags": tuple(reply.flags)}
        return httpx.Response(reply.status, headers=reply.headers, stream=Body(reply.body), extensions=extensions)

    async def _ask(self, request: httpx.Request, reply: Reply, limits: Limits, deadline: float) -> Reply:
        page, how = self._next(request)
        sent = self._clock.monotonic()
        exchange = _Exchange(reply, limits, deadline, sent, sent, sent, sent)
        try:
            if how.status is None:
                exchange.play(_on_the_wire(page.status, page.headers, page.wire or page.body), how)
            else:
                exchange.play(_on_the_wire(how.status, how.headers.items(), b""), how)
        finally:
            reply.release()
            await self._clock.sleep(exchange.now - sent)
        return reply

    def _next(self, request: httpx.Request) -> tuple[Page, Try]:
        """What the server has for this request, and how it behaves. Raises FetchError."""
        url, is_robots = str(request.url), request.url.path == "/robots.txt"
        self.requests += not is_robots
        found = self._recorded(url) or (_NO_ROBOTS if is_robots else None)
        if found is None:
            raise FetchError("not_recorded", detail=f"{request.method} {url}")
        number = self._asked[url]
        self._asked[url] += 1
        return found.page, found.tries[min(number, len(found.tries) - 1)]


@dataclass(slots=True)
class _Exchange:
    """One request and its reply: what `Connection` does as bytes come and deadlines pass, in reckoned time."""

    reply: Reply
    limits: Limits
    deadline: float
    sent: float
    first: float
    last: float
    now: float

    def play(self, raw: bytes, how: Try) -> None:
        """Takes the reply in as far as the server gives it. Raises FetchError."""
        raw = raw[: 0 if how.reset and how.cut is None else how.cut]
        begin = self.sent + how.wait
        for place, piece in _pieces(raw, how.rate):
            self._wait_until(begin + place / how.rate)
            self._take(piece)
            if self.reply.done:
                return
        self._wait_until(begin + len(raw) / how.rate)
        if how.reset and self.reply.received:
            raise FetchError("reset", detail=_RESET, retry=True)
        self.reply.feed_eof(clean=not how.reset)

    def _wait_until(self, moment: float) -> None:
        when, phase = next_deadline(self.limits, self.deadline, self.sent, self.first, self.last, self.reply.received)
        self.now = min(when, moment)
        if when <= moment:
            raise FetchError("timeout", detail=phase, retry=True)

    def _take(self, piece: memoryview) -> None:
        self.last = self.now
        if not self.reply.received:
            self.first = self.now
        self.reply.feed(piece)


def _pieces(raw: bytes, rate: float) -> Iterator[tuple[int, memoryview]]:
    """A reply as it is read, piece by piece, each with its place; `rate` in bytes a second."""
    size = max(1, int(min(rate * TICK, READ_SIZE)))
    for place in range(0, len(raw), size):
        yield place, memoryview(raw)[place : place + size]


def _on_the_wire(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """The reply's bytes, framed as its headers say; without such a header an empty body by its length, else by the end.

    A length is that of the body kept: archives of others keep it decoded, next to the length that it had before.
    """
    pairs = [(name, str(len(body)) if name.lower() == "content-length" else value) for name, value in headers]
    names = {name.lower() for name, _ in pairs}
    if not body and not names & {"content-length", "transfer-encoding"}:
        pairs.append(("Content-Length", "0"))
    lines = [f"HTTP/1.1 {status} ", *(_BREAKS.sub(" ", f"{name}: {value}") for name, value in pairs)]
    head = "".join(f"{line}\r\n" for line in lines).encode("latin-1", "replace") + b"\r\n"
    if "transfer-encoding" in names:
        body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
    return head + body
