"""The text of a tree as a row of blocks, in page order: one for each paragraph, subhead, list item, quote or cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.parse.text import clean

BREAK = "\u2028"  # stands in the tree for <br>, so that one call gives a block's text and its line breaks
# Two line breaks, or one and an indent: an ideographic space, or no-break spaces behind the end of a sentence.
_PARAGRAPHS = re.compile(
    rf"{BREAK}\s*{BREAK}\s*|{BREAK}[ \t\r\n]*\u3000\s*|(?<=[.!?…:»”\"。！？؟۔।]) ?{BREAK}[ \t\r\n]*\xa0 ?\xa0\s*"
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[a-zA-Z0-9]+")
_NO_KINDS: frozenset[str] = frozenset()
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


@dataclass(slots=True)
class Block:
    """One block of text."""

    tag: str  # its own element's; "run" for text that stands free between other blocks
    text: str
    own: frozenset[str]  # kinds of its own class and id
    look: str  # its class attribute
    context: Context  # of its parent
    links: int = 0  # characters inside links
    jumps: int = 0  # of these in links to another place of the page; headings link to themselves and have none


@lru_cache(1)
def _kinds() -> tuple[re.Pattern[str], dict[str, frozenset[str]], dict[str, str], tuple[str, ...], tuple[str, ...]]:
    """What finds the parts of names, their kinds, whole words with theirs, beginnings and ends to pass over.

    Of parts that begin at one place the longest is found, so that its kinds are those of the shorter ones too.
    """
    loaded = table("boilerplate.toml")
    rows = [(part, kind) for kind, row in loaded["kinds"].items() for part in row.get("part", ())]
    words = {word: kind for kind, row in loaded["kinds"].items() for word in row.get("word", ())}
    kinds = {longest: frozenset(kind for part, kind in rows if longest.startswith(part)) for longest, _ in rows}
    pattern = re.compile(f"(?=({_longest_of(list(kinds))}))")
    return pattern, kinds, words, tuple(loaded["tags"]["state_starts"]), tuple(loaded["tags"]["state_ends"])


def _longest_of(words: list[str]) -> str:
    """A pattern for the longest of `words` that is there; a letter that many share is compared once."""
    tails: dict[str, list[str]] = {}
    for word in words:
        if word:
            tails.setdefault(word[0], []).append(word[1:])
    branches = "|".join([re.escape(first) + _longest_of(rest) for first, rest in tails.items()])
    return f"(?:{branches})" + "?" * ("" in words) if tails else ""


@lru_cache(16384)
def kinds_of(names: str) -> frozenset[str]:
    """What a class attribute (or id) says its element is for.

    >>> sorted(kinds_of("jp-relatedposts entry-meta"))
    ['meta', 'related']
    """
    found = [kinds for name in names[:400].split() if (kinds := _kinds_of_one(name))]
    return _shared(frozenset().union(*found)) if len(found) > 1 else found[0] if found else _NO_KINDS


@lru_cache(16384)
def _kinds_of_one(name: str) -> frozenset[str]:
    """The kinds of a single class name."""
    parts, kinds, words, starts, ends = _kinds()
    if name.startswith(starts) or name.endswith(ends):
        return _NO_KINDS
    left, lower = name, name.lower()
    found: set[str] = set()
    at = -1
    for part in parts.findall(lower):
        at = lower.find(part, at + 1)
        found |= kinds[part]
        left = left[:at] + "-" * len(part) + left[at + len(part) :]
    if left != lower:  # humps are parts too: "shareBar"
        left = _HUMP.sub("-", left).lower()
    for word in _WORD.findall(left):
        if word in words:
            found.add(words[word])
    return _shared(frozenset(found))


@lru_cache(4096)
def _shared(kinds: frozenset[str]) -> frozenset[str]:
    """One object for all sets that are equal: thousands of the same would be work for the garbage collector."""
    return kinds


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
        own, look = names(child)
        if self._mass.get(key, 0.0) > self._most:
            own = _NO_KINDS  # what holds most of the prose is no sidebar, whatever its name
        elif (tag in _OUTSIDE or _DISCARD in own) and key not in self._way:
            return None
        if tag == "tr" and not _holds(child, _CELLS):
            self._emit(tag, " ".join([cell.text() for cell in child.iter()]), own, look, context, (child,))
            return None
        if (tag in _LEAVES or depth > _DEEP) and key != self._core and not (tag == "p" and _holds(child, _TABLE)):
            self._emit(tag, child.text(), own, look, context, (child,))
            return None
        above = context.above | own if own else context.above
        if tag in _MARKED:
            above |= _MARKED[tag]
        inner = Context(key, tag, above, own, look, context)
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
                block = Block(tag, text, own, look, context)
                self.blocks.append(block)
                for node in nodes:
                    self.owner[node.mem_id] = block


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


def names(node: LexborNode) -> tuple[frozenset[str], str]:
    """The kinds that an element's class and id name, and its class attribute."""
    attributes = node.attributes
    if not attributes:
        return _NO_KINDS, ""
    look = attributes.get("class") or ""
    name = attributes.get("id")
    return kinds_of(f"{look} {name}" if name else look), look


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
