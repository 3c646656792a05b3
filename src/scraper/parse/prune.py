"""What can be cut before reading, and the element that holds the article."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.parse.blocks import INLINE
from scraper.parse.classnames import names
from scraper.parse.document import Document
from scraper.parse.sitename import squash
from scraper.parse.text import clean

_AWAY = frozenset(["comment", "related", "side", "nav", "signup", "promo", "notice", "listing", "byline", "toc"])
_OPINION = frozenset(["comment"])  # what an article may be as well
_AWAY_TAGS = frozenset(["aside", "nav", "footer", "header", "form", "a"])
_LABEL = 40  # characters; less text is a label or a link, not prose
_STEP = 0.8  # of an element's prose that one child must hold to be taken for the article's element instead
_DISCOUNT = 0.3  # what prose counts for each name on the way that speaks against it; tried from 0.1 to 0.7
_COMMENTS = 0.1  # the same for comments, which may be longer than the article
_THIN = 600  # of such prose, below which the page keeps its text in other elements than <p>, or in a list
_BARE = 250  # characters
CAPTION, _FIGCAPTION = 250, 700  # characters; no line that stands with a picture, or is called its caption, is longer
_FEW = 6  # lines under a picture: its title, its caption, who took it
_UNSEEN = 200  # characters; pages that build themselves keep whole articles in a hidden element
_MARK = re.compile(r"\s*[\[(]?(?:\d{1,3}|[*†‡§a-z]|[ivx]+)[\])]?[,;]?\s*", re.IGNORECASE)  # of a note, not "6th"
_MANY = 500  # elements whose text is looked at one by one: more are no page that people read
_LISTS = ("ol", "ul", "dl")
_APART = ("body", "article", "main", "section", "td")  # a picture's frame is none of these
_SINGLE = frozenset(["article", "li", "tr", "td", "p"])  # what follows one of these may be of something else
_GRID = re.compile(r"\s*(?:(?:row|col(?:umn)?s?|container|grid|clearfix)(?:-\S*)?\s*)+")  # names of places on any page
_TEASER = "h1 a, h2 a, h3 a, h4 a, a h2, a h3, a h4, article"  # what one has, and no part of a text
_PROSE = "h1, h2, h3, h4, p, li"  # and has none of these in it
_PICTURED = "figure:not(:has(blockquote, table, pre)) figcaption"
_ROOTS = ("html", "body")  # hidden by some scripts until the page is ready
# What most elements are: to pass over them takes a third of the time of asking for each tag that is cut.
_COMMON = ("div", "a", "li", "span", "p", "img", "ul", "meta", "link", "path", "label", "i")
_INLINE_DEEP = 32
_DEEP = 256  # levels; what nests deeper is no page that people read either


def cut(doc: Document) -> None:
    """Take out what never holds an article's text."""
    rows = table("boilerplate.toml")["tags"]
    tags = frozenset(rows["cut_tags"])
    passed = ", ".join(("button", *[tag for tag in _COMMON if tag not in tags]))
    # Last first: a node inside another must go before it, since what is cut takes its children along.
    for node in reversed(doc.tree.css(f":not({passed}), {rows['cut_buttons']}")):
        if node.tag in tags and not (node.tag == "dialog" and _is_open(node, doc)):
            node.decompose()
    for node in reversed(doc.css(rows["cut"])):
        node.decompose()
    for node in reversed(doc.css(rows["unseen"])[:_MANY]):
        text = node.text()
        around = node.parent
        raised = node.tag == "a" and ((around is not None and around.tag == "sup") or node.css_first("sup"))
        if node.tag not in _ROOTS and len(text) < _UNSEEN and (not raised or _MARK.fullmatch(text)):
            node.decompose()


def _is_open(dialog: LexborNode, doc: Document) -> bool:
    """Whether a dialog is shown at once and has the headline: it is the article's, and does not ask for consent."""
    return "open" in dialog.attributes and any(clean(head.text()) == doc.headline for head in dialog.css("h1, h2"))


def captions(doc: Document) -> frozenset[str]:
    """The texts of the elements that are named for a picture, and hold one with no more than a line of text."""
    frames = {node.mem_id: node for picture in doc.tree.css("img, amp-img")[:_MANY] for node in _frames(picture)}
    lines = [line for frame in frames.values() for line in _lines_of(frame)]
    return frozenset(text for line in lines if len(text := clean(line.text())) <= CAPTION)


def captions_below(doc: Document) -> frozenset[str]:
    """The texts called captions right behind a picture, in no frame with it: <img><p class="caption">."""
    found = list[str]()
    for picture in doc.tree.css("img, amp-img")[:_MANY]:
        node: LexborNode | None = picture
        while node is not None and node.next is None and node.tag not in _APART and len(node.text().strip()) == 0:
            node = node.parent
        below = node.next if node is not None else None
        while below is not None and below.tag == "-text" and not below.text().strip():
            below = below.next
        if below is not None and below.tag in ("p", "div") and "caption" in names(below)[0]:
            found.append(clean(below.text()))
    return frozenset(text for text in found if len(text) <= CAPTION)


