"""The places of a page that say when it was published or changed, each read and named; `when` decides between them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.model import Found, Source
from scraper.parse import datekinds, datetext, jsonld, site
from scraper.parse.clocktext import Clock
from scraper.parse.datekinds import Kind, marks, read, read_data
from scraper.parse.dateplaces import BLOCKS, DEPTH, MARGIN, above, is_beside_headline, main_heading, standing
from scraper.parse.datetext import When
from scraper.parse.document import Document, Label
from scraper.parse.text import clean, split_url

_LONGEST = 160  # characters of a line that is a date and little else
_FIRST, _MANY = 90, 16  # date-like elements looked at in page order, and those of them nearest the headline
_PAGE_TYPES = frozenset(
    (
        "WebPage",
        "ItemPage",
        "AboutPage",
        "FAQPage",
        "QAPage",
        "Recipe",
        "VideoObject",
        "PodcastEpisode",
        "HowTo",
        "ClaimReview",
    )
)
_STRONG = "h1, time, [itemprop^='date'], span[property*='date' i][content], div[property*='date' i][content]"
_NAMED = "h1, [class*='date' i], [class*='time' i], abbr[title]"
_LOOSE = (
    "h1, [class*='posted' i], [class*='byline' i], [class*='meta' i], [class*='info' i], [class*='publish' i], "
    "[class*='author' i], [class*='submitted' i], [class*='datum' i], [class*='fecha' i], [id*='date' i]"
)
_TODAY = 9  # trust of a weekday and date without a time: the masthead of many sites prints today's
_BUILT = 9  # trust: behind a date near the headline, of days that a program or an issue's number may be
_AROUND = 4  # trust of what the data say of the page, where they give the article itself a day without a time
_BADGE = 30  # characters of a date whose parts are elements of their own
_CLOCK = re.compile(r"\d\s?[:.h]\s?\d\d|\d\s?[ap]\.?m|時|시", re.IGNORECASE)
_URL_DAY = re.compile(r"[/_-]((?:19|20)\d\d)[/_-](0?[1-9]|1[0-2])[/_-](0?[1-9]|[12]\d|3[01])(?=\D|$)")
_URL_MONTH_WORD = re.compile(r"/((?:19|20)\d\d)/([a-z]{3,9})/(0?[1-9]|[12]\d|3[01])(?=\D|$)")
_URL_FOUR = re.compile(
    r"/((?:19|20)\d\d)/(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=/)"
)  # "/n1/2021/0706/c1001-32150.html"
_URL_EIGHT = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
_URL_SLUG = re.compile(r"/[1-9]\d?-[^\W\d_]")  # "/2021/07/6-reasons": no day, but the title's number
# Behind a day in an address that may be an issue's or an article's number: "/2021/07/6.html", "/2021/07/6-031.html"
_URL_COUNT = re.compile(r"(?:-\d{1,3})?(?:\.\w{1,5})?/?$")
_MIDNIGHT, _MIDDAY, _UTC = time(0), time(12), timedelta()
_NOON = "T12:00:00Z"  # what Drupal makes of a day without a time
_DIGITS = "0123456789"  # at the end of a class: the number of a post in a list, "post-1877"


@dataclass(frozen=True, slots=True)
class Moment:
    """One date that the page gives, what for, and where it stands."""

    when: When
    kind: Kind
    source: Source
    path: str
    raw: str
    machine: bool = False  # written for machines
    trust: int = 5  # the order in which moments are believed; 0 first
    listed: bool = False  # one of several days that stand alike, none of them near the headline
    spare: bool = False  # a change by one sign of two: the publication where nothing else is

    @property
    def timed(self) -> bool:
        """Whether it has a time of day; a midnight in data is a date that a program filled up."""
        return self.when.time is not None and not (self.machine and self.when.time == _MIDNIGHT)

    @property
    def instant(self) -> bool:
        return self.timed and self.when.offset is not None and self.when.date is not None


def from_site(doc: Document, kind: Kind) -> Iterator[Moment]:
    """The site's own rules for date and time, or for modified_at."""
    own = own_clock(doc) if kind == "published" else None
    for name in ("date", "published_at") if kind == "published" else ("modified_at",):
        for found in site.founds(doc, name):
            when = datetext.read_iso(found.value) or read(doc, found.value)
            if when is None:
                continue
            if when.time is None and own is not None:
                when = datetext.timed(when, own[1])
            yield Moment(when, kind, "site", found.path, found.raw, trust=0)


def own_clock(doc: Document) -> tuple[Found, Clock] | None:
    """The time that the site's own rule finds; None where there is no rule, or nothing that can be read as one."""
    printed = next(iter(site.founds(doc, "time")), None)
    clock = datetext.read_clock(printed.value, doc.language) if printed else None
    return (printed, clock) if printed and clock else None


