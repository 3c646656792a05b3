"""The reply to one request, from odd servers on real sockets: the rows of N03 to N27 and N51 to N53, and cuts."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest

from oddserver import CHUNKED, HELLO, MIB, OK, SHORT, End, OddServer, Step, fetch, loopback
from scraper.errors import FetchError
from scraper.fetch.decode import decode
from scraper.fetch.reply import Reply
from scraper.fetch.transport import Limits, Transport
from scraper.fetch.wire import READ_SIZE

FIN, CUT, RST, HOLD, NEXT = End


async def ask(steps: Sequence[Step], limits: Limits = SHORT, method: str = "GET") -> str:
    async with OddServer(steps) as server, Transport(connect=loopback, limits=limits) as transport:
        return await fetch(transport, server.url(), method)


ROWS = [
    pytest.param([FIN], "no_response*", id="N03-closed-at-once"),
    pytest.param([RST], "no_response*", id="N03-reset-at-once"),
    pytest.param([HOLD], "timeout*", id="N04-no-first-byte"),
    pytest.param([OK + b"Server: ", HOLD], "timeout*", id="N05-hangs-in-headers"),
    pytest.param([OK, *[b"X-A: b\r\n", 0.1] * 60], "timeout*", id="N06-headers-drip"),
    pytest.param([OK + b"\r\n", *[b"x", 0.1] * 60], "timeout*", id="N07-body-drips"),
    pytest.param([OK + b"Content-Length: 9\r\n\r\nhello", 0.05, RST], "reset*", id="N08-reset-in-body"),
    pytest.param([OK + b"\r\nhello", 0.05, RST], "reset*", id="N08-reset-instead-of-close"),
    pytest.param([OK + b"Content-Length: 9\r\n\r\nhello"], "truncated*", id="N09-longer-length"),
    pytest.param([OK + HELLO + b" and more"], "200 hello body_excess", id="N10-shorter-length"),
    *[
        pytest.param(
            [OK + b"Content-Length: " + value + b"\r\n\r\nhello"], "protocol", id=f"N11-length-{value.decode()}"
        )
        for value in (b"thousand", b"-1", b"1, 1", b"+5", b"", b"5 5", b"0x5", b"5;")
    ],
    pytest.param([OK + b"Content-Length: 5\r\n" + HELLO], "200 hello h11", id="N12-equal-lengths"),
    pytest.param([OK + b"Content-Length: 4\r\n" + HELLO], "protocol", id="N12-different-lengths"),
    pytest.param(
        [OK + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
        "200 hello chunked_and_length",
        id="N13-length-and-chunked",
    ),
    pytest.param([OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"], "protocol", id="N13-other-coding"),
    pytest.param([CHUNKED + b"ZZZ\r\nhello\r\n0\r\n\r\n"], "protocol", id="N14-chunk-ZZZ"),
    pytest.param([CHUNKED + b"-1\r\nhello\r\n0\r\n\r\n"], "protocol", id="N14-chunk-negative"),
    pytest.param([CHUNKED + b"F" * 20 + b"\r\nhello\r\n0\r\n\r\n"], "protocol", id="N14-chunk-20-digits"),
    pytest.param([CHUNKED + b"F" * 40 + b"\r\nhello\r\n0\r\n\r\n"], "protocol", id="N14-chunk-40-digits"),
    pytest.param([CHUNKED + b"5;" + b"x" * 20480 + b"\r\nhello\r\n0\r\n\r\n"], "200 hello", id="N14-long-extension"),
    pytest.param([CHUNKED + b"5  \r\nhello\r\n0\r\n\r\n"], "200 hello", id="N14-space-after-size"),
    pytest.param([CHUNKED + b"5\nhello\n0\n\n"], "protocol", id="N14-bare-lf"),
    pytest.param([CHUNKED + b"5\r\nhello\r\n"], "truncated*", id="N15-no-last-chunk"),
    pytest.param([CHUNKED + b"5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"], "200 hello", id="N15-trailer"),
    pytest.param([OK + b"\r\nhello"], "200 hello close_framed", id="N16-close-framed"),
    pytest.param([b"hello, world\r\n\r\n"], "protocol", id="N19-no-status-line"),
    pytest.param([b"<html>" * 20000], "protocol", id="N19-http-0.9"),
    pytest.param([b"HTTP/1.1 999 Denied\r\n" + HELLO], "999 hello", id="N20-999"),
    pytest.param([b"HTTP/1.1 600 Odd\r\n" + HELLO], "600 hello", id="N20-600"),
    pytest.param([b"HTTP/1.1 099 Low\r\n" + HELLO], "protocol", id="N20-099"),
    pytest.param([b"HTTP/1.1 200: OK\r\n" + HELLO], "protocol", id="N20-colon"),
    pytest.param([b"HTTP/1.1 2oo OK\r\n" + HELLO], "protocol", id="N20-letters"),
    pytest.param([b"HTTP/1.1 200\r\n" + HELLO], "200 hello", id="N20-no-reason"),
    pytest.param([b"HTTP/1.0 200 OK\r\n" + HELLO], "200 hello", id="N21-1.0"),
    pytest.param([b"HTTP/1.2 200 OK\r\n" + HELLO], "200 hello h11", id="N21-1.2"),
    pytest.param([b"HTTP/3.0 200 OK\r\n" + HELLO], "200 hello h11", id="N21-3.0"),
    pytest.param([OK + b"No colon\r\n" + HELLO], "protocol", id="N22-no-colon"),
    pytest.param([OK + b"X-A: b\r\n  folded\r\n" + HELLO], "200 hello h11", id="N22-folded"),
    pytest.param([OK + b"X-A: b\0c\r\n" + HELLO], "protocol", id="N22-nul"),
    pytest.param([b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"], "200 hello", id="N22-bare-lf"),
    pytest.param([OK + b"X-Empty:\r\n" + HELLO], "200 hello", id="N22-empty-value"),
    pytest.param([OK + b"X-A: " + b"b" * 200_000 + b"\r\n" + HELLO], "headers_too_large", id="N23-200-KB"),
    pytest.param([OK + b"X-A: b\r\n" * 10_000 + HELLO], "headers_too_large", id="N23-10000-lines"),
    pytest.param([OK, *[b"X-A: " + b"b" * 5000 + b"\r\n"] * 400], "headers_too_large", id="N23-endless-lines"),
    pytest.param([OK, b"X-A: ", *[b"b" * 5000] * 400], "headers_too_large", id="N23-endless-value"),
    pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n" * 20 + OK + HELLO], "200 hello", id="N24-20-interim"),
    pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n" * 200_000], "protocol", id="N24-200000-interim"),
    pytest.param([b"HTTP/1.1 101 Switching\r\n\r\n"], "protocol", id="N25-101"),
    pytest.param(
        [b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nxx"], "protocol", id="N25-101-upgrade"
    ),
    pytest.param([b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + HELLO], "200 hello", id="N26-103"),
    pytest.param([b"HTTP/1.1 204 No\r\n" + HELLO], "204 body_excess", id="N27-204"),
    pytest.param([b"HTTP/1.1 205 No\r\n" + HELLO], "205 body_excess", id="N27-205"),
    pytest.param([b"HTTP/1.1 304 No\r\n" + HELLO], "304 body_excess", id="N27-304"),
    pytest.param([b"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n"], "304", id="N27-304-length-only"),
    pytest.param([OK + b"Content-Length: 0\r\n\r\n"], "200", id="N51-empty"),
    pytest.param([OK + b"Content-Length: 1000000000\r\n\r\n", HOLD], "body_too_large", id="N52-refused-at-header"),
    pytest.param([OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n"], "protocol", id="N52-30-digits"),
    pytest.param([OK + b"\r\n", *[b"x" * 65536] * 50], "body_too_large", id="N52-without-length"),
    pytest.param([CHUNKED, *[b"8000\r\n" + b"x" * 32768 + b"\r\n"] * 50], "body_too_large", id="N53-endless-chunks"),
    pytest.param([CHUNKED, *[b"1\r\nx\r\n" * 10_000] * 50], "body_too_large", id="N53-tiny-chunks"),
    pytest.param([CHUNKED + b"0\r\n", *[b"X-A: b\r\n" * 50] * 50], "headers_too_large", id="N53-endless-trailer"),
    pytest.param([CHUNKED + b"5;", *[b"x" * 65536] * 50], "body_too_large", id="N53-endless-extension"),
]


@pytest.mark.parametrize(("steps", "expected"), ROWS)
def test_odd_reply(steps: list[Step], expected: str) -> None:
    start = time.monotonic()
    assert asyncio.run(ask(steps)) == expected
    assert time.monotonic() - start < SHORT.total * 1.1 + 0.5


def test_same_answer_however_the_bytes_are_cut_into_packets() -> None:
    """What a row gives does not depend on where one read ends and the next begins."""
    rows = [row for row in ROWS if len(row.values[0]) == 1 and isinstance(row.values[0][0], bytes)]
    for by_h11 in (False, True):
        for row in rows:
            data = row.values[0][0][:400]
            outcomes = {read(Reply(SHORT, head_only=False), data, step, by_h11) for step in (1, 2, 7, 400)}
            assert len(outcomes) == 1, (row.id, by_h11, outcomes)


def read(reply: Reply, data: bytes, step: int, by_h11: bool) -> str:
    try:
        if by_h11:
            reply.read_anew(b"")
        for start in range(0, len(data), step):
            reply.feed(memoryview(data[start : start + step]))
            if reply.done:
                break
        else:
            reply.feed_eof(clean=True)
    except FetchError as error:
        return error.reason
    return f"{reply.status} {reply.body!r} {reply.headers}"


@pytest.mark.parametrize("head", [OK + b"\r\n", CHUNKED + b"FFFFFFF\r\n", OK + b"Content-Length: 1000000000\r\n\r\n"])
def test_n52_never_reads_a_mebibyte_over_the_cap(head: bytes) -> None:
    limits = replace(SHORT, max_body=2 * MIB)
    reply, block = Reply(limits, head_only=False), memoryview(bytes(READ_SIZE))
    with pytest.raises(FetchError, match="body_too_large"):
        reply.feed(memoryview(head))
        while True:
            reply.feed(block)
    assert reply.received < limits.max_body + MIB


def test_body_is_cut_where_that_is_asked_for() -> None:
    limits = replace(SHORT, max_body=3, cut_body=True)
    assert asyncio.run(ask([OK + HELLO], limits)) == "200 hel body_cut"
    assert asyncio.run(ask([CHUNKED + b"2\r\nhe\r\n3\r\nllo\r\n", HOLD], limits)) == "200 hel body_cut"


@pytest.mark.parametrize(
    ("limits", "steps"),
    [
        pytest.param(replace(SHORT, total=0.5, idle=9), [OK, *[b"X-A: b\r\n", 0.05] * 60], id="N06-total"),
        pytest.param(replace(SHORT, total=0.5, idle=9), [CHUNKED, *[b"1\r\nx\r\n", 0.05] * 60], id="N07-total"),
        pytest.param(replace(SHORT, total=9, min_rate_after=0.5), [OK + b"\r\n", *[b"x", 0.05] * 60], id="N07-rate"),
        pytest.param(replace(SHORT, total=9, idle=0.5, min_rate_after=9), [OK + b"\r\n", HOLD], id="N18-idle"),
        pytest.param(replace(SHORT, total=9, first_byte=0.5), [HOLD], id="N04-first-byte"),
        pytest.param(replace(SHORT, total=0.5, first_byte=9), [HOLD], id="N04-total"),
    ],
)
def test_deadline_fires_in_time(limits: Limits, steps: list[Step]) -> None:
    start = time.monotonic()
    assert asyncio.run(ask(steps, limits)) == "timeout*"
    assert 0.45 < time.monotonic() - start < 0.5 * 1.1 + 0.3


FRAMED = {
    "length": lambda body: OK + b"Content-Length: %d\r\n\r\n%s" % (len(body), body),
    "chunked": lambda body: CHUNKED + b"7\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (body[:7], len(body) - 7, body[7:]),
    "close": lambda body: OK + b"\r\n" + body,
}
TEXT = b"<html>cut me anywhere</html>"
GZIPPED = gzip.compress(TEXT)


@pytest.mark.parametrize("end", [FIN, RST], ids=["fin", "rst"])
@pytest.mark.parametrize("framing", FRAMED)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_n17_cut_after_every_byte(coding: str, framing: str, end: End) -> None:
    wire = GZIPPED if coding == "gzip" else TEXT
    reply = FRAMED[framing](wire)

    async def cuts() -> list[str]:
        def script(head: bytes, number: int) -> list[Step]:
            return [reply[: int(head.split(b" ")[1][1:])], end]

        async with (
            OddServer(script) as server,
            Transport(connect=loopback, limits=replace(SHORT, max_connections=16)) as transport,
        ):
            return await asyncio.gather(*(cut(transport, server.url(f"/{size}"), coding) for size in range(len(reply))))

    for size, outcome in enumerate(asyncio.run(cuts())):
        allowed = {"truncated", "reset", "no_response"} | ({"empty"} if framing == "close" else set())
        allowed |= {"flagged"} if framing == "close" and coding == "identity" else set()
        assert outcome in allowed, f"cut at {size}"


async def cut(transport: Transport, url: str, coding: str) -> str:
    try:
        response = await transport.handle_async_request(httpx.Request("GET", url))
        if not decode(response.extensions["wire"], coding, MIB).body:
            return "empty"
    except FetchError as error:
        return error.reason
    return "flagged" if "close_framed" in response.extensions["flags"] else "silent"


@pytest.mark.parametrize("framing", FRAMED)
def test_n18_stall_after_every_byte(framing: str) -> None:
    reply = FRAMED[framing](TEXT)
    limits = replace(SHORT, max_connections=200)

    async def stalls() -> list[str]:
        def script(head: bytes, number: int) -> list[Step]:
            return [reply[: int(head.split(b" ")[1][1:])], HOLD]

        async with OddServer(script) as server, Transport(connect=loopback, limits=limits) as transport:
            return await asyncio.gather(*(fetch(transport, server.url(f"/{size}")) for size in range(len(reply))))

    assert set(asyncio.run(stalls())) == {"timeout*"}
