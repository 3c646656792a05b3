"""Fetching: robots.txt, pacing, address checks, retries, redirects and decoding behind one call, URL in, Page out.

async with open_client(FetchOptions(contact="https://desk.example/bot")) as client:
    fetch = client.fetch(SiteOptions(delay=2.0))
    page = await fetch("https://valley.example/feed/")
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scraper.errors import FetchError
from scraper.fetch.guard import Guard
from scraper.fetch.options import Clock, FetchOptions, SiteOptions
from scraper.model import Fetch, Page

if TYPE_CHECKING:
    import httpx

    from scraper.fetch.http import Client
    from scraper.fetch.polite import HostMemory
    from scraper.fetch.retry import Retry

__all__ = ["Clock", "FetchClient", "FetchOptions", "Guard", "SiteOptions", "Validators", "open_client"]

Validators = Callable[[str], Mapping[str, str]]  # URL to its If-None-Match and If-Modified-Since headers, if any


def no_validators(url: str) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class FetchClient:
    """What a run fetches with; one per event loop."""

    client: Client
    retry: Retry

    def fetch(
        self,
        site: SiteOptions,
        *,
        any_type: bool = False,
        validators: Validators = no_validators,
        unwanted: Callable[[str], str | None] = lambda url: None,
    ) -> Fetch:
        """A `Fetch` for one site, which raises FetchError, or SkipPage for what is left alone by rule.

        `any_type`: feeds, sitemaps and all else are wanted, not HTML alone. With `validators` a page that has not
        changed comes back with status 304 and no body. `unwanted` says why a redirect is not followed to a URL.
        """
        from scraper.fetch.http import Request

        async def fetch(url: str) -> Page:
            async def once(wanted: str) -> Page:
                return await self.client.get(Request(wanted, site, any_type, validators(wanted), unwanted))

            return await self.retry(once, url)

        return fetch

    async def sitemaps(self, url: str, site: SiteOptions) -> tuple[str, ...]:
        """The sitemaps that the robots.txt of the URL's origin names; none where it cannot be had. Raises BadUrl."""
        try:
            return (await self.client.polite.robots(url, site)).sitemaps(url)
        except FetchError:
            return ()


@asynccontextmanager
async def open_client(
    options: FetchOptions,
    *,
    guard: Guard | None = None,
    memory: HostMemory | None = None,
    clock: Clock | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[FetchClient]:
    """The parts of fetching put together, and closed at the end.

    `guard`, `memory`, `clock` and `transport` replace the ones that `options` and the system give. Raises ValueError
    for options that cannot be used: networks that are none, a User-Agent with a line break.
    """
    from scraper.fetch.http import Client, Wire
    from scraper.fetch.polite import Pace, Polite, RunMemory
    from scraper.fetch.retry import Budget, Retry
    from scraper.fetch.robots import product_token

    if not options.agent.isprintable() or not options.agent.isascii():
        raise ValueError(f"the User-Agent must be printable ASCII: {options.agent!r}")
    clock = clock or Clock()
    wire = Wire(options, guard or Guard(options.allow_networks, ports=options.ports), transport)
    retry = Retry(options.retries + 1, Budget(options.retry_budget), clock.sleep, options.max_wait)
    pace = Pace(clock, RunMemory() if memory is None else memory, options.max_wait)
    polite = Polite(wire.exchange, pace, retry, clock, product_token(options.agent))
    try:
        yield FetchClient(Client(polite, clock, options.max_body), retry)
    finally:
        await polite.aclose()
        await wire.aclose()
