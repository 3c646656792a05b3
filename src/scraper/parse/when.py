"""When the article was published and last changed: all that the page says, weighed into one instant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import islice

from scraper.model import Found, Source
from scraper.parse import datelines, datetext, moments
from scraper.parse.datekinds import Kind, zone_of
from scraper.parse.datetext import When
from scraper.parse.document import Document
from scraper.parse.moments import Moment, near
from scraper.parse.weigh import EAST, SEEN, UTC_ITSELF, WEST, Told, between, decide, earliest, naive, zoned

_AHEAD = timedelta(hours=48)  # a page may be dated that far ahead of its fetch: zones and fast clocks
_FEW = 6  # elements looked at for the local time of a day that is declared; they come nearest the headline first
_SOON = timedelta(days=3)  # between publication and a printed change; later the clock may have changed
_LATE = "enough was known before"


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


def when(doc: Document, *, full: bool = False) -> Stamp:
    """The dates of the page. `full` gathers every candidate, for explain(); else it stops where enough is known."""
    seen: list[Moment] = []
    refused: dict[int, str] = {}
    told: Told | None = None
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
        if noons := doc.memo.get("noons"):
            seen = [moments.bared(moment, noons) for moment in seen]
        if wanted and len(seen) > before:
            told = decide([m for i, m in enumerate(seen) if i not in refused])
    if told is not None:
        told = _labelled(told, doc)
        told = zoned(told, [m for i, m in enumerate(seen) if i not in refused])
        told = _ruled(told, doc, seen)
    stamp = _stamp(doc, told, seen, refused)
    return replace(stamp, evidence=_evidence(seen, refused, told)) if full else stamp


def _labelled(told: Told, doc: Document) -> Told:
    """The time of a label among others, where nothing else gives one: "July 6, 2021 ... Time: 12:36, Category: Rail".

    By itself it may be an event's.
    """
    block = {label.field for label in doc.labels} - {"time", "other"}
    found = moments.label_clock(doc) if told.clock is None and block else None
    if found is None:
        return told
    label, clock = found
    when = datetext.timed(told.day.when, clock)
    moment = replace(told.day, when=when, source="label", path=f"label {label.label}", raw=label.value, machine=False)
    beyond = timedelta(clock.next_day)
    return replace(
        told, clock=moment, local=datetime.combine(told.local.date() + beyond, clock.time), offset=when.offset
    )


def _ruled(told: Told, doc: Document, seen: list[Moment]) -> Told:
    """The time of the site's own rule, where no rule gives the day: it comes before all other times of that day.

    It is local. Where the page gives an instant, the day is the one of that in the site's zone; without a zone, the
    one whose offset, if any zone has it, is the least.
    """
    own = moments.own_clock(doc) if told.clock is None or told.clock.source != "site" else None
    if own is None:
        return told
    found, clock = own
    zone, offset = zone_of(doc), told.offset
    instant = None if offset is None or told.clock is None else told.local.replace(tzinfo=timezone(offset))
    day = (instant.astimezone(zone) if instant and zone else told.local).date()
    days = [day + timedelta(days=n) for n in ((0, 1, -1) if instant and not zone and offset == UTC_ITSELF else (0,))]
    each = [
        Moment(datetext.timed(When(day), clock), "published", "site", found.path, found.raw, trust=0) for day in days
    ]
    offsets = [between(naive(moment), instant) if instant else None for moment in each]
    known = [(abs(apart), moment, apart) for moment, apart in zip(each, offsets, strict=True) if apart is not None]
    _, moment, apart = min(known, key=lambda row: row[0], default=(None, each[0], None))
    seen.append(moment)
    own_offset = moment.when.offset
    if own_offset is not None or zone is not None or apart is None:
        return Told(told.day, moment, naive(moment), own_offset)
    return Told(told.day, moment, naive(moment), apart, told.instant or told.clock)


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
    if offset is None or WEST <= offset <= EAST:
        return moment
    return replace(moment, when=replace(moment.when, offset=None))


def _refusal(moment: Moment, doc: Document) -> str | None:
    """Why a candidate cannot be: the reader's own issue, or a day after the fetch."""
    day = moment.when.date
    if day is None:
        return next(iter(moment.when.issues), "no date")
    fetched = doc.page.fetched_at
    if fetched is not None and earliest(moment) > fetched + _AHEAD:
        return "date-future"
    if moment.trust > 8 and moment.source == "markup" and datelines.is_of_another_month(doc, day):
        return "another month than the address"
    return None


def _coarse(told: Told) -> bool:
    """Whether an element of the page could make it finer or right: no time, or one that it may know the zone of."""
    if told.clock is None or told.day.trust > 3 or told.clock.source not in ("site", "label", "markup"):
        return True
    return told.clock.source == "label" and told.offset is None  # <time> around a labelled date knows the zone


def _doubtful(told: Told) -> bool:
    """As `_vague`, or in two zones, in UTC or in none, beside which the page may print its own time."""
    if told.torn or _vague(told):
        return True
    return told.offset in (None, UTC_ITSELF) and told.clock is not None and told.clock.machine


