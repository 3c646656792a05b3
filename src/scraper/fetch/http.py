"""One GET, hop by hop, to a Page. With transport.py the only place that knows httpx."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import logging
import resource
import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx

from scraper.errors import FetchError, SkipPage
from scraper.fetch.cookies import Jar
from scraper.fetch.decode import decode
from scraper.fetch.dial import tls_fault
from scraper.fetch.guard import Guard
from scraper.fetch.hops import Answer, redirect, refresh, refusal, require_whole
from scraper.fetch.media import require_page
from scraper.fetch.options import Clock, FetchOptions, SiteOptions
from scraper.fetch.polite import Polite
from scraper.fetch.transport import Limits, Transport
from scraper.model import Page
from scraper.urls import BadUrl, normalise, origin

log = logging.getLogger(__name__)

MAX_REDIRECTS = 10
START_BODY = 50 << 20  # bytes of a start page, which is cut there: the sitemap protocol's own limit for one file
OTHER_FILES = 44  # that a run has open besides: state, output, workers' pipes, what is imported
MAX_CONNECTIONS = 256  # per origin; how many are used at once is the pacing's business


Step = tuple[str, str]  # a URL and the Cookie header that it is asked with, empty for none


class Fault(NamedTuple):
    """What a foreign error means here."""

    error: type[Exception]
    reason: str
    retry: bool


# Read from the top, so the general classes stand last.
FAULTS = (
    Fault(httpx.ConnectTimeout, "timeout", True),
    Fault(httpx.ConnectError, "connect", True),
    Fault(httpx.ReadError, "reset", True),
    Fault(httpx.WriteError, "reset", True),
    Fault(httpx.CloseError, "reset", True),
    Fault(httpx.RemoteProtocolError, "protocol", True),
    Fault(httpx.ProtocolError, "protocol", False),
    Fault(httpx.ProxyError, "proxy", True),
    Fault(httpx.UnsupportedProtocol, "scheme", False),
    Fault(httpx.TimeoutException, "timeout", True),
    Fault(httpx.TransportError, "connect", True),
    Fault(httpx.DecodingError, "encoding", False),
    Fault(httpx.TooManyRedirects, "too_many_redirects", False),
    Fault(httpx.InvalidURL, "bad_url", False),
    Fault(httpx.HTTPError, "protocol", False),
    Fault(TimeoutError, "timeout", True),
    Fault(OSError, "connect", True),
)


def fault(error: Exception, url: str) -> FetchError | None:
    """The FetchError for an error of httpx, asyncio or the system; None for one that is a mistake of our own."""
    tls = _tls_cause(error)
    if tls:
        known = tls_fault(tls)
        known.url = url
        return known
    row = next((row for row in FAULTS if isinstance(error, row.error)), None)
    return row and FetchError(row.reason, url=url, detail=str(error)[:200], retry=row.retry)


def _tls_cause(error: BaseException | None) -> ssl.SSLError | None:
    """httpx calls a refused certificate a ConnectError and keeps the reason behind it."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _room() -> int:
    """Connections that may be in use, and as many kept, before the process runs out of files (getrlimit(2))."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if files == resource.RLIM_INFINITY else max(1, (files - OTHER_FILES) // 2)


class Wire:
    """One exchange with one server, by an httpx transport: its client would add cookies and unbounded decoding."""

    def __init__(self, options: FetchOptions, guard: Guard, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`transport` replaces the one that `options` ask for."""
        patience, room = max(Limits().first_byte, options.timeout / 2), _room()
        self._limits = Limits(
            first_byte=patience,
            idle=patience,
            total=options.timeout,
            max_body=options.max_body,
            max_connections=MAX_CONNECTIONS,
            max_in_flight=min(options.concurrency, room),
            max_idle=min(Limits().max_idle, room),
        )
        if options.proxy and not transport:
            transport = _proxy(options.proxy, self._limits)
        self._transport = (
            Bounded(transport, self._limits) if transport else Transport(connect=guard, limits=self._limits)
        )
        self._proxy_guard = guard if options.proxy else None
        self._headers = {
            "User-Agent": options.agent,
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5",
            "Accept-Encoding": "gzip, deflate, br, zstd",
        }

    async def exchange(self, url: str, headers: Mapping[str, str], cut: int | None = None) -> Answer:
        """The answer to GET `url` (normalised), its body cut at `cut` bytes where that is given. Raises FetchError."""
        try:
            if self._proxy_guard:  # the proxy looks names up, so the rest is the proxy's duty
                place = origin(url)
                self._proxy_guard.check_literal(place.host, place.port)
            return await self._exchange(url, headers, cut)
        except FetchError as error:
            error.url = error.url or url
            raise
        except Exception as error:
            known = fault(error, url)
            if known is None:
                raise
            raise known from error

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _exchange(self, url: str, headers: Mapping[str, str], cut: int | None) -> Answer:
        limits = self._limits if cut is None else dataclasses.replace(self._limits, max_body=cut, cut_body=True)
        headers = {**self._headers, **_titled(headers)}
        response = await self._transport.handle_async_request(
            httpx.Request("GET", url, headers=_encoded(headers), extensions={"limits": limits})
        )
        pairs = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
        extensions = response.extensions
        return Answer(response.status_code, pairs, extensions["wire"], extensions.get("flags", ()))


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """As Latin-1, since an ETag may hold bytes above 0x7F and comes back as it came (RFC 9110 section 8.8.3)."""
    return [(n.encode(), v.encode("latin-1" if _is_latin(v) else "utf-8")) for n, v in headers.items()]


