"""Connecting: refused, silent and mixed addresses, TLS that does not hold (N01, N02, N65 to N68)."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from oddserver import HELLO, OK, SHORT, End, OddServer, fetch, loopback, numbered
from scraper.fetch.dial import tls_fault
from scraper.fetch.transport import Transport


@contextlib.contextmanager
def unanswered(address: str, port: int = 0) -> Iterator[int]:
    """A port whose queue is full, so that nothing answers a SYN."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((address, port), backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def ask(addresses: Sequence[str], port: int, *, served: bool) -> tuple[str, float]:
    """The outcome of one request and the seconds it took; `served` puts a server on 127.0.0.1."""

    async def connect(host: str, port: int) -> Sequence[str]:
        return addresses

    async def run() -> tuple[str, float]:
        async with contextlib.AsyncExitStack() as stack:
            if served:
                await stack.enter_async_context(OddServer([OK + HELLO], port=port))
            transport = await stack.enter_async_context(Transport(connect=connect, limits=SHORT))
            start = time.monotonic()
            return await fetch(transport, f"http://news.test:{port}/"), time.monotonic() - start

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        pytest.param(["127.0.0.1"], "200 hello", id="one"),
        pytest.param(["127.0.0.9", "127.0.0.1"], "200 hello", id="N65-first-refuses"),
        pytest.param(["::1", "127.0.0.1"], "200 hello", id="N65-ipv6-dead"),
        pytest.param(["127.0.0.9", "::1"], "connect*", id="N01-all-refuse"),
        pytest.param(["127.0.0.9"] * 16 + ["127.0.0.1"], "connect*", id="N63-sixteen-at-most"),
        pytest.param([], "connect*", id="none"),
    ],
)
def test_addresses_are_tried_in_order(addresses: list[str], expected: str) -> None:
    outcome, seconds = ask(addresses, free_port(), served=True)
    assert outcome == expected
    assert seconds < 1


def test_n65_next_address_is_tried_beside_a_silent_one() -> None:
    with unanswered("127.0.0.2") as port:
        outcome, seconds = ask(["127.0.0.2", "127.0.0.1"], port, served=True)
    assert outcome == "200 hello"
    assert 0.2 < seconds < 1


def test_n02_syn_never_answered_ends_at_the_connect_cap() -> None:
    with unanswered("127.0.0.2") as port:
        outcome, seconds = ask(["127.0.0.2"], port, served=False)
    assert outcome == "timeout*"
    assert 0.45 < seconds < 0.75


def test_a_guard_that_hangs_ends_at_the_connect_cap() -> None:
    async def connect(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return ["127.0.0.1"]

    async def run() -> str:
        async with Transport(connect=connect, limits=SHORT) as transport:
            return await fetch(transport, "http://news.test/")

    assert asyncio.run(run()) == "timeout*"


def test_no_name_is_ever_looked_up() -> None:
    assert ask(["localhost"], free_port(), served=True)[0] == "connect*"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for news.test, with its key in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("NOT RUN: no openssl command")
    path = tmp_path_factory.mktemp("tls") / "news.pem"
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=news.test"
    names = ["-addext", "subjectAltName=DNS:news.test", "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run([openssl, *command.split(), *names], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


CLOSE_FRAMED = OK + b"\r\nhello"


@pytest.mark.parametrize(
    ("steps", "host", "trusted", "expected"),
    [
        pytest.param([OK + HELLO], "news.test", True, "200 hello", id="verified"),
        pytest.param([OK + HELLO], "other.test", True, "tls_wrong_host", id="N66-wrong-host"),
        pytest.param([OK + HELLO], "127.0.0.1", True, "tls_wrong_host", id="N66-address"),
        pytest.param([OK + HELLO], "news.test", False, "tls_self_signed", id="N66-self-signed"),
        pytest.param([CLOSE_FRAMED, End.FIN], "news.test", True, "200 hello close_framed", id="N68-farewell"),
        pytest.param(
            [CLOSE_FRAMED, End.CUT], "news.test", True, "200 hello close_framed tls_unclosed", id="N68-no-farewell"
        ),
        pytest.param(
            [OK + b"Content-Length: 9\r\n\r\nhello", End.CUT], "news.test", True, "truncated*", id="N68-short"
        ),
        pytest.param([End.CUT], "news.test", True, "no_response*", id="N03-closed-at-once"),
        pytest.param([OK + b"\r\n" + b"x" * 200_000], "news.test", True, "body_too_large", id="N52-over-tls"),
        pytest.param([OK, End.HOLD], "news.test", True, "timeout*", id="N05-over-tls"),
    ],
)
def test_tls(certificate: Path, steps: list[bytes | End], host: str, trusted: bool, expected: str) -> None:
    async def run() -> str:
        verify = trusting(certificate) if trusted else None
        async with (
            OddServer(steps, tls=serving(certificate)) as server,
            Transport(connect=loopback, limits=SHORT, verify=verify) as transport,
        ):
            return await fetch(transport, server.url(host=host))

    assert asyncio.run(run()) == expected


def test_tls_connection_is_kept(certificate: Path) -> None:
    async def run() -> tuple[list[str], int]:
        async with OddServer(lambda head, number: [numbered(head), End.NEXT], tls=serving(certificate)) as server:
            async with Transport(connect=loopback, limits=SHORT, verify=trusting(certificate)) as transport:
                outcomes = [await fetch(transport, server.url(f"/{n}")) for n in range(3)]
            return outcomes, server.connections

    assert asyncio.run(run()) == (["200 /0", "200 /1", "200 /2"], 1)


@pytest.mark.parametrize(
    ("handshake", "expected"),
    [
        pytest.param(lambda sock: None, "timeout*", id="N67-hangs"),
        pytest.param(lambda sock: sock.sendall(b"HTTP/1.1 400 Bad\r\n\r\n"), "tls_handshake", id="N67-plain-http"),
        pytest.param(lambda sock: sock.close(), "tls_handshake*", id="N67-dies"),
    ],
)
def test_n67_handshake_that_fails(handshake, expected: str) -> None:  # type: ignore[no-untyped-def]
    async def run(port: int) -> str:
        async with Transport(connect=loopback, limits=replace(SHORT, connect=0.3)) as transport:
            asking = asyncio.create_task(fetch(transport, f"https://news.test:{port}/"))
            sock, _ = await asyncio.to_thread(listener.accept)
            with sock:
                handshake(sock)
                return await asking

    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert asyncio.run(run(listener.getsockname()[1])) == expected


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (9, "tls_not_yet_valid"),
        (10, "tls_expired"),
        (20, "tls_unknown_ca"),
        (62, "tls_wrong_host"),
        (23, "tls_certificate"),
    ],
)
def test_n66_each_fault_has_its_word(code: int, reason: str) -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "why"
    fault = tls_fault(error)
    assert (fault.reason, fault.detail, fault.retry) == (reason, "why", False)
