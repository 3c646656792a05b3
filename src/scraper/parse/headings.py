"""A heading as a candidate for the headline: its readings, and what speaks against it."""

from __future__ import annotations

import itertools
import re
import sys

from selectolax.lexbor import LexborNode

from scraper.parse.document import Document
from scraper.parse.sitename import squash
from scraper.parse.text import clean, split_url

LONGEST = 500  # characters of a headline
SPELLED = 8  # letters of a title that is looked for in the page's address or its smaller headings
# How addresses write letters that have no accent to drop: German, Danish and Norwegian.
_SPELLINGS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "æ": "ae", "ø": "oe"})
_ASIDE = frozenset(("nav", "aside", "footer", "dialog"))
_PARTS = frozenset(("span", "div", "p", "small"))
_PARTS_READ = 6
# What stands within a sentence; other elements of a heading are parts of their own: <span>, <div>, <button>, <x-menu>.
_PHRASES = frozenset(("-comment", "a", "abbr", "b", "bdi", "bdo", "big", "br", "cite", "code", "dfn", "em", "font"))
_PHRASES |= {"i", "img", "ins", "mark", "nobr", "q", "rt", "ruby", "s", "strike", "strong", "sub", "sup", "tt", "u"}
_PHRASES |= {"var", "wbr"}
_WRAPPERS = 3  # elements around all of a heading's text
_UNREAD = "ruby rt, style, script, svg"  # readings over Han letters (HTML, 4.5.12), and what is never shown as text
_SKIPPED = frozenset(("rt", "rp", "style", "script", "svg"))
_GLUED = re.compile(r"\v(?=[:;,.!?])|\v$")  # a seam between two elements where no blank belongs
_SEAM = re.compile(r"\v")
_LOGO = re.compile(r"\bsite[-_]?(?:title|name|logo)|\blogo\b", re.IGNORECASE)
# Headings for screen readers alone: Bootstrap, WordPress, Drupal, Liferay, German agencies, and the word itself; with
# the prefix of a design system, as in "govuk-visually-hidden", where the word means nothing else ("overflow-hidden").
_HIDDEN = re.compile(
    r"(?<![\w-])(?:hidden|element-invisible|hide(?:-accessible)?|d-none|hiddenStructure|aural|off-?screen"
    r"|(?:\w+-)*(?:visually-?hidden|hidden-?visually|sr-only|screen-?reader(?:-(?:only|text))?|assistive-text)"
    r"|(?:is|u)-hidden)(?![\w-])",
    re.IGNORECASE,
)
_CLIPPED = re.compile(r"clip:\s*rect\(0|display:\s*none", re.IGNORECASE)  # what those classes do, written out
# Parts of a heading that stand over it or beside it: <span class="kicker">, "topline", <span class="date">, "badge".
_TOP = r"(?<!desk)top|(?<!c)(?<!h)over"  # no "desktop-title", "cover-headline"
_OVER = re.compile(
    rf"kicker|eyebrow|(?:dach|ober|vor|ueber|unter)zeile|spitzmarke|(?:{_TOP}|roof|sub)-?line"
    rf"|(?:{_TOP}|sup|super|pre|sub)-?(?:title|headline)|descriptor|untertitel|antetitulo|volanta|occhiello|sottotitolo"
    r"|sur-?titre|sous-?titre|badge|(?<![a-z])(?:date|datum|fecha|label|share|(?:category|rubrik|section|topic)"
    r"(?![-_]*(?:title|head)))(?![a-z])",
    re.IGNORECASE,
)


def texts(node: LexborNode) -> list[str]:
    """The readings of a heading, the likeliest first: as it stands, with its parts set apart, each part alone."""
    if node.css_first(_UNREAD) is not None:
        return [shown(node)[:LONGEST]]
    if any(map(_unseen, node.css("a[href], [class], [style]"))) and (seen := shown(node)):
        return [seen[:LONGEST], *_readings(node)]
    return _readings(node)


def _unseen(part: LexborNode) -> bool:
    """Whether readers do not see words of a heading, or see a link to itself: "¶". A colon alone is hidden only where
    kicker and headline stand in two lines: in one, it belongs between them.
    """
    return is_permalink(part) or (hidden(part) and squash(part.text()) != "")


def is_permalink(part: LexborNode) -> bool:
    """Whether an element is a heading's link to itself, which systems write as a mark: "¶", "#"."""
    href = part.attributes.get("href") if part.tag == "a" else None
    return bool(href) and "#" in str(href) and not squash(part.text())


def _readings(node: LexborNode) -> list[str]:
    node = _inmost(node)
    whole = clean(node.text())[:LONGEST]
    inner = [child for child in node.iter() if child.tag not in _PHRASES and not is_permalink(child)]
    parts = (clean(child.text())[:LONGEST] for child in inner if not _is_over(child))
    if not inner and node.css_first("br") is None:
        return [whole]
    apart = clean(_SEAM.sub(" ", _GLUED.sub("", node.text(separator="\v"))))[:LONGEST]
    own = clean(node.text(deep=False))[:LONGEST]
    return [apart, whole, *(part for part in (*itertools.islice(parts, _PARTS_READ), own) if part)]