def _is_latin(text: str) -> bool:
    return all(character <= "\xff" for character in text)


def _titled(headers: Mapping[str, str]) -> dict[str, str]:
    """Names in one case, so that a configured header replaces ours."""
    return {name.title(): value for name, value in headers.items()}


class Bounded(httpx.AsyncBaseTransport):
    """Another transport than ours under the same concurrency, total deadline and body cap."""

    def __init__(self, transport: httpx.AsyncBaseTransport, limits: Limits) -> None:
        self._transport = transport
        self._places = asyncio.Semaphore(limits.max_in_flight)
        self._timeout = httpx.Timeout(limits.total, connect=limits.connect).as_dict()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits: Limits = request.extensions["limits"]
        request.extensions["timeout"] = self._timeout
        async with self._places, asyncio.timeout(limits.total):
            response = await self._transport.handle_async_request(request)
            response.extensions["wire"] = await _read(response, limits)
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()


async def _read(response: httpx.Response, limits: Limits) -> bytes:
    body = bytearray()
    try:
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > limits.max_body:
                break
    finally:
        await response.aclose()
    if len(body) > limits.max_body and not limits.cut_body:
        raise FetchError("body_too_large", detail=f"more than {limits.max_body} bytes")
    return bytes(body[: limits.max_body])


def _proxy(url: str, limits: Limits) -> httpx.AsyncBaseTransport:
    pool = httpx.Limits(max_connections=limits.max_in_flight, max_keepalive_connections=limits.max_in_flight)
    return httpx.AsyncHTTPTransport(proxy=url, trust_env=False, limits=pool)


@dataclass(frozen=True, slots=True)
class Request:
    """What one site wants of one of its URLs."""

    url: str  # as discovered
    site: SiteOptions
    any_type: bool = False  # feeds and sitemaps are wanted too, not pages alone
    validators: Mapping[str, str] = field(default_factory=dict)  # If-None-Match, If-Modified-Since
    unwanted: Callable[[str], str | None] = lambda url: None  # why a URL is not to be asked on the way


