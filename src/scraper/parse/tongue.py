"""The language that a text is in, by its letters and its commonest words."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from scraper.data import table
from scraper.parse.document import Document

_CODE = re.compile(r"[{}<>=;]")
_ENOUGH, FOREIGN = 60, 0.015  # words of a text that tell; share of English's commonest below which it is not English
_LETTERS, _SURE = 20, 100  # letters of a text that tell, and that leave no doubt
_MARGIN = 8  # the best language is sure only if it has an eighth more of its words than the second: Danish, Norwegian
_NAMES = 2000  # letters among which one that the language does not write may be a name's
_CYRILLIC = "\u0400-\u052f"
_NOT_LATIN = re.compile(r"[^\W\d_a-z\u00c0-\u024f]")
_WORD = re.compile(r"[^\W\d_]+")


def plain(doc: Document) -> str | None:
    """The language that the text is plainly in; None where that is English, or in doubt. Read once."""
    if "plain_language" not in doc.memo:
        told = read(prose(doc)) if english_share(doc) < 1 / 6 else None
        doc.memo["plain_language"] = told[0] if told and told[1] and told[0] != "en" else None
    found: str | None = doc.memo["plain_language"]
    return found


def english_share(doc: Document) -> float:
    """Which share of the text's words are English's commonest; 1 for a sixth or more, and where few words or many
    figures cannot tell."""
    if "english" not in doc.memo:
        text = prose(doc).lower()
        doc.memo["english"] = 0.0 if _is_foreign(text) else _commonest(text.split())
    share: float = doc.memo["english"]
    return share


def _commonest(every: list[str]) -> float:
    common = sum(map(_english().__contains__, every))
    if common * 6 >= len(every):
        return 1.0  # English, whatever is a word of it
    words = len([word for word in every if word[0].isalpha()])
    return common / words if words >= _ENOUGH and words * 5 >= len(every) * 4 else 1.0


def _is_foreign(text: str) -> bool:
    """Whether much of a text is in letters that are not Latin; each of them has two bytes or more."""
    most = max(100, len(text) // 3)
    return len(text.encode("utf-8", "replace")) - len(text) > most and len(_NOT_LATIN.findall(text)) > most


@functools.cache
def _english() -> frozenset[str]:
    return frozenset(table("stopwords.toml")["words"]["en"])


def prose(doc: Document) -> str:
    text = " ".join([node.text() for node in doc.paragraphs[:40]])[:6000]
    if len(text) < _SURE:  # a page without <p>
        text = " ".join([piece for piece in doc.pieces if not _CODE.search(piece)])[:6000]
    return text


def read(text: str) -> tuple[str, bool] | None:
    """(the text's language, whether there is no doubt), None where neither letters nor words tell it."""
    letters = sum(map(str.isalpha, text))
    if not text.isascii() and letters > _LETTERS and (code := next(_by_letters(text.lower(), letters), None)):
        return code, letters > _SURE
    counts = Counter(word.lower() for word in _WORD.findall(text))
    scores = {code: sum(counts[word] for word in words) for code, words in table("stopwords.toml")["words"].items()}
    best, second = sorted(scores, key=lambda code: -scores[code])[:2]
    total = sum(counts.values())
    if total < 20 or scores[best] * 10 < total:
        return None
    apart = scores[best] >= 3 * scores["en"] and scores[best] * _MARGIN > scores[second] * (_MARGIN + 1)
    return best, total >= 60 and scores[best] * 5 >= total and apart


def _by_letters(text: str, letters: int) -> Iterator[str]:
    """The languages that a lower-cased text of so many letters can be in by these, the surest first."""
    counts = Counter(text)
    kinds = "".join(counts)

    def number(own: str) -> int:
        return sum(counts[letter] for letter in _letters(own).findall(kinds)) if own else 0

    rows = table("letters.toml")
    for code, row in rows["scripts"].items():
        if number(row["own"]) * 1000 > row["least"] * letters and _has_words(text, row):
            yield code
    cyrillic = number(_CYRILLIC)
    for code, row in rows["cyrillic"].items() if cyrillic * 2 > letters else ():
        if number(row["own"]) * 1000 >= row["least"] * cyrillic > number(row["barred"]) * _NAMES:
            yield code


def _has_words(text: str, row: dict[str, Any]) -> bool:
    """Whether a fiftieth of a text's words are a language's own, if its row names some: others have its letters."""
    if "words" not in row:
        return True
    words = text.split()
    return sum(word in row["words"] for word in words) * 50 >= len(words)


@functools.cache
def _letters(own: str) -> re.Pattern[str]:
    return re.compile(f"[{own}]")
