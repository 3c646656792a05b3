"""The places of a page that say when it was published or changed, each read and named; `when` decides between them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any, Literal

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.model import Source
from scraper.parse import datetext, jsonld, site
from scraper.parse.datetext import When
from scraper.parse.days import Order
from scraper.parse.document import Document
from scraper.parse.text import clean, split_url

Kind = Literal["published", "modified"]
_LONGEST = 160  # characters of a line that is a date and little else
_FIRST, _MANY = 90, 16  # date-like elements looked at in page order, and those of them nearest the headline
_PAGE_TYPES = frozenset(
    ("WebPage", "ItemPage", "AboutPage", "FAQPage", "QAPage", "Recipe", "VideoObject", "PodcastEpisode", "HowTo")
)
_STRONG = "h1, time, [itemprop^='date']"
_NAMED = "h1, [class*='date' i], [class*='time' i], abbr[title]"
_LOOSE = (
    "h1, [class*='posted' i], [class*='byline' i], [class*='meta' i], [class*='info' i], [class*='publish' i], "
    "[class*='author' i], [class*='datum' i], [class*='fecha' i], [id*='date' i]"
)
_UP = 3  # elements and neighbours looked at for the words in front of a date
_TODAY = 9  # trust of a weekday and date without a time: the masthead of many sites prints today's
_BUILT = 9  # trust: behind a date near the headline
_BADGE = 30  # characters of a date whose parts are elements of their own
_LINKED = 50  # characters of a link that may be a date alone
_DEPTH = 6  # elements around a date whose names are asked
_BLOCKS = 3  # elements around the headline that are asked whether they hold a date
_SPOKEN = -1  # the place of a comment
_MARGIN = 4  # what standing in a teaser or the margin costs in trust
_COMMENT = re.compile(
    r"(?:^|[\s_-])(?:disqus|replies|reply|comment(?!s?[-_]?(?:count|link|open|closed|off|on|enabled|disabled)))",
    re.IGNORECASE,
)
_KINDS_OF_POST = re.compile(r"\b(?:category|tag)-\S+")  # classes that name a post's subjects, whatever their words
_OUTSIDE = frozenset(("aside", "nav", "footer"))
_DOTTED = re.compile(r"(?<!\d)\d{1,2}\.\s?\d{1,2}\.\s?(?:\d{4}|\d\d)(?!\d)")
_CLOCK = re.compile(r"\d\s?[:.h]\s?\d\d|\d\s?[ap]\.?m|時|시", re.IGNORECASE)
_URL_DAY = re.compile(r"[/_-]((?:19|20)\d\d)[/_-](0?[1-9]|1[0-2])[/_-](0?[1-9]|[12]\d|3[01])(?=\D|$)")
_URL_MONTH_WORD = re.compile(r"/((?:19|20)\d\d)/([a-z]{3,9})/(0?[1-9]|[12]\d|3[01])(?=\D|$)")
_URL_EIGHT = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
_MIDNIGHT = time(0)
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

    @property
    def timed(self) -> bool:
        """Whether it has a time of day; a midnight in data is a date that a program filled up."""
        return self.when.time is not None and not (self.machine and self.when.time == _MIDNIGHT)

    @property
    def instant(self) -> bool:
        return self.timed and self.when.offset is not None and self.when.date is not None


@functools.cache
def marks(name: str) -> re.Pattern[str]:
    """The words of one list of datemarks.toml, anywhere in a text."""
    words = table("datemarks.toml")[name]
    firsts = "".join(sorted({word[0] for word in words}))  # a look at one letter spares trying all words at each
    return re.compile(f"(?=[{re.escape(firsts)}])(?:{'|'.join(map(re.escape, words))})", re.IGNORECASE)


@functools.cache
def _elsewhere() -> frozenset[str]:
    return frozenset(table("datemarks.toml")["elsewhere"])


def from_site(doc: Document, kind: Kind) -> Iterator[Moment]:
    """The site's own rules for date and time, or for modified_at."""
    clock = next(iter(site.founds(doc, "time")), None) if kind == "published" else None
    for name in ("date", "published_at") if kind == "published" else ("modified_at",):
        for found in site.founds(doc, name):
            when = datetext.read_iso(found.value) or read(doc, found.value)
            if when is None:
                continue
            if when.time is None and clock is not None:
                when = When(
                    when.date, datetext.read_time(clock.value, doc.lang), when.offset, when.issues, when.calendar
                )
            yield Moment(when, kind, "site", found.path, found.raw, trust=0)


