"""Which addresses may be connected to: every private spelling is refused, whatever name led there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from scraper.errors import FetchError
from scraper.fetch.guard import Guard, interleave
from scraper.fetch.guard import Resolver as Resolves

REFUSED = {
    "S01": """127.0.0.1 ::1 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1
        100.100.100.200 fd00::1 fc00::1 fe80::1 224.0.0.1 255.255.255.255 240.0.0.1 192.0.0.8 192.0.2.1 198.18.0.1
        198.51.100.1 203.0.113.9 0.1.2.3""",
    "S03": """::ffff:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 2002:7f00:1:: fec0::1 ff02::1 :: 2001:db8::1
        2001:0:4136:e378:8000:63bf:80ff:fffe 3fff::1 100::1 ::ffff:0:127.0.0.1 fe80::1%lo""",
    "S08": "172.17.0.1 fd00:ec2::254",
}
PUBLIC = ["93.184.216.34", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1"]


def answering(*addresses: str) -> Resolves:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


def failing(error: Exception) -> Resolves:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise error

    return resolve


async def hanging(host: str, port: int) -> Sequence[str]:
    await asyncio.sleep(60)
    return ()


def ask(guard: Guard, host: str = "valley.example", port: int = 443) -> Sequence[str]:
    return asyncio.run(guard(host, port))  # type: ignore[arg-type]


def refusal(guard: Guard, host: str = "valley.example", port: int = 443) -> FetchError:
    with pytest.raises(FetchError) as caught:
        ask(guard, host, port)
    return caught.value


@pytest.mark.parametrize(
    "address",
    [pytest.param(address, id=f"{case}-{address}") for case, found in REFUSED.items() for address in found.split()],
)
def test_private_is_refused(address: str) -> None:
    for guard, host in (
        (Guard(resolver=answering(address)), "valley.example"),
        (Guard(resolver=answering("93.184.216.34", address)), "valley.example"),  # S04: any answer
        (Guard(resolver=answering(*["93.184.216.34"] * 20, address)), "valley.example"),
        (Guard(resolver=answering("93.184.216.34")), address),
        (Guard(resolver=answering("93.184.216.34")), f"[{address}]"),
    ):
        assert refusal(guard, host).reason == "private_address", host


@pytest.mark.parametrize("address", PUBLIC)
def test_public_passes(address: str) -> None:
    assert ask(Guard(resolver=answering(address))) == [address.removeprefix("::ffff:")]


@pytest.mark.parametrize(
    ("networks", "address", "passes"),
    [
        (["127.0.0.80/32"], "127.0.0.80", True),
        (["127.0.0.80/32"], "127.0.0.81", False),
        (["127.0.0.80/32"], "::ffff:127.0.0.80", True),
        (["127.0.0.80/32"], "::ffff:127.0.0.81", False),
        (["::1/128"], "::1", True),
        (["64:ff9b::/96"], "64:ff9b::101:101", True),
        (["64:ff9b::/96"], "64:ff9b::7f00:1", False),  # S03: allowing NAT64 opens nothing behind it
        (["2002::/16"], "2002:7f00:1::", False),
    ],
)
def test_allowed_networks(networks: list[str], address: str, passes: bool) -> None:
    guard = Guard(networks, answering(address))
    assert (bool(ask(guard, port=8123)) if passes else refusal(guard).reason) == (passes or "private_address")


@pytest.mark.parametrize("port", [22, 25, 6379, 9200, 0, 8000])
def test_ports(port: int) -> None:
    assert refusal(Guard(resolver=answering("1.1.1.1")), port=port).reason == "port", "S09"
    assert refusal(Guard(["127.0.0.0/8"], answering("1.1.1.1", "127.0.0.1")), port=port).reason == "port", "S09"
    assert ask(Guard(resolver=answering("1.1.1.1"), ports=[port]), port=port) == ["1.1.1.1"]


@pytest.mark.parametrize(
    ("resolver", "reason", "retry"),
    [
        pytest.param(failing(socket.gaierror(socket.EAI_NONAME, "unknown")), "dns", False, id="N63-nxdomain"),
        pytest.param(failing(socket.gaierror(socket.EAI_AGAIN, "later")), "dns", True, id="N63-servfail"),
        pytest.param(failing(OSError("no route")), "dns", True, id="N63-network"),
        pytest.param(hanging, "dns", True, id="N63-timeout"),
        pytest.param(answering(), "dns", True, id="N63-empty"),
        pytest.param(answering("not an address"), "dns", True, id="N63-nonsense"),
        pytest.param(failing(UnicodeError("label too long")), "bad_url", False, id="N64-label"),
    ],
)
def test_failed_look_ups(resolver: Resolves, reason: str, retry: bool) -> None:
    error = refusal(Guard(resolver=resolver, deadline=0.05))
    assert (error.reason, error.retry) == (reason, retry)


def test_many_answers() -> None:
    answers = [f"1.1.{number >> 8}.{number & 255}" for number in range(500)]
    assert ask(Guard(resolver=answering(*answers))) == answers[:16], "N63"


def test_families_take_turns() -> None:
    given = ["2a00::1", "2a00::2", "2a00::3", "1.1.1.1", "1.1.1.2", "2a00::1"]
    turns = ["2a00::1", "1.1.1.1", "2a00::2", "1.1.1.2", "2a00::3"]
    assert [str(address) for address in interleave(map(ip_address, given))] == turns, "N65"


def test_system_look_up() -> None:
    assert ask(Guard(["127.0.0.0/8", "::1/128"]), "localhost", 80)
    assert refusal(Guard(), "localhost", 80).reason == "private_address"
    assert refusal(Guard(), "0x7f.1", 80).reason == "private_address", "S02: what the system reads as an address"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "a.localhost", "::ffff:10.0.0.1"])
def test_literals_behind_a_proxy(host: str) -> None:
    with pytest.raises(FetchError, match="private_address"):
        Guard(resolver=answering("1.1.1.1")).check_literal(host, 80)
