"""Make tests/cases/dates.jsonl from Babel's copy of CLDR, hijridate and persiantools.

    python scripts/make_date_cases.py

Each row is a text as a page prints it, the page's language, and the date, time and offset that it says. The same
versions give the same bytes. What is expected comes from the date that was formatted, or from those libraries, never
from the code under test.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any

from babel import Locale, localedata
from babel.dates import format_date, format_time, get_timezone_gmt
from hijridate import Hijri
from make_tables import LANGUAGES
from persiantools.jdatetime import JalaliDate

ROOT = Path(__file__).parents[1]
REGIONS = tuple(  # as words: easier to read than 29 strings
    "ar_DZ ar_EG ar_MA ar_SY de_AT de_CH en_AU en_CA en_GB en_IN en_US es_AR es_ES es_MX fa_AF fr_BE fr_CA it_CH nl_BE "  # noqa: SIM905
    "pt_PT ro_MD ru_UA sr_Latn sw_KE ta_LK ur_IN uz_Cyrl zh_Hant zh_Hant_HK".split()
)

DIGITS = {  # the first digit of each numbering system
    "arab": "٠",
    "arabext": "۰",
    "beng": "০",
    "deva": "०",
    "mymr": "၀",
    "orya": "୦",
    "gujr": "૦",
    "guru": "੦",
    "tamldec": "௦",
    "telu": "౦",
    "knda": "೦",
    "mlym": "൦",
    "thai": "๐",
    "laoo": "໐",
    "khmr": "០",
    "tibt": "༠",
    "fullwide": "０",
}
FORMS = (
    "full",
    "long",
    "medium",
    "full short",
    "medium short",
    "long medium",
    "long zone",
    "full medium",
    "medium zone",
    "long short",
)
OFFSETS = (
    timedelta(hours=4, minutes=30),
    timedelta(hours=-5),
    timedelta(hours=1),
    timedelta(hours=9),
    timedelta(hours=5, minutes=45),
)
FRAMES = ("{}", "{}", "{}", "A. Person | {}", "{} | 3", "\u200f{}\u200f", "({})", "A. Person – {} –")


ERA_SHAPES = (
    ("th", "buddhist", "{d} {wide} {be}"),
    ("th", "buddhist", "{d} {short} {be} {t} น."),
    ("th", "buddhist", "{d} {short} {yy}"),
    ("th", "buddhist", "{d}/{n}/{be} {t}"),
    ("th", "buddhist", "วันที่ {d} {wide} พ.ศ. {be} เวลา {dot} น."),
    ("zh-TW", "minguo", "民國{roc}年{n}月{d}日"),
    ("zh-TW", "minguo", "中華民國 {roc} 年 {n} 月 {d} 日 {t}"),
    ("zh-TW", "minguo", "{roc}年{n}月{d}日"),
    ("zh-Hant-TW", "minguo", "{roc}/{n:02}/{d:02} {t}"),
    ("ja", "{era}", "{kanji}{ey}年{n}月{d}日"),
    ("ja", "{era}", "{kanji}{ey}年{n}月{d}日 {t}"),
    ("ja", "{era}", "{y}年（{kanji}{ey}年）{n}月{d}日"),
)


def main() -> None:
    rows = [*gregorian(), *solar(), *lunar(), *others()]
    lines = [json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows]
    (ROOT / "tests/cases/dates.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(len(lines), "rows,", len({row["language"] for row in rows}), "languages")


Printed = tuple[date, time | None, timedelta | None]


def row(text: str, language: str, said: Printed, calendar: str, turn: int) -> dict[str, Any]:
    day, clock, offset = said
    return {
        "text": FRAMES[turn % len(FRAMES)].format(text),
        "language": language.replace("_", "-"),
        "date": day.isoformat(),
        "time": clock.isoformat() if clock else None,
        "offset": None if offset is None else offset.total_seconds() / 3600,
        "calendar": calendar,
    }


def moment(turn: int, month: int) -> datetime:
    """A moment of a month; days below 13 as often as above, all hours, years of the web."""
    return datetime(1995 + turn * 7 % 30, month, 1 + turn * 11 % 28, turn * 5 % 24, turn * 13 % 60, turn * 17 % 60)


def gregorian() -> Iterator[dict[str, Any]]:
    """Every month of every language in the forms of CLDR."""
    turns = count()
    for identifier in (*LANGUAGES, *REGIONS):
        localedata._cache.clear()  # Babel's aliases leak the names of one locale into those loaded after it
        locale = Locale.parse(identifier)
        for month in range(1, 13):
            turn = next(turns)
            form, when, offset = FORMS[turn % len(FORMS)], moment(turn, month), OFFSETS[turn % len(OFFSETS)]
            if identifier == "yo" and form not in ("full", "long"):
                continue  # "13 01 2013", "9:9": numbers like these may be anything
            text, clock, printed = printed_in(locale, form, when, offset)
            yield row(native(text, locale), identifier, (when.date(), clock, printed), "gregorian", turn)


def printed_in(
    locale: Locale, form: str, when: datetime, offset: timedelta
) -> tuple[str, time | None, timedelta | None]:
    width, _, clock_width = form.partition(" ")
    day = format_date(when, width, locale)
    if not clock_width:
        return day, None, None
    if clock_width == "zone":
        aware = when.replace(tzinfo=timezone(offset))
        clock = f"{format_time(when, 'medium', locale=locale)} {get_timezone_gmt(aware, 'long', locale)}"
        return joined(locale, width, day, clock), when.time(), offset
    clock = format_time(when, clock_width, locale=locale)
    shown = when.time() if clock_width == "medium" else when.time().replace(second=0)
    return joined(locale, width, day, clock), shown, None


def joined(locale: Locale, width: str, day: str, clock: str) -> str:
    return str(locale.datetime_formats[width]).replace("{1}", day).replace("{0}", clock).replace("'", "")


def native(text: str, locale: Locale) -> str:
    zero = DIGITS.get(locale.default_numbering_system)
    return text.translate({ord("0") + i: chr(ord(zero) + i) for i in range(10)}) if zero else text


def tables() -> dict[str, Any]:
    return tomllib.loads((ROOT / "src/scraper/data/calendars.toml").read_text(encoding="utf-8"))


def solar() -> Iterator[dict[str, Any]]:
    """Each month by the names of Iran, Dari, Pashto and Latin letters; and numbers."""
    shapes = {
        "fa": ("{d} {m} {y}", "{d} {m} {y} - {t}", "{d} {m} ماه {y}، ساعت {t}"),
        "prs": ("{d} {m} {y}", "{t} - {d} {m} {y}", "تاریخ نشر: {d} {m} {y} {t}"),
        "ps": ("د {y} کال د {m} {d}", "{y} {m} {d} {t}", "{d} {m} {y}، {t}"),
        "en": ("{d} {m} {y}", "{m} {d}, {y} {t}", "{d} {m} {y} at {t}"),
    }
    turns = count()
    for month, names in tables()["solar"].items():
        latin = [name for name in names if name.isascii()]
        by_language = {"fa": names[:1], "prs": names[1:2], "ps": names[2:3], "en": latin}
        for language, spellings in by_language.items():
            for spelling in spellings:
                for shape in shapes[language]:
                    yield solar_row(shape, language, spelling, int(month), next(turns))
        yield solar_row("{y}/{n:02}/{d:02}", "fa-IR", "", int(month), next(turns))
        yield solar_row("{t} - {y}/{n}/{d}", "prs-AF", "", int(month), next(turns))


def solar_row(shape: str, language: str, name: str, month: int, turn: int) -> dict[str, Any]:
    year, day, clock = 1375 + turn * 7 % 29, 1 + turn * 11 % 29, time(turn * 5 % 24, turn * 13 % 60)
    text = shape.format(d=day, m=name, y=year, n=month, t=f"{clock:%H:%M}")
    if language != "en":
        text = text.translate({ord("0") + i: chr(ord("۰") + i) for i in range(10)})
    expected = JalaliDate(year, month, day).to_gregorian()
    return row(text, language, (expected, clock if "{t}" in shape else None, None), "solar", turn)


def lunar() -> Iterator[dict[str, Any]]:
    """Each month of the Umm al-Qura calendar in every spelling of the table."""
    turns = count()
    for month, names in tables()["hijri"].items():
        for name in names:
            turn = next(turns)
            year, day, clock = 1420 + turn * 7 % 26, 1 + turn * 11 % 28, time(turn * 5 % 24, turn * 13 % 60)
            latin = name[0] < "ؠ"
            latin_shape = ("{d} {m} {y}", "{d} {m} {y} AH", "{m} {d}, {y}, {t}")[turn % 3]
            shape = latin_shape if latin else "{d} {m} {y} هـ - {t}"
            text = shape.format(d=day, m=name, y=year, t=f"{clock:%H:%M}")
            expected = Hijri(year, int(month), day).to_gregorian()
            said = date(*expected.datetuple()), clock if "{t}" in shape else None, None
            yield row(text, "en" if latin else "ar", said, "hijri", turn)


def others() -> Iterator[dict[str, Any]]:
    """Thai, Taiwanese and Japanese years."""
    localedata._cache.clear()
    thai = Locale.parse("th")
    turns = count()
    for month in range(1, 13):
        for language, calendar, shape in ERA_SHAPES:
            turn = next(turns)
            when = moment(turn, month)
            if shape.startswith("{roc}/") and when.year < 2011:
                continue  # with two digits it may be 1998 as well as 2009
            modern = when.date() >= date(2019, 5, 1)
            text = shape.format(
                d=when.day,
                n=month,
                y=when.year,
                be=when.year + 543,
                yy=(when.year + 543) % 100,
                roc=when.year - 1911,
                wide=thai.months["format"]["wide"][month],
                short=thai.months["format"]["abbreviated"][month],
                t=f"{when:%H:%M}",
                dot=f"{when:%H.%M}",
                kanji="令和" if modern else "平成",
                ey="元" if when.year == 2019 and modern else when.year - (2018 if modern else 1988),
            )
            era = calendar.format(era="reiwa" if modern else "heisei")
            clock = when.time().replace(second=0) if "{t}" in shape or "{dot}" in shape else None
            yield row(text, language, (when.date(), clock, None), era, turn)


if __name__ == "__main__":
    main()
