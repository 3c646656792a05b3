"""Which addresses may be connected to. Asked once for each new connection, which then uses these very addresses.

Only addresses of the public internet pass (IANA special-purpose registries, RFC 6890) and those of networks that the
configuration names. Names are looked up here and nowhere else: no second answer can differ from the one checked.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from scraper.errors import FetchError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]  # host, port -> literal addresses; raises OSError

PORTS = frozenset({80, 443, 8080, 8443})
MAX_ADDRESSES = 16  # tried of one answer; all are checked
DNS_DEADLINE = 10.0  # seconds
DNS_THREADS = 32

_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_V4_SPECIAL = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network; most systems connect 0.0.0.0 to themselves
            "10.0.0.0/8",  # private, as the next ones, RFC 1918
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",  # shared by carriers, RFC 6598; cloud metadata at 100.100.100.200
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local; cloud metadata at 169.254.169.254
            "192.0.0.0/24",  # protocol assignments, RFC 6890
            "192.0.2.0/24",  # documentation, as the next two, RFC 5737
            "198.51.100.0/24",
            "203.0.113.0/24",
            "192.88.99.0/24",  # 6to4 relays, RFC 7526
            "198.18.0.0/15",  # benchmarks, RFC 2544
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_V6_GLOBAL = IPv6Network("2000::/3")  # all that IANA has given out as global unicast; loopback, fc00, fe80 lie outside
_V6_SPECIAL = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks, RFC 2928
            "2001:db8::/32",  # documentation, as 3fff::/20, RFC 3849 and 9637
            "3fff::/20",
            "2002::/16",  # 6to4: any IPv4 address in disguise, RFC 7526
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


class Guard:
    """`await guard(host, port)` gives the addresses to try, in order; raises FetchError, see there for the reasons."""

    def __init__(
        self,
        allow_networks: Iterable[str] = (),
        resolver: Resolver | None = None,
        ports: Iterable[int] = (),
        deadline: float = DNS_DEADLINE,
    ) -> None:
        """`allow_networks` as "127.0.0.80/32" (ValueError for others); `ports` besides the usual ones."""
        self._allowed: tuple[Network, ...] = tuple(map(ip_network, allow_networks))
        self._ports = PORTS | frozenset(ports)
        self._resolver = resolver or system_resolver()
        self._deadline = deadline

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """At most 16 addresses, families in turn (RFC 8305 section 4).

        Raises FetchError: "private_address" when any answer is one, "port", "dns" (retry unless there is no such name),
        "bad_url" when the name cannot be looked up at all.
        """
        literal = _literal(host)
        addresses = [literal] if literal else [_parse(text, host) for text in await self._look_up(host, port)]
        self._check(addresses, host, port)
        return [str(address) for address in interleave(addresses)[:MAX_ADDRESSES]]

    def check_literal(self, host: str, port: int) -> None:
        """The part that needs no look-up, for hosts that a proxy will resolve. Raises FetchError as above."""
        literal = _literal(host)
        if literal:
            self._check([literal], host, port)
        elif host == "localhost" or host.endswith(".localhost"):  # RFC 6761 section 6.3
            raise FetchError("private_address", detail=host)
        elif port not in self._ports:
            raise FetchError("port", detail=f"{host}:{port}")

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._resolver(host, port)
        except TimeoutError:
            raise FetchError("dns", detail=f"{host}: no answer in time", retry=True) from None
        except socket.gaierror as error:
            missing = error.errno in _NO_SUCH_NAME
            raise FetchError("dns", detail=f"{host}: {error.strerror}", retry=not missing) from None
        except OSError as error:
            raise FetchError("dns", detail=f"{host}: {error}", retry=True) from None
        except UnicodeError:  # the idna codec of getaddrinfo, for names that it cannot put into labels
            raise FetchError("bad_url", detail="host name unusable") from None
        if not answer:
            raise FetchError("dns", detail=f"{host}: empty answer", retry=True)
        return answer

    def _check(self, addresses: Sequence[Address], host: str, port: int) -> None:
        for address in addresses:
            if not self._passes(address):
                named = host if str(address) == host else f"{host} is {address}"
                raise FetchError("private_address", detail=f"{named}; fetch.allow_networks lets your own networks in")
        if port not in self._ports and not all(map(self._is_allowed, addresses)):
            raise FetchError("port", detail=f"{host}:{port}")

    def _passes(self, address: Address) -> bool:
        inner = _embedded(address)
        return (self._is_allowed(address) or is_public(address)) and (inner is None or self._passes(inner))

    def _is_allowed(self, address: Address) -> bool:
        return any(address in network for network in self._allowed)


def is_public(address: Address) -> bool:
    """Whether the address is one of the public internet. Stricter than `is_global`, which lets 6to4 and NAT64 pass."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _V4_SPECIAL)
    return address in _V6_GLOBAL and not any(address in network for network in _V6_SPECIAL)


def interleave(addresses: Iterable[Address]) -> list[Address]:
    """Families in turn, beginning with the first one's, each in its own order; without doubles."""
    unique = list(dict.fromkeys(addresses))
    first = [address for address in unique if address.version == unique[0].version]
    other = [address for address in unique if address.version != unique[0].version]
    pairs = itertools.zip_longest(first, other)
    return [address for pair in pairs for address in pair if address is not None]


def system_resolver(threads: int = DNS_THREADS) -> Resolver:
    """getaddrinfo on threads of its own: a slow name server must not fill the few that asyncio shares."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="dns")

    async def resolve(host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(pool, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        return [str(row[4][0]) for row in rows]

    return resolve


def _literal(host: str) -> Address | None:
    try:
        return _unmapped(ip_address(host.strip("[]")))
    except ValueError:
        return None


def _parse(text: str, host: str) -> Address:
    try:
        return _unmapped(ip_address(text))
    except ValueError:
        raise FetchError("dns", detail=f"{host}: the answer is no address", retry=True) from None


def _unmapped(address: Address) -> Address:
    """::ffff:a.b.c.d goes out as IPv4 whatever it is called, so it is checked and named as that."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _embedded(address: Address) -> Address | None:
    """The IPv4 address behind a transition address: allowing such a network must not open what lies behind it."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour or (address.teredo[1] if address.teredo else None)
