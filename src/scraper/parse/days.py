"""Days named in a line of text, in any calendar: with a month's name ("6 July 2021") and by numbers ("06.07.2021")."""

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
_WALL = re.compile(r"[|;\n]")  # between two statements, never inside a date
_SOLAR_LANGUAGES = {"fa", "ps", "ckb"}
_LUNAR_LANGUAGES = {"ar", "ur"}
_THAI = re.compile("[\u0e01-\u0e2e]")


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the text itself."""

    tables: Words
    language: str  # base language code, "" if unknown
    tag: str  # the whole language tag in lower case
    order: Order | None
    now: datetime | None

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


def find(line: Line, context: Context) -> list[Day]:
    """All dates of a line in the order of their places, the refused ones among them."""
    found = [*_numeric_days(line, context), *_named_days(line, context)]
    return sorted(found, key=lambda day: day.start) if len(found) > 1 else found


def _judged(line: Line, context: Context, reading: Reading) -> tuple[date | None, str | None]:
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


def weekdays(line: Line, context: Context) -> set[int]:
    """The weekdays that a line names, 0 for Monday; a name that means two of them names none."""
    found = set()
    for i in range(len(line.words)):
        hit = context.tables.weekdays.at(line.words, i)
        numbers = {meaning.number for meaning in _of_language(hit[1], context.language)} if hit else set()
        if len(numbers) == 1:
            found.add(int(numbers.pop()))
    return found


def _of_language(meanings: tuple[Meaning, ...], language: str) -> tuple[Meaning, ...]:
    """The meanings that a name has in a language, or all where that language does not use it."""
    own = tuple(meaning for meaning in meanings if meaning.languages and language in meaning.languages)
    return own or meanings


# Dates of numbers alone


def _numeric_days(line: Line, context: Context) -> list[Day]:
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
    if len(last) == 3:
        return []
    late, early = two_digit_year(c, context), two_digit_year(a, context)
    readings = [Reading("dmy", *late, b, a), Reading("mdy", *late, a, b)]
    reverse = Reading("ymd", *early, b, c)
    return [*readings, reverse] if _judged(line, context, reverse)[0] else readings


def _calendar_of(year: int, line: Line, end: int, context: Context) -> str | None:
    """The calendar of a year written in full; None where no calendar of news has such a year."""
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


def _chosen(match: re.Match[str], readings: list[Reading], line: Line, context: Context) -> Day:
    """The one reading that is proven, or a day without a date that says why not."""
    place = match.span()
    judged = {reading: _judged(line, context, reading) for reading in readings}
    possible = [reading for reading in readings if judged[reading][1] != "date-impossible"]
    if not possible:
        return Day(*place, None, issue="date-impossible")
    years_in_full = max(len(match[1]), len(match[4])) > 2
    orders = {context.order or language_order(context, years_in_full), _weekday_order(possible, judged, line, context)}
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
    possible: list[Reading], judged: dict[Reading, tuple[date | None, str | None]], line: Line, context: Context
) -> str | None:
    """The order that a weekday in the line proves: "Wed 03/04/2024" is the third of April."""
    if len({judged[reading] for reading in possible}) < 2:
        return None
    named = weekdays(line, context)
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


# Dates with a month's name


def _named_days(line: Line, context: Context) -> list[Day]:
    found = []
    i, months = 0, context.tables.months
    while i < len(line.words):
        hit = months.at(line.words, i)
        if not hit:
            i += 1
            continue
        end = hit[0]
        if _is_ago(line, end, context):
            i = end
            continue
        again = months.at(line.words, end) if end < len(line.words) else None
        if again and set(again[1]) & set(hit[1]):
            end = again[0]  # one month in two systems: "كانون الثاني/يناير"
        day = _around(line, i, end, hit[1], context)
        if day:
            found.append(day)
        i = end
    return found


def _is_ago(line: Line, end: int, context: Context) -> bool:
    """Whether the name that ends before token `end` closes a span: "12 minutes ago" is no August ("ago.")."""
    shape = ["#" if word.isdecimal() else word for word in line.words[max(0, end - 3) : end]]
    hit = context.tables.ago.at(shape, 0) if len(shape) == 3 else None
    return hit is not None and hit[0] == 3


class _Parts(NamedTuple):
    """The tokens that stand for the year and the day beside a month's name; `year` is None where there is none."""

    order: Order
    year: int | None
    day: int


def _around(line: Line, start: int, end: int, meanings: tuple[Meaning, ...], context: Context) -> Day | None:
    """The date around the month's name at tokens `start` to `end`."""
    parts = _parts(line, _walk(line, start - 1, -1, context), _walk(line, end, 1, context), context)
    if parts is None:
        return None
    tokens = [start, end - 1, parts.day, *([] if parts.year is None else [parts.year])]
    place = line.starts[min(tokens)], line.ends[max(tokens)]
    if parts.year is None:
        return Day(*place, None, issue="date-no-year")
    if not _proven(line, parts, context):
        return Day(*place, None, issue="date-ambiguous")
    name = " ".join(line.words[start:end])
    readings = _named_readings(line, parts, name, _of_language(meanings, context.language), context)
    readings = readings or _named_readings(line, parts, name, meanings, context)
    if len(readings) != 1:
        return Day(*place, None, issue="date-ambiguous" if readings else "date-impossible")
    reading = readings.pop()
    found, issue = _judged(line, context, reading)
    return Day(*place, found, reading.calendar or "gregorian", issue)


