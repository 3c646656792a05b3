"""Nothing that one answer holds stops a run: over real sockets, by the installed command."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import valley
from loopback import Asked, Route, in_thread, reply, to

# Codes so that the error comes with zlib's last call, after the last byte.
LATE_ERROR = bytes.fromhex("edc0010900000080a0feafee8856" + "00" * 63 + "80")
OPEN = reply(404)


def feed(*places: str) -> bytes:
    items = "".join(f"<item><link>{place}</link></item>" for place in places)
    return reply(200, f"<rss><channel>{items}</channel></rss>".encode(), kind="application/rss+xml")


def article(asked: Asked) -> bytes:
    return reply(200, valley.html(int(asked.path.strip("/").rpartition("/")[2] or 0)))


def configure(folder: Path, origin: str, starts: str, extra: str = "", fetch: str = "delay = 0.0\nretries = 0") -> Path:
    path = folder / "config.toml"
    places = ", ".join(f'"{origin}/{start}"' for start in starts.split())
    path.write_text(
        f'[run]\nfolder = "data"\n[fetch]\nallow_networks = ["127.0.0.0/8"]\n{fetch}\n'
        f"[sites.valley]\nstart = [{places}]\n{extra}"
    )
    return path


def stored(folder: Path, origin: str) -> list[str]:
    """The paths of what is stored after one more run."""
    done = valley.scraper(folder, "run")
    assert done.returncode in (0, 1), done.stderr.decode()
    return sorted(record["url"].removeprefix(origin) for record in valley.records(folder))


def served(routes: Mapping[str, Route]) -> Any:
    return in_thread({"/robots.txt": OPEN, "*": article, **routes})


HOSTILE: dict[str, tuple[Route, list[str]]] = {
    "N49 an error in the stream's last bytes": (reply(200, LATE_ERROR, "Content-Encoding: deflate"), ["/1", "/2"]),
    "RFC 9110 8.8.3 an ETag in Latin-1": (reply(200, valley.html(0), 'ETag: "caf\xe9"'), ["/0", "/1", "/2"]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_page_fails_alone_twice(name: str, tmp_path: Path) -> None:
    route, wanted = HOSTILE[name]
    with served({"/feed": feed("/0", "/1", "/2"), "/0": route}) as server:
        configure(tmp_path, server.origin, "feed")
        twice = [stored(tmp_path, server.origin) for _ in range(2)]
    assert twice == [wanted] * 2, name


def test_n29_what_a_304_says_counts_from_then_on(tmp_path: Path) -> None:
    def versioned(asked: Asked) -> bytes:
        known = asked.headers.get("if-none-match")
        if known is None:
            return reply(200, valley.html(1), 'ETag: "1"')
        return b'HTTP/1.1 304 -\r\nETag: "2"\r\n\r\n'

    with served({"/feed": feed("/1"), "/1": versioned}) as server:
        configure(tmp_path, server.origin, "feed")
        for _ in range(3):
            stored(tmp_path, server.origin)
        assert [asked.headers.get("if-none-match") for asked in server.log if asked.path == "/1"] == [
            None,
            '"1"',
            '"2"',
        ]


def test_n35_what_is_gone_for_good_is_not_asked_for_again(tmp_path: Path) -> None:
    with served({"/feed": feed("/0", "/1", "/2"), "/1": reply(410), "/2": reply(404)}) as server:
        configure(tmp_path, server.origin, "feed")
        ends = [valley.scraper(tmp_path, "run").stderr.count(b" gone (HTTP 4") for _ in range(3)]
        asked = Counter(asked.path for asked in server.log)
    assert (asked["/1"], asked["/2"], ends) == (1, 3, [2, 2, 2])


STARTS: dict[str, bytes] = {
    "C15 formatting bomb": reply(200, b"".join(b"<font a=%d>" % i for i in range(3000)) + b"<p>" * 3000),
    "X11 JSON in Latin-1": reply(200, b'{"error": "caf\xe9"}', kind="application/json"),
    "an empty page": reply(200, b"<html>"),
}


@pytest.mark.parametrize("name", STARTS)
def test_a_start_fails_alone(name: str, tmp_path: Path) -> None:
    with served({"/feed": feed("/0", "/1"), "/bad": STARTS[name]}) as server:
        configure(tmp_path, server.origin, "bad feed")
        assert stored(tmp_path, server.origin) == ["/0", "/1"], name


def test_limits_count_what_is_wanted(tmp_path: Path) -> None:
    with served({"/feed": feed("/sport/1", "/sport/2", "/news/3", "/news/4", "/news/5")}) as server:
        configure(tmp_path, server.origin, "feed", 'include = ["/news/"]\nlimit = 2\n')
        assert stored(tmp_path, server.origin) == ["/news/3", "/news/4"]


def test_two_sites_share_a_start(tmp_path: Path) -> None:
    """What the first leaves to the second is no page of the first."""
    with served({"/feed": feed("/en/1", "/fa/2", "/xx/3")}) as server:
        path = configure(tmp_path, server.origin, "feed", 'include = ["/en/"]\n')
        with path.open("a") as file:
            file.write(f'[sites.vale]\nstart = ["{server.origin}/feed"]\ninclude = ["/fa/"]\n')
        done = valley.scraper(tmp_path, "run")
    found = {(record["site"], record["url"].removeprefix(server.origin)) for record in valley.records(tmp_path)}
    assert found == {("valley", "/en/1"), ("vale", "/fa/2")}
    assert valley.last(done) == "discovered 3 = stored 2 + updated 0 + unchanged 0 + skipped 1 + refused 0 + failed 0"


def test_a_rule_that_finds_nothing_is_told(tmp_path: Path) -> None:
    with served({"/feed": feed("/1", "/2", "/3")}) as server:
        rules = '[sites.valley.fields]\ncategory = "i.desk"\nheadline = "h1.none"\n'
        configure(tmp_path, server.origin, "feed", rules)
        told = valley.scraper(tmp_path, "run").stderr.decode()
    assert [line for line in told.splitlines() if " the rule for " in line] == [
        "problem: valley: the rule for headline found nothing on 3 pages; scraper why shows what is there"
    ]


def test_patterns_are_found_in_what_people_read(tmp_path: Path) -> None:
    with served({"/feed": feed("/سیاست/1", "/ورزش/2")}) as server:
        configure(tmp_path, server.origin, "feed", 'include = ["/سیاست/"]\n')
        assert len(stored(tmp_path, server.origin)) == 1


def test_a_redirect_leads_to_nothing_that_is_excluded(tmp_path: Path) -> None:
    with served({"/feed": feed("/1", "/2"), "/1": to("/tag/3")}) as server:
        configure(tmp_path, server.origin, "feed", 'exclude = ["/tag/"]\n')
        assert stored(tmp_path, server.origin) == ["/2"]
        assert "/tag/3" not in server.paths()


def test_another_site_is_asked_as_all_are(tmp_path: Path) -> None:
    """`robots = false` and `delay` are the site's own (R28, N62)."""
    shut = {"/robots.txt": reply(200, b"User-agent: *\nDisallow: /"), "*": article}
    with in_thread(shut, "127.0.0.81") as other, served({}) as server:
        server.routes = {**server.routes, "/feed": feed("/1", f"{other.origin}/2")}
        configure(tmp_path, server.origin, "feed", "robots = false\n")
        assert stored(tmp_path, server.origin) == ["/1"]
        assert other.paths() == ["/robots.txt"]


