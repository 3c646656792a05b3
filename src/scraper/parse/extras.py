"""The small fields: tags, and the URL that the page declares as its own."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from scraper import urls
from scraper.data import table
from scraper.model import Found, Source
from scraper.parse import jsonld
from scraper.parse.document import Document
from scraper.parse.headline import headline
from scraper.parse.ladder import Step, climb
from scraper.parse.sections import own_titles
from scraper.parse.sitename import host_label, site_names, squash, tidy
from scraper.parse.text import split_url

_MAX_TAGS = 60
# What systems file among the keywords for themselves: "Section:culture", "Category: Moon", "displayType: gallery",
# "autoplay_video", a UUID.
_MACHINE_TAG = re.compile(
    r"^[^\W\d][\w -]*:(?!//)\S|^(?:[\w ]+ )?(?:category|section|type|tag|tokens|channel|template): "
    r"|^(?:locale|[a-z]+-type|(?-i:[a-z]+[A-Z]\w*)): |\w_\w|^\d{6,}$|^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$",
    re.IGNORECASE,
)
_LONGEST_TAG = 100  # characters
_SENTENCE, _SHORT = 5, 2  # words of a tag that may be the headline again, among others and alone
_FEW = 3  # tags that may be the headline's words
_LIST, _SHARE = 8, 0.4  # keywords of a list that may be the site's; the share of an article's own that its text has
_PARAGRAPHS, _PROSE = 250, 300  # paragraphs and characters of them that tell
_HASHES = ("#", "\uff03")
_WORD = re.compile(r"\w{3,}")
_ESCAPED = re.compile(r"https?%3a", re.IGNORECASE)  # an address that was written as a part of another
_SLUG = re.compile(r"\d{3}|[^/_-][_-][^/_-]+[_-][^/_-]")  # an id or some words: an article's
_TAG_MARK = re.compile(r"^tag:\s*", re.IGNORECASE)  # "Tag:Bridges"

_LABEL = 40  # characters of a label, of a tag in a line, and of what else the line holds
_MAX_LINE = 20  # tags; more is a cloud
_ITEM_IN_ITEM = 6  # elements of an item around its link
_ITEMS = frozenset(("li", "span", "b", "strong", "i", "em"))
_HEADINGS = frozenset(("h2", "h3", "h4", "h5", "h6"))
_WHOLE = frozenset(("html", "body", "main", "article"))  # never one line
_NO_TAGS = re.compile(r"read-?more|(?<!\S)taxonomy-category(?!\S)", re.IGNORECASE)  # classes around a link
_TAGGED = re.compile(r"(?<![a-z])tags?(?![a-z])|topic|keyword|schlagw|etiquet")  # classes around links to pages of tags
_ARTICLE_TAGS = re.compile(r"(?<![a-z])(?:article|story|post|entry)[_-]{0,2}tags(?![a-z])", re.IGNORECASE)
# Class of a line, or of the list in it, that is tags wherever it leads.
_CALLED_TAGS = re.compile(r"(?<![a-z])(?:tags|hashtags?)(?![a-z])", re.IGNORECASE)
_MARGIN = re.compile(
    r"sidebar|side-bar|widget_|(?<!\S)widget(?!\S)|related(?![-_]?(?:topic|tag|keyword))|recommend|trending|popular"
    r"|header|menu|tag-?cloud|teaser|comment|promo(?!ted)"  # Drupal's "node--promoted" is the article itself
    r"|(?<![a-z])(?:nav|card)|footer(?!.*(?:entry|post|article))",
    re.IGNORECASE,
)


def tags_from_jsonld(doc: Document) -> Found | None:
    return _tags(doc, doc.article_data.get("keywords"), "json-ld", "json-ld keywords")


def tags_from_meta(doc: Document) -> Found | None:
    for key in ("article:tag", "news_keywords", "parsely-tags", "sailthru.tags", "cxenseparse:keywords", "keywords"):
        found = _tags(doc, doc.meta.get(key), "meta", f"meta {key}")
        if found and not (key == "keywords" and _is_of_site(found.value, doc)):
            return found
    return None


def _is_of_site(tags: tuple[str, ...], doc: Document) -> bool:
    """Whether a long list of keywords is the same on all pages of a site: the text has to do with few of them."""
    if len(tags) < _LIST:
        return False
    text = " ".join([doc.title, *(node.text() for node in doc.paragraphs[:_PARAGRAPHS])]).casefold()
    if len(text) < _PROSE:  # a page without <p>
        text = " ".join(doc.pieces).casefold()
    if len(text) < _PROSE:  # the rest of the article is behind a wall
        return False
    return sum(_is_of(tag.casefold(), text) for tag in tags) < len(tags) * _SHARE


def _is_of(tag: str, text: str) -> bool:
    """Whether a word of a tag stands in a text, whatever its ending."""
    return any(word[: max(4, len(word) - 2)] in text for word in _WORD.findall(tag) or [tag])


def tags_from_markup(doc: Document) -> Found | None:
    """WordPress marks its tags so, and its sections as both: those are no tags."""
    nodes = doc.tree.css("a[rel~='tag']")[:_MAX_TAGS]
    nodes = [node for node in nodes if "category" not in (node.attributes.get("rel") or "").split()]
    # WordPress's blocks mark a section with the same word as a tag, and say which it is around the links.
    # Drupal marks so what leads from a teaser to its article; and teasers carry their own tags.
    nodes = [node for node in nodes if not _NO_TAGS.search((node.parent and node.parent.attributes.get("class")) or "")]
    own = [node for node in nodes if not _in_margin(node, doc)]
    texts = [node.text() for node in own or nodes]
    return _tags(doc, texts, "markup", "a[rel=tag]", split=False) or _tags_from_microdata(doc)


def _tags_from_microdata(doc: Document) -> Found | None:
    """What schema.org's word marks in the article's elements: links or words one by one, or all of them in one line."""
    nodes = doc.tree.css("[itemprop~='keywords']:not(meta)")[:_MAX_TAGS] if b"keywords" in doc.html else []
    nodes = [node for node in nodes if not _in_margin(node, doc)]
    if len({node.parent.mem_id for node in nodes if node.parent}) > 1:
        return None  # teasers have their own
    texts = [link.text() for node in nodes for link in node.css("a") or [node]]
    return _tags(doc, texts, "markup", "itemprop keywords", split=len(texts) == 1)


def tags_from_line(doc: Document) -> Found | None:
    """The links of a printed line behind the headline: "Tags: bridges, winter", or links to pages of tags alone."""
    seen: set[int] = set()
    for link in _may_be_tags(doc):
        item = _above_items(link, seen)
        if item is None or item.mem_id in seen:
            continue
        lines = [line for line in _lines_of(item) if line.mem_id not in seen]
        seen |= {item.mem_id, *(line.mem_id for line in lines)}
        for line in lines:
            if (texts := _line_tags(line, doc)) and not _in_margin(line, doc) and _is_behind(doc, link):
                return _tags(doc, texts, "markup", "line of tags", split=False)
    return None


def _may_be_tags(doc: Document) -> Iterator[LexborNode]:
    """The links that may be tags: all where a label is printed, else by their addresses, signs, or the class around."""
    longest = max(map(len, _labels())) + 3  # with a colon and blanks
    if any(map(_is_label, [piece for piece in doc.pieces if len(piece) <= longest])):
        yield from doc.anchors
        return
    hashed = any(f"\0{sign}" in doc.text for sign in _HASHES)
    if hashed or tag_page().search(doc.addresses):
        yield from filter(_is_tag if hashed else _is_tag_link, doc.anchors)
    if "tags" in doc.class_words or "hashtag" in doc.class_words:
        for node in doc.css("[class*='tags' i], [class*='hashtag' i]")[:_MAX_LINE]:
            yield from node.css("a[href]")[: _MAX_LINE + 1]


def _above_items(link: LexborNode, seen: set[int]) -> LexborNode | None:
    """The element that a link stands in, or its item does; an "item" of several links is a line of its own."""
    above = link.parent
    for _ in range(_ITEM_IN_ITEM):
        if above is None or above.tag not in _ITEMS or above.mem_id in seen or len(above.css("a")) > 1:
            break
        above = above.parent
    return above


def _lines_of(item: LexborNode) -> Iterator[LexborNode]:
    """The elements that may be the line that holds a link: above its list where that is all.

    Of a lone one, which may be the line's whole or have its label outside, what is within as well, the widest first.
    """
    lines = [item]
    for _ in range(2):
        above = lines[0].parent
        if above is None or above.tag in _WHOLE:
            break
        links = len(lines[0].css("a"))
        if links != 1 and (lines[0].tag not in ("ul", "ol") or len(above.css("a")) != links):
            break
        lines.insert(0, above)
    lone = len(item.css("a")) == 1
    return (line for line in (lines if lone else lines[:1]) if line.tag not in _WHOLE)


def _line_tags(line: LexborNode, doc: Document) -> list[str]:
    """The texts of a line's links if they are tags by its label or by where they lead, else nothing."""
    told = [(node, text) for node in line.css("a[href]")[: _MAX_LINE + 1] if (text := _text(node))]
    links, texts = [node for node, _ in told], [text for _, text in told]
    if not 1 <= len(links) <= _MAX_LINE or max(map(len, texts)) > _LABEL:
        return []
    whole = tidy(line.text(separator=" "))
    if len(whole) - sum(len(text) + 2 for text in texts) > _LABEL:
        return []
    head = whole.partition(texts[0])[0].lstrip("-–•· ") or _before(line)
    # What is no label may be the line's date or the headline above it, but another list's title elsewhere.
    own = not any(map(str.isalpha, head)) or any(map(str.isdigit, head)) or squash(head) in squash(doc.title)
    own = own and "categor" not in (line.attributes.get("class") or "").lower()  # such are sections, at /topic/ too
    tags = links if _is_label(head) else [node for node in links if own and _is_tag(node)]
    look = line.attributes.get("class") or ""
    listed = " ".join([look, *(node.attributes.get("class") or "" for node in line.css("ul")[:1])])
    called = not tags and len(links) > 1 and _CALLED_TAGS.search(listed)
    if called and not any("#" in _href(node) for node in links) and _is_with_headline(line, doc):
        tags = links  # but none to the comments
    if tags != links and not (len(tags) > 1 and _TAGGED.search(look.lower())):
        return []  # but for a section among what calls itself tags
    return [_text(node) for node in tags if (len(tags) > 1 or _is_label(head)) and _stays(node, doc)]


