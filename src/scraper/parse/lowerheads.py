"""Pages whose titles name no article but a section, a file or nothing: the headline is a heading of lower rank."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.parse.document import Document
from scraper.parse.headings import hidden, is_logo, is_sentence, leads_away, outside, spelled
from scraper.parse.sitename import squash
from scraper.parse.text import clean, split_url

_HEADS = 120  # and paragraphs that are looked at
_SITE = re.compile(r"\s[|–—-]\s")  # in front of a site's name
_PROSE = 100  # characters of a paragraph; what stands behind it is no headline


def names_no_article(text: str, doc: Document) -> bool:
    """Whether a title is a section's, what systems call a page without one, or the file's name: "News", "Untitled"."""
    first, *rest = _SITE.split(text)
    if len(rest) == 1 and squash(first) in _no_titles():
        return True  # "News - Town of Mirzhol", where the site's name is not known
    return squash(text) in _no_titles() or ("_" in text and text == _file(doc))


def _file(doc: Document) -> str:
    return split_url(doc.url).path.rpartition("/")[2].partition(".")[0]


@cache
def _no_titles() -> frozenset[str]:
    return frozenset(map(squash, table("metadata.toml")["no_titles"] + table("kinds.toml")["sections"]["listing"]))


def heading_below(doc: Document) -> LexborNode | None:
    """The heading in front of the prose that the page's address spells out, or the only one of its rank there."""
    heads = list[LexborNode]()
    for node in doc.tree.css("h2, h3, h4, p")[:_HEADS]:
        text = clean(node.text())
        if node.tag == "p":
            if len(text) >= _PROSE and heads:
                break
        elif is_sentence(text) and not (outside(node) or hidden(node) or is_logo(node, doc) or leads_away(node, doc)):
            heads.append(node)
    ranks = Counter(node.tag for node in heads)
    told = (node for node in heads if spelled(clean(node.text()), doc))
    return next(told, None) or next((node for node in heads if ranks[node.tag] == 1), None)
