"""Bytes -> text -> tree, and the views that every field shares. The only place that builds a tree."""

from __future__ import annotations

import codecs
import functools
import itertools
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper.data import table
from scraper.model import Page, Rules
from scraper.parse import jsonld
from scraper.parse.text import clean, split_url

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([a-z0-9_:.-]{2,40})")  # in lower-cased bytes
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_IN_CLASS = re.compile(r"\[class[*~^$]?='([^']+)'(?: i)?\]|\[[^\]]*\]|\.([\w-]+)")
_MARKS = ("h1", "h2", "meta", "script", "title", "link", "base")
_ANY_MARK = ", ".join(_MARKS)
_C1 = re.compile(rb"\xc2[\x80-\x9f]")  # U+0080 to U+009F in UTF-8: control characters that no text has
_TWICE = re.compile(  # UTF-8 sequences of which each byte was taken for a character and became UTF-8 again
    rb"\xc3[\x82-\x9f]\xc2[\x80-\xbf]|\xc3[\xa0-\xaf](?:\xc2[\x80-\xbf]){2}|\xc3[\xb0-\xb4](?:\xc2[\x80-\xbf]){3}"
)
_LEADS = 200  # bytes 0xC2 that are looked at one by one
_SNIFF = 4096  # bytes searched for a <meta charset>; the standard's 1024 miss pages that open with long comments


@dataclass(frozen=True, slots=True)
class Label:
    """A printed metadata line and its value as printed."""

    field: str  # "date", "modified", "time", "category", "number", "author"
    value: str
    nodes: tuple[LexborNode, ...]  # the text nodes that it is printed in; they are no part of the body
    label: str = ""  # the label's own words


