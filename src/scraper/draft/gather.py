"""The pages to draft from: a site that is looked at, single pages, folders of saved ones; and whose marks are whose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from urllib.parse import urlsplit

from scraper import wiring
from scraper.config import Config
from scraper.draft.marks import Mark, Sample
from scraper.draft.survey import Ask, Survey, linked_feeds, survey
from scraper.errors import FetchError
from scraper.model import Page
from scraper.parse.article import parse


def gather(
    places: Sequence[str], marks: Sequence[Mark], count: int, config: Config | None, say: Callable[[str], None]
) -> Survey:
    """The articles of `places` (URLs, files, folders), about `count` of them, with their marks; and where to start.

    No socket is opened for saved pages. Raises FetchError for a URL that was named and cannot be had, StoreError for a
    path, ValueError for a mark whose page is not among them.
    """
    named = [mark.page for mark in marks if mark.page]
    with ExitStack() as stack:
        urls = dict.fromkeys(place for place in (*places, *named) if "://" in place)
        fetch, sitemaps = stack.enter_context(wiring.asking(config)) if urls else (_no_network, _no_sitemaps)

        def ask(url: str) -> Page:
            say(f"fetching {url}")  # by the site's delay, a second or more each
            return fetch(url)

        found = Survey()
        for place in places:
            if "://" not in place:
                found.samples += _saved(place, named, count)
            elif not found.start:
                looked = survey(place, ask, sitemaps, count, say)
                found.start = looked.start
                found.samples += looked.samples
            else:
                found.samples += _asked(place, ask, found.samples)
        for place in (page for page in named if "://" in page):
            found.samples += _asked(place, ask, found.samples)
    _attach(marks, places[0], found.samples)
    found.start = found.start or _starts(found.samples) or [place for place in places if "://" not in place]
    return found


def _no_network(url: str) -> Page:
    raise FetchError("no_network", url=url)


def _no_sitemaps(url: str) -> Sequence[str]:
    return ()


def _asked(url: str, ask: Ask, known: Sequence[Sample]) -> list[Sample]:
    """A page that was named, unless it is there already."""
    return [] if any(url in (each.name, each.page.final_url) for each in known) else [Sample(url, ask(url))]


def _saved(place: str, named: Sequence[str], count: int) -> list[Sample]:
    """The first saved page, those that are marked, and articles up to `count`, in name order."""
    found: list[Sample] = []
    missing = set(named)
    for name, page in wiring.saved([place], None):
        if isinstance(page, FetchError):
            continue
        sample = Sample(name, page)
        wanted = {mark for mark in missing if _is_called(sample, mark)}
        missing -= wanted
        if not found or wanted or (len(found) < count and parse(page).is_article):
            found.append(sample)
        if len(found) >= count and not missing:
            break
    return found


def _is_called(sample: Sample, name: str) -> bool:
    """Whether a mark's page is this one: its URL, its file, or the end of either."""
    known = (sample.name, sample.page.url, sample.page.final_url, sample.name.removesuffix("/page.html"))
    return any(each == name or each.rstrip("/").endswith(f"/{name.strip('/')}") for each in known)


def _attach(marks: Sequence[Mark], first: str, samples: Sequence[Sample]) -> None:
    for mark in marks:
        called = (
            [each for each in samples if _is_called(each, mark.page)] if mark.page else list(_first(first, samples))
        )
        if not called:
            said = f"no page is called {mark.page!r}" if mark.page else f"{first} is no article that could be marked"
            raise ValueError(f"{said}; name the page: --mark PAGE:{mark.field}=VALUE")
        called[0].marks = {**called[0].marks, mark.field: mark.value}


def _first(place: str, samples: Sequence[Sample]) -> Iterator[Sample]:
    """The page that was given first: not just any article of the site whose home page was given."""
    if samples and ("://" not in place or samples[0].name == place):
        yield samples[0]


def _starts(samples: Sequence[Sample]) -> list[str]:
    """Where the site of saved pages begins: the feeds that most of them link to, else its home page."""
    homes = Counter(
        f"{parts.scheme}://{parts.netloc}/" for s in samples if (parts := urlsplit(s.page.final_url)).netloc
    )
    feeds = Counter(feed for sample in samples for feed in linked_feeds(sample.page))
    common = [feed for feed, count in feeds.most_common(3) if 2 * count > len(samples)]
    return common or [home for home, _ in homes.most_common(1)]
