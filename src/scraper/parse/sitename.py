"""What the site calls itself, and text without it: titles carry the name behind or in front, behind any mark."""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from itertools import pairwise

from scraper.data import table
from scraper.parse import jsonld
from scraper.parse.document import Document
from scraper.parse.text import clean, split_url

_SIGNS = r"[|\-–—−:·•⋆★»«›‹/>~\\｜ㅣ¦：_]"  # what every mark has at least one of
_SIGN = re.compile(_SIGNS)
# A mark between blanks; or a bar, guillemet or full-width colon that stands close, an underscore beside other letters
# than English ones; or a plain mark with one blank.
_MARK = re.compile(
    rf"(?=\s*{_SIGNS})(?:"  # fails at once at most characters
    r"\s+[|\-–—−:·•⋆★»«›‹/>~\\]+\s+|\s*[|｜ㅣ¦]+\s*|\s*[»«›‹]\s+|\s+[»«›‹]\s*|\s*：\s*|:\s+|\s[-–—]|[-–—]\s|(?<=\S)\s*--\s*|(?<=[^\x00-\x7f])_+|_+(?=[^\x00-\x7f]))"
)
_BARS = frozenset("|｜ㅣ¦")
_NOT_ALNUM = bytes(code for code in range(128) if not chr(code).isalnum())
_ASCII = re.compile(r"[\x00-\x7f]+")
_LOOSE = re.compile(r"[-–—]")  # a dash inside a word: a mark only where the name itself follows
_CLOSE = re.compile(r"(?<=\S{8})[-_–—]([^\W\d_]{2,10})$")
# What is left where a template's name is empty: "Bridge opens |", "» Bridge opens". A dash in front opens a quotation.
_DANGLING = re.compile(r"\s+[|\-–—·•/｜]+$|^[|·•»/｜]+\s+")
_WORDS = re.compile(r"[^\W\d_]+")
_TAGS = re.compile(r"</?(?:b|i|u|s|em|strong|span|cite|q|sup|sub|small|mark|br|wbr|p)\b[^<>]{0,200}>", re.IGNORECASE)
MAX_H1 = 12  # a page with more uses h1 for everything
_LEAST = 8  # characters of a headline before a name is looked for behind it
_LINKS = 300  # of menus are looked at
_LOGO_LINKS = 40  # and links that may be the logo
_LOGO = re.compile(r"^(?:logo|home(?:page)?)\b[\s:|–-]*|[\s:|–-]*\b(?:logo|home(?:page)?)$", re.IGNORECASE)
_HEADS = 60  # headings are looked at
_MAX = 1000  # characters; a longer title is not one


@functools.lru_cache(maxsize=1024)  # a page says its title and its site's name many times over
def squash(text: str) -> str:
    """`text` for comparison: letters and digits alone, folded, without accents.

    >>> squash("Süd–Kurier!")
    'sudkurier'
    """
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKD", text.casefold())
    beyond = "" if folded.isascii() else _ASCII.sub("", folded)  # in most of Europe accents and punctuation alone
    if any(map(str.isalnum, beyond)):
        return "".join(filter(str.isalnum, folded))
    return folded.encode("ascii", "ignore").translate(None, _NOT_ALNUM).decode()


def tidy(text: str | None) -> str:
    """One line of text as a field wants it; markup and entities that were escaped twice are undone. Empty for None."""
    if not text:
        return ""
    text = html.unescape(text) if "&" in text else text
    return clean(_TAGS.sub("", text) if "<" in text else text)


def site_names(doc: Document) -> frozenset[str]:
    """The names of the site that the page declares, squashed: og:site_name, publisher, WebSite, application name."""
    known = doc.memo.get("site_names")
    if not isinstance(known, frozenset):
        known = doc.memo["site_names"] = _declared_names(doc)
    return known


def _declared_names(doc: Document) -> frozenset[str]:
    words = table("metadata.toml")
    found = [doc.host]
    said = (content for key in words["site_name"] for content in doc.meta.get(key, ()))
    found += [content for content in said if not _is_page_title(content, doc)]
    for obj in doc.jsonld:
        if not words["site_types"].keys().isdisjoint(jsonld.types(obj)):
            found += [jsonld.text(obj.get(key)) or "" for key in ("name", "alternateName")]
        found.append(jsonld.text(obj.get("publisher")) or "")
    return frozenset(name for text in found if (name := squash(text.removeprefix("@"))))


