"""Text as the record wants it: one line, NFC, no control characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

# Category Cc but for the blanks that str.split() takes, and the noncharacters and surrogates that JSON readers reject.
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]")

# Between letters they part words or tie signs; at a text's ends they are what an editor's program left there.
_UNSEEN = " \u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_LOOSE = re.compile("(?<!\u200b)\u200b++ [ \u200b]*| \u200b[ \u200b]*")  # beside a blank, which parts words already
_BIDI = "\u202a\u202b\u202c\u2066\u2067\u2068\u2069"  # they set a text's direction, from one to its counterpart
_EMBEDDED = re.compile(f"[\u202a\u202b\u2066-\u2068]([^{_BIDI}]+)[\u202c\u2069]")
_MARKS = _UNSEEN[1:] + _BIDI


def fold(text: str) -> str:
    """`text` for comparison without case; the Turkish "İ" is an "i", not one with a loose dot.

    >>> fold("İLGİLİ HABERLER")
    'ilgili haberler'
    """
    return text.replace("İ", "i").casefold()


def clean(text: str) -> str:
    """`text` on one line: blanks of every kind folded to one space, NFC, control characters gone."""
    # Of all blanks only the space is printable, and nothing unwanted is: most paragraphs need not be cut into words.
    if text.isprintable() and "  " not in text:
        text = text.strip(" ")
    else:
        text = " ".join(text.split())
        if not text.isprintable():
            # U+001C..U+001F and U+0085 were blanks to split(); lone surrogates become U+FFFD, the rest goes.
            text = _UNWANTED.sub(lambda m: "\ufffd" if "\ud800" <= m[0] <= "\udfff" else "", text)
            text = " ".join(text.split())  # what went may have stood between blanks
            text = _bare(text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _bare(text: str) -> str:
    """`text` without what is unseen at its ends, or around all of it, or beside a blank."""
    text = _LOOSE.sub(" ", text).strip(_UNSEEN)
    embedded = _EMBEDDED.fullmatch(text)
    return embedded[1].strip(_UNSEEN) if embedded else text


def trimmed(pieces: str) -> str:
    """`pieces` of text with NUL between them, without what is unseen at the ends of each; none of them is left out."""
    if pieces.isascii() or not any(map(pieces.__contains__, _MARKS)):
        return pieces
    return "\x00".join([piece if piece.isascii() else _bare(piece) or piece for piece in pieces.split("\x00")])


def one_of(words: Sequence[str]) -> re.Pattern[str]:
    """A pattern for the first of `words` that is anywhere in a text, in any case."""
    firsts = "".join(sorted({word[0] for word in words}))  # a look at one letter spares trying all words at each
    return re.compile(f"(?=[{re.escape(firsts)}])(?:{'|'.join(map(re.escape, words))})", re.IGNORECASE)


def split_url(url: str) -> SplitResult:
    """`urlsplit`, with every part empty for what it refuses ("http://[")."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")
