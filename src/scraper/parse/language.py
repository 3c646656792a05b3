"""The article's language: what the page declares, against its letters and its commonest words."""

from __future__ import annotations

import re
from dataclasses import replace

from scraper.model import Found, Source
from scraper.parse import jsonld, site
from scraper.parse.document import Document
from scraper.parse.ladder import Step
from scraper.parse.tongue import FOREIGN, english_share, prose, read

_TAG = re.compile(
    r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-z\d]-[a-z\d-]+)?",
    re.IGNORECASE,
)


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
    told = read(prose(doc))
    return found if told and told[0] == found.value[:2] else None


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
    if value[:2] == "en" and (share := english_share(doc)) < 1 / 6:
        told = read(prose(doc))
        if told and told[1] and told[0] != "en":
            return Found(told[0], "markup", text or "", f"words of the text, against {path}")
        if share < FOREIGN:
            return None
    return Found(value, source, text or "", path)


def language_from_text(doc: Document) -> Found | None:
    """By the letters of the text, then by its most common words."""
    text = prose(doc)
    told = read(text if len(text) > 100 else f"{text} {doc.title}")
    return Found(told[0], "markup", text[:60], "letters and words of the text") if told else None


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
