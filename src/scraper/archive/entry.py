"""What an archive gives: a page, or what is wrong with the place where one should be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scraper.model import WORDS, Outcome, Page

FORMAT = "scraper-page/"  # then the version; both archives say so in the JSON that they keep beside a page
VERSION = 1

# The body before content decoding and the values of its Content-Encoding headers -> the body. Raises FetchError.
Decode = Callable[[bytes, Sequence[str]], bytes]


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a place in an archive gives no page.

    "cut" (the file ends inside, or a body before its length), "damaged" (packed bytes), "bad_header",
    "header_too_long", "bad_length", "bad_digest", "bad_http", "bad_url", "too_large", "truncated" (the crawler kept a
    part only), "segmented", "revisit" (its original is not at hand), "version" (written by a newer program), "arc",
    "not_warc", "not_html" (a page saved in another form), "bad_json", "changed" (edited by hand: the hash says so),
    "unreadable", or the reason of the FetchError that decoding raised.
    """

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of an archive, or one flaw; never both."""

    place: str  # file name and byte ("news.warc.gz:4711"), or the page's folder
    page: Page | None = None
    outcome: Outcome | None = None  # how the page's URL ended when it was archived; None if that was not kept
    flaw: Flaw | None = None
    run: str = ""  # the run that fetched the page, where one of our own WARC files says so


class Refused(Exception):
    """Inside this package: what was read gives no page."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.flaw = Flaw(reason, detail)
        super().__init__(reason, detail)


def ours(text: str | bytes) -> dict[str, Any]:
    """The JSON object that one of our archives holds beside a page. Raises Refused "bad_json" or "version"."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("bad_json", str(error)[:80]) from None
    name = value.get("format") if isinstance(value, dict) else None
    match = re.fullmatch(rf"{FORMAT}(\d{{1,9}})", name) if isinstance(name, str) else None
    if match is None:
        raise Refused("bad_json", f"format {str(name)[:40]!r} where {FORMAT}{VERSION} was expected")
    if not 1 <= int(match[1]) <= VERSION:
        raise Refused("version", f"{name} was written by a newer version; this one reads up to {FORMAT}{VERSION}")
    found: dict[str, Any] = value
    return found


def outcome_of(value: object) -> Outcome:
    """The outcome that `ours` holds. Raises Refused "bad_json" for what is none."""
    if not isinstance(value, dict) or value.get("word") not in WORDS:
        raise Refused("bad_json", "no outcome")
    reason = value.get("reason")
    texts = {key: str(value.get(key, "")) for key in ("url", "site", "detail")}
    return Outcome(word=value["word"], reason=None if reason is None else str(reason), **texts)


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with "Z"; a fraction only where there is one. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment}: a fetch time needs its zone")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def moment(text: str) -> datetime:
    """The time that `stamp` wrote, or a WARC-Date, which may end at any place (WARC 1.1 section 5.4): its beginning.

    Taken to the microsecond. Raises ValueError, also for a date without a time: too little to read "2 hours ago" by.
    """
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?Z", text, re.ASCII)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no time in UTC")
    day, minute, second, fraction = match.groups()
    clock = f"{minute}:{second or '00'}.{(fraction or '0')[:6]:0<6}"
    return datetime.fromisoformat(f"{day}T{clock}+00:00")