def logo_names(doc: Document) -> frozenset[str]:
    """What the page's first links to the home page call it, squashed: in words, for screen readers, in a picture.

    Less sure than what the page declares: only for titles that nothing else on the page repeats.
    """
    found = []
    for link in doc.anchors[:_LOGO_LINKS]:
        href = (link.attributes.get("href") or "").strip()
        host, _, path = href.partition("//")[2].partition("/")
        if href == "/" or (host.removeprefix("www.") == doc.host != "" and not path):
            images = [image.attributes.get("alt") for image in link.css("img[alt]")[:2]]
            said = [link.text(), link.attributes.get("title"), link.attributes.get("aria-label"), *images]
            found += [_LOGO.sub("", tidy(text)) for text in said if text and len(text) < 80]
    return frozenset(name for text in found if len(name := squash(text)) >= 3)


def _is_page_title(name: str, doc: Document) -> bool:
    """Whether a declared name of the site is this page's title ("Bridge opens | Valley"), as some systems write there:
    the whole of <title>, of which one part, but not the last, is a heading of the page.
    """
    parts = segments(tidy(name))
    if len(parts) < 2 or squash(name) != squash(doc.title or ""):
        return False
    keys = {key for part in parts[:-1] if len(key := squash(part)) >= _LEAST}
    return any(squash(node.text()) in keys for node in doc.tree.css("h1, h2, h3")[:_HEADS])


def host_label(doc: Document) -> str:
    """The host's own label, squashed: "dailynews" of www.daily-news.co.uk; empty where there is none."""
    return _label_of(doc.host)


@functools.lru_cache(maxsize=256)
def _label_of(host: str) -> str:
    labels = host.split(".")[:-1]
    return squash(max(labels, key=len)) if labels else ""


def is_site(text: str, names: frozenset[str], label: str, part: bool = True) -> bool:
    """Whether `text` is the site's name, by the declared names or the host; with `part`, half of the host's will do."""
    key = squash(text)
    if not key:
        return False
    if _named(key, names, label):
        return True
    words = len(text.split())
    if len(label) >= 4 and label in key and words <= 4 and (4 * len(label) >= len(key) or key.startswith(label)):
        return True
    return part and words <= 4 and len(key) >= 4 and key in label and 2 * len(key) >= len(label)


def _named(key: str, names: frozenset[str], label: str) -> bool:
    if key in names or (key == label != ""):
        return True
    ends = table("metadata.toml")["name_ends"]
    return key.endswith(tuple(ends)) and any(key.endswith(end) and key[: -len(end)] in names for end in ends)


def is_whole_site(text: str, names: frozenset[str], label: str) -> bool:
    """Whether a whole title is only the site's name: "Valley Times", but not "We are Valley" on valley.example."""
    key = squash(text)
    return is_site(text, names, label) and (_named(key, names, label) or 2 * len(label) >= len(key))


def without_site(text: str, doc: Document, names: frozenset[str]) -> str:
    """`text` without the site's name in front or behind, however often; whole where nothing else would be left."""
    text, label = text[:_MAX], host_label(doc)
    if not _SIGN.search(text):
        return text
    text = _DANGLING.sub("", text) or text
    printed = is_printed(text, doc)
    for _ in range(3):
        shorter = _cut_end(text, names, label, printed)
        if shorter == text:
            break
        text = shorter
    marks = list(_MARK.finditer(text, 0, 120))[:3]
    for mark in marks:
        if _named(squash(text[: mark.start()]), names, label) and len(text) - mark.end() > 8:
            return text[mark.end() :].strip()
    return text


def is_printed(text: str, doc: Document) -> bool:
    """Whether one of the page's main headings says just that."""
    if "printed" not in doc.memo:
        doc.memo["printed"] = frozenset(squash(node.text()) for node in doc.h1s[:MAX_H1])
    return squash(text) in doc.memo["printed"]


