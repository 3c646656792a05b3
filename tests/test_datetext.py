"""Dates, times and offsets read back exactly: rows from CLDR, rows of our own, machine dates; and what is refused."""

from __future__ import annotations

import json
import time as clock
import tomllib
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper.data import table
from scraper.parse.datetext import When, read, read_clock, read_iso
from scraper.parse.datewords import Meaning, Phrases, key
from scraper.parse.machinedate import read_lenient

CASES = Path(__file__).parent / "cases"
NOW = datetime(2026, 6, 15, 10, 30, tzinfo=UTC)
ROWS = [json.loads(line) for line in (CASES / "dates.jsonl").read_text("utf-8").splitlines()]
HAND = tomllib.loads((CASES / "dates_hand.toml").read_text("utf-8"))["case"]
BY_LANGUAGE: dict[str, list[dict[str, Any]]] = defaultdict(list)
for each in ROWS:
    BY_LANGUAGE[each["language"]].append(each)


def said(when: When | None) -> tuple[str | None, str | None, float | None]:
    """Date, time and offset in hours."""
    if when is None:
        return None, None, None
    hours = None if when.offset is None else when.offset.total_seconds() / 3600
    return when.date and when.date.isoformat(), when.time and when.time.isoformat(), hours


def wanted(row: dict[str, Any]) -> tuple[str | None, str | None, float | None]:
    return row.get("date"), row.get("time"), row.get("offset")


@pytest.mark.parametrize("language", BY_LANGUAGE)
def test_rows_from_cldr_read_back(language: str) -> None:
    found = {row["text"]: read(row["text"], language=language, now=NOW) for row in BY_LANGUAGE[language]}
    wrong = [
        (row["text"], wanted(row), said(found[row["text"]]))
        for row in BY_LANGUAGE[language]
        if (said(found[row["text"]]), getattr(found[row["text"]], "calendar", None)) != (wanted(row), row["calendar"])
    ]
    assert not wrong


def test_there_are_enough_rows() -> None:
    assert len(ROWS) >= 1500
    assert len({language.split("-")[0] for language in BY_LANGUAGE}) >= 75
    assert {row["calendar"] for row in ROWS} >= {"gregorian", "solar", "hijri", "buddhist", "minguo", "reiwa", "heisei"}


@pytest.mark.parametrize("row", HAND, ids=lambda row: row["id"])
def test_rows_as_pages_print_them(row: dict[str, Any]) -> None:
    found = read(row["text"], language=row.get("language"), now=NOW)
    assert said(found) == wanted(row)
    assert (found.issues if found else ()) == ((row["issue"],) if "issue" in row else ())
    assert (found.calendar if found and found.date else "gregorian") == row.get("calendar", "gregorian")