@dataclass(frozen=True, slots=True)
class Client:
    """Politely, hop by hop, to a Page."""

    polite: Polite
    clock: Clock
    max_body: int  # bytes, content-decoded
    _ended: dict[str, bytes] = field(default_factory=dict)  # by URL, the hash of a page that seemed to be cut

    async def get(self, request: Request) -> Page:
        """The page; status 304 with an empty body when the server finds our validators current. Raises FetchError."""
        try:
            start = normalise(request.url)
        except BadUrl as error:
            raise FetchError(error.reason, url=request.url[:2048], detail=error.detail) from None
        try:
            return await self._follow(request, start)
        except FetchError as error:
            error.url = error.url or start
            raise

    async def _follow(self, request: Request, start: str) -> Page:
        trail, jar = [(start, "")], Jar()
        headers = {**_own_headers(start, request.site), **request.validators}
        most = max(self.max_body, START_BODY) if request.any_type else self.max_body
        while True:
            url, cookies = trail[-1]
            site = request.site.at(url)
            await self.polite.check(url, site)
            cut = most if request.any_type else None
            answer, pause = await self.polite.ask(url, _with_cookies(headers, cookies), site, cut)
            jar.take(url, answer)
            target = redirect(url, answer)
            conditional = bool(headers and request.validators)
            page = None if target else self._page(request, answer, pause, url, conditional, most)
            if page and page.status == 200:  # one that sends on at once is followed like a redirect...
                target = refresh(url, answer, page.body)
            step = _step(trail, target, jar) if target else None
            if page and (step is None or _is_back(trail, step)):  # ...but not back to where we were
                return page
            assert target and step
            if reason := request.unwanted(target):
                raise SkipPage(reason, url=target)
            _extend(trail, step)
            if origin(target) != origin(url):
                headers = {}  # credentials, validators and all else: never on to another origin, nor back again

    def _page(
        self, request: Request, answer: Answer, pause: float | None, url: str, conditional: bool, most: int
    ) -> Page:
        """Raises FetchError for an answer that carries none."""
        if answer.status == 304:
            if not conditional:
                raise FetchError("unexpected_304", url=url, retry=True)
            return Page(request.url, url, 304, answer.headers, b"", self.clock.now())
        refused = refusal(url, answer, pause)
        if refused:
            raise refused
        if not answer.body:
            raise FetchError("empty", url=url)
        body = decode(answer.body, answer.values("content-encoding"), most).body
        if not request.any_type:
            require_page(url, ", ".join(answer.values("content-type")), body, request.site.types)
        self._require_whole(url, answer, body)
        wire = None if body == answer.body else answer.body
        return Page(request.url, url, answer.status, answer.headers, body, self.clock.now(), wire)

    def _require_whole(self, url: str, answer: Answer, body: bytes) -> None:
        """As hops.require_whole, but what ends at the same byte twice is whole: a connection breaks anywhere, and end
        tags may be left out (HTML standard 13.1.2.4).
        """
        try:
            require_whole(url, answer, body)
        except FetchError:
            before, self._ended[url] = self._ended.get(url), hashlib.sha256(body).digest()
            if before != self._ended[url]:
                raise


def _step(trail: list[Step], target: str, jar: Jar) -> Step:
    """The next URL with the cookies that go with it: none, until a gate sends back for them to where we were."""
    is_gate = (target, "") in trail or any(cookies for _, cookies in trail)
    return target, jar.header(target) if is_gate else ""


def _is_back(trail: list[Step], step: Step) -> bool:
    """Whether the URL was asked so before: with the same cookies, or with any, since some are new each time."""
    return step in trail or any(url == step[0] and cookies for url, cookies in trail)


def _extend(trail: list[Step], step: Step) -> None:
    (start, _), (target, _) = trail[0], step
    log.debug("%s -> %s", trail[-1][0], target)
    if _is_back(trail, step):
        raise FetchError("redirect_loop", url=start, detail=f"{len(trail)} hops, back to {target[:200]}")
    if len(trail) > MAX_REDIRECTS:
        raise FetchError("too_many_redirects", url=start, detail=f"the next is {target[:200]}")
    trail.append(step)


def _with_cookies(headers: Mapping[str, str], cookies: str) -> Mapping[str, str]:
    """`headers` with the cookies of the way behind the configured ones."""
    if not cookies:
        return headers
    own = "; ".join(value for name, value in headers.items() if name.lower() == "cookie")
    return {**_titled(headers), "Cookie": "; ".join(filter(None, (own, cookies)))}


def _own_headers(url: str, site: SiteOptions) -> dict[str, str]:
    """The site's configured headers, which may be credentials, go to the origins of its start URLs alone."""
    return dict(site.headers) if site.headers and origin(url) in site.origins else {}
