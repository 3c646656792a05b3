"""Calendars of news pages to Gregorian dates. Every function raises ValueError for a day its calendar does not have."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date
from itertools import accumulate

from scraper.data import table

_CIVIL_EPOCH = 227015  # ordinal of 1 Muharram 1: Friday 16 July 622 of the Julian calendar
_SOLAR_EPOCH = 226895  # ordinal of 1 Farvardin 1 by the 33-year rule, which is exact from 1178 to 1633
_ETHIOPIAN_EPOCH = 2796  # ordinal of 1 Mäskäräm 1: 29 August 8 of the Julian calendar
_ERAS = {  # first and last day of each
    "meiji": (date(1868, 10, 23), date(1912, 7, 29)),
    "taisho": (date(1912, 7, 30), date(1926, 12, 24)),
    "showa": (date(1926, 12, 25), date(1989, 1, 7)),
    "heisei": (date(1989, 1, 8), date(2019, 4, 30)),
    "reiwa": (date(2019, 5, 1), date.max),
}


def solar_hijri(year: int, month: int, day: int) -> date:
    """The Solar Hijri calendar of Iran and Afghanistan: six months of 31 days, five of 30, then 29 or 30 in leap years.

    >>> solar_hijri(1400, 4, 15)
    datetime.date(2021, 7, 6)
    """
    leap = (25 * year + 11) % 33 < 8
    lengths = (31,) * 6 + (30,) * 5 + (30 if leap else 29,)
    if not (1178 <= year <= 1633 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]):
        raise ValueError(f"no such day in the Solar Hijri calendar: {year}-{month}-{day}")
    before = 365 * (year - 1) + (8 * (year - 1) + 29) // 33
    return date.fromordinal(_SOLAR_EPOCH + before + sum(lengths[: month - 1]) + day - 1)


def umm_alqura(year: int, month: int, day: int) -> date:
    """The Hijri calendar of Saudi Arabia, from its published month lengths, years 1343 to 1500.

    >>> umm_alqura(1442, 11, 26)
    datetime.date(2021, 7, 6)
    """
    return _by_table("umalqura.json", "Umm al-Qura", year, month, day)


def bikram_sambat(year: int, month: int, day: int) -> date:
    """The calendar of Nepal, from its published month lengths, years 1975 to 2100; its year begins in April.

    >>> bikram_sambat(2081, 3, 4)
    datetime.date(2024, 6, 18)
    """
    return _by_table("bikram.json", "Bikram Sambat", year, month, day)


def ethiopian(year: int, month: int, day: int) -> date:
    """The calendar of Ethiopia: twelve months of 30 days and one of 5, of 6 in the year before a Julian leap year.

    >>> ethiopian(2013, 10, 29)
    datetime.date(2021, 7, 6)
    """
    length = 30 if month < 13 else 6 if year % 4 == 3 else 5
    if not (year >= 1 and 1 <= month <= 13 and 1 <= day <= length):
        raise ValueError(f"no such day in the Ethiopian calendar: {year}-{month}-{day}")
    return date.fromordinal(_ETHIOPIAN_EPOCH + 365 * (year - 1) + year // 4 + 30 * (month - 1) + day - 1)


def _by_table(name: str, calendar: str, year: int, month: int, day: int) -> date:
    """A day of a calendar whose months have the lengths that a table gives."""
    starts, first = _starts(name)
    index = (year - first) * 12 + month - 1
    if not (1 <= month <= 12 and 0 <= index < len(starts) - 1 and 1 <= day <= starts[index + 1] - starts[index]):
        raise ValueError(f"no such day in the {calendar} calendar: {year}-{month}-{day}")
    return date.fromordinal(starts[index] + day - 1)


@functools.cache
def _starts(name: str) -> tuple[list[int], int]:
    """The ordinal of the first day of each month of a table, and its first year."""
    data = table(name)
    lengths = [28 + int(beyond) for year in data["years"] for beyond in year]
    return list(accumulate(lengths, initial=data["first_day"])), data["first_year"]


def civil_hijri(year: int, month: int, day: int) -> date:
    """The arithmetic Hijri calendar: months of 30 and 29 days in turn, 11 leap years in 30 (the 2nd, 5th, 7th ...).

    >>> civil_hijri(1442, 11, 26)
    datetime.date(2021, 7, 6)
    """
    length = 30 if month % 2 or (month == 12 and (11 * year + 14) % 30 < 11) else 29
    if not (year >= 1 and 1 <= month <= 12 and 1 <= day <= length):
        raise ValueError(f"no such day in the civil Hijri calendar: {year}-{month}-{day}")
    before = 354 * (year - 1) + (11 * year + 3) // 30 + 29 * (month - 1) + month // 2
    return date.fromordinal(_CIVIL_EPOCH + before + day - 1)


def buddhist(year: int, month: int, day: int) -> date:
    """The Thai solar calendar, 543 years ahead; its years begin in January since 2484 (1941), earlier are refused."""
    if year < 2484:
        raise ValueError(f"Thai years before 2484 began in April: {year}")
    return date(year - 543, month, day)


def minguo(year: int, month: int, day: int) -> date:
    """The calendar of Taiwan: year 1 is 1912."""
    if year < 1:
        raise ValueError(f"no such Minguo year: {year}")
    return date(year + 1911, month, day)


def japanese_era(era: str, year: int, month: int, day: int) -> date:
    """A date of a Japanese era ("reiwa", "heisei", "showa", "taisho", "meiji"), year 1 being the one it began in.

    >>> japanese_era("reiwa", 3, 7, 6)
    datetime.date(2021, 7, 6)
    """
    if era not in _ERAS:
        raise ValueError(f"no such era: {era}")
    first, last = _ERAS[era]
    found = date(first.year + year - 1, month, day)
    if not first <= found <= last:
        raise ValueError(f"not a day of {era}: {year}-{month}-{day}")
    return found


def hijri(year: int, month: int, day: int) -> date:
    """A lunar Hijri date as news print it: Umm al-Qura where its tables reach, else the arithmetic calendar."""
    return umm_alqura(year, month, day) if 1343 <= year <= 1500 else civil_hijri(year, month, day)


CALENDARS: dict[str, Callable[[int, int, int], date]] = {
    "gregorian": date,
    "solar": solar_hijri,
    "hijri": hijri,
    "bikram": bikram_sambat,
    "ethiopian": ethiopian,
    "buddhist": buddhist,
    "minguo": minguo,
    **{era: functools.partial(japanese_era, era) for era in _ERAS},
}
