"""From checked addresses to a connected socket: several are raced as RFC 8305 says. TLS faults in our words."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence

from scraper.errors import FetchError

ATTEMPT_DELAY = 0.25  # seconds before the next address is tried beside the last one: RFC 8305 section 5
MAX_ADDRESSES = 16

# X.509 verification errors (openssl/x509_vfy.h) to the outcome's words.
_CERTIFICATE_FAULTS = {
    9: "tls_not_yet_valid",
    10: "tls_expired",
    18: "tls_self_signed",
    19: "tls_self_signed",
    20: "tls_unknown_ca",
    21: "tls_unknown_ca",
    62: "tls_wrong_host",
    64: "tls_wrong_host",
}


async def dial(addresses: Sequence[str], port: int) -> socket.socket:
    """A socket connected to the first of these literal addresses that answers; each gets 250 ms ahead of the next.

    Raises FetchError `connect` with the last address's error when none answers. Never resolves a name.
    """
    waiting = list(reversed(addresses[:MAX_ADDRESSES]))
    if not waiting:
        raise FetchError("connect", detail="no address", retry=True)
    attempts: set[asyncio.Task[socket.socket]] = set()
    error: BaseException | None = None
    try:
        while waiting or attempts:
            if waiting:
                attempts.add(asyncio.create_task(_connected(waiting.pop(), port)))
            delay = ATTEMPT_DELAY if waiting else None
            done, attempts = await asyncio.wait(attempts, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
            winners = [task for task in done if task.exception() is None]
            if winners:
                attempts.update(winners[1:])
                return winners[0].result()
            error = next((task.exception() for task in done), error)
    finally:
        await _drop(attempts)
    raise FetchError("connect", detail=f"{error}", retry=True)


async def _connected(address: str, port: int) -> socket.socket:
    """The literal address only: what is no literal is an error of the caller's and is not looked up."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    socket.inet_pton(family, address)
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock


async def _drop(attempts: set[asyncio.Task[socket.socket]]) -> None:
    """End the losers, and close those that connected all the same."""
    for task in attempts:
        task.cancel()
    for result in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(result, socket.socket):
            result.close()


def tls_fault(error: OSError) -> FetchError:
    """What a failed handshake means. Certificates stay as they are: no retry; a connection that broke may do better."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = _CERTIFICATE_FAULTS.get(error.verify_code, "tls_certificate")
        return FetchError(reason, detail=error.verify_message or str(error))
    return FetchError("tls_handshake", detail=str(error), retry=not isinstance(error, ssl.SSLError))
