"""robots.txt, pacing, Retry-After and retries: what a site asks for is what it gets, measured at the site."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from loopback import Asked, Route, Server, page, reply, serve, to
from scraper.errors import FetchError, SkipPage
from scraper.fetch import Clock, FetchClient, FetchOptions, SiteOptions, open_client
from scraper.fetch.hops import MAX_PAUSE, Answer, retry_after
from scraper.fetch.polite import Pace, RunMemory
from scraper.fetch.retry import Budget, Retry
from scraper.fetch.robots import MAX_BYTES, product_token, read
from scraper.model import Page

LOCAL = FetchOptions(user_agent="ValleyBot/2.0", allow_networks=("127.0.0.80/32",), retries=0, timeout=5.0)
QUICK = SiteOptions(delay=0.0)
NOW = datetime(2024, 5, 6, 12, 0, 0, tzinfo=UTC)


class FakeClock:
    """Sleeping moves it; nothing else does."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)

    def clock(self) -> Clock:
        return Clock(lambda: NOW + timedelta(seconds=self.seconds - 1000), lambda: self.seconds, self.sleep)


async def get(client: FetchClient, url: str, site: SiteOptions = QUICK) -> str:
    try:
        return str((await client.fetch(site)(url)).status)
    except FetchError as error:
        return error.reason


# --- robots.txt as text ---

