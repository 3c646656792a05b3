"""The article's section, as printed."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.model import Found
from scraper.parse import jsonld
from scraper.parse.breadcrumbs import declared, is_home, stays, trail, unnamed
from scraper.parse.byline import begins
from scraper.parse.dateplaces import main_heading
from scraper.parse.document import Document, Label
from scraper.parse.extras import tag_page
from scraper.parse.headings import shown
from scraper.parse.labels import field_of
from scraper.parse.ladder import Step
from scraper.parse.sections import (
    NAME,
    SLUG,
    is_name,
    links_to,
    name_of,
    named_by,
    own_titles,
    piece_of,
    section,
    spelling_of,
)
from scraper.parse.sitename import squash, tidy
from scraper.parse.text import split_url

# What holds the links is asked for, not the links in it: that is several times as fast.
# The id is that of a WordPress plugin's own example, "<p id=breadcrumbs>", and of the German government's system.
_TRAILS = "[itemtype*='BreadcrumbList'], [class*='breadcrumb' i], [aria-label*='breadcrumb' i], [id*='breadcrumb' i]"
# "crumbs", "path-crumb"; also what a shop filters by, beside a trail. Then what Japan's and France's sites call one.
_OTHER_TRAILS = "[class*='crumb' i], [class*='topicpath' i], [class*='pankuzu' i], [class*='fil-ariane' i]"
# "news-path", Joomla's "pathway", and the frequent slip of templates; other things have such names as well. None is
# "path-node", which Drupal calls its pages' body. "arbo" is SPIP's, in its own templates.
_PATHS = "[class$='path' i], [class*='path ' i], [class*='pathway' i], [class*='breadcumb' i], [class~='arbo']"
_MARKED = "a[rel~='category'], [class~='cat-links'], [class*='categor' i], [class*='kicker' i], [class*='terms-list']"
_SECTION_ITSELF = re.compile(r"(?=[pa])(?:post|article)-category", re.IGNORECASE)
# Of WordPress's themes, of its blocks and of Elementor, the last four; then of Joomla's K2 and of Squarespace.
_HOLDS_SECTION = re.compile(
    r"kicker|entry-category|(?<!\S)(?-i:cat-links|post-categories|taxonomy-category|elementor-post-info__terms-list|itemCategory|blog-categories-list)(?!\S)",
    re.IGNORECASE,
)
_APART = re.compile(  # what stands beside an article's heading and holds links to other sections than its own
    r"(?<![a-z])(?:(?<!w-dyn-)(?<!collection-)list|card|teaser|related|menu|nav|sidebar|widget_categories|popular|recommend|prev|next"
    r"|footer(?!.*(?:entry|post|article|news)))(?![a-z])",
    re.IGNORECASE,
)
# Of a link beside an article's heading, or of what holds it, in any of the press's languages; the last is Ghost's.
_CALLED_SECTION = re.compile(
    r"(?<![a-z])(?:cat|cate|categor[a-z]*|kategori[a-z]*|secc?ion[a-z]*|secao|sezione|rubri[a-z]*|channel|eyebrow|kicker|primary-t(?:opic|ag)|gh-article-tag)(?![a-z])",
    re.IGNORECASE,
)
_CALLED = "[class*='cat' i], [class*='kategori' i], [class*='rubri' i], [class*='seccion' i], [class*='sezione' i]"
_LEVELS, _BESIDE = 3, 3  # elements around a heading that are its own, and the sections that they link to
_SENTENCE = 100  # characters of a paragraph that is text
_OF_OTHERS = re.compile(  # "article-list__category", but "terms-list"
    r"(?<![a-z])(?:(?<!terms-)(?<!categories-)list|card|teaser|related)(?![a-z])", re.IGNORECASE
)
_BACK = re.compile(r"(?:back to|zurück zu[rm]?|retour à|volver a|torna a|terug naar)\s+", re.IGNORECASE)
_POSTS = 20
_POST_ID = re.compile(r"(?<!\S)postid-(\d+)(?!\S)")
_CATEGORY = re.compile(r"(?<!\S)category-([a-z][\w-]*)")
_PATH = re.compile(r"[a-z\d_-]+(?:/[a-z\d_-]+)+")  # no name: "news/local"
_LOCALE = re.compile(r"[a-z]{2}[-_][a-z]{2}")  # "/us-en/": a language and a land
_YEAR = re.compile(r"(?:19|20)\d\d")
_FEW_WORDS = 3  # of a section's name that an article's heading may hold by chance


def from_label(doc: Document) -> Found | None:
    found = next((label for label in doc.labels if label.field == "category" and not _is_tagged(label)), None)
    return section(found.value, "label", f"label {found.label}", doc) if found else None


def _is_tagged(label: Label) -> bool:
    """Whether a label's value is a link to a tag's page: some systems print tags behind "Filed under"."""
    link = label.nodes[-1].parent
    return link is not None and link.tag == "a" and bool(tag_page().search(link.attributes.get("href") or ""))


def from_jsonld(doc: Document) -> Found | None:
    article = doc.article_data
    value = article.get("articleSection")
    texts = value if isinstance(value, list) else [value]
    said = (jsonld.text(text) for text in texts[:10])
    return _first(
        (text for text in said if text and not _PATH.fullmatch(text)), "json-ld", "json-ld articleSection", doc
    )


def from_meta(doc: Document) -> Found | None:
    for key in table("metadata.toml")["section"]:
        if found := _first(doc.meta.get(key, ()), "meta", f"meta {key}", doc):
            return found
    return None


def from_breadcrumb(doc: Document) -> Found | None:
    """The last step of the trail that is neither the home page nor the article itself."""
    for obj in doc.jsonld:
        items = obj.get("itemListElement") if "BreadcrumbList" in jsonld.types(obj) else None
        crumbs = declared(items, doc) if isinstance(items, list) else []
        if found := _last_crumb(crumbs, "json-ld", "json-ld BreadcrumbList", doc):
            return found
    found = _last_crumb(trail(doc, _TRAILS), "markup", "breadcrumb", doc)
    found = found or _last_crumb(trail(doc, _OTHER_TRAILS), "markup", "crumbs", doc)
    found = found or _last_crumb(trail(doc, _PATHS, rooted=True), "markup", "path", doc)
    return found or _last_crumb(unnamed(doc), "markup", "line from home", doc)


def from_markup(doc: Document) -> Found | None:
    """What marks itself as the section, by schema.org's word for it or by a class."""
    if b"articleSection" in doc.html:
        marked = doc.tree.css("[itemprop~='articleSection']:not(meta)")[:_POSTS]
        for node in [node for node in marked if _is_of_headline(node, doc)][:1]:
            texts = [shown(link) for link in node.css("a")] or [shown(node)]
            if found := _first(texts, "markup", "itemprop articleSection", doc):
                return found
    for node in itertools.islice(_links(doc), 6):
        path = f"{node.tag}.{(node.attributes.get('class') or node.attributes.get('rel') or '')[:40]}"
        text = shown(node)
        if field_of(text) is None and (found := section(text, "markup", path, doc)):  # no label: "Categories:"
            return found
    return None


