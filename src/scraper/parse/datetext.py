"""Text to date, time and offset. Knows no HTML, no clock but the fetch time, and fills in nothing that is not there."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from scraper.parse import clocktext
from scraper.parse.clocktext import Clock
from scraper.parse.datewords import LONGEST, Line, Meaning, Words, cut, fold, words
from scraper.parse.days import BIKRAM, Context, Day, Order, numeric
from scraper.parse.machinedate import When, read_lenient, read_machine
from scraper.parse.nameddays import named

__all__ = ["When", "is_bare", "names_day", "names_weekday", "read", "read_clock", "read_iso", "timed"]

_DIGIT = re.compile(r"\d")
_ERA_LETTER = re.compile(r"(?<![^\W_])([RHS])\s?(\d\d?)[./-](\d\d?)[./-](\d\d?)(?!\d)")  # "R6.8.4" is 令和6年8月4日
_MIDDOT = re.compile(r"(?<=\d)·(?=\d)")  # "20·03·22", as papers in Spain set it
_AMERICAN = re.compile(
    r"\d\s?[APap]\.?[Mm]\.?\s\(?(?:[ECMP][SD]?T|AK[SD]T|HST)\b"
)  # "07/06/21, 12:36 PM PDT": the month is first
# "2146 GMT (0546 HKT)": one moment in two zones, of which the first is that of the day.
_TWO_ZONES = re.compile(r"(?<![\d:])([01]?\d|2[0-3]):?([0-5]\d)\s([A-Z]{2,4})\s?\(\d\d?:?\d\d\s[A-Z]{2,4}\)")
_COMMA = re.compile(r"(?<=\d{4}),(?=\d{1,2}[:.]\d\d)")  # "17-05-2024,06:10"
_PASHTO_ORDINAL = re.compile(r"(\d)(?:مه|می|م)(?!\w)")  # as folded; "مه" is May elsewhere
# Languages that part day and month by a slash, whatever stands before the year.
_SLASHED_DAY = frozenset(("da", "nb", "nn", "sv", "fo"))
_DAY_SLASH = re.compile(r"(?<![\d./-])(\d\d?)[/.](\d\d?)(?:-|\s)\s?((?:19|20)\d\d)(?!\d)")  # "11/10-2023", "11/10 2023"
_PRESENT_RULE = 2007  # since then summer ends in November in the United States (Energy Policy Act of 2005)
_SHORT = 60  # characters: in a longer text "today" need not be about the text itself
_REFUSED = ("date-future", "date-old", "date-impossible", "date-no-year")
_EXACT_UNITS = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1)}
_DAY_UNITS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}


@functools.lru_cache(maxsize=256)  # one page says one date in several places
def read(
    text: str,
    *,
    language: str | None = None,
    order: Order | None = None,
    now: datetime | None = None,
    zone: tzinfo | None = None,
    declared: date | None = None,
) -> When | None:
    """The first date of a short text (a label's value, a byline, the text of <time>), None if there is none.

    `language` is a BCP 47 tag, `order` the order of numbers where the page proves it, `now` the time of the fetch
    (naive is taken as UTC), against which relative forms count and the future is refused, `zone` that of "today".
    With `declared`, a day without a year is read as the one that is at most a day away from it.
    A date that is there but refused gives a When whose date is None and whose issues say why.
    """
    if len(text) > _SHORT and not _DIGIT.search(text, 0, LONGEST):
        return None
    tables, context = words(), _context(language, order, now, declared)
    if text[4:5] == "-" and (found := read_machine(text)) and _is_plain(found, context):
        return found
    if context.language == "ja":
        text = _ERA_LETTER.sub(
            lambda found: tables.era_letters[found[1].upper()] + "{}年{}月{}日".format(*found.groups()[1:]), text
        )
    if order is None and context.tag in ("en", "en-us", "") and _AMERICAN.search(text):
        context = replace(context, order="mdy")
    if "(" in text:
        text = _TWO_ZONES.sub(r"\1:\2 \3", text)
    folded = fold(_COMMA.sub(", ", _MIDDOT.sub(".", text)))
    if context.language in _SLASHED_DAY:
        folded = _DAY_SLASH.sub(r"\1.\2.\3", folded)
    line = cut(_PASHTO_ORDINAL.sub(r"\1 ", folded) if context.language == "ps" else folded)
    if not line.words:
        return None
    dates = sorted([*numeric(line, context), *named(line, context)], key=lambda day: day.start)
    best = _best(dates)
    clocks = clocktext.find(line, tables, language) if best or context.now else []
    if best is None or best.issue in _REFUSED:
        relative = _relative(line, clocks, context, zone)
        if relative or best is None:
            return relative
    return _joined(line, best, dates, clocks, context)


def _is_plain(found: When, context: Context) -> bool:
    """Whether a machine's date is one of the past, and in Nepali none of its own calendar."""
    day = found.date
    return day is not None and day <= context.latest and (context.language != "ne" or day.year < BIKRAM[0])


def read_iso(text: str) -> When | None:
    """The date of a machine's text (JSON-LD, meta, <time datetime>): ISO 8601, RFC 3339, RFC 2822, epochs and the like.

    None if there is none; as `read` otherwise. A midnight that is printed is given as it stands.
    """
    found = read_machine(text)
    if found or len(text) > 100 or not _DIGIT.search(text):
        return found
    bare = text.strip()
    if bare.isalnum() and not bare.isalpha() and len(bare) > 30:
        return None  # the key of some service
    found = read(bare)
    if found and (found.date or found.issues != ("date-no-year",)):
        return found
    return read_lenient(bare, words().zones) or found


def names_weekday(text: str, day: date) -> bool:
    """Whether a short text names the weekday of `day`, in any language: "Tuesday, 6 July 2021"."""
    tables, line = words(), cut(fold(text))
    months = [i for i in range(len(line.words)) if _means(tables.months.at(line.words, i), day.month)]
    for i, word in enumerate(line.words):
        if (word.isascii() and len(word) < 3) or months == [i]:
            continue  # "le" and "mar" are short for weekdays somewhere
        if _means(tables.weekdays.at(line.words, i), day.weekday()):
            return True
    return False


def puts_year_first(language: str | None) -> bool:
    """Whether a language puts the year before the month: "24.08.04" is the fourth of August in Korean."""
    context = _context(language, None, None)
    return context.language in context.tables.year_first - {"en"}


def writes_day_first(language: str | None, country: str) -> bool:
    """Whether pages in English at a country's addresses ("uk") write the day first, though their templates say "en"."""
    return (language or "").lower().replace("_", "-") in ("en", "en-us") and country in words().english


def names_day(text: str) -> bool:
    """Whether a short text has a word like "today"."""
    line = cut(fold(text))
    return any(words().days.at(line.words, i) for i in range(len(line.words)))


def is_bare(text: str) -> bool:
    """Whether a text is dates, times and words of change and nothing else: "6 July 2021, 12:36 pm - updated 13:36"."""
    tables, line = words(), cut(fold(text))
    i = 0
    while i < len(line.words):
        word = line.words[i]
        if hit := (
            tables.months.at(line.words, i) or tables.periods.at(line.words, i) or tables.days.at(line.words, i)
        ):
            i = hit[0]
        elif word in tables.skipped or word in tables.stops or any(map(str.isdecimal, word)):
            i += 1
        else:
            return False
    return True


def _means(hit: tuple[int, tuple[Meaning, ...]] | None, number: int) -> bool:
    return hit is not None and any(meaning.number == number for meaning in hit[1])


def read_clock(text: str, language: str | None = None) -> Clock | None:
    """The first time of day of a short text, None if there is none: "12:36 pm", "12h36", "12.36 Uhr", "午後3時15分"."""
    line = cut(fold(text))
    clocks = clocktext.find(line, words(), language)
    sure = [clock for clock in clocks if not clock.dotted] or [clock for clock in clocks if _is_alone(line, clock)]
    return sure[0] if sure else None


def timed(when: When, clock: Clock) -> When:
    """A date at a time printed for it: 24:00 begins the day after, "ET" has the offset of that day."""
    day = when.date + timedelta(clock.next_day) if when.date else None
    offset = clock.offset if clock.offset is not None else when.offset
    if clock.zone and day:
        offset = _turned(clock.zone, day, clock.time)
    return replace(when, date=day, time=clock.time, offset=offset)


def _is_alone(line: Line, clock: Clock) -> bool:
    """Whether nothing but a time is in the line: "12.36"."""
    return clock.start == line.starts[0] and clock.end == line.ends[-1]


def _context(language: str | None, order: Order | None, now: datetime | None, declared: date | None = None) -> Context:
    tag = (language or "").strip().lower().replace("_", "-")
    base = tag.partition("-")[0]
    if now is not None and now.tzinfo is None:
        now = now.replace(tzinfo=UTC)
    tables = words()
    return Context(tables, tables.aliases.get(base, base), tag, order, now, declared)


def _best(found: list[Day]) -> Day | None:
    """The first date; one that is refused gives way to a later one, an ambiguous one does not.

    Of a lunar date and a Gregorian one of the same days the Gregorian counts: months begin when the moon is seen.
    """
    first = next((day for day in found if day.issue not in _REFUSED), None)
    if first is None:
        return min(found, key=lambda day: _REFUSED.index(day.issue or ""), default=None)
    for day in found:
        if first.calendar == "hijri" and first.date and day.date and day.calendar == "gregorian":
            return day if abs(day.date - first.date) <= timedelta(days=2) else first
    return first


def _joined(line: Line, best: Day, found: list[Day], clocks: list[Clock], context: Context) -> When:
    """The date with the time that stands beside it."""
    clock = _clock_beside(line, _whole(line, best, found, context.tables), clocks, context.tables)
    issues = (best.issue,) if best.issue else ()
    when = When(best.date, None, None, issues, best.calendar)
    if clock is None:
        return when
    if clock.offset is None and clock.zone is None and clock.end <= best.start:
        clock = replace(clock, offset=clocktext.offset_at(line, best.end, context.tables))
    return timed(when, clock)


def _turned(rule: str, day: date, clock: time) -> timedelta | None:
    """The offset of a zone with a winter and a summer of its own; None for days before its present rule."""
    if day.year < _PRESENT_RULE:
        return None
    from dateutil.tz import tzstr  # 25 ms, and few pages need it

    return datetime.combine(day, clock, tzstr(rule)).utcoffset()


def _whole(line: Line, best: Day, found: list[Day], tables: Words) -> tuple[int, int]:
    """The place of a date with those that say it again beside it: "15 سرطان 1400 - 6 July 2021"."""
    start, end = best.start, best.end
    again = [
        day
        for day in found
        if (day.date == best.date or day.calendar != best.calendar)
        and best.date
        and day.date
        and abs(day.date - best.date) <= timedelta(days=2)
    ]
    for day in again:
        if -12 <= day.start - end <= 12 and _strange(line, end, day.start, tables) is not None:
            end = max(end, day.end)
    for day in reversed(again):
        if -12 <= start - day.end <= 12 and _strange(line, day.end, start, tables) is not None:
            start = min(start, day.start)
    return start, end


def _clock_beside(
    line: Line, place: tuple[int, int], clocks: list[Clock], tables: Words, most_strange: int = 1
) -> Clock | None:
    """The time of a date: the nearest by the strange words between; `most_strange` may stand before it, none behind."""
    start, end = place
    best: tuple[int, int] | None = None
    chosen = None
    for clock in clocks:
        if start <= clock.start < end:
            if clock.dotted:
                continue  # part of the date: 06.07
            return clock  # "Jul 06 12:36:00 UTC 2021"
        behind = clock.start >= end
        gap = (end, clock.start) if behind else (clock.end, start)
        strange = _strange(line, *gap, tables)
        if strange is None or strange > (most_strange if behind and not clock.dotted else 0) or gap[1] - gap[0] > 40:
            continue
        if best is None or (strange, not behind) < best:
            best, chosen = (strange, not behind), clock
    return chosen


def _strange(line: Line, start: int, end: int, tables: Words) -> int | None:
    """How many words between two places belong to neither date nor time; None if one of them parts the two."""
    count = 0
    for word, at, until in zip(line.words, line.starts, line.ends, strict=True):
        if at < start or until > end:
            continue
        if word in tables.stops:
            return None
        count += word not in tables.skipped and word not in tables.zones
    return count


def _relative(line: Line, clocks: list[Clock], context: Context, zone: tzinfo | None) -> When | None:
    """ "3 hours ago", "yesterday 14:05", against the time of the fetch."""
    if context.now is None:
        return None
    now = context.now.astimezone(zone or context.now.tzinfo)
    span, day = _ago(line, context.tables, now), _day_word(line, clocks, context, now)
    return day if span is None or (day and day.time and span.time is None) else span  # CLDR's spans have "yesterday"


def _ago(line: Line, tables: Words, now: datetime) -> When | None:
    """A span before the fetch. Hours and days give the day alone, weeks and more not even that."""
    for numbers in ((), tables.ones):
        shape = ["#" if word.isdecimal() or word in numbers else word for word in line.words]
        for at in range(len(shape)):
            hit = tables.ago.at(shape, at)
            if hit:
                unit, _, count = str(hit[1][0].number).partition(" ")
                digits = next((word for word in line.words[at : hit[0]] if word.isdecimal()), count or "1")
                return _before(now, unit, int(digits)) if len(digits) <= 4 else None
    return None


def _before(now: datetime, unit: str, count: int) -> When:
    if unit in _EXACT_UNITS:
        moment = now - count * _EXACT_UNITS[unit]
        minute = moment.time().replace(second=0, microsecond=0)
        return When(moment.date(), minute, moment.utcoffset(), ("date-relative",))
    if unit in _DAY_UNITS:
        return When((now - count * _DAY_UNITS[unit]).date(), issues=("date-relative",))
    return When(issues=("date-vague",))


def _day_word(line: Line, clocks: list[Clock], context: Context, now: datetime) -> When | None:
    """Today or yesterday: beside a time, or where the text says little else."""
    tables = context.tables
    for at in range(len(line.words)):
        hit = tables.days.at(line.words, at)
        if not hit or (hit[1][0].languages and context.language not in hit[1][0].languages):
            continue
        place = line.starts[at], line.ends[hit[0] - 1]
        clock = _clock_beside(line, place, clocks, tables, most_strange=0)
        if clock or (len(line.words) <= 4 and len(line.text) <= _SHORT):
            day: date = now.date() + timedelta(int(hit[1][0].number))
            return When(day, clock.time if clock else None, clock.offset if clock else None, ("date-relative",))
    return None
