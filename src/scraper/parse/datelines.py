"""The last resorts: dates in a page's text and in the data of its scripts, where nothing else says when."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from datetime import date, timedelta

from selectolax.lexbor import LexborNode

from scraper.parse import datekinds, datetext, moments
from scraper.parse.datekinds import Kind, marks, read
from scraper.parse.dateplaces import above, main_heading, standing
from scraper.parse.datetext import When
from scraper.parse.document import Document
from scraper.parse.moments import Moment
from scraper.parse.text import clean, split_url

_UNREAD = frozenset(
    ("script", "style", "noscript", "template", "option", "button", "select", "textarea", "svg", "code", "pre")
)
_PROSE, _SENTENCES = frozenset(("p", "li", "dd", "figcaption")), 160  # elements that hold prose from so many characters
_INLINE = frozenset(("a", "abbr", "b", "em", "font", "i", "mark", "small", "span", "strong", "sup", "time", "u"))
_DIGIT = re.compile(r"\d")
_WORDS = re.compile(r"\w")
_TO_DIGIT = re.compile(r"^\D+")
_DATE = re.compile(r"\d(?:\D{0,12}\d){3}")  # at least "6/7/21"
_ENDS = " |,;:(-–—·•/"
_FRAME = "[id^='wm-ipp']"  # what web archives put around a page, with the day of the capture
_LINES, _DATED = 3000, 400  # pieces of text looked at, and those with a digit that are read as a date
_UP = 3  # elements around a line that are asked whether they name a change
_SAID = 120  # characters of a line that says "published" with its date
_INDENT = 5  # times as long may a line be in the source, where its breaks are indented
_SHORT, _LONG, _ALONE = 80, 300, 30  # characters: a line with a date, a headline, a line that is a date
_ISLAND = re.compile(
    r"\"(\w{0,30}(?:[dD]ate|[tT]ime|DATE|[dD]t|[aA]t|_at|ublished|reated)\w{0,12})\\?\"\s*:\s*\\?\""
    r"((?:19|20)\d\d[-./]\d\d?[-./]\d\d?[^\"\\]{0,20})"
)
_CALL = re.compile(r"\s*[\w.]{1,40}\(\s*[\"']((?:19|20)\d\d[^\"']{4,36})[\"']\s*\);?\s*", re.A)  # show("2021/07/06")
_URL_MONTH = re.compile(r"/((?:19|20)\d\d)[/-](0[1-9]|1[0-2])(?=/)")  # "/news/2021-07/", "/2021/07/"
_SAFE = re.compile(r"[\w/.-]+", re.ASCII)  # what a selector may quote
_SCRIPT, _REACH = 1 << 21, 8000  # characters of a script that is searched, and around the headline in it
_ISLAND_PUBLISHED = re.compile(r"publi|issue|release|deploy|posted|first", re.IGNORECASE)
_ISLAND_OTHER = re.compile(
    r"modif|upd|paper|expir|end|start|event|^re[A-Z]|birth|valid|crawl|now|current|server|build", re.IGNORECASE
)


class _Lines:
    """The page's pieces of text; their nodes, which are dear, when one is asked for."""

    def __init__(self, doc: Document) -> None:
        self.doc = doc
        self.lengths: dict[int, int] = {}
        self.texts = doc.pieces[:_LINES]
        self._walk, self._nodes = doc.text_nodes(), list[LexborNode]()

    @functools.cached_property
    def dated(self) -> list[int]:
        """The short pieces with a date, but for those of an archive's frame."""
        dated = _DATE.search
        found = [i for i, text in enumerate(self.texts) if dated(text) and _is_line(text)][:_DATED]
        if found and (frame := self.doc.tree.css_first(_FRAME)):
            around = frame.text()
            found = [i for i in found if self.texts[i] not in around]
        return found

    def node(self, at: int) -> LexborNode | None:
        """The text node of a piece; the walk goes no further than to what is asked for."""
        self._nodes += itertools.islice(self._walk, max(0, at + 1 - len(self._nodes)))
        return self._nodes[at] if at < len(self._nodes) else None

    def place(self, at: int) -> str:
        """The element of a piece and its first class, which lists of other articles repeat."""
        text = self.node(at)
        node = text and text.parent
        return f"{node.tag}.{(node.attributes.get('class') or '').split(' ')[0]}" if node is not None else ""

    def length(self, node: LexborNode) -> int:
        """The characters of an element's text; many lines ask for the same one."""
        if node.mem_id not in self.lengths:
            self.lengths[node.mem_id] = len(node.text())
        return self.lengths[node.mem_id]

    def is_heading(self, at: int) -> bool:
        """Whether a piece stands in an h1."""
        node = self.node(at)
        return node is not None and any(place.tag == "h1" for place in above(node, _UP))

    def named_around(self, node: LexborNode) -> str | None:
        """The class that names a change around a text that stands alone: <p class="last-updated">6 July 2021</p>."""
        for place in above(node, _UP):
            if self.length(place) > _SHORT:
                return None
            name = place.attributes.get("class") or ""
            if datekinds.names_change(name):
                return name
        return None

    def is_prose(self, node: LexborNode, text: str) -> bool:
        """Whether a dated text is part of a paragraph's sentence: "On Sunday, 6 July 2021, the <a>bridge</a> ..."."""
        if datetext.is_bare(text) or marks("published").search(text):
            return False
        place = node.parent
        while place is not None and place.tag in _INLINE:
            place = place.parent
        return place is not None and place.tag in _PROSE and self.length(place) > _SENTENCES

    def clock_beside(self, node: LexborNode) -> str | None:
        """The time in an element of its own beside that of a date."""
        place = node.parent
        alone = place is not None and node.next is None and node.prev is None
        return datekinds.clock_beside(place if place is not None and alone else node)

    def moment(self, at: int, path: str) -> Moment | None:
        """The date of a piece that is for people to read, None where there is none."""
        text = clean(self.texts[at])
        if datekinds.is_foreign(text):
            return None
        text = datekinds.published_part(self.doc, text) or text
        when = read(self.doc, text)
        if when is None:
            return None
        node = self.node(at)
        if when.date is None or "date-relative" in when.issues:
            rest = node and node.parent and datekinds.told_at_rest(self.doc, node.parent, text)
            text, when = (f"{text} {rest}", read(self.doc, rest) or when) if rest else (text, when)
        unsaid = when.date and when.calendar == "gregorian" and not _year(text, when.date.year)
        if unsaid and not (when.time and datetext.is_bare(text)):  # "Python 3.6.0 is out", but "6 July, 12:36"
            return None
        place = None if node is None or node.parent is None or node.parent.tag in _UNREAD else standing(self.doc, node)
        if node is None or place is None or self.is_prose(node, text):
            return None
        if when.date and when.time is None and (clock := self.clock_beside(node)):
            when = read(self.doc, f"{text} {clock}") or when
        name = self.named_around(node)
        changed = datekinds.is_change(self.doc, text) or datekinds.follows_change(node)
        kind: Kind = "modified" if changed or name else "published"
        spare = not changed and name is not None and datekinds.is_hatom(name)
        return Moment(when, kind, "markup", path, text[:200], trust=8 + place, spare=spare)

    def clock(self, at: int, instant: When | None) -> Moment | None:
        """The local time of an instant that a piece prints and little else; None where it says something else."""
        text = clean(self.texts[at])
        text = datekinds.published_part(self.doc, text) or text
        told = marks("published").search(text)
        if (change := datekinds.changed_part(text)) and datetext.read_clock(text[: -len(change)], self.doc.language):
            text = text[: -len(change)].rstrip(_ENDS)  # "6.7. 12:36 | Updated 6.7. 14:20"
        elif told and told.start() < 3:
            text = _TO_DIGIT.sub("", text)
        elif not datetext.names_day(text):  # "2:30" alone is how long a film is, or when a match begins
            return None
        node = self.node(at)
        place = standing(self.doc, node) if node is not None and datetext.is_bare(text) else None
        if node is None or place != 0 or datekinds.is_change(self.doc, text) or datekinds.follows_change(node):
            return None
        when = moments.local(self.doc, instant, text)
        return Moment(when, "published", "markup", "time near the headline", text[:200], trust=8) if when else None


