"""What a printed date is for: the publication, a change, or something else; by its words and the names around it."""

from __future__ import annotations

import functools
import re
from datetime import time
from typing import Literal

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.parse import datetext
from scraper.parse.datetext import When
from scraper.parse.days import Order
from scraper.parse.document import Document

Kind = Literal["published", "modified"]
_CLOCK = re.compile(r"\d\s?[:h]\s?\d\d|\d\s?[ap]\.?m|時|시", re.IGNORECASE)
_UPDATED = re.compile("updated?")
_UP = 3  # elements and neighbours looked at for the words in front of a date
_PARTS = 8  # parts of a line that are asked for their names
_DOTTED = re.compile(r"(?<!\d)\d{1,2}\.\s?\d{1,2}\.\s?(?:\d{4}|\d\d)(?!\d)")
# Parts of a line that the page names as a change or does not show.
_APART = "[class*='updat' i], [class*='modif' i], [hidden], [style*='display:none' i], [style*='display: none' i]"


@functools.cache
def marks(name: str) -> re.Pattern[str]:
    """The words of one list of datemarks.toml, anywhere in a text."""
    words = table("datemarks.toml")[name]
    firsts = "".join(sorted({word[0] for word in words}))  # a look at one letter spares trying all words at each
    return re.compile(f"(?=[{re.escape(firsts)}])(?:{'|'.join(map(re.escape, words))})", re.IGNORECASE)


def read(doc: Document, text: str) -> When | None:
    """A printed date in the page's language, against the fetch. Between dots the day comes first in every language."""
    dotted: Order | None = "dmy" if _DOTTED.search(text) else None
    return datetext.read(text, language=doc.lang or doc.rules.language, order=dotted, now=doc.page.fetched_at)


def of_element(doc: Document, node: LexborNode, prop: str | None, printed: str) -> tuple[Kind, bool]:
    """What an element's date is for; and whether it is spare: a change, but the publication where nothing else is.

    What is printed goes before names. Spare are hAtom's "updated", and a <time> for machines named "published".
    """
    own = node.attributes.get("class") or ""
    name = f"{prop or ''} {own}"
    if node.tag == "time" and node.parent is not None:
        name += f" {node.parent.attributes.get('class') or ''}"
    named = names_change(name)
    if (named and not is_hatom(name)) or (follows_change(node) and not _is_first_of_two(node)):
        return "modified", False
    if is_change(doc, printed):
        return "modified", node.tag == "time" and "datetime" in node.attributes and "publi" in own.lower()
    return ("modified", True) if named else ("published", False)


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
    if not any(map(str.isdigit, before)):
        return True
    when = read(doc, before)
    return when is None or (when.date is None and "date-ambiguous" not in when.issues)


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
            ends = [found.end() for found in marks("changed").finditer(text)]
            return bool(ends) and not any(map(str.isdigit, text[ends[-1] :]))
        place = place and place.parent
    return False


def shown(node: LexborNode, most: int) -> str:
    """An element's text up to `most` characters, without the parts that it names as a change or hides."""
    text, first = node.text(), node.child  # much of it may be blanks
    leaf = first is None or (first.is_text_node and first.next is None)
    if leaf or node.tag == "time" or len(text) > 4 * most or not any(map(str.isdigit, text)):
        return text[:most]
    for part in node.css(_APART)[:_PARTS]:
        name = part.attributes.get("class") or ""
        if part.mem_id == node.mem_id or not any(map(str.isdigit, part.text())):
            continue
        if part.attributes.keys() & {"hidden", "style"} or names_change(name):
            text = text.replace(part.text(), " ", 1)
    return text


def published_part(doc: Document, text: str) -> str | None:
    """What a line that begins with a change says about the publication: "Updated 7 July, published 6 July 2021"."""
    changed = marks("changed").search(text)
    told = changed and marks("published").search(text, changed.end())
    return text[told.start() :] if told else None


def changed_at(doc: Document, text: str, clock: time | None) -> bool:
    """Whether a line prints that minute as a change's: "6 July 2021, updated at 15:10h"."""
    found = marks("changed").search(text)
    if found is None or clock is None or _CLOCK.search(text[: found.start()]):
        return False
    told = datetext.read_time(text[found.end() :], doc.lang)
    return told is not None and told.minute == clock.minute


def is_foreign(text: str) -> bool:
    """Whether a line says that its date is not the article's: "Redeem by 6 July 2021"."""
    found = marks("foreign").search(text)
    return found is not None and not any(map(str.isdigit, text[: found.start()]))
