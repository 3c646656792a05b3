"""The article's language: what the page declares, against its letters and its commonest words."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from scraper.data import table
from scraper.model import Found, Source
from scraper.parse import jsonld, site
from scraper.parse.document import Document
from scraper.parse.ladder import Step

_CODE = re.compile(r"[{}<>=;]")
_TAG = re.compile(
    r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-z\d]-[a-z\d-]+)?",
    re.IGNORECASE,
)
_ENOUGH, _FOREIGN = 60, 0.015  # words of a text that tell; share of English's commonest below which it is not English
_LETTERS, _SURE = 20, 100  # letters of a text that tell, and that leave no doubt
_MARGIN = 8  # the best language is sure only if it has an eighth more of its words than the second: Danish, Norwegian
_NAMES = 2000  # letters among which one that the language does not write may be a name's
_CYRILLIC = "\u0400-\u052f"
_NOT_LATIN = re.compile(r"[^\W\d_a-z\u00c0-\u024f]")
_WORD = re.compile(r"[^\W\d_]+")


def bcp47(text: str) -> str | None:
    """A language tag in its usual case, None for what is none (RFC 5646, section 2.1.1).

    >>> bcp47("de_at"), bcp47("EN-us"), bcp47("zh-hant-tw"), bcp47("english")
    ('de-AT', 'en-US', 'zh-Hant-TW', None)
    """
    match = _TAG.fullmatch(text.strip().replace("_", "-"))
    if match is None or match[1].lower() in ("und", "mul", "zxx", "xx"):
        return None
    parts = [match[1].lower(), match[2] and match[2].title(), match[3] and match[3].upper()]
    return "-".join(filter(None, parts))


def language_from_site(doc: Document) -> Found | None:
    """What the site's own rule gives, if it is a language tag."""
    tags = ((found, bcp47(found.value)) for found in site.founds(doc, "language"))
    return next((replace(found, value=tag) for found, tag in tags if tag), None)


def language_from_html(doc: Document) -> Found | None:
    found = _declared(doc, doc.lang, "markup", "html lang")
    return _against_template(doc) or found if found and found.value[:2] == "en" else found


def _against_template(doc: Document) -> Found | None:
    """What the page's data declare against a template's "en", where the text, be it short, agrees with it."""
    found = language_from_jsonld(doc) or language_from_meta(doc)
    if found is None or found.value[:2] == "en":
        return None
    read = _read(_prose(doc))
    return found if read and read[0] == found.value[:2] else None


def language_from_jsonld(doc: Document) -> Found | None:
    value = doc.article_data.get("inLanguage")
    if isinstance(value, dict):
        value = value.get("alternateName") or value.get("name")
    return _declared(doc, jsonld.text(value), "json-ld", "json-ld inLanguage")


def language_from_meta(doc: Document) -> Found | None:
    for key in ("og:locale", "content-language", "language", "dc.language", "dcterms.language", "inlanguage"):
        for text in doc.meta.get(key, ())[:1]:
            if found := _declared(doc, text.split(",")[0], "meta", f"meta {key}"):
                return found
    return None


def _declared(doc: Document, text: str | None, source: Source, path: str) -> Found | None:
    """A declared language. "en" is what templates come with, so it stands only where the text does not contradict:
    where that is plainly of another language it is this one, and where it is plainly not English, none."""
    value = bcp47(text) if text else None
    if value is None:
        return None
    if value[:2] == "en" and (share := _english_share(doc)) < 1 / 6:
        read = _read(_prose(doc))
        if read and read[1] and read[0] != "en":
            return Found(read[0], "markup", text or "", f"words of the text, against {path}")
        if share < _FOREIGN:
            return None
    return Found(value, source, text or "", path)


def _english_share(doc: Document) -> float:
    """Which share of the text's words are English's commonest; 1 for a sixth or more, and where few words or many
    figures cannot tell."""
    if "english" not in doc.memo:
        text = _prose(doc).lower()
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


def language_from_text(doc: Document) -> Found | None:
    """By the letters of the text, then by its most common words."""
    text = _prose(doc)
    read = _read(text if len(text) > 100 else f"{text} {doc.title}")
    return Found(read[0], "markup", text[:60], "letters and words of the text") if read else None


def _prose(doc: Document) -> str:
    text = " ".join([node.text() for node in doc.paragraphs[:40]])[:6000]
    if len(text) < _SURE:  # a page without <p>
        text = " ".join([piece for piece in doc.pieces if not _CODE.search(piece)])[:6000]
    return text


def _read(text: str) -> tuple[str, bool] | None:
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


def language_from_config(doc: Document) -> Found | None:
    """The language configured for the site, for pages that do not say theirs."""
    return _declared(doc, doc.rules.language, "site", "config language")


STEPS: tuple[Step, ...] = (
    language_from_html,
    language_from_jsonld,
    language_from_meta,
    language_from_config,
    language_from_text,
)
