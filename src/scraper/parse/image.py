"""The article's lead image."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from scraper import urls
from scraper.data import table
from scraper.model import Found, Source
from scraper.parse import measure, site
from scraper.parse.document import Document
from scraper.parse.ladder import Step
from scraper.parse.sitename import host_label, site_names, squash
from scraper.parse.text import clean, split_url

# File names of what stands for a missing picture, whole words only: "site-logo.png", "og-default.jpg", "favicon.ico".
_STAND_IN = re.compile(
    r"\.(?:svg|ico)$|(?<![a-z])(?:logos?|favicon|placeholder|spacer|no[-_]?(?:image|img|photo|picture)|fallback)(?![a-z])"
    r"|^(?:wordbooker_)?blank\.|^(?:[a-z]{2,12}[-_])?(?:default|generic)\.|(?<![a-z])(?:apple-touch|ms|social)-icon(?![a-z])"
    r"|(?<![a-z])(?:og|open[-_]?graph|social|share|facebook|twitter|image|img|thumbnail|thumb|user|post|article)"
    r"[-_]?(?:media[-_]?|card[-_]?)?(?:default|generic)(?![a-z])"
    r"|(?<![a-z])default[-_]?(?:og|open[-_]?graph|social|share|facebook|twitter|image|img|thumbnail|user|post|article)(?![a-z])"
)
# The same in what the text shows: a site's own pictures, what is shown while others load, what counts readers.
_NO_PICTURE = re.compile(
    r"/(?:themes?|templates?|plugins|assets|static|icons?|flags?|buttons?|emoji|smil(?:ies|eys))/"
    r"|(?<![a-z])(?:loader|loading|pixel|blank|transparent|avatar|banner|icon|button|badge|masthead)(?![a-z])"
)
_THEME = re.compile(r"/(?:themes?|plugins|templates)/(?!(?:.*/)?(?:blog|uploads?|(?:19|20)\d\d)[/-])")
_DOUBLED = re.compile(r"^https?://[^/?#]+(?=https?://)")  # "https://valley.examplehttps://cdn.example/118.jpg"
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORDS = re.compile(r"[^\W\d_]+")
_HASH = re.compile(r"(?<![a-z\d])(?=[a-z]*\d)[\da-f]{6,}(?![a-z\d])")
_ID = re.compile(r"/(?!(?:19|20)\d\d(?:/|$))[^/]*\d{4}")  # in a folder's name, that is no year
_SIZE = re.compile(r"-(\d{2,4})x(\d{2,4})\.[a-z]{3,4}$")
_SUFFIX = re.compile(r"\.(?:jpe?g|png|webp|avif)$")
_LATE = ("data-src", "data-lazy-src", "data-original")  # attributes with what a script loads late
_SETS = ("data-srcset", "data-lazy-srcset", "srcset")  # with the same picture in several sizes
_ASIDE = frozenset(("nav", "aside", "footer", "header", "form", "button", "noscript"))
_OF_OTHERS = re.compile(
    r"comment|related|sidebar|(?<!elementor-)widget|author|avatar|share|social|recommend|promo|banner|newsletter|footer|teaser|logo|badge"
    r"|listing|rounded-(?:full|circle)|(?<![a-z])(?:ads?|card|bio)(?![a-z])",
    re.IGNORECASE,
)
_PARAGRAPHS, _LONG = 60, 80  # paragraphs looked at, and characters of one that is prose
# A picture of a set and its size (HTML standard 4.8.4.2.1); an address may have commas in it.
_ENTRY = re.compile(r"([^\s,]\S*[^\s,]|[^\s,])(?:\s+(\d+(?:\.\d+)?)[wx])?\s*(?:,|$)")
_BROKEN = 300  # characters of a text whose paragraphs line breaks part
_IMAGES, _SMALL = 30, (200, 100)  # pictures looked at, and the pixels that one has at least, across and down
_AROUND = 4  # elements around the prose that its pictures can stand in


def image_from_site(doc: Document) -> Found | None:
    """What the site's own rule gives, as a URL; what is none, such as a caption or a picture's data, is passed over."""
    rule = doc.rules.fields.get("image")
    if rule is None:
        return None
    for found in site.founds(doc, "image"):
        ref = _largest(found.value) if rule.attribute in _SETS and not rule.regex else found.value
        is_words = " " in ref and not rule.attribute
        if url := None if is_words else _resolved(doc, ref):
            return replace(found, value=url)
    return None


def image_from_meta(doc: Document) -> Found | None:
    for key in ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"):
        for ref in doc.meta.get(key, ())[:4]:
            if found := _picture(doc, clean(ref), "meta", f"meta {key}"):
                return found
    return None


def image_from_jsonld(doc: Document) -> Found | None:
    value = doc.article_data.get("image") or doc.article_data.get("thumbnailUrl")
    return _picture(doc, _url(doc, value, 0), "json-ld", "json-ld image")


def image_from_markup(doc: Document) -> Found | None:
    """The article's first own picture: what WordPress marks so, in a figure of <article> or <main>, microdata."""
    nodes = doc.css(
        "img.wp-post-image, article figure img, main figure img, [itemprop='image'][src], "
        "[itemprop='image'] meta[itemprop='url']"
    )
    nodes = [node for node in nodes[:4] if not _is_small(node)]
    pictures = (_picture(doc, _source(node), "markup", "figure img") for node in nodes)
    return next(filter(None, pictures), None)