def from_jsonld(doc: Document, kind: Kind) -> Iterator[Moment]:
    """The article object's own dates, then those of the page around it."""
    keys = ("datePublished", "dateCreated", "uploadDate") if kind == "published" else ("dateModified",)
    article = doc.article_data
    built = _is_built(article)
    for key in keys:
        for moment in _value(doc, article, key, kind):
            yield replace(moment, trust=_BUILT) if built else moment
    told = article.get("datePublished") if kind == "published" else None
    if isinstance(told, str) and ":" in told:
        return
    for obj in doc.jsonld:
        if keys[0] in obj and obj is not article and not _PAGE_TYPES.isdisjoint(jsonld.types(obj)):
            yield from (
                replace(moment, trust=_AROUND) if told else moment for moment in _value(doc, obj, keys[0], kind)
            )


def _is_built(article: dict[str, Any]) -> bool:
    """Whether publication and change are one bare day: a site that is built anew dates all its pages so."""
    told = article.get("datePublished")
    return isinstance(told, str) and ":" not in told and told == article.get("dateModified")


def _value(doc: Document, obj: dict[str, Any], key: str, kind: Kind) -> Iterator[Moment]:
    text = jsonld.text(obj.get(key))
    if text and (when := read_data(doc, text)):
        # A date written for people ("Aug 21, 2025") is a template's, and often that of the last change.
        machine = text[:4].isdecimal() or when.offset is not None  # "Tue, 06 Jul 2021 12:36:00 GMT"
        trust = 4 if key in ("dateCreated", "uploadDate") or not machine else 1
        yield Moment(
            when, kind, "json-ld", f"json-ld {jsonld.types(obj)[0]}.{key}", text[:100], machine=True, trust=trust
        )


def from_meta(doc: Document, kind: Kind) -> Iterator[Moment]:
    """The dates of <meta>, in the table's order of trust."""
    ranks = _meta_names(kind)
    for key in sorted(doc.meta.keys() & ranks.keys(), key=ranks.__getitem__):
        text = doc.meta[key][0]
        if when := read_data(doc, text):
            trust = 7 if key in table("metadata.toml")["vague_dates"] else 1
            yield Moment(when, kind, "meta", f"meta {key}", text[:100], machine=True, trust=trust)


@functools.cache
def _meta_names(kind: Kind) -> dict[str, int]:
    """The names of <meta> that give such a date, and their places in the order of trust."""
    return {name: i for i, name in enumerate(table("metadata.toml")[kind])}


def from_labels(doc: Document, kind: Kind) -> Iterator[Moment]:
    """Labelled lines; a date and a time on lines of their own are one moment."""
    wanted = "date" if kind == "published" else "modified"
    clock = label_clock(doc)
    for label in doc.labels:
        if label.field != wanted:
            continue
        when = read(doc, label.value)
        if when is None:
            continue
        raw = label.value
        if when.time is None and clock is not None and wanted == "date":
            when = datetext.timed(when, clock[1])
            raw = f"{raw} {clock[0].value}"
        yield Moment(when, kind, "label", f"label {label.label}", raw[:200], trust=2)


def label_clock(doc: Document) -> tuple[Label, Clock] | None:
    """The label for the time, and the time; None where none is printed."""
    last = ""
    for label in doc.labels:  # behind the label of a change a time is the change's
        if label.field == "time" and last != "modified":
            break
        if label.field == "date" or (label.field == "modified" and not datetext.read_clock(label.value, doc.language)):
            last = label.field
    else:
        return None
    clock = datetext.read_clock(label.value, doc.language)
    return (label, clock) if clock else None


def from_times(doc: Document) -> Iterator[Moment]:
    """<time> and microdata dates outside comments, teasers and margins, those behind the headline first."""
    ordered = _ordered(doc, doc.tree.css(_STRONG)[:_FIRST])
    for far, node in ordered:
        if not far:
            yield from read_once(doc, node)
    for moment, days in _with_days([moment for far, node in ordered if far for moment in read_once(doc, node)]):
        yield replace(moment, listed=True) if days > 1 else moment


def from_names(doc: Document) -> Iterator[Moment]:
    """Elements whose class says date or byline, likewise."""
    yield from _classed(doc, _NAMED)


def from_loose_names(doc: Document) -> Iterator[Moment]:
    """Elements whose class may say anything about the article, dates among it."""
    yield from _classed(doc, _LOOSE)


def _classed(doc: Document, selector: str) -> Iterator[Moment]:
    nodes = _ordered(doc, doc.css(selector)[:_FIRST])
    yield from _unlisted([moment for _, node in nodes for moment in read_once(doc, node)])