def _is_with_headline(line: LexborNode, doc: Document) -> bool:
    """Whether an element around a line holds the headline too: no card of another article, no footer of the site."""
    above, frames = line.parent, _frames(doc)
    if above is not None and above.tag == "body":
        return True
    while above is not None and above.tag not in ("body", "footer"):
        if above.mem_id in frames or above.css_first("h1") is not None:
            return True
        above = above.parent
    return False


def _href(link: LexborNode) -> str:
    return link.attributes["href"] or ""


def _text(link: LexborNode) -> str:
    return tidy(link.text()).lstrip("-–•· ")


def _stays(link: LexborNode, doc: Document) -> bool:
    """Whether a link leads to a page of the site: none to print or to share, nor to a shop."""
    url = urls.join(doc.url, _href(link))
    return url is not None and (not doc.host or urls.same_site(url, doc.url))


def _before(line: LexborNode) -> str:
    """The text of the element before a line, if that is a heading or as short as a label."""
    before = line.prev
    while before is not None and not (text := tidy(before.text())):
        before = before.prev
    return text if before is not None and (before.tag in _HEADINGS or _is_label(text)) else ""


def _is_tag_link(link: LexborNode) -> bool:
    return tag_page().search(_href(link)) is not None


def _is_tag(link: LexborNode) -> bool:
    """Whether a link is a tag by where it leads, or by the sign in front of it: "#Bridges", but a comment's "#12"."""
    text = link.text().lstrip("-–•· \r\n\t")
    return (text[:1] in _HASHES and text[1:].lstrip()[:1].isalpha()) or _is_tag_link(link)


