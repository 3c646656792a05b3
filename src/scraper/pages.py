"""Pages on disk: kept by a run as WARC records, and read again wherever they lie. Nothing here opens a socket."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from scraper.archive import saved as archive
from scraper.archive import warcwrite
from scraper.archive.bare import LARGEST
from scraper.archive.entry import Entry
from scraper.archive.scrub import Secrets, scrub, text
from scraper.config import Config
from scraper.discover.start import Lead
from scraper.errors import FetchError, SkipPage, StoreError
from scraper.fetch.decode import decode
from scraper.fetch.hops import CARRIERS
from scraper.fetch.media import require_page
from scraper.model import Fetch, Outcome, Page
from scraper.parse.article import version
from scraper.pipeline import Kept
from scraper.store import Append, Result
from scraper.store.places import PACKED, PAGES

_SERIES = (f"{PAGES}/pages", PACKED)
_SURROGATE = re.compile("[\ud800-\udfff]")  # no text that UTF-8 can write: JSON's \\ud800 without its other half
# Request headers whose values may stand in a page's own headers and address: "text/html" and "en" hide nothing.
_NO_SECRETS = re.compile(
    r"accept.*|cache-control|connection|dnt|from|host|origin|pragma|priority|range|referer|save-data|sec-.*|te"
    r"|upgrade-insecure-requests|user-agent|x-requested-with"
)
# Headers and cookies that name a choice, "edition=europe": addresses have the same words.
_CHOICE = re.compile(
    r"consent|country|currency|edition|lang|layout|locale|region|theme|time_?zone|version|view", re.IGNORECASE
)
_SCHEMES = {"ApiKey", "Basic", "Bearer", "Digest", "Token"}  # RFC 9110 section 11.1: in front of what is secret
_SHORT = 6  # characters; a shorter text stands everywhere by chance


# --- keeping --------------------------------------------------------------------------------------------------------


def secrets_of(config: Config | None) -> Secrets:
    """What no archive may hold: the configured headers, whatever in them may be a secret, and the proxy's password."""
    given = {
        (n.lower(), value) for site in (config.sites.values() if config else ()) for n, value in site.headers.items()
    }
    parts = {part for name, value in given for part in _secret_parts(name, value)} - _SCHEMES
    password = urlsplit(config.fetch.proxy).password if config else None
    return Secrets({name for name, _ in given}, {part for part in (*parts, password or "") if len(part) >= _SHORT})


def _secret_parts(name: str, value: str) -> Iterator[str]:
    """The header's value, and its parts that would give something away wherever they stand; no cookie's name does."""
    if _NO_SECRETS.fullmatch(name) or _CHOICE.search(name):
        return
    yield value
    for piece in re.split(r"[\s;,]+", value):
        key, is_pair, own = piece.partition("=")
        if not (is_pair and _CHOICE.search(key)):
            yield from (piece, own, *piece.split(":"))


def discreet(fetch: Fetch, secrets: Secrets) -> Fetch:
    """The same fetch, but no secret in its pages' URLs and headers or in its errors: what is parsed is what is kept."""

    async def clean(url: str) -> Page:
        try:
            return scrub(await fetch(url), secrets)
        except FetchError as error:
            error.url, error.detail = text(error.url, secrets), text(error.detail, secrets)
            raise

    return clean


@dataclass(slots=True)
class Keeper:
    """Makes WARC records of a run's pages, for the transaction that stores what became of them."""

    run: str  # the run's id
    secrets: Secrets
    user_agent: str
    _begun: bool = False

    async def keep(self, page: Page) -> Kept:
        """The page's records, packed in a thread since that takes milliseconds, and what makes the one behind them."""
        packed = await asyncio.to_thread(warcwrite.pack, page, secrets=self.secrets, user_agent=self.user_agent)

        def told(outcome: Outcome) -> Append:
            return Append(*_SERIES, packed.metadata(outcome, self.run), 1)

        return Append(*_SERIES, packed.data, packed.count), told

    def headed(self, results: Sequence[Result]) -> Sequence[Result]:
        """The results with a warcinfo record before the first page that this process keeps. Not for threads."""
        first = next((number for number, each in enumerate(results) if each.also), None)
        if self._begun or first is None:
            return results
        self._begun = True
        began = datetime.strptime(self.run[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        info = Append(*_SERIES, warcwrite.warcinfo(f"scraper/{version()}", began, self.run), 1)
        head = replace(results[first], also=(info, *results[first].also))
        return [*results[:first], head, *results[first + 1 :]]


# --- reading --------------------------------------------------------------------------------------------------------


def undo(body: bytes, codings: Sequence[str]) -> bytes:
    """A page kept as it came is decoded by the code that decodes a live one. Raises FetchError."""
    return decode(body, codings, LARGEST).body


def entries(path: str, url: str | None = None) -> Iterator[Entry]:
    """Every page and flaw of a file, a folder, WARC files or standard input ("-"). Raises StoreError."""
    return archive.entries(path, undo, url)


def usable(entry: Entry) -> Page | FetchError:
    """The entry's page, or why there is none: its flaw, or a SkipPage for an answer that holds no HTML page."""
    if entry.page is None:
        flaw = entry.flaw
        return FetchError(flaw.reason if flaw else "unreadable", detail=flaw.detail if flaw else "")
    page = entry.page
    if any(map(_SURROGATE.search, (page.url, page.final_url, *itertools.chain(*page.headers)))):
        return FetchError("unreadable", detail="its address or a header holds half a character")
    if page.status not in CARRIERS:
        return SkipPage(f"http_{page.status}", url=page.url)
    try:
        if page.headers:  # a bare file has none, and whoever named it knows what it is
            require_page(page.url, page.header("content-type"), page.body, frozenset())
    except SkipPage as error:
        return error.with_traceback(None)  # its frames hold the page
    return page


def leads(start: Path) -> Iterator[Lead]:
    """The pages below a start that is saved, each with its address, and every place where one cannot be used.

    A start that cannot be read at all is one such place: other starts go on.
    """
    try:
        yield from map(_lead, entries(str(start)))
    except StoreError as error:
        yield Lead(start.absolute().as_uri(), FetchError("unreadable", detail=str(error)))


def _lead(entry: Entry) -> Lead:
    found = usable(entry)
    if isinstance(found, Page) and not found.url:
        found = FetchError("no_url", detail="declares no canonical address")
    if isinstance(found, Page):
        return Lead(found.url, page=found)
    # Not the page's own address: a better answer of the same address may follow.
    found.detail = " ".join(filter(None, (found.url, found.detail)))
    return Lead(Path(entry.place).absolute().as_uri(), found)
