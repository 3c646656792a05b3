"""What a section is called: whether a text can be one's name, and how the page prints it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.model import Found
from scraper.parse import datekinds, jsonld
from scraper.parse.breadcrumbs import stays
from scraper.parse.document import Document
from scraper.parse.headings import shown
from scraper.parse.headline import headline
from scraper.parse.sitename import host_label, is_site, site_names, squash, tidy
from scraper.parse.text import split_url

_LONGEST = 80  # characters of a section's name
_JOINED = 1000  # and of several that the data join
SLUG = re.compile(r"(?=.{3,30}$)[a-z]+(?:-[a-z]+){0,2}")
_STEM = 4  # letters that two forms of a word share: "science" and "Sciences"
_ACRONYM = 4  # letters that stand in capitals by right: "NFL"
_SIGNS = "+#.▸▾▼►→←‹«"  # of menus and lists, around the name
NAME = 40  # characters of a section's name in a link
_PAIR = 2
_HOST_WORDS = 2  # that are a section's name though the host has them in its own
_SIGNS_AROUND = 2  # characters more than the name has
_EDGE = " []/|\u203a\u00bb\u2039\u00ab<>\u00b7\u2022:-\u2013\u2014"
_AROUND = re.compile(r"^\W+|\W+$")
_COMMA = re.compile(r",(?![^()]*\))")  # none of those in brackets: "Accidents (at home, at work)"
_DAY = re.compile(r"\d[./-]\d\d?[./-]\d\d")  # of an issue or a change, never of a section: "Issue of 26.04.2024"
_AND = re.compile(r"&|\b(?:and|und|et|y|e|en|och|og|ja|i)\b", re.IGNORECASE)


def section(text: str | None, source: Any, path: str, doc: Document) -> Found | None:
    """The first part of a text that can be a section's name, as the page prints it; None where there is none."""
    for part in _parts(tidy(text)[:_JOINED], doc):
        value = part.strip(_EDGE)
        if is_section(value, doc):
            return Found(_printed(value, source, doc), source, text or "", path)
    return None


def _parts(text: str, doc: Document) -> list[str]:
    """A section, or the several that the page's data join: "Legal,National", "How To, Workouts, Exercise"."""
    parts = _COMMA.split(text)
    joined = len(parts) > 1 and not any(part.startswith(" ") for part in parts)
    trail = len(parts) > 1 and parts[0].strip().casefold() in table("metadata.toml")["no_sections"]  # "Home, Garden"
    if joined or trail or (len(parts) > 2 and not _AND.search(parts[-1])):
        return parts
    if len(parts) == _PAIR and text not in doc.pieces:  # "Mirzhol, Rail", where the page prints these apart
        return [part for part in parts if part.strip() in doc.pieces] or [text]
    return [text]


def is_section(value: str, doc: Document) -> bool:
    if not value or len(value) > _LONGEST or value.startswith(("http://", "https://")):
        return False
    if any(sign in value for sign in ("{{", "@", "_")):  # a template, a mail address, a machine's name ("news_world")
        return False
    if _DAY.search(value) or _is_date(value, doc) or value.casefold().removeprefix("www.") == doc.host:
        return False
    if value.casefold() in table("metadata.toml")["no_sections"] or squash(value) in own_titles(doc):
        return False
    part = len(value.split()) > _HOST_WORDS  # "Tennis" is a section of tennisnews.example
    return not is_site(value, site_names(doc), host_label(doc), part)


def _is_date(value: str, doc: Document) -> bool:
    """Whether a text has a whole date, as a step that leads to a day's archive has, or the line of a teaser."""
    when = datekinds.read(doc, value) if sum(map(str.isdigit, value)) > 4 else None
    return when is not None and when.date is not None


def _printed(value: str, source: Any, doc: Document) -> str:
    """A section named as data do ("local-news"), in the form in which a link of the page prints it."""
    slug = value.replace(" ", "-")
    if source not in ("json-ld", "meta") or not SLUG.fullmatch(slug):
        return value
    if spelt := spelling_of(slug, links_to(slug, doc)):
        return spelt
    piece = piece_of(slug, doc) if value.islower() else None
    return piece if piece and not (piece.isupper() and len(piece) > _ACRONYM) else value


