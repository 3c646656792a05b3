"""Looks at a site: where its articles are listed, and a few of them. Every page comes by the caller's own call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from scraper.data import table
from scraper.discover.start import read
from scraper.draft.marks import Sample
from scraper.errors import FetchError
from scraper.model import Page
from scraper.parse.article import parse
from scraper.urls import join, same_site

Ask = Callable[[str], Page]  # raises FetchError
Say = Callable[[str], None]
_STARTS = 3  # feeds, and as many sitemaps, of a drafted section
_SITEMAPS = 4  # sitemaps read in search of articles
_TRIES = 3  # pages asked for each article wanted
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")


@dataclass(slots=True)
class Survey:
    """What a look at a site found: where to start, and articles in the order they were read."""

    start: list[str] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)


def survey(url: str, ask: Ask, sitemaps: Callable[[str], Sequence[str]], count: int, say: Say) -> Survey:
    """Where the site of `url` lists its articles, and up to `count` of them. Raises FetchError."""
    page = ask(url)
    found = Survey()
    given = _is_list(page)
    if not given and parse(page).is_article:
        found.samples.append(Sample(url, page))
    home = page if given or urlsplit(page.final_url).path in ("", "/") else _maybe(ask, join(page.final_url, "/"), say)
    feeds = [page] if given else _feeds([page, *([home] if home and home is not page else [])], ask, say)
    maps = [] if given else _maps(page.final_url, ask, sitemaps(page.final_url), say)
    found.start = [each.url for each in (*feeds[:_STARTS], *maps[:_STARTS])] or [url]
    leads = _leads([*feeds, *maps, *([] if given else [page]), *([home] if home and not given else [])], ask, say)
    _read_articles(found, leads, ask, count, say)
    return found


def linked_feeds(page: Page) -> list[str]:
    """The site's own feeds, as a page links to them; those of comments or of the page itself are left out."""
    found: dict[str, None] = {}
    for node in Sample(page.url, page).doc.tree.css("link[rel~='alternate'][href]"):
        address = join(page.final_url, node.attributes.get("href") or "")
        kind = (node.attributes.get("type") or "").lower()
        words = f"{address} {node.attributes.get('title') or ''}".lower()
        own = urlsplit(page.final_url).path.rstrip("/")
        below = bool(address and own and urlsplit(address).path.startswith(f"{own}/"))
        if (
            address
            and kind in _FEED_TYPES
            and not below
            and not any(w in words for w in table("draft.toml")["other_feeds"])
        ):
            found[address] = None
    return list(found)


def _is_list(page: Page) -> bool:
    """Whether a page is a feed or a sitemap, and no HTML."""
    start = page.body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<html" in start or b"<!doctype html" in start or b"<head" in start:
        return False
    links = read(page)
    return bool(links.pages or links.sitemaps)


def _maybe(ask: Ask, url: str | None, say: Say, *, quiet: bool = False) -> Page | None:
    """A page that may be missing; why it is, is told, unless it was only a guess."""
    try:
        return ask(url) if url else None
    except FetchError as error:
        if not quiet:
            say(f"{url}: {error.reason}" + (f" ({error.detail})" if error.detail else ""))
        return None


def _feeds(pages: Sequence[Page], ask: Ask, say: Say) -> list[Page]:
    """The feeds that the pages link to, else the first one at a usual place."""
    linked = dict.fromkeys(address for page in pages for address in linked_feeds(page))
    found = [page for url in list(linked)[:_STARTS] if (page := _maybe(ask, url, say)) and _is_list(page)]
    return found or _first_of("feeds", pages[0].final_url, ask, say)


def _maps(url: str, ask: Ask, named: Sequence[str], say: Say) -> list[Page]:
    """The sitemaps that robots.txt names, those for news first, else the first one at a usual place."""
    ordered = sorted(named, key=_is_no_news)[:_STARTS]
    found = [page for address in ordered if (page := _maybe(ask, address, say)) and _is_list(page)]
    return found or _first_of("sitemaps", url, ask, say)


def _first_of(kind: str, base: str, ask: Ask, say: Say) -> list[Page]:
    for place in table("draft.toml")[kind]:
        page = _maybe(ask, join(base, place), say, quiet=True)
        if page and _is_list(page):
            return [page]
    return []


def _is_no_news(address: str) -> bool:
    return not any(word in address.lower() for word in ("news", "post", "article"))


def _leads(lists: Iterable[Page], ask: Ask, say: Say) -> Iterator[str]:
    """Addresses of pages, as the lists name them; an index leads to a few of its sitemaps."""
    asked = 0
    waiting = list(lists)
    while waiting:
        page = waiting.pop(0)
        links = read(page)
        yield from (url for url in links.pages if same_site(url, page.final_url))
        for address in sorted(links.sitemaps, key=_is_no_news)[: _SITEMAPS - asked]:
            asked += 1
            waiting += [inner] if (inner := _maybe(ask, address, say)) else []


def _read_articles(found: Survey, leads: Iterable[str], ask: Ask, count: int, say: Say) -> None:
    """Fills `found` up to `count` articles; asks for _TRIES times as many pages at most."""
    seen = {sample.page.final_url for sample in found.samples}
    left = _TRIES * count
    for url in leads:
        if len(found.samples) >= count or left <= 0:
            return
        if url in seen:
            continue
        seen.add(url)
        left -= 1
        page = _maybe(ask, url, say)
        if (
            page
            and page.final_url not in {sample.page.final_url for sample in found.samples}
            and parse(page).is_article
        ):
            found.samples.append(Sample(url, page))