def _vague(told: Told) -> bool:
    """Whether the page's own words may know better than what gives the day: they come behind its <time> elements."""
    return told.clock is None or told.day.trust > 6


def _unprinted(told: Told) -> bool:
    """Whether no element gives the day: data may have the time of one that is printed as text."""
    return told.day.trust > 7


def _marginal(told: Told) -> bool:
    """Whether the day comes from a teaser or the margin alone."""
    return told.day.trust > 8


def _in_utc(told: Told) -> bool:
    """Whether data alone give the time, in UTC: the page may print a local one without its day."""
    return told.clock is not None and told.offset == UTC_ITSELF and told.clock.machine


def _untimed(told: Told) -> bool:
    """Whether a line near the headline may know better: no time or no local one, or the day is from margin or list."""
    return told.clock is None or told.day.listed or _marginal(told) or _in_utc(told)


# Where to look, and whether it is worth it once something is known. What is dear comes last.
_GATHER: tuple[tuple[Callable[[Document], Iterable[Moment]], Callable[[Told], bool]], ...] = (
    (_declared, _marginal),
    (moments.from_times, _coarse),
    (moments.from_names, _doubtful),
    (moments.from_loose_names, _doubtful),
    (datelines.from_headline, _untimed),
    (datelines.from_parts, _marginal),
    (datelines.from_spoken, _untimed),
    (datelines.from_clocks, _in_utc),
    (datelines.from_islands, _unprinted),
    (datelines.from_text, _marginal),
    (datelines.from_own_teaser, _marginal),
)


def _stamp(doc: Document, told: Told | None, seen: list[Moment], refused: dict[int, str]) -> Stamp:
    zone = zone_of(doc)
    modified = _modified(told, seen, refused, zone)
    issues = _issues(told, seen, refused)
    sources: dict[str, Source] = {"modified_at": modified.source} if modified else {}
    at = _utc(earliest(modified) if modified and modified.instant else _placed(modified, zone)) if modified else None
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


def _modified(told: Told | None, seen: list[Moment], refused: dict[int, str], zone: tzinfo | None) -> Moment | None:
    """The most trusted change that is an instant, or can be made one in the site's zone."""
    found = [m for i, m in enumerate(seen) if i not in refused and m.kind == "modified" and m.timed]
    if told is not None and any(m is not None and m.spare for m in (told.day, told.clock)):
        found = [m for m in found if not m.spare]  # they gave the publication
    clock, offset = (told.clock, told.offset) if told is not None else (None, None)
    local = clock is not None and offset is not None and not (clock.machine and offset == UTC_ITSELF)
    if told is not None and local and zone is None and not any(m.instant for m in found):
        # Nothing but a line says when: by the publication's clock.
        soon = (m for m in found if not m.machine and timedelta() <= naive(m) - told.local < _SOON)
        found = [replace(m, when=replace(m.when, offset=offset)) for m in soon]
    found = [m for m in found if m.instant or zone is not None]
    first = min(found, key=lambda m: m.trust, default=None)
    if first is None or told is None:
        return first
    kept = [m for i, m in enumerate(seen) if i not in refused]
    return _later(_likewise(first, told, kept), told, kept)


def _later(change: Moment, told: Told, every: list[Moment]) -> Moment:
    """A change that is printed after the one in the data, by the publication's clock: systems forget their data."""
    if told.offset is None or change.source in SEEN:
        return change
    last, best = _utc(earliest(change)) or "", change
    for moment in every:
        if moment.kind == "modified" and moment.timed and not moment.instant and moment.source in SEEN:
            placed = replace(moment, when=replace(moment.when, offset=told.offset))
            at = _utc(earliest(placed)) or ""
            if at[:16] > last[:16] and naive(moment) - told.local < _SOON:
                last, best = at, placed
    return best


def _likewise(change: Moment, told: Told, every: list[Moment]) -> Moment:
    """A change with the offset that its clock has, where the program's publication shows that it writes another."""
    own = change.when.offset
    if told.offset is None or own is None:
        return change
    local, utc = _minute(told.local), _minute(told.local - told.offset)
    for twin in every:
        if twin.kind == "published" and twin.instant and twin.source == change.source and twin.when.offset == own:
            clock = _minute(naive(twin))
            if clock - own == utc:
                return change
            offset = UTC_ITSELF if clock == utc else told.offset if clock == local else own
            return replace(change, when=replace(change.when, offset=offset))
    return change


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _placed(moment: Moment, zone: tzinfo | None) -> datetime | None:
    return naive(moment).replace(tzinfo=zone) if zone else None


def _issues(told: Told | None, seen: list[Moment], refused: dict[int, str]) -> tuple[str, ...]:
    """Why a date is missing, or what is odd about it."""
    if told is None:
        return tuple(
            dict.fromkeys(r for i, r in refused.items() if r.startswith("date-") and seen[i].kind == "published")
        )
    return tuple(dict.fromkeys(issue for m in (told.day, told.clock) if m for issue in m.when.issues))


def _evidence(seen: list[Moment], refused: dict[int, str], told: Told | None) -> tuple[Found, ...]:
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
    return f"{winners[0].source} comes first" if winners else "another page's: this one prints its last change"


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
