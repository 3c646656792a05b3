"""What a printed date is for: the publication, a change, or something else; by its words and the names around it."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.parse import datetext, jsonld, tongue
from scraper.parse.datetext import When
from scraper.parse.days import Order
from scraper.parse.document import Document
from scraper.parse.text import clean, one_of

Kind = Literal["published", "modified"]
_CLOCK = re.compile(r"\d\s?[:h]\s?\d\d|\d\s?[ap]\.?m|時|시", re.IGNORECASE)
_CLOCK_OF_DAY = re.compile(  # "06.07." is a day
    r"(?<!\d)(?:[01]?\d|2[0-3])(?:\s?[:h]\s?[0-5]\d(?!\d)|\.[0-5]\d(?=\s?(?:[ap]\.?m|uhr)))", re.IGNORECASE
)
_DATE_CLASS = re.compile(r"(?<!\S)(?:[\w-]*-)?date updated(?!\S)|(?<!\S)updated (?:[\w-]*-)?date(?!\S)")
_UPDATED = re.compile("updated?")
_ORDERS: tuple[Order, ...] = ("dmy", "mdy")
_HEADS = ("h1", "h2", "h3")
_HEADINGS = ", ".join(_HEADS)
_AMERICAN = frozenset(("gov", "mil", "edu", "us"))  # ends of addresses; their templates say "en"
_PM = re.compile(r"\d\s?[ap]m\b", re.IGNORECASE)
_UP = 3  # elements and neighbours looked at for the words in front of a date
_TIME = 24  # characters of a line that is a time
_NOUGHT = re.compile(r"0?0:00")  # where a player's sound begins
_LENGTH = re.compile("durat|length|audio|video|play|read", re.IGNORECASE)
_WORD = re.compile(r"\w")
_PARTS = 8  # parts of a line that are asked for their names
_DOTTED = re.compile(r"(?<!\d)\d{1,2}\.\s?\d{1,2}\.\s?(\d{4}|\d\d)(?!\d)")
_SLASHED = re.compile(r"(?<![\d/-])(\d\d?)[/-](\d\d?)[/-](?:19|20)\d\d(?![\d/-])")
_NUMBERS = re.compile(r"(?<!\d)\d\d?[/-]\d\d?[/-]\d")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)  # from which spans are counted where only their being spans matters
_LOOSE = (("date-relative",), ("date-vague",), ("date-no-year",))  # what an attribute says more of
_HINT = 120  # characters of an attribute that is a date
_PIECE = 200  # characters of a text that may be a date; scripts are longer
# "2021/07/06 12:36 更新": in languages whose verb is the last word, behind one date with at most one time.
_CHANGED_BEHIND = re.compile(r"[^:：]*(?:\d[:：]\d\d(?:[:：]\d\d)?)?\D{0,3}(?:更新|업데이트|수정)\W*")
_GLUED = re.compile(r"(?<=\d)(?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{3})")  # elements that touch: "6 July 2021Updated"
_SEAMS = "br, div, p, li, dt, dd, td"  # with these a new line begins
_SEAMED = frozenset(_SEAMS.split(", "))
# Parts of a line that the page names as a change or does not show.
_APART = "[class*='updat' i], [class*='modif' i], [hidden], [style*='display:none' i], [style*='display: none' i]"


@functools.cache
def marks(name: str) -> re.Pattern[str]:
    """The words of one list of datemarks.toml, anywhere in a text."""
    return one_of(table("datemarks.toml")[name])


def read(doc: Document, text: str) -> When | None:
    """A printed date in the page's language, against the fetch. Between dots the day comes first in every language."""
    language = _language(doc)
    dotted = _DOTTED.search(text)
    order: Order | None = None
    if dotted and (len(dotted[1]) == 4 or not datetext.puts_year_first(language)):
        order = "dmy"
    elif _NUMBERS.search(text):
        order = _proven_order(doc)
    when = datetext.read(text, language=language, order=order, now=doc.page.fetched_at, zone=zone_of(doc))
    if when is None or when.issues not in (("date-ambiguous",), ("date-no-year",)):
        return when
    declared = _declared_days(doc)
    if when.issues == ("date-no-year",):
        now, days = doc.page.fetched_at, sorted(declared)
        readings = (datetext.read(text, language=language, now=now, declared=day) for day in days)
        return next((each for each in readings if each and each.date), when)
    readings = (datetext.read(text, language=language, order=each, now=doc.page.fetched_at) for each in _ORDERS)
    return next((each for each in readings if each and each.date and _is_near(each.date, declared)), when)


