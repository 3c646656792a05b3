"""Words of dates: one spelling for all of them (`fold`), a line cut into tokens, and all tables as one vocabulary."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from scraper.data import table

LONGEST = 400  # characters looked at: a date stands near the start of its label, byline or element

# A word is whatever is no digit, space or punctuation: Indic vowel signs are no letters to `\w`, yet belong to it.
_WORD = r"[^\s\d_!-/:-@\[-^`{-~¡-¿×÷،؛؟٪-٭۔।॥၊။፠-፨‐-⁞、-】〜〝-〟・\u2600-\u27bf\ufe0f\U0001f300-\U0001faff]+"
_TOKEN = re.compile(rf"\d{{1,2}}:\d\d(?!\d)(?::\d\d(?!\d))?|\d+|{_WORD}")
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")  # "UhrArtikel", "readApril 25": elements whose texts were glued together
# "April 25, 20232:26 PM", "14:18:002020-09-15", "1. November 20231. November 2023", "06/11/20230 comments"
_GLUED_YEAR = re.compile(r"(?<!\d)(20[0-2]\d)(?=\d{1,2}(?::\d\d|\.?\s[^\W\d_]))|(:\d\d)(?=20\d\d-)")
_MONTH_ZERO = re.compile(r"(?<!\d)0(?=[1-9]\s?[月월])")  # 2021年07月06日: the tables have 7月
_HAN_NUMBER = re.compile(r"[〇零一二三四五六七八九十元]{1,4}(?=[年月日號号時时分點点])")
_HAN_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")

_FOLD: dict[int, str | None] = {
    **dict.fromkeys(range(0x300, 0x370)),  # accents, after decomposition: "fevrier" and "février" are one word
    **dict.fromkeys((*range(0x64B, 0x660), 0x640, 0x670)),  # Arabic vowel signs, hamza, the stretch mark
    **dict.fromkeys((0xAD, 0x61C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A))),
    **dict.fromkeys(range(0x2010, 0x2016), "-"),
}
_FOLD.update(dict.fromkeys((0x93C, 0x9BC, 0xA3C)))  # the dot below a letter: फ़रवरी and फरवरी are one word
_FOLD.update(zip(map(ord, "ൺൻർൽൾ"), ("ണ്", "ന്", "ര്", "ല്", "ള്"), strict=True))  # Malayalam of two encodings
for _spellings, _one in (("ىيېۍ", "ی"), ("ك", "ک"), ("ګ", "گ"), ("ةہھ", "ه"), ("ٱ", "ا"), ("ı", "i"), ("ς", "σ")):
    _FOLD.update(dict.fromkeys(map(ord, _spellings), _one))
for _marks, _one in (("−", "-"), ("٫", "."), ("؍", "/"), ("’‘ʼʻ`´′", "'")):
    _FOLD.update(dict.fromkeys(map(ord, _marks), _one))


def fold(text: str) -> str:
    """`text` as the tables spell it: lower case, no accents, ASCII digits, one form of each Arabic letter, no marks."""
    text = _CAMEL.sub(" ", text[:LONGEST])
    if text.isascii():
        text = text.lower()
    else:
        text = unicodedata.normalize("NFKD", text).lower().translate(_FOLD)
        text = _FOREIGN_DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), text)
        text = unicodedata.normalize("NFC", text)
        if "年" in text or "月" in text:
            text = _HAN_NUMBER.sub(lambda match: han_number(match[0]), text)
        if "月" in text or "월" in text:
            text = _MONTH_ZERO.sub("", text)
    return _GLUED_YEAR.sub(r"\1\2 ", text) if "20" in text else text


def han_number(text: str) -> str:
    """The ASCII digits of a Chinese numeral of a date.

    >>> [han_number(each) for each in ("二〇二一", "十", "十二", "二十", "三十一", "元")]
    ['2021', '10', '12', '20', '31', '1']
    """
    if text == "元":  # the first year of an era
        return "1"
    tens, ten, ones = text.partition("十")
    digits = ((tens or "1") + (ones or "0")) if ten else text
    return digits.translate(_HAN_DIGITS)


@dataclass(frozen=True, slots=True)
class Line:
    """A folded text and its tokens: numbers, words and clock times like 12:36, with the place of each."""

    text: str
    words: list[str]
    starts: list[int]
    ends: list[int]

    def gap(self, left: int, right: int) -> str:
        """What stands between two neighbouring tokens."""
        return self.text[self.ends[left] : self.starts[right]]


def cut(folded: str) -> Line:
    """The tokens of a folded text."""
    words, starts, ends = [], [], []
    for match in _TOKEN.finditer(folded):
        words.append(match[0])
        starts.append(match.start())
        ends.append(match.end())
    return Line(folded, words, starts, ends)


def key(name: str) -> str:
    """How a name of one or more words stands in the tables: "Rab. I" as "rab i"."""
    return " ".join(_TOKEN.findall(fold(name)))


@dataclass(frozen=True, slots=True)
class Meaning:
    """One reading of a name. `languages` is None where the name means the same in every language that has it."""

    calendar: str
    number: int | str
    languages: frozenset[str] | None = None


Raw = int | str | dict[str, list[str]] | tuple[Meaning, ...]


def meanings(raw: Raw) -> tuple[Meaning, ...]:
    """What a name means, from the form in which a table has it."""
    if isinstance(raw, tuple):
        return raw
    if isinstance(raw, dict):
        return tuple(
            Meaning("gregorian", int(value) if value.isdigit() else value, frozenset(languages))
            for value, languages in raw.items()
        )
    return _plain_meaning(raw)


@functools.cache
def _plain_meaning(value: int | str) -> tuple[Meaning, ...]:
    return (Meaning("gregorian", value),)


class Phrases:
    """Names of one or more words, looked up at a place in a line; the longest one wins.

    `names` are as cldr.json has them, a number or word, or the languages of each; they become meanings when met,
    so that loading is quick. `longest` is how many words the longest name has by its first word, where that is not 1.
    """

    def __init__(self, generated: dict[str, Any]) -> None:
        self.names: dict[str, Raw] = dict(generated["names"])
        self.longest: dict[str, int] = dict(generated["longest"])

    def add(self, phrase: str, meaning: Meaning) -> None:
        had = meanings(self.names.get(phrase, ()))
        if (meaning.calendar, meaning.number) not in {(each.calendar, each.number) for each in had}:
            self.names[phrase] = (*had, meaning)
        first, *more = phrase.split(" ")
        if len(more) >= self.longest.get(first, 1):
            self.longest[first] = len(more) + 1

    def at(self, words: list[str], i: int) -> tuple[int, tuple[Meaning, ...]] | None:
        """The end of the phrase that starts at token `i` and its meanings, or None."""
        longest = self.longest.get(words[i])
        if longest:
            for length in range(min(longest, len(words) - i), 1, -1):
                found = self.names.get(" ".join(words[i : i + length]))
                if found is not None:
                    return i + length, meanings(found)
        found = self.names.get(words[i])
        return None if found is None else (i + 1, meanings(found))

    def before(self, words: list[str], i: int) -> tuple[int, tuple[Meaning, ...]] | None:
        """The start of the phrase that ends just before token `i` and its meanings, or None."""
        for start in range(max(0, i - 3), i):
            found = self.names.get(" ".join(words[start:i]))
            if found is not None:
                return start, meanings(found)
        return None


@dataclass(frozen=True, slots=True)
class Words:
    """All the tables of date words, joined."""

    months: Phrases
    weekdays: Phrases
    periods: Phrases  # am, pm, night, noon
    ago: Phrases  # "# hours ago" -> "hour", "قبل ساعتين" -> "hour 2"
    days: Phrases  # today 0, yesterday -1
    skipped: frozenset[str]  # words that may stand between the parts of a date, or between date and time
    stops: frozenset[str]  # words after which a time is not the date's own
    ones: frozenset[str]  # "an" hour ago
    dotted: frozenset[str]  # words before 12.36 that make it a time
    clock: re.Pattern[str]
    zone: re.Pattern[str]
    hours: frozenset[str]  # words after an hour
    zones: dict[str, timedelta]
    turning: dict[str, str]  # zone abbreviation that means two offsets in turn -> POSIX rule
    unsure: dict[str, dict[str, timedelta]]  # zone abbreviation -> region -> offset
    eras: dict[str, str]  # the end of the word before a year -> calendar
    era_letters: dict[str, str]  # of Japanese eras -> their names
    regions: dict[str, str]  # language -> the one region whose zones it may mean
    orders: dict[str, str]  # locale -> "dmy", or "dmy mdy" where its regions differ
    year_first: frozenset[str]  # languages that name the year before the month
    english: frozenset[str]  # country domains whose English writes the day first
    aliases: dict[str, str]


@functools.cache
def words() -> Words:
    """The joined tables, made once."""
    cldr, own, calendars = table("cldr.json"), table("datewords.toml"), table("calendars.toml")
    hours, minutes, seconds = (list(map(fold, own["clock"][each])) for each in ("hour", "minute", "second"))
    weekdays = _phrases(cldr["weekdays"], {})
    skipped = {*cldr["skipped"], *map(key, own["skipped"]["words"]), *hours, *minutes, *seconds}
    skipped.update(*map(str.split, weekdays.names), map(fold, own["zones"]), map(fold, own["unsure_zones"]))
    return Words(
        months=_months(cldr["months"], own["months"], calendars),
        weekdays=weekdays,
        periods=_phrases(cldr["periods"], own["periods"]),
        ago=_phrases(cldr["ago"], own["ago"]),
        days=_days(own["days"], own["days_of"]),
        skipped=frozenset(skipped),
        stops=frozenset(map(key, own["stops"]["words"])),
        ones=frozenset(map(key, own["ones"]["words"])),
        dotted=frozenset(cldr["dotted"]) | frozenset(map(key, own["dotted"]["words"])),
        clock=_clock(hours, minutes, seconds),
        zone=_zone([*cldr["gmt"], *own["gmt"]["words"]]),
        hours=frozenset(hours),
        zones={fold(name): _offset(value) for name, value in own["zones"].items()},
        turning={fold(name): zone for name, zone in own["turning_zones"].items()},
        unsure={
            fold(name): {region: _offset(value) for region, value in regions.items()}
            for name, regions in own["unsure_zones"].items()
        },
        eras={fold(name): era for era, names in calendars["eras"].items() for name in names},
        era_letters=calendars["era_letters"],
        regions=own["regions"],
        orders={**cldr["orders"], **own["orders"]},
        year_first=frozenset(cldr["year_first"]),
        english=frozenset(own["countries"]["tlds"]),
        aliases=own["aliases"],
    )


def _offset(text: str) -> timedelta:
    """+04:30 as a duration."""
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return timedelta(minutes=-minutes if text[0] == "-" else minutes)


def _phrases(generated: dict[str, Any], written: dict[str, list[str]]) -> Phrases:
    """`generated` has folded names; `written` has for each meaning the names as people spell them."""
    phrases = Phrases(generated)
    for value, names in written.items():
        meaning = Meaning("gregorian", int(value) if value.lstrip("-").isdigit() else value)
        for name in names:
            phrases.add(" # ".join(map(key, name.split("#"))).strip(), meaning)
    return phrases


def _days(written: dict[str, list[str]], of_one: dict[str, dict[str, int]]) -> Phrases:
    """Today and yesterday; `of_one` has for a language the words that only its own pages mean so."""
    phrases = _phrases({"names": {}, "longest": {}}, written)
    for language, names in of_one.items():
        for name, number in names.items():
            phrases.add(key(name), Meaning("gregorian", number, frozenset((language,))))
    return phrases


def _months(
    generated: dict[str, Any], written: dict[str, list[str]], calendars: dict[str, dict[str, list[str]]]
) -> Phrases:
    phrases = _phrases(generated, written)
    for calendar in ("solar", "hijri", "bikram", "ethiopian"):
        for number, names in calendars[calendar].items():
            for name in names:
                phrases.add(key(name), Meaning(calendar, int(number)))
    return phrases


def _any_of(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(set(names), key=lambda name: (-len(name), name)))


def _clock(hours: list[str], minutes: list[str], seconds: list[str]) -> re.Pattern[str]:
    """12:36:05, 12h36, 12.36, 3 Uhr, 12時36分5秒; groups: hour, then minute and second of each of the three ways."""
    no_letter = r"(?![^\W\d_])"
    two, one_or_two = r"\s?(\d\d)(?!\d)", r"\s?(\d\d?)(?!\d)"
    minute, second = rf"\s?(?:{_any_of(minutes)})", rf"\s?(?:{_any_of(seconds)}){no_letter}"
    return re.compile(
        r"(?<!\d)(?<!\d[:./,])(\d{1,2})(?:"
        rf"\s?:{two}(?:\s?:{one_or_two}(?:[.,]\d{{1,9}})?)?"
        rf"|\s?(?:{_any_of(hours)}){no_letter}\.?"
        rf"(?:\s?(\d\d(?!\d)|\d(?={minute}))(?:{minute}\.?(?:{one_or_two}(?:{second})?)?)?)?"
        r"|\.(\d\d)(?!\d)(?:\.(\d\d)(?!\d))?(?![.,]\d)"
        rf"|(?=\s?(?:a|p)\.?\s?m{no_letter}))"
    )


def _zone(greenwich: list[str]) -> re.Pattern[str]:
    """What may follow a time: (GMT+7), UTC-04:30, +0430, EDT; groups: Greenwich, sign, hours, minutes, abbreviation."""
    return re.compile(
        rf"\.?\s{{0,2}}[(\[]?\s?(?:(?:({_any_of(greenwich)})[)\]]?\s?)?([+-])(\d{{1,2}})(?::?(\d\d))?(?![\d:/])"
        r"|([^\W\d_]{1,8})(?![^\W\d_]))"
    )
