"""CSS selectors for one element, from what lasts: roles, ids and classes without numbers, then its place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from scraper.data import table

Priced = tuple[float, str]  # what it costs in trust (0 is best), the selector
_LEVELS = 6  # ancestors looked at
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{1,50}")
_NAME_OF_TAG = re.compile(r"[a-z][a-z0-9-]*")
_STEM = re.compile(r"(?:[A-Za-z]+[_-]+)+")  # "Head_byline__" of "Head_byline__x8Za1"
_ROLE, _NAME, _META, _CLASS, _PART, _TAG, _BARE, _PLACE, _OUTSIDE = 0.0, 1.0, 2.5, 2.0, 3.5, 4.0, 5.0, 8.0, 5.0
_MIDDLE = 1.0  # for standing below another element that is named


def selectors(node: LexborNode) -> list[Priced]:
    """Selectors that may find `node` and its like on other pages, the most trusted first. Not all are unique.

    None for an element whose name CSS cannot spell, such as <o:p>.
    """
    if not _is_plain(node):
        return []
    own = list(_own(node))
    found = [*own, *_below(node, own)]
    margin = _OUTSIDE if _is_outside(node) else 0.0
    cheapest: dict[str, float] = {}
    for cost, css in found:
        cheapest[css] = min(cost, cheapest.get(css, cost))
    return sorted((cost + margin + len(css) / 100, css) for css, cost in cheapest.items())


def is_lasting(name: str) -> bool:
    """Whether an id or class is a word that a person chose, and not a number or the hash of a style sheet.

    >>> [is_lasting(name) for name in ("entry-title", "post-18200", "css-k3x9", "fOvGzk")]
    [True, False, False, False]
    """
    return bool(_WORD.fullmatch(name)) and not any(map(_is_hash, re.split(r"[_-]+", name)))


def _is_plain(node: LexborNode) -> bool:
    return bool(_NAME_OF_TAG.fullmatch(node.tag or ""))


def _is_hash(part: str) -> bool:
    """Letters that no language puts together: no vowels, or capitals strewn about."""
    return (len(part) >= 5 and not re.search(r"[aeiouyAEIOUY]", part)) or (
        len(re.findall(r"[A-Z]", part[1:])) >= 2 and not part.isupper() and not re.search(r"[a-z]{3}", part)
    )


def _own(node: LexborNode) -> Iterator[Priced]:
    """Selectors by what the element says of itself."""
    attributes, tag = node.attributes, node.tag or "*"
    if tag == "meta":
        named = ((key, attributes.get(key) or "") for key in ("property", "name", "itemprop"))
        yield from ((_META, f"meta[{key}='{value}']") for key, value in named if re.fullmatch(r"[\w:.-]{1,80}", value))
        return
    for key in table("draft.toml")["roles"]:
        for value in (attributes.get(key) or "").split():
            if _WORD.fullmatch(value):
                yield _ROLE if key == "itemprop" else _NAME, f"{tag}[{key}~='{value}']"
    if is_lasting(attributes.get("id") or ""):
        yield _CLASS, f"#{attributes['id']}"
    for name in (attributes.get("class") or "").split()[:8]:
        if is_lasting(name):
            yield _CLASS, f"{tag}.{name}"
        elif (stem := _STEM.match(name)) and len(stem[0]) > 5:
            yield _PART, f"{tag}[class*='{stem[0]}']"
    if tag in table("draft.toml")["few"]:
        yield _TAG, tag


def _below(node: LexborNode, own: list[Priced]) -> Iterator[Priced]:
    """Selectors by the element's own name, or its place, below an ancestor that is named."""
    short = [*own, (_BARE, node.tag or "*")]
    path, place = "", _step(node)
    ancestor, level = node.parent, 0
    while ancestor is not None and _is_plain(ancestor) and level < _LEVELS:
        if ancestor.tag in ("body", "html", "head"):
            break
        level += 1
        for cost, css in list(_own(ancestor))[:5]:
            yield from ((cost + c + _MIDDLE + level / 10, f"{css} {end}") for c, end in short)
            if level <= 3:
                yield cost + _PLACE + level, f"{css} > {place}{path}"
        path, place = f" > {place}{path}", _step(ancestor)
        ancestor = ancestor.parent


def _step(node: LexborNode) -> str:
    """`li:nth-of-type(2)`"""
    number, before = 1, node.prev
    while before is not None:
        number += before.tag == node.tag
        before = before.prev
    return f"{node.tag}:nth-of-type({number})"


def _is_outside(node: LexborNode) -> bool:
    ancestor: LexborNode | None = node
    while ancestor is not None:
        if ancestor.tag in table("draft.toml")["outside"]:
            return True
        ancestor = ancestor.parent
    return False