MACHINE = {
    "2021-07-06": ("2021-07-06", None, None),
    "20210706": ("2021-07-06", None, None),
    "2021-7-6": ("2021-07-06", None, None),
    "2021-07-06T12:36": ("2021-07-06", "12:36:00", None),
    "2021-07-06T12:36:05+04:30": ("2021-07-06", "12:36:05", 4.5),
    "2021-07-06T12:36:05.123Z": ("2021-07-06", "12:36:05", 0),
    "2021-07-06T12:36:05.1234567Z": ("2021-07-06", "12:36:05", 0),
    "2021-07-06T12:36Z": ("2021-07-06", "12:36:00", 0),
    "20210706T123605Z": ("2021-07-06", "12:36:05", 0),
    "2021-07-06 12:36:00 +0430": ("2021-07-06", "12:36:00", 4.5),
    "2021-07-06 12:36:00 +04:30": ("2021-07-06", "12:36:00", 4.5),
    "2021-07-06 9:36:00 -0600": ("2021-07-06", "09:36:00", -6),
    "2021-07-06 12:36:00 UTC": ("2021-07-06", "12:36:00", 0),
    "2021-07-06T12:36:00+04:30[Asia/Kabul]": ("2021-07-06", "12:36:00", 4.5),
    "2021/07/06 12:36:00": ("2021-07-06", "12:36:00", None),
    "2021-07-06|12h36": ("2021-07-06", "12:36:00", None),
    "202107061236": ("2021-07-06", "12:36:00", None),
    "20210706123605": ("2021-07-06", "12:36:05", None),
    "1625575000": ("2021-07-06", "12:36:40", 0),
    "1625575000123": ("2021-07-06", "12:36:40", 0),
    "Tue, 06 Jul 2021 12:36:00 +0430": ("2021-07-06", "12:36:00", 4.5),
    "Tue, 06 Jul 2021 12:36:00 GMT": ("2021-07-06", "12:36:00", 0),
    "Tue Jul 06 12:36:00 CEST 2021": ("2021-07-06", "12:36:00", 2),
    "Tue Jul 06 2021 12:36:00 GMT+0430 (Afghanistan Time)": ("2021-07-06", "12:36:00", 4.5),
    "July 6, 2021 12:36": ("2021-07-06", "12:36:00", None),
    "14/01/2020": ("2020-01-14", None, None),
    "2021-07-06T24:00:00Z": ("2021-07-07", "00:00:00", 0),
    "2016-12-31T23:59:60Z": ("2016-12-31", "23:59:59", 0),
    "03/04/2024": (None, None, None),
    "2024-02-30": (None, None, None),
    "2024-02-30T12:00:00Z": (None, None, None),
    "0000-00-00": (None, None, None),
    "0001-01-01T00:00:00": (None, "00:00:00", None),
    "1970-01-01T00:00:00Z": (None, "00:00:00", 0),
    "20240-01-01": (None, None, None),
    "0": (None, None, None),
    "-62135596800": (None, None, None),
    "2021": (None, None, None),
    "2024-05": (None, None, None),
    "2021-W27": (None, None, None),
    "5655255": (None, None, None),
    "14:20": (None, None, None),
    "PT15M": (None, None, None),
    "Mo-Su 08:00-20:00": (None, None, None),
    "9e9ca99999999999f999a99c1d2e3f40": (None, None, None),
    "": (None, None, None),
}


@pytest.mark.parametrize("text", MACHINE)
def test_machine_dates(text: str) -> None:
    """C33, C34: epochs, impossible days, 24:00 and leap seconds among them."""
    assert said(read_iso(text)) == MACHINE[text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6 July 2021", ("2021-07-06", None, None)),
        ("July 6, 2021 12:36", ("2021-07-06", "12:36:00", None)),
        ("Tue, 6 Jul 2021 12:36:05 EDT", ("2021-07-06", "12:36:05", -4)),
        ("Tuesday 12:36", (None, None, None)),
        ("July 2021", (None, None, None)),
    ],
)
def test_dateutil_invents_nothing(text: str, expected: tuple[str | None, str | None, float | None]) -> None:
    assert said(read_lenient(text, {"edt": timedelta(hours=-4)})) == expected


TIMES = {
    "12:36 pm": time(12, 36),
    "12:36:05": time(12, 36, 5),
    "12:05 a.m.": time(0, 5),
    "7pm": time(19),
    "۱۲:۳۶ ب.ظ": time(12, 36),
    "۹:۰۵ قبل از ظهر": time(9, 5),
    "۳:۱۵ بعد از ظهر": time(15, 15),
    "12:36:05 م": time(12, 36, 5),
    "٩:٠٥ ص": time(9, 5),
    "3:15 مساءً": time(15, 15),
    "12h36": time(12, 36),
    "12 h 36": time(12, 36),
    "12.36 Uhr": time(12, 36),
    "12.36": time(12, 36),
    "klo 9.05": time(9, 5),
    "14 Uhr": time(14),
    "午後3時15分": time(15, 15),
    "下午3:15": time(15, 15),
    "오후 3:15": time(15, 15),
    "오전 9시 5분": time(9, 5),
    "সকাল ৯:০৫": time(9, 5),
    "शाम 4:15": time(16, 15),
    "ÖS 3:15": time(15, 15),
    "3:15 CH": time(15, 15),
    "12:36 Uhr": time(12, 36),
    "12:36'da": time(12, 36),
    "20:26 PM": time(20, 26),
    "25:00": None,
    "12:60": None,
    "3.5": None,
    "5 min": None,
    "no time": None,
}


