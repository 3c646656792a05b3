"""How much a text says, in the words and letters of an alphabet, whatever script it is written in."""

from __future__ import annotations

import re

# Chinese characters, kana and Hangul: one says what two or three letters of an alphabet say.
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")
# About a word, in scripts that put no blanks between them: Chinese and Japanese, then Thai, Lao, Burmese and Khmer.
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]{2}|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]{5}")


def words(text: str) -> int:
    """How many words the text has, about.

    >>> words("Bridge opens"), words("新しい橋が開通した")
    (2, 4)
    """
    parted = len(text.split())
    return parted if text.isascii() else max(parted, len(_UNSPACED.findall(text)))


def length(text: str) -> int:
    """How many letters of an alphabet say as much, about."""
    return len(text) if text.isascii() else len(text) + len(_DENSE.findall(text)) * 3 // 2


def is_unspaced(text: str) -> bool:
    """Whether words of the text stand without blanks between them."""
    return not text.isascii() and _UNSPACED.search(text) is not None