def _links(doc: Document) -> Iterator[LexborNode]:
    """The elements that mark themselves as the article's section."""
    for node in doc.css(_MARKED):
        name = node.attributes.get("class") or ""
        if _OF_OTHERS.search(name):
            continue
        if _SECTION_ITSELF.search(name) or "category" in (node.attributes.get("rel") or "").split():
            inner = node.css("a")
            yield from inner if len(inner) > 1 else [node]
        elif node.tag != "a" and _HOLDS_SECTION.search(name):
            yield from node.css("a")


def _is_of_headline(node: LexborNode, doc: Document) -> bool:
    """Whether an element is a line, and the item that it tells of is the one with the main heading, no teaser."""
    if any(each.mem_id != node.mem_id for each in node.css("p, h1, h2")[:2]):
        return False
    item, head = node.parent, main_heading(doc)
    while item is not None and "itemscope" not in item.attributes:
        item = item.parent
    return item is None or head is None or any(each.mem_id == head.mem_id for each in item.css(head.tag or "h1"))


def from_url(doc: Document) -> Found | None:
    """The first word of the path, where the path goes on: /politics/bridge-opens."""
    parts = [part for part in unquote(split_url(doc.url).path).split("/") if part]
    words = table("metadata.toml")
    for depth, part in enumerate(parts[:-1][:3], 1):
        low = part.lower()  # "/noticias/Nacional/2024/..."
        if low in words["no_sections"] or low in words["no_section_paths"] or len(low) <= 2 or _LOCALE.fullmatch(low):
            continue
        if not SLUG.fullmatch(low) or low in words["no_section_below"]:
            return None
        links = links_to(part, doc)
        printed = name_of("/" + "/".join(parts[:depth]), links, doc) or spelling_of(part, links)
        printed = printed or (piece_of(low, doc) if "-" not in part else None)  # of several, an author's
        below = parts[depth].lower() if depth + 1 < len(parts) else ""
        if printed is None and part not in words["sections"] and below in words["sections"]:
            continue  # "/mirzhol/cronaca/2021/...", of a town's edition
        # A word that the page prints nowhere is a guess, but for those that name sections everywhere.
        return section(printed or (part if part in words["sections"] else None), "url", "url path", doc)
    return None