def image_from_text(doc: Document) -> Found | None:
    """The first large picture that stands among the page's prose, in no margin and in no link to another page."""
    prose = _prose(doc)
    for _ in range(_AROUND):
        if prose is None or prose.tag in ("body", "html"):
            return None
        for node in prose.css("img")[:_IMAGES]:
            ref = "" if _is_small(node) or _is_away(node, prose) else _source(node)
            found = _picture(doc, ref, "markup", "img")
            if found and not _NO_PICTURE.search(path := split_url(found.value).path.lower()) and _SUFFIX.search(path):
                return found
        prose = prose.parent
    return None


def _prose(doc: Document) -> LexborNode | None:
    """The element that most of the text in long paragraphs stands in."""
    holders: dict[int, LexborNode] = {}
    sizes: Counter[int] = Counter()
    for node in doc.paragraphs[:_PARAGRAPHS]:
        if (size := measure.length(node.text())) > _LONG and (parent := node.parent) is not None:
            holders[parent.mem_id] = parent
            sizes[parent.mem_id] += size
    return holders[sizes.most_common(1)[0][0]] if sizes else _broken(doc)


def _broken(doc: Document) -> LexborNode | None:
    """The element with the most line breaks, where these part the paragraphs of a text."""
    marks = [around for mark in doc.css("br")[:_PARAGRAPHS] if (around := _broken_by(mark)) is not None]
    holders = {around.mem_id: around for around in marks}
    most = Counter(around.mem_id for around in marks).most_common(1)
    around = holders[most[0][0]] if most else None
    return around if around is not None and measure.length(around.text()) > _BROKEN else None


def _broken_by(mark: LexborNode) -> LexborNode | None:
    """The element whose text a line break parts: around an element that holds nothing else, as Blogger's lines do."""
    around = mark.parent
    return around.parent if around is not None and around.child == mark and not around.text().strip() else around


def _source(node: LexborNode) -> str | None:
    """Where a picture is, also one that a script loads late: then "src" is a pixel, the address stands beside it."""
    for key in (*_LATE, "content", "src", *_SETS):
        value = (node.attributes.get(key) or "").strip()
        if key in _SETS:
            value = _largest(value)
        if value and not value.startswith("data:"):
            return value
    return None


def _largest(sizes: str) -> str:
    """The picture of the largest size of a set: "small.jpg 320w, large.jpg 1024w"; of one size, the last."""
    found = [(float(size or 1), -at, url) for at, (url, size) in enumerate(reversed(_ENTRY.findall(sizes)))]
    return max(found, default=(0, 0, ""))[2]


