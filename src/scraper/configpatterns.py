"""Whether a pattern repeats what can read one text in two ways: `re` tries all of them before it gives up.

`(\\w+\\s?)+:$` reads "word" as one round of its repeat, as "w" and "ord", as "wo" and "rd"...: twice as many ways for
each letter, on every text that nearly fits. Each repeat with something behind it that can fail is looked at as a graph:
its places for one character, and which of them may follow which. Two ways are two paths with the same characters from
one place to another (Weber and Seidl, "On the degree of ambiguity of finite automata", 1991).
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any

_parser: Any = importlib.import_module("re._parser")  # what re.compile itself reads with; typeshed does not know it

_FEW = 2  # rounds that are no danger: the ways to cut a text up grow with that power of its length only
_LEAST = 5  # rounds that may be wanted: a text with fewer of them has few ways
_COPIES = 8  # of a part that stands a fixed number of times; more are taken for as many
_MOST = 2000  # places; what has more by repeats of repeats is refused unseen
_CATEGORIES = {
    f"CATEGORY_{sign}{name}": re.compile(escape.upper() if sign else escape)
    for name, escape in (("DIGIT", r"\d"), ("SPACE", r"\s"), ("WORD", r"\w"))
    for sign in ("", "NOT_")
}
_OPAQUE = ("GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP", "ASSERT", "ASSERT_NOT")
_SAMPLE = "".join(map(chr, range(128))) + "\x85\xa0\xb7\xdf\xe9\u0416\u0661\u0906\u2003\u2019\u4e00"

Ways = dict[int, int]  # places, and in how many ways each is reached: 1, or 2 for several


@functools.lru_cache(4096)  # sites of one system have the same patterns
def is_endless(source: str) -> bool:
    """Whether some repeat in a pattern can read one text in two ways. Raises what re.compile does."""
    tree = _parser.parse(source)
    bodies = list(_bodies(tree, int(tree.state.flags), False))
    if not bodies:
        return False
    sample = sorted({*_SAMPLE, *(chr(n + d) for n in _numbers(tree) for d in (-1, 0, 1) if 0 <= n + d < 0x110000)})
    return any(_Round(sample).is_torn(body, flags) for body, flags in bodies)


def _numbers(value: Any) -> Iterator[int]:
    """Every number of a parsed pattern, the characters and the ends of ranges among them."""
    if isinstance(value, int):
        yield value
    elif isinstance(value, list | tuple | _parser.SubPattern):
        for each in value:
            yield from _numbers(each)


def _bodies(tree: Any, flags: int, fails: bool) -> Iterator[tuple[Any, int]]:
    """What is repeated without end or often and can be torn, with the flags that hold there.

    `fails`: whether what stands behind the whole can fail; `re` tries no second way where nothing does.
    """
    items = list(tree)
    for at, (op, value) in enumerate(items):
        behind = fails or _may_fail(items[at + 1 :])
        is_repeat = op.name in ("MAX_REPEAT", "MIN_REPEAT")
        if is_repeat and value[1] > _FEW and (behind or value[0] > _LEAST) and _has_choice(value[2]):
            yield value[2], flags
        inner = _scoped(value, flags) if op.name == "SUBPATTERN" else flags
        for part in _parts(value):
            yield from _bodies(part, inner, behind or is_repeat)


def _may_fail(items: Any) -> bool:
    """Whether a sequence can refuse a text: not one of what may be left out alone."""
    for op, value in items:
        if op.name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and value[0] == 0:
            continue
        if op.name == "SUBPATTERN" and not _may_fail(value[3]):
            continue
        return True
    return False


def _has_choice(body: Any) -> bool:
    """Whether a body has a repeat or an alternative: without one it reads a text in one way."""
    return any(
        op.name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT", "BRANCH")
        or op.name in _OPAQUE
        or any(map(_has_choice, _parts(value)))
        for op, value in body
    )


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, _parser.SubPattern):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _parts(each)


def _scoped(value: Any, flags: int) -> int:
    """The flags inside a group such as (?i:...)."""
    return int((flags | value[1]) & ~value[2])


@dataclass(frozen=True, slots=True)
class _Part:
    """Where a part of a pattern begins and ends, and in how many ways it matches nothing (2 for several)."""

    first: Ways = field(default_factory=dict)
    last: Ways = field(default_factory=dict)
    empty: int = 1


class _Round:
    """The graph of one repeat's body."""

    def __init__(self, sample: list[str]) -> None:
        self._sample = sample
        self._chars: list[frozenset[str]] = []  # of each place: those of the sample that it matches
        self._next: list[Ways] = []

    def is_torn(self, body: Any, flags: int) -> bool:
        whole = self._sequence(body, flags)
        self._link(whole.last, whole.first)
        twice = any(ways > 1 for following in self._next for ways in following.values())
        return twice or len(self._chars) >= _MOST or self._has_two_paths()

    def _has_two_paths(self) -> bool:
        """Whether two paths that part at one place and read the same meet again; all places of a repeat lead back."""
        waiting = [pair for following in self._next for pair in combinations(following, 2)]
        seen: set[tuple[int, int]] = set()
        while waiting:
            one, other = pair = waiting.pop()
            if pair in seen or self._chars[one].isdisjoint(self._chars[other]):
                continue
            seen.add(pair)
            if not self._next[one].keys().isdisjoint(self._next[other]):
                return True
            waiting += product(self._next[one], self._next[other])
        return False

    # --- building ---------------------------------------------------------------------------------------------------

    def _sequence(self, items: Any, flags: int) -> _Part:
        whole = _Part()
        for op, value in items:
            whole = self._then(whole, self._item(op.name, value, flags))
        return whole

    def _item(self, name: str, value: Any, flags: int) -> _Part:
        if name in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            return self._place(frozenset(c for c in self._sample if _holds(name, value, c, flags)))
        if name in ("AT", "ASSERT", "ASSERT_NOT"):
            return _Part()
        if name == "SUBPATTERN":
            return self._sequence(value[3], _scoped(value, flags))
        if name == "ATOMIC_GROUP":
            return self._sequence(value, flags)
        if name == "BRANCH":
            return self._either([self._sequence(each, flags) for each in value[1]])
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            return self._repeat(value[0], value[1], value[2], flags)
        anything = self._place(frozenset(self._sample))  # a group again, or what a later Python has
        self._link(anything.last, anything.first)
        return anything

    def _place(self, chars: frozenset[str]) -> _Part:
        self._chars.append(chars)
        self._next.append({})
        here = {len(self._chars) - 1: 1}
        return _Part(here, here, 0)

    def _repeat(self, low: int, high: int, body: Any, flags: int) -> _Part:
        whole = part = self._sequence(body, flags)
        for _ in range(1, min(low, _COPIES)):
            if len(self._chars) < _MOST:
                part = self._sequence(body, flags)
                whole = self._then(whole, part)
        if high > max(low, 1):
            self._link(part.last, part.first)
        return _Part(whole.first, whole.last, min(2, whole.empty * (1 + (high > low)) + (low == 0)))

    def _then(self, one: _Part, other: _Part) -> _Part:
        self._link(one.last, other.first)
        first, last = _sum(one.first, other.first, one.empty), _sum(other.last, one.last, other.empty)
        return _Part(first, last, min(2, one.empty * other.empty))

    def _either(self, parts: list[_Part]) -> _Part:
        first: Ways = {}
        last: Ways = {}
        for part in parts:
            first, last = _sum(first, part.first), _sum(last, part.last)
        return _Part(first, last, min(2, sum(part.empty for part in parts)))

    def _link(self, lasts: Ways, firsts: Ways) -> None:
        for place, ways in lasts.items():
            self._next[place] = _sum(self._next[place], firsts, ways)


def _sum(one: Ways, other: Ways, times: int = 1) -> Ways:
    if not times or not other:
        return one
    return {**one, **{place: min(2, one.get(place, 0) + times * ways) for place, ways in other.items()}}


def _holds(name: str, value: Any, char: str, flags: int) -> bool:
    """Whether a place for one character takes `char`."""
    forms = {form for form in (char, char.lower(), char.upper()) if len(form) == 1} if flags & re.IGNORECASE else {char}
    if name == "ANY":
        return bool(flags & re.DOTALL) or char != "\n"
    if name != "IN":
        return (chr(value) in forms) == (name == "LITERAL")
    negated: bool = value[0][0].name == "NEGATE"
    return any(_in(op.name, each, form) for op, each in value[negated:] for form in forms) != negated


def _in(name: str, value: Any, char: str) -> bool:
    if name == "CATEGORY":
        return _CATEGORIES[value.name].fullmatch(char) is not None
    low, high = value if name == "RANGE" else (value, value)
    return bool(low <= ord(char) <= high)
