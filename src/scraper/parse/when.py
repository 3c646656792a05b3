"""When the article was published and last changed: all that the page says, weighed into one instant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

from scraper.model import Found, Source
from scraper.parse import datelines, moments
from scraper.parse.document import Document
from scraper.parse.moments import Kind, Moment, near

_AHEAD = timedelta(hours=48)  # a page may be dated that far ahead of its fetch: zones and fast clocks
_WEST, _EAST = timedelta(hours=-12), timedelta(hours=14)  # offsets that exist
_ODD = (345, 525, 765)  # minutes: Nepal, Eucla, Chatham
_NONE = timedelta()
_FEW = 6  # elements looked at for the local time of a day that is declared; they come nearest the headline first
_MORNING, _EVENING = 8, 22  # hours of UTC between which it is the same day from California to Moscow
_LATE = "enough was known before"
_AGED = timedelta(days=60)  # a declared day so long after that of the address is of a page that was dated anew


@dataclass(frozen=True, slots=True)
class Stamp:
    """The record's own strings; None where the page does not say. `evidence`: all candidates, with `full` alone."""

    date: str | None = None  # YYYY-MM-DD
    time: str | None = None  # HH:MM:SS, local to the page
    utc_offset: str | None = None  # +HH:MM
    published_at: str | None = None  # RFC 3339, UTC, Z
    modified_at: str | None = None
    sources: dict[str, Source] = field(default_factory=dict)
    issues: tuple[str, ...] = ()
    evidence: tuple[Found, ...] = ()


@dataclass(frozen=True, slots=True)
class _Told:
    """What was decided: the moments that give the day and the time, and the local time with its offset."""

    day: Moment
    clock: Moment | None
    local: datetime  # naive; its time counts only where `clock` is there
    offset: timedelta | None
    instant: Moment | None = None  # what gives the offset
    torn: bool = False  # the page gives the same clock in two zones


def when(doc: Document, *, full: bool = False) -> Stamp:
    """The dates of the page. `full` gathers every candidate, for explain(); else it stops where enough is known."""
    seen: list[Moment] = []
    refused: dict[int, str] = {}
    told: _Told | None = None
    for gather, needed in _GATHER:
        wanted = told is None or needed(told)
        if not wanted and not full:
            continue
        before = len(seen)
        most = None if told is None or told.day.trust > 3 else _FEW
        for moment in map(_sane, islice(gather(doc), most)):
            if reason := _refusal(moment, doc) or (None if wanted else _LATE):
                refused[len(seen)] = reason
            seen.append(moment)
        if wanted and len(seen) > before:
            told = _decide([m for i, m in enumerate(seen) if i not in refused])
    if told is not None:
        told = _zoned(told, [m for i, m in enumerate(seen) if i not in refused])
    stamp = _stamp(doc, told, seen, refused)
    return replace(stamp, evidence=_evidence(seen, refused, told)) if full else stamp


def _declared(doc: Document) -> Iterator[Moment]:
    """What is cheap to ask: site rules, data, labels, URL."""
    kinds: tuple[Kind, Kind] = ("published", "modified")
    for kind in kinds:
        yield from moments.from_site(doc, kind)
        yield from moments.from_jsonld(doc, kind)
        yield from moments.from_meta(doc, kind)
        yield from moments.from_labels(doc, kind)
    yield from moments.from_url(doc)


def _sane(moment: Moment) -> Moment:
    """The moment without an offset that no zone has ("+99:99")."""
    offset = moment.when.offset
    if offset is None or _WEST <= offset <= _EAST:
        return moment
    return replace(moment, when=replace(moment.when, offset=None))


def _refusal(moment: Moment, doc: Document) -> str | None:
    """Why a candidate cannot be: the reader's own issue, or a day after the fetch."""
    day = moment.when.date
    if day is None:
        return next(iter(moment.when.issues), "no date")
    fetched = doc.page.fetched_at
    if fetched is not None and _earliest(moment) > fetched + _AHEAD:
        return "date-future"
    return None


def _earliest(moment: Moment) -> datetime:
    assert moment.when.date is not None
    clock = moment.when.time or datetime.min.time()
    zone = UTC if moment.when.offset is None else timezone(moment.when.offset)
    return datetime.combine(moment.when.date, clock, zone)


def _decide(every: list[Moment]) -> _Told | None:
    """The day of the most trusted source, and the finest time that agrees with it."""
    found = sorted((m for m in every if m.kind == "published"), key=lambda m: m.trust)
    if not found:
        return None
    day = _first(found)
    agreeing = [m for m in found if m.when.date and day.when.date and near(m.when.date, day.when.date)]
    instant = next((m for m in agreeing if m.instant and m.trust <= max(8, day.trust)), None)
    if instant is None or (day.timed and day.source in ("site", "label")):
        return _local(day, agreeing, instant)
    clock = _minute(_naive(instant))
    torn = any(m.instant and m.when.offset != instant.when.offset and _minute(_naive(m)) == clock for m in agreeing)
    return replace(_printed(_corrected(instant, agreeing), day, agreeing), torn=torn)


