"""All that a page says about its publication, weighed: which day, which time, in which zone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone

from scraper.parse import datekinds, datetext
from scraper.parse.moments import Moment, near

WEST, EAST = timedelta(hours=-12), timedelta(hours=14)  # offsets that exist
UTC_ITSELF = timedelta()
_ODD = (345, 525, 765)  # minutes: Nepal, Eucla, Chatham
_AGED = timedelta(days=60)  # a declared day so long after that of the address is of a page that was dated anew
SEEN = ("label", "markup")  # sources that readers see
_ALONE = 40  # characters of a line that is a date
_HOUR, _HALF = timedelta(hours=1), timedelta(minutes=30)
_SLOW = timedelta(minutes=3)  # that a page is printed after its data


@dataclass(frozen=True, slots=True)
class Told:
    """What was decided: the moments that give the day and the time, and the local time with its offset."""

    day: Moment
    clock: Moment | None
    local: datetime  # naive; its time counts only where `clock` is there
    offset: timedelta | None
    instant: Moment | None = None  # what gives the offset
    torn: bool = False  # the page gives the same clock in two zones


def decide(every: list[Moment]) -> Told | None:
    """The day of the most trusted source, and the finest time that agrees with it."""
    found = _candidates(every)
    if not found:
        return None
    day = _first(found)
    agreeing = [m for m in found if _agree(m, day)]
    if told := _said(day, every):
        return told
    instant = next((m for m in agreeing if m.instant and m.trust <= max(8, day.trust) and _explains(m, day)), None)
    if instant is None or (day.timed and day.source in ("site", "label")):
        return _in_utc(day, every) or _local(day, agreeing, instant)
    clock = _minute(naive(instant))
    torn = any(m.instant and m.when.offset != instant.when.offset and _minute(naive(m)) == clock for m in agreeing)
    return replace(_printed(_corrected(instant, agreeing), day, agreeing), torn=torn)


def _said(day: Moment, every: list[Moment]) -> Told | None:
    """What a line of the article says of its publication, where the data have that of a change."""
    if not day.machine or day.when.date is None:
        return None
    data = [m for m in every if m.timed and m.machine]
    for other in every:
        if other.machine or other.kind != "published" or not other.timed or other.trust > 7 or other.listed:
            continue
        if not near(naive(other).date(), day.when.date) or not datekinds.tells_publication(other.raw):
            continue
        if not any(_is_same(other, m) for m in data if m.kind == "published"):
            own = other.when.offset
            if own is None:
                offsets = (between(naive(other), earliest(m)) for m in data if m.instant)
                own = next((each for each in offsets if each is not None), None)
            return Told(other, other, naive(other), own)
    return None


def _in_utc(day: Moment, every: list[Moment]) -> Told | None:
    """What is printed, where data without a zone have that moment in UTC: "7:22 pm" on the day before 01:22."""
    if not day.machine or not day.timed or day.when.offset is not None:
        return None
    printed = [m for m in every if m.kind == "published" and m.timed and not (m.machine or m.listed) and m.trust <= 7]
    offsets = {m: between(naive(m), naive(day).replace(tzinfo=UTC)) for m in printed}
    if UTC_ITSELF in offsets.values():
        return None  # both are local
    other = next((m for m, offset in offsets.items() if offset and m.when.offset in (None, offset)), None)
    return Told(other, other, naive(other), other.when.offset) if other else None


def _is_same(printed: Moment, instant: Moment) -> bool:
    """Whether a printed time can be that instant, minutes later: in another zone, or an hour off by summer time."""
    apart = earliest(printed) - earliest(instant)
    if printed.when.offset is not None:
        return abs(apart) <= _HOUR + _SLOW
    return abs(apart - round(apart / _HALF) * _HALF) <= _SLOW and WEST <= apart <= EAST


def _candidates(every: list[Moment]) -> list[Moment]:
    """The moments of publication in the order of trust; hAtom's "updated" is one where no element tells another."""
    changes = [m for m in every if m.kind == "modified" and not m.spare and m.trust <= 8 and m.source in SEEN]
    last = max((m.when.date for m in changes if m.when.date), default=None)
    found = [m for m in every if m.kind == "published" and not (last and _is_foreign(m, last))]
    found.sort(key=lambda m: m.trust)
    if found and found[0].listed:
        found.sort(key=lambda m: not _stands_alone(m))
    spare = [m for m in every if m.spare]
    if not found or found[0].trust > 8 or found[0].listed:
        return [*(m for m in spare if m.trust <= 8 and not m.listed), *found] or spare
    return found + spare if found[0].source == found[-1].source == "url" else found


