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
_MANY = 80  # date-like elements looked at; more is a calendar or a listing
_PAGE_TYPES = frozenset(
    ("WebPage", "ItemPage", "AboutPage", "FAQPage", "QAPage", "Recipe", "VideoObject", "PodcastEpisode", "HowTo")
)
_STRONG = "h1, time, [itemprop^='date'], [itemprop='uploadDate'], [pubdate]"
_NAMED = (
    "h1, [class*='date' i], [class*='time' i], [class*='publish' i], [class*='posted' i], [class*='byline' i], "
    "abbr[title]"
)
_LOOSE = "h1, [class*='meta' i], [class*='info' i], [class*='datum' i], [class*='fecha' i], [id*='date' i]"
_UNREAD = frozenset(("script", "style", "noscript", "template", "option", "button", "select", "textarea", "svg"))
_LINES = 3000  # pieces of text read in search of a date
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
_ISLAND = re.compile(
    r"\"(\w{0,30}(?:[dD]ate|[tT]ime|DATE|[dD]t|[aA]t|_at|ublished|reated)\w{0,12})\\?\"\s*:\s*\\?\""
    r"((?:19|20)\d\d[-./]\d\d?[-./]\d\d?[^\"\\]{0,20})"
)
_SCRIPT, _REACH = 1 << 21, 8000  # characters of a script that is searched, and around the headline in it
_ISLAND_PUBLISHED = re.compile(r"publi|issue|release|deploy|posted|first", re.IGNORECASE)
_ISLAND_OTHER = re.compile(
    r"modif|upd|paper|expir|end|start|event|^re[A-Z]|birth|valid|crawl|now|current|server|build", re.IGNORECASE
)


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
def _words(name: str) -> re.Pattern[str]:
    """The words of one list of datemarks.toml; those of `elsewhere` as whole parts of a name."""
    found = "|".join(map(re.escape, table("datemarks.toml")[name]))
    return re.compile(rf"(?:^|[\s_-])(?:{found})(?:$|[\s_-])" if name == "elsewhere" else found, re.IGNORECASE)


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
    for key in keys:
        yield from _value(article, key, kind)
    if kind == "published" and article.get("datePublished"):
        return
    for obj in doc.jsonld:
        if obj is not article and not _PAGE_TYPES.isdisjoint(jsonld.types(obj)):
            yield from _value(obj, keys[0], kind)


def _value(obj: dict[str, Any], key: str, kind: Kind) -> Iterator[Moment]:
    text = jsonld.text(obj.get(key))
    if text and (when := datetext.read_iso(text)):
        # A date written for people ("Aug 21, 2025") is a template's, and often that of the last change.
        trust = 4 if key in ("dateCreated", "uploadDate") or not text[:4].isdecimal() else 1
        yield Moment(
            when, kind, "json-ld", f"json-ld {jsonld.types(obj)[0]}.{key}", text[:100], machine=True, trust=trust
        )


def from_meta(doc: Document, kind: Kind) -> Iterator[Moment]:
    """The dates of <meta>, in the table's order of trust."""
    weak = table("metadata.toml")["vague_dates"]
    for key in table("metadata.toml")[kind]:
        trust = 7 if key in weak else 1
        for text in doc.meta.get(key, ())[:1]:
            if when := datetext.read_iso(text):
                yield Moment(when, kind, "meta", f"meta {key}", text[:100], machine=True, trust=trust)


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
    for node in _ordered(doc, doc.tree.css(_STRONG)[:_MANY]):
        yield from _marked(doc, node)


def from_names(doc: Document) -> Iterator[Moment]:
    """Elements whose class says date or byline, likewise."""
    yield from _classed(doc, _NAMED)


def from_loose_names(doc: Document) -> Iterator[Moment]:
    """Elements whose class may say anything about the article, dates among it."""
    yield from _classed(doc, _LOOSE)


def _classed(doc: Document, selector: str) -> Iterator[Moment]:
    nodes = _ordered(doc, doc.tree.css(selector)[: 3 * _MANY])
    yield from _unlisted([moment for node in nodes for moment in _marked(doc, node)])


def _unlisted(found: list[Moment]) -> Iterator[Moment]:
    """The moments, with less trust in a class that repeats with other dates: that is a list of other articles."""
    days: dict[str, set[date | None]] = {}
    for moment in found:
        days.setdefault(moment.path, set()).add(moment.when.date)
    for moment in found:
        many = len(days[moment.path])
        if many == 1 or moment.trust <= 3:
            yield moment
        elif moment.trust < _MARGIN + 6:
            yield replace(moment, trust=7 if many == 2 else 10)


def _ordered(doc: Document, nodes: Sequence[LexborNode]) -> list[LexborNode]:
    """The nodes behind the headline's h1, then those in front of it, the nearest first."""
    heads = [i for i, node in enumerate(nodes) if node.tag == "h1"]
    titled = (i for i in heads if (text := clean(nodes[i].text())[:20]) and text in doc.title)
    at = next(titled, heads[0] if heads else 0)
    ordered = (*nodes[at:], *reversed(nodes[max(0, at - 10) : at]))
    return [node for node in ordered if node.tag != "h1"][:_MANY]


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
    standing = _standing(node) if machine or printed else None
    if standing is None:
        return
    kind = _kind(node, prop, printed)
    trust = 3 if prop == "datePublished" or "pubdate" in attributes else 6 + standing
    if machine and (when := datetext.read_iso(machine)) and when.date:
        yield Moment(when, kind, "markup", _path(node), machine[:200], machine=True, trust=trust)
        if when.time is None or not _CLOCK.search(printed):
            return
    if printed and (when := read(doc, printed)) and (when.date or when.issues):
        yield Moment(when, kind, "markup", _path(node), printed[:200], trust=trust)