def _walk(line: Line, at: int, step: int, context: Context) -> list[int]:
    """Up to two numbers on one side of a month's name, over words and clock times that may stand between."""
    found: list[int] = []
    skipped = context.tables.skipped
    for _ in range(8):
        if not 0 <= at < len(line.words) or _WALL.search(line.gap(*((at - 1, at) if step > 0 else (at, at + 1)))):
            break
        word = line.words[at]
        if word.isdecimal():
            found.append(at)
        elif ":" not in word and word not in skipped:
            break
        if len(found) == 2:
            break
        at += step
    return found


def _parts(line: Line, left: list[int], right: list[int], context: Context) -> _Parts | None:
    """Which of the numbers beside a month's name are its day and year."""

    def is_day(side: list[int], at: int) -> bool:
        return len(side) > at and len(line.words[side[at]]) <= 2 and 0 < int(line.words[side[at]]) <= 31

    def is_year(side: list[int], at: int) -> bool:
        return len(side) > at and (len(line.words[side[at]]) == 4 or _is_era(line, side[at], context))

    if is_day(right, 0) and is_year(right, 1):
        return _Parts("mdy", right[1], right[0])
    if is_day(left, 0) and is_year(right, 0):
        return _Parts("dmy", right[0], left[0])
    if is_year(left, 0) and is_day(right, 0):
        return _Parts("ymd", left[0], right[0])
    if is_day(left, 0) and is_year(left, 1):
        return _Parts("ymd", left[1], left[0])
    if is_day(left, 0) and _is_short_year(line, right, 0, context):
        return _Parts("dmy", right[0], left[0])
    if is_day(right, 0) and _is_short_year(line, right, 1, context):
        return _Parts("mdy", right[1], right[0])
    if is_day(left, 0) or is_day(right, 0):
        return _Parts("dmy", None, left[0] if is_day(left, 0) else right[0])
    return None


def _is_era(line: Line, at: int, context: Context) -> bool:
    """Whether a number counts years of an era, or of the Minguo without saying so."""
    named = at > 0 and line.words[at - 1][-2:] in context.tables.eras
    return named or (len(line.words[at]) in (2, 3) and is_taiwanese(context) and line.words[at + 1 : at + 2] == ["年"])


def _is_short_year(line: Line, side: list[int], at: int, context: Context) -> bool:
    """Whether a number is a year of two digits: not an hour, and after month and day only behind an apostrophe."""
    if len(side) <= at or len(line.words[side[at]]) != 2:
        return False
    token = side[at]
    after = line.text[line.ends[token] : line.ends[token] + 2]
    is_hour = after[:1] in ".," and after[1:].isdecimal() and bool(after[1:])
    is_hour = is_hour or line.words[token + 1 : token + 2] in ([hour] for hour in context.tables.hours)
    return not is_hour and (at == 0 or _has_apostrophe(line, token))


def _has_apostrophe(line: Line, token: int) -> bool:
    return line.text[line.starts[token] - 1] == "'"


def _proven(line: Line, parts: _Parts, context: Context) -> bool:
    """Whether the year can be nothing else: in full, of an era, '26, 98, or in a language that puts no year first."""
    assert parts.year is not None
    year = int(line.words[parts.year])
    if len(line.words[parts.year]) != 2 or _is_era(line, parts.year, context):
        return True
    if _has_apostrophe(line, parts.year) or not 0 < year <= 31:
        return True
    return bool(context.language) and context.language not in context.tables.year_first - {"en"}


def _named_readings(
    line: Line, parts: _Parts, name: str, meanings: tuple[Meaning, ...], context: Context
) -> set[Reading]:
    """The readings that a month's meanings allow with that year."""
    assert parts.year is not None
    found, day = set(), int(line.words[parts.day])
    for meaning in meanings:
        calendar, year = _year_of(line, parts.year, meaning.calendar, name, context)
        if calendar:
            found.add(Reading(parts.order, calendar, year, int(meaning.number), day))
    return found


def _year_of(line: Line, token: int, calendar: str, name: str, context: Context) -> tuple[str | None, int]:
    """The calendar and year of a year's token beside a month of `calendar`; no calendar where they do not fit."""
    word = line.words[token]
    year, before = int(word), line.words[token - 1][-2:] if token else ""
    if calendar != "gregorian":
        return (calendar if 1300 <= year <= 1500 else None), year
    if before in context.tables.eras:
        return context.tables.eras[before], year
    if len(word) == 3 or (len(word) == 2 and _is_era(line, token, context)):
        return "minguo", year
    thai = context.language == "th" or _THAI.search(name) is not None
    if len(word) == 2:
        return ("buddhist", 2500 + year) if thai and year >= 33 else two_digit_year(year, context)
    if 2400 <= year <= 2700:
        return ("buddhist" if thai else None), year
    return ("gregorian" if 1000 <= year <= LATEST_YEAR else None), year
