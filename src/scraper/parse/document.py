"""Text -> tree, and the views that every field shares."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scraper import urls
from scraper.charset import charset_of, to_utf8
from scraper.model import Page, Rules
from scraper.parse import jsonld
from scraper.parse.seams import opened, sewn
from scraper.parse.text import clean, split_url, trimmed

_IN_CLASS = re.compile(r"\[class[*~^$]?='([^']+)'(?: i)?\]|\[[^\]]*\]|\.([\w-]+)")
_MARKS = ("h1", "h2", "meta", "script", "title", "link", "base", "ruby", "wbr", "template")
_ANY_MARK = ", ".join(_MARKS)


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
        self.html = sewn(to_utf8(page.body, self.charset))  # searched for what no element shows
        self.tree = LexborHTMLParser(self.html, scripting=True)
        if self.marks["wbr"] or any("shadowroot" in "".join(node.attributes) for node in self.marks["template"]):
            self.html = opened(self.html)
            self.tree = LexborHTMLParser(self.html, scripting=True)
            del self.marks
        if self.marks["ruby"]:  # readings over a word are no part of it, in headings too
            for reading in reversed(self.tree.css("rt, rp")):
                reading.decompose()
            del self.marks  # some may have stood in a reading
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
    def addresses(self) -> str:
        """Where the links for people lead, as written, a line for each: to see at once what none of them leads to."""
        return "\n".join([node.attrs["href"] or "" for node in self.anchors])

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
        return trimmed(body.text(separator="\x00", strip=True, skip_empty=True)) if body else ""

    @cached_property
    def pieces(self) -> list[str]:
        """`text` cut into its pieces: as many as there are text nodes in the body that are not empty."""
        return self.text.split("\x00")

    def text_nodes(self) -> Iterator[LexborNode]:
        """The text nodes of the pieces, in their order. The walk is dear: ask for no more than are needed."""
        body = self.tree.body
        walk = body.traverse(include_text=True, skip_empty=True) if body else iter(())
        return (node for node in walk if node.is_text_node)

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
    def base(self) -> str:
        """What the page's relative addresses start from: its own address, or what <base> says."""
        href = next((href for node in self.marks["base"][:3] if (href := node.attributes.get("href"))), None)
        return (urls.join(self.url, href.strip()) if href else None) or self.url

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
