"""Calendars against two other implementations, day by day, and their impossible days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from scraper.parse.calendars import (
    bikram_sambat,
    buddhist,
    civil_hijri,
    hijri,
    japanese_era,
    minguo,
    solar_hijri,
    umm_alqura,
)

DAYS = [date(1979, 3, 21) + timedelta(days=17 * step) for step in range(1300)]


def test_solar_hijri_as_persiantools() -> None:
    jalali = pytest.importorskip("persiantools.jdatetime")
    for day in DAYS:
        other = jalali.JalaliDate(day)
        assert solar_hijri(other.year, other.month, other.day) == day


def test_umm_alqura_as_hijridate() -> None:
    hijridate = pytest.importorskip("hijridate")
    for day in DAYS:
        other = hijridate.Gregorian(day.year, day.month, day.day).to_hijri()
        assert umm_alqura(other.year, other.month, other.day) == day


def test_bikram_sambat_as_nepali_datetime() -> None:
    nepali = pytest.importorskip("nepali_datetime")
    for day in DAYS:
        other = nepali.date.from_datetime_date(day)
        assert bikram_sambat(other.year, other.month, other.day) == day


def test_civil_hijri_walks_day_by_day() -> None:
    """30 years of 19 x 354 and 11 x 355 days, no day left out or doubled."""
    found = []
    for year in range(1421, 1451):
        for month in range(1, 13):
            found += [civil_hijri(year, month, day) for day in range(1, 31) if exists(civil_hijri, year, month, day)]
    assert found == [found[0] + timedelta(days=step) for step in range(19 * 354 + 11 * 355)]


def exists(calendar: Callable[[int, int, int], date], year: int, month: int, day: int) -> bool:
    try:
        calendar(year, month, day)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (solar_hijri(1400, 4, 15), date(2021, 7, 6)),
        (solar_hijri(1403, 12, 30), date(2025, 3, 20)),
        (solar_hijri(1404, 1, 1), date(2025, 3, 21)),
        (bikram_sambat(2081, 3, 4), date(2024, 6, 18)),
        (bikram_sambat(2081, 1, 1), date(2024, 4, 13)),
        (umm_alqura(1442, 11, 26), date(2021, 7, 6)),
        (umm_alqura(1445, 9, 1), date(2024, 3, 11)),
        (civil_hijri(1, 1, 1), date(622, 7, 19)),
        (civil_hijri(1442, 11, 26), date(2021, 7, 6)),
        (hijri(1300, 1, 1), civil_hijri(1300, 1, 1)),
        (buddhist(2564, 7, 6), date(2021, 7, 6)),
        (minguo(110, 7, 6), date(2021, 7, 6)),
        (japanese_era("reiwa", 1, 5, 1), date(2019, 5, 1)),
        (japanese_era("heisei", 31, 4, 30), date(2019, 4, 30)),
        (japanese_era("showa", 64, 1, 7), date(1989, 1, 7)),
    ],
)
def test_known_days(found: date, expected: date) -> None:
    assert found == expected


@pytest.mark.parametrize(
    ("calendar", "parts"),
    [
        (solar_hijri, (1400, 12, 30)),
        (solar_hijri, (1400, 7, 31)),
        (solar_hijri, (1400, 13, 1)),
        (solar_hijri, (2021, 1, 1)),
        (umm_alqura, (1342, 1, 1)),
        (umm_alqura, (1501, 1, 1)),
        (umm_alqura, (1442, 11, 31)),
        (umm_alqura, (1442, 0, 1)),
        (civil_hijri, (1442, 2, 30)),
        (civil_hijri, (0, 1, 1)),
        (buddhist, (2564, 2, 29)),
        (buddhist, (2400, 1, 1)),
        (minguo, (0, 1, 1)),
    ],
)
def test_c35_impossible_days(calendar: Callable[[int, int, int], date], parts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"."):
        calendar(*parts)


@pytest.mark.parametrize(("era", "year"), [("heisei", 32), ("reiwa", 0), ("showa", 65), ("edo", 3)])
def test_c35_eras_end(era: str, year: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        japanese_era(era, year, 6, 1)