def zone_of(doc: Document) -> tzinfo | None:
    """The site's configured zone; None where there is none. Its name was checked with the configuration."""
    return ZoneInfo(doc.rules.timezone) if doc.rules.timezone else None


def read_data(doc: Document, text: str) -> When | None:
    """A date of the page's data; where it is none of Gregorian years, by the calendar of the page's language.

    Programs of Thai and Iranian sites write "2567-08-04" and "1403-05-14" into data that ask for ISO 8601.
    """
    when = datetext.read_iso(text)
    if when is None or when.date is not None or not when.issues:
        return when
    told = read(doc, text)
    if told is None or told.date is None:
        return when
    # "06.07.2021 12:36" and "07/06/2021" are what people of the page's language write.
    # A program that writes PM is American, whatever the page's language.
    plain = when.issues == ("date-ambiguous",) and ((_language(doc) or "")[:2] == "en" or not _PM.search(text))
    return told if told.calendar != "gregorian" or plain else when


def _language(doc: Document) -> str | None:
    """The page's language; English with the country of the address, since templates say "en" and "en-US" unasked.

    Where none is declared, or that of a template, it is the one that the text is plainly in.
    """
    language = doc.language
    country = doc.host.rpartition(".")[2]
    if country not in _AMERICAN and (not language or language[:2].lower() == "en"):
        language = tongue.plain(doc) or language
    if country in _AMERICAN and (language or "").lower() == "en":
        return "en-US"
    if datetext.writes_day_first(language, country):
        return f"en-{'GB' if country == 'uk' else country.upper()}"
    return language


def _proven_order(doc: Document) -> Order | None:
    """The order that the page's other dates prove by a number above 12: "25/07/2024" beside "04/08/2024"."""
    if "order" not in doc.memo:
        text = "\n".join([piece for piece in doc.pieces if len(piece) < _PIECE and ("/" in piece or "-" in piece)])
        days = [int(day) > 12 for day, month in _SLASHED.findall(text) if (int(day) > 12) != (int(month) > 12)]
        doc.memo["order"] = ("dmy" if all(days) else None if any(days) else "mdy") if days else None
    order: Order | None = doc.memo["order"]
    return order


def _declared_days(doc: Document) -> set[date]:
    """The days of the publication by the page's data."""
    names = table("metadata.toml")["published"]
    texts = [
        jsonld.text(doc.article_data.get("datePublished")),
        *(doc.meta[name][0] for name in names if name in doc.meta),
    ]
    told = [datetext.read_iso(text) for text in texts if text]
    return {when.date for when in told if when and when.date}


def _is_near(day: date, others: set[date]) -> bool:
    return any(abs(day - other) <= timedelta(days=1) for other in others)


def of_element(doc: Document, node: LexborNode, prop: str | None, printed: str) -> tuple[Kind, bool]:
    """What an element's date is for; and whether it is spare: a change, but the publication where nothing else is.

    What is printed goes before names. Spare are hAtom's "updated", and a <time> for machines named "published".
    """
    own = node.attributes.get("class") or ""
    name = f"{prop or ''} {own}"
    if node.tag == "time" and node.parent is not None:
        name += f" {node.parent.attributes.get('class') or ''}"
    named = names_change(name) and not _says_published(printed)
    if named and not is_hatom(name):
        return "modified", False
    if follows_change(node) and not _is_first_of_two(node):
        return "modified", prop == "datePublished"  # "Updated" in front, but for machines the publication
    if is_change(doc, printed):
        timed = node.tag == "time" and "datetime" in node.attributes and "publi" in own.lower()
        return "modified", timed or prop == "datePublished"
    # Themes that date posts by hAtom's "updated" alone say that it is a date: <span class="entry-date updated">.
    dated = node.tag != "time" and _DATE_CLASS.search(own)
    return ("modified", True) if named and not dated else ("published", False)