def test_a_listing_s_links_to_other_sites_are_left(tmp_path: Path) -> None:
    """X07; a pattern of `include` lets them in, and feeds may lead anywhere."""
    links = "".join(f'<a href="{place}">A long headline about the northern pier</a>' for place in ("/1", "//{}/2"))
    with in_thread({"/robots.txt": OPEN, "*": article}, "127.0.0.81") as other, served({}) as server:
        place = other.origin.removeprefix("http://")
        server.routes = {**server.routes, "/all": reply(200, links.format(place).encode())}
        configure(tmp_path, server.origin, "all")
        assert stored(tmp_path, server.origin) == ["/1"]
        assert other.paths() == []
        configure(tmp_path, server.origin, "all", 'include = ["/[12]$"]\n')
        assert stored(tmp_path, server.origin) == ["/1", f"{other.origin}/2"]


@pytest.mark.parametrize("waits", ["for its turn", "for an answer"])
def test_a_stop_waits_for_nobody_long(waits: str, tmp_path: Path) -> None:
    """O05, with room for a busy machine: the waits are of a minute."""

    async def silent(asked: Asked) -> bytes:
        await asyncio.sleep(60)
        return b""

    hangs = waits == "for an answer"
    with served({"/feed": feed("/1", "/2"), **({"/2": silent} if hangs else {})}) as server:
        fetch = "delay = 0.0\nretries = 0" if hangs else "delay = 60.0\nretries = 0"
        configure(tmp_path, server.origin, "feed", "robots = false\n", fetch)
        running = subprocess.Popen([valley.SCRAPER, "run"], cwd=tmp_path, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 30
        while (len(server.log) < 1 + 2 * hangs) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, told = running.communicate(timeout=50)
    assert (running.returncode, time.monotonic() - began < 30) == (130, True), told.decode()


def test_a_gate_that_sets_a_cookie_is_passed(tmp_path: Path) -> None:
    """S14: by one that sends back to the same address; and the cookie goes to no other host, nor to the next page."""

    def gate(asked: Asked) -> bytes:
        is_in = "seen=1" in asked.headers.get("cookie", "")
        return article(asked) if is_in else reply(302, b"", f"Location: {asked.path}", "Set-Cookie: seen=1; Path=/")

    with served({"/feed": feed("/1", "/2"), "*": gate}) as server:
        configure(tmp_path, server.origin, "feed")
        assert stored(tmp_path, server.origin) == ["/1", "/2"]
        sent = Counter((asked.path, asked.headers.get("cookie")) for asked in server.log if asked.path in ("/1", "/2"))
    assert sent == {(path, cookie): 1 for path in ("/1", "/2") for cookie in (None, "seen=1")}


def test_a_page_that_sends_back_with_new_cookies_each_time_is_a_page(tmp_path: Path) -> None:
    def odd(asked: Asked) -> bytes:
        body = valley.html(1).replace(b"<title>", b'<meta http-equiv="refresh" content="0; url=/1"><title>')
        return reply(200, body, f"Set-Cookie: XSRF-TOKEN={time.monotonic_ns()}")

    with served({"/feed": feed("/1"), "/1": odd}) as server:
        configure(tmp_path, server.origin, "feed")
        assert stored(tmp_path, server.origin) == ["/1"]
        assert server.paths().count("/1") == 2


def test_a_start_may_be_longer_than_a_page(tmp_path: Path) -> None:
    """X12: as long as the protocol of sitemaps allows; what is beyond is cut."""
    urls = "".join(f"<url><loc>http://x.example/{i}</loc></url>" for i in range(40_000))
    sitemap = f"<urlset><url><loc>/1</loc></url>{urls}</urlset>".encode()
    assert len(sitemap) > 1_500_000
    with served({"/sitemap.xml": reply(200, sitemap, kind="application/xml")}) as server:
        configure(tmp_path, server.origin, "sitemap.xml", 'include = ["/1$"]\nlimit = 1\n', 'max_body = "1MB"')
        assert stored(tmp_path, server.origin) == ["/1"]


@pytest.mark.parametrize("limit", ["-t 600", "-v 900000", "-n 64"])
def test_a_hard_limit_of_the_shell_is_kept(limit: str, tmp_path: Path) -> None:
    """setrlimit(2): a process may lower its limits and not raise them; a worker must not fail for trying. And N73."""

    async def slow(asked: Asked) -> bytes:
        await asyncio.sleep(0.3)
        return article(asked)

    with served({"/feed": feed(*(f"/{i}" for i in range(1, 101))), "*": slow}) as server:
        configure(tmp_path, server.origin, "feed", "per_host = 64\nrobots = false\n")
        command = f"ulimit -H {limit}; exec {valley.SCRAPER} run"
        done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, timeout=60)
    assert len(valley.lines(tmp_path)) == 100, done.stderr.decode()