def from_heading(doc: Document) -> Found | None:
    """The first link beside the article's heading to a page of a category: "/blog/category/ferries"."""

    def near(around: LexborNode) -> list[LexborNode]:
        links = (link for link in around.css("a[href]") if _is_to_section(link, doc))
        return [link for link in links if _is_beside(link, around, doc)]

    return _beside_heading(doc, near)


def from_text(doc: Document) -> Found | None:
    """What stands beside the article's heading, calls itself its category, and is no link."""

    def near(around: LexborNode) -> list[LexborNode]:
        named = (node for node in around.css(_CALLED) if _CALLED_SECTION.search(node.attrs["class"] or ""))
        return [node for node in named if node.css_first("a") is None and _is_named(node, around, doc)]

    return _beside_heading(doc, near)


def _beside_heading(doc: Document, near: Callable[[LexborNode], list[LexborNode]]) -> Found | None:
    """The first section among what is `near` in the elements around the article's heading, where these are few."""
    heading = next((node for node in doc.heads if squash(node.text()) in own_titles(doc)), None)
    around = heading.parent if heading else None
    for _ in range(_LEVELS):
        if around is None or around.tag in ("body", "html"):
            break
        nodes = near(around)
        if len({squash(node.text()) for node in nodes}) > _BESIDE:
            break
        found = (section(shown(node), "markup", f"{node.tag} beside the heading", doc) for node in nodes)
        if first := next(filter(None, found), None):
            return first
        around = around.parent
    return None


def _is_named(node: LexborNode, around: LexborNode, doc: Document) -> bool:
    """Whether a text that is no link is the article's own section: no byline, no overline, no other's teaser."""
    text, above = tidy(node.text()), node.parent
    if text.endswith(":") or field_of(text) or begins(text) or above is None or not _is_beside(node, around, doc):
        return False
    line = tidy(above.text())
    return len(line) <= len(text) + NAME or any(title and title in squash(line) for title in own_titles(doc))


def _is_to_section(link: LexborNode, doc: Document) -> bool:
    """Whether a link leads to a section by its address or class, or to the folder of that name that the page is in."""
    address, look, around = link.attrs["href"] or "", link.attrs.get("class") or "", link.parent
    if _section_page().search(address) or _CALLED_SECTION.search(look):
        return True
    if around and _CALLED_SECTION.search(around.attrs.get("class") or "") and _is_all(around):
        return True
    place = address.partition("?")[0].rstrip("/")
    slug = place.rpartition("/")[2]
    if not slug or f"/{slug}/" not in doc.url:
        return False  # most are not
    path = split_url(place).path
    return split_url(doc.url).path.startswith(f"{path}/") and named_by(tidy(link.text()), unquote(slug))


