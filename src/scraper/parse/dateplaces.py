"""Where on the page an element stands that holds a date: in the article, in a list of others, in what is quoted."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.parse.datekinds import marks
from scraper.parse.document import Document
from scraper.parse.text import clean

MARGIN = 4  # what standing in a teaser or the margin costs in trust
BLOCKS = 3  # elements around the headline that are asked whether they hold a date
DEPTH = 6  # elements around a date whose names are asked
_LINKED = 50  # characters of a link that may be a date alone
_SPOKEN = -1  # the place of a comment, a quotation or a reference: others speak there
_COMMENT = re.compile(
    r"(?:^|[\s_-])(?:disqus|replies|reply|(?<!has-)(?<!no-)comment(?!ary|s?[-_]?(?:count|link|open|closed|off|on|enabled|disabled)))",
    re.IGNORECASE,
)
_KINDS_OF_POST = re.compile(r"\b(?:category|tag)-\S+")  # classes that name a post's subjects, whatever their words
# The day on which the page is looked at, as mastheads print it.
_TODAY = re.compile(
    r"(?<![a-z])(?:(?:current|todays?|now|server)[\s_-]?(?:date|day|time)|date[\s_-]?(?:today|now)|today)(?![a-z])"
)
_BESIDE = 2  # elements around the headline that hold what is said of the article
_BYLINE = 160  # characters of one
_PROSE = frozenset(("p", "li", "dd"))
_SENTENCE, _SAYING = 2000, 5  # characters of a paragraph that are read, and words in front of a date that say something
_OUTSIDE = frozenset(("aside", "nav", "footer"))
_QUOTED = frozenset(("blockquote", "cite"))  # the post of a social network is embedded as a <blockquote>
_OWN_FOOT = re.compile(r"entry|post|article|meta|byline")  # class="entry-footer": a <footer> may be the article's own


@functools.cache
def _elsewhere() -> frozenset[str]:
    return frozenset(table("datemarks.toml")["elsewhere"])


@functools.cache
def _sources() -> frozenset[str]:
    return frozenset(table("datemarks.toml")["sources"])


def main_heading(doc: Document) -> LexborNode | None:
    """The h1 that the page's title names, else its first."""
    if len(doc.h1s) == 1:
        return doc.h1s[0]
    titled = (node for node in doc.h1s if (text := clean(node.text())[:20]) and text in doc.title)
    return next(titled, doc.h1s[0] if doc.h1s else None)


def is_beside_headline(doc: Document, node: LexborNode) -> bool:
    """Whether an element stands in what is right around the headline, and not in what is around the whole page."""
    head = main_heading(doc)
    blocks = {block.mem_id for block in above(head, _BESIDE)} if head is not None else set()
    return any(each.mem_id in blocks for each in above(node, _BESIDE))


def above(node: LexborNode, most: int) -> Iterator[LexborNode]:
    """The elements around a node, the innermost first, within <body>."""
    parent = node.parent
    while parent is not None and parent.tag not in ("body", "main") and most:
        yield parent
        parent, most = parent.parent, most - 1


def standing(doc: Document, node: LexborNode) -> int | None:
    """How far an element stands from the article: 0 in it, MARGIN in a list or the margin, None where others speak."""
    known: dict[int, int] = doc.memo.get("standing") or doc.memo.setdefault("standing", _own(doc))
    parent: LexborNode | None = node
    found = MARGIN if _is_in_sentence(node) else 0
    for _ in range(DEPTH):
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


def _is_in_sentence(node: LexborNode) -> bool:
    """Whether a <time> is part of a sentence that tells of something else: "Heard at noon on <time>6 July</time>." """
    place = node.parent if node.is_text_node else node
    block = place.parent if place is not None and place.tag == "time" else None
    if place is None or block is None or block.tag not in _PROSE or not (own := clean(place.text())):
        return False
    before, _, behind = clean(block.text()[:_SENTENCE]).partition(own)
    return behind.startswith(".") and len(before.split()) >= _SAYING and not marks("published").search(before)


def _own(doc: Document) -> dict[int, int]:
    """The elements that hold the headline, and their own feet: the article's, whatever they are called."""
    head = main_heading(doc)
    if head is None:
        return {}
    own = {parent.mem_id: 0 for parent in above(head, 2 * DEPTH)}
    for block in above(head, BLOCKS):
        feet = (child for child in block.iter() if child.tag == "footer")
        own.update((child.mem_id, 0) for child in feet if _OWN_FOOT.search(child.attributes.get("class") or ""))
    return own


def _place(node: LexborNode) -> int:
    """What an element's own names say: _SPOKEN for comments, sources, today's date, MARGIN for lists and the margin."""
    attributes = node.attributes
    name = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower()
    if "category-" in name or "tag-" in name:
        name = _KINDS_OF_POST.sub("", name)
    if node.tag in _QUOTED or (("comment" in name or "repl" in name or "disqus" in name) and _COMMENT.search(name)):
        return _SPOKEN
    parts = name.replace("-", " ").replace("_", " ").split()
    if not _sources().isdisjoint(parts) or _TODAY.search(name):
        return _SPOKEN
    outside = (
        (node.tag in _OUTSIDE and not _is_byline(node, name))
        or not _elsewhere().isdisjoint(parts)
        or _is_masthead(node)
        or _is_teaser(node)
    )
    return MARGIN if outside else 0


def _is_byline(node: LexborNode, name: str) -> bool:
    """Whether an <aside> is the article's byline: named so, short, and with no heading in it."""
    if node.tag != "aside" or not any(word in name for word in ("byline", "author", "meta")):
        return False
    return node.css_first("h1, h2, h3, h4") is None and len(clean(node.text())) <= _BYLINE


def _is_masthead(node: LexborNode) -> bool:
    """Whether an element is a <header> without a heading: the site's, not the article's."""
    return node.tag == "header" and node.css_first("h1, h2, h3") is None


def _is_teaser(node: LexborNode) -> bool:
    """Whether an element is a link around more than a date: that of another article."""
    return node.tag == "a" and len(clean(node.text()[: 4 * _LINKED])) > _LINKED
