"""Lines that lead to other articles from within a text: "Read also: LINK", and links right behind such words."""

from __future__ import annotations

import re
from functools import cache

from scraper.data import table
from scraper.parse.blocks import Block
from scraper.parse.text import fold

EDGES = " .:;,!?<«…-–—|·•:：›»>→↑↓⬇▲▼👇+*()[]【】"  # marks around the words of a label
_LONGEST = 250  # characters of a line that leads on
_LABEL = 50  # of the words in front of the link
_TITLE, _PROSE = 30, 80  # least characters of an article's title, and of a paragraph
_SLACK = 4  # of marks around a link
_BEHIND = 6  # links behind a line of nothing but such words
_STOPS = frozenset(".!…。！۔।")
_SEAM = re.compile(r"\s*[:：៖|»>\]】–—]\s*|\s+-\s+")


def leads(blocks: list[Block], news: bool) -> set[int]:
    """Which blocks lead on; by English words only where the page's data call it `news`: guides and handbooks say
    "See also: LINK" as a part of their text.
    """
    words = _words(news)
    found, behind, box = set[int](), 0, 0
    for i, block in enumerate(blocks):
        linked = len(block.text) < _LONGEST and block.tag != "tr"
        if linked and _is_label(block.text, words):
            behind, box = (0, block.context.key) if block.tag[0] == "h" else (_BEHIND, 0)
        elif behind and linked and block.links and block.links + _SLACK >= len(block.text):
            found.add(i)
            behind -= 1
        elif block.context.key == box and linked and block.links and block.text[-1] not in _STOPS:
            found.add(i)  # with its kicker or its date
        elif box and linked and _is_item(block, box):
            found.add(i)
        else:
            behind = box = 0
            if linked and block.links and block.tag != "li" and _is_lead(block, words):
                found.add(i)
    return found | (_titles(blocks) if news else set())


def _is_item(block: Block, box: int) -> bool:
    """Whether a block is a link in a list that stands right in the element `box`."""
    around = block.context
    within = block.tag == "li" and around.parent is not None and around.parent.key == box
    return within and bool(block.links) and block.links + _SLACK >= len(block.text)


def _titles(blocks: list[Block]) -> set[int]:
    """Paragraphs that are nothing but one link, without a stop, between prose: other articles' headlines."""
    whole = [block.tag == "p" and block.links + _SLACK >= len(block.text) for block in blocks]
    found = set[int]()
    for i in range(1, len(blocks) - 1):
        if whole[i] and not (whole[i - 1] or whole[i + 1]) and _is_title(blocks[i].text):
            around = (blocks[i - 1], blocks[i + 1])
            announced = around[0].text[-1] in ":："  # "They ask for three things:"
            if not announced and all(each.context is blocks[i].context and len(each.text) > _PROSE for each in around):
                found.add(i)
    return found


def _is_title(text: str) -> bool:
    return _TITLE <= len(text) < _LONGEST and text[-1] not in _STOPS and text[-1] not in "?:"


def _is_lead(block: Block, words: frozenset[str]) -> bool:
    """Whether a block is such words, perhaps a mark, and a link that is all the rest."""
    begin = len(block.text) - len(block.text.lstrip(EDGES))  # "» Read also: LINK"
    seam = _SEAM.search(block.text, begin + 1, begin + _LABEL)
    head = block.text[: -block.links]
    if " " in head.strip(EDGES) and _is_label(head, words):  # "READ ALSO LINK"; but a sentence may begin "Read LINK"
        return True
    if seam is None or block.links + _SLACK < len(block.text) - seam.end():
        return False
    return _is_label(block.text[: seam.start()], words)


def _is_label(text: str, words: frozenset[str]) -> bool:
    return len(text) < _LABEL and fold(text.strip(EDGES)) in words


@cache
def _words(news: bool) -> frozenset[str]:
    rows = table("boilerplate.toml")
    more, english = (frozenset(map(fold, words)) for words in (rows["lines"]["more"], rows["leads"]["english"]))
    return more | english if news else more - english