def _inmost(node: LexborNode) -> LexborNode:
    """The element whose children are a heading's parts: <h1><a><time>...</time> Bridge opens</a></h1>."""
    for _ in range(_WRAPPERS):
        children = [child for child in node.iter() if child.tag != "-comment"]
        if len(children) != 1 or node.text(deep=False).strip():
            break
        node = children[0]
    return node


def shown(node: LexborNode, most: int = sys.maxsize) -> str:
    """The text of an element without what readers do not see of it; of a long one, `most` characters will do.

    No recursion: pages nest as deep as they like.
    """
    todo, pieces, size = [node], list[str](), 0
    while todo and size < most:
        inner = todo.pop()
        if inner.is_text_node:
            pieces.append(inner.text_content or "")
            size += sum(map(len, pieces[-1].split()))
        elif inner.tag not in _SKIPPED and not hidden(inner) and not is_permalink(inner):
            todo += reversed(list(inner.iter(include_text=True)))
    return clean("".join(pieces))


def without_kicker(node: LexborNode) -> str | None:
    """A heading's text without the parts that call themselves its kicker or day; None where it has none."""
    parts = list(_inmost(node).iter(include_text=True))
    kept = [part.text() for part in parts if not _is_over(part)]
    text = clean(" ".join(kept)).lstrip(":| ") if len(kept) < len(parts) else ""
    return text[:LONGEST] or None


def without_first(node: LexborNode) -> str:
    """A heading's text without an element that it begins with: <h2><span>Kicker</span> Headline</h2>; else empty."""
    first = node.child
    if first is None or first.tag not in _PARTS or first.next is None:
        return ""
    return clean("".join([part.text() for part in itertools.islice(node.iter(include_text=True), 1, None)]))[:LONGEST]


def _is_over(part: LexborNode) -> bool:
    """Whether a part of a heading calls itself its kicker or day."""
    if part.is_text_node:
        return False
    return part.tag == "time" or _OVER.search(part.attributes.get("class") or "") is not None


def hidden(node: LexborNode) -> bool:
    """Whether an element is shown to nobody, or to screen readers alone: by attribute, class or the usual style."""
    said = node.attributes
    if "hidden" in said:
        return True
    return _HIDDEN.search(said.get("class") or "") is not None or _CLIPPED.search(said.get("style") or "") is not None


def leads_away(node: LexborNode, doc: Document) -> bool:
    """Whether all of a heading is a link to another page: a section's name, another article."""
    link = _link(node)
    href = (link.attributes.get("href") or "").strip() if link else ""
    if link is None or not doc.url or href.startswith("#") or clean(node.text()) not in clean(link.text()):
        return False
    return _last_step(href) != _last_step(doc.url)


def _link(node: LexborNode) -> LexborNode | None:
    return node.css_first("a[href]") or (node.parent if node.parent and node.parent.tag == "a" else None)


def _last_step(url: str) -> str:
    return split_url(url).path.rstrip("/").rpartition("/")[2]


def is_logo(node: LexborNode, doc: Document) -> bool:
    """Whether a heading is a link to the home page or calls itself the site's title."""
    name = node.attributes.get("class") or ""
    if _LOGO.search(name):
        return True
    link = _link(node)
    href = (link.attributes.get("href") or "").strip() if link else ""
    host, _, path = href.partition("://")[2].removeprefix("www.").partition("/")
    return href == "/" or (host != "" and host == doc.host and not path.strip("/"))


def outside(node: LexborNode) -> bool:
    """Whether a heading stands in a menu, a margin or the foot of the page."""
    parent = node.parent
    for _ in range(12):
        if parent is None:
            return False
        if parent.tag in _ASIDE:
            return True
        parent = parent.parent
    return False


def is_under(text: str, head: LexborNode) -> bool:
    """Whether the heading with that text is what stands right behind `head`."""
    after = head.next
    while after is not None and not after.is_element_node:
        after = after.next
    return after is not None and after.tag in ("h2", "h3", "h4") and squash(after.text()) == squash(text)


def is_sentence(text: str) -> bool:
    """Whether a heading says enough to be a headline: three words, or as many letters where words have no blanks."""
    return len(text.split()) >= 3 or (not text.isascii() and len(squash(text)) >= 12)


def spelled(text: str, doc: Document) -> bool:
    """Whether the last part of the page's address spells a title out, as none does by chance."""
    last = squash(split_url(doc.url).path.strip("/").rpartition("/")[2])
    if 2 * len(last) < SPELLED:
        return False
    keys = {squash(text), squash(text.casefold().translate(_SPELLINGS))}
    return any(len(key) >= SPELLED and key in last and 2 * len(key) >= len(last) for key in keys)


def place_among(pieces: list[str], doc: Document) -> int | None:
    """Where the headline stands among pieces of text: a heading that the title repeats, else the first."""
    heads = [clean(h.text(separator=" ")) for h in doc.heads[:12]]
    if not heads:
        return None
    first, title, longest = heads[0], doc.title, max(map(len, heads))
    for at, piece in enumerate(pieces):
        if 12 < len(piece) <= longest and piece in title and any(piece in head for head in heads):
            return at
    return next((at for at, piece in enumerate(pieces) if piece and first.startswith(piece)), None)