def _lines(doc: Document) -> _Lines:
    lines: _Lines = doc.memo.get("lines") or doc.memo.setdefault("lines", _Lines(doc))
    return lines


def from_headline(doc: Document) -> Iterator[Moment]:
    """Lines near the headline that are a date."""
    lines = _lines(doc)
    found = _headline_lines(doc, lines.texts)
    for at in (found[0], next(filter(lines.is_heading, found[1:]), None)) if len(found) > 1 else found:
        if at is not None:
            yield from _near(lines, at)


def from_parts(doc: Document) -> Iterator[Moment]:
    """Lines behind the headline that are a date in several elements: 6<sup>th</sup> July 2021, <b>6 July</b> 2021."""
    lines = _lines(doc)
    seen = set[int]()
    for at in _headline_lines(doc, lines.texts)[:1]:
        for i in range(at + 1, min(at + 14, len(lines.texts))):
            node = lines.node(i) if _DIGIT.search(lines.texts[i]) else None
            block = next((e for e in above(node, _UP) if e.tag not in _INLINE), None) if node is not None else None
            if block is None or block.mem_id in seen or lines.length(block) > _SHORT:
                continue
            seen.add(block.mem_id)
            text = clean(block.text())
            if text != clean(lines.texts[i]) and (moment := _of_block(doc, block, text)):
                yield moment
                return


