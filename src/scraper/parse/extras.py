"""The small fields: language, tags, lead image, and the URL that the page declares as its own."""

from __future__ import annotations

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
from scraper.parse.sitename import tidy
from scraper.parse.text import split_url

_MAX_TAGS = 60
_LONGEST_TAG = 100  # characters
_TAG = re.compile(
    r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-z\d]-[a-z\d-]+)?",
    re.IGNORECASE,
)
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
    return _tagged(doc.lang, "markup", "html lang")


def language_from_jsonld(doc: Document) -> Found | None:
    value = doc.article_data.get("inLanguage")
    if isinstance(value, dict):
        value = value.get("alternateName") or value.get("name")
    return _tagged(jsonld.text(value), "json-ld", "json-ld inLanguage")


def language_from_meta(doc: Document) -> Found | None:
    for key in ("og:locale", "content-language", "language", "dc.language", "dcterms.language", "inlanguage"):
        for text in doc.meta.get(key, ())[:1]:
            if found := _tagged(text.split(",")[0], "meta", f"meta {key}"):
                return found
    return None


def language_from_text(doc: Document) -> Found | None:
    """By the letters of the text, then by its most common words."""
    body = doc.tree.body
    text = " ".join(node.text() for node in body.css("p")[:40])[:6000] if body else ""
    text = text if len(text) > 100 else f"{text} {doc.title}"
    letters = sum(map(str.isalpha, text))
    for code, letter in _SCRIPTS:
        if letters > 20 and len(letter.findall(text)) * 50 > letters * _share(code):
            return Found(code, "markup", text[:60], "script of the text")
    counts = Counter(word.lower() for word in _WORD.findall(text))
    scores = {code: sum(counts[word] for word in words) for code, words in table("stopwords.toml")["words"].items()}
    best = max(scores, key=lambda code: scores[code])
    total = sum(counts.values())
    return Found(best, "markup", text[:60], "words of the text") if total >= 20 and scores[best] * 10 >= total else None


def _share(code: str) -> int:
    """How many in fifty letters must be of the script: few where another language's letters surround them."""
    return {"ps": 1, "ur": 2, "fa": 3, "uk": 2, "ja": 5}.get(code, 25)


LANGUAGE: tuple[Step, ...] = (language_from_html, language_from_jsonld, language_from_meta, language_from_text)


def language(doc: Document) -> Found | None:
    """The article's language as a BCP 47 tag, or None."""
    return climb(doc, LANGUAGE)


def tags_from_jsonld(doc: Document) -> Found | None:
    return _tags(doc.article_data.get("keywords"), "json-ld", "json-ld keywords")


def tags_from_meta(doc: Document) -> Found | None:
    for key in ("article:tag", "news_keywords", "parsely-tags", "sailthru.tags", "cxenseparse:keywords", "keywords"):
        if found := _tags(doc.meta.get(key), "meta", f"meta {key}"):
            return found
    return None


def tags_from_markup(doc: Document) -> Found | None:
    return _tags(
        [node.text() for node in doc.tree.css("a[rel~='tag']")[:_MAX_TAGS]], "markup", "a[rel=tag]", split=False
    )


TAGS: tuple[Step, ...] = (tags_from_jsonld, tags_from_meta, tags_from_markup)


def tags(doc: Document) -> Found | None:
    """The keywords as a tuple, each once, or None."""
    return climb(doc, TAGS)


def image_from_meta(doc: Document) -> Found | None:
    found = doc.first_meta("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
    return _link(doc, found[1], "meta", f"meta {found[0]}") if found else None


def image_from_jsonld(doc: Document) -> Found | None:
    value = doc.article_data.get("image") or doc.article_data.get("thumbnailUrl")
    return _link(doc, _url(value, 0), "json-ld", "json-ld image")


def image_from_markup(doc: Document) -> Found | None:
    """The first picture of the article's own: what WordPress marks so, or in a figure of <article> or <main>."""
    node = doc.tree.css_first(
        "img.wp-post-image[src], article figure img[src], main figure img[src], [itemprop='image'][src]"
    )
    return _link(doc, node.attributes.get("src"), "markup", "figure img") if node else None


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


def _tagged(text: str | None, source: Source, path: str) -> Found | None:
    value = bcp47(text) if text else None
    return Found(value, source, text or "", path) if value else None


def _tags(value: Any, source: Source, path: str, *, split: bool = True) -> Found | None:
    found: dict[str, str] = {}
    for text in _strings(value):
        parts = re.split(r"[,;，、،]", text) if split else [text]
        for part in parts:
            tag = tidy(part).strip("#\"' ")
            if 1 < len(tag) <= _LONGEST_TAG and len(found) < _MAX_TAGS:
                found.setdefault(tag.casefold(), tag)
    return Found(tuple(found.values()), source, ", ".join(found.values())[:500], path) if found else None


def _strings(value: Any) -> Iterable[str]:
    items = value if isinstance(value, list) else [value]
    return [
        text for item in items[:200] if (text := jsonld.text(item)) and not text.startswith(("http://", "https://"))
    ]


def _url(value: Any, depth: int) -> str | None:
    """The URL in a JSON-LD image: text, an ImageObject, or a list of them."""
    if isinstance(value, list) and value and depth < 4:
        return _url(value[0], depth + 1)
    if isinstance(value, dict) and depth < 4:
        return _url(value.get("url") or value.get("contentUrl") or value.get("@id"), depth + 1)
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