OURS = "User-agent: ValleyBot\n"
RULES = [
    ("R01-ours", "User-agent: *\nDisallow: /\n\nUser-agent: valleybot\nDisallow: /x", "/a", True),
    ("R01-star", "User-agent: other\nAllow: /\n\nUser-agent: *\nDisallow: /a", "/a", False),
    ("R12-bom", "\ufeffUser-agent: *\nDisallow: /a", "/a", False),
    ("R12-latin-1", b"# caf\xe9\nUser-agent: *\nDisallow: /a\nDisallow: /\xe9", "/a", False),
    ("R12-utf-16", "User-agent: *\nDisallow: /a".encode("utf-16"), "/a", False),
    ("R13-cr", "User-agent: *\rDisallow: /a", "/a", False),
    ("R13-crlf", "User-agent: *\r\nDisallow: /a", "/a", False),
    ("R13-other-ends", "User-agent: *\nDisallow: /b\u2028Disallow: /a\x0bDisallow: /a\x0cDisallow: /a", "/a", True),
    ("R14-html", "<html><body>Not found</body></html>", "/a", True),
    ("R15-empty", "", "/a", True),
    ("R15-comments", "# nothing\n#Disallow: /", "/a", True),
    ("R16-wildcard", "User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
    ("R16-stars", "User-agent: *\nDisallow: /" + "*a" * 100 + "b", "/" + "a" * 2000, True),
    ("R17-longest", "User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
    ("R17-tie", "User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
    ("R18-merged", OURS + "Disallow: /a\n" + "User-agent: x\nAllow: /\n" + OURS + "Disallow: /b", "/a", False),
    ("R18-before", "Disallow: /a\nUser-agent: *\nDisallow: /b", "/a", True),
    ("R19-case", "user-AGENT: VALLEYBOT\nDisallow: /a", "/a", False),
    ("R19-version", "User-agent: ValleyBot/1.1 # us\nDisallow: /a", "/a", False),
    ("R19-prefix", "User-agent: Valley\nDisallow: /a", "/a", True),
    ("R19-longer", "User-agent: ValleyBot-News\nDisallow: /a", "/a", True),
    ("R20-percent", "User-agent: *\nDisallow: /%7Ea/\u062e", "/~a/%d8%ae", False),
    ("R22-typos", "useragent: *\nDissallow /a", "/a", False),
    ("R10-after-500-kib", "User-agent: *\n" + "# x\n" * (MAX_BYTES // 4) + "Disallow: /a", "/a", True),
    ("R10-cut-line", "User-agent: *\nDisallow: /b\n".ljust(MAX_BYTES - 11, "#") + "\nDisallow: /abc", "/a", True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "allowed"), [pytest.param(*row[1:], id=row[0]) for row in RULES])
def test_rules(text: str | bytes, path: str, allowed: bool) -> None:
    body = text if isinstance(text, bytes) else text.encode()
    assert read(body, "valleybot").allows(f"http://valley.example{path}") is allowed


def test_many_rules_are_read() -> None:
    body = "User-agent: *\n" + "".join(f"Disallow: /*{number}/x*y\n" for number in range(20_000))
    assert not read(body.encode(), "valleybot").allows("http://valley.example/a/777/xay"), "R23"


@pytest.mark.parametrize(
    ("value", "delay"),
    [("0", 0), ("0.5", 0.5), ("1e9", 1e9), ("-1", 0), ("abc", 0), ("nan", 0), ("inf", 0), ("2\nCrawl-delay: 3", 3)],
)
def test_crawl_delay(value: str, delay: float) -> None:
    assert read(f"User-agent: *\nCrawl-delay: {value}".encode(), "valleybot").crawl_delay == delay, "R21"


@pytest.mark.parametrize(
    ("agent", "token"),
    [
        ("ValleyBot/2.0 (+x)", "valleybot"),
        ("Mozilla/5.0 (compatible; ValleyBot/2)", "valleybot"),
        ("", "*"),
        ("9", "*"),
    ],
)
def test_product_token(agent: str, token: str) -> None:
    assert product_token(agent) == token


def test_sitemaps() -> None:
    lines = [
        "/map.xml",
        "https://valley.example/a.xml",
        "https://hill.example/a.xml",
        "file:///etc/x",
        "https://valley.example/a.xml",
    ]
    body = "\n".join(f"Sitemap: {line}" for line in lines).encode()
    found = read(body, "x").sitemaps("https://valley.example/robots.txt")
    assert found == ("https://valley.example/map.xml", "https://valley.example/a.xml"), "R28"


# --- robots.txt over the wire: statuses and faults ---

FORBID = b"User-agent: *\nDisallow: /"
STATUSES = {
    **dict.fromkeys((200, 204, 206, 304, 400, 401, 403, 404, 410, 418, 451), ("200", True)),
    **dict.fromkeys((429, 500, 502, 503, 504, 599), ("robots_unreachable", False)),
}
FAULTS: dict[str, tuple[bytes, str]] = {
    "closed": (b"", "no_response"),
    "garbage": (b"nonsense\r\n\r\n", "protocol"),
    "file": (to("file:///etc/passwd"), "scheme"),
    "private": (to("http://127.0.0.81:9/robots.txt"), "private_address"),
    "nowhere": (reply(301), "bad_redirect"),
    "encoding": (reply(200, FORBID, "Content-Encoding: xyzzy"), "encoding"),
}


async def asked_with_robots(robots: Route) -> tuple[str, list[str]]:
    async with serve({"/robots.txt": robots, "/a": page()}) as server, open_client(LOCAL) as client:
        return await get(client, f"{server.origin}/a"), server.paths()


@pytest.mark.parametrize("status", STATUSES)
def test_robots_status(status: int) -> None:
    word, fetched = STATUSES[status]
    result, paths = asyncio.run(asked_with_robots(reply(status, b"" if status == 200 else FORBID)))
    assert (result, "/a" in paths) == (word, fetched), f"R02 R03 R04 {status}"


@pytest.mark.parametrize("name", FAULTS)
def test_robots_fault(name: str) -> None:
    answer, word = FAULTS[name]
    result, paths = asyncio.run(asked_with_robots(answer))
    assert (result, "/a" in paths) == (word, False), f"R05 R09 {name}"


def test_robots_refused_connection() -> None:
    async def run() -> str:
        async with serve({}) as server:
            url = f"{server.origin}/a"
        async with open_client(LOCAL) as client:
            return await get(client, url)

    assert asyncio.run(run()) == "connect", "R05"


@pytest.mark.parametrize(("count", "word"), [(5, "robots"), (6, "200"), (99, "200")])
def test_robots_redirects(count: int, word: str) -> None:
    def route(asked: Asked) -> bytes:
        done = int(asked.path.partition("?")[2] or 0)
        return to(f"/robots.txt?{done + 1}") if done < count else reply(200, FORBID, kind="text/plain")

    result, paths = asyncio.run(asked_with_robots(route))
    assert result == word, "R08"
    assert len(paths) == min(count, 5) + 1 + (word == "200"), "R08"


def test_robots_of_10_mb_is_cut() -> None:
    body = FORBID.replace(b"/", b"/b") + b"\n" + b"# padding\n" * 1_000_000
    assert asyncio.run(asked_with_robots(reply(200, body, kind="text/plain")))[0] == "200", "R10"


def test_robots_over_gzip() -> None:
    import gzip

    body = reply(200, gzip.compress(FORBID), "Content-Encoding: gzip")
    assert asyncio.run(asked_with_robots(body))[0] == "robots"


def test_one_robots_request() -> None:
    async def slow(asked: Asked) -> bytes:
        await asyncio.sleep(0.05)
        return reply(200, b"User-agent: *\nDisallow: /secret", kind="text/plain")

    async def run() -> tuple[list[str], Server]:
        async with serve({"/robots.txt": slow, "*": page()}) as server, open_client(LOCAL) as client:
            urls = [f"{server.origin}/{'secret' if number % 10 == 0 else number}" for number in range(100)]
            return await asyncio.gather(*(get(client, url) for url in urls)), server

    words, server = asyncio.run(run())
    assert server.paths().count("/robots.txt") == 1, "R25"
    assert words.count("robots") == 10 and words.count("200") == 90, "R25"
    assert "/secret" not in server.paths() and server.accepted == 1, "R25: one connection"


UNREACHABLE = {
    **{str(status): (reply(status), word) for status, (word, fetched) in STATUSES.items() if not fetched},
    **FAULTS,
}
ALLOWING = {str(status): (reply(status), "200") for status, (_, fetched) in STATUSES.items() if fetched}


@pytest.mark.parametrize(
    ("hours", "known"), [(1, "fresh"), (30, "stale"), (50, "lost")], ids=["fresh", "stale", "lost"]
)
@pytest.mark.parametrize("name", {**UNREACHABLE, **ALLOWING})
def test_robots_cache(name: str, hours: int, known: str) -> None:
    """Once the rules were had: what the next answer changes, by their age."""
    second, word = {**UNREACHABLE, **ALLOWING}[name]
    answers = iter([reply(200, b"User-agent: *\nDisallow: /b"), *[second] * 9])
    fake = FakeClock()

    async def run() -> list[str]:
        routes = {"/robots.txt": lambda asked: next(answers), "*": page()}
        async with serve(routes) as server, open_client(LOCAL, clock=fake.clock()) as client:
            await get(client, f"{server.origin}/a")
            fake.seconds += hours * 3600
            return [await get(client, f"{server.origin}/{path}") for path in "ab"]

    kept = known == "fresh" or (known == "stale" and word != "200")
    assert asyncio.run(run()) == (["200", "robots"] if kept else [word, word]), f"R04 R07 {name}"


def test_sitemaps_of_a_site() -> None:
    async def run() -> list[tuple[str, ...]]:
        named = {"/robots.txt": reply(200, b"Sitemap: /map.xml"), "*": page()}
        async with serve(named) as first, serve({"*": reply(500)}) as second, open_client(LOCAL) as client:
            found = [await client.sitemaps(f"{server.origin}/a", QUICK) for server in (first, second)]
            return [tuple(url.removeprefix(first.origin) for url in urls) for urls in found]

    assert asyncio.run(run()) == [("/map.xml",), ()], "R28"


def test_robots_by_port() -> None:
    async def run() -> list[str]:
        shut = {"/robots.txt": reply(200, FORBID), "*": page()}
        async with serve(shut) as first, serve({"*": page()}) as second, open_client(LOCAL) as client:
            return [await get(client, f"{server.origin}/a") for server in (first, second)]

    assert asyncio.run(run()) == ["robots", "200"], "R24"


def test_robots_grow_old() -> None:
    answers = itertools.chain([reply(200, b""), reply(503), reply(503)], itertools.repeat(reply(200, FORBID)))
    fake = FakeClock()

    async def run() -> list[str]:
        routes = {"/robots.txt": lambda asked: next(answers), "*": page()}
        async with serve(routes) as server, open_client(LOCAL, clock=fake.clock()) as client:
            found = []
            for hours in (0, 23, 2, 30, 1):  # fresh, fresh, 503: last good copy, 503 and too old, asked again
                fake.seconds += hours * 3600
                found.append(await get(client, f"{server.origin}/a"))
            return found

    assert asyncio.run(run()) == ["200", "200", "200", "robots_unreachable", "robots"], "R07 R26"


# --- pacing ---


def test_delay_between_starts() -> None:
    async def run() -> Server:
        async with serve({"*": page()}) as server, open_client(LOCAL) as client:
            fetch = client.fetch(SiteOptions(delay=0.1))
            await asyncio.gather(*(fetch(f"{server.origin}/{number}") for number in range(6)))
            return server

    server = asyncio.run(run())
    gaps = [b.at - a.at for a, b in itertools.pairwise(server.log)]
    assert len(gaps) == 6 and min(gaps) > 0.09 and server.accepted == 1, "N76"


def test_per_host() -> None:
    busy: list[int] = []

    async def slow(asked: Asked) -> bytes:
        busy.append(1)
        most.append(len(busy))
        await asyncio.sleep(0.03)
        busy.pop()
        return page()

    most: list[int] = []

    async def run() -> None:
        async with serve({"/robots.txt": reply(404), "*": slow}) as server, open_client(LOCAL) as client:
            fetch = client.fetch(SiteOptions(delay=0.0, per_host=3))
            await asyncio.gather(*(fetch(f"{server.origin}/{number}") for number in range(12)))

    asyncio.run(run())
    assert max(most) == 3, "N76"


@pytest.mark.parametrize(("value", "slept"), [("30", 30.0), ("0.5", 1.0), ("61", None)])
def test_crawl_delay_paces(value: str, slept: float | None) -> None:
    fake = FakeClock()

    async def run() -> list[str]:
        robots = reply(200, f"User-agent: *\nCrawl-delay: {value}".encode())
        routes, site = {"/robots.txt": robots, "*": page()}, SiteOptions(delay=1.0)
        async with serve(routes) as server, open_client(LOCAL, clock=fake.clock()) as client:
            return [await get(client, f"{server.origin}/{number}", site) for number in range(3)]

    words = asyncio.run(run())
    assert words == (["200"] * 3 if slept else ["host_parked"] * 3), "R21"
    assert fake.slept == ([slept] * 3 if slept else []), "R21"


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_at_the_server(status: int) -> None:
    answers = itertools.chain([reply(status, b"", "Retry-After: 1")], itertools.repeat(page()))

    async def run() -> tuple[str, Server]:
        routes = {"/robots.txt": reply(404), "/a": lambda asked: next(answers), "*": page()}
        options = FetchOptions(allow_networks=("127.0.0.80/32",), retries=2)
        async with serve(routes) as server, open_client(options) as client:
            first = asyncio.create_task(get(client, f"{server.origin}/a"))
            await asyncio.sleep(0.1)
            await get(client, f"{server.origin}/b")  # another page of the host waits too
            return await first, server

    word, server = asyncio.run(run())
    refused = next(asked for asked in server.log if asked.path == "/a").at
    assert word == "200" and len(server.log) == 4
    assert all(asked.at - refused > 0.99 for asked in server.log[2:]), "N37"


@pytest.mark.parametrize(
    ("wait", "word"), [("3600", "host_parked"), ("99999999999999999999", "host_parked"), ("0", "200")]
)
def test_long_waits_park_the_host_and_are_remembered(wait: str, word: str) -> None:
    memory, fake = RunMemory(), FakeClock()
    answers = itertools.chain([reply(503, b"", f"Retry-After: {wait}")], itertools.repeat(page()))

    async def run() -> tuple[list[str], int]:
        async with serve({"/robots.txt": reply(404), "*": lambda asked: next(answers)}) as server:
            words = []
            for _ in range(2):  # two runs
                async with open_client(LOCAL, memory=memory, clock=fake.clock()) as client:
                    words += [await get(client, f"{server.origin}/{number}") for number in range(2)]
            return words, len(server.log)

    words, asked = asyncio.run(run())
    assert words == ["http_503", word, word, word], "N40 N41"
    assert asked == (2 if word == "host_parked" else 6), "N41: robots.txt, one page, and nothing in the second run"


def test_a_pause_noted_by_a_wrong_clock_is_forgotten() -> None:
    memory, fake = RunMemory(), FakeClock()
    memory.set("127.0.0.80", fake.clock().now().timestamp() + 10 * 365 * 86_400)

    async def run() -> str:
        async with (
            serve({"/robots.txt": reply(404), "*": page()}) as server,
            open_client(LOCAL, memory=memory, clock=fake.clock()) as client,
        ):
            return await get(client, f"{server.origin}/1")

    assert asyncio.run(run()) == "200", "O25"


def test_endless_429_parks_the_host() -> None:
    fake = FakeClock()

    async def run() -> tuple[list[str], int]:
        async with serve({"/robots.txt": reply(404), "*": reply(429)}) as server:
            options = FetchOptions(allow_networks=("127.0.0.80/32",), retries=3)
            async with open_client(options, clock=fake.clock()) as client:
                return [await get(client, f"{server.origin}/{number}") for number in range(20)], len(server.log)

    words, asked = asyncio.run(run())
    assert set(words) == {"http_429", "host_parked"} and asked < 10, "N41"


@pytest.mark.parametrize(("answer", "word"), [(b"", "no_response"), (reply(403), "forbidden")])
def test_dead_or_unwelcoming_host_is_left_alone(answer: bytes, word: str) -> None:
    routes: dict[str, Route] = {"/robots.txt": reply(404), "*": answer}
    fake = FakeClock()

    async def run() -> list[str]:
        async with serve(routes) as server, open_client(LOCAL, clock=fake.clock()) as client:
            words = [await get(client, f"{server.origin}/{number}") for number in range(30)]
            assert len(server.log) <= 41, "each may be tried once more on a new connection"
            fake.seconds += 301
            words += [await get(client, f"{server.origin}/{number}") for number in range(2)]
            fake.seconds += 301
            routes["*"] = page()
            return words + [await get(client, f"{server.origin}/{number}") for number in range(2)]

    assert asyncio.run(run()) == [word] * 20 + ["host_parked"] * 10 + [word, "host_parked", "200", "200"], "N34 N77"


# --- Retry-After ---

DATES = {
    "5": 5.0,
    "0": 0.0,
    " 120 ": 120.0,
    "Mon, 06 May 2024 12:00:30 GMT": 30.0,
    "Monday, 06-May-24 12:00:30 GMT": 30.0,
    "Mon May  6 12:00:30 2024": 30.0,
    "Mon, 06 May 2024 12:00:30": 30.0,
    "Mon, 06 May 2024 14:00:30 +0200": 30.0,
    "Mon, 06 May 2024 11:00:00 GMT": 0.0,
    "Sunday, 06-Nov-94 08:49:37 GMT": 0.0,
    "9" * 20: MAX_PAUSE,
    "9" * 5000: MAX_PAUSE,
    "Mon, 06 May 20150 12:00:30 GMT": MAX_PAUSE,
    "Mon, 06 May 2094 12:00:30 +9999": MAX_PAUSE,
    "Thu, 31 Dec 9999 23:59:59 -1200": None,
    "Fri, 31 Feb 2025 12:00:00 GMT": None,
    "Mon, 06 Mai 2024 12:00:30 GMT": None,
    **dict.fromkeys(["-5", "+5", "1e3", "1.5", "garbage", "", "1_000", "٥", "５", "²", "5 s", "5, 6"], None),
}


@pytest.mark.parametrize(("text", "seconds"), DATES.items(), ids=[f"N38-N40-{text[:32]}" for text in DATES])
def test_retry_after(text: str, seconds: float | None) -> None:
    assert retry_after([text], NOW) == seconds
    assert retry_after([text, text], NOW) is None, "N39: two headers"


# --- retries ---


def failing(*errors: FetchError | None) -> tuple[Callable[[str], object], list[str]]:
    asked: list[str] = []

    async def ask(url: str) -> str:
        asked.append(url)
        error = errors[min(len(asked), len(errors)) - 1]
        if error:
            raise error
        return "page"

    return ask, asked


@pytest.mark.parametrize(
    ("errors", "requests", "slept"),
    [
        pytest.param([None], 1, [], id="fine"),
        pytest.param([FetchError("reset", retry=True), None], 2, [0.5], id="N42"),
        pytest.param([FetchError("reset", retry=True)], 4, [0.5, 1.0, 2.0], id="N08"),
        pytest.param([FetchError("gone")], 1, [], id="N35"),
        pytest.param([SkipPage("robots")], 1, [], id="skip"),
        pytest.param([FetchError("http_503", retry=True, retry_after=7), None], 2, [7], id="N37"),
        pytest.param([FetchError("http_503", retry=True, retry_after=70), None], 1, [], id="N41"),
    ],
)
def test_retry(errors: list[FetchError | None], requests: int, slept: list[float]) -> None:
    fake = FakeClock()
    ask, asked = failing(*errors)
    retry = Retry(4, Budget(20), fake.sleep, 60, chance=lambda: 0.0)
    result = asyncio.run(outcome(retry, ask))
    last = errors[min(requests, len(errors)) - 1]
    assert (result, len(asked), fake.slept) == (last.reason if last else "page", requests, slept)


async def outcome(retry: Retry, ask: Callable[[str], object]) -> object:
    try:
        return await retry(ask, "u")  # type: ignore[arg-type]
    except FetchError as error:
        return error.reason


def test_retry_budget() -> None:
    fake = FakeClock()
    ask, asked = failing(FetchError("connect", retry=True))
    retry = Retry(4, Budget(10), fake.sleep, 60)

    async def run() -> None:
        await asyncio.gather(*(outcome(retry, ask) for _ in range(500)))

    asyncio.run(run())
    assert 500 < len(asked) <= 500 * 1.2 + 10, "N78"


def test_pace_forgives() -> None:
    fake = FakeClock()
    pace = Pace(fake.clock(), RunMemory(), 60)

    async def run() -> list[float | None]:
        async with pace.turn("a", QUICK):
            return [pace.answered("a", Answer(status, (), b"")) for status in (429, 429, 200, 429, 503)]

    assert asyncio.run(run()) == [2.0, 4.0, None, 2.0, None]


def test_page_is_a_page() -> None:
    async def run() -> Page:
        async with serve({"*": page()}) as server, open_client(LOCAL) as client:
            return await client.fetch(SiteOptions(delay=0.0, robots=False))(f"{server.origin}/a#x")

    found = asyncio.run(run())
    assert found.status == 200 and found.url.endswith("#x") and found.final_url.endswith("/a")