def _kind(node: LexborNode, prop: str | None, printed: str) -> Kind:
    name = f"{prop or ''} {node.attributes.get('class') or ''}"
    if "publi" in name.lower():
        return "published"
    return (
        "modified"
        if _words("changed_names").search(name) or _changed_text(printed) or _changed_text(_around(node))
        else "published"
    )


def _changed_text(text: str) -> bool:
    """Whether a text begins with a word for change: "Updated 6 July 2021", not "6 July 2021, updated 7 July"."""
    found = _words("changed").search(text)
    return found is not None and not any(map(str.isdigit, text[: found.start()]))


def _around(node: LexborNode) -> str:
    """The text in front of a <time>: "Updated: <time>"."""
    before = node.prev
    return clean((before.text() or "")[-30:]) if before is not None else ""


def _path(node: LexborNode) -> str:
    name = (node.attributes.get("class") or node.attributes.get("itemprop") or "").split()
    return f"{node.tag}.{name[0]}" if name else node.tag or ""


def _standing(node: LexborNode) -> int | None:
    """How far an element stands from the article: 0 in it, _MARGIN in a list or the margin, None in a comment."""
    parent: LexborNode | None = node
    standing = 0
    for _ in range(6):
        if parent is None or parent.tag in ("body", "main"):
            break
        attributes = parent.attributes
        name = _KINDS_OF_POST.sub("", f"{attributes.get('class') or ''} {attributes.get('id') or ''}")
        if _COMMENT.search(name):
            return None
        if parent.tag in _OUTSIDE or _words("elsewhere").search(name):
            standing = _MARGIN
        parent = parent.parent
    return standing


def from_text(doc: Document) -> Iterator[Moment]:
    """Lines that are a date: near the headline, then one that says "published", then the page's only one."""
    lines = _lines(doc)
    at = _headline_line(doc, lines)
    near_by = [] if at is None else [*lines[at + 1 : at + 14], *reversed(lines[max(0, at - 6) : at])]
    dated = [line for line in lines if len(line[0]) <= 80 and any(map(str.isdigit, line[0]))][:400]
    for line in near_by:
        if len(line[0]) <= 80 and (moment := _line(doc, line, "text near the headline")):
            yield moment
    told = [
        m
        for line in dated
        if _words("published").search(line[0]) and (m := _line(doc, line, "text that says published"))
    ]
    yield from told[:1]
    alone = [m for line in dated if len(line[0]) <= 30 and (m := _line(doc, line, "the page's only date"))]
    if len({m.when.date for m in alone}) == 1:
        yield alone[0]


def _lines(doc: Document) -> list[tuple[str, LexborNode]]:
    """The page's pieces of text with their nodes."""
    body = doc.tree.body
    found = []
    for node in body.traverse(include_text=True, skip_empty=True) if body else ():
        if node.is_text_node and node.parent is not None and node.parent.tag not in _UNREAD:
            found.append((clean(node.text_content or ""), node))
            if len(found) >= _LINES:
                break
    return found


def _headline_line(doc: Document, lines: list[tuple[str, LexborNode]]) -> int | None:
    """The piece of text that begins with the headline; None where there is none."""
    heads = [clean(node.text())[:30] for node in (*doc.tree.css("h1")[:4], *doc.tree.css("h2")[:3])]
    titles = [title for title in (*heads[:4], doc.title[:25], *heads[4:]) if len(title) > 8]
    found = (i for title in titles for i, (line, _) in enumerate(lines) if line.startswith(title))
    return next(found, None)


def _line(doc: Document, piece: tuple[str, LexborNode], path: str) -> Moment | None:
    line, node = piece
    when = read(doc, line) if any(map(str.isdigit, line)) else None
    if when is not None and when.date is not None and when.calendar == "gregorian" and not _year(line, when.date.year):
        return None  # "Python 3.6.0 is out"
    standing = _standing(node) if when is not None and when.date is not None else None
    if when is None or standing is None:
        return None
    return Moment(
        when, "modified" if _changed_text(line) else "published", "markup", path, line[:200], trust=8 + standing
    )


def _year(line: str, year: int) -> bool:
    """Whether a line prints that year, in four digits or in two."""
    digits = re.findall(r"\d+", line)
    return any(d.isdecimal() and int(d) in (year, year % 100) and len(d) in (2, 4) for d in digits)


def from_islands(doc: Document) -> Iterator[Moment]:
    """A date in the data of a script-rendered page, near its headline; a key that speaks of publishing comes first."""
    declared = doc.first_meta("headline", "og:title", "twitter:title")
    titles = {text[:12].strip() for text in (declared[1] if declared else "", doc.title)}
    found: list[tuple[str, When]] = []
    for script in doc.tree.css("script:not([src])")[:80]:
        text = script.text()
        at = next((i for title in titles if len(title) > 6 and (i := text.find(title)) >= 0), -1)
        if at >= 0 and len(text) <= _SCRIPT:
            found += _dated_keys(text, max(0, at - _REACH), at + _REACH)
    found.sort(key=lambda pair: _ISLAND_PUBLISHED.search(pair[0]) is None)
    for key, when in found[:1]:
        yield Moment(when, "published", "markup", f"script {key}", key, machine=True, trust=7)


def _dated_keys(text: str, start: int, end: int) -> Iterator[tuple[str, When]]:
    for match in _ISLAND.finditer(text, start, end):
        when = None if _ISLAND_OTHER.search(match[1]) else datetext.read_iso(match[2])
        if when is not None and when.date is not None:
            yield match[1], when


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
