"""Days that a line of text gives with a month's name, in any calendar and language: "6 July 2021"."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from scraper.parse.datewords import Line, Meaning
from scraper.parse.days import (
    BIKRAM,
    LATEST_YEAR,
    Context,
    Day,
    Order,
    Reading,
    is_taiwanese,
    judge,
    of_language,
    two_digit_year,
)

_YEARS = {"solar": (1300, 1500), "hijri": (1300, 1500), "bikram": BIKRAM, "ethiopian": (1950, 2060)}
_SHORT = 2  # letters of a word that is no month's name where one follows: "Lind NV Mar 12, 2024"
_WALL = re.compile(r"[|;\n]")  # between two statements, never inside a date
_THAI = re.compile("[\u0e01-\u0e2e]")
_AMETE_MIHRET = re.compile("ዓ\\W{0,2}ም")  # "year of mercy": of the Ethiopian calendar, not of Eritrea's Gregorian one


def named(line: Line, context: Context) -> list[Day]:
    """The dates with a month's name, in the order of their places, the refused ones among them."""
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
        elif again and len(line.words[i]) <= _SHORT:
            i = end
            continue
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
        found = _of_declared_year(int(line.words[parts.day]), meanings, context)
        return Day(*place, found, issue=None if found else "date-no-year")
    if not _proven(line, parts, context):
        return Day(*place, None, issue="date-ambiguous")
    name = " ".join(line.words[start:end])
    readings = _named_readings(line, parts, name, of_language(meanings, context.language), context)
    readings = readings or _named_readings(line, parts, name, meanings, context)
    if len(readings) != 1:
        return Day(*place, None, issue="date-ambiguous" if readings else "date-impossible")
    reading = readings.pop()
    found, issue = judge(line, context, reading)
    return Day(*place, found, reading.calendar or "gregorian", issue)


def _of_declared_year(day: int, meanings: tuple[Meaning, ...], context: Context) -> date | None:
    """The Gregorian day of that number and month that is the declared one, or beside it in another zone."""
    if context.declared is None:
        return None
    months = {int(meaning.number) for meaning in meanings if meaning.calendar == "gregorian"}
    near = (context.declared + timedelta(days=beyond) for beyond in (0, -1, 1))
    return next((each for each in near if each.day == day and each.month in months), None)


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
    return not is_hour and (at == 0 or line.text[line.starts[token] - 1] == "'")


def _proven(line: Line, parts: _Parts, context: Context) -> bool:
    """Whether the year can be nothing else: in full, of an era, '26, 98, or in a language that puts no year first."""
    assert parts.year is not None
    year = int(line.words[parts.year])
    if len(line.words[parts.year]) != 2 or _is_era(line, parts.year, context):
        return True
    if line.text[line.starts[parts.year] - 1] == "'" or not 0 < year <= 31:
        return True
    return bool(context.language) and context.language not in context.tables.year_first - {"en"}


def _named_readings(
    line: Line, parts: _Parts, name: str, meanings: tuple[Meaning, ...], context: Context
) -> set[Reading]:
    """The readings that a month's meanings allow with that year."""
    assert parts.year is not None
    found, day = set(), int(line.words[parts.day])
    for meaning in _of_calendar(line, meanings, context):
        calendar, year = _year_of(line, parts.year, meaning.calendar, name, context)
        if calendar:
            found.add(Reading(parts.order, calendar, year, int(meaning.number), day))
    return found


def _of_calendar(line: Line, meanings: tuple[Meaning, ...], context: Context) -> list[Meaning]:
    """The meanings of a name that Eritrea gives to a Gregorian month and Ethiopia to one of its own."""
    own = [meaning for meaning in meanings if meaning.calendar == "ethiopian"]
    others = [meaning for meaning in meanings if meaning.calendar != "ethiopian"]
    marked = context.language == "am" or _AMETE_MIHRET.search(line.text) is not None
    return own if own and (marked or not others) else others


def _year_of(line: Line, token: int, calendar: str, name: str, context: Context) -> tuple[str | None, int]:
    """The calendar and year of a year's token beside a month of `calendar`; no calendar where they do not fit."""
    word = line.words[token]
    year, before = int(word), line.words[token - 1][-2:] if token else ""
    if calendar != "gregorian":
        first, last = _YEARS[calendar]
        return (calendar if first <= year <= last else None), year
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
