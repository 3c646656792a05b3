"""The text of a tree as a row of blocks, in page order: one for each paragraph, subhead, list item, quote or cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from selectolax.lexbor import LexborNode

from scraper.parse.classnames import NO_KINDS, named_by
from scraper.parse.text import clean

BREAK = "\u2028"  # stands in the tree for <br>, so that one call gives a block's text and its line breaks
# Two line breaks, or one and an indent: an ideographic space, or no-break spaces behind the end of a sentence.
_PARAGRAPHS = re.compile(
    rf"{BREAK}\s*{BREAK}\s*|{BREAK}[ \t\r\n]*\u3000\s*|(?<=[.!?…:»”\"。！？؟۔।]) ?{BREAK}[ \t\r\n]*\xa0 ?\xa0\s*"
)
_BLANK_LINES = re.compile(r"\n[ \t\r]*\n\s*")
_LINES, _LONG = 3, 90  # such lines in a row, and characters of one that is a paragraph
_STOPS = frozenset('.!?…:»”"。！？؟۔।')
PROTECT = 0.4  # share of the container's prose
_MANY = 4000  # links that are counted
_FEW = 16  # elements
_DEEP = 256  # levels below the container; deeper trees are taken as one block, so that time stays linear

_LEAVES = frozenset(
    [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "dt",
        "figcaption",
        "caption",
        "th",
        "summary",
        "legend",
        "label",
        "address",
    ]
)
INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "nobr",
        "q",
        "ruby",
        "rb",
        "rt",
        "rp",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "center",
    ]
)
_CELLS = frozenset(("p", "div", "ul", "ol", "h2", "h3", "h4", "blockquote", "table"))  # of a row of a layout table
_TABLE = frozenset(("table",))  # in a <p> it stays there on pages in quirks mode
_INNER = _CELLS.union(("section", "article", "dl", "figure", "h5", "h6", "li"))
_OUTSIDE = frozenset({"nav", "footer"})
# A <figure> with the one and none of the others is a quote with its source (HTML standard, 4.4.4).
_SAYS, _SHOWS = frozenset(("blockquote",)), frozenset(("img", "picture", "video", "iframe", "svg"))
_DISCARD = "comment"
_EMPTY = ("img", "hr", "link", "meta", "param", "source", "track", "area", "base", "col", "input", "br", "picture")
_PASSED, _TEXT, _INLINE, _BLOCK = range(4)
_SORTS: dict[str | None, int] = {
    **dict.fromkeys((*_EMPTY, "-comment", None), _PASSED),
    "-text": _TEXT,
    **dict.fromkeys(INLINE, _INLINE),
}
_MARKED = {
    tag: frozenset([f"<{tag}>"])
    for tag in [
        "aside",
        "header",
        "footer",
        "nav",
        "form",
        "figure",
        "table",
        "a",
        "blockquote",
        "ul",
        "ol",
        "dl",
        "details",
        "main",
        "article",
        "section",
    ]
}


@dataclass(slots=True)
class Context:
    """What the elements above a block say about it; one object for all blocks of one parent."""

    key: int  # memory id of the element
    tag: str
    above: frozenset[str]  # kinds and tags of all elements between the container and this one, itself included
    own: frozenset[str]  # kinds of this element alone
    look: str  # its class attribute
    parent: Context | None
    leads: bool = False  # whether all of it is a link to another page, as a card is


@dataclass(slots=True)
class Block:
    """One block of text."""

    tag: str  # its own element's; "run" for text that stands free between other blocks
    text: str
    own: frozenset[str]  # kinds of its own class and id
    look: str  # its class attribute
    context: Context  # of its parent
    links: int = 0  # characters inside links
    lines: tuple[str, ...] = ()  # its paragraphs, where breaks alone part them; it is judged as one
    jumps: int = 0  # of these in links to another place of the page; headings link to themselves and have none


def words(text: str) -> int:
    """Words in `text`; where a script writes no blanks, three characters count as two words."""
    count = text.count(" ") + 1
    if len(text) > 14 * count and not text.isascii():
        return max(count, len(text) * 2 // 3)
    return count


# An open element: its children that are still to come, what it says to blocks in it, the texts of the run so far with
# the elements among them, whose links are counted later, and how many blocks were there before it.
_Frame = tuple[Iterator[LexborNode], Context, list[str], list[LexborNode], int]


class _Walk:
    """One pass over the article's element, and over what stands between the headline and it.

    No recursion: pages nest as deep as they like. Nothing behind the article's element is read, and nothing before the
    headline: on saved pages from hundreds of sites, the text of an article was hardly ever there.
    """

    def __init__(self, core: LexborNode, title: LexborNode | None, mass: Mapping[int, float]) -> None:
        self._mass, self._most = mass, PROTECT * mass.get(core.mem_id, 1.0)
        self.blocks: list[Block] = []
        self.owner: dict[int, Block] = {}
        core_chain, title_chain = _chain(core), _chain(title)
        self._core, self._title = core.mem_id, title.mem_id if title else 0
        self._way = core_chain | title_chain
        root, ends = core, core.mem_id in title_chain
        while title is not None and not ends and root.parent is not None and root.mem_id not in title_chain:
            root = root.parent
        self.root, self._open = root, root.mem_id == core.mem_id
        self.core = Context(root.mem_id, root.tag or "", frozenset(), frozenset(), "", None)

    def run(self) -> None:
        """Fill `blocks`."""
        for line in self.root.css("br"):
            line.replace_with(BREAK)
        frames = [self._frame(self.root, self.core)]
        while frames:
            inner = self._advance(frames[-1], len(frames))
            if inner is not None:
                frames.append(inner)
                continue
            done = frames.pop()
            if done[2]:
                self._flush(done, ended=True)
            if done[1].key == self._core:
                break

    def _frame(self, node: LexborNode, context: Context) -> _Frame:
        return node.iter(include_text=True, skip_empty=True), context, [], [], len(self.blocks)

    def _advance(self, frame: _Frame, depth: int) -> _Frame | None:
        """Take children into the run or as leaves until one must be entered; its frame, or None at the end."""
        children, context, run, inline, _ = frame
        for child in children:
            if not self._open and not self._reached(child):
                continue
            tag = child.tag
            sort = _SORTS.get(tag, _BLOCK)
            if run and sort != _BLOCK and _follows_blank(child):
                run.append(" ")
            if sort == _TEXT:
                text = child.text_content or ""
                if run or not text.isspace():
                    run.append(text)
            elif sort == _INLINE and _is_line(child):
                run.append(child.text())
                inline.append(child)
            elif sort != _PASSED:
                if run:
                    self._flush(frame)
                if inner := self._enter(child, tag or "", context, depth):
                    return inner
        return None

    def _reached(self, child: LexborNode) -> bool:
        """Whether a child above the headline leads to it or to the article."""
        key = child.mem_id
        self._open = key in (self._title, self._core)
        return key in self._way

    def _enter(self, child: LexborNode, tag: str, context: Context, depth: int) -> _Frame | None:
        """Take a block-level child as a block, pass it over, or give the frame to read it by."""
        key = child.mem_id
        attributes = child.attributes
        own, look = named_by(attributes)
        if attributes.get("role") == "heading":
            tag = _rank(child)
        if self._mass.get(key, 0.0) > self._most:
            own = NO_KINDS  # what holds most of the prose is no sidebar, whatever its name
        elif (tag in _OUTSIDE or _DISCARD in own) and key not in self._way:
            return None
        if tag == "tr" and not _holds(child, _CELLS):
            self._emit(tag, " ".join([cell.text() for cell in child.iter()]), own, look, context, (child,))
            return None
        if (tag in _LEAVES or depth > _DEEP) and key != self._core and not (tag == "p" and _holds(child, _TABLE)):
            self._emit(tag, child.text(), own, look, context, (child,))
            return None
        above = context.above | own if own else context.above
        if tag in _MARKED and not (tag == "figure" and _holds(child, _SAYS) and not _holds(child, _SHOWS)):
            above |= _MARKED[tag]
        inner = Context(key, tag, above, own, look, context, context.leads or (tag == "a" and _leaves(child)))
        if key == self._core:
            self.core = inner
        return self._frame(child, inner)

    def _flush(self, frame: _Frame, ended: bool = False) -> None:
        """Make a block of the text gathered so far. An element with nothing but one text is one itself, as a <p> is."""
        _, own, run, inline, first = frame
        raw = "".join(run)
        alone = ended and len(self.blocks) == first and not _PARAGRAPHS.search(raw)
        around = own.parent if alone and own.key != self._core else None
        self._emit(own.tag, raw, own.own, own.look, around or own, inline)
        run.clear()
        inline.clear()

    def _emit(
        self, tag: str, raw: str, own: frozenset[str], look: str, context: Context, nodes: Sequence[LexborNode]
    ) -> None:
        for part in _PARAGRAPHS.split(raw) if BREAK in raw else (raw,):
            if text := clean(part):  # a BREAK that is left is one of the blanks
                if self.blocks and len(self.blocks[-1].text) == 1 and _is_initial(self.blocks[-1], tag, text, context):
                    text = self.blocks.pop().text + (" " if part[0].isspace() else "") + text
                lines = _lines(part) if BREAK in part else _kept(part, tag) if part.count("\n") > _LINES else ()
                block = Block(tag, text, own, look, context, lines=lines)
                self.blocks.append(block)
                for node in nodes:
                    self.owner[node.mem_id] = block


def _is_initial(block: Block, tag: str, text: str, context: Context) -> bool:
    """Whether a block of one letter is the large one with which a text begins: <div>T</div><p>he bridge is open."""
    if block.tag == tag == "p" or block.tag[0] == "h":
        return False  # the letter of an answer: <p>A</p><p>in May</p>
    return block.text.isupper() and text[0].islower() and block.context.key == context.key


def _lines(text: str) -> tuple[str, ...]:
    """The lines of a text between its breaks, where they are as long as paragraphs are; else none."""
    lines = tuple(line for part in text.split(BREAK) if (line := clean(part)))
    long = sum([len(line) >= _LONG and line[-1] in _STOPS for line in lines])
    return lines if len(lines) >= _LINES and 2 * long >= len(lines) else ()


def _kept(text: str, tag: str) -> tuple[str, ...]:
    """The paragraphs of a text between its blank lines, where they show: in <pre>, and where each ends a sentence, so
    that a style keeps them that is written elsewhere ("white-space: pre-wrap"); else none.
    """
    text = _BLANK_LINES.sub(BREAK, text)
    lines = _lines(text) if BREAK in text else ()
    return lines if tag == "pre" or all(line[-1] in _STOPS and line[-1] != ":" for line in lines[:-1]) else ()


def _leaves(link: LexborNode) -> bool:
    """Whether a link goes to another page; an anchor that nobody closed goes nowhere, and may hold the article."""
    target = link.attrs.get("href") or "#"
    return target[0] != "#"


def _rank(node: LexborNode) -> str:
    """The tag that an element with the role of a heading stands for: h3 for <div role="heading" aria-level="3">."""
    level = node.attrs.get("aria-level") or ""
    return f"h{level}" if level in ("1", "2", "3", "4", "5", "6") else "h2"


def _follows_blank(node: LexborNode) -> bool:
    """Whether a text of nothing but blanks stands right before a node; such texts are passed over."""
    before = node.prev
    return before is not None and before.is_empty_text_node


def _is_line(node: LexborNode) -> bool:
    """Whether an inline element holds no block; most hold a single text, which is seen at once."""
    first = node.first_child
    return first is None or (first.is_text_node and first.next is None) or not _holds(node, _INNER)


def _holds(node: LexborNode, tags: frozenset[str]) -> bool:
    """Whether one of `tags` is among the elements of `node`, which are mostly so few that a selector takes longer."""
    inner = node.traverse()
    for element in islice(inner, _FEW):
        if element.tag in tags:
            return True
    return next(inner, None) is not None and node.css_first(",".join(tags)) is not None


def _chain(node: LexborNode | None) -> set[int]:
    """The memory ids of `node` and all elements above it."""
    chain = set()
    while node is not None:
        chain.add(node.mem_id)
        node = node.parent
    return chain


def read(core: LexborNode, title: LexborNode | None, mass: Mapping[int, float]) -> tuple[list[Block], Context]:
    """The blocks of `core`, and before them those between the headline's element `title` and it, in page order; and
    the context of `core`.

    `mass` says how much prose each element holds, by memory id. Mutates the tree: <br> becomes BREAK.
    """
    walk = _Walk(core, title, mass)
    walk.run()
    for link in walk.root.css("a")[:_MANY]:
        if block := _owner(link, walk.owner):
            block.links += (size := len(link.text()))
            if block.tag[0] != "h" and (link.attrs.get("href") or "").startswith("#"):
                block.jumps += size
    return walk.blocks, walk.core


def _owner(node: LexborNode | None, owner: dict[int, Block]) -> Block | None:
    for _ in range(8):
        if node is None or (block := owner.get(node.mem_id)):
            return block if node is not None else None
        node = node.parent
    return None
