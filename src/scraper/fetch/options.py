"""What a run and a site ask of fetching: small frozen values. Times in seconds, sizes in bytes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from scraper.urls import Origin, host_of, registrable


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """For the whole run."""

    user_agent: str = "scraper"
    contact: str = ""  # a mail address or page of whoever runs this; goes into the User-Agent
    concurrency: int = 64  # requests in flight, all hosts together
    timeout: float = 30.0  # for one request, from the connection to the last byte
    retries: int = 3  # more attempts after the first
    retry_budget: int = 20  # retries of the whole run beyond a fifth of its URLs
    max_body: int = 8_000_000  # of the wire and, apart from that, of the decoded body
    max_wait: float = 60.0  # a host that wants a longer pause is parked instead of waited for
    proxy: str = ""  # "http://host:port"; empty for none; the environment is never asked
    allow_networks: tuple[str, ...] = ()  # private networks that may be reached, as "127.0.0.80/32"
    ports: tuple[int, ...] = ()  # besides 80, 443, 8080 and 8443

    @property
    def agent(self) -> str:
        """The User-Agent header: who asks and how to reach them."""
        named = self.contact and self.contact not in self.user_agent
        return f"{self.user_agent} (+{self.contact})" if named else self.user_agent


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """For one site."""

    delay: float = 1.0  # between the starts of two requests to one host; a longer Crawl-delay counts instead
    per_host: int = 1  # requests to one host at the same time
    robots: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)  # sent to `origins` alone
    origins: frozenset[Origin] = frozenset()  # of the site's start URLs
    types: frozenset[str] = frozenset()  # content types kept besides HTML, as "text/plain"
    elsewhere: Callable[[str], SiteOptions] | None = None  # for a URL of another site; None for the same

    def at(self, url: str) -> SiteOptions:
        """What holds for the host of `url`: these options are for the site of `origins`, where there are any."""
        if self.elsewhere is None or not self.origins:
            return self
        sites = {registrable(each.host) for each in self.origins}
        return self if registrable(host_of(url)) in sites else self.elsewhere(url)


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as fetching sees it, so that a test can hand in another."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)  # aware, UTC
    monotonic: Callable[[], float] = time.monotonic  # seconds
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep  # seconds
