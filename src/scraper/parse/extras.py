"""The small fields: language, tags, lead image, and the URL that the page declares as its own."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from scraper import urls
from scraper.data import table
from scraper.model import Found, Source
from scraper.parse import jsonld
from scraper.parse.document import Document
from scraper.parse.ladder import Step, climb
from scraper.parse.sitename import site_names, squash, tidy
from scraper.parse.text import clean, split_url

_MAX_TAGS = 60
# What systems file among the keywords for themselves: "Section:culture", "Category: Moon", "autoplay_video", a UUID.
_MACHINE_TAG = re.compile(
    r"^[^\W\d][\w -]*:(?!//)\S|^(?:[\w ]+ )?(?:category|section|type|tag|tokens|channel|template): "
    r"|\w_\w|^\d{6,}$|^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$",
    re.IGNORECASE,
)
_LONGEST_TAG = 100  # characters
_TAG = re.compile(
    r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-z\d]-[a-z\d-]+)?",
    re.IGNORECASE,
)
# File names of what stands for a missing picture, whole words only: "site-logo.png", "og-default.jpg", "favicon.ico".
_STAND_IN = re.compile(
    r"\.(?:svg|ico)$|(?<![a-z])(?:logos?|favicon|placeholder|spacer|no[-_]?(?:image|img|photo|picture)|fallback)(?![a-z])"
    r"|^(?:wordbooker_)?blank\.|^(?:default|generic)\."
    r"|(?<![a-z])(?:og|open[-_]?graph|social|share|facebook|twitter|image|img|thumbnail|thumb|user|post|article)"
    r"[-_]?(?:media[-_]?|card[-_]?)?(?:default|generic)(?![a-z])"
    r"|(?<![a-z])default[-_]?(?:og|open[-_]?graph|social|share|facebook|twitter|image|img|thumbnail|user|post|article)(?![a-z])"
)
_TAG_MARK = re.compile(r"^tag:\s*", re.IGNORECASE)  # "Tag:Bridges"
_SCRIPTS = (  # a script that one language of the news writes, by the letters that only it has
    ("ja", re.compile(r"[\u3041-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7a3]")),
    ("ps", re.compile(r"[\u067c\u0681\u0685\u0689\u0693\u0696\u069a\u06ab\u06bc\u06cd\u06d0]")),
    ("ur", re.compile(r"[\u0679\u0688\u0691\u06d2\u06ba]")),
    ("fa", re.compile(r"[\u067e\u0686\u0698\u06af\u06cc\u06a9]")),
    ("ar", re.compile(r"[\u0621-\u064a]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("th", re.compile(r"[\u0e01-\u0e5b]")),
    ("he", re.compile(r"[\u05d0-\u05ea]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("hi", re.compile(r"[\u0904-\u0939]")),
    ("bn", re.compile(r"[\u0985-\u09b9]")),
    ("ta", re.compile(r"[\u0b85-\u0bb9]")),
    ("ka", re.compile(r"[\u10d0-\u10ff]")),
    ("hy", re.compile(r"[\u0531-\u0586]")),
    ("uk", re.compile(r"[іїєґ]", re.IGNORECASE)),
    ("ru", re.compile(r"[а-яё]", re.IGNORECASE)),
)
_ENOUGH, _FOREIGN = 60, 0.015  # words of a text that tell; share of English's commonest below which it is not English
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


def language_from_html(doc: Document) -> Found | None:
    return _declared(doc, doc.lang, "markup", "html lang")


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
    return " ".join([node.text() for node in doc.paragraphs[:40]])[:6000]


def _read(text: str) -> tuple[str, bool] | None:
    """(the text's language, whether there is no doubt), None where neither letters nor words tell it."""
    letters = sum(map(str.isalpha, text))
    for code, letter in () if text.isascii() else _SCRIPTS:
        if letters > 20 and len(letter.findall(text)) * 50 > letters * _share(code):
            return code, letters > 100
    counts = Counter(word.lower() for word in _WORD.findall(text))
    scores = {code: sum(counts[word] for word in words) for code, words in table("stopwords.toml")["words"].items()}
    best = max(scores, key=lambda code: scores[code])
    total = sum(counts.values())
    if total < 20 or scores[best] * 10 < total:
        return None
    return best, total >= 60 and scores[best] * 5 >= total and scores[best] >= 3 * scores["en"]


def _share(code: str) -> int:
    """How many in fifty letters must be of the script: few where another language's letters surround them."""
    return {"ps": 1, "ur": 2, "fa": 3, "uk": 2, "ja": 5}.get(code, 25)


LANGUAGE: tuple[Step, ...] = (language_from_html, language_from_jsonld, language_from_meta, language_from_text)


def language(doc: Document) -> Found | None:
    """The article's language as a BCP 47 tag, or None."""
    return climb(doc, LANGUAGE)


def tags_from_jsonld(doc: Document) -> Found | None:
    return _tags(doc, doc.article_data.get("keywords"), "json-ld", "json-ld keywords")


def tags_from_meta(doc: Document) -> Found | None:
    for key in ("article:tag", "news_keywords", "parsely-tags", "sailthru.tags", "cxenseparse:keywords", "keywords"):
        if found := _tags(doc, doc.meta.get(key), "meta", f"meta {key}"):
            return found
    return None


def tags_from_markup(doc: Document) -> Found | None:
    """WordPress marks its tags so, and its sections as both: those are no tags."""
    nodes = doc.tree.css("a[rel~='tag']")[:_MAX_TAGS]
    texts = [node.text() for node in nodes if "category" not in (node.attributes.get("rel") or "").split()]
    return _tags(doc, texts, "markup", "a[rel=tag]", split=False)


TAGS: tuple[Step, ...] = (tags_from_jsonld, tags_from_meta, tags_from_markup)


def tags(doc: Document) -> Found | None:
    """The keywords as a tuple, each once, or None."""
    return climb(doc, TAGS)


def image_from_meta(doc: Document) -> Found | None:
    for key in ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"):
        for ref in doc.meta.get(key, ())[:4]:
            if found := _picture(doc, clean(ref), "meta", f"meta {key}"):
                return found
    return None


def image_from_jsonld(doc: Document) -> Found | None:
    value = doc.article_data.get("image") or doc.article_data.get("thumbnailUrl")
    return _picture(doc, _url(doc, value, 0), "json-ld", "json-ld image")


def image_from_markup(doc: Document) -> Found | None:
    """The first picture of the article's own: what WordPress marks so, or in a figure of <article> or <main>."""
    nodes = doc.css("img.wp-post-image[src], article figure img[src], main figure img[src], [itemprop='image'][src]")
    pictures = (_picture(doc, node.attributes.get("src"), "markup", "figure img") for node in nodes[:4])
    return next(filter(None, pictures), None)


def _picture(doc: Document, ref: str | None, source: Source, path: str) -> Found | None:
    """The image at `ref`, if it is one of the article's: what stands in for a missing one is named as that."""
    found = _link(doc, ref, source, path)
    if found is None or ".gravatar.com/" in found.value:
        return None
    name = split_url(found.value).path.rsplit("/", 1)[-1].lower()
    return None if _STAND_IN.search(name) else found


IMAGE: tuple[Step, ...] = (image_from_meta, image_from_jsonld, image_from_markup)


def image(doc: Document) -> Found | None:
    """The lead image's absolute http(s) URL, or None."""
    return climb(doc, IMAGE)


def canonical_from_link(doc: Document) -> Found | None:
    link = next((link for link in doc.links if "canonical" in (link.get("rel") or "").split() and "href" in link), None)
    return _own(doc, link["href"], "markup", "link canonical") if link else None


def canonical_from_meta(doc: Document) -> Found | None:
    found = doc.first_meta("og:url")
    return _own(doc, found[1], "meta", "meta og:url") if found else None


CANONICAL: tuple[Step, ...] = (canonical_from_link, canonical_from_meta)


def canonical_url(doc: Document) -> str | None:
    """The URL that the page declares, without tracking, if it is of the same site; else None."""
    found = climb(doc, CANONICAL)
    return found.value if found else None


def _tags(doc: Document, value: Any, source: Source, path: str, *, split: bool = True) -> Found | None:
    found: dict[str, str] = {}
    for text in map(tidy, _strings(value)):
        parts = re.split(r"[,;，、،]", text) if split else [text]
        for part in parts:
            tag = _TAG_MARK.sub("", tidy(part).strip("#\"' ").rstrip(":"))
            if 1 < len(tag) <= _LONGEST_TAG and len(found) < _MAX_TAGS and not _is_key(tag, doc):
                found.setdefault(tag.casefold(), tag)
    return Found(tuple(found.values()), source, ", ".join(found.values())[:500], path) if found else None


def _is_key(tag: str, doc: Document) -> bool:
    """Whether the system speaks to itself, or the site of itself."""
    return _MACHINE_TAG.search(tag) is not None or (len(tag) > 3 and squash(tag) in site_names(doc))


def _strings(value: Any) -> Iterable[str]:
    items = value if isinstance(value, list) else [value]
    return [
        text for item in items[:200] if (text := jsonld.text(item)) and not text.startswith(("http://", "https://"))
    ]


def _url(doc: Document, value: Any, depth: int) -> str | None:
    """The URL in a JSON-LD image: text, an ImageObject or the @id of one, or a list of them."""
    if isinstance(value, list) and value and depth < 4:
        return _url(doc, value[0], depth + 1)
    if isinstance(value, dict) and depth < 4:
        if url := value.get("url") or value.get("contentUrl"):
            return _url(doc, url, depth + 1)
        named = value.get("@id")
        other = next((obj for obj in doc.jsonld if named and obj is not value and obj.get("@id") == named), None)
        return _url(doc, other, depth + 1) if other else named if isinstance(named, str) and "#" not in named else None
    return value if isinstance(value, str) else None


def _link(doc: Document, ref: str | None, source: Source, path: str) -> Found | None:
    url = urls.join(doc.url, ref.strip()) if ref else None
    return Found(url, source, ref or "", path) if url else None


def _own(doc: Document, ref: str | None, source: Source, path: str) -> Found | None:
    """A declared URL; of another site it is none, and neither is a home page that stands for an article."""
    found = _link(doc, ref, source, path)
    if found is None:
        return None
    if doc.url and found.value != doc.url and not urls.same_site(found.value, doc.url):
        return None
    if split_url(found.value).path in ("", "/") and split_url(doc.url).path not in ("", "/"):
        return None
    try:
        return replace(found, value=urls.canonical(found.value))
    except urls.BadUrl:
        return None
