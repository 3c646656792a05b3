"""Two servers on loopback, one allowed and one not: whatever leads to the second, nobody ever connects to it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence

import pytest

from loopback import Route, Server, page, reply, serve, to
from scraper.errors import FetchError
from scraper.fetch import FetchOptions, Guard, SiteOptions, open_client

OPEN, SHUT = "127.0.0.80", "127.0.0.81"
OPTIONS = FetchOptions(allow_networks=(f"{OPEN}/32",), retries=1, timeout=5.0)
SITE = SiteOptions(delay=0.0)

# 127.0.0.81 as it may be written. The names are for the injected resolver.
SPELLINGS = [
    "127.0.0.81",
    "127.0.81",
    "127.81",
    "2130706513",
    "0x7f000051",
    "0X7F.0.0.0x51",
    "0x7f.81",
    "0177.0.0.0121",
    "0177.81",
    "017700000121",
    "00000177.0.0.81",
    "127.0.0.0x51",
    "127.0.0.0121",
    "１２７.０.０.８１",
    "127。0。0。81",
    "127．0．0．81",
    "127｡0｡0｡81",
    "①②⑦.0.0.⑧①",
    "%31%32%37.0.0.81",
    "127%2e0%2e0%2e81",
    "127.0.0.%38%31",
    "[::ffff:127.0.0.81]",
    "[::ffff:7f00:51]",
    "[::FFFF:7F00:0051]",
    "[0:0:0:0:0:ffff:7f00:51]",
    "[::127.0.0.81]",
    "[::7f00:51]",
    "[::ffff:0:7f00:51]",
    "[64:ff9b::7f00:51]",
    "[64:ff9b:1::7f00:51]",
    "[2002:7f00:51::]",
    "[2001:0:7f00:51::80ff:ffae]",
    "[::ffff:127.0.0.81%25lo]",
    "[fe80::1]",
    "127.0.0.81.",
    "user@127.0.0.81",
    "valley.example@127.0.0.81",
    "a@b@127.0.0.81",
    "valley.example:80@127.0.0.81",
    "127.0.0.81\\@valley.example",
    "127.0.0.81/@valley.example",
    "127.0.0.81#@valley.example",
    "127.0.0.81?@valley.example",
    "valley.example%00@127.0.0.81",
    "127.0.0.81%00.valley.example",
    "127.0.0.81\t",
    "127.0.\n0.81",
    "//127.0.0.81",
    "\\\\127.0.0.81",
    "private.example",
    "PRIVATE.EXAMPLE",
    "ｐrivate.example",
    "mapped.example",
    "mixed.example",
    "sixteen.example",
    "rebinding.example",
    "swapping.example",
    "localhost",
    "0",
    "[::]",
]
NAMES: dict[str, list[list[str]]] = {  # the answers one after another, the last for ever
    "private.example": [[SHUT]],
    "mapped.example": [[f"::ffff:{SHUT}"]],
    "mixed.example": [[OPEN, SHUT]],
    "sixteen.example": [[OPEN] * 20 + [SHUT]],
    "rebinding.example": [[OPEN], [SHUT]],
    "swapping.example": [[SHUT], [OPEN], [SHUT]],
    "localhost": [[SHUT]],
}


class Resolver:
    """Answers change from one look-up to the next, as a rebinding name server's do."""

    def __init__(self) -> None:
        self.answers = {name: itertools.chain(rows, itertools.repeat(rows[-1])) for name, rows in NAMES.items()}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        return next(self.answers[host], []) if host in self.answers else []


def direct(url: str) -> tuple[str, dict[str, Route]]:
    return url, {}


def by_status(status: int) -> Callable[[str], tuple[str, dict[str, Route]]]:
    return lambda url: ("/a", {"/a": to(_header(url), status)})


def by_hops(url: str) -> tuple[str, dict[str, Route]]:
    hops: dict[str, Route] = {f"/{n}": to(f"/{n + 1}") for n in range(4)}
    return "/0", {**hops, "/4": to(_header(url), 307)}


