"""What stands in an article's place: error pages, bot challenges, consent and login walls, by what they say."""

from __future__ import annotations

import functools
import re

from scraper.data import table
from scraper.model import Found
from scraper.parse import measure
from scraper.parse.document import Document
from scraper.parse.headings import shown
from scraper.parse.sitename import segments, tidy

_SHORT = 600  # characters of text that a wall or an error page has as a rule
_LONG = 4 * _SHORT  # and that one has at most which lists its partners
_PHRASE = 3  # words: what is shorter stands in news as well
_ENDS = " .,:;!?¡¿…*\"'()[]"


def wall(doc: Document, body: str | None, headline: str | None, told: bool, dated: bool) -> Found | None:
    """The wall or error page that this page is. `told`: its data declare an article; `dated`: it has a day of its own.

    The address says nothing here, since walls stand at those of articles.
    """
    size = len(body or "")
    found = None if told else _in_title(doc, headline, size, dated)
    if not found and not dated and body and size < 2 * _SHORT:  # the choice between consent and a subscription
        found = _says("wall_consent", body, "body")
    if found or size >= _SHORT:
        return found
    return _bare(doc, body, _text(doc, _SHORT), unsure=not told and not dated)


def _text(doc: Document, most: int) -> str:
    """The page's text if it is shorter than `most`, else at least so much of it: NFC makes one character of three."""
    return shown(doc.tree.body, 3 * most) if doc.tree.body else ""


def _in_title(doc: Document, headline: str | None, size: int, dated: bool) -> Found | None:
    """What the title or the headline says. No wall has a day; an error page may, of the teasers below it.

    News has such words in its headlines ("404 people rescued", "Access denied to reporters"); `firm`: so it may here.
    """
    firm = dated or size >= _SHORT
    parts = (headline,) if dated and headline else (*segments(tidy(doc.title)), headline)
    titles = [_plain(tidy(part)) for part in parts if part]
    walls = ("wall_bot", "wall_consent", "wall_login") if size < _LONG and not dated else ()
    for reason in ("soft_404", *walls):
        words = table("kinds.toml")[reason]["words"]
        hit = next((w for w in words if any(_said(w, title, firm) for title in titles)), None)
        if hit and (reason == "soft_404" or len(_text(doc, _LONG)) < _LONG):
            return Found(reason, "markup", hit, "title")
    return None


def _says(reason: str, text: str, place: str) -> Found | None:
    """The wall of that kind, where a text has one of its phrases."""
    low = _plain(text)
    hit = next((words for words in _phrases(reason) if words in low), None)
    return Found(reason, "markup", hit, place) if hit else None


def _bare(doc: Document, body: str | None, text: str, unsure: bool) -> Found | None:
    """What a page with next to no text is: a bot challenge, a consent wall, an error, nothing without scripts."""
    if len(text) < _SHORT:
        page = doc.html[:300_000].lower()
        mark = next((m for m in table("kinds.toml")["wall_bot"]["marks"] if m.encode() in page), None)
        if mark and not body:
            return Found("wall_bot", "markup", mark, "page")
        told = (_says(reason, text, "text") for reason in ("wall_bot", "wall_consent", "soft_404"))
        if unsure and (said := next(filter(None, told), None)):
            return said
    if len(text) < 200 and doc.marks["script"] and not body:
        return Found("needs_js", "markup", text[:100], "body")
    return None


def _plain(text: str) -> str:
    """As the table's words are written."""
    return text.casefold().replace("’", "'")


def _said(words: str, title: str, firm: bool) -> bool:
    """Whether the words are all of a part of a title; a phrase may be two thirds of it, unless `firm` its start too."""
    if words not in title:
        return False
    if measure.words(words) < _PHRASE:
        return title.strip(_ENDS) == words
    match = _bounded(words).search(title)
    return match is not None and (3 * len(words) >= 2 * len(title) or (not firm and match.start() == 0))


@functools.cache
def _phrases(reason: str) -> tuple[str, ...]:
    return tuple(w for w in table("kinds.toml")[reason]["words"] if measure.words(w) >= _PHRASE)


@functools.cache
def _bounded(words: str) -> re.Pattern[str]:
    return re.compile(re.escape(words) if measure.is_unspaced(words) else rf"(?<!\w){re.escape(words)}(?!\w)")