def _of_block(doc: Document, block: LexborNode, text: str) -> Moment | None:
    """The date of a line, if it is nothing else, or says that something was published, and in the article."""
    if not (datetext.is_bare(text) or marks("published").search(text)) or standing(doc, block) != 0:
        return None
    when = read(doc, text)
    if when is None or when.date is None or when.issues or not _year(text, when.date.year):
        return None
    name = block.attributes.get("class") or ""
    changed = datekinds.is_change(doc, text) or datekinds.follows_change(block) or datekinds.names_change(name)
    kind: Kind = "modified" if changed else "published"
    return Moment(when, kind, "markup", "text near the headline", text[:200], trust=8)


def from_spoken(doc: Document) -> Iterator[Moment]:
    """Empty elements around the headline whose date a style sheet shows: <div aria-label="Published: 6 July 2021">."""
    head = main_heading(doc)
    for block in () if head is None else (head, *above(head, 2)):
        node = block.next
        for _ in range(2 * _UP):
            if node is None:
                break
            if node.attributes.get("aria-label") and not clean(node.text()):
                yield from moments.read_once(doc, node)
            node = node.next


def from_clocks(doc: Document) -> Iterator[Moment]:
    """Times alone near the headline, as the local ones of an instant in UTC: "Today 12:36", "Published 12.36"."""
    lines = _lines(doc)
    found = _headline_lines(doc, lines.texts)
    declared = (
        m.when for read in (moments.from_jsonld, moments.from_meta) for m in read(doc, "published") if m.instant
    )
    instant = next(declared, None)
    places = dict.fromkeys((found[0], *filter(lines.is_heading, found[1:]))) if found and instant else ()
    around = dict.fromkeys(i for at in places for i in range(at + 1, min(at + 14, len(lines.texts))))
    for i in around:
        if _DIGIT.search(lines.texts[i]) and _fits(lines.texts[i], _SHORT) and (moment := lines.clock(i, instant)):
            yield moment
            return


def from_text(doc: Document) -> Iterator[Moment]:
    """A line that says "published", wherever it stands, then the page's only date."""
    lines = _lines(doc)
    told = (lines.moment(i, "text that says published") for i in _published(lines))
    yield from itertools.islice((m for m in told if m), 1)
    alone: list[Moment] = []
    for i in lines.dated:
        text = lines.texts[i]
        moment = lines.moment(i, "the page's only date") if _fits(text, _ALONE) or datetext.is_bare(text) else None
        if moment and not is_of_another_month(doc, moment.when.date):
            alone.append(moment)
            if moment.when.date != alone[0].when.date:
                return
    # "Rated 6 July 2021" and "Privacy 7-6-21" are dates of other things.
    yield from (m for m in alone[:1] if datetext.is_bare(m.raw) or marks("published").search(m.raw))


def is_of_another_month(doc: Document, day: date | None) -> bool:
    """Whether the page's address gives the month and a date is of another: it is another article's, or told of."""
    found = _URL_MONTH.search(split_url(doc.url).path)
    if found is None or day is None:
        return False
    edges = (day - timedelta(days=1), day, day + timedelta(days=1))  # in another zone
    return all((edge.year, edge.month) != (int(found[1]), int(found[2])) for edge in edges)


def _near(lines: _Lines, at: int) -> Iterator[Moment]:
    """The dates around the headline in piece `at`, those behind it first; of a list, newest first, none."""
    around = [i for i in range(max(0, at - 6), min(at + 14, len(lines.texts))) if i != at]
    near_by = [i for i in around if _DIGIT.search(lines.texts[i]) and _is_line(lines.texts[i], both=True)]
    found = [(i, m) for i in near_by if (m := lines.moment(i, "text near the headline"))]
    behind: dict[str, list[date]] = {}
    for i, moment in found:
        if i > at and moment.when.date and moment.kind == "published":
            behind.setdefault(lines.place(i), []).append(moment.when.date)
    lists = {place for place, days in behind.items() if days[0] > days[-1]}
    for i, moment in sorted(found, key=lambda pair: (pair[0] < at, abs(pair[0] - at))):
        if lines.place(i) not in lists or (i > at and not _WORDS.search("".join(lines.texts[at + 1 : i]))):
            yield moment


