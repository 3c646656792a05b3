"""The standfirst: the text right under the headline whose element is named as one."""

from __future__ import annotations

from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from scraper.model import Found
from scraper.parse import byline, measure
from scraper.parse.body import is_caption, path_of
from scraper.parse.classnames import names
from scraper.parse.document import Document
from scraper.parse.sitename import squash
from scraper.parse.text import clean

_SHORTEST, _LONGEST = 20, 700  # letters, and characters: a longer "intro" is the article itself
_RANKS, _LINE = frozenset(["h2", "h3", "h4"]), 200  # and characters of the line of the byline and the date
_BESIDE, _NOT_LEAD = 60, frozenset(["meta", "byline", "share"])  # characters and kinds of what may end its element


def standfirst(doc: Document) -> Found | None:
    """The text of the first element below the headline that is named as a standfirst; None where none is.

    A heading between the headline and the byline or the date is one too.
    """
    for node in _candidates(doc):
        if not _is_named(node) and not _is_second_heading(node, squash(doc.headline or "")):
            continue
        own = _without_picture(node)
        text = _lines_of(own)
        fits = measure.length(text) > _SHORTEST and len(text) < _LONGEST
        if fits and not byline.whole(text) and not is_caption(text) and not _is_gadget(own, len(text)):
            return Found(text, "markup", text, path_of(own))
    return None


def _candidates(doc: Document) -> Iterator[LexborNode]:
    """What stands below the headings that print the headline, which may have a kicker, a day, a mark beside it."""
    heads = [head for head in doc.heads[:12] if clean(head.text()) == doc.headline]
    key = squash(doc.headline or "")
    heads = heads or [head for head in doc.h1s[:12] if key and key in squash(head.text())] or doc.h1s[:1]
    for head in heads[:3]:
        yield from _below(head)
    if not heads:  # a headline of lower rank: what stands right under it alone
        lower = (head for head in doc.tree.css("h3")[:12] if clean(head.text()) == doc.headline)
        for head in lower:
            yield from list(_below(head))[:1]


def _is_named(node: LexborNode) -> bool:
    return "standfirst" in names(node)[0] or node.attributes.get("itemprop") in ("description", "alternativeHeadline")


def _is_second_heading(node: LexborNode, title: str) -> bool:
    """Whether a heading stands right between the one with the `title`, squashed, and a line of who wrote or when."""
    if node.tag not in _RANKS or not title:
        return False
    above, below = node.prev, next(_below(node), None)
    while above is not None and not above.is_element_node:
        above = above.prev
    if above is None or below is None or above.tag not in ("h1", "h2") or above.tag >= node.tag:
        return False
    if title not in squash(above.text()):
        return False  # the site's name, and below it the article's
    line, kinds = clean(below.text()), names(below)[0]
    return len(line) < _LINE and (
        byline.begins(line) or not kinds.isdisjoint(("byline", "meta")) or below.tag == "time"
    )


def _without_picture(node: LexborNode) -> LexborNode:
    """The standfirst's own element within one that holds the lead picture too and no other text."""
    inner = node.css("p, h2, h3") if node.css_first("figure, img") is not None else []
    own = (each for each in inner if each.mem_id != node.mem_id and _is_named(each))
    half = len(node.text()) / 2 if inner else 0
    return next((each for each in own if len(each.text()) > half), node)


def _lines_of(node: LexborNode) -> str:
    """An element's text, with a blank between paragraphs that touch, but for a day and a byline that end it."""
    text, apart = clean(node.text()), clean(" ".join(part.text() for part in node.css("p, li")))
    text = apart if apart.replace(" ", "") == text.replace(" ", "") else text
    parts = node.css("time, [class]")
    for part in (*parts, *reversed(parts)):  # the whole line first, then its parts from the end
        beside = clean(part.text())
        if len(beside) < _BESIDE and (part.tag == "time" or not _NOT_LEAD.isdisjoint(names(part)[0])):
            text = text.removesuffix(beside).rstrip()
    return text


def _is_gadget(node: LexborNode, size: int) -> bool:
    """Whether the element shows a picture or works: its text is a caption, a script, or mostly links to share by."""
    if node.tag == "figure" or not names(node)[0].isdisjoint(("media", "caption")):
        return True
    captions = sum(len(part.text(strip=True)) for part in node.css("[class]") if "caption" in names(part)[0])
    links = max(captions, sum(len(link.text(strip=True)) for link in node.css("a")))
    return node.css_first("script, style, figure, img, picture, video") is not None or 2 * links > size


def _below(head: LexborNode) -> Iterator[LexborNode]:
    """The elements that follow a headline closely: its next siblings, and those of the elements around it."""
    around: LexborNode | None = head
    for _ in range(3):
        node = around.next if around is not None else None
        for _ in range(8):
            if node is None:
                break
            if node.is_element_node:
                yield node
            node = node.next
        around = around.parent if around is not None else None
