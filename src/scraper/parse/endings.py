"""What stands at the end of an article's text and is no part of it: what leads to other articles, and who wrote it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from scraper.data import table
from scraper.parse.access import THIN
from scraper.parse.beginnings import is_byline, is_dateline
from scraper.parse.blocks import Block, Context
from scraper.parse.document import Document
from scraper.parse.text import fold

_REACHED = re.compile(r"\S@\S+\.\w|(?:\d[\s()/.–-]*){7}")  # an e-mail address, a telephone number
_ANNOUNCED = 120  # characters; a longer line is prose
_HEAD = 3  # words of what stands over links and files that are left out: "Sources:", "From our archive:"
_SHORT = 40  # characters of them, where no blanks are written
_DATED = 90  # characters of a line with the dates of the article
_CARD, _PROSE = 2, 90  # paragraphs of so many characters in one card; a link around more was never closed
_TOLD = 3  # last paragraphs of which one may tell who the author is
_ABOUT = 6  # last paragraphs among which the author may be introduced
_LETTERS = re.compile(r"[^\W\d_]+")
_OFFICE = 3  # words in front of the author's name
_WORDS = re.compile(r"(?:[^\W\d_]+ )*")
_DEGREES = re.compile(r"^(?:, ?[a-z.]{2,6}(?=,))+,")
_EDGES = " .:：–—-•*[]"
# An address alone; initials and agencies in brackets; a reporter in Korean, with the town or the paper in front and an
# address behind.
_SIGNED = re.compile(
    r"\S+@\S+\.\w+|[(\[][^()\[\].!?]{1,28}[)\]]|\W*(?:[^\s=]{1,12}=)?[가-힣]{2,4}\s?(?:기자|특파원|논설위원)(?:\s?\S+@\S+)?\W*"
)
_STANDS_BY = frozenset(["side", "nav", "<footer>", "<aside>"])
_FAR = 8  # blocks that were left out between the text and what the site prints under it
_HEADING = re.compile(r"h[1-6]")
_COUNT = re.compile(r"^\d+|[(\[]?\d+[)\]]?$")


def without_comments(blocks: list[Block]) -> list[Block]:
    """`blocks` without what readers wrote under a heading of its own, up to the next heading of that rank or above."""
    rank, size, kept = 0, 0, list[Block]()
    for block in blocks:
        level = int(block.tag[1]) if _HEADING.fullmatch(block.tag) else 0
        if level and (not rank or level <= rank):
            rank = level if size > THIN and _is_over_comments(block.text) else 0
        if not rank:
            kept.append(block)
            size += len(block.text)
    return kept


def without_footers(shown: list[Block], blocks: list[Block]) -> list[Block]:
    """`shown` without last ones far behind all others in what is named for standing beside or below an article: what
    the site says about itself. `blocks` are all, in page order.
    """
    if not shown or not _STANDS_BY & (shown[-1].context.above | shown[-1].own):
        return shown
    places = {id(block): i for i, block in enumerate(blocks)}
    end, size = len(shown), sum([len(block.text) for block in shown])
    while end:
        start = end - 1
        while start and places[id(shown[start])] - places[id(shown[start - 1])] <= _FAR:
            start -= 1
        apart, tail = _STANDS_BY - shown[start - 1].context.above, shown[start:end]
        less = sum([len(block.text) for block in tail])
        if not start or 2 * less >= size or not all(apart & (block.context.above | block.own) for block in tail):
            break
        end, size = start, size - less
    return shown[:end]


def within_main(shown: list[Block]) -> list[Block]:
    """`shown` up to the last one in <main>, where this holds the text: HTML's element for what a page is about
    (section 4.4.14). What stands above may be the headline's, and behind it the text goes on in the same element.
    """
    inside = [i for i, block in enumerate(shown) if "<main>" in block.context.above]
    size = sum([len(shown[i].text) for i in inside])
    behind = shown[inside[-1] + 1 :] if size > THIN else []
    if not behind or size < sum([len(block.text) for block in behind]) or not _is_apart(shown[inside[-1]], behind[0]):
        return shown
    return shown[: inside[-1] + 1]


def _is_apart(block: Block, other: Block) -> bool:
    """Whether the other block stands in an element of its own that nothing but the page's body holds with the first."""
    around = {context.key for context in _around(block)}
    own = [context for context in _around(other) if context.key not in around]
    return bool(own) and own[-1].parent is not None and own[-1].parent.tag == "body"


def _around(block: Block) -> Iterator[Context]:
    context: Context | None = block.context
    while context is not None:
        yield context
        context = context.parent


def without_cards(blocks: list[Block]) -> list[Block]:
    """`blocks` without last ones that are links to other pages as a whole, and the headings over them: cards hold
    paragraphs, whose links are not seen in themselves.
    """
    end = len(blocks)
    while end and blocks[end - 1].context.leads:
        end -= 1
    held = Counter(_link(block.context) for block in blocks[end:] if len(block.text) > _PROSE)
    if held and max(held.values()) > _CARD:
        return blocks
    while 0 < end < len(blocks) and _HEADING.fullmatch(blocks[end - 1].tag):
        end -= 1
    return blocks[:end] or blocks


def _link(context: Context) -> int:
    """The key of the link around a context, or of the element right in it."""
    while context.parent is not None and context.parent.leads:
        context = context.parent
    return context.key


