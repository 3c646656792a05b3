"""Who may read the whole article, and whether the page shows it: by its data, and by what it prints."""

from __future__ import annotations

import re
from typing import Any, Literal

from scraper.model import Found, Source
from scraper.parse import jsonld, paywall
from scraper.parse.document import Document

Access = Literal["free", "paid", "unknown"]

THIN = 250  # characters; a page with less prose than this keeps its text in its data, or has none
_CUT = 2  # times the words of a text: what has so many is not all there; what has half of them is something else
_NEAR = 0.2
_BROKEN_OFF = ("…", "...", "[…]", "[...]")
_SHORT = 1500  # characters; a paid article has more
_COUNTED = re.compile(rb'"word_?[cC]ount"\s{0,3}:\s{0,3}"?([0-9]{1,6})\b')
_PREMIUM: dict[str, Access] = {
    "false": "free",
    "true": "paid",
    "0": "free",
    "1": "paid",
    "no": "free",
    "yes": "paid",
    "free": "free",
    "paid": "paid",
    "abo": "paid",
}
_FREE = re.compile(
    rb"isAccessibleForFree(?:\"|&quot;|&#34;)?\s{0,9}:\s{0,9}(?:\"|&quot;|&#34;)?(true|false|True|False)\b"
)
_PAID_DATA: dict[str, Access] = {"false": "paid", "true": "free", "0": "paid", "1": "free"}


def access(
    doc: Document, text: str | None, wall: paywall.Wall | None = None, marked: bool = False
) -> tuple[Access, list[str]]:
    """Whether the page says that its text is free or paid for, and the issues: "preview-only", "body-short".

    `wall`: the printed line that ends the text; `marked`: a line beside the headline says for whom it is.
    """
    found = ground(doc, wall, marked)
    said: Access | None = found.value if found else None
    issues = []
    size = len(text or "")
    if wall or (said != "free" and _is_part(doc, text or "", said == "paid")):
        issues.append("preview-only")
    if 0 < size < THIN:
        issues.append("body-short")
    return said or "unknown", issues


def is_declared_free(doc: Document) -> bool:
    """Whether data say so. What is printed is nothing to such a page: templates carry the lines for other articles."""
    return declared(doc) == "free"


def ground(doc: Document, wall: paywall.Wall | None = None, marked: bool = False) -> Found | None:
    """What says who may read the article: the page's data, its metadata, or a printed line; None where nothing does."""
    if found := _told(doc):
        return found
    if marked or (wall and wall.paid):
        return Found("paid", "markup", wall.line if wall else "", "behind the text" if wall else "beside the headline")
    return None


def _in_jsonld(doc: Document) -> bool:
    return any("isAccessibleForFree" in obj for obj in doc.jsonld)


def _is_part(doc: Document, text: str, paid: bool) -> bool:
    """Whether `text` is less than the article, by what its data count or hold; a short one of a paid article is."""
    ratio = _ratio(text, str(doc.article_data.get("wordCount") or ""))
    if ratio > _CUT or not paid:  # page builders count their markup: it takes two signs where nothing is for sale
        return ratio > _CUT and (paid or text.endswith(_BROKEN_OFF))
    if len(jsonld.text(doc.article_data.get("articleBody")) or "") > 2 * len(text):
        return True
    if len(text) < _SHORT and not ratio:  # a system's own data count too, if no other articles are with them
        counts = set(_COUNTED.findall(doc.html))
        ratio = _ratio(text, counts.pop().decode()) if len(counts) == 1 else 0
    return ratio > _CUT or (len(text) < _SHORT and not ratio)


def _ratio(text: str, count: str) -> float:
    """How many times the words of `text` a count of words is; 0 where it is of something else, or of characters."""
    if not text or not (count.isascii() and count.isdigit()) or abs(int(count) / len(text) - 1) < _NEAR:
        return 0
    words = len(text.split())
    return int(count) / words if int(count) > words / _CUT else 0


def _unread(doc: Document) -> Access | None:
    """What isAccessibleForFree is in data that no parser reads, or that stand in an attribute, if it is one thing."""
    if b"isAccessibleForFree" not in doc.html or _in_jsonld(doc):
        return None  # nothing, or of something else on the page
    found = {value.lower() for value in _FREE.findall(doc.html)}
    return _PAID_DATA.get(found.pop().decode()) if len(found) == 1 else None


def declared(doc: Document) -> Access | None:
    """By schema.org's isAccessibleForFree, of the article or of the page around it; a locked tier outweighs it."""
    found = _told(doc)
    return found.value if found else None


def _told(doc: Document) -> Found | None:
    if "access" not in doc.memo:
        doc.memo["access"] = _declared(doc)
    told: Found | None = doc.memo["access"]
    return told


def _declared(doc: Document) -> Found | None:
    key, tier = doc.first_meta("article:content_tier", "og:article:content_tier") or ("", "")
    if tier.lower() == "locked":
        return Found("paid", "meta", tier, f"meta {key}")
    pages = (obj for obj in doc.jsonld if "WebPage" in jsonld.types(obj))
    values: list[tuple[Any, Source]] = [
        (obj.get("isAccessibleForFree"), "json-ld") for obj in (doc.article_data, *pages)
    ]
    values += [(text, "meta") for text in doc.meta.get("isaccessibleforfree", ())]
    for value, source in values:
        raw = str(jsonld.text(value) or value)
        if said := _PAID_DATA.get(raw.lower().rsplit("/", 1)[-1]):
            return Found(said, source, raw, f"{source} isAccessibleForFree")
    if said := _unread(doc):
        return Found(said, "meta", str(said == "free").lower(), "isAccessibleForFree in data of another form")
    if tier.lower() == "free":
        return Found("free", "meta", tier, f"meta {key}")
    keys = ("article:premium", "ispremium", "article.access", "outbrain:article_access_status")
    # Cxense puts its customer into the name: "cXenseParse:abc-isPaidContent", "cXenseParse:abc-article_ispaidcontent".
    for key in (*keys, *(key for key in doc.meta if key.startswith("cxenseparse:") and key.endswith("ispaidcontent"))):
        for text in doc.meta.get(key, ())[:1]:
            if said := _PREMIUM.get(text.strip().lower()):
                return Found(said, "meta", text, f"meta {key}")
    return None
