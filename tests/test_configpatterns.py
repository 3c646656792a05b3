"""Patterns: those that re would try without end are refused, and no others that people write."""

from __future__ import annotations

import re
import time

import pytest

from scraper.configpatterns import is_endless

ENDLESS = [
    r"(\w+\s?)+:$",
    r"(?:[a-z]+ ?)+==",
    r"(\s*\w*)*=$",
    r"(\w+-?)+\.pdf$",
    r"([A-Za-z]+)*=$",
    r"((\w+))+=$",
    r"(?P<x>\w+)+?=$",
    r"(\w{1,3}){2,}=$",
    r"(\w+,?){1,3}!",
    r"(?:a|ab|b)*c",
    r"(?:\d{4}|\d{2})+x",
    r"(?:&amp;|[^<])*$",
    r"(?:a?b?c?)+$",
    r"(?:x(a*)?)+b",
    r"(?:x(?:a?|b?))*$",
    r"(?:.+\.)+pdf",
    r"(?:\s*[^,]+,)+$",
    r"(?i:[a-z]+[A-Z]?)+$",
    r"(?s:.+\n)+x",
    r"(?=(\w+)+$)x",
    r"(?:aab|a{2}b)+$",
    r"(?:(?:x|xx)+y?)*z",
    r"([א-ת]+[^את]?)+$",
]
# Two ways, but nothing behind the repeat can fail: `re` tries none.
OPEN = [
    r"By ((?:[A-Z][\w.-]*\s?)+)",
    r"No\. ((?:\d+/?)+)",
    r"[?&](utm_[a-z]+=[^&]*&?)+(?:#.*)?",
    r"(?:.|\s)*",
    r"/([^/]*-){3,}",
]
QUICK = [
    r"(?:/[^/]+)+/",
    r"(\w+ )+=$",
    r"\w+(?:\s\w+)*",
    r"\d+(?:\.\d+)*",
    r"(?:.*\n)+",
    r"(?:[A-Z][a-z]+ ?)+",
    r"(?:(?!</p>).)*",
    r"(?:[\w-]+\.)+[\w-]+",
    r"(?:/[\w-]+-\d+)+",
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|,|\s)+",
    r"(?:\d{4}-?)+",
    r"(?:\d{1,3}\.){3}",
    r"(?:[0-9a-f]{4}:?){8}",
    r"(?:<[^>]+>)+",
    r'(?:"(?:[^"\\]|\\.)*",?)+',
    r"(?:\w+(?:-\w+)*,)+",
    r"(?:\w+\s?){1,2}",
    r"^https?://(?:www\.)?[^/]+/(?:\w+/)*\d+",
    r"(?x) (?: a+ \s )+ # x",
    r"(?!)*|x{0}|",
]


@pytest.mark.parametrize("pattern", ENDLESS)
def test_endless(pattern: str) -> None:
    assert is_endless(pattern)


@pytest.mark.parametrize("pattern", QUICK + OPEN)
def test_quick(pattern: str) -> None:
    assert not is_endless(pattern)


@pytest.mark.parametrize("pattern", QUICK)
def test_quick_ones_are(pattern: str) -> None:
    began = time.monotonic()
    for piece in ("ab", "a-1/", "Ab ", "1.", "4444-", "<a>", "a,b", '"\\', "Sat", "\n"):
        re.search(pattern + r"\Z!", (piece * 100)[:200])
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "pattern",
    [f"(?:{'|'.join(f'{n}x' for n in range(200))})+", f"(?:{'.a?' * 300})+", f"{'(' * 90}a{'{8})' * 90}{{8}}"],
    ids=["many words", "many that may be missing", "repeats of repeats"],
)
def test_long_patterns_are_judged_soon(pattern: str) -> None:
    began = time.monotonic()
    is_endless(pattern)
    assert time.monotonic() - began < 20
