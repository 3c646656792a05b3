"""The steps of a page's breadcrumb trail, as its data declare it and as it is printed."""

from __future__ import annotations

import itertools
import re
from typing import Any
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from scraper import urls
from scraper.parse import jsonld
from scraper.parse.document import Document
from scraper.parse.headings import shown
from scraper.parse.sitename import tidy
from scraper.parse.text import split_url

_MAX_CRUMBS = 12
# The address of the first page, of one language too: "/", "/fa", "https://valley.example/fa/"
_ROOT = re.compile(r"(?:(?:https?:)?//[^/]+(?:/[a-z]{2})?|/(?:[a-z]{2})?)/?(?:index\.\w+)?")
_HOMES, _LEADS_ON = 60, frozenset("/>»›→⟩") | {">>", "//", "::"}  # links looked at, and signs between steps
_STEPS = 8  # different steps of a trail; an element with more is a menu, or holds the article as well


def declared(items: list[Any], doc: Document) -> list[str]:
    """The names of a declared trail's steps, without the page itself at its end: by its address, or the lack of one."""
    items = items[:_MAX_CRUMBS]
    if all(map(_position, items)):
        items = sorted(items, key=_position)
    refs = [_address(item) for item in items]
    is_page = len(refs) > 1 and (_is_here(refs[-1], doc) if refs[-1] else any(refs))
    return [crumb(item) for item in (items[:-1] if is_page else items)]


def _position(item: Any) -> int:
    """Its place in the trail (schema.org's `position`); 0 where it says none."""
    place = item.get("position") if isinstance(item, dict) else None
    if isinstance(place, str) and len(place) < 4 and place.isdecimal():
        place = int(place)
    return place if isinstance(place, int) else 0


def _address(item: Any) -> str:
    inner = item.get("item") if isinstance(item, dict) else None
    ref = (inner.get("@id") or inner.get("url")) if isinstance(inner, dict) else inner
    return ref.strip() if isinstance(ref, str) else ""


def _is_here(ref: str, doc: Document) -> bool:
    """Whether an address is the page's own; a mere "#" is the lack of one."""
    last = ref.partition("?")[0].rstrip("/").rpartition("/")[2]
    if last not in doc.url and "%" not in ref and "%" not in doc.url:
        return False  # most are not
    url = urls.join(doc.url, ref) if ref and not ref.startswith("#") else None
    here, there = split_url(doc.url), split_url(url or "")
    same = unquote(there.path).rstrip("/") == unquote(here.path).rstrip("/") != ""
    return same and there.query in ("", here.query)


def trail(doc: Document, selector: str, *, rooted: bool = False) -> list[str]:
    """The steps of the page's trails, each once: one list that is a trail stands within another.

    `rooted`, where only what begins with the first page is a trail.
    """
    seen: set[int] = set()
    steps: list[str] = []
    for trail in doc.css(selector):
        itemtype = trail.attributes.get("itemtype") or ""
        parts = "a, [itemprop='name']" if "BreadcrumbList" in itemtype else "a"
        nodes = [n for n in trail.css(parts)[: 3 * _STEPS] if n.mem_id != trail.mem_id and not _in_link(n, trail)]
        if rooted and not (nodes and _ROOT.fullmatch((nodes[0].attributes.get("href") or "").strip())):
            continue
        if len({tidy(node.text()) for node in nodes}) <= _STEPS:
            own = _before_headline(nodes, tidy(trail.text()), doc)
            fit = [node for node in own if node.mem_id not in seen and stays(node, doc) and not is_home(node)]
            steps += [tidy(shown(node)) for node in fit if not _is_here(node.attributes.get("href") or "", doc)]
            seen.update(node.mem_id for node in nodes)
    return steps[:_MAX_CRUMBS]


def unnamed(doc: Document) -> list[str]:
    """The steps of the first line that begins with a link to the first page and a sign that leads on, whatever its
    class: "Home / Politics", "Home > Politics > Bridge opens".
    """
    for home in doc.anchors[:_HOMES]:
        line = home.parent if _leads_on(home) and is_home(home) else None
        links = line.css("a")[: _STEPS + 1] if line is not None else []
        if len(links) <= _STEPS and links and links[0].mem_id == home.mem_id:
            fit = [node for node in links[1:] if stays(node, doc) and not is_home(node)]
            fit = [node for node in fit if not _is_here(node.attributes.get("href") or "", doc)]
            paths = [split_url(node.attributes.get("href") or "").path.rstrip("/") + "/" for node in fit]
            nested = all(below.startswith(above) for above, below in itertools.pairwise(paths))
            return [tidy(shown(node)) for node in fit] if nested else []  # "Home / Shop / Contact" is a menu
    return []


def _leads_on(link: LexborNode) -> bool:
    """Whether the text right behind a link is a sign of a trail; bars and dots part the links of menus as well."""
    behind = link.next
    return behind is not None and behind.is_text_node and behind.text().strip() in _LEADS_ON


def _in_link(node: LexborNode, trail: LexborNode) -> bool:
    """Whether a step's name stands in its link: that link is the step, and tells whether it leads home or here."""
    above = node.parent
    while above is not None and above.mem_id != trail.mem_id:
        if above.tag == "a":
            return True
        above = above.parent
    return False


def _before_headline(nodes: list[LexborNode], whole: str, doc: Document) -> list[LexborNode]:
    """The steps before the article's own headline, where a trail prints it: behind it stand other languages, shares."""
    heading = next((tidy(node.text()) for node in doc.h1s[:1]), "")
    before, _, behind = whole.rpartition(heading) if heading else ("", "", "")
    last = len(nodes)
    while before and behind and last and tidy(nodes[last - 1].text()) in behind:
        last -= 1
    return nodes[:last] or nodes


def is_home(node: LexborNode) -> bool:
    """Whether a step leads to the site's first page, which every language calls otherwise."""
    href = (node.attributes.get("href") or "").strip()
    return bool(href) and not href.startswith(("#", "?")) and split_url(href).path in ("", "/")


def stays(node: LexborNode, doc: Document) -> bool:
    """Whether a step's link is to the site itself; a mail address or a profile elsewhere is no section."""
    href = (node.attributes.get("href") or "").strip()
    href = f"https:{href}" if href.startswith("//") else href
    if not href.startswith(("http://", "https://")):
        return not href.startswith(("mailto:", "tel:"))
    return not doc.host or urls.same_site(href, doc.url)


def crumb(item: Any) -> str:
    if not isinstance(item, dict):
        return ""
    inner = item.get("item")
    return tidy(jsonld.text(item.get("name")) or (jsonld.text(inner.get("name")) if isinstance(inner, dict) else None))