class Document:
    """One page, read once. Views are computed when first asked for and shared by all fields."""

    def __init__(self, page: Page, rules: Rules) -> None:
        self.page, self.rules = page, rules
        self.url = page.final_url or page.url
        self.charset = charset_of(page.body, page.header("content-type"))
        self.html = to_utf8(page.body, self.charset)  # searched for what no element shows
        self.tree = LexborHTMLParser(self.html, scripting=True)
        if b"<ruby" in self.html or b"<RUBY" in self.html:  # readings over a word are no part of it, in headings too
            for reading in reversed(self.tree.css("rt, rp")):
                reading.decompose()
        self.labels: tuple[Label, ...] = ()  # set by parse() once, before the fields read it
        self.headline: str | None = None  # as the page gives it, set by parse() once; a site's rule has no part in it
        self.memo: dict[str, Any] = {}  # what several steps of one field share; each key belongs to one module

    @cached_property
    def marks(self) -> dict[str, list[LexborNode]]:
        """The elements that most fields ask for, by tag, in page order; one walk over the page for all of them."""
        found: dict[str, list[LexborNode]] = {tag: [] for tag in (*_MARKS, "heads")}
        for node in self.tree.css(_ANY_MARK):
            tag = node.tag or ""
            found[tag].append(node)
            if tag in ("h1", "h2"):
                found["heads"].append(node)
        return found

    @cached_property
    def paragraphs(self) -> list[LexborNode]:
        """The <p> elements, in page order."""
        return self.tree.tags("p")

    @cached_property
    def anchors(self) -> list[LexborNode]:
        """The links for people, in page order."""
        return self.tree.css("a[href]")

    @cached_property
    def classes(self) -> list[str]:
        """The class attributes of the page's elements, in page order."""
        return [node.attrs["class"] or "" for node in self.tree.css("[class]")]

    @cached_property
    def class_words(self) -> str:
        """`classes` as one text, each once, lower-cased: to see at once what the page has no class for."""
        return "\n".join(set(self.classes)).lower()

    def css(self, selector: str) -> list[LexborNode]:
        """As `tree.css`, the faster ways first: for a tag alone, and where the page has no class of those asked for.

        A walk asks each alternative of each element; one whose class the page does not have is left out before it.
        """
        present = [text for text, words in _alternatives(selector) if all(map(self.class_words.__contains__, words))]
        if len(present) == 1 and present[0].isalnum():
            return self.tree.tags(present[0])
        return self.tree.css(", ".join(present)) if present else []

    @cached_property
    def text(self) -> str:
        """The body's pieces of text, scripts among them, each without blanks around it, with NUL between."""
        body = self.tree.body
        return body.text(separator="\x00", strip=True, skip_empty=True) if body else ""

    @cached_property
    def pieces(self) -> list[str]:
        """`text` cut into its pieces: as many as there are text nodes in the body that are not empty."""
        return self.text.split("\x00")

    def text_nodes(self, most: int) -> list[LexborNode]:
        """The text nodes of the first `most` pieces, in their order."""
        body = self.tree.body
        walk = body.traverse(include_text=True, skip_empty=True) if body else iter(())
        return list(itertools.islice((node for node in walk if node.is_text_node), most))

    @cached_property
    def meta(self) -> dict[str, list[str]]:
        """<meta> contents by lower-cased name, property, itemprop or http-equiv, in page order."""
        found: dict[str, list[str]] = {}
        for node in self.marks["meta"]:
            get = node.attributes.get
            content = get("content")
            if not content or content.isspace():
                continue
            if key := get("property") or get("name") or get("itemprop") or get("http-equiv"):
                found.setdefault(key.lower(), []).append(content)
        return found

    @cached_property
    def links(self) -> list[dict[str, str | None]]:
        """The attributes of each <link>, in page order."""
        return [node.attributes for node in self.marks["link"]]

    def first_meta(self, *names: str) -> tuple[str, str] | None:
        """(name, cleaned content) of the first of `names` that the page has, or None."""
        for name in names:
            for content in self.meta.get(name, ()):
                if value := clean(content):
                    return name, value
        return None

    @cached_property
    def jsonld(self) -> list[dict[str, Any]]:
        """Every JSON-LD object of the page that has a @type, flattened, in page order."""
        typed = ((node, node.attributes.get("type") or "") for node in self.marks["script"])
        nodes = (node for node, kind in typed if kind.lower().startswith("application/ld+json"))
        return jsonld.objects(node.text() for node in itertools.islice(nodes, 64))

    @cached_property
    def article_data(self) -> dict[str, Any]:
        """The JSON-LD object that describes this page's article; empty where there is none."""
        return jsonld.article(self.jsonld, self.url, self.title)

    @cached_property
    def title(self) -> str:
        """The <title>, cleaned; empty where there is none."""
        nodes = self.marks["title"]
        return clean(nodes[0].text()) if nodes else ""

    @property
    def h1s(self) -> list[LexborNode]:
        """The page's main headings, in page order."""
        return self.marks["h1"]

    @property
    def heads(self) -> list[LexborNode]:
        """The headings of the first two ranks, in page order."""
        return self.marks["heads"]

    @cached_property
    def host(self) -> str:
        """The host's name, lower-case, without www."""
        return (split_url(self.url).hostname or "").removeprefix("www.")

    @cached_property
    def lang(self) -> str | None:
        """<html lang>, as written, or None."""
        node = self.tree.root
        value = node and (node.attributes.get("lang") or node.attributes.get("xml:lang"))
        return value.strip() or None if value else None

    @cached_property
    def language(self) -> str | None:
        """The language to read dates and labels in: <html lang>, og:locale, else the one configured for the site."""
        if self.lang or "og:locale" not in self.meta:
            return self.lang or self.rules.language
        return self.meta["og:locale"][0].replace("_", "-")


