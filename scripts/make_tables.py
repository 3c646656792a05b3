"""Make src/scraper/data/cldr.json from Babel's CLDR, umalqura.json from hijridate, bikram.json from nepali-datetime.

    python scripts/make_tables.py

Needs the extra `tables`. The same versions of all give the same bytes. Unicode CLDR data: Unicode License v3.
"""

from __future__ import annotations

import csv
import datetime
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from babel import Locale, localedata
from babel.dates import tokenize_pattern
from hijridate import ummalqura
from nepali_datetime import config

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from scraper.parse.datewords import key  # noqa: E402 - only importable after the line above

DATA = ROOT / "src/scraper/data"

LANGUAGES = tuple(  # as words: easier to read than 112 strings
    "af am ar as ast az be bg bn br bs ca ckb cs cy da de el en eo es et eu fa fi fil fo fr fur fy ga gd gl gu ha he "  # noqa: SIM905
    "hi hr hu hy id ig is it ja ka kk km kn ko ku ky lb lo lt lv mg mi mk ml mn mr ms mt my nb ne nl nn no oc om or "
    "pa pl ps pt rm ro ru rw sc sd si sk sl so sq sr su sv sw ta te tg th ti tk to tr tt ug uk ur uz vi xh yo yue zh "
    "zu".split()
)

SCRIPTS_OF_NO_NEWS = {"Mong", "Shaw", "Dsrt"}
UNITS = ("second", "minute", "hour", "day", "week", "month", "year")
PLURALS = {"one": 1, "two": 2}
Meanings = dict[str, dict[Any, set[str]]]


def main() -> None:
    tables = Tables()
    for identifier in sorted(localedata.locale_identifiers()):
        if identifier.split("_")[0] in LANGUAGES and not SCRIPTS_OF_NO_NEWS & set(identifier.split("_")):
            tables.read(identifier)
    write("cldr.json", tables.as_json())
    write("umalqura.json", umalqura())
    write("bikram.json", bikram())


def write(name: str, data: dict[str, Any]) -> None:
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    (DATA / name).write_text(text.replace('},"', '},\n"') + "\n", encoding="utf-8")


def umalqura() -> dict[str, Any]:
    """Month lengths of the Umm al-Qura calendar from its first year on: a digit per month, the days beyond 28."""
    starts = ummalqura.MONTH_STARTS
    digits = "".join(str(after - before - 28) for before, after in pairwise(starts))
    years = [digits[at : at + 12] for at in range(0, len(digits), 12)]
    first = datetime.date(*ummalqura.GREGORIAN_RANGE[0])
    return {"first_year": ummalqura.HIJRI_RANGE[0][0], "first_day": first.toordinal(), "years": years}


def bikram() -> dict[str, Any]:
    """Month lengths of the Bikram Sambat calendar as Nepal publishes it: a digit per month, the days beyond 28."""
    with open(config.CALENDAR_PATH, encoding="utf-8") as lines:
        rows = [list(map(int, row)) for row in list(csv.reader(lines))[1:]]
    first = datetime.date(**config.REFERENCE_DATE_AD)
    years = ["".join(str(length - 28) for length in lengths) for _, *lengths in rows]
    return {"first_year": rows[0][0], "first_day": first.toordinal(), "years": years}


