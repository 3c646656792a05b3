"""What an element's class and id say it is for: "share-bar", "entry-content"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from selectolax.lexbor import LexborNode

from scraper.data import table

NO_KINDS: frozenset[str] = frozenset()
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SECOND_HALF = ("asset-more", "entry-more")  # of an article, in Movable Type and TypePad
_WORD = re.compile(r"[a-zA-Z0-9]+")


def names(node: LexborNode) -> tuple[frozenset[str], str]:
    """The kinds that an element's class and id name, and its class attribute."""
    return named_by(node.attributes)


def named_by(attributes: Mapping[str, str | None]) -> tuple[frozenset[str], str]:
    """The same, of attributes that were asked for already."""
    look = attributes.get("class") or ""
    name = attributes.get("id") if not look.endswith(_SECOND_HALF) else None  # "more", which is a link's elsewhere
    return kinds_of(f"{look} {name}" if name else look), look


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
    return _shared(frozenset().union(*found)) if len(found) > 1 else found[0] if found else NO_KINDS


@lru_cache(16384)
def _kinds_of_one(name: str) -> frozenset[str]:
    """The kinds of a single class name."""
    parts, kinds, words, starts, ends = _kinds()
    if name.startswith(starts) or name.endswith(ends):
        return NO_KINDS
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