def from_jsonld(doc: Document, kind: Kind) -> Iterator[Moment]:
    """The article object's own dates, then those of the page around it."""
    keys = ("datePublished", "dateCreated", "uploadDate") if kind == "published" else ("dateModified",)
    article = doc.article_data
    built = _is_built(article)
    for key in keys:
        for moment in _value(article, key, kind):
            yield replace(moment, trust=_BUILT) if built else moment
    if kind == "published" and article.get("datePublished"):
        return
    for obj in doc.jsonld:
        if keys[0] in obj and obj is not article and not _PAGE_TYPES.isdisjoint(jsonld.types(obj)):
            yield from _value(obj, keys[0], kind)


def _is_built(article: dict[str, Any]) -> bool:
    """Whether publication and change are one bare day: a site that is built anew dates all its pages so."""
    told = article.get("datePublished")
    return isinstance(told, str) and ":" not in told and told == article.get("dateModified")


def _value(obj: dict[str, Any], key: str, kind: Kind) -> Iterator[Moment]:
    text = jsonld.text(obj.get(key))
    if text and (when := datetext.read_iso(text)):
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
        if when := datetext.read_iso(text):
            trust = 7 if key in table("metadata.toml")["vague_dates"] else 1
            yield Moment(when, kind, "meta", f"meta {key}", text[:100], machine=True, trust=trust)


@functools.cache
def _meta_names(kind: Kind) -> dict[str, int]:
    """The names of <meta> that give such a date, and their places in the order of trust."""
    return {name: i for i, name in enumerate(table("metadata.toml")[kind])}


def from_labels(doc: Document, kind: Kind) -> Iterator[Moment]:
    """Labelled lines; a date and a time on lines of their own are one moment."""
    wanted = "date" if kind == "published" else "modified"
    clock = next((label for label in doc.labels if label.field == "time"), None)
    for label in doc.labels:
        if label.field != wanted:
            continue
        when = read(doc, label.value)
        if when is None:
            continue
        raw = label.value
        if when.time is None and clock is not None and wanted == "date":
            when = When(when.date, datetext.read_time(clock.value, doc.lang), when.offset, when.issues, when.calendar)
            raw = f"{raw} {clock.value}"
        yield Moment(when, kind, "label", f"label {label.label}", raw[:200], trust=2)


def read(doc: Document, text: str) -> When | None:
    """A printed date in the page's language, against the fetch. Between dots the day comes first in every language."""
    dotted: Order | None = "dmy" if _DOTTED.search(text) else None
    return datetext.read(text, language=doc.lang or doc.rules.language, order=dotted, now=doc.page.fetched_at)


def from_times(doc: Document) -> Iterator[Moment]:
    """<time> and microdata dates outside comments, teasers and margins, those behind the headline first."""
    for node in _ordered(doc, doc.tree.css(_STRONG)[:_FIRST]):
        yield from _read_once(doc, node)


def from_names(doc: Document) -> Iterator[Moment]:
    """Elements whose class says date or byline, likewise."""
    yield from _classed(doc, _NAMED)


def from_loose_names(doc: Document) -> Iterator[Moment]:
    """Elements whose class may say anything about the article, dates among it."""
    yield from _classed(doc, _LOOSE)


def _classed(doc: Document, selector: str) -> Iterator[Moment]:
    nodes = _ordered(doc, doc.tree.css(selector)[:_FIRST])
    yield from _unlisted([moment for node in nodes for moment in _read_once(doc, node)])


def _unlisted(found: list[Moment]) -> Iterator[Moment]:
    """The moments, with less trust in a class that repeats with other dates: that is a list of other articles."""
    days: dict[str, set[date | None]] = {}
    for moment in found:
        days.setdefault(moment.path.rstrip(_DIGITS), set()).add(moment.when.date)
    for moment in found:
        many = len(days[moment.path.rstrip(_DIGITS)])
        if many == 1 or moment.trust <= 3:
            yield moment
        elif moment.trust < _MARGIN + 6 and many == 2:
            yield replace(moment, trust=7)