def _is_over_comments(text: str) -> bool:
    """Whether a heading is "Reader comments" or "12 Comments"."""
    if len(text) > _DATED:
        return False
    line = fold(text).strip(_EDGES)
    words = _COUNT.sub("", line).strip(_EDGES)
    return words in _comments("readers") or (words != line and words in _comments("counted"))


@cache
def _comments(row: str) -> frozenset[str]:
    return frozenset(map(fold, table("boilerplate.toml")["about"][row]))


def without_end(doc: Document, texts: list[str]) -> list[str]:
    """`texts` without last lines that lead to other articles or are dates, and without the lines about the author."""
    start = max(1, len(texts) - _ABOUT)
    end = next((i for i in range(start, len(texts)) if _introduces(texts[i]) or _asks_at_end(texts, i)), len(texts))
    end = next((i for i in range(max(1, end - _TOLD), end) if _tells_of_author(doc, texts, i)), end)
    while end and (_announces(texts[end - 1]) or (end > 1 and _is_last_line(doc, texts[end - 1]))):
        end -= 1
    return texts[:end]


def _is_last_line(doc: Document, text: str) -> bool:
    """Whether a line behind the text is the article's date, or that of its change, or who signs it: "- By Ada Lind"."""
    if len(text) < _ANNOUNCED and text[-1] not in ".!?" and _is_office(text.lstrip(_EDGES)):
        return True
    if len(text) > _DATED:
        return False
    return is_dateline(doc, text) or is_byline(doc, text.lstrip(_EDGES)) or _SIGNED.fullmatch(text) is not None


def _is_office(text: str) -> bool:
    """Whether a line is a press office with names alone, or how to reach it: "Oficina de Prensa, Mirzhol"."""
    office, words = _offices().match(text), table("authorwords.toml")
    if office is None or _REACHED.search(text):
        return office is not None
    small = {*words["particles"], *words["articles"], *words["small"]}
    return all(word[0].isupper() or word in small for word in _LETTERS.findall(text, office.end()))


@cache
def _offices() -> re.Pattern[str]:
    offices = "|".join(map(re.escape, table("boilerplate.toml")["about"]["offices"]))
    return re.compile(rf"(?:{offices})\w*", re.IGNORECASE)


def _announces(text: str) -> bool:
    """Whether a line leads to other articles: "You might also like:"."""
    words = text[:-1].casefold().split() if text[-1] in ":：" and len(text) < _ANNOUNCED else []
    return bool(words) and ((len(words) <= _HEAD and len(text) < _SHORT) or not _more().isdisjoint(words))


@cache
def _more() -> frozenset[str]:
    return frozenset(word.casefold() for word in table("boilerplate.toml")["cues"]["more"])


def _introduces(text: str) -> bool:
    """Whether a line is a heading over who wrote the article: "About the author"."""
    return len(text) < _ANNOUNCED and text.strip(_EDGES).casefold() in _about()


def _tells_of_author(doc: Document, texts: list[str], at: int) -> bool:
    """Whether a paragraph begins with an author's name and what that person is or does: "Ada Lind is a writer".

    Who was named in the text before is one that it is about, as who publishes it may be: "Valley Council is asking".
    """
    line = texts[at].lstrip(f"{_EDGES}(").casefold()
    head = max(filter(line.startswith, _about()), key=len, default="")  # of two the longer: "about the author(s)"
    line = line[len(head) :].lstrip(_EDGES)
    names = doc.memo.get("authors")
    for name in names if isinstance(names, tuple) else ():
        verb, *rest = _said_of(name.casefold(), line, last=at + 1 == len(texts)).split()[:2] or [""]
        if verb:
            if verb not in table("boilerplate.toml")["about"]["verbs"] or "".join(rest).endswith("ing"):
                return False
            return not any(name in text for text in texts[:at] if len(text) > _PROSE)
    return False


def _asks_at_end(texts: list[str], at: int) -> bool:
    """Whether the lines from a place on tell how to reach the press office; what has the text behind it heads it."""
    if not _asks_to_call(texts[at:]):
        return False
    before, behind = (sum(map(len, lines)) for lines in (texts[:at], texts[at:]))
    return before > behind or not any(len(text) > _ANNOUNCED for text in texts[at + 1 :])


def _said_of(name: str, line: str, last: bool) -> str:
    """What a line says of a full name that begins it: "Ada Lind is", "Ada Lind, MD, is". Of a text's last line also
    where the name stands behind what that person is: "Our editor Ada Lind is". Empty where it does not.
    """
    before, found, behind = line.partition(name)
    if " " not in name or not found or len(before.split()) > _OFFICE * last or not _WORDS.fullmatch(before):
        return ""
    said = _DEGREES.sub("", behind, count=1)
    return said if said.startswith(" ") else ""


def _asks_to_call(texts: list[str]) -> bool:
    """Whether the first of the last lines begins how to reach the press office: "Press contact: ..."."""
    head, mark, rest = texts[0].partition(":")
    if fold((head if mark else texts[0]).strip(_EDGES)) not in _contacts():
        return False
    return (len(texts) == 1 and not rest.strip()) or _REACHED.search("\n".join([rest, *texts[1:]])) is not None


@cache
def _contacts() -> frozenset[str]:
    return frozenset(map(fold, table("boilerplate.toml")["about"]["contacts"]))


@cache
def _about() -> frozenset[str]:
    return frozenset(table("boilerplate.toml")["about"]["heads"])
