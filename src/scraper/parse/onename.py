"""A person's name whose parts stand in elements of their own: <span>Ada</span> <span>Lind</span>."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from scraper.data import table


def is_given(text: str, family: str) -> bool:
    """Whether a text may be a given name, with `family` behind it: a word each, as names are written."""
    if text == family or not (text.isalpha() and family.isalpha() and text.istitle() and family.istitle()):
        return False
    words = table("authorwords.toml")  # none is in "Reuters", "Brussels"
    return {text.casefold(), family.casefold()}.isdisjoint([*words["agencies"], *words["nobody"], *words["outlets"]])


def are_of_one(before: LexborNode, node: LexborNode, links: tuple[LexborNode | None, LexborNode | None]) -> bool:
    """Whether what two elements hold is of one name: one of `links` is around both, or they are all of a line."""
    first, second = links
    if first is not None and second is not None and first.mem_id == second.mem_id:
        return True
    if first is not None or second is not None or not before.tag == node.tag == "span":
        return False
    blank = before.next  # what touches has a margin between, and is something else
    behind = blank.next if blank is not None and blank.is_empty_text_node else None
    return behind is not None and behind.mem_id == node.mem_id and _is_end(before, "prev") and _is_end(node, "next")


def _is_end(node: LexborNode, side: str) -> bool:
    """Whether no other element stands on that side of one; a text may: "By"."""
    beside = getattr(node, side)
    return beside is None or (beside.is_text_node and getattr(beside, side) is None)