def _is_label(text: str) -> bool:
    return text.strip(" :：#").casefold() in _labels()


@functools.cache
def _labels() -> frozenset[str]:
    return frozenset(label.casefold() for label in table("metadata.toml")["tag_labels"])


@functools.cache
def tag_page() -> re.Pattern[str]:
    """The address of a page of one tag: "/tag/bridges", "/news?tag=bridges"."""
    return re.compile(rf"[/?&](?:{'|'.join(table('metadata.toml')['tag_paths'])})[/=][^/]")


def _in_margin(node: LexborNode, doc: Document) -> bool:
    """Whether a line stands in a menu, a margin or another article's teaser: in one without the headline."""
    above: LexborNode | None = node
    frames = _frames(doc)
    tagged = _ARTICLE_TAGS.search(node.attributes.get("class") or "")  # of some systems, in an <aside>
    while above is not None and above.tag != "body" and above.mem_id not in frames:
        get = above.attributes.get
        names = f"{get('class') or ''} {get('id') or ''}"
        own = above.mem_id == node.mem_id and (_TAGGED.search(names.lower()) or _is_label(get("aria-label") or ""))
        apart = above.tag in ("nav", "header") or (above.tag == "aside" and not tagged)
        if (apart and not own) or _MARGIN.search(names):
            return True
        above = above.parent
    return False


def _frames(doc: Document) -> set[int]:
    """The memory ids of the elements around the headline, where a heading prints it."""
    if "headline_frames" not in doc.memo:
        own = headline(doc)
        key = squash(own.value) if own else ""
        above = next((node for node in doc.heads if key and squash(node.text()) == key), None)
        found = doc.memo["headline_frames"] = set()
        while above is not None:
            found.add(above.mem_id)
            above = above.parent
    frames: set[int] = doc.memo["headline_frames"]
    return frames


def _is_behind(doc: Document, link: LexborNode) -> bool:
    """Whether a link stands behind the page's first heading."""
    nodes = doc.css("h1, a[href]")
    head = next((i for i, node in enumerate(nodes) if node.tag == "h1"), 0)
    return any(node.mem_id == link.mem_id for node in nodes[head:])