def _lines_of(frame: LexborNode) -> list[LexborNode]:
    """What a picture's frame says: the frame itself, or its paragraphs where all are called captions."""
    lines = frame.css(_PROSE)[:_FEW]
    return (lines if all(map(_is_called_caption, lines)) else []) if lines else [frame]


def _is_called_caption(line: LexborNode) -> bool:
    """Whether a line of a picture's frame is called its caption, or the element right around it is."""
    around = line.parent
    return "caption" in names(line)[0] or (around is not None and "caption" in names(around)[0])


def figcaptions(doc: Document) -> frozenset[str]:
    """The texts of <figcaption>s, but for those that say who is quoted, or what a table or a piece of code shows."""
    texts = (clean(node.text()) for node in doc.tree.css(_PICTURED)[:_MANY])
    return frozenset(text for text in texts if len(text) <= _FIGCAPTION)


def _frames(picture: LexborNode) -> Iterator[LexborNode]:
    """The elements close around a picture that are named for it."""
    node = picture.parent
    for _ in range(3):
        if node is None or node.tag in _APART:
            return
        kinds = names(node)[0]
        if "media" in kinds and "content" not in kinds and node.tag not in INLINE:  # else a word of a line, or a film
            yield node
        node = node.parent


def container(body: LexborNode, title: LexborNode | None) -> tuple[LexborNode, dict[int, float]]:
    """The element that holds most of the page's prose, and how much each element holds, by memory id.

    From <body> down, as long as one child keeps nearly all of it. What holds the headline `title` is no comment of
    readers, whatever its name: so opinion pieces are called too.
    """
    above = _ids_above(title) if title is not None else set[int]()
    masses = _weigh(body, _paragraphs(body), above)
    node = masses.descend(body)
    if masses.total.get(node.mem_id, 0.0) < _THIN:
        texts = _weigh(body, _texts(body), above)
        inner = texts.descend(body)
        # Text that is not in paragraphs counts where it is close together, not all over the page. Names on the way may
        # discount it to little (Blogger's posts are <div>s in a widget): elsewhere, twice what <p> gave will do.
        wider, most = inner.mem_id in _ids_above(node), texts.total.get(inner.mem_id, 0.0)
        least = min(_THIN, 2 * masses.total.get(node.mem_id, 0.0)) if inner.mem_id != node.mem_id else _THIN
        if len(node.text()) < _BARE or (not wider and most > least):
            masses, node = texts, inner
        if masses.total.get(node.mem_id, 0.0) < _THIN:
            node = _around(node)
    return _above_lists(node), masses.total


def _above_lists(node: LexborNode) -> LexborNode:
    """The element around `node` if that is a list: the article is what the list stands in."""
    while node.tag in _LISTS and node.parent is not None:
        node = node.parent
    return node


def _around(node: LexborNode) -> LexborNode:
    """The nearest <article> or <main> around a node with little prose: its article may be a list. Else the node."""
    above: LexborNode | None = node
    while above is not None:
        if above.tag in ("article", "main"):
            return above
        above = above.parent
    return node


def title_of(body: LexborNode, headline: str | None) -> LexborNode | None:
    """The heading that prints the headline: one with its words, of the highest rank, else the first h1, else None."""
    for rank in ("h1", "h2", "h3", "h4") if headline else ():
        for head in body.css(rank):
            if clean(head.text()) == headline:
                return head
    first: LexborNode | None = None
    letters = squash(headline or "")
    for head in body.css("h1"):
        first = first or head
        if letters and letters in squash(head.text()):  # with its date or its kicker
            return head
    return first


def _ids_above(node: LexborNode) -> set[int]:
    """The memory ids of the elements above `node`, so far as they are near."""
    found: set[int] = set()
    above = node.parent
    while above is not None and len(found) < _DEEP:
        found.add(above.mem_id)
        above = above.parent
    return found


def _paragraphs(body: LexborNode) -> Iterable[tuple[LexborNode, int]]:
    """(parent, weight) of each <p>, and of text between line breaks."""
    for paragraph in body.css("p"):
        if (size := _weight(paragraph.text())) > _LABEL and (parent := paragraph.parent):
            yield parent, size
    seen = set[int]()
    for line in body.css("br"):
        parent = _block_above(line)
        if parent is None or parent.mem_id in seen or parent.tag == "p":
            continue
        seen.add(parent.mem_id)
        if (size := _weight(parent.text(deep=False))) > _LABEL:
            yield parent, size