def _first(found: list[Moment]) -> Moment:
    """The moment that gives the day, of moments in the order of trust."""
    day = found[0]
    for other in found:
        assert other.when.date is not None and day.when.date is not None
        earlier = day.when.date - other.when.date
        if other.source == "url" and earlier > _AGED and day.source in ("json-ld", "meta"):
            return other
    return day


def _local(day: Moment, agreeing: list[Moment], instant: Moment | None) -> _Told:
    """A day with the time of the same day that some source prints; its offset only where an instant gives it."""
    clock = next((m for m in (day, *agreeing) if m.timed and m.when.date == day.when.date), None)
    assert day.when.date is not None
    local = datetime.combine(day.when.date, (clock.when.time if clock else None) or datetime.min.time())
    if clock is None:
        return _Told(day, None, local, None)
    offset = clock.when.offset
    if offset is None and instant is not None:
        offset = _between(local, _earliest(instant))
    return _Told(day, clock, local, offset, instant)


def _corrected(instant: Moment, agreeing: list[Moment]) -> Moment:
    """The instant, or another that shows its offset to be wrong: one clock was given the mark of the other zone.

    Programs that keep local and UTC clocks print the local one with +00:00 (the page's <time> knows the zone), or the
    UTC one with the zone's offset (another instant of the page is the very same clock in UTC).
    """
    clock = _minute(_naive(instant))
    for other in agreeing:
        if not other.instant or other.when.offset == _NONE:
            continue
        alike = clock == _minute(_naive(other))
        if instant.when.offset == _NONE:
            wrong = alike and other.source == "markup"
        else:
            wrong = not alike and clock == _minute(_earliest(other).astimezone(UTC).replace(tzinfo=None))
        if wrong:
            return other
    return instant


def _printed(instant: Moment, day: Moment, agreeing: list[Moment]) -> _Told:
    """The instant of the data, in the local time that the page gives beside it; else in the data's own offset."""
    own = instant.when.offset
    if own == _NONE:  # an offset of its own is local already
        if next_day := _after_midnight(instant, agreeing):
            return _local(next_day, [next_day], None)
        if told := _beside(instant, agreeing):
            return told
    first = day if day.when.date == instant.when.date else instant
    return _Told(first, instant, _naive(instant), own, instant)


def _beside(instant: Moment, agreeing: list[Moment]) -> _Told | None:
    """An instant in UTC with the local time that the page gives for it; None where there is none."""
    moment = _earliest(instant)
    for other in agreeing:
        offset = other.when.offset
        if other is instant or not other.timed or offset == _NONE:
            continue
        if offset is None:
            offset = _between(_naive(other), moment)
            if offset is None or (other.machine and offset == _NONE):
                continue  # a clock of the data without its zone may be UTC again
            return _Told(other, other, _naive(instant) + offset, offset, instant)
        if _minute(_earliest(other)) == _minute(moment):
            return _Told(other, other, _naive(instant) + offset, offset, other)
    return None


def _zoned(told: _Told, every: list[Moment]) -> _Told:
    """An instant in UTC put in the zone that the page gives for another moment of these days: "Updated 4:46 PM HST"."""
    clock = told.clock
    if clock is None or told.offset != _NONE or clock.when.offset != _NONE:
        return told
    for other in every:
        offset = other.when.offset
        if other.instant and offset and other.trust <= 6 and near(_naive(other).date(), told.local.date()):
            return _Told(clock, clock, told.local + offset, offset, other)
    return told


def _after_midnight(instant: Moment, agreeing: list[Moment]) -> Moment | None:
    """The day that is printed where an instant in UTC is the midnight before it: 23:00Z for 00:00+01:00."""
    clock = instant.when.time
    if clock is None or (clock.minute, clock.second) != (0, 0) or clock.hour < 10:
        return None
    following = _naive(instant).date() + timedelta(days=1)
    shown = (m for m in agreeing if m.source == "markup" and m.trust < 9 and m.when.time is None)
    return next((m for m in shown if m.when.date == following), None)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _naive(moment: Moment) -> datetime:
    assert moment.when.date is not None and moment.when.time is not None
    return datetime.combine(moment.when.date, moment.when.time)


def _between(local: datetime, moment: datetime) -> timedelta | None:
    """The offset at which `local` is `moment`, to the minute; None where no zone has it."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    offset = local.replace(second=0) - utc.replace(second=0)
    minutes = offset // timedelta(minutes=1)
    known = minutes % 60 in (0, 30) or minutes in _ODD
    return offset if known and _WEST <= offset <= _EAST else None


def _coarse(told: _Told) -> bool:
    """Whether an element of the page could make it finer or right: no time, or one that data alone give."""
    return told.clock is None or told.day.trust > 3 or told.clock.source not in ("site", "label", "markup")


def _doubtful(told: _Told) -> bool:
    """As `_vague`, or an instant in two zones, or one in UTC whose day is another one where the page is read."""
    if told.torn or _vague(told):
        return True
    if told.offset != _NONE or told.clock is None or not told.clock.machine or told.clock.when.time is None:
        return False
    clock = told.clock.when.time
    return not _MORNING <= clock.hour < _EVENING or (clock.minute, clock.second) == (0, 0)


def _vague(told: _Told) -> bool:
    """Whether the page's own words may know better than what gives the day: they come behind its <time> elements."""
    return told.clock is None or told.day.trust > 6


