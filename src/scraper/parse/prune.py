"""What can be cut before reading, and the element that holds the article."""

from __future__ import annotations

from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.data import table
from scraper.parse.blocks import INLINE, names
from scraper.parse.text import clean

_AWAY = frozenset({"comment", "related", "side", "nav", "signup", "promo", "notice", "listing", "byline", "toc"})
_AWAY_TAGS = frozenset({"aside", "nav", "footer", "header", "form", "a"})
_SHORT = 40  # characters; less text is a label or a link, not prose
_UNSEEN = 200  # characters
STEP = 0.75
AWAY = 0.3
THIN = 600
_BARE = 250

Masses = tuple[dict[int, float], dict[int, list[LexborNode]]]


def cut(tree: LexborHTMLParser) -> None:
    """Take out what never holds an article's text."""
    rows = table("boilerplate.toml")["tags"]
    tree.strip_tags(rows["cut"], recursive=True)
    for node in tree.css(rows["unseen"]):
        if len(node.text()) < _UNSEEN:  # pages that build themselves keep whole articles in a hidden element
            node.decompose()


def container(body: LexborNode) -> tuple[LexborNode, dict[int, float]]:
    """The element that holds most of the page's prose: from <body> down as long as one child keeps nearly all."""
    mass, children = _masses(body, _paragraphs(body))
    node = _descend(body, mass, children)
    if mass.get(node.mem_id, 0.0) < THIN and len(node.text()) < _BARE:
        mass, children = _masses(body, _texts(body))
        node = _descend(body, mass, children)
    return node, mass


def title_of(body: LexborNode, headline: str | None) -> LexborNode | None:
    """The heading that prints the headline: one with its words, else the page's first h1, else None."""
    heads = body.css("h1")
    if headline:
        for head in heads or body.css("h2"):
            if clean(head.text()) == headline:
                return head
    return heads[0] if heads else None


def _descend(body: LexborNode, mass: dict[int, float], children: dict[int, list[LexborNode]]) -> LexborNode:
    node = body
    while below := children.get(node.mem_id):
        best = max(below, key=lambda n: mass[n.mem_id])
        if mass[best.mem_id] < STEP * mass[node.mem_id]:
            break
        node = best
    return node


def _weight(text: str) -> int:
    """Length in characters; scripts that write no blanks say about three times as much in each."""
    size = len(text)
    return 3 * size if size > 14 * (text.count(" ") + 1) and not text.isascii() else size


def _paragraphs(body: LexborNode) -> Iterable[tuple[LexborNode, int]]:
    """(parent, length) of each <p>, and of text between line breaks."""
    for paragraph in body.css("p"):
        if (size := _weight(paragraph.text())) > _SHORT and (parent := paragraph.parent):
            yield parent, size
    seen = set[int]()
    for line in body.css("br"):
        parent = line.parent
        while parent is not None and parent.tag in INLINE:
            parent = parent.parent
        if parent is None or parent.mem_id in seen or parent.tag == "p":
            continue
        seen.add(parent.mem_id)
        if (size := _weight(parent.text(deep=False))) > _SHORT:
            yield parent, size


def _texts(body: LexborNode) -> Iterable[tuple[LexborNode, int]]:
    """(nearest block above, length) of each piece of text outside links."""
    for piece in body.traverse(include_text=True, skip_empty=True):
        if piece.tag == "-text" and (size := _weight(piece.text_content or "")) > _SHORT // 2:
            parent = piece.parent
            while parent is not None and parent.tag in INLINE and parent.tag != "a":
                parent = parent.parent
            if parent is not None and parent.tag != "a":
                yield parent, size + 20


def _masses(body: LexborNode, pieces: Iterable[tuple[LexborNode, int]]) -> Masses:
    """Prose below each element, and each element's children that have some."""
    own: dict[int, float] = {}
    nodes: dict[int, LexborNode] = {}
    for parent, size in pieces:
        key = parent.mem_id
        own[key] = own.get(key, 0.0) + size - _SHORT * 0.75
        nodes[key] = parent
    mass: dict[int, float] = {}
    children: dict[int, list[LexborNode]] = {}
    top = body.mem_id
    for key, size in own.items():
        chain = _chain(nodes[key], top)
        away = set[str]()
        for node in chain:
            away |= names(node)[0] & _AWAY
            if node.tag in _AWAY_TAGS:
                away.add(node.tag)
        size *= AWAY ** len(away) * (0.1 if "comment" in away else 1)
        mass[top] = mass.get(top, 0.0) + size
        above = top
        for node in reversed(chain):
            here = node.mem_id
            if here not in mass:
                children.setdefault(above, []).append(node)
            mass[here] = mass.get(here, 0.0) + size
            above = here
    return mass, children


def _chain(node: LexborNode | None, top: int) -> list[LexborNode]:
    """`node` and the elements above it, up to the one with memory id `top`, without that."""
    chain: list[LexborNode] = []
    while node is not None and node.mem_id != top and len(chain) < 256:
        chain.append(node)
        node = node.parent
    return chain