@pytest.mark.parametrize("text", TIMES)
def test_times(text: str) -> None:
    found = read_clock(text)
    assert (found.time if found else None) == TIMES[text]


def test_order_and_zone_from_outside() -> None:
    assert said(read("03/04/2024", order="mdy", now=NOW))[0] == "2024-03-04"
    assert said(read("03/04/2024", order="dmy", language="en-US", now=NOW))[0] == "2024-04-03"
    kabul = timezone(timedelta(hours=4, minutes=30))
    late = datetime(2026, 6, 15, 22, 30, tzinfo=UTC)
    assert said(read("today 02:10", language="en", now=late, zone=kabul)) == ("2026-06-16", "02:10:00", None)
    assert said(read("5 minutes ago", language="en", now=late, zone=kabul)) == ("2026-06-16", "02:55:00", 4.5)


def test_no_clock_but_the_fetch_time() -> None:
    """Without it nothing is relative and the future is unknown."""
    assert read("3 hours ago", language="en") is None
    assert said(read("6 July 2030", language="en"))[0] == "2030-07-06"
    assert said(read("6 July 2031", language="en", now=datetime(2031, 7, 4, 12)))[0] == "2031-07-06"


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        " ",
        "-",
        "1",
        ":",
        "1:",
        "1 ",
        "1.",
        "年",
        "一",
        "a'",
        "١",
        "vor ",
        "mar ",
        "( ",
        "|",
        "\u0301",
        "7 月 ",
        "12:36 ",
    ],
    ids=repr,
)
def test_c43_a_megabyte_costs_no_more_than_a_line(unit: str) -> None:
    """C43, S27: what is longer than a date's line is cut first, so that a megabyte takes milliseconds."""
    text = unit * (1_000_000 // len(unit))
    started = clock.perf_counter()
    read(text, now=NOW)
    read_iso(text)
    read_clock(text)
    assert clock.perf_counter() - started < 2


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([row["text"] for row in ROWS]),
            st.text(max_size=8),
            st.sampled_from(
                ["6", "31", "2021", "12:36", "24:00", "年", "令和", "'99", "+04:30", "GMT", "am", "ago", "-"]
            ),
        ),
        max_size=6,
    ),
    st.sampled_from([None, "", "en", "de", "fa", "th", "zh-TW", "x-odd", "EN_us"]),
)
def test_never_raises_and_never_leaves_its_bounds(parts: list[str], language: str | None) -> None:
    text = " ".join(parts)
    read_iso(text)
    read_clock(text, language)
    found = read(text, language=language, now=NOW)
    assert found is None or found.date is None or date(1900, 1, 1) <= found.date <= date(2026, 6, 18)


@pytest.mark.parametrize("section", ["months", "periods", "ago"])
def test_written_words_are_those_that_cldr_lacks(section: str) -> None:
    phrases, idle = Phrases(table("cldr.json")[section]), []
    for value, names in table("datewords.toml")[section].items():
        meaning = Meaning("gregorian", int(value) if value.isdigit() else value)
        for name in names:
            before = dict(phrases.names), dict(phrases.longest)
            phrases.add(" # ".join(map(key, name.split("#"))).strip(), meaning)
            idle += [f"{value}: {name}"] * (before == (phrases.names, phrases.longest))
    assert idle == []


@pytest.mark.parametrize(("language", "day"), [("en", date(2021, 6, 7)), ("en-AU", date(2021, 7, 6))])
def test_the_month_is_first_beside_an_american_zone_but_in_australia(language: str, day: date) -> None:
    found = read("06/07/2021 9:30 AM EST", language=language)
    assert found is not None and found.date == day


def test_a_persian_year_to_come_is_none_where_the_fetch_is_not_known() -> None:
    when = read("06/07/09", language="fa")
    assert when is not None
    assert when.date == date(2006, 7, 9)