class Tables:
    """What all locales say, gathered."""

    def __init__(self) -> None:
        self.months: Meanings = {}
        self.weekdays: Meanings = {}
        self.periods: Meanings = {}
        self.ago: Meanings = {}
        self.not_ago: set[str] = set()  # "# min" is past to one language and a plain length of time to another
        self.skipped: set[str] = set()
        self.dotted: set[str] = set()
        self.gmt: set[str] = set()
        self.orders: dict[str, dict[str, str]] = defaultdict(dict)
        self.year_first: set[str] = set()

    def read(self, identifier: str) -> None:
        localedata._cache.clear()  # Babel's aliases leak the names of one locale into those loaded after it
        locale = Locale.parse(identifier)
        language = identifier.split("_")[0]
        self._names(locale, language)
        self._periods(locale, language)
        self._ago(locale, language)
        self._patterns(locale, language)
        self._order(locale, identifier)
        before, _, after = locale.zone_formats["gmt"].partition("%s")
        self.gmt.update(filter(None, (key(before), key(after))))

    def _names(self, locale: Locale, language: str) -> None:
        for context in ("format", "stand-alone"):
            for names in locale.months[context].values():
                for number, name in names.items():
                    self._name(self.months, name, number, language)
            for names in locale.days[context].values():
                for number, name in names.items():
                    self._name(self.weekdays, name, number, language)

    def _name(self, table: Meanings, name: str, number: Any, language: str) -> None:
        folded = key(name)
        letters = folded.replace(" ", "")
        if len(letters) < 2 or letters.isdigit():
            return  # the narrow names: J, M, 7
        table.setdefault(folded, {}).setdefault(number, set()).add(language)

    def _periods(self, locale: Locale, language: str) -> None:
        rules = locale.day_period_rules.get(None, {})
        for widths in locale.day_periods.values():
            for names in widths.values():
                for period, name in names.items():
                    folded, meant = key(name), meaning_of_period(period, rules)
                    if folded and meant and not (folded.isascii() and len(folded) < 2):
                        self.periods.setdefault(folded, {}).setdefault(meant, set()).add(language)

    def _ago(self, locale: Locale, language: str) -> None:
        fields = locale._data["date_fields"]
        for unit in UNITS:
            for width in ("", "-short", "-narrow"):
                for plural, pattern in fields[unit + width].get("past", {}).items():
                    self._one_ago(pattern, unit, plural, language)
                self.not_ago.update(map(pattern_key, fields[unit + width].get("future", {}).values()))
            for lengths in locale._data["unit_patterns"].get(f"duration-{unit}", {}).values():
                self.not_ago.update(pattern_key(pattern) for pattern in lengths.values() if isinstance(pattern, str))

    def _one_ago(self, pattern: str, unit: str, plural: str, language: str) -> None:
        folded = pattern_key(pattern)
        meant = unit if "#" in folded else f"{unit} {PLURALS.get(plural, 0)}"
        if folded not in {"#", ""} and not meant.endswith(" 0") and not pattern.strip().startswith("-"):
            self.ago.setdefault(folded, {}).setdefault(meant, set()).add(language)

    def _patterns(self, locale: Locale, language: str) -> None:
        for pattern in date_patterns(locale):
            self._date_pattern(locale, language, list(tokenize_pattern(pattern)))
        for pattern in time_patterns(locale):
            self._literals(tokenize_pattern(pattern))
        for way in locale._data["datetime_formats"].values():
            words = key(str(way).replace("{0}", " ").replace("{1}", " ")).split()
            self.skipped.update(words)
            self.dotted.update(words)

    def _date_pattern(self, locale: Locale, language: str, parts: list[tuple[str, Any]]) -> None:
        self._literals(parts)
        for place, (kind, value) in enumerate(parts):
            before, after = text_at(parts, place - 1), text_at(parts, place + 1)
            if kind == "chars":
                continue
            if value[0] in "ML" and value[1] >= 3:
                glue(self.months, locale.months, language, before, after)
            elif value[0] in "Ec":
                glue(self.weekdays, locale.days, language, before, after)

    def _literals(self, parts: Iterable[tuple[str, Any]]) -> None:
        for kind, value in parts:
            if kind == "chars":
                self.skipped.update(word for word in key(value).split() if not word.isdigit())

    def _order(self, locale: Locale, identifier: str) -> None:
        fields = [value[0] for kind, value in tokenize_pattern(locale.date_formats["short"].pattern) if kind == "field"]
        order = "".join(dict.fromkeys("d" if f == "d" else "m" if f in "ML" else "y" for f in fields if f in "dMLyu"))
        self.orders[identifier.split("_")[0]][identifier.replace("_", "-").lower()] = order
        long = locale.date_formats["medium"].pattern
        if long.find("y") < long.find("M"):
            self.year_first.add(identifier.split("_")[0])

    def as_json(self) -> dict[str, Any]:
        return {
            "months": joined(self.months),
            "weekdays": joined(self.weekdays),
            "periods": joined(self.periods),
            "ago": joined({name: meant for name, meant in self.ago.items() if name not in self.not_ago}),
            "skipped": sorted(self.skipped),
            "dotted": sorted(self.dotted),
            "gmt": sorted(self.gmt),
            "orders": orders(self.orders),
            "year_first": sorted(self.year_first),
        }