TAGS: tuple[Step, ...] = (tags_from_jsonld, tags_from_meta, tags_from_markup, tags_from_line)


def canonical_from_link(doc: Document) -> Found | None:
    link = next((link for link in doc.links if "canonical" in (link.get("rel") or "").split() and "href" in link), None)
    return _own(doc, link["href"], "markup", "link canonical") if link else None


def canonical_from_meta(doc: Document) -> Found | None:
    found = doc.first_meta("og:url")
    return _own(doc, found[1], "meta", "meta og:url") if found else None


def canonical_from_save(doc: Document) -> Found | None:
    """Where a page was saved from, where its address is not known."""
    return None if doc.host else _own(doc, urls.saved_from(doc.html), "markup", "comment of who saved it")


CANONICAL: tuple[Step, ...] = (canonical_from_link, canonical_from_meta, canonical_from_save)


def canonical_url(doc: Document) -> str | None:
    """The URL that the page declares, without tracking, if it is of the same site; else None."""
    found = climb(doc, CANONICAL)
    return found.value if found else None


def _tags(doc: Document, value: Any, source: Source, path: str, *, split: bool = True) -> Found | None:
    found: dict[str, str] = {}
    items = list(map(tidy, _strings(value)))
    if source == "json-ld" and len(items) > 1:  # a comma is a tag's own: "Finance, Trade and Economy"
        split = any(text.count(",") > 2 for text in items)
    for text in items:
        if source == "json-ld" and isinstance(value, list) and _MACHINE_TAG.search(text):
            continue  # "shortTitle: Bridges, again" is one
        parts = re.split(r"[,;，、،]", text) if split else [text]
        for part in parts:
            tag = _TAG_MARK.sub("", tidy(part).strip("\"' ").lstrip("#\"' ").rstrip(":"))
            if 1 < len(tag) <= _LONGEST_TAG and len(found) < _MAX_TAGS and not _is_key(tag, doc):
                found.setdefault(tag.casefold(), tag)
    tags = _without_headline(list(found.values()), doc)
    return Found(tuple(tags), source, ", ".join(tags)[:500], path) if tags else None


def _without_headline(tags: list[str], doc: Document) -> list[str]:
    """The tags but for the headline itself; none where all of them are the headline's words, in its order."""
    single = len(tags) >= _FEW and not any(" " in tag for tag in tags)
    long = _SENTENCE if len(tags) > 1 else _SHORT  # one tag that is the headline is none; of several it may be a name
    if not single:
        sentences = [tag for tag in tags if tag.count(" ") >= long - 1]
        own = own_titles(doc) | {squash(node.text()) for node in doc.h1s[:1]} if sentences else frozenset()
        return [tag for tag in tags if tag not in sentences or squash(tag) not in own]
    title = headline(doc)
    words = iter([squash(word) for word in title.value.split()] if title else [])
    return [] if title and all(squash(tag) in words for tag in tags) else tags


def _is_key(tag: str, doc: Document) -> bool:
    """Whether the system speaks to itself, or the site of itself."""
    if (len(tag) > 3 and tag.casefold() in _no_tags()) or _MACHINE_TAG.search(tag):
        return True
    return squash(tag) in site_names(doc) if len(tag) > 3 else tag.casefold() == host_label(doc)


@functools.cache
def _no_tags() -> frozenset[str]:
    """What systems file an article under that is nowhere else: "News", "Uncategorized"."""
    return frozenset(table("metadata.toml")["no_sections"])


def _strings(value: Any) -> Iterable[str]:
    items = value if isinstance(value, list) else [value]
    return [
        text for item in items[:200] if (text := jsonld.text(item)) and not text.startswith(("http://", "https://"))
    ]


def _is_above(path: str, own: str) -> bool:
    """Whether a path is that of the list or the home page above an article: "/news" of "/news/118-bridge-opens"."""
    above = path.rstrip("/") + "/"
    if above == "/":
        return own not in ("", "/")
    return own.startswith(above) and not _SLUG.search(above) and _SLUG.search(own[len(above) :]) is not None


def _own(doc: Document, ref: str | None, source: Source, path: str) -> Found | None:
    """A declared URL; of another site it is none, and neither is a home page or a list that stands for an article."""
    ref = (ref or "").strip()
    ref = unquote(ref) if _ESCAPED.match(ref) else ref
    url = urls.join(doc.base, ref) or urls.join(ref, ref) if ref and " " not in ref else None  # with blanks a headline
    if url is None:
        return None
    if doc.host and url != doc.url and not urls.same_site(url, doc.url):
        return None
    own = split_url(doc.url).path if doc.host else "?"  # an unknown address is taken for no home page's
    if _is_above(split_url(url).path, own):
        return None
    try:
        return Found(urls.canonical(url), source, ref or "", path)
    except urls.BadUrl:
        return None