def _with_days(found: list[Moment]) -> Iterator[tuple[Moment, int]]:
    """Each moment with the number of days that elements of its class give."""
    days: dict[str, set[date | None]] = {}
    for moment in found:
        days.setdefault(moment.path.rstrip(_DIGITS), set()).add(moment.when.date)
    yield from ((moment, len(days[moment.path.rstrip(_DIGITS)])) for moment in found)


def _unlisted(found: list[Moment]) -> Iterator[Moment]:
    """The moments, with less trust in a class that repeats with other dates: that is a list of other articles."""
    for moment, many in _with_days(found):
        if many == 1 or moment.trust <= 3:
            yield moment
        elif moment.trust < MARGIN + 6 and many == 2:
            yield replace(moment, trust=7)


def _ordered(doc: Document, nodes: Sequence[LexborNode]) -> list[tuple[bool, LexborNode]]:
    """The nodes by the block around the headline that holds them, and whether none does.

    In each block those behind its h1 come first, then those in front.
    """
    nodes = list({node.mem_id: node for node in nodes}.values())  # a node of two selectors is found twice
    heads = [i for i, node in enumerate(nodes) if node.tag == "h1"]
    if len(heads) == len(nodes):
        return []
    head = main_heading(doc)
    at = next((i for i in heads if head is not None and nodes[i].mem_id == head.mem_id), 0)
    ordered = [n for n in (*nodes[at:], *reversed(nodes[max(0, at - 10) : at])) if n.tag != "h1"]
    if len(ordered) < 2 or head is None:
        return [(False, node) for node in ordered]
    blocks = {block.mem_id: i for i, block in enumerate(above(head, BLOCKS))}

    def distance(node: LexborNode) -> int:
        return next((blocks[parent.mem_id] for parent in above(node, DEPTH) if parent.mem_id in blocks), BLOCKS)

    by_block = sorted(((distance(node), i) for i, node in enumerate(ordered)))[:_MANY]
    return [(block == BLOCKS, ordered[i]) for block, i in by_block]


def read_once(doc: Document, node: LexborNode) -> list[Moment]:
    """The moments of one element, which may be met several times: by its tag, by its microdata, by its class."""
    known: dict[int, list[Moment]] = doc.memo.setdefault("marked", {})
    key = node.mem_id
    if key not in known:
        known[key] = list(_marked(doc, node))
    return known[key]


def _marked(doc: Document, node: LexborNode) -> Iterator[Moment]:
    """What one element says to machines, and what it prints beside that."""
    attributes = node.attributes
    prop = attributes.get("itemprop") or attributes.get("property")  # RDFa, as Drupal writes it: "dc:date dc:created"
    machine = attributes.get("datetime") or (prop and attributes.get("content")) or _hint(node, attributes)
    printed = ""
    if node.tag != "meta":
        printed = clean(datekinds.shown(node, 4 * _LONGEST))
        printed = printed if len(printed) <= _LONGEST and any(map(str.isdigit, printed)) else ""
    words, rest = printed, datekinds.told_at_rest(doc, node, printed) if node.tag != "meta" else None
    if rest:
        words, printed = f"{words} {rest}", rest  # "Updated 2 years ago" says what for, its title when
    place = standing(doc, node) if machine or printed else None
    if place is None:
        return
    kind, spare = datekinds.of_element(doc, node, prop, words)
    trust = 3 if prop == "datePublished" or "pubdate" in attributes else 6 + place + (prop == "dateCreated")
    if spare:
        trust = 8 + place
    path = _path(node)
    instant = read_data(doc, machine) if machine else None
    if machine and (when := instant) and when.date:
        if machine.endswith(_NOON) and printed and datetext.read_clock(printed, doc.language) is None:
            if place == 0:
                doc.memo.setdefault("noons", set()).add(when.date)
            when = When(when.date)
        if kind == "published" and datekinds.changed_at(doc, printed, when.time):
            yield Moment(when, "modified", "markup", path, machine[:200], machine=True, trust=trust)
            when = When(when.date)
        # What is printed as published stands: the machine's may be of the last change, and the other way round.
        said = kind == "modified" or marks("published").search(printed)
        told = read(doc, printed) if printed and said else None
        agree = told is None or _agree(when, told)
        if agree or prop == "datePublished":
            own: Kind = kind if agree else "published"
            if own == "modified" and spare and prop == "datePublished":  # its time is the change's
                day = When((told and told.date) or when.date)
                yield Moment(day, own, "markup", path, machine[:200], machine=True, trust=trust, spare=True)
                spare = False
            yield Moment(when, own, "markup", path, machine[:200], machine=True, trust=trust, spare=spare)
        if told is None and (when.time is None or not _CLOCK.search(printed)):
            return
    if not printed or datekinds.is_foreign(words):
        return
    if (when := local(doc, instant, printed)) or ((when := _shown(doc, node, printed)) and (when.date or when.issues)):
        if when.date and when.time is None and (clock := datekinds.clock_beside(node)):
            when = read(doc, f"{printed} {clock}") or when
        when = When(when.date) if rest and when.time == _MIDNIGHT else when
        bare = when.date if when.time is None and trust < _TODAY and not is_beside_headline(doc, node) else None
        today = bare and datetext.names_weekday(printed, bare)
        trust = _TODAY if today else trust
        yield Moment(when, kind, "markup", path, printed[:200], trust=trust, spare=spare)
    if kind == "published" and (other := datekinds.changed_part(printed)) and (when := read(doc, other)) and when.time:
        yield Moment(when, "modified", "markup", path, other[:200], trust=trust)
    if kind == "modified" and (other := datekinds.published_part(doc, printed)) and (when := read(doc, other)):
        yield Moment(when, "published", "markup", path, other[:200], trust=6 + place)