def _published(lines: _Lines) -> Iterator[int]:
    """The dated lines that say "published", then those behind a line of their own that says it."""
    says = marks("published").search
    yield from (i for i in lines.dated if says(lines.texts[i]))
    alone = (i for i in lines.dated if i and (_fits(lines.texts[i], _ALONE) or datetext.is_bare(lines.texts[i])))
    yield from (i for i in alone if says(lines.texts[i - 1][:_ALONE]))


def _is_line(text: str, *, both: bool = False) -> bool:
    """Whether a text is short, or a bit longer and says when it was published: the foot of WordPress's old themes.

    With `both` it may say as well when it was changed, as bylines do.
    """
    if _fits(text, _SHORT):
        return True
    if not _fits(text, _SAID):
        return False
    if marks("published").search(text) is None:
        return False
    return marks("changed").search(text) is None or (both and datekinds.tells_publication(text))


def _fits(text: str, most: int) -> bool:
    """Whether a text has so many characters as it is shown: blanks of the source run into one."""
    return len(text) <= most or (len(text) <= _INDENT * most and len(" ".join(text.split())) <= most)


def _headline_lines(doc: Document, lines: list[str]) -> list[int]:
    """The pieces of text that begin with the headline: a list of the newest may have it as well."""
    heads = [[clean(node.text())[:30] for node in doc.marks[tag][:4]] for tag in ("h1", "h2")]
    own = (doc.headline or "")[:30]
    titles = [title for title in (own, *heads[0], doc.title[:25], *heads[1][:3]) if len(title) > 8]
    for title in titles:
        start = title.split()[0]
        likely = (i for i, line in enumerate(lines) if line.startswith(start) and len(line) <= _LONG)
        if found := [i for i in likely if clean(lines[i]).startswith(title)]:
            return found
    return []


def _year(line: str, year: int) -> bool:
    """Whether a line prints that year, in four digits or in two."""
    digits = re.findall(r"\d+", line)
    return any(d.isdecimal() and int(d) in (year, year % 100) and len(d) in (2, 4) for d in digits)


def from_islands(doc: Document) -> Iterator[Moment]:
    """A date in the data of a script-rendered page, near its headline; a key that speaks of publishing comes first."""
    declared = doc.first_meta("headline", "og:title", "twitter:title")
    titles = {text[:12].strip() for text in (declared[1] if declared else "", doc.title)}
    found: list[tuple[str, When]] = []
    own = (script for script in doc.marks["script"] if "src" not in script.attributes)
    for script in itertools.islice(own, 80):
        text = script.text()
        if (call := _CALL.fullmatch(text)) and (when := datetext.read_iso(call[1])) and when.date:
            found.append(("published by script", when))
        at = next((i for title in titles if len(title) > 6 and (i := text.find(title)) >= 0), -1)
        if at >= 0 and len(text) <= _SCRIPT:
            found += _dated_keys(text, max(0, at - _REACH), at + _REACH)
    found.sort(key=lambda pair: _ISLAND_PUBLISHED.search(pair[0]) is None)
    for key, when in found[:1]:
        yield Moment(when, "published", "markup", f"script {key}", key, machine=True, trust=8)


def _dated_keys(text: str, start: int, end: int) -> Iterator[tuple[str, When]]:
    for match in _ISLAND.finditer(text, start, end):
        when = None if _ISLAND_OTHER.search(match[1]) else datetext.read_iso(match[2])
        if when is not None and when.date is not None:
            yield match[1], when


def from_own_teaser(doc: Document) -> Iterator[Moment]:
    """The date in a list's link to this very page."""
    path = split_url(doc.url).path
    if len(path) < 8 or not _SAFE.fullmatch(path):
        return
    for node in doc.tree.css(f"a[href$='{path}']")[:20]:
        text = clean(node.text(separator=" ")[:300])
        if len(text) <= 240 and any(map(str.isdigit, text)) and (when := read(doc, text)) and when.date:
            changed = datekinds.is_change(doc, text) or datekinds.follows_change(node)
            yield Moment(
                when, "modified" if changed else "published", "markup", "link to this page", text[:200], trust=10
            )
            return
