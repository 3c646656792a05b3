"""Dates written for machines: ISO 8601, RFC 3339, epochs, what programs make of them; and python-dateutil's part."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from scraper.parse.days import LATEST_YEAR, OLDEST_YEAR


@dataclass(frozen=True, slots=True)
class When:
    """What a text says about a moment. Nothing in it is filled in: what was not printed is None."""

    date: date | None = None  # Gregorian
    time: time | None = None  # to the second; None where none was printed
    offset: timedelta | None = None  # from UTC, as printed
    issues: tuple[str, ...] = ()  # "date-ambiguous", "date-future", "date-old", "date-impossible", "date-no-year" ...
    calendar: str = "gregorian"  # the one it was printed in: "solar", "hijri", "buddhist", "minguo", "reiwa" ...


_SHAPE = re.compile(
    r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})"
    r"(?:\s?[T _|-]\s?(\d{1,2})(?:[:h]?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?)?\s?(?:(Z|UTC|GMT)|([+-])(\d\d):?(\d\d)?)?)?"
    r"(?:\[[\w/+-]+\])?",
    re.IGNORECASE | re.ASCII,
)
_EPOCH_END = datetime(LATEST_YEAR + 1, 1, 1, tzinfo=UTC).timestamp()


def read_machine(text: str) -> When | None:
    """The date of ISO 8601, RFC 3339 or an epoch in seconds or milliseconds; None if the text is none of these."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return _read_shape(text.strip())
    if len(text) <= 10:
        return _day_alone(text, found)
    return _checked(found.date(), found.time().replace(microsecond=0), found.utcoffset())


def _day_alone(text: str, found: datetime) -> When | None:
    """2021-07-06 and 20210706; a week (2021-W27) is no day, and eight digits may be any number."""
    if "W" in text or len(text) not in (8, 10):
        return None
    checked = _checked(found.date(), None, None)
    return None if len(text) == 8 and checked.issues else checked


def _checked(day: date, clock: time | None, offset: timedelta | None) -> When:
    if not OLDEST_YEAR <= day.year <= LATEST_YEAR:
        return When(None, clock, offset, ("date-old" if day.year < OLDEST_YEAR else "date-impossible",))
    return When(day, clock, offset)


def _read_shape(text: str) -> When | None:
    """What `fromisoformat` refuses: blanks, 24:00, a leap second, one digit for a month, a zone's name in brackets."""
    if text.isdecimal() and text.isascii():
        return _read_number(text)
    match = _SHAPE.fullmatch(text)
    if not match or (match[5] and not match[6]):
        return None
    hour, minute, second = (int(each or 0) for each in match.group(5, 6, 7))
    try:
        day = date(int(match[1]), int(match[3]), int(match[4])) + timedelta(hour == 24)
        clock = time(hour % 24, minute, 59 if second == 60 else second) if match[5] else None
    except (ValueError, OverflowError):
        return When(issues=("date-impossible",))
    if hour == 24 and (minute or second):
        return When(issues=("date-impossible",))
    return _checked(day, clock, _offset(match) if clock else None)


def _offset(match: re.Match[str]) -> timedelta | None:
    if match[8]:
        return timedelta()
    if not match[9]:
        return None
    offset = timedelta(hours=int(match[10]), minutes=int(match[11] or 0))
    return -offset if match[9] == "-" else offset


def _read_number(text: str) -> When | None:
    """An epoch of 10 digits (seconds) or 13 (milliseconds), or 12 or 14 digits of date and time run together."""
    if len(text) in (12, 14):
        parts = [int(text[:4]), *(int(text[at : at + 2]) for at in range(4, len(text), 2))]
        try:
            moment = datetime(*parts)  # type: ignore[arg-type]
        except ValueError:
            return None
        return _checked(moment.date(), moment.time(), None) if OLDEST_YEAR <= moment.year <= LATEST_YEAR else None
    if len(text) == 13:
        text = text[:10]
    if len(text) != 10 or not 0 < int(text) < _EPOCH_END:
        return When(issues=("date-old",)) if text in ("0", "-1") else None
    moment = datetime.fromtimestamp(int(text), UTC)
    return _checked(moment.date(), moment.time(), timedelta())


def read_lenient(text: str, zones: dict[str, timedelta]) -> When | None:
    """What python-dateutil finds in a short text of ASCII, without anything that the text itself does not say.

    Its parser fills gaps from a default day: the text is read against two, and only what agrees was printed.
    """
    if not text.isascii() or not 8 <= len(text) <= 60 or not any(map(str.isdigit, text)):
        return None
    from dateutil import parser  # 15 ms, and few pages need it

    def zone(name: str | None, seconds: int | None) -> timezone | None:
        """Names from our own table alone, never the machine's."""
        known = timedelta(seconds=seconds) if seconds is not None else zones.get((name or "").lower())
        return None if known is None else timezone(known)

    readings = []
    for default in (datetime(2000, 1, 1, 1, 1, 1), datetime(2001, 12, 28, 22, 22, 22)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                readings.append(parser.parse(text, default=default, tzinfos=zone))
        except (ValueError, OverflowError, TypeError, AttributeError, KeyError, IndexError):
            return None
    one, other = readings
    if one.date() != other.date():
        return None
    if (one.hour, one.minute) != (other.hour, other.minute):
        return _checked(one.date(), None, None)
    clock = time(one.hour, one.minute, one.second if one.second == other.second else 0)
    return _checked(one.date(), clock, one.utcoffset())