def _ordered(doc: Document, nodes: Sequence[LexborNode]) -> list[LexborNode]:
    """The nodes by the block around the headline that holds them; in each those behind its h1, then those in front."""
    heads = [i for i, node in enumerate(nodes) if node.tag == "h1"]
    if len(heads) == len(nodes):
        return []
    head = _headline(doc)
    at = next((i for i in heads if head is not None and nodes[i].mem_id == head.mem_id), 0)
    ordered = [n for n in (*nodes[at:], *reversed(nodes[max(0, at - 10) : at])) if n.tag != "h1"]
    if len(ordered) < 2 or head is None:
        return ordered
    blocks = {block.mem_id: i for i, block in enumerate(_above(head, _BLOCKS))}

    def distance(node: LexborNode) -> int:
        return next((blocks[parent.mem_id] for parent in _above(node, _DEPTH) if parent.mem_id in blocks), _BLOCKS)

    return sorted(ordered, key=distance)[:_MANY]


def _headline(doc: Document) -> LexborNode | None:
    """The h1 that the page's title names, else its first."""
    if len(doc.h1s) == 1:
        return doc.h1s[0]
    titled = (node for node in doc.h1s if (text := clean(node.text())[:20]) and text in doc.title)
    return next(titled, doc.h1s[0] if doc.h1s else None)


def _above(node: LexborNode, most: int) -> Iterator[LexborNode]:
    """The elements around a node, the innermost first, within <body>."""
    parent = node.parent
    while parent is not None and parent.tag not in ("body", "main") and most:
        yield parent
        parent, most = parent.parent, most - 1


def _read_once(doc: Document, node: LexborNode) -> list[Moment]:
    """The moments of one element, which may be met several times: by its tag, by its microdata, by its class."""
    known: dict[int, list[Moment]] = doc.memo.setdefault("marked", {})
    key = node.mem_id
    if key not in known:
        known[key] = list(_marked(doc, node))
    return known[key]


def _marked(doc: Document, node: LexborNode) -> Iterator[Moment]:
    """What one element says to machines, and what it prints beside that."""
    attributes = node.attributes
    prop = attributes.get("itemprop")
    machine = (
        attributes.get("datetime")
        or (prop and attributes.get("content"))
        or (attributes.get("title") if node.tag == "abbr" else None)
    )
    printed = ""
    if node.tag != "meta":
        printed = clean(node.text()[: 4 * _LONGEST])
        printed = printed if len(printed) <= _LONGEST and any(map(str.isdigit, printed)) else ""
    place = standing(doc, node) if machine or printed else None
    if place is None:
        return
    kind = _kind(node, prop, printed)
    trust = 3 if prop == "datePublished" or "pubdate" in attributes else 6 + place + (prop == "dateCreated")
    if machine and (when := datetext.read_iso(machine)) and when.date:
        # What is printed as published stands: the machine's may be of the last change.
        told = read(doc, printed) if marks("published").search(printed) else None
        if told is None or told.date is None or near(told.date, when.date):
            yield Moment(when, kind, "markup", _path(node), machine[:200], machine=True, trust=trust)
        if told is None and (when.time is None or not _CLOCK.search(printed)):
            return
    if printed and (when := _shown(doc, node, printed)) and (when.date or when.issues):
        today = when.date and when.time is None and trust < _TODAY and datetext.names_weekday(printed, when.date)
        yield Moment(when, kind, "markup", _path(node), printed[:200], trust=_TODAY if today else trust)


def _shown(doc: Document, node: LexborNode, printed: str) -> When | None:
    """The date that an element prints; of a badge whose parts touch one another too: Apr|04|2013."""
    when = read(doc, printed)
    if (when is None or when.date is None) and len(printed) < _BADGE:
        apart = clean(node.text(separator=" "))
        if apart != printed and (found := read(doc, apart)) and found.date:
            return found
    return when


