"""Text on one line."""

from __future__ import annotations

import sys

from scraper.parse.text import _UNWANTED, clean


def test_text_that_is_cleaned() -> None:
    assert clean("\u2028 Two\u00a0 \t loa\x00ves ") == "Two loaves"
    assert clean("\ufeff Two \ufeff loaves") == "Two loaves"
    assert clean(" cafe\u0301 ") == clean("caf\u00e9") == "caf\u00e9"
    assert clean("\u200b\u00ad Mat\u00adthew \u200d") == "Mat\u00adthew"
    # What needs no cutting into words: no other blank is printable, and nothing that is taken out.
    printable = [char for char in map(chr, range(sys.maxunicode + 1)) if char.isprintable()]
    assert not [char for char in printable if (char.isspace() and char != " ") or _UNWANTED.match(char)]
