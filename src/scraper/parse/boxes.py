"""Boxes in the article's element that are no part of its text, known by names and links, whatever the scorer says."""

from __future__ import annotations

import re

from scraper.parse.access import THIN
from scraper.parse.blocks import Block, Context

_NUMBERING = 4  # characters in front of a link: "12. "
# Names of what sites say about their links: "disclaimer", "affiliate-disclosure"; a bare "disclosure" opens a list.
_DISCLAIMER = re.compile(
    r"(?<![\w-])(?!(?:has|no|is|with)-)[\w-]*(?:disclaimer|(?:affiliate|advertis\w*)[-_]*disclosure)", re.IGNORECASE
)
# Names of boxes about the author: "author-description", "elementor-author-box__bio"; and of boxes with the
# facts, beside the text: "fact-box__text", "faktaboks". An "infobox" may be a part of it, and "category-fact-box" is
# what it is filed under.
_BESIDE = re.compile(
    r"(?<![a-z])(?:author|autor|writer)s?[-_]{1,2}(?:box|bio|biography|desc|description|card|info)(?![a-z])"
    r"|(?<![a-z])about[-_]?(?:the[-_]?)?(?:author|autor|writer)(?![a-z])"
    r"|(?<![a-z])(?<!category-)(?<!tag-)(?:fact|fakta|fakten)[-_]?(?:box|boks|ruta|kasten)(?![a-z])",
    re.IGNORECASE,
)

_CONSENT = re.compile(r"(?<!no-)(?:cookie|consent|gdpr|onetrust)", re.IGNORECASE)  # "cookie_text"


def without_boxes(blocks: list[Block], core: Context) -> list[Block]:
    """`blocks` without those in boxes to sign up by and in disclaimers; all where that is most of the text, since what
    is printed at length is the article, whatever its elements are called. Boxes about the author and with the facts may
    be longer yet.
    """
    known: dict[int, bool] = {}
    rest = [block for block in blocks if not _is_beside(block, core, known)]
    blocks = rest if sum(len(block.text) for block in rest) > THIN else blocks
    free = [block for block in blocks if not _is_boxed(block, core)]
    return free if 2 * sum(len(block.text) for block in free) > sum(len(block.text) for block in blocks) else blocks


def _is_boxed(block: Block, core: Context) -> bool:
    """Whether a block stands in a box named for signing up, not for those who have, or for cookies; or it or its parent
    is named for a disclaimer, as the article's own element may be for having one.
    """
    if "notice" in block.context.above and _is_about_cookies(block.context):
        return True
    if "signup" in block.context.above and _is_in_signup(block.context):
        return True
    looks = (block.look, block.context.look if block.context is not core else "")
    return any("discl" in look.lower() and _DISCLAIMER.search(look) for look in looks)


def _is_about_cookies(context: Context | None) -> bool:
    """Whether an element on the way up is named for asking to store cookies."""
    while context is not None:
        if "notice" in context.own and _CONSENT.search(context.look):
            return True
        context = context.parent
    return False


def _is_beside(block: Block, core: Context, known: dict[int, bool]) -> bool:
    """Whether a block, or an element around it within the article's own, is named for the author or the facts.

    `known` holds what was found of elements, by their keys.
    """
    if _BESIDE.search(block.look):
        return True
    way, context = [], block.context
    while context.key not in known and context is not core and context.parent is not None:
        way.append(context)
        context = context.parent
    found = known.get(context.key, False)
    for each in reversed(way):
        found = known[each.key] = found or _BESIDE.search(each.look) is not None
    return found


def _is_in_signup(context: Context | None) -> bool:
    """Whether an element on the way up is such a box: one that holds most of the prose counts as having no name."""
    while context is not None:
        if "signup" in context.own and "gate" not in context.own:
            return True
        context = context.parent
    return False


def contents(blocks: list[Block]) -> set[int]:
    """Which blocks are a table of contents: in a row, and nothing but links to other places of the page."""
    jumps = {i for i, block in enumerate(blocks) if block.jumps and block.jumps + _NUMBERING >= len(block.text)}
    return {i for i in jumps if i - 1 in jumps or i + 1 in jumps}