def _says_published(text: str) -> bool:
    """Whether a text says "published" in front of its first date, and nothing of a change there."""
    told = marks("published").search(text)
    return told is not None and not any(map(str.isdigit, text[: told.start()])) and not marks("changed").search(text)


def _is_first_of_two(node: LexborNode) -> bool:
    """Whether a date for the change stands behind one for the publication: the style sheet hides one."""
    other = node.next
    while other is not None and other.is_text_node:
        other = other.next
    own = (node.attributes.get("class") or "").lower()
    return other is not None and "publi" in own and names_change(other.attributes.get("class") or "")


def names_change(name: str) -> bool:
    """Whether classes name a change."""
    return marks("changed_names").search(name) is not None and "publi" not in name.lower()


def is_hatom(name: str) -> bool:
    """Whether no class but "updated" names a change: hAtom asks for it, and many themes date posts by it alone."""
    rest = _UPDATED.sub("", name.lower())
    return "last" not in rest and not marks("changed_names").search(rest)


def is_change(doc: Document, text: str) -> bool:
    """Whether a text's first date is that of a change: "By Jo, 9 comments, updated 6 July 2021"."""
    found = marks("changed").search(text)
    if found is None:
        return False
    before = text[: found.start()]
    if not any(map(str.isdigit, before)) or (_CHANGED_BEHIND.fullmatch(text) and not marks("published").search(text)):
        return True
    when = read(doc, before)
    return when is None or (when.date is None and "date-ambiguous" not in when.issues)


def follows_change(node: LexborNode) -> bool:
    """Whether the words in front of a date are for change: "<span>Updated</span> <span>on</span> <time>"."""
    place: LexborNode | None = node
    for _ in range(_UP):
        nodes = list(itertools.islice(_in_front(place), 2 * _UP))
        tails = [(before.text() or "")[-30:] for before in nodes]
        text = " ".join(reversed(tails))
        if text.strip():
            # With a digit behind it is the label of another date: "Updated: 7 July" in front of "6 July". A headline is
            # no label either: "Flood maps updated".
            ends = [found.end() for found in marks("changed").finditer(text)]
            if not ends or any(map(str.isdigit, text[ends[-1] :])):
                return False
            said = next((i for i, tail in enumerate(tails) if marks("changed").search(tail)), None)
            return said is None or not _is_heading(nodes[said])
        place = place and place.parent
    return False


def _is_heading(node: LexborNode) -> bool:
    return node.tag in _HEADS or node.css_first(_HEADINGS) is not None


def _in_front(node: LexborNode | None) -> Iterator[LexborNode]:
    """The neighbours in front of a node, the nearest first."""
    before = node.prev if node is not None else None
    while before is not None:
        yield before
        before = before.prev


def shown(node: LexborNode, most: int) -> str:
    """An element's text up to `most` characters, without the parts that it names as a change or hides."""
    text, first = node.text(), node.child  # much of it may be blanks
    leaf = first is None or (first.is_text_node and first.next is None)
    if leaf or len(text) > 4 * most or not any(map(str.isdigit, text)):
        return text[:most]
    text = _GLUED.sub(" ", _in_lines(node, text))
    if node.tag == "time":
        return text[:most]
    for part in node.css(_APART)[:_PARTS]:
        name = part.attributes.get("class") or ""
        if part.mem_id == node.mem_id or not any(map(str.isdigit, part.text())):
            continue
        if part.attributes.keys() & {"hidden", "style"} or names_change(name):
            text = text.replace(_in_lines(part, part.text()), " ", 1)
    return text


def told_at_rest(doc: Document, node: LexborNode, printed: str) -> str | None:
    """The date that shows when the mouse rests on "2 years ago", or that is read aloud for an empty element."""
    attributes = node.attributes
    text = clean(attributes.get("title") or ("" if printed else attributes.get("aria-label")) or "")
    if not _YEAR.search(text) or len(text) > _HINT or not (datetext.is_bare(text) or tells_publication(text)):
        return None
    now = doc.page.fetched_at or _SOME_DAY
    own = datetext.read(printed, language=doc.language, now=now) if printed else None
    return text if not printed or (own and own.issues in _LOOSE) else None


