"""Blocks that stand or fall together, whatever each is worth by itself: the items of a list, the lines of cards."""

from __future__ import annotations

from scraper.parse.blocks import Block, Context

_ROW_GROUPS = ("tbody", "thead", "tfoot")
PLAIN = (-2500, 2500)  # thousandths; a block whose score by itself lies outside is not asked about again
_SURE = 1000  # thousandths; a card that scores more is no card
_TERM = 20  # characters; what is longer and a link may be the title of an article
_QUOTE = 100  # characters; a shorter one may be a line of the text in large letters
_FEW_LINKS = 4  # a quote has at least so many characters to one in a link
_CARDS = 4  # of one kind in a row are a list
# Names of lists that are not the article's own, whatever is said before them.
_AWAY = frozenset(("share", "related", "signup", "comment", "nav", "meta", "toc", "byline"))


def together(blocks: list[Block], scores: list[int]) -> list[int]:
    """`scores`, in thousandths and above zero for the article's, where those that belong together agree."""
    return _quotes(blocks, _between(blocks, _cards(blocks, _whole_lists(blocks, scores))))


def _quotes(blocks: list[Block], scores: list[int]) -> list[int]:
    """What an element for quotes holds between lines that are kept is kept as well, unless it is plainly none or is
    shown from elsewhere: a post.
    """
    kept = [i for i, score in enumerate(scores) if score > 0]
    for i in range(kept[0], kept[-1]) if kept else ():
        if -_SURE < scores[i] <= 0 and _is_quoted(blocks[i]):
            scores[i] = 1
    return scores


def _is_quoted(block: Block) -> bool:
    if len(block.text) < _QUOTE or "blockquote" not in (block.tag, block.context.tag):
        return False
    return "tweet" not in block.own | block.context.above and _FEW_LINKS * block.links < len(block.text)


def _between(blocks: list[Block], scores: list[int]) -> list[int]:
    """A line without links between two that are kept, all of one kind in one element, is kept as well: a poem's."""
    for i in range(1, len(blocks) - 1):
        if scores[i] <= 0 < scores[i - 1] and scores[i + 1] > 0 and _is_alike(*blocks[i - 1 : i + 2]):
            scores[i] = 1
    return scores


def _is_alike(before: Block, block: Block, after: Block) -> bool:
    kind = (block.tag, block.look, block.context.key)
    around = ((each.tag, each.look, each.context.key) for each in (before, after))
    return block.tag == "p" and not block.links and block.text[0].isalpha() and all(each == kind for each in around)


def _whole_lists(blocks: list[Block], scores: list[int]) -> list[int]:
    """The items of a list stand or fall together, where two thirds of them agree; so do the rows of a table."""
    items: dict[int, list[int]] = {}
    for i, block in enumerate(blocks):
        if block.tag in ("li", "tr"):
            around = block.context
            if around.tag in _ROW_GROUPS and around.parent is not None:
                around = around.parent
            items.setdefault(around.key, []).append(i)
    for indices in items.values():
        kept = sum([scores[i] > 0 for i in indices])
        if _is_announced(blocks, scores, indices):
            kept = len(indices)
        elif not 0 < kept < len(indices) or len(indices) < 3 * kept < 2 * len(indices):
            continue
        sign = 1 if 2 * kept > len(indices) else -1
        for i in indices:
            scores[i] = sign * max(1, abs(scores[i]))
    return scores


def _is_announced(blocks: list[Block], scores: list[int], items: list[int]) -> bool:
    """Whether a list with few links stands right behind a paragraph that is kept and ends with a colon, or behind a
    subhead that is plainly the article's; behind a colon, terms may all be links.
    """
    first, last = items[0], items[-1]
    if first == 0 or last - first + 1 != len(items) or scores[first - 1] <= 0 or blocks[first].tag != "li":
        return False
    before, around = blocks[first - 1], blocks[first].context
    if not _beside(before, around) or not _AWAY.isdisjoint(around.own):
        return False
    colon = before.text[-1] in ":："
    if 5 * sum([blocks[i].links for i in items]) > sum([len(blocks[i].text) for i in items]):
        after = last + 1 < len(blocks) and scores[last + 1] > 0  # at the end: "Share this:", "Tags:"
        return colon and after and not any(len(blocks[i].text) > _TERM or blocks[i].jumps for i in items)
    return colon or (before.tag in ("h2", "h3", "h4") and scores[first - 1] > PLAIN[1])


def _beside(block: Block, around: Context) -> bool:
    """Whether a block stands in the element that `around` stands in, or in one of the same name next to that."""
    above, here = around.parent, block.context
    if above is None:
        return False
    return here.key == above.key or bool(here.look and here.look == above.look and here.parent is above.parent)


def _cards(blocks: list[Block], scores: list[int]) -> list[int]:
    """Blocks that stand one by one in elements of one name, as teasers do, are none of the text where three quarters
    of them are not; those that are sure stay.
    """
    groups: dict[tuple[str, ...], list[int]] = {}
    for i, block in enumerate(blocks):
        around = block.context
        if around.look and block.tag in ("p", "div"):
            groups.setdefault((block.tag, block.look, around.tag, around.look), []).append(i)
    for found in groups.values():
        alone = len(found) >= _CARDS and len({blocks[i].context.key for i in found}) == len(found)
        kept = [i for i in found if scores[i] > 0] if alone else []
        for i in kept if 4 * len(kept) <= len(found) else ():
            if scores[i] < _SURE:
                scores[i] = -1
    return scores