def pattern_key(pattern: str) -> str:
    """ "vor {0} Min." as "vor # min"."""
    before, number, after = pattern.partition("{0}")
    return " ".join(filter(None, (key(before), "#" if number else "", key(after))))


def text_at(parts: list[tuple[str, Any]], place: int) -> str:
    return parts[place][1] if 0 <= place < len(parts) and parts[place][0] == "chars" else ""


def glue(table: Meanings, names: Any, language: str, before: str, after: str) -> None:
    """Names with what patterns write against them without a blank: Basque "uztailaren", Hebrew "ביולי"."""
    head = before.split(" ")[-1] if before and before[-1].isalpha() else ""
    tail = after.split(" ")[0] if after and after[0].isalpha() else ""
    if not head and not tail:
        return
    for widths in names.values():
        for width, numbers in widths.items():
            for number, name in numbers.items():
                if width != "narrow":
                    table.setdefault(key(head + name + tail), {}).setdefault(number, set()).add(language)


def date_patterns(locale: Locale) -> Iterator[str]:
    yield from (each.pattern for each in locale.date_formats.values())
    for skeleton, pattern in locale.datetime_skeletons.items():
        if set(skeleton) <= set("yMdE") and {"y", "M", "d"} <= set(skeleton):
            yield pattern.pattern


def time_patterns(locale: Locale) -> Iterator[str]:
    yield from (each.pattern for each in locale.time_formats.values())
    for skeleton, pattern in locale.datetime_skeletons.items():
        if set(skeleton) <= set("Hhms"):
            yield pattern.pattern


def meaning_of_period(period: str, rules: Mapping[str, Any]) -> str | None:
    """Which half of the day a word means: am, pm, noon (11 to 15 o'clock) or night (either side of midnight)."""
    if period in ("am", "pm"):
        return period
    if period in ("noon", "midnight"):
        return None
    hours = {hour for rule in rules.get(period, []) for hour in hours_of(rule)}
    if not hours:
        return None
    if hours <= set(range(12)):
        return "am"
    if hours <= set(range(12, 24)):
        return "pm"
    return "night" if 0 in hours or 23 in hours else "noon"


def hours_of(rule: Mapping[str, int]) -> set[int]:
    start, end = rule.get("from", 0) // 3600, rule.get("before", 0) // 3600
    return set(range(start, end)) if start < end else {*range(start, 24), *range(end)}


def joined(meanings: Meanings) -> dict[str, Any]:
    """A name's one meaning, or the languages of each; and how many words the longest name has, by its first word."""
    longest: dict[str, int] = {}
    for name in meanings:
        first, *more = name.split(" ")
        if more:
            longest[first] = max(longest.get(first, 0), len(more) + 1)
    names = {
        name: next(iter(by_meaning))
        if len(by_meaning) == 1
        else {str(meaning): sorted(languages) for meaning, languages in by_meaning.items()}
        for name, by_meaning in meanings.items()
    }
    return {"names": names, "longest": longest}


def orders(by_language: dict[str, dict[str, str]]) -> dict[str, str]:
    """The orders a language's locales use, as "dmy ymd"; then each locale of a language in which they differ."""
    found = {}
    for language, locales in by_language.items():
        found[language] = " ".join(sorted(set(locales.values())))
        if " " in found[language]:
            found.update({name: order for name, order in locales.items() if name != language})
    return found


if __name__ == "__main__":
    main()
