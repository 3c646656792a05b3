"""Text to clock times with their offsets from UTC: "12:36 pm GMT+4:30", "12h36", "12.36 Uhr", "午後3時15分"."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import time, timedelta

from scraper.parse.datewords import Line, Meaning, Words

_LARGEST_OFFSET = timedelta(hours=14)  # Kiribati; the other way it is 12
_LASTS = re.compile(r"\s?(?:min(?:s|ut\w*)?|мин(?:ут\w*)?)(?!\w)")  # behind how long something takes: "4:30 min read"
# A land's or a street's name behind a time, no zone: "10:30 Eastern Cape"; but "10:30 Eastern Time".
_LAND = re.compile(r"[^\W\d_]{3,}\s+(?!(?:time|standard|daylight|on)(?!\w))[^\W\d_]")
_SIGNS = ("+", "-")
_GREENWICH = re.compile(r"(?:gmt|utc)\s?[+-]$")
_QUARTERS = (0, 15, 30, 45)  # minutes that an offset may have


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as printed, and its place in the line."""

    start: int
    end: int
    time: time
    next_day: bool = False  # 24:00: the first moment of the day after
    offset: timedelta | None = None
    dotted: bool = False  # 12.36, which may as well be a number
    zone: str | None = None  # the POSIX rule of a name that means two offsets in turn: "ET"


def find(line: Line, tables: Words, language: str | None) -> list[Clock]:
    """All clock times of a line, in order. `language` is a BCP 47 tag and settles zones like IST."""
    found: list[Clock] = []
    for match in tables.clock.finditer(line.text):
        clock = _read(match, line, tables, language)
        if clock and (not found or clock.start >= found[-1].end):
            found.append(clock)
    return found


def _read(match: re.Match[str], line: Line, tables: Words, language: str | None) -> Clock | None:
    if line.text[match.start() - 1 : match.start()] in _SIGNS and _GREENWICH.search(line.text[: match.start()]):
        return None  # "(GMT+07:00)"
    hour, *parts = match.groups()
    minute, second = next(((m, s) for m, s in zip(parts[::2], parts[1::2], strict=True) if m), (None, None))
    start, end, half = _half_of_day(line, tables, match.start(), match.end(), language)
    moment = _time(int(hour), int(minute or 0), int(second or 0), half)
    if moment is None or _LASTS.match(line.text, end):
        return None
    offset, end = zone_at(line.text, end, tables, language, glued_offset=bool(second))
    sure = half is not None or offset is not None or match[6] is None or _is_announced(line, tables, match)
    turning = None
    if offset is None and (language or "").lower().startswith("en") and (after := tables.zone.match(line.text, end)):
        turning = tables.turning.get(after[5] or "") if not _LAND.match(line.text, after.start(5)) else None
        end = after.end() if turning else end  # in "12:36 p.m. ET July 6" nothing parts time and date
    return Clock(start, end, moment[0], moment[1], offset, dotted=not sure, zone=turning)


def _is_announced(line: Line, tables: Words, match: re.Match[str]) -> bool:
    """Whether words around 12.36 say that it is a time: "kl. 12.36", "12.36 Uhr"."""
    at = bisect_left(line.starts, match.start())
    after = bisect_left(line.starts, match.end())
    if at > 0 and line.words[at - 1] in tables.dotted:
        return True
    return after < len(line.words) and line.words[after] in tables.hours and line.starts[after] <= match.end() + 1


def _half_of_day(line: Line, tables: Words, start: int, end: int, language: str | None) -> tuple[int, int, str | None]:
    """The place of a time together with its word for the half of the day, which stands behind it or in front."""
    after = bisect_left(line.starts, end)
    if after < len(line.words) and line.starts[after] - end <= 2:
        hit = tables.periods.at(line.words, after)
        if hit and not _is_german_am(line, hit[0], language):
            return start, line.ends[hit[0] - 1], _meaning(hit[1], language)
    at = bisect_left(line.starts, start)
    if at and line.starts[at] == start and start - line.ends[at - 1] <= 2:
        before = tables.periods.before(line.words, at)
        if before and len(" ".join(line.words[before[0] : at])) > 1:
            return line.starts[before[0]], end, _meaning(before[1], language)
    return start, end, None


def _is_german_am(line: Line, end: int, language: str | None) -> bool:
    """German "um 12:36 am 6. Juli": the word is a preposition, a day follows."""
    word_is_am = line.words[end - 1] == "am"
    return word_is_am and (language or "").startswith("de") and end < len(line.words) and line.words[end].isdigit()


def _meaning(meanings: tuple[Meaning, ...], language: str | None) -> str | None:
    base = (language or "").partition("-")[0].lower()
    numbers = {m.number for m in meanings if m.languages and base in m.languages} or {m.number for m in meanings}
    numbers = numbers & {"noon", "night"} or numbers  # CLDR has one half for them
    return str(numbers.pop()) if len(numbers) == 1 else None


def _time(hour: int, minute: int, second: int, half: str | None) -> tuple[time, bool] | None:
    """The time and whether it belongs to the next day; None if there is no such time. Leap seconds are held at 59."""
    if half and hour <= 12:
        hour = _in_half(hour, half)
    second = min(second, 59) if second <= 60 else 60
    if hour == 24 and minute == second == 0:
        return time(0), True
    if hour > 23 or minute > 59 or second > 59:
        return None
    return time(hour, minute, second), False


def _in_half(hour: int, half: str) -> int:
    """The hour of 24 for one of 12.

    >>> [_in_half(12, "am"), _in_half(12, "pm"), _in_half(11, "noon"), _in_half(1, "noon"), _in_half(10, "night")]
    [0, 12, 11, 13, 22]
    """
    hour %= 12
    later = {"am": False, "pm": True, "noon": hour < 10, "night": hour > 5}[half]
    return hour + 12 * later


def zone_at(
    text: str, at: int, tables: Words, language: str | None, glued_offset: bool = False
) -> tuple[timedelta | None, int]:
    """The offset that stands at a place of a folded text, and where it ends; (None, at) if there is none.

    A bare offset has its minutes, and a minus needs seconds (`glued_offset`) or a blank before it: "9:00-10:30" spans.
    """
    match = tables.zone.match(text, at)
    if not match:
        return None, at
    greenwich, sign, hours, minutes, name = match.groups()
    if name:
        offset = _named(name, tables, language)
        return offset, match.end() if offset is not None else at
    bare_ok = minutes is not None and (glued_offset or sign == "+" or text[at : at + 1] == " ")
    if not (greenwich or bare_ok) or int(minutes or 0) not in _QUARTERS:
        return None, at
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0)) * (1 if sign == "+" else -1)
    return (offset, match.end()) if abs(offset) <= _LARGEST_OFFSET else (None, at)


def offset_at(line: Line, at: int, tables: Words) -> timedelta | None:
    """The offset from Greenwich at a place behind a date: "12:36, 06/07/2021 (GMT+7)"; names of zones may be words."""
    match = tables.zone.match(line.text, at)
    return zone_at(line.text, at, tables, None)[0] if match and match[1] else None


def _named(name: str, tables: Words, language: str | None) -> timedelta | None:
    if name in tables.zones:
        return tables.zones[name]
    regions = tables.unsure.get(name)
    if not regions:
        return None
    base, _, rest = (language or "").partition("-")
    region = rest.rpartition("-")[2].upper() or tables.regions.get(base.lower(), "")
    return regions.get(region, regions.get(""))
