"""From a start address to article addresses: feeds, sitemaps and listing pages are told apart by what they hold."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from scraper.charset import charset_of, to_utf8
from scraper.discover import feeds, listings, sitemaps
from scraper.discover.found import Links
from scraper.errors import FetchError, ParseFailed, ScraperError, SkipPage, unforeseen
from scraper.model import Fetch, Page
from scraper.urls import same_site

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
    start: str,
    fetch: Fetch,
    links_of: Callable[[Page], Awaitable[Links]],
    note: Callable[[str], None],
    elsewhere: Callable[[str], bool] = lambda url: False,
) -> AsyncIterator[Lead]:
    """Every address that `start` leads to, in page order. `note` is told of what is damaged, left out or empty.

    `links_of` is `read`, where a page that is made to stop it stops nothing else; `elsewhere`, whether an address of
    another site is wanted, to which a listing links as to its partners and advertisers.
    """
    waiting, seen = deque([(start, 0)]), {start}
    told = cut = False
    while waiting:
        address, depth = waiting.popleft()
        try:
            page = await fetch(address)
            links = await links_of(page)
        except Exception as error:
            told = True
            yield Lead(address, _failure(error, address))
            continue
        remarks = _remarks(links)
        for remark in remarks:
            note(f"{address}: {remark}")
        told = told or bool(links.pages or remarks)
        new = [target for target in dict.fromkeys(links.sitemaps) if target not in seen]
        room = MAX_SITEMAPS - len(seen) if depth < MAX_DEPTH else 0
        cut = cut or len(new) > room
        seen.update(new[:room])
        waiting.extend((target, depth + 1) for target in new[:room])
        for target in links.pages:
            is_own = links.kind != "listing" or same_site(target, page.final_url) or same_site(target, start)
            yield Lead(target, None if is_own or elsewhere(target) else SkipPage("other_site", url=target))
    if cut:
        note(
            f"{start}: not all of its sitemaps were read: at most {MAX_SITEMAPS}, {MAX_DEPTH} deep; name more in start"
        )
    if not told:
        note(f"{start}: {_nothing('sitemap')}")


def _failure(error: Exception, address: str) -> FetchError:
    """How an address ends that could not be read. Raises what is no matter of that address alone."""
    if isinstance(error, FetchError):
        return error
    if isinstance(error, ParseFailed):
        return FetchError(error.reason, url=address, detail=error.detail)
    if isinstance(error, ScraperError):
        raise error
    return unforeseen(error, address)


def _remarks(links: Links) -> list[str]:
    """What is to be known of a page that was read. An empty sitemap is none: a day without news has one in an index."""
    count = len(links.pages) + len(links.sitemaps)
    remarks = []
    if links.problem:
        remarks.append(f"read as a {links.kind}: {links.problem}; links read: {count}")
    elif not count and links.kind != "sitemap":
        remarks.append(_nothing(links.kind))
    if links.left_out:
        remarks.append(f"too many links: {count} were taken, {links.left_out} left out")
    return remarks


def _nothing(kind: str) -> str:
    return f"0 links, read as a {kind}; is it the right address, and no login page? scraper init finds a site's feeds"


def read(page: Page) -> Links:
    """The links of a start page, by what its first bytes are in UTF-8 and without gzip. Pure; never raises."""
    body, problem = sitemaps.plain(page.body)
    text = to_utf8(body, charset_of(body, page.header("content-type")))
    links = _read(text.lstrip(_BLANK), page, cut=problem is not None)
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