def by_meta(url: str) -> tuple[str, dict[str, Route]]:
    return "/a", {"/a": reply(200, f'<html><meta http-equiv="refresh" content="0; url={url}"></html>'.encode())}


def by_refresh(url: str) -> tuple[str, dict[str, Route]]:
    return "/a", {"/a": reply(200, b"<html></html>", f"Refresh: 0;url={_header(url)}")}


def by_robots(url: str) -> tuple[str, dict[str, Route]]:
    return "/a", {"/robots.txt": to(_header(url))}


def _header(url: str) -> str:
    return url.encode().decode("latin-1").replace("\n", "\t")


WAYS = {
    "seed": direct,
    **{str(status): by_status(status) for status in (301, 302, 303, 307, 308)},
    "hops": by_hops,
    "meta": by_meta,
    "refresh": by_refresh,
    "robots": by_robots,
}


async def attack(way: Callable[[str], tuple[str, dict[str, Route]]], scheme: str) -> tuple[Server, list[str]]:
    """Every spelling by one way, all robots.txt redirects fresh; what each ended as."""
    words = []
    async with serve({"*": page("inside")}, SHUT) as shut:
        for spelling in SPELLINGS:
            host, mark, rest = _split(spelling)
            start, routes = way(f"{scheme}://{host}:{shut.port}{mark}{rest}/secret")
            routes = {"/robots.txt": reply(404), **routes, "*": page("public")}
            async with serve(routes, OPEN) as server:
                words.append(await fetch(start if ":" in start else server.origin + start))
    return shut, words


def _split(spelling: str) -> tuple[str, str, str]:
    """The port goes behind the host, which in some spellings is not the end."""
    for mark in ("\\@", "/@", "#@", "?@"):
        host, found, rest = spelling.partition(mark)
        if found:
            return host, mark, rest
    return spelling, "", ""


async def fetch(url: str) -> str:
    guard = Guard(OPTIONS.allow_networks, Resolver())
    async with open_client(OPTIONS, guard=guard) as client:
        try:
            found = await client.fetch(SITE)(url)
        except FetchError as error:
            return error.reason
        return "inside" if b"inside" in found.body else "public"


@pytest.mark.parametrize("way", WAYS)
def test_no_connection(way: str) -> None:
    shut, words = asyncio.run(attack(WAYS[way], "http"))
    assert shut.accepted == 0, f"S01-S07 {way}: {shut.paths()}"
    assert "inside" not in words, dict(zip(SPELLINGS, words, strict=True))
    assert len(words) == len(SPELLINGS)


def test_the_harness_sees_a_connection() -> None:
    """Without it an empty log would prove nothing."""

    async def run() -> list[int]:
        async with (
            serve({"*": page("inside")}, SHUT) as shut,
            serve({"*": to(f"{shut.origin}/secret")}, OPEN) as server,
        ):
            async with open_client(FetchOptions(allow_networks=("127.0.0.0/8",), retries=0)) as client:
                await client.fetch(SITE)(f"{server.origin}/a")
            return [server.accepted, shut.accepted]

    assert asyncio.run(run()) == [1, 1]


def test_rebinding_between_connections() -> None:
    """One look-up a connection; the second answer is checked like the first, and no third one is asked for."""
    asked: list[str] = []
    answers: Iterator[list[str]] = iter([[OPEN], [SHUT], [OPEN]])

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    async def run() -> tuple[list[str], Server, Server]:
        closing = reply(200, b"<html>public</html>", "Connection: close")
        site = SiteOptions(delay=0.0, robots=False)
        async with serve({"*": closing}, OPEN) as server, serve({"*": page()}, SHUT, server.port) as shut:
            async with open_client(OPTIONS, guard=Guard(OPTIONS.allow_networks, resolve)) as client:
                words = []
                for path in ("a", "b", "c"):
                    try:
                        await client.fetch(site)(f"http://valley.example:{server.port}/{path}")
                        words.append("public")
                    except FetchError as error:
                        words.append(error.reason)
            return words, server, shut

    words, server, shut = asyncio.run(run())
    assert words == ["public", "private_address", "public"], "S05"
    assert shut.accepted == 0 and server.accepted == 2 and len(asked) == 3, "S05"