def _kind(node: LexborNode, prop: str | None, printed: str) -> Kind:
    name = f"{prop or ''} {node.attributes.get('class') or ''}"
    if node.tag == "time" and node.parent is not None:
        name += f" {node.parent.attributes.get('class') or ''}"
    if "publi" in name.lower():
        return "published"
    return (
        "modified" if marks("changed_names").search(name) or is_change(printed) or follows_change(node) else "published"
    )


def is_change(text: str) -> bool:
    """Whether a text begins with a word for change: "Updated 6 July 2021", not "6 July 2021, updated 7 July"."""
    found = marks("changed").search(text)
    return found is not None and not any(map(str.isdigit, text[: found.start()]))


def follows_change(node: LexborNode) -> bool:
    """Whether the words in front of a date are for change: "<span>Updated</span> <span>on</span> <time>"."""
    place: LexborNode | None = node
    for _ in range(_UP):
        text, before = "", place and place.prev
        for _ in range(2 * _UP):
            if before is not None:
                text, before = f"{(before.text() or '')[-30:]} {text}", before.prev
        if text.strip():
            # With a digit behind it is the label of another date: "Updated: 7 July" in front of "6 July".
            found = marks("changed").search(text)
            return found is not None and not any(map(str.isdigit, text[found.end() :]))
        place = place and place.parent
    return False


def _is_masthead(node: LexborNode) -> bool:
    """Whether an element is a <header> without a heading: the site's, not the article's."""
    return node.tag == "header" and node.css_first("h1, h2, h3") is None


def _is_teaser(node: LexborNode) -> bool:
    """Whether an element is a link around more than a date: that of another article."""
    return node.tag == "a" and len(clean(node.text()[: 4 * _LINKED])) > _LINKED


def _path(node: LexborNode) -> str:
    name = (node.attributes.get("class") or node.attributes.get("itemprop") or "").split()
    return f"{node.tag}.{name[0]}" if name else node.tag or ""


def standing(doc: Document, node: LexborNode) -> int | None:
    """How far an element stands from the article: 0 in it, _MARGIN in a list or the margin, None in a comment."""
    known: dict[int, int] = doc.memo.get("standing") or doc.memo.setdefault("standing", _own(doc))
    parent: LexborNode | None = node
    found = 0
    for _ in range(_DEPTH):
        if parent is None or parent.tag in ("body", "main"):
            break
        place = known.get(parent.mem_id)
        if place is None:
            place = known[parent.mem_id] = _place(parent)
        if place == _SPOKEN:
            return None
        found = place or found
        parent = parent.parent
    return found


def _own(doc: Document) -> dict[int, int]:
    """The elements that hold the headline: the article's own, whatever their names ("layout-sidebar-left")."""
    head = _headline(doc)
    return {} if head is None else {parent.mem_id: 0 for parent in _above(head, 2 * _DEPTH)}


def _place(node: LexborNode) -> int:
    """What an element's own names say: _SPOKEN for comments, _MARGIN for lists of others and the margin, else 0."""
    attributes = node.attributes
    name = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower()
    if "category-" in name or "tag-" in name:
        name = _KINDS_OF_POST.sub("", name)
    if ("comment" in name or "repl" in name or "disqus" in name) and _COMMENT.search(name):
        return _SPOKEN
    parts = name.replace("-", " ").replace("_", " ").split()
    outside = node.tag in _OUTSIDE or not _elsewhere().isdisjoint(parts) or _is_masthead(node) or _is_teaser(node)
    return _MARGIN if outside else 0


def from_url(doc: Document) -> Iterator[Moment]:
    """A whole date in the URL's path; a month alone is none."""
    path = split_url(doc.url).path
    for pattern in (_URL_DAY, _URL_EIGHT):
        if match := pattern.search(path):
            try:
                day = date(*map(int, match.groups()))
            except ValueError:
                continue
            yield Moment(When(day), "published", "url", "url path", match[0], trust=5)
            return
    if (match := _URL_MONTH_WORD.search(path.lower())) and (
        when := datetext.read(f"{match[3]} {match[2]} {match[1]}", language="en")
    ):
        yield Moment(when, "published", "url", "url path", match[0], trust=5)


def near(one: date, other: date) -> bool:
    """Whether two dates can be one instant seen from two zones."""
    return abs(one - other) <= timedelta(days=1)
