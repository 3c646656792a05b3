"""One GET, hop by hop: statuses, redirects, types, encodings, headers and errors, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopback import Asked, Route, Server, page, reply, serve, to
from scraper.errors import FetchError
from scraper.fetch import Clock, FetchOptions, SiteOptions, open_client
from scraper.fetch.hops import Answer, follow, refresh, require_whole
from scraper.fetch.http import FAULTS, fault
from scraper.model import Page
from scraper.urls import BadUrl, normalise, origin

LOCAL = FetchOptions(
    user_agent="ValleyBot/2.0",
    contact="https://desk.example/bot",
    allow_networks=("127.0.0.80/31",),
    retries=0,
    timeout=5.0,
)
SITE = SiteOptions(delay=0.0, robots=False)
HTML = b"<html><body><h1>The bridge opens</h1></body></html>"
NOW = datetime(2024, 5, 6, 12, 0, 0, tzinfo=UTC)


async def fetch_from(
    routes: Mapping[str, Route],
    path: str = "/a",
    site: SiteOptions = SITE,
    options: FetchOptions = LOCAL,
    any_type: bool = False,
    validators: Mapping[str, str] | None = None,
) -> tuple[Page, Server]:
    clock = Clock(now=lambda: NOW)
    async with serve(routes) as server, open_client(options, clock=clock) as client:
        fetch = client.fetch(site, any_type=any_type, validators=lambda url: validators or {})
        return await fetch(f"{server.origin}{path}"), server


def word(*arguments: object, **options: object) -> str:
    try:
        return str(asyncio.run(fetch_from(*arguments, **options))[0].status)  # type: ignore[arg-type]
    except FetchError as error:
        assert error.url, "every error names its URL"
        return error.reason


def fetched(*arguments: object, **options: object) -> tuple[Page, Server]:
    return asyncio.run(fetch_from(*arguments, **options))  # type: ignore[arg-type]


STATUSES = {
    "N20": {599: "http_599", 999: "http_999", 300: "http_300", 305: "http_305"},
    "N27": {204: "empty", 205: "empty"},
    "N28": {304: "unexpected_304"},
    "N31": {206: "partial_content"},
    "N33": {401: "auth", 407: "auth"},
    "N34": {402: "forbidden", 403: "forbidden"},
    "N35": {404: "gone", 410: "gone"},
    "N36": {451: "legal"},
    "N41": {429: "http_429", 503: "http_503"},
    "N42": {500: "http_500", 502: "http_502", 520: "http_520", 408: "http_408"},
    "fine": {200: "200", 203: "203"},
}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param(status, reason, id=f"{case}-{status}")
        for case, rows in STATUSES.items()
        for status, reason in rows.items()
    ],
)
def test_status(status: int, reason: str) -> None:
    assert word({"/a": reply(status, HTML)}) == reason


def test_retry_after_a_fault() -> None:
    replies = iter([reply(502), b"", b"", page()])
    options = FetchOptions(allow_networks=LOCAL.allow_networks, retries=3)
    sleeps: list[float] = []

    async def sleep(seconds: float) -> None:
        sleeps.append(seconds)

    async def run() -> Page:
        clock = Clock(sleep=sleep)
        async with serve({"/a": lambda asked: next(replies)}) as server, open_client(options, clock=clock) as client:
            return await client.fetch(SITE)(f"{server.origin}/a")

    assert asyncio.run(run()).body == page().partition(b"\r\n\r\n")[2], "N42"
    assert 1 <= len(sleeps) <= 3, "a kept connection that closes is replaced without a pause"


@pytest.mark.parametrize(("ends", "found"), [((40, 40), "200"), ((40, 30), "truncated")])
def test_n16_a_page_without_end_tags_is_whole_if_it_ends_so_twice(ends: tuple[int, int], found: str) -> None:
    text = b"<html><body><h1>The bridge opens</h1><p>On Monday morning."
    replies = iter([b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + text[:end] for end in ends])
    options = FetchOptions(allow_networks=LOCAL.allow_networks, retries=1)

    async def no_sleep(seconds: float) -> None:
        pass

    async def run() -> str:
        clock = Clock(sleep=no_sleep)
        async with serve({"/a": lambda asked: next(replies)}) as server, open_client(options, clock=clock) as client:
            try:
                return str((await client.fetch(SITE)(f"{server.origin}/a")).status)
            except FetchError as error:
                return error.reason

    assert asyncio.run(run()) == found


# --- redirects ---


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(status: int) -> None:
    found, server = fetched({"/a": to("b?x#y", status), "/b": page()})
    assert (found.url, found.final_url) == (f"{server.origin}/a", f"{server.origin}/b?x"), "N59"


def chain(asked: Asked) -> bytes:
    path, _, number = asked.path.partition("?")
    return to(f"{path}?{int(number or 0) + 1}")


def chain_of_10(asked: Asked) -> bytes:
    return page() if asked.path.endswith("?10") else chain(asked)


REDIRECTS: dict[str, tuple[Route, str]] = {
    "N57-self": (to("/a"), "redirect_loop"),
    "N57-self-fragment": (to("/a#b"), "redirect_loop"),
    "N57-two": (to("/two"), "redirect_loop"),
    "N57-three": (to("/three"), "redirect_loop"),
    "N57-endless": (to("/chain"), "too_many_redirects"),
    "N57-ten": (to("/ten?1"), "200"),
    "N58-no-location": (reply(302), "bad_redirect"),
    "N58-empty": (to(""), "bad_redirect"),
    "N58-bracket": (to("http://[::1"), "bad_redirect"),
    "N58-port": (to("http://valley.example:99999/"), "bad_redirect"),
    "N58-two-locations": (reply(302, b"", "Location: /b", "Location: /c"), "bad_redirect"),
    "N58-equal-locations": (reply(302, b"", "Location: /b", "Location: /b"), "200"),
    "N58-long": (to("/" + "x" * 9000), "bad_redirect"),
    **{
        f"N61-{url[:6]}": (to(url), "scheme")
        for url in ("file:///etc/passwd", "data:,x", "ftp://a/", "javascript:1", "gopher://a", "blob:x")
    },
    "N56-header": (reply(200, HTML, "Refresh: 0; url=/b"), "200"),
    "S09-port": (to("http://127.0.0.82:22/"), "private_address"),
}


@pytest.mark.parametrize("name", REDIRECTS)
def test_redirect(name: str) -> None:
    route, reason = REDIRECTS[name]
    routes = {"/a": route, "/b": page(), "/two": to("/a"), "/three": to("/two"), "/chain": chain, "/ten": chain_of_10}
    assert word(routes) == reason


@pytest.mark.parametrize(
    ("place", "path"), [("/caf\xe9", "/caf%E9"), ("/caf\xc3\xa9", "/caf%C3%A9"), ("/a b", "/a%20b"), ("/%c3", "/%C3")]
)
def test_bytes_in_location(place: str, path: str) -> None:
    assert fetched({"/a": to(place), "*": page()})[1].paths() == ["/a", path], "N58"


def test_downgrade() -> None:
    assert follow("http://valley.example/", "https://valley.example/b") == "https://valley.example/b", "N60"
    with pytest.raises(FetchError, match="downgrade"):
        follow("https://valley.example/", "http://valley.example/")


def test_robots_of_the_next_host() -> None:
    async def run() -> tuple[str, list[str], list[str]]:
        shut = {"/robots.txt": reply(200, b"User-agent: *\nDisallow: /b"), "*": page()}
        first_routes: dict[str, Route] = {}
        async with serve(shut, "127.0.0.81") as second, serve(first_routes) as first, open_client(LOCAL) as client:
            first_routes["/a"] = to(f"{second.origin}/b")
            with pytest.raises(FetchError) as caught:
                await client.fetch(SiteOptions(delay=0.0))(f"{first.origin}/a")
            return caught.value.reason, first.paths(), second.paths()

    assert asyncio.run(run()) == ("robots", ["/robots.txt", "/a"], ["/robots.txt"]), "N62"


REFRESHES = {
    '<meta http-equiv="refresh" content="0; url=/b">': "/b",
    "<META content='0;URL=/b?x=1&amp;y=2' HTTP-EQUIV=Refresh>": "/b?x=1&y=2",
    '<meta http-equiv="refresh" content="0;url=\'/b\'">': "/b",
    "<meta http-equiv=refresh content=0;url=/b>": "/b",
    '<meta http-equiv="refresh" content="5; url=/b">': None,
    '<meta http-equiv="refresh" content="0">': None,
    '<meta http-equiv="refresh" content="600">': None,
    '<noscript><meta http-equiv="refresh" content="0; url=/b"></noscript>': None,
    '<!-- <meta http-equiv="refresh" content="0; url=/b"> -->': None,
    '<meta http-equiv="refresh" content="0; url=javascript:alert(1)">': None,
    '<meta name="refresh" content="0; url=/b">': None,
}


@pytest.mark.parametrize("markup", REFRESHES)
def test_meta_refresh(markup: str) -> None:
    wanted = REFRESHES[markup]
    found = refresh("http://valley.example/a", Answer(200, (), b""), f"<html><head>{markup}</head>".encode())
    assert found == (wanted and f"http://valley.example{wanted}"), "N56"


def test_refresh_to_itself_is_a_page() -> None:
    body = b'<html><head><meta http-equiv="refresh" content="0; url=/a"></head></html>'
    assert word({"/a": reply(200, body)}) == "200", "N56"
    assert word({"/a": to("/b"), "/b": reply(200, body)}) == "200", "N56"


# --- what is sent ---


def test_request_headers() -> None:
    _, server = fetched({"/a": reply(302, b"", "Location: /b", "Set-Cookie: id=1"), "/b": page()})
    for asked in server.log:
        assert asked.headers["user-agent"] == "ValleyBot/2.0 (+https://desk.example/bot)"
        assert asked.headers["accept-encoding"] == "gzip, deflate, br, zstd"
        assert not {"cookie", "referer", "authorization"} & set(asked.headers), "S14 S15"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "http_proxy"])
def test_environment_is_ignored(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://127.0.0.81:9")
    assert word({"/a": page()}) == "200", "S11"


SECRETS = {"Authorization": "Bearer canary", "X-Api-Key": "canary", "cookie": "s=canary", "user-agent": "Special/1"}


def test_headers_stay_with_their_origin() -> None:
    async def run() -> tuple[Server, Server]:
        routes: dict[str, Route] = {"*": page()}
        async with serve(routes) as home, serve(routes, "127.0.0.81") as other, open_client(LOCAL) as client:
            site = SiteOptions(delay=0.0, robots=False, headers=SECRETS, origins=frozenset({origin(home.origin)}))
            fetch = client.fetch(site, validators=lambda url: {"If-None-Match": '"canary"'})
            routes["/same"] = to("/b")
            routes["/away"] = to(f"{other.origin}/back")
            routes["/back"] = to(f"{home.origin}/home")
            for path in ("/same", "/away"):
                await fetch(f"{home.origin}{path}")
            await client.fetch(site)(f"{other.origin}/linked")  # a link of the site to somewhere else
            return home, other

    home, other = asyncio.run(run())
    seen = {asked.path: "canary" in str(asked.headers) for asked in home.log}
    assert seen == {"/same": True, "/b": True, "/away": True, "/home": False}, "S13"
    assert other.paths() == ["/back", "/linked"] and "canary" not in str(other.log), "S13"
    assert home.log[0].headers["user-agent"] == "Special/1"


def test_ipv6() -> None:
    async def run() -> Server:
        async with (
            serve({"*": page()}, "::1") as server,
            open_client(FetchOptions(allow_networks=("::1/128",))) as client,
        ):
            await client.fetch(SiteOptions(delay=0.0))(f"http://[::1]:{server.port}/a")
            return server

    try:
        server = asyncio.run(run())
    except OSError:
        pytest.skip("no IPv6 on this machine's loopback")
    assert server.paths() == ["/robots.txt", "/a"] and server.log[0].headers["host"] == f"[::1]:{server.port}", "N65"


def test_user_info_is_not_sent() -> None:
    async def run() -> Server:
        async with serve({"*": page()}) as server, open_client(LOCAL) as client:
            found = await client.fetch(SITE)(f"http://user:canary@{server.address}:{server.port}/a")
            assert "canary" not in found.final_url
            return server

    assert "authorization" not in asyncio.run(run()).log[0].headers, "S13"


@pytest.mark.parametrize("agent", ["Bot\r\nX: y", "Bot\0", "Бот"])
def test_bad_user_agent(agent: str) -> None:
    with pytest.raises(ValueError, match="User-Agent"):
        word({"/a": page()}, options=FetchOptions(user_agent=agent))


# --- conditional requests ---


def test_validators() -> None:
    found, server = fetched({"/a": reply(304, b"", 'ETag: "2"')}, validators={"If-None-Match": '"1"'})
    assert (found.status, found.body, found.header("etag")) == (304, b"", '"2"'), "N29"
    assert server.log[0].headers["if-none-match"] == '"1"'
    assert word({"/a": reply(200, HTML, 'ETag: "1"')}, validators={"If-None-Match": '"1"'}) == "200", "N30"


# --- types and encodings ---

TYPES = {
    "N54-html": ("text/html; charset=utf-8", HTML, "200"),
    "N54-xhtml": ("application/xhtml+xml", HTML, "200"),
    "N54-double": ("text/html; text/plain", HTML, "200"),
    "N54-list": ("text/html, text/html", HTML, "200"),
    "N54-last": ("text/plain\r\nContent-Type: text/html", HTML, "200"),
    "N54-no-type": ("charset=utf-8", HTML, "200"),
    "N54-case": ("TEXT/HTML", HTML, "200"),
    "N54-absent": ("", HTML, "200"),
    "N54-absent-utf-16": ("", HTML.decode().encode("utf-16"), "200"),
    "N54-octets": ("application/octet-stream", HTML, "200"),
    "N54-xml-html": ("application/xml", b"<?xml version='1.0'?>" + HTML, "200"),
    "N54-image": ("image/png", b"\x89PNG\r\n\x1a\n", "not_html"),
    "N54-pdf": ("application/pdf", b"%PDF-1.7", "not_html"),
    "N54-pdf-as-html": ("text/html", b"%PDF-1.7", "not_html"),
    "N54-zip": ("", b"PK\x03\x04", "not_html"),
    "N54-absent-text": ("", b"hello", "not_html"),
    "N54-video": ("text/html", b"\0\0\0\x20ftypisom", "not_html"),
    "N54-feed": ("application/rss+xml", b"<rss><channel/></rss>", "not_html"),
    "N54-feed-as-xml": ("text/xml", b"<rss><channel><link>x</link></channel></rss>", "not_html"),
    "N55-text": ("text/plain", HTML, "not_html"),
    "N55-json": ("application/json", b"{}", "not_html"),
    "N51-empty": ("text/html", b"", "empty"),
}


@pytest.mark.parametrize("name", TYPES)
def test_content_type(name: str) -> None:
    kind, body, reason = TYPES[name]
    assert word({"/a": reply(200, body, kind=kind)}) == reason
    assert word({"/a": reply(200, body, kind=kind)}, any_type=True) == ("200" if reason == "not_html" else reason)


def test_configured_type() -> None:
    site = SiteOptions(delay=0.0, robots=False, types=frozenset({"text/plain"}))
    assert word({"/a": reply(200, HTML, kind="text/plain")}, site=site) == "200", "N55"
    assert word({"/a": reply(200, b"%PDF-1.7", kind="text/plain")}, site=site) == "not_html", "N55"


def test_decoded_body() -> None:
    packed = gzip.compress(HTML)
    found, _ = fetched({"/a": reply(200, packed, "Content-Encoding: gzip", "X-A: 1", "x-a: 2")})
    assert (found.body, found.wire, found.fetched_at) == (HTML, packed, NOW)
    assert [pair for pair in found.headers if pair[0].lower() == "x-a"] == [("X-A", "1"), ("x-a", "2")]
    assert fetched({"/a": page()})[0].wire is None


ENCODED = {
    "N44": ("gzip", gzip.compress(bytes(20_000_000)), "decoded_too_large"),
    "N45": (", ".join(["gzip"] * 4), HTML, "encoding"),
    "N47": ("gzip", HTML, "200"),
    "N48": ("gzip", gzip.compress(HTML)[:-9], "truncated"),
    "N50": ("xyzzy", HTML, "encoding"),
    "N52": ("identity", bytes(9_000_000), "body_too_large"),
}


@pytest.mark.parametrize("name", ENCODED)
def test_encoding(name: str) -> None:
    coding, body, reason = ENCODED[name]
    assert word({"/a": reply(200, body, f"Content-Encoding: {coding}")}) == reason


@pytest.mark.parametrize(
    ("body", "whole"), [(HTML, True), (HTML[:-14], False), (b"<p>no frame", True), (b"<html><p>cut</bo", False)]
)
def test_close_framed(body: bytes, whole: bool) -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + body
    require_whole("u", Answer(200, (), body, ()), body)
    if whole:
        return require_whole("u", Answer(200, (), body, ("close_framed",)), body)
    with pytest.raises(FetchError, match="truncated"):
        require_whole("u", Answer(200, (), raw, ("close_framed",)), body)
    return None


def test_total_deadline() -> None:
    async def drip(asked: Asked) -> bytes:
        await asyncio.sleep(3)
        return page()

    options = FetchOptions(allow_networks=LOCAL.allow_networks, retries=0, timeout=0.2)
    assert word({"/a": drip}, options=options) == "timeout", "N04"


# --- URLs and errors ---

BAD_URLS = {
    "http://a..b/": "bad_url",
    "http://xn--a/": "bad_url",
    "http://valley.example./": "bad_url",
    "nonsense": "bad_url",
    "": "bad_url",
    "http://valley.example/" + "x" * 70_000: "bad_url",
    "file:///etc/passwd": "scheme",
    "mailto:desk@valley.example": "scheme",
    "http://127.0.0.82/": "private_address",
    "http://valley.invalid/": "dns",
    "http://127.0.0.81:9/": "connect",
}


@pytest.mark.parametrize("url", BAD_URLS, ids=lambda url: url[:40])
@pytest.mark.parametrize("robots", [True, False], ids=["robots", "plain"])
def test_bad_url(url: str, robots: bool) -> None:
    async def run() -> FetchError:
        async with open_client(LOCAL) as client:
            with pytest.raises(FetchError) as caught:
                await client.fetch(SiteOptions(delay=0.0, robots=robots))(url)
            return caught.value

    error = asyncio.run(run())
    assert error.reason == BAD_URLS[url] and len(str(error)) < 4000, "N01 N64 S01 S12"


@given(
    st.text(alphabet="ab.:/\\@%?#[]0x1é۱。 -_", max_size=24),
    st.sampled_from(["http://", "https://a.example", "http:\\\\"]),
)
def test_httpx_sees_the_same_host(tail: str, head: str) -> None:
    """S07: host and port in the log are those connected to."""
    try:
        url = normalise(head + tail)
    except BadUrl:
        return
    place, seen = origin(url), httpx.Request("GET", url).url
    assert (seen.scheme, seen.raw_host.decode(), seen.port or {"http": 80, "https": 443}[seen.scheme]) == place, url


def httpx_errors() -> list[type[Exception]]:
    return [each for each in vars(httpx).values() if isinstance(each, type) and issubclass(each, Exception)]


# Misuse of httpx's own objects, which is a mistake of ours and no outcome of a page.
MISUSE = (httpx.StreamError, httpx.CookieConflict)


@pytest.mark.parametrize("error", httpx_errors(), ids=lambda error: error.__name__)
def test_every_httpx_error_has_its_word(error: type[Exception]) -> None:
    found = fault(error.__new__(error), "u")
    assert (found is None) == issubclass(error, MISUSE)


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: row.error.__name__)
def test_fault_rows_are_all_reached(row: object) -> None:
    found = fault(row.error("x"), "u")  # type: ignore[attr-defined]
    assert found and (found.reason, found.retry) == (row.reason, row.retry)  # type: ignore[attr-defined]


def test_certificate_behind_a_connect_error() -> None:
    refused = ssl.SSLCertVerificationError(1, "expired")
    refused.verify_code, refused.verify_message = 10, "certificate has expired"
    error = httpx.ConnectError("x")
    error.__cause__ = refused
    found = fault(error, "u")
    assert found and (found.reason, found.retry) == ("tls_expired", False), "N66"


def test_stock_transport() -> None:
    """What a proxy goes through: the same words, caps and bytes from httpx's own transport."""

    async def run() -> list[str]:
        routes = {"/a": page(), "/gone": reply(404), "/big": reply(200, bytes(9_000_000)), "/closed": b""}
        async with serve(routes) as server:
            stock = httpx.AsyncHTTPTransport(trust_env=False)
            words = []
            async with open_client(LOCAL, transport=stock) as client:
                for path in (*routes, "/nowhere"):
                    try:
                        words.append(str((await client.fetch(SITE)(f"{server.origin}{path}")).status))
                    except FetchError as error:
                        words.append(error.reason)
            return words

    assert asyncio.run(run()) == ["200", "gone", "body_too_large", "protocol", "gone"]


def test_proxy() -> None:
    async def run() -> tuple[Server, list[str]]:
        async with serve({"*": page()}) as server:
            options = FetchOptions(proxy=server.origin, retries=0)
            async with open_client(options) as client:
                await client.fetch(SITE)("http://valley.example/a")
                reasons = []
                for url in ("http://127.0.0.1/", "http://[::ffff:7f00:1]/", "http://localhost/", "http://2130706433/"):
                    with pytest.raises(FetchError) as caught:
                        await client.fetch(SITE)(url)
                    reasons.append(caught.value.reason)
                return server, reasons

    server, reasons = asyncio.run(run())
    assert server.paths() == ["http://valley.example/a"]
    assert set(reasons) == {"private_address"}, "S10"