def spelling_of(slug: str, links: list[LexborNode]) -> str | None:
    """The slug's own words as one of the links prints them."""
    key = squash(slug)
    texts = (_AROUND.sub("", tidy(node.text())) for node in links)
    return next((text for text in texts if squash(text) == key and not text.isupper()), None)


def piece_of(slug: str, doc: Document) -> str | None:
    """The slug's own words as a text of the page that is nothing else, best in small letters with a capital."""
    key = squash(slug)
    near = (piece for piece in doc.pieces if 0 <= len(piece) - len(slug) <= _SIGNS_AROUND)
    fit = (_AROUND.sub("", piece) for piece in near if squash(piece) == key)
    return min(fit, key=lambda text: (text.isupper(), text.islower()), default=None)


def own_titles(doc: Document) -> frozenset[str]:
    """What the page's own headline is called, squashed: some systems fill the section with it."""
    known = doc.memo.get("own_titles")
    if not isinstance(known, frozenset):
        texts = (doc.title, (doc.first_meta("og:title") or ("", ""))[1], jsonld.text(doc.article_data.get("headline")))
        own = headline(doc)
        known = doc.memo["own_titles"] = frozenset(squash(text) for text in (*texts, own and own.value) if text)
    return known


def is_name(text: str) -> bool:
    return len(text) <= NAME and not text.startswith("#") and any(map(str.isalpha, text))


def links_to(slug: str, doc: Document) -> list[LexborNode]:
    return doc.tree.css(f"a[href*='{slug}']")  # a slug has no sign that a selector would read


def name_of(place: str, links: list[LexborNode], doc: Document) -> str | None:
    """What most of the links to a section print.

    `place` is the section's path, or its last part: "/sport/ferries", "ferries".
    """
    texts: Counter[str] = Counter()
    slug = place.rpartition("/")[2]
    for node in links:
        path = unquote(split_url(node.attributes.get("href") or "").path).rstrip("/")
        if (path == place or path.rpartition("/")[2] == place) and stays(node, doc):
            texts[tidy(shown(node)).strip(_EDGE + _SIGNS)] += 1
    fit = [text for text in texts if named_by(text, slug) and is_section(text, doc)]
    if not fit and place.startswith("/"):  # to the very folder that the page is in: its name may be in another script
        foreign = [text for text in texts if _is_foreign(text) and is_section(text, doc)]
        above = _above_headline(slug, doc) if foreign else frozenset()
        return max(above.intersection(foreign), key=lambda text: (texts[text], text), default=None)
    return min(fit, key=lambda text: (squash(text) != squash(slug), -texts[text]), default=None)


def _above_headline(slug: str, doc: Document) -> frozenset[str]:
    """What links to a section print in menus and paths; behind the text they call back: "Возврат к списку"."""
    nodes = doc.tree.css(f"h1, a[href*='{slug}']")
    first = next((i for i, node in enumerate(nodes) if node.tag == "h1"), 0)
    return frozenset(tidy(shown(node)).strip(_EDGE + _SIGNS) for node in nodes[:first])


def _is_foreign(text: str) -> bool:
    """Whether a name has no letter that a slug could share with it: "Общество", where the path says "obschestvo"."""
    letters = [sign for sign in text if sign.isalpha()]
    return bool(letters) and not any(map(str.isascii, letters)) and not any(map(str.isdigit, text)) and is_name(text)


def named_by(text: str, slug: str) -> bool:
    """Whether a link's text is a section's name and no call: it has a word of the slug, few others, and lower case."""
    if not 2 <= len(text) <= NAME or (text.isupper() and len(text) > _ACRONYM):
        return False
    words, parts = [squash(word) for word in text.split()], [squash(part) for part in slug.split("-")]
    alike = any(word[:_STEM] == part[:_STEM] for word in words for part in parts if len(word) >= _STEM)
    return squash(text) == squash(slug) or (alike and len(words) <= len(parts) + 1)
