"""From a start address to article addresses: feeds, sitemaps and listing pages are told apart by what they hold."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from scraper.discover import feeds, listings, sitemaps
from scraper.discover.charset import to_utf8
from scraper.discover.found import Links
from scraper.errors import FetchError, ParseFailed, ScraperError, unforeseen
from scraper.model import Fetch, Page

MAX_SITEMAPS = 1_000  # sitemaps read from one start
MAX_DEPTH = 5  # an index of indexes of ...
_BLANK = b"\xef\xbb\xbf \t\r\n"  # what may stand before the first character that counts
_SITEMAP = re.compile(rb"<(?:[\w.-]+:)?(?:urlset|sitemapindex)\b")
_FEED = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|RDF)\b")


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
        for target in links.sitemaps:
            if target not in seen and depth < MAX_DEPTH and len(seen) < MAX_SITEMAPS:
                seen.add(target)
                waiting.append((target, depth + 1))
        for target in links.pages:
            yield Lead(target)


def read(page: Page) -> Links:
    """The links of a start page, by what its first bytes are in UTF-8 and without gzip. Pure; never raises."""
    body, problem = sitemaps.plain(page.body)
    links = _read(to_utf8(body, page.header("content-type")).lstrip(_BLANK), page, cut=problem is not None)
    links.problem = problem or links.problem
    return links


def _read(body: bytes, page: Page, *, cut: bool) -> Links:
    head, base = body[:2000], page.final_url
    if _SITEMAP.search(head):
        return sitemaps.sitemap(body, base)
    if _FEED.search(head):
        return feeds.feed(body, base)
    if head.startswith(b"{"):
        return feeds.json_feed(body, base)
    if sitemaps.is_packed(page.body) or (page.header("content-type") or "").lower().startswith("text/plain"):
        return sitemaps.text_sitemap(body, base, cut=cut)
    return listings.listing(body, base)
