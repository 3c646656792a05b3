"""Days that a line of text gives by numbers alone, in any calendar: "06.07.2021". What all days have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from scraper.parse.calendars import CALENDARS
from scraper.parse.datewords import Line, Meaning, Words

Order = Literal["dmy", "mdy", "ymd"]

OLDEST_YEAR = 1990  # there were no news sites before; a weekday that agrees proves an older date
LATEST_YEAR = 2100
AHEAD = timedelta(hours=48)  # clocks and zones may differ by so much; what is later than the fetch is no publish date

_NUMBERS = re.compile(
    r"(?<!\d)(?<!\d[:./-])(\d{1,4})\s?([./|-])\s?(\d{1,2})\s?\2\s?(\d{1,4})(?!\d)(?![./|]\d{1,4}(?![\d:]))"
)
_BESIDE = 3  # characters between a weekday and its date: "Tue, 07/06/2021"
_HOUR = re.compile(r"\d\d?:\d\d")  # behind a day without a year: "12.1. 08:04"
_SOLAR_LANGUAGES = {"fa", "ps", "ckb"}
_PERSIAN = {"fa", "ps"}  # of them, those that write years of two digits, and these are solar: "99/04/15"
_LAST_SOLAR = 5  # 1405, where the fetch is not known: from there to 1369, before all news sites, years are Gregorian
BIKRAM = 2040, 2100  # years of Nepal's calendar in news; as Gregorian ones they are to come
_LUNAR_LANGUAGES = {"ar", "ur"}


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the text itself."""

    tables: Words
    language: str  # base language code, "" if unknown
    tag: str  # the whole language tag in lower case
    order: Order | None
    now: datetime | None
    declared: date | None = None  # near which a day without a year must be

    @property
    def latest(self) -> date:
        """The last day that is not the future."""
        return (self.now + AHEAD).date() if self.now else date(LATEST_YEAR, 12, 31)


@dataclass(frozen=True, slots=True)
class Day:
    """One date of a line and its place; `date` is None where `issue` says why."""

    start: int
    end: int
    date: date | None
    calendar: str = "gregorian"
    issue: str | None = None


class Reading(NamedTuple):
    """One way to take the numbers of a date."""

    order: Order
    calendar: str | None
    year: int
    month: int
    day: int


def judge(line: Line, context: Context, reading: Reading) -> tuple[date | None, str | None]:
    """The Gregorian date, or None and the reason to refuse it."""
    if reading.calendar is None:
        return None, "date-impossible"
    try:
        found = CALENDARS[reading.calendar](reading.year, reading.month, reading.day)
    except (ValueError, OverflowError):
        return None, "date-impossible"
    if found > context.latest:
        return None, "date-future"
    if found.year < OLDEST_YEAR and weekdays(line, context) != {found.weekday()}:
        return None, "date-old"
    return found, None


def weekdays(line: Line, context: Context, start: int = 0) -> set[int]:
    """The weekdays that a line names, 0 for Monday; a name that means two of them names none.

    One in front of a date that begins at `start` stands alone: "Submitted by Jo on Tue, 07/06/2021" has others' short
    names of weekdays ("jo", "on") in it.
    """
    found = set()
    for i in range(len(line.words)):
        hit = context.tables.weekdays.at(line.words, i)
        numbers = {meaning.number for meaning in of_language(hit[1], context.language)} if hit else set()
        if len(numbers) != 1:
            continue
        found.add(number := int(numbers.pop()))
        if hit and 0 <= start - line.ends[hit[0] - 1] <= _BESIDE:
            return {number}
    return found


def of_language(meanings: tuple[Meaning, ...], language: str) -> tuple[Meaning, ...]:
    """The meanings that a name has in a language, or all where that language does not use it."""
    own = tuple(meaning for meaning in meanings if meaning.languages and language in meaning.languages)
    return own or meanings


def numeric(line: Line, context: Context) -> list[Day]:
    """The dates of numbers alone, in the order of their places, the refused ones among them."""
    found = []
    for match in _NUMBERS.finditer(line.text):
        readings = _readings(match, line, context)
        if readings:
            found.append(_chosen(match, readings, line, context))
    return found


def _readings(match: re.Match[str], line: Line, context: Context) -> list[Reading]:
    """Every way round in which three numbers may be meant."""
    first, _, middle, last = match.groups()
    a, b, c = int(first), int(middle), int(last)
    if len(first) >= 3:
        return [Reading("ymd", _calendar_of(a, line, match.end(), context), a, b, c)] if len(last) <= 2 else []
    if len(last) == 4:
        calendar = _calendar_of(c, line, match.end(), context)
        both: list[Reading] = [Reading("dmy", calendar, c, b, a), Reading("mdy", calendar, c, a, b)]
        return both[:1] if calendar == "solar" else both  # Persian numbers run day, month, year or the reverse
    if len(last) == 3 or _HOUR.match(line.text, match.start(4)):
        return []
    year_of = _persian_year if context.language in _PERSIAN else two_digit_year
    late, early = year_of(c, context), year_of(a, context)
    readings = [Reading("dmy", *late, b, a), Reading("mdy", *late, a, b)][: 1 if late[0] == "solar" else 2]
    reverse = Reading("ymd", *early, b, c)
    return [*readings, reverse] if judge(line, context, reverse)[0] else readings