def _texts(body: LexborNode) -> Iterable[tuple[LexborNode, int]]:
    """(nearest block above, weight) of each piece of text outside links."""
    for piece in body.traverse(include_text=True, skip_empty=True):
        text = piece.text_content  # None for an element
        if text and (size := _weight(text)) > _LABEL // 2:
            parent = _block_above(piece)
            if parent is not None and parent.tag != "a":
                yield parent, size + _LABEL // 2


def _block_above(node: LexborNode) -> LexborNode | None:
    """The nearest element above that is no mark-up within a line, or a link; None where there is none near."""
    parent = node.parent
    for _ in range(_INLINE_DEEP):
        if parent is None or parent.tag not in INLINE or parent.tag == "a":
            return parent
        parent = parent.parent
    return None


def _weight(text: str) -> int:
    """Length in characters; scripts that write no blanks say about three times as much in each."""
    size = len(text)
    return size if text.isascii() or size <= 14 * (text.count(" ") + 1) else 3 * size


@dataclass(slots=True)
class _Masses:
    """Prose below each element, by memory id, and each element's children that have some."""

    top: int  # the body's
    total: dict[int, float] = field(default_factory=dict)
    children: dict[int, list[LexborNode]] = field(default_factory=dict)
    above: dict[int, int] = field(default_factory=dict)  # the element around each
    away: dict[int, frozenset[str]] = field(default_factory=dict)  # what speaks against each and all around it
    titled: set[int] = field(default_factory=set)  # elements around the headline

    def add(self, node: LexborNode, prose: float) -> None:
        """Count `prose` for `node` and all elements around it, discounted for each name that speaks against it."""
        here = node.mem_id
        away = self._away(node)
        weight = prose * _DISCOUNT ** len(away) * (_COMMENTS if "comment" in away else 1)
        total = self.total
        total[self.top] = total.get(self.top, 0.0) + weight
        for _ in range(_DEEP):
            if here == self.top:
                break
            total[here] = total.get(here, 0.0) + weight
            here = self.above[here]

    def _away(self, node: LexborNode) -> frozenset[str]:
        """What speaks against an element and those around it; of these only the new ones are looked at."""
        chain: list[tuple[int, LexborNode]] = []
        around: LexborNode | None = node
        above = self.top
        while around is not None and len(chain) < _DEEP:
            here = around.mem_id
            if here in self.away:
                above = here
                break
            chain.append((here, around))
            around = around.parent
        away = self.away[above]
        for here, new in reversed(chain):
            if against := _against(new):
                away |= against - _OPINION if here in self.titled else against
            self.away[here] = away
            self.above[here] = above
            self.children.setdefault(above, []).append(new)
            above = here
        return away

    def descend(self, body: LexborNode) -> LexborNode:
        """From `body` down as long as one child holds _STEP of the prose."""
        node = body
        while below := self.children.get(node.mem_id):
            best = max(below, key=lambda n: self.total[n.mem_id])
            if self.total[best.mem_id] < _STEP * self.total[node.mem_id] or self._is_split(best, below):
                break
            node = best
        return node

    def _is_split(self, best: LexborNode, siblings: list[LexborNode]) -> bool:
        """Whether an element holds but the first part of a text, and others of its name go on with it, as where an
        advertisement parts them. What holds the headline is a whole article, and the next of its name are others.
        """
        name = best.attributes.get("class")
        if not name or _GRID.fullmatch(name) or best.mem_id in self.titled or best.tag in _SINGLE:
            return False
        twins = (node for node in siblings if node.tag == best.tag and node.attributes.get("class") == name)
        return any(node.mem_id != best.mem_id and self._is_prose(node) for node in twins)

    def _is_prose(self, node: LexborNode) -> bool:
        """Whether an element is text with few links: no box beside the article, no teaser."""
        links = sum(len(link.text()) for link in node.css("a")[:_MANY])
        return self.total[node.mem_id] > _LABEL and 10 * links < len(node.text()) and node.css_first(_TEASER) is None


def _weigh(body: LexborNode, pieces: Iterable[tuple[LexborNode, int]], titled: set[int]) -> _Masses:
    """Where the prose is."""
    own: dict[int, float] = {}
    nodes: dict[int, LexborNode] = {}
    for parent, size in pieces:
        key = parent.mem_id
        own[key] = own.get(key, 0.0) + size - _LABEL * 0.75
        nodes[key] = parent
    masses = _Masses(body.mem_id, away={body.mem_id: frozenset()}, titled=titled)
    for key, prose in own.items():
        masses.add(nodes[key], prose)
    return masses


def _against(node: LexborNode) -> frozenset[str]:
    """What an element's names and tag say against its text."""
    kinds = names(node)[0] & _AWAY
    tag = node.tag or ""
    return kinds | {tag} if tag in _AWAY_TAGS else kinds