def _marginal(told: _Told) -> bool:
    """Whether the day comes from a teaser or the margin alone."""
    return told.day.trust > 8


# Where to look, and whether it is worth it once something is known. What is dear comes last.
_GATHER: tuple[tuple[Callable[[Document], Iterable[Moment]], Callable[[_Told], bool]], ...] = (
    (_declared, _marginal),
    (moments.from_times, _coarse),
    (moments.from_names, _doubtful),
    (moments.from_loose_names, _doubtful),
    (datelines.from_islands, _marginal),
    (datelines.from_text, _marginal),
    (datelines.from_own_teaser, _marginal),
)


def _stamp(doc: Document, told: _Told | None, seen: list[Moment], refused: dict[int, str]) -> Stamp:
    zone = _zone(doc)
    modified = _modified(doc, seen, refused, zone)
    issues = _issues(told, seen, refused)
    sources: dict[str, Source] = {"modified_at": modified.source} if modified else {}
    at = _utc(_earliest(modified) if modified and modified.instant else _placed(modified, zone)) if modified else None
    if told is None:
        return Stamp(modified_at=at, sources=sources, issues=issues)
    local, offset = told.local, told.offset
    if zone is not None and told.clock is not None:
        aware = (
            local.replace(tzinfo=zone) if offset is None else local.replace(tzinfo=timezone(offset)).astimezone(zone)
        )
        local, offset = aware.replace(tzinfo=None), aware.utcoffset()
    sources["date"] = told.day.source
    instant = None
    if told.clock is not None:
        sources["time"] = told.clock.source
        if offset is not None:
            instant = local.replace(tzinfo=timezone(offset))
            giver = "site" if told.offset is None else (told.instant or told.clock).source
            sources["utc_offset"] = sources["published_at"] = giver
    return Stamp(
        date=local.date().isoformat(),
        time=local.time().replace(microsecond=0).isoformat() if told.clock else None,
        utc_offset=_offset(offset) if told.clock and offset is not None else None,
        published_at=_utc(instant),
        modified_at=at,
        sources=sources,
        issues=issues,
    )


def _zone(doc: Document) -> tzinfo | None:
    """The site's configured zone; None where there is none. Its name was checked with the configuration."""
    return ZoneInfo(doc.rules.timezone) if doc.rules.timezone else None


def _modified(doc: Document, seen: list[Moment], refused: dict[int, str], zone: tzinfo | None) -> Moment | None:
    """The most trusted change that is an instant, or can be made one in the site's zone."""
    found = [m for i, m in enumerate(seen) if i not in refused and m.kind == "modified" and m.timed]
    found = [m for m in found if m.instant or zone is not None]
    return min(found, key=lambda m: m.trust, default=None)


def _placed(moment: Moment, zone: tzinfo | None) -> datetime | None:
    return _naive(moment).replace(tzinfo=zone) if zone else None


def _issues(told: _Told | None, seen: list[Moment], refused: dict[int, str]) -> tuple[str, ...]:
    """Why a date is missing, or what is odd about it."""
    if told is None:
        return tuple(
            dict.fromkeys(r for i, r in refused.items() if r.startswith("date-") and seen[i].kind == "published")
        )
    return tuple(dict.fromkeys(issue for m in (told.day, told.clock) if m for issue in m.when.issues))


def _evidence(seen: list[Moment], refused: dict[int, str], told: _Told | None) -> tuple[Found, ...]:
    winners = [m for m in (told.day, told.clock) if m] if told else []
    rows = []
    for i, moment in enumerate(seen):
        wins = any(moment is m for m in winners)
        lost = None if wins else refused.get(i) or _why(moment, winners)
        rows.append((not wins, Found(_text(moment), moment.source, moment.raw, moment.path, lost)))
    return tuple(found for _, found in sorted(rows, key=lambda row: row[0]))


def _why(moment: Moment, winners: list[Moment]) -> str:
    if moment.kind == "modified":
        return "a change, not the publication"
    if winners and moment.when.date and winners[0].when.date and not near(moment.when.date, winners[0].when.date):
        return f"another day than {winners[0].path}"
    return f"{winners[0].source} comes first" if winners else "not needed"


def _text(moment: Moment) -> str | None:
    if moment.when.date is None:
        return None
    text = moment.when.date.isoformat()
    if moment.when.time is not None:
        text += f"T{moment.when.time.replace(microsecond=0).isoformat()}"
    return text + (_offset(moment.when.offset) if moment.when.offset is not None else "")


def _offset(offset: timedelta) -> str:
    minutes = offset // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _utc(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC with Z, to the second; None for a moment that lies outside the calendar."""
    if moment is None:
        return None
    try:
        return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat() + "Z"
    except OverflowError:
        return None