@functools.lru_cache(maxsize=64)
def _alternatives(selector: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The alternatives of a selector without commas in brackets, or classes in :not(), each with the words that a class
    must have for it.

    >>> _alternatives("h1, .entry[class*='Meta' i]")
    (('h1', ()), (".entry[class*='Meta' i]", ('entry', 'meta')))
    """
    return tuple(
        (each, tuple(a or b for a, b in _IN_CLASS.findall(each.lower()) if a or b)) for each in selector.split(", ")
    )


def charset_of(body: bytes, content_type: str | None) -> str:
    """The charset by the WHATWG order (BOM, header, meta), then strict UTF-8, then statistics. A Python codec name."""
    for bom, name in _BOMS:
        if body.startswith(bom):
            return name
    header = _HEADER_CHARSET.search(content_type or "")
    if header and (codec := _codec(header[1])):
        # Servers send the default of their configuration with pages that were moved to UTF-8 long ago.
        return "utf-8" if codec == "cp1252" and not body.isascii() and _is_utf8(body) else codec
    if codec := _codec(_declared(body)):
        # A page whose ASCII meta could be read is not UTF-16 whatever it says (HTML standard, 13.2.3.3). Nor is one in
        # a legacy charset by chance valid UTF-8: templates are moved to UTF-8 and keep their old meta.
        if codec.startswith("utf-") or (not body.isascii() and _is_utf8(body)):
            return "utf-8"
        return codec
    if _is_utf8(body):
        return "utf-8"
    from charset_normalizer import from_bytes  # few pages need it, and it is slow to import

    best = from_bytes(body[:65536]).best()
    return best.encoding if best else "cp1252"


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _declared(body: bytes) -> str:
    """The charset of the first <meta> that names one, lower-cased; empty where none does."""
    head = body[:_SNIFF].lower()
    at = head.find(b"charset")
    while at >= 0:
        tag = head.rfind(b"<meta", 0, at)
        if tag >= 0 and head.find(b">", tag, at) < 0 and (match := _META_CHARSET.match(head, at)):
            return match[1].decode("ascii")
        at = head.find(b"charset", at + 1)
    return ""


def _codec(label: str) -> str | None:
    """The Python codec of a WHATWG encoding label, None for a name that is no text encoding."""
    codec: str | None = table("charsets.toml")["labels"].get(label.lower())
    return codec


def to_utf8(body: bytes, charset: str) -> bytes:
    """`body` as UTF-8 without BOM. UTF-8 passes as it is: the tree replaces bad bytes by U+FFFD itself."""
    if charset == "utf-8":
        return _once(body.removeprefix(codecs.BOM_UTF8))
    text = body.decode(charset, "replace").lstrip("\ufeff")
    return text.encode("utf-8", "replace")


def _once(body: bytes) -> bytes:
    """UTF-8 that was once read as Latin-1 and encoded again (an "é" as "Ã©") as it was before; else `body`.

    Such runs hold C1 control characters, which the HTML standard bars from text. Where most of those stay behind, they
    are curly quotes of Windows-1252 taken for Latin-1, and are read as the standard reads &#146; (13.2.5.80).
    """
    first = _may_be_c1(body)
    controls = len(_C1.findall(body, first)) if first >= 0 else 0
    if not controls:
        return body
    repaired = _TWICE.sub(lambda run: _bytes_of(run[0]), body)
    return repaired if 2 * len(_C1.findall(repaired)) < controls else _C1.sub(_of_windows, body)


def _of_windows(control: re.Match[bytes]) -> bytes:
    """The character that Windows-1252 has in place of a C1 control; nothing where it has none."""
    return control[0][1:].decode("cp1252", "ignore").encode()


def _may_be_c1(body: bytes) -> int:
    """A place before which no C1 control stands, -1 where none is: find() is fast, few pages have many bytes 0xC2."""
    at = body.find(b"\xc2")
    for _ in range(_LEADS):
        if at < 0 or body[at + 1 : at + 2] < b"\xa0":
            break
        at = body.find(b"\xc2", at + 1)
    return at


def _bytes_of(run: bytes) -> bytes:
    """The bytes that the characters of `run` stand for, if they are UTF-8 themselves; else `run`."""
    once = run.decode("utf-8").encode("latin-1")
    return once if _is_utf8(once) else run
