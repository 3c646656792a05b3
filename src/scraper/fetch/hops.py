"""What one HTTP answer means: a redirect, a refusal, a pause. Pure; times in seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scraper.errors import FetchError
from scraper.urls import BadUrl, resolve

MAX_PAUSE = 7 * 86400.0  # a Retry-After beyond a week is taken as a week

REDIRECTS = frozenset({301, 302, 303, 307, 308})
CARRIERS = frozenset({200, 201, 202, 203})  # a page comes with these alone
_REASONS = {
    204: "empty",
    205: "empty",
    206: "partial_content",  # never asked for
    401: "auth",
    407: "auth",
    402: "forbidden",
    403: "forbidden",
    404: "gone",
    410: "gone",
    451: "legal",
}
_WORTH_A_RETRY = frozenset({408, 425, 429, 500, 502, 503, 504, *range(520, 527)})  # 520 to 526: a CDN's own troubles

_META = re.compile(rb"<meta\b[^>]{0,500}>", re.IGNORECASE).finditer
_HTTP_EQUIV = re.compile(rb"http-equiv\s*=\s*[\"']?\s*refresh\b", re.IGNORECASE).search
_CONTENT = re.compile(rb"\bcontent\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE).search
_HIDDEN = re.compile(rb"<!--.*?-->|<(noscript|script|style|template)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL).sub
_REFRESH = re.compile(r"\s*0*(?:\.0*)?\s*[;,]\s*(?:url\s*=)?\s*[\"']?([^\"']+)", re.IGNORECASE).match
_REFRESH_WITHIN = 8192  # bytes: a page that only sends on says so early

_HTML_START = re.compile(rb"<html\b", re.IGNORECASE).search
_HTML_END = re.compile(rb"</(?:html|body)\b", re.IGNORECASE).search

_HTTP_DATE = re.compile(
    r"(?:[A-Za-z]{3,9}, )?(?:"
    r"(?P<d1>\d{2})[ -](?P<m1>[A-Z][a-z]{2})[ -](?P<y1>\d{2}|\d{4,6}) (?P<t1>\d\d:\d\d:\d\d)"
    r"(?: (?P<zone>GMT|UTC|[+-]\d{4}))?"
    r"|[A-Z][a-z]{2} (?P<m2>[A-Z][a-z]{2}) (?P<d2>[ \d]\d) (?P<t2>\d\d:\d\d:\d\d) (?P<y2>\d{4}))",
    re.ASCII,
).fullmatch
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it came: header pairs with bytes as Latin-1, the body still content-encoded."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    flags: tuple[str, ...] = ()  # the transport's remarks: "close_framed", "body_excess" ...

    def values(self, name: str) -> list[str]:
        """All values of the header, in order; `name` in lower case."""
        return [value for key, value in self.headers if key.lower() == name]


def redirect(url: str, answer: Answer) -> str | None:
    """Where the answer to `url` sends on, normalised; None if it does not.

    Raises FetchError: "bad_redirect" (no or unreadable Location), "scheme", "downgrade" (https to http).
    """
    if answer.status not in REDIRECTS:
        return None
    places = set(answer.values("location"))
    if len(places) != 1 or not (place := places.pop().strip()):
        raise FetchError("bad_redirect", url=url, detail=f"{answer.status} with {len(places)} Locations")
    return follow(url, place)


def follow(url: str, place: str) -> str:
    """`place` as seen from `url`; raw bytes above 0x7F are percent-encoded as they are. Raises as `redirect`."""
    text = "".join(character if character < "\x80" else f"%{ord(character):02X}" for character in place)
    try:
        target = resolve(url, text)
    except BadUrl as error:
        reason = "scheme" if error.reason == "scheme" else "bad_redirect"
        raise FetchError(reason, url=url, detail=error.detail) from None
    if url.startswith("https:") and target.startswith("http:"):
        raise FetchError("downgrade", url=url, detail=target[:200])
    return target


def refresh(url: str, answer: Answer, body: bytes) -> str | None:
    """Where a Refresh header or a meta refresh of 0 seconds sends on; None for none, a later or an unusable one.

    One inside noscript is for readers without JavaScript and means another version of this very page: not followed.
    """
    texts = answer.values("refresh") or _meta_refresh(body)
    match = _REFRESH(texts[0]) if texts else None
    if match is None:
        return None
    try:
        return follow(url, match[1].strip())
    except FetchError:
        return None


def _meta_refresh(body: bytes) -> list[str]:
    start = body[:_REFRESH_WITHIN]
    if not _HTTP_EQUIV(start):
        return []
    for tag in _META(_HIDDEN(b"", start)):
        content = _HTTP_EQUIV(tag[0]) and _CONTENT(tag[0])
        if content:
            return [(content[1] or content[2] or content[3] or b"").decode("latin-1").replace("&amp;", "&")]
    return []


def refusal(url: str, answer: Answer, pause: float | None = None) -> FetchError | None:
    """The error that a status means; None for one that carries a page. `pause`: seconds that the server asks for."""
    status = answer.status
    if status in CARRIERS:
        return None
    reason = _REASONS.get(status, f"http_{status}")
    return FetchError(reason, url=url, detail=f"HTTP {status}", retry=status in _WORTH_A_RETRY, retry_after=pause)


def require_whole(url: str, answer: Answer, body: bytes) -> None:
    """Raises FetchError "truncated" for HTML that ended with its connection and without any of its end tags.

    Such a body says nowhere how long it is; all other framings are checked where they are read.
    """
    if "close_framed" not in answer.flags or answer.values("content-encoding"):
        return
    if _HTML_START(body[:2048]) and not _HTML_END(body):
        raise FetchError("truncated", url=url, detail="the connection's end cut the page", retry=True)


def retry_after(values: list[str], now: datetime) -> float | None:
    """Seconds of a Retry-After header (RFC 9110 section 10.2.3), 0 for a date that is past, a week at most.

    None when there is none, more than one or none that can be read: ASCII digits, or a date in one of the three forms
    of RFC 9110 section 5.6.7. `now` is aware.
    """
    if len(values) != 1:
        return None
    text = values[0].strip(" \t")
    if text.isascii() and text.isdigit():
        return MAX_PAUSE if len(text) > 9 else min(float(text), MAX_PAUSE)
    match = _HTTP_DATE(text)
    seconds = _seconds_until(match, now) if match else None
    return None if seconds is None else min(max(seconds, 0.0), MAX_PAUSE)


def _seconds_until(match: re.Match[str], now: datetime) -> float | None:
    day, month, year = (match[name + "1"] or match[name + "2"] for name in "dmy")
    if len(year) > 4:
        return MAX_PAUSE
    try:
        date = datetime(_full_year(year, now), _MONTHS.index(month) + 1, int(day), tzinfo=UTC)
        hours, minutes, seconds = map(int, (match["t1"] or match["t2"]).split(":"))
        moment = date + timedelta(hours=hours, minutes=minutes, seconds=seconds) - _offset(match["zone"])
    except (ValueError, OverflowError):
        return None
    return (moment - now).total_seconds()


def _full_year(text: str, now: datetime) -> int:
    """A year of two digits that would be over 50 years ahead is in the past (RFC 9110 section 5.6.7)."""
    if len(text) == 4:
        return int(text)
    year = now.year // 100 * 100 + int(text)
    return year - 100 if year > now.year + 50 else year


def _offset(zone: str | None) -> timedelta:
    """The standard knows GMT alone; another real offset is believed, an impossible one counts as GMT."""
    if zone is None or zone in ("GMT", "UTC"):
        return timedelta()
    minutes = int(zone[1:3]) * 60 + int(zone[3:])
    return timedelta(minutes=-minutes if zone[0] == "-" else minutes) if minutes <= 14 * 60 else timedelta()