def _stands_alone(moment: Moment) -> bool:
    """Whether an element or a line at the headline is that date and nothing else; it comes before days of a list."""
    if moment.listed or moment.trust > 8 or moment.source != "markup":
        return False
    return moment.machine or (len(moment.raw) <= _ALONE and datetext.is_bare(moment.raw))


def _is_foreign(moment: Moment, changed: date) -> bool:
    """Whether the date of a page that prints its last change is another page's: in the margin alone, or later still."""
    if moment.source != "markup" or moment.when.date is None:
        return False
    later = moment.when.date - changed > timedelta(days=1)
    return moment.trust > 8 or (later and (moment.trust > 6 or moment.listed))


def _explains(instant: Moment, day: Moment) -> bool:
    """Whether an instant can be the time that is printed with the day; the clock of a masthead is another."""
    if day.source != "markup" or not day.timed or day.when.offset is not None or day is instant:
        return True
    return between(naive(day), earliest(instant)) is not None


def _agree(moment: Moment, day: Moment) -> bool:
    """Whether a moment may be of that day, seen from another zone; beside a URL's day one of a list may not."""
    one, other = moment.when.date, day.when.date
    if moment.listed and day.source == "url":
        return False
    if one is None or other is None or not near(one, other):
        return False
    if moment.instant and day.when.offset is None:
        utc = earliest(moment).astimezone(UTC).replace(tzinfo=None)
        return (utc + WEST).date() <= other <= (utc + EAST).date()
    return True


def _first(found: list[Moment]) -> Moment:
    """The moment that gives the day, of moments in the order of trust."""
    day = found[0]
    for other in found:
        assert other.when.date is not None and day.when.date is not None
        earlier = day.when.date - other.when.date
        if other.source == "url" and earlier > _AGED and day.source in ("json-ld", "meta"):
            return other
    return day


def _local(day: Moment, agreeing: list[Moment], instant: Moment | None) -> Told:
    """A day with the time of the same day that some source prints; its offset only where an instant gives it."""
    clocks = [m for m in (day, *agreeing) if m.timed and m.when.date == day.when.date]
    to_second = (m for m in clocks if naive(m).second and _minute(naive(m)) == _minute(naive(clocks[0])))
    clock = next(to_second, clocks[0] if clocks else None)
    assert day.when.date is not None
    local = datetime.combine(day.when.date, (clock.when.time if clock else None) or datetime.min.time())
    if clock is None:
        return Told(day, None, local, None)
    offset = clock.when.offset
    if offset is None and instant is not None:
        offset = between(local, earliest(instant))
    return Told(day, clock, local, offset, instant)


def _corrected(instant: Moment, agreeing: list[Moment]) -> Moment:
    """The instant, or another that shows its offset to be wrong: one clock was given the mark of the other zone.

    Programs that keep local and UTC clocks print the local one with +00:00 (the page's <time> knows the zone), or the
    UTC one with the zone's offset (another instant of the page is the very same clock in UTC).
    """
    clock = _minute(naive(instant))
    for other in agreeing:
        if not other.instant or other.when.offset == UTC_ITSELF:
            continue
        alike = clock == _minute(naive(other))
        if instant.when.offset == UTC_ITSELF:
            wrong = alike and other.source == "markup"
        else:
            wrong = not alike and clock == _minute(earliest(other).astimezone(UTC).replace(tzinfo=None))
        if wrong:
            return other
    return instant


def _printed(instant: Moment, day: Moment, agreeing: list[Moment]) -> Told:
    """The instant of the data, in the local time that the page gives beside it; else in the data's own offset."""
    own = instant.when.offset
    if told := _an_hour_off(instant, agreeing):
        return told
    if own == UTC_ITSELF:  # an offset of its own is local already
        if next_day := _after_midnight(instant, agreeing):
            return _local(next_day, [next_day], None)
        if told := _beside(instant, agreeing) or _twin(instant, agreeing):
            return told
    first = day if day.when.date == instant.when.date else instant
    return Told(first, instant, naive(instant), own, instant)


