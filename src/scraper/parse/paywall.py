"""Where a page breaks its text off for those who have not paid or signed in, and what it prints there."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.parse.byline import is_text
from scraper.parse.document import Document
from scraper.parse.text import fold, one_of

_LINE = 240  # characters that such a line has at most
_NEXT = 6  # pieces behind a question, in which stands what one has to have
_MOST = 8  # such lines that are looked at
_HEAD = 40  # characters, blanks aside, by which a paragraph is found again
_REST = 800  # characters: what the box says; more is the article, which goes on behind it
_PROSE = 100  # characters of a paragraph; what a box offers is told in shorter lines, or names its price
_KEY = 2  # letters by which the lines are sorted
_CALL = 3  # words of a call to read on, at most; and of a headline, at least
_MARK = 50  # characters; no mark beside a headline is longer
_BEHIND, _BEFORE = 9, 3  # pieces behind a headline, and in front of it, where a mark may be
_TEASERS = frozenset(["a", "li", "nav", "aside", "footer"])
_EDGES = " .:!*·•|›»→🔒🔑"
_HIDDEN = re.compile(r"(?<![\w-])(?:hidden|hide|d-none|is-hidden|invisible)(?![\w-])", re.IGNORECASE)
_INLINE = frozenset(["span", "b", "strong", "i", "em", "a", "u", "small", "font", "mark"])


@dataclass(frozen=True, slots=True)
class Wall:
    """A printed line that ends the text. `paid`: it asks for money, and not for an account alone."""

    line: str
    paid: bool
    at: int  # its place among the page's pieces of text


def find(doc: Document) -> list[Wall]:
    """The lines of the page that say that the text ends there for some."""
    starts = _starts()
    hits = (
        (at, match)
        for at, piece in enumerate(doc.pieces)
        if (known := starts.get(piece[:_KEY])) and len(piece) <= _LINE and (match := known.match(piece))
    )
    return [
        wall for at, match in itertools.islice(hits, _MOST) if (wall := _judged(doc, at, match.lastgroup == "says"))
    ]


def says(line: str) -> bool:
    """Whether a line says by itself that the text ends there for some: also where what it says is not so."""
    known = _starts().get(line[:_KEY])
    match = known.match(line) if known else None
    return match is not None and match.lastgroup == "says"


def _judged(doc: Document, at: int, firm: bool) -> Wall | None:
    """The wall at a place, None where what is asked for is something else. `firm`: the line says it by itself."""
    below = " ".join(" ".join(doc.pieces[at : at + _NEXT]).split())[: 2 * _LINE]
    if not firm and _leads_on(doc, at):
        return None
    paid = _words("paid").search(below) is not None
    if not (firm or paid or _words("account").search(below)) or _words("other").search(doc.pieces[at]):
        return None
    if firm:
        paid = paid or not _words("account").search(below)
    return Wall(" ".join(doc.pieces[at].split()), paid, at) if _is_own_line(doc, at, firm) else None


def _leads_on(doc: Document, at: int) -> bool:
    """Whether a line of a few words has another article's headline right behind it: "Keep reading", and a link."""
    if len(doc.pieces[at].split()) > _CALL or at + 1 >= len(doc.pieces):
        return False
    node = _node(doc, at + 1)
    linked = node is not None and any(each.tag == "a" for each in _above(node))
    text = doc.pieces[at + 1]
    return linked and len(text.split()) >= _CALL and not any(_words(name).search(text) for name in ("paid", "account"))


def _is_own_line(doc: Document, at: int, firm: bool) -> bool:
    """Whether the piece begins its line and is shown. Of what only asks, links are no such lines."""
    node = _node(doc, at)
    if node is None:
        return False
    above = list(_above(node))
    if any(_is_unseen(each) for each in above) or (not firm and any(each.tag == "a" for each in above)):
        return False
    for each in (node, *above):
        before = each.prev
        while before is not None:
            if before.tag == "br" or (before.is_element_node and before.tag not in _INLINE):
                return True
            if (before.text() or "").strip(_EDGES + "\n\t"):
                return False
            before = before.prev
        if each is not node and each.tag not in _INLINE:
            return True
    return True