def _calendar_of(year: int, line: Line, end: int, context: Context) -> str | None:
    """The calendar of a year written in full; None where no calendar of news has such a year."""
    if context.language == "ne" and BIKRAM[0] <= year <= BIKRAM[1]:
        return "bikram"
    if 1900 <= year <= LATEST_YEAR:
        return "gregorian"
    if 1300 <= year <= 1500:
        return _calendar_of_hijri_year(year, line.text[end : end + 4].split(), context)
    if 2400 <= year <= 2700:
        return "buddhist" if context.language == "th" else None
    return "minguo" if year < 200 and is_taiwanese(context) else None


def _calendar_of_hijri_year(year: int, after: list[str], context: Context) -> str | None:
    """Solar and lunar years share their numbers but not their time: since 1990, solar to 1409 and lunar from 1410."""
    if context.language in _LUNAR_LANGUAGES:
        return "hijri"
    if context.language in _SOLAR_LANGUAGES:
        return "solar"
    if context.language:
        return None
    return "solar" if year < 1410 and "ق" not in after else None


def is_taiwanese(context: Context) -> bool:
    """Whether bare years of three digits count from 1911."""
    return context.language == "zh" and ("tw" in context.tag or "hant" in context.tag)


def two_digit_year(year: int, context: Context) -> tuple[str | None, int]:
    """The calendar and year that two digits mean near the fetch, (None, year) if they mean none."""
    if context.language == "th" and year >= 33:
        return "buddhist", 2500 + year
    if is_taiwanese(context):
        return None, year  # 98 is 2009 to some and 1998 to others
    newest = context.latest.year % 100 if context.now else 68
    if year <= newest:
        return "gregorian", 2000 + year
    return ("gregorian", 1900 + year) if year >= OLDEST_YEAR % 100 else (None, year)


def _persian_year(year: int, context: Context) -> tuple[str | None, int]:
    """As `two_digit_year` in Iran and Afghanistan, where 99 is 1399 and 00 is 1400; a Gregorian one between them."""
    newest = (context.latest.year - 621) % 100 if context.now else _LAST_SOLAR
    if year <= newest:
        return "solar", 1400 + year
    return ("solar", 1300 + year) if year >= OLDEST_YEAR - 1921 else two_digit_year(year, context)


def _chosen(match: re.Match[str], readings: list[Reading], line: Line, context: Context) -> Day:
    """The one reading that is proven, or a day without a date that says why not."""
    place = match.span()
    judged = {reading: judge(line, context, reading) for reading in readings}
    possible = [reading for reading in readings if judged[reading][1] != "date-impossible"]
    if not possible:
        return Day(*place, None, issue="date-impossible")
    years_in_full = max(len(match[1]), len(match[4])) > 2
    by_weekday = _weekday_order(match, possible, judged, line, context)
    orders = {context.order or language_order(context, years_in_full), by_weekday}
    known = [reading for reading in possible if reading.order in orders]
    candidates = known[:1] or possible
    if len({judged[reading] for reading in candidates}) > 1:
        other = _order_of_others(match, line)
        candidates = [reading for reading in possible if reading.order == other] or candidates
    if len({judged[reading] for reading in candidates}) > 1:
        return Day(*place, None, issue="date-ambiguous")
    found, issue = judged[candidates[0]]
    return Day(*place, found, candidates[0].calendar or "gregorian", issue)


def language_order(context: Context, years_in_full: bool = True) -> str | None:
    """The order in which every locale of the language writes the numbers, None where they differ.

    With a year in full at the end, locales that begin with the year say nothing against the others.
    """
    orders = context.tables.orders
    known = orders.get(context.tag) or orders.get(context.language, "")
    agreed = set(known.split()) - ({"ymd"} if years_in_full else set())
    if known == "ymd" and years_in_full and context.language not in ("zh", "yue", "ja", "ko"):
        return "dmy"  # as they begin with the year: the same turned round
    return agreed.pop() if len(agreed) == 1 else None


def _weekday_order(
    match: re.Match[str],
    possible: list[Reading],
    judged: dict[Reading, tuple[date | None, str | None]],
    line: Line,
    context: Context,
) -> str | None:
    """The order that a weekday in the line proves: "Wed 03/04/2024" is the third of April."""
    if len({judged[reading] for reading in possible}) < 2:
        return None
    named = weekdays(line, context, match.start())
    agreeing = [reading.order for reading in possible if (day := judged[reading][0]) and named == {day.weekday()}]
    return agreeing[0] if len(agreeing) == 1 else None


def _order_of_others(match: re.Match[str], line: Line) -> str | None:
    """The order that another date of the line proves by a number above 12."""
    found = set()
    for other in _NUMBERS.finditer(line.text):
        if other.start() != match.start() and other[2] == match[2] and len(other[4]) == len(match[4]) == 4:
            first, second = int(other[1]), int(other[3])
            if (first > 12) != (second > 12):
                found.add("dmy" if first > 12 else "mdy")
    return found.pop() if len(found) == 1 else None