def local(doc: Document, instant: When | None, printed: str) -> When | None:
    """The local time that an element prints for an instant in UTC without its day: "Today at 10:52", "14.3. 6:00"."""
    if instant is None or instant.date is None or instant.time is None or instant.offset != _UTC:
        return None
    told = datetext.read(printed, language=doc.language, now=doc.page.fetched_at)
    clock = datetext.read_clock(printed, doc.language) if told is None or told.date is None or told.issues else None
    if clock is None or len(printed) > _BADGE or (clock.time.minute - instant.time.minute) % 15:
        return None
    utc = datetime.combine(instant.date, instant.time.replace(second=0, microsecond=0))
    days = (datetime.combine(instant.date + timedelta(days=beyond), clock.time) for beyond in (-1, 0, 1))
    return When((nearest := min(days, key=lambda day: abs(day - utc))).date(), nearest.time())


def bared(moment: Moment, noons: set[date]) -> Moment:
    """The moment without its time where it is the noon that an element of the page prints as a bare day."""
    when = moment.when
    if not (moment.machine and moment.instant) or when.date is None or when.time is None or when.offset is None:
        return moment
    utc = datetime.combine(when.date, when.time) - when.offset
    return replace(moment, when=When(utc.date())) if utc.time() == _MIDDAY and utc.date() in noons else moment


def _hint(node: LexborNode, attributes: dict[str, str | None]) -> str | None:
    """The date that shows when the mouse rests on an element for dates: <span class="date" title="2021-07-06">."""
    title = attributes.get("title") or ""
    dated = title[:4].isdecimal() and node.child is not None and "date" in (attributes.get("class") or "").lower()
    return title if dated or node.tag == "abbr" else None


def _agree(one: When, other: When) -> bool:
    """Whether two dates of an element can be one moment in two zones."""
    if one.date is None or other.date is None:
        return True
    alike = one.time is None or other.time is None or one.time.minute == other.time.minute
    return near(one.date, other.date) and (alike or _MIDNIGHT in (one.time, other.time))


def _shown(doc: Document, node: LexborNode, printed: str) -> When | None:
    """The date that an element prints; of a badge whose parts touch one another too: Apr|04|2013."""
    when = read(doc, printed)
    if (when is None or when.date is None) and len(printed) < _BADGE:
        apart = clean(node.text(separator=" "))
        if (
            apart.replace(" ", "") == printed.replace(" ", "")
            and apart != printed
            and (found := read(doc, apart))
            and found.date
        ):
            return found
    return when


def _path(node: LexborNode) -> str:
    name = (node.attributes.get("class") or node.attributes.get("itemprop") or "").split()
    return f"{node.tag}.{name[0]}" if name else node.tag or ""


def from_url(doc: Document) -> Iterator[Moment]:
    """A whole date in the URL's path; a month alone is none."""
    path = split_url(doc.url).path
    for pattern in (_URL_DAY, _URL_EIGHT, _URL_FOUR):
        match = pattern.search(path)
        if match and not _URL_SLUG.match(path, match.start(3) - 1):
            try:
                day = date(*map(int, match.groups()))
            except ValueError:
                continue
            counted = path[match.start(3) - 1] == "/" and _URL_COUNT.match(path, match.end())
            yield Moment(When(day), "published", "url", "url path", match[0], trust=_BUILT if counted else 5)
            return
    match = _URL_MONTH_WORD.search(path.lower())
    if match and (when := datetext.read(f"{match[3]} {match[2]} {match[1]}", language="en")):
        yield Moment(when, "published", "url", "url path", match[0], trust=5)


def near(one: date, other: date) -> bool:
    """Whether two dates can be one instant seen from two zones."""
    return abs(one - other) <= timedelta(days=1)