def _node(doc: Document, at: int) -> LexborNode | None:
    """The text node of a piece; None in a tree that lost some since its text was read."""
    return next(itertools.islice(doc.text_nodes(), at, None), None)


def _above(node: LexborNode) -> Iterator[LexborNode]:
    above = node.parent
    while above is not None and above.tag != "body":
        yield above
        above = above.parent


def _is_unseen(node: LexborNode) -> bool:
    attributes = node.attributes
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return (
        "hidden" in attributes or "display:none" in style or _HIDDEN.search(attributes.get("class") or "") is not None
    )


def is_marked(doc: Document) -> bool:
    """Whether a line beside the headline, and in no list of teasers, says that the article is for subscribers."""
    title = doc.headline or ""
    head, pieces = _squashed([title])[:_HEAD], doc.pieces
    first = title.split()[0] if head else ""
    titles = (at for at, piece in enumerate(pieces) if piece.startswith(first) and len(piece) >= len(head) > 0)
    return any(
        _is_mark(pieces[near]) and _is_beside(doc, near)
        for at in titles
        if _squashed([pieces[at]])[:_HEAD] == head
        for near in range(max(0, at - _BEFORE), min(len(pieces), at + _BEHIND))
    )


def _is_mark(piece: str) -> bool:
    return len(piece) < _MARK and fold(piece.strip(_EDGES)) in marked_lines()


def _is_beside(doc: Document, at: int) -> bool:
    node = _node(doc, at)
    return node is not None and not _TEASERS.intersection(each.tag for each in _above(node))


def cut(doc: Document, text: str, walls: list[Wall]) -> tuple[str, Wall | None]:
    """`text` without what stands in a wall's box, and the wall that ends it; None where it goes on behind each."""
    if not walls:
        return text, None
    paragraphs = text.split("\n\n")
    heads = ["".join(paragraph.split())[:_HEAD] for paragraph in paragraphs]
    for wall in walls:
        before = _squashed(doc.pieces[: wall.at])
        behind = next((i for i, head in enumerate(heads) if head not in before), len(heads))
        if not behind or _goes_on(paragraphs[behind:]):
            continue
        after = _squashed(doc.pieces[wall.at :])
        if all(head in after for head in heads[behind:]):
            return "\n\n".join(paragraphs[:behind]), wall
    return text, None


def _goes_on(rest: list[str]) -> bool:
    """Whether what stands behind a wall is the article: much text, or paragraphs that ask for nothing."""
    prose = [
        text for text in rest if len(text) > _PROSE and not any(_words(n).search(text) for n in ("paid", "account"))
    ]
    return len(prose) > 1 or sum(map(len, rest)) > _REST


def _squashed(pieces: list[str]) -> str:
    return "".join("".join(filter(is_text, pieces)).split())


@cache
def _starts() -> dict[str, re.Pattern[str]]:
    """What such lines begin with, by their first letters, as a line writes them: small, capital, all capitals."""
    found: dict[str, dict[str, list[str]]] = {}
    for name in ("says", "asks"):
        for start in table("paywall.toml")[name]["starts"]:
            found.setdefault(start[:_KEY].casefold(), {}).setdefault(name, []).append(_pattern(start))
    patterns = {
        key: re.compile("|".join(f"(?P<{name}>{'|'.join(each)})" for name, each in groups.items()), re.IGNORECASE)
        for key, groups in found.items()
    }
    return {form: pattern for key, pattern in patterns.items() for form in (key, key.capitalize(), key.upper())}


def _pattern(start: str) -> str:
    return re.escape(start).replace(r"\#", r"\d[\d.,]*").replace("'", "['’]").replace(r"\ ", r"\s*")


@cache
def _words(name: str) -> re.Pattern[str]:
    return one_of(table("paywall.toml")["asks"][name])


@cache
def marked_lines() -> frozenset[str]:
    """The lines that mark what is for subscribers."""
    return frozenset(map(fold, table("paywall.toml")["marks"]["lines"]))
