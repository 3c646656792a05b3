"""From a start address to article addresses: feeds, sitemaps and listing pages are told apart by what they hold."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from scraper.discover import feeds, listings, sitemaps
from scraper.discover.found import Links
from scraper.errors import FetchError, ParseFailed, ScraperError, unforeseen
from scraper.model import Fetch, Page
from scraper.urls import join

MAX_SITEMAPS = 1_000  # sitemaps read from one start
MAX_DEPTH = 5  # an index of indexes of ...


@dataclass(frozen=True, slots=True)
class Lead:
    """One address that a start led to; `problem` instead says why the address itself could not be read.

    A `page` is there already: it was saved.
    """

    url: str
    problem: FetchError | None = None
    page: Page | None = None


async def walk(
    start: str, fetch: Fetch, links_of: Callable[[Page], Awaitable[Links]], note: Callable[[str], None]
) -> AsyncIterator[Lead]:
    """Every address that `start` leads to, in page order. `note` is told of damage that did not stop the reading.

    `links_of` is `read`, where a page that is made to stop it stops nothing else.
    """
    waiting, seen = deque([(start, 0)]), {start}
    while waiting:
        address, depth = waiting.popleft()
        try:
            page = await fetch(address)
            links = await links_of(page)
        except FetchError as error:
            yield Lead(address, error)
            continue
        except ParseFailed as error:
            yield Lead(address, FetchError(error.reason, url=address, detail=error.detail))
            continue
        except ScraperError:
            raise
        except Exception as error:
            yield Lead(address, unforeseen(error, address))
            continue
        if links.problem:
            note(f"{address}: {links.problem}; {len(links.pages)} links were read before that")
        for target in _resolve(links.sitemaps, page):
            if target not in seen and depth < MAX_DEPTH and len(seen) < MAX_SITEMAPS:
                seen.add(target)
                waiting.append((target, depth + 1))
        for target in _resolve(links.pages, page):
            yield Lead(target)


def read(page: Page) -> Links:
    """The links of a start page, by what its first bytes are."""
    head = page.body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"\x1f\x8b") or re.search(rb"<(?:[\w.-]+:)?(?:urlset|sitemapindex)\b", head):
        return sitemaps.sitemap(page.body)
    if re.search(rb"<(?:rss|feed|(?:[\w.-]+:)?RDF)\b", head):
        return feeds.feed(page.body)
    if head.startswith(b"{"):
        return feeds.json_feed(page.body)
    if (page.header("content-type") or "").startswith("text/plain"):
        return sitemaps.sitemap(page.body)
    return listings.listing(page.body)


def _resolve(links: list[str], page: Page) -> list[str]:
    return [url for link in links if (url := join(page.final_url, link))]
