"""The standfirst: marked under the headline, else as the page's data give it."""

from __future__ import annotations

import functools
import html
import re
from dataclasses import replace

from scraper.data import table
from scraper.model import Found
from scraper.parse import jsonld
from scraper.parse.beginnings import head_lines
from scraper.parse.document import Document
from scraper.parse.ladder import Step
from scraper.parse.sitename import host_label, runs, site_names, squash
from scraper.parse.standfirst import standfirst
from scraper.parse.text import clean

_LONGEST = 700  # characters; a longer description is the article itself
_SHORTEST = 20  # characters; a shorter one is a name or a heading
_ENDS = ".!?\u3002\uff01\uff1f\u061f\u06d4\u0964\"')\u201c\u201d\u2019\u00bb\u00ab\u300d"
_SLOGAN = 100  # characters; what a site says of itself in one line is not longer
_SEAM = re.compile(r"\s+[|\u2013\u2014:-]\s+")
_NAME = re.compile(r"\s+[|\u2013\u2014-]\s+([^|\u2013\u2014]{2,60})$")
_REACH = 3000  # characters
_CUT = re.compile(r"\s*\S*(?:\.\.+|\u2026|\[.{1,8}\])\s*$|\s*\S*$")  # with the last word, which may be cut too
# The mark of a text that a system cut: "over the (...)", "for years [\u2026]", "the bridge... Read more \u00bb".
_MARKED_CUT = re.compile(r"(?:\s*\S*(?:\.\.\.|\u2026)|\s*[\[(](?:\.\.\.|\u2026)[\])])\W*$")
_CALLED = 200  # characters at the end of a description that may be a call to read on
_TAIL = 40  # letters of a cut text before its mark that stand in the article by no chance
_MARKUP = re.compile(
    r"</?(?:p|br|div|span|a|b|i|u|em|strong|h[1-6]|ul|ol|li|img|font|figure)\b[^<>]{0,500}(?:>|$)|<!--.*?-->",
    re.IGNORECASE,
)
_FILLERS = frozenset(["Visit the post for more."])  # what Jetpack writes where a post has no excerpt


def from_jsonld(doc: Document) -> Found | None:
    """The article object's description."""
    text = _without_name(plain(jsonld.text(doc.article_data.get("description")) or ""), doc)
    return Found(text, "json-ld", text, "json-ld description") if 0 < len(text) <= _LONGEST else None


def from_meta(doc: Document) -> Found | None:
    """The page's own description, made for search results and shared links."""
    taglines = doc.css(".site-description")
    doc.memo["tagline"] = taglines[0].text() if taglines else ""
    found = doc.first_meta("og:description", "description", "twitter:description")
    text = _without_name(plain(found[1]), doc) if found else ""
    return Found(text, "meta", text, f"meta {found[0]}") if found and 0 < len(text) <= _LONGEST else None


def _without_name(text: str, doc: Document) -> str:
    """A description without the site's name behind it: "The bridge opens. - Valley Times"."""
    seam = _NAME.search(text)
    return text[: seam.start()] if seam and _is_name(squash(seam[1]), doc) else text


def _is_name(key: str, doc: Document) -> bool:
    return key in site_names(doc) or key == host_label(doc)


def plain(text: str) -> str:
    """A description without markup, and with entities that were escaped twice undone."""
    for _ in range(2):
        text = html.unescape(text) if "&" in text else text
    return clean(_MARKUP.sub(" ", text) if "<" in text else text)


def apart(found: tuple[Found, ...], text: str | None, doc: Document) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
    """Those of `found` that say something of their own, the first of them as the winner; and the others.

    A description that is the body's beginning cut off, the headline again, or the site's own is no standfirst.
    """
    idle = tuple(f for f in found if f.source not in ("site", "markup") and _idle(f.value, text or "", doc))
    own = [f for f in found if f not in idle]
    winners = tuple(replace(f, lost=None) if i == 0 else f for i, f in enumerate(own))
    return winners, tuple(replace(f, lost="says nothing of its own") for f in idle)


@functools.cache
def _call() -> re.Pattern[str]:
    """A call to read on and what follows it, which stand where a text was cut: "the bridge... Read more »"."""
    words = "|".join(map(re.escape, table("metadata.toml")["calls_to_read_on"]))
    return re.compile(rf"[.\u2026\s\[\]]*(?<!\w)(?:{words})(?!\w).{{0,120}}$", re.IGNORECASE)


def _idle(value: str, text: str, doc: Document) -> bool:
    key = squash(value)
    if len(value) < _SHORTEST or key in (squash(doc.headline or ""), squash(doc.title)) or key in site_names(doc):
        return True
    seam = _SEAM.search(value) if len(value) < _SLOGAN and value[-1] not in _ENDS else None
    if seam and _is_name(squash(value[: seam.start()]), doc):  # "Valley Times - the Valley's Own Paper"
        return True
    if key in runs(doc.title):  # "Bridge opens | The Valley's Own Paper"
        return True
    if value in _FILLERS or any(squash(told) == key for told in _told_of_site(doc)):
        return True
    head = max(0, len(value) - _CALLED)
    value = value[:head] + _call().sub("\u2026", value[head:])
    marked = _MARKED_CUT.search(value, head)
    if value[-1] in _ENDS and not marked:
        return False
    # What is cut off is the beginning of the text, or of the lines in front of it that the body left out.
    beginning = list(map(squash, [*head_lines(doc), *text[:_REACH].split("\n\n")]))
    tail = squash(value[: marked.start()])[-_TAIL:] if marked else ""
    if len(tail) == _TAIL and tail in "".join(beginning):  # whatever stands before it: a caption, a smaller title
        return True
    return squash(_CUT.sub("", value)) in "".join(beginning) and key not in beginning


def _told_of_site(doc: Document) -> list[str]:
    """What the site says of itself: in its data, and in WordPress's header, as doc.memo kept it from the whole tree."""
    types = table("metadata.toml")["site_types"].keys()
    sites = (obj for obj in doc.jsonld if not types.isdisjoint(jsonld.types(obj)))
    told = [text for obj in sites if (text := jsonld.text(obj.get("description")))]
    return [*told, doc.memo.get("tagline", "")]


STEPS: tuple[Step, ...] = (standfirst, from_jsonld, from_meta)