def _cut_end(text: str, names: frozenset[str], label: str, printed: bool) -> str:
    """`text` up to the mark that the site's name follows. Where a heading has all of it (`printed`), half of the name
    is one behind a bar alone: "A heatwave - Valley sweats" is no less than the headline on valley.example.
    """
    marks = list(_MARK.finditer(text))[-4:]
    for mark, after in pairwise(marks):  # "Bridge opens - Valley Times - Local"
        same = mark.start() >= _LEAST and mark[0] == after[0]
        if same and _named(squash(text[mark.end() : after.start()]), names, label):
            return text[: mark.start()].rstrip()
    for mark in marks:
        # What follows a colon is the site's name only where all of it is: "Miller: the valley needs its times".
        rest = text[mark.end() :]
        if printed and not _BARS.intersection(mark[0]):
            named = _named(squash(rest), names, label)
        else:
            named = (is_whole_site if mark[0].strip() == ":" else is_site)(rest, names, label)
        if mark.start() > 0 and named:
            return text[: mark.start()].rstrip()
    for mark in list(_LOOSE.finditer(text))[-3:]:
        if mark.start() > 8 and squash(text[mark.end() :]) in names:
            return text[: mark.start()].rstrip()
    return text


def without_likely_site(text: str, doc: Document) -> str:
    """A title without what by all looks names the site or a section at its end: for sites that do not say their name.

    That is the host as such and all behind it, a word of papers' names, the text of a link in the page's menus.
    """
    marks = _parting(text)
    named = [m.start() for m in marks if doc.host and text[m.end() :].lower().removeprefix("www.").startswith(doc.host)]
    if named and host_label(doc) not in squash(text[: named[0]]):
        return text[: named[0]].rstrip()
    menus: frozenset[str] | None = None
    for mark in reversed(marks):
        rest = text[mark.end() :]
        if menus is None:
            menus = frozenset(squash(node.text()) for node in doc.tree.css("nav a, header a")[:_LINKS])
        if not _looks_named(rest, doc) and squash(rest) not in menus:
            break
        text = text[: mark.start()].rstrip()
    behind = _CLOSE.search(text)  # "橋が開通-谷網"
    return text[: behind.start()] if behind and _looks_named(behind[1], doc) else text


def starts(text: str) -> list[str]:
    """What stands before each mark of a title that is no colon, the shortest first."""
    return [text[: m.start()].rstrip() for m in _parting(text)]


def _parting(text: str) -> list[re.Match[str]]:
    return [m for m in _MARK.finditer(text[:_MAX]) if m[0].strip() not in ":：" and m.start() >= _LEAST][:8]


def _looks_named(text: str, doc: Document) -> bool:
    """Whether a title's last part is a site's name by a word or the host: "Blue Lake Lab Ohio", bluelakelab.example."""
    key, label, words = squash(text), host_label(doc), table("metadata.toml")
    if len(label) >= 8 and key.startswith(label) and 2 * len(label) >= len(key):
        return True
    if " " not in text and len(text) <= 10 and text.endswith(tuple(words["name_endings"])):
        return True
    said = _WORDS.findall(text.casefold())
    return len(said) <= 5 and any(word in words["name_words"] for word in said)


def segments(text: str) -> list[str]:
    """The parts of a title between its marks, first to last."""
    text = text[:_MAX]
    parts = _MARK.split(text) if _SIGN.search(text) else [text]
    return [stripped for part in parts if (stripped := part.strip())]


def runs(text: str, colons: bool = True) -> frozenset[str]:
    """Every run of neighbouring parts of a title but itself, squashed: "A | B | C" gives a, b, c, ab and bc.

    A colon parts a kicker from its headline as often as it parts names; without `colons` it is no mark.
    """
    text = text[:_MAX]
    marks = [m for m in _MARK.finditer(text) if colons or m[0].strip() != ":"][:8] if _SIGN.search(text) else []
    begins, ends = [0, *(m.end() for m in marks)], [*(m.start() for m in marks), len(text)]
    found = (squash(text[a:b]) for i, a in enumerate(begins) for b in ends[i:])
    return frozenset(found) - {"", squash(text)}


def sections(doc: Document) -> frozenset[str]:
    """Squashed section names that the page declares: titles carry them too."""
    known = doc.memo.get("sections")
    if not isinstance(known, frozenset):
        found = [c for key in table("metadata.toml")["section"] for c in doc.meta.get(key, ())]
        found += split_url(doc.url).path.strip("/").split("/")[:-1][:4]
        known = doc.memo["sections"] = frozenset(filter(None, map(squash, found)))
    return known