def _is_all(around: LexborNode) -> bool:
    """Whether an element holds links alone, but for the marks between them: "Rail | Mirzhol"."""
    links, rest = around.css("a"), around.text()
    for link in links[: _BESIDE + 1]:
        rest = rest.replace(link.text(), "", 1)
    return len(links) <= _BESIDE and not any(map(str.isalnum, rest))


def _is_beside(link: LexborNode, around: LexborNode, doc: Document) -> bool:
    """Whether a link is a name alone, in no menu, other article's teaser or sentence within `around`."""
    text = tidy(link.text())
    above = link.parent if is_name(text) and stays(link, doc) and not is_home(link) else None
    while above is not None and above.mem_id != around.mem_id:
        get = above.attributes.get
        if above.tag in ("nav", "aside") or _APART.search(f"{get('class') or ''} {get('id') or ''}"):
            return False
        if above.tag == "p" and len(tidy(above.text())) > _SENTENCE:
            return False
        above = above.parent
    return above is not None


@functools.cache
def _section_page() -> re.Pattern[str]:
    """The address of a page of one section: "/category/ferries", "/blog-categories/ferries", "?category=ferries"."""
    words = "|".join(table("metadata.toml")["category_paths"])
    return re.compile(rf"/(?:[\w-]*[_-])?(?:{words})/[^/?#]|[?&](?:{words})=[^&]", re.IGNORECASE)


def from_classes(doc: Document) -> Found | None:
    """The section in the classes that WordPress gives a post: "post-118 type-post hentry category-local-news"."""
    if "type-post" not in doc.class_words:
        return None
    posts = [node.attributes.get("class") or "" for node in doc.css(".type-post[class*='category-']")[:_POSTS]]
    body = doc.tree.body
    here = _POST_ID.search((body.attributes.get("class") or "") if body else "")
    own = [name for name in posts if f"post-{here[1]}" in name.split()] if here else posts
    if len(set(own)) != 1:
        return None
    for slug in _CATEGORY.findall(own[0])[:_POSTS]:
        if slug.replace("-", " ") in table("metadata.toml")["no_sections"]:
            continue
        printed = name_of(slug, links_to(slug, doc), doc)
        if printed and (found := section(printed, "markup", "post class", doc)):
            return found
    return None


STEPS: tuple[Step, ...] = (
    from_label,
    from_jsonld,
    from_meta,
    from_breadcrumb,
    from_markup,
    from_url,
    from_heading,
    from_text,
    from_classes,
)


def _first(texts: Iterable[str | None], source: Any, path: str, doc: Document) -> Found | None:
    return next((found for text in texts if text and (found := section(text, source, path, doc))), None)


def _last_crumb(crumbs: list[str], source: Any, path: str, doc: Document) -> Found | None:
    title = squash(doc.title)
    heading = next((squash(node.text()) for node in doc.h1s[:1]), "")
    slug = squash(unquote(split_url(doc.url).path).rstrip("/").rpartition("/")[2].partition(".")[0])
    crumbs = list(itertools.takewhile(lambda crumb: not _YEAR.fullmatch(crumb), crumbs))  # Home > News > 2017 > May
    words = {squash(word) for node in doc.h1s[:1] for word in node.text().split()}
    for crumb in reversed(crumbs):
        key, parts = squash(crumb), crumb.split()
        own = key and (key in (heading, slug) or (len(key) > 15 and (title.startswith(key) or key in heading)))
        own = own or (len(parts) > _FEW_WORDS and words.issuperset(map(squash, parts)))  # the heading, shortened
        if not own and (found := section(_BACK.sub("", crumb), source, path, doc)):
            return found
    return None
