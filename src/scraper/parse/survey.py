"""What one pass over all blocks of a page tells: where the prose is, and where each block stands towards it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from scraper.parse.blocks import Block, Context, words

_AWAY = frozenset(
    [
        "comment",
        "related",
        "side",
        "nav",
        "signup",
        "promo",
        "notice",
        "byline",
        "toc",
        "<aside>",
        "<nav>",
        "<footer>",
        "<form>",
    ]
)
_PROSE = 20  # words that nothing but prose has


@dataclass(slots=True)
class Evidence:
    """What the rest of the page says about its article."""

    headline: str = ""
    authors: tuple[str, ...] = ()
    news: bool = False  # the data call it a news article
    data_body: str = ""  # the data's own articleBody, blanks removed


@dataclass(slots=True)
class Place:
    """Where a block's parent stands towards the element that holds most of the prose."""

    up: int  # steps from there up to what both share
    down: int  # and down to the block's own parent
    kinds: frozenset[str]  # names met on the way down: what sets this part off from the article's
    part: int  # memory id of the first element on the way down; blocks with the same are one part of the page


class Survey:
    """One pass over all blocks: where the prose is, and where each block stands towards it."""

    def __init__(self, blocks: list[Block], core: Context, evidence: Evidence) -> None:
        self.evidence = evidence
        self.counts = [words(block.text) for block in blocks]
        self.trunk: dict[int, int] = {}
        self._places: dict[int, Place] = {}
        context: Context | None = core
        while context is not None:
            self.trunk[context.key] = len(self.trunk)
            context = context.parent
        self.spots = [self._place(block.context) for block in blocks]
        sizes: Counter[int] = Counter()
        heavy: Counter[int] = Counter()
        solid = []
        for i, block in enumerate(blocks):
            size, parent = len(block.text), block.context.key
            sizes[parent] += size
            if self.counts[i] >= _PROSE and block.links * 2 < size:
                heavy[parent] += int(size * 0.3 ** len(block.context.above & _AWAY))
                solid.append(i)
        self.total = sum(sizes.values()) or 1
        self.main = max(heavy or sizes, key=(heavy or sizes).__getitem__, default=0)
        inner = [i for i in solid if self.spots[i].up == 0] or solid
        prose = [i for i in inner if self.spots[i].kinds.isdisjoint(_AWAY)] or inner
        self.first, self.last = (prose[0], prose[-1]) if prose else (0, len(blocks) - 1)
        self.in_data = [False] * len(blocks)
        self.trusted = False  # most of the prose is in the data's articleBody
        if evidence.data_body:
            self.in_data = [block.text[:120].replace(" ", "")[:80] in evidence.data_body for block in blocks]
            self.trusted = sum(self.in_data[i] for i in prose) * 10 > 7 * len(prose)
        self.title = next(
            (i for i, b in enumerate(blocks[: self.first + 1]) if b.tag == "h1" or b.text == evidence.headline), -1
        )

    def _place(self, context: Context) -> Place:
        """The place of blocks below `context`, found once."""
        if found := self._places.get(context.key):
            return found
        down, part, node = 0, context.key, context
        while node.parent is not None and node.key not in self.trunk:
            part, down, node = node.key, down + 1, node.parent
        kinds = context.above - node.above
        found = Place(min(self.trunk.get(node.key, 5), 5), min(down, 4), kinds, part)
        self._places[context.key] = found
        return found