def _in_theme(url: str) -> bool:
    return _THEME.search(split_url(url).path.lower()) is not None


def _is_small(node: LexborNode) -> bool:
    """Whether a picture is small by its size as the page gives it, or its file's name: "bridge-150x150.jpg"."""
    given = tuple((node.attributes.get(key) or "").removesuffix("px") for key in ("width", "height"))
    named = _SIZE.search(split_url(_source(node) or "").path)
    sizes = zip((*given, *(named.groups() if named else ())), _SMALL * 2, strict=False)
    return any(size.isdecimal() and int(size) < least for size, least in sizes)


def _is_away(node: LexborNode, prose: LexborNode) -> bool:
    """Whether a picture below the element with the prose is in a margin, or in a link that leads to no picture."""
    parent: LexborNode | None = node
    while parent is not None and parent.mem_id != prose.mem_id:
        get = parent.attributes.get
        if parent.tag in _ASIDE or _OF_OTHERS.search(f"{get('class') or ''} {get('id') or ''}"):
            return True
        if parent.tag == "a" and not _SUFFIX.search(split_url(get("href") or "").path.lower()):
            return True
        parent = parent.parent
    return False


def _picture(doc: Document, ref: str | None, source: Source, path: str) -> Found | None:
    """The image at `ref`, if it is one of the article's: what stands in for a missing one is named as that."""
    url = _resolved(doc, ref) if ref else None
    if url is None or ".gravatar.com/" in url:
        return None
    folder, _, name = split_url(url).path.rpartition("/")
    if _STAND_IN.search(name.lower()) or _in_theme(url) or _is_of_site(doc, folder, name):
        return None
    return Found(url, source, ref or "", path)


def _is_of_site(doc: Document, folder: str, name: str) -> bool:
    """Whether a file's name says that it is the whole site's picture: the site's name, what it is for, no more.

    In a folder of the article's own ("/bridge-opens/og-image.png", "/118200/share.png") it is the article's.
    """
    stem, dot, _ = name.rpartition(".")
    own = split_url(doc.url).path.rstrip("/").rpartition("/")[2]
    if not dot or (own and own in folder) or _ID.search(folder):
        return False
    words = [word.lower() for word in _WORDS.findall(_HASH.sub("", _HUMP.sub("-", unquote(stem))))]
    of_all, plain = (table("metadata.toml")[key] for key in ("picture_of_all", "picture_words"))
    left = squash("".join([word for word in words if word not in of_all and word not in plain]))
    if not left:
        return any(word in of_all for word in words) or {"open", "graph"} <= set(words)
    return left in site_names(doc) or left == host_label(doc)


def _resolved(doc: Document, ref: str) -> str | None:
    """The URL that `ref` means on this page; None where that is no http(s) URL."""
    ref = _DOUBLED.sub("", ref.strip())
    whole = ref.startswith(("http://", "https://"))
    url = urls.join(doc.url if whole else doc.base, ref)
    host = split_url(url or "").hostname or ""
    # "https://-/media/118.jpg" is a template without its host, "http://intranet/118.jpg" may be the page's own.
    return url if "." in host or (host and host == split_url(doc.url).hostname) else None


STEPS: tuple[Step, ...] = (image_from_meta, image_from_jsonld, image_from_markup, image_from_text)


def _url(doc: Document, value: Any, depth: int) -> str | None:
    """The URL in a JSON-LD image: text, an ImageObject or the @id of one, or a list of them."""
    if isinstance(value, list) and value and depth < 4:
        return _url(doc, value[0], depth + 1)
    if isinstance(value, dict) and depth < 4:
        if url := value.get("url") or value.get("contentUrl"):
            return _url(doc, url, depth + 1)
        named = value.get("@id")
        other = next((obj for obj in doc.jsonld if named and obj is not value and obj.get("@id") == named), None)
        return _url(doc, other, depth + 1) if other else named if isinstance(named, str) and "#" not in named else None
    return value if isinstance(value, str) else None
