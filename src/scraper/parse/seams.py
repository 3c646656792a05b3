"""A page's source without the seams that its readers do not see: what parts or hides a text in the source alone."""

from __future__ import annotations

import re

# By these comments React, Vue and Svelte find their places again: "By <!-- -->Ada Lind". Only the most frequent ones:
# each costs a search through every page.
_MARKS = (b"<!-- -->", b"<!---->")
_BREAK = re.compile(rb"<wbr ?/?>|</wbr>", re.IGNORECASE)  # a place for a line break, in a word
_TEMPLATE = re.compile(rb"<(/?)template\b([^<>]*)>", re.IGNORECASE)


def sewn(html: bytes) -> bytes:
    """`html` in UTF-8 without the comments that a framework leaves within texts."""
    for mark in _MARKS:
        first, *rest = html.split(mark)
        pieces = [first]
        for piece in rest:
            before = pieces[-1]  # in an open comment the mark is what ends it: "<!--[if gt IE 8]><!---->"
            pieces += [mark, piece] if before.rfind(b"<!--") > before.rfind(b"-->") else [piece]
        html = b"".join(pieces)
    return html


def opened(html: bytes) -> bytes:
    """`html` with words whole, and with its declared shadow roots in place of their templates, as they are shown.

    Other templates stay (HTML standard, 4.12.3).
    """
    roots: list[bool] = []  # of each open template, whether it is one

    def tag(found: re.Match[bytes]) -> bytes:
        if not found[1]:
            roots.append(b"shadowroot" in found[2].lower())
            return b"" if roots[-1] else found[0]
        return b"" if roots and roots.pop() else found[0]

    return _TEMPLATE.sub(tag, _BREAK.sub(b"", html))
