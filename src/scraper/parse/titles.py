"""The titles of a page compared: what one says of another's words, marks and parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scraper.parse.headings import SPELLED
from scraper.parse.sitename import runs, squash

_WORD = re.compile(r"\w+")
_SEAM = re.compile(r"[:|/–—.]|\s-\s")  # what stands between a kicker and its headline
_LONG = 20  # letters of a text that stands in a title by no chance


@dataclass(frozen=True, slots=True)
class Title:
    """One title of the page: its text without the site's name, that text squashed, and what stands in the page."""

    text: str
    key: str
    raw: str
    path: str
    alone: bool = False  # the page's one heading of its rank, and long enough to be a headline


def without_glued(said: Sequence[str], declared: Sequence[Title]) -> str | None:
    """The part of a heading that a shared title has alone, where no mark parts it from the kicker before it."""
    shared = {t.key for t in declared if t.path != "title"}
    parts = (part for part in said[2:] if said[0].removesuffix(part).rstrip()[-1:].isalnum())
    return next((part for part in parts if said[0].endswith(part) and squash(part) in shared), None)


def with_seam(heading: str, declared: Sequence[Title]) -> str:
    """A heading of several parts as a declared title writes it, with the mark between kicker and headline."""
    key, marks = squash(heading), len(_SEAM.findall(heading))
    shared_first = sorted(declared, key=lambda t: not t.path.startswith("meta"))
    return next((t.text for t in shared_first if t.key == key and len(_SEAM.findall(t.text)) > marks), heading)


class Told:
    """What the declared titles say beside themselves: their parts, and anything that is most of one."""

    def __init__(self, declared: Sequence[Title]) -> None:
        self.parts, self.wholes = within(declared), [squash(t.raw) for t in declared]

    def names(self, text: str) -> bool:
        return squash(text) in self.parts or self.holds(text)

    def holds(self, text: str) -> bool:
        """Whether a text is half of a title or more, or much of its beginning."""
        key = squash(text)
        most = (whole for whole in self.wholes if key in whole)
        return len(key) >= SPELLED and any(2 * len(key) >= len(whole) or _opens(key, whole) for whole in most)


def told_in(key: str, keys: frozenset[str], whole: str) -> bool:
    return key in keys or (len(key) >= _LONG and key in whole)


def _opens(key: str, whole: str) -> bool:
    return len(key) >= _LONG and whole.startswith(key)


def within(declared: Sequence[Title], colons: bool = True) -> frozenset[str]:
    return frozenset[str]().union(*(runs(t.raw, colons) for t in declared))


def alike(one: str, other: str, least: int = 1) -> float:
    """Share of the words that two titles have in common, of the shorter one's; of the letters where none has blanks.

    0 where they have fewer than `least` in common.
    """
    split = _WORD.findall if " " in one or one.isascii() else list
    a, b = set(split(one.casefold())), set(split(other.casefold()))
    return len(a & b) / min(len(a), len(b)) if len(a & b) >= least else 0.0


def likeness(text: str, declared: Sequence[Title], least: int = 1) -> float:
    return max((alike(text, t.text, least) for t in declared), default=0.0)