def _beside(instant: Moment, agreeing: list[Moment]) -> Told | None:
    """An instant in UTC with the local time that the page gives for it; None where there is none."""
    moment = earliest(instant)
    for other in agreeing:
        offset = other.when.offset
        if other is instant or not other.timed or offset == UTC_ITSELF:
            continue
        if offset is None:
            offset = between(naive(other), moment)
            if offset is None or (other.machine and offset == UTC_ITSELF):
                continue  # a clock of the data without its zone may be UTC again
            return Told(other, other, naive(instant) + offset, offset, instant)
        if _minute(earliest(other)) == _minute(moment):
            return Told(other, other, naive(instant) + offset, offset, other)
    return None


def _twin(instant: Moment, agreeing: list[Moment]) -> Told | None:
    """An instant of the JSON-LD with the same second on another clock of the page, marked +00:00 as well.

    WordPress themes and plugins print the local clock so; what writes the JSON-LD knows UTC.
    """
    clock = naive(instant)
    for other in agreeing if instant.source == "json-ld" and clock.second else ():
        if not (other.machine and other.instant and other.when.offset == UTC_ITSELF and other.source != "json-ld"):
            continue
        offset = between(naive(other), earliest(instant))
        if offset and naive(other).second == clock.second and other.trust <= 7 and not other.listed:
            return Told(other, other, naive(other), offset, instant)
    return None


def _an_hour_off(instant: Moment, agreeing: list[Moment]) -> Told | None:
    """An instant whose offset, or that of what is printed, forgets summer time: "EST" in July, +02:00 in November."""
    moment = earliest(instant)
    for other in agreeing:
        own = instant.when.offset if other.when.offset is None else other.when.offset
        if other.machine or not other.timed or other.trust > 7 or not own:
            continue
        offset = between(naive(other), moment)
        if offset is not None and abs(offset - own) == _HOUR:
            local = moment.astimezone(timezone(offset)).replace(tzinfo=None)
            return Told(other, other, local, offset, instant)
    return None


def zoned(told: Told, every: list[Moment]) -> Told:
    """An instant in UTC put in the zone that the page gives for another moment of these days: "Updated 4:46 PM HST"."""
    clock = told.clock
    if clock is None or told.offset != UTC_ITSELF or clock.when.offset != UTC_ITSELF:
        return told
    changes = [earliest(m) for m in every if m.kind == "modified" and m.instant and m.source in ("json-ld", "meta")]
    before: Moment | None = None
    for other in every:
        pair, before = before, other
        if not other.timed or not near(naive(other).date(), told.local.date()):
            continue
        offset = other.when.offset
        if offset is None and not other.machine and pair is not None and pair.instant and pair.path == other.path:
            offset = between(naive(other), earliest(pair))  # <time datetime="...Z">9:01</time>
            other = pair
        elif offset is None and not other.machine and other.trust <= 8:
            offset = next(filter(None, (between(naive(other), change) for change in changes)), None)
        if offset:
            return Told(clock, clock, told.local + offset, offset, other)
    return told


def _after_midnight(instant: Moment, agreeing: list[Moment]) -> Moment | None:
    """The day that is printed where an instant in UTC is the midnight before it: 23:00Z for 00:00+01:00."""
    clock = instant.when.time
    if clock is None or (clock.minute, clock.second) != (0, 0) or clock.hour < 10:
        return None
    following = naive(instant).date() + timedelta(days=1)
    shown = (m for m in agreeing if m.source == "markup" and m.trust < 9 and m.when.time is None)
    return next((m for m in shown if m.when.date == following), None)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def naive(moment: Moment) -> datetime:
    assert moment.when.date is not None and moment.when.time is not None
    return datetime.combine(moment.when.date, moment.when.time)


def between(local: datetime, moment: datetime) -> timedelta | None:
    """The offset at which `local` is `moment`, to the minute; None where no zone has it."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    offset = local.replace(second=0) - utc.replace(second=0)
    minutes = offset // timedelta(minutes=1)
    known = minutes % 60 in (0, 30) or minutes in _ODD
    return offset if known and WEST <= offset <= EAST else None


def earliest(moment: Moment) -> datetime:
    assert moment.when.date is not None
    clock = moment.when.time or datetime.min.time()
    zone = UTC if moment.when.offset is None else timezone(moment.when.offset)
    return datetime.combine(moment.when.date, clock, zone)