def _in_lines(node: LexborNode, text: str) -> str:
    """An element's text with a blank where a line of it ends: in "6:12 PM<br>Updated" PM is a word."""
    if node.css_first(_SEAMS) is None:
        return text
    pieces: list[str] = []
    for piece in node.traverse(include_text=True):
        before = piece.prev
        if piece.tag in _SEAMED or (before is not None and before.tag in _SEAMED):
            pieces.append(" ")
        if piece.is_text_node:
            pieces.append(piece.text())
    return "".join(pieces)


def clock_beside(node: LexborNode) -> str | None:
    """The time in an element of its own behind that of a date: <time>6 July 2021,</time> <span>12:36</span>.

    Else the one in front, where nothing precedes it that it could belong to: <b>12:36</b> <b>6 July 2021</b>.
    """
    if behind := _clock_in(_neighbour(node, 1)):
        return behind
    before = _neighbour(node, -1)
    return _clock_in(before) if before is not None and _neighbour(before, -1) is None else None


def _neighbour(node: LexborNode, step: int) -> LexborNode | None:
    """The nearest neighbour with words, behind a node or, with a step of -1, in front of it."""
    other = node.next if step > 0 else node.prev
    while other is not None and not _WORD.search(other.text()):
        other = other.next if step > 0 else other.prev
    return other


def _clock_in(other: LexborNode | None) -> str | None:
    """The time that is all a neighbour says; None for the length of a film."""
    text = clean(other.text()[: 4 * _TIME]) if other is not None else ""
    if len(text) > _TIME or not _CLOCK.search(text) or not datetext.is_bare(text) or _NOUGHT.match(text):
        return None
    if other is None or (not other.is_text_node and _LENGTH.search(other.attributes.get("class") or "")):
        return None
    return text


def published_part(doc: Document, text: str) -> str | None:
    """What a line that begins with a change says about the publication: "Updated 7 July, published 6 July 2021".

    Or "Updated 6 July 2021 - 4:12pm, first published 12:36pm", with the day.
    """
    changed = marks("changed").search(text)
    told = changed and marks("published").search(text, changed.end())
    if changed is None or told is None:
        return None
    part = text[told.start() :]
    clock = _CLOCK_OF_DAY.search(part)
    if clock is None or any(map(str.isdigit, _CLOCK_OF_DAY.sub("", part))):
        return part
    when = read(doc, text[: told.start()])  # a time alone is of the change's day
    if when is None or when.date is None:
        return part
    whole = f"{part[: clock.start()]}{when.date} {part[clock.start() :]}"
    first = read(doc, whole) if when.time else None
    if first and first.date and first.time and when.time and first.time > when.time:
        return part  # of the evening before: "Updated 7 July 2021 00:12, published 23:36"
    return whole


def changed_part(text: str) -> str | None:
    """What a line that begins with the publication says about a change: "6 July 2021, updated 7 July, 9:00"."""
    changed = marks("changed").search(text)
    if changed is None or not any(map(str.isdigit, text[: changed.start()])):
        return None
    return None if marks("published").search(text, changed.end()) else text[changed.start() :]


def changed_at(doc: Document, text: str, clock: time | None) -> bool:
    """Whether a line prints that minute as a change's: "6 July 2021, updated at 15:10h"."""
    found = marks("changed").search(text)
    if found is None or clock is None or _CLOCK.search(text[: found.start()]):
        return False
    told = datetext.read_clock(text[found.end() :], doc.language)
    return told is not None and told.time.minute == clock.minute


def tells_publication(text: str) -> bool:
    """Whether a line sets its first date apart from a change's: "Published 6 July, 12:36", "6 July, updated 13:05"."""
    told, changed = marks("published").search(text), marks("changed").search(text)
    if told and not any(map(str.isdigit, text[: told.start()])):
        return True
    return changed is not None and any(map(str.isdigit, text[changed.end() :]))


def is_foreign(text: str) -> bool:
    """Whether a line says that its date is not the article's: "Redeem by 6 July 2021"."""
    found = marks("foreign").search(text)
    return found is not None and not any(map(str.isdigit, text[: found.start()]))
