"""JSON-LD as pages really carry it: repaired in a fixed order, flattened, and the article's own object chosen."""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from scraper.parse.text import clean, split_url

_MAX_BLOCK = 1 << 20  # characters; larger blocks are product catalogues, not articles
_MAX_DEPTH = 12
_ARTICLE = re.compile(
    r"(?:News|Report|Analysis|Opinion|Review|Advertiser|Background|AskPublic|Satirical|Tech|Scholarly|Medical\w*)?"
    r"(?:News)?Article$|BlogPosting$|LiveBlogPosting$|SocialMediaPosting$|^Report$"
)
_COMMENTS = re.compile(
    r"^\s*//\s*(?:<!\[CDATA\[|\]\]>)?\s*$|(?://\s*)?<!\[CDATA\[|(?://\s*)?\]\]>|<!--|-->|/\*.{0,200}?\*/|\ufeff",
    re.MULTILINE,
)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_CONTROL = re.compile(r"[\x00-\x1f]+")
_NO_ESCAPE = re.compile(r"(?<!\\)\\(?=[^\"\\/bfnrtu])")  # \' and the like
_DATED = re.compile(r"[\"'“”](datePublished|dateModified|dateCreated)[\"'“”]\s*:\s*[\"'“”]([^\"'“”]{4,40})[\"'“”]")
_TYPED = re.compile(r"[\"'“”]@type[\"'“”]\s*:\s*[\"'“”](\w{4,40})[\"'“”]")


def load(text: str) -> Any:
    """The JSON value of one script block, after the repairs that real pages need; None where nothing helps."""
    if len(text) > _MAX_BLOCK:
        return None
    for repair in _REPAIRS:
        text = repair(text)
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            continue
    try:  # two objects in a row, or junk behind the first
        return json.JSONDecoder(strict=False).raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        return _salvage(text)


def _salvage(text: str) -> Any:
    """The dates of a block that no parser reads, where it is of one article alone."""
    kinds = [kind for kind in _TYPED.findall(text) if _names_article(kind)]
    dates = _DATED.findall(text)
    if len(kinds) != 1 or len({key for key, _ in dates}) != len(dates):
        return None
    return {"@type": "Article", **dict(dates)}


_REPAIRS: tuple[Callable[[str], str], ...] = (
    lambda t: t,
    lambda t: _CONTROL.sub(" ", _COMMENTS.sub("", t)).strip().removesuffix(";"),
    lambda t: _TRAILING_COMMA.sub(r"\1", t),
    lambda t: html.unescape(t) if "&quot;" in t else t,
    lambda t: _NO_ESCAPE.sub("", t),
)


def objects(blocks: Iterable[str]) -> list[dict[str, Any]]:
    """All typed objects of all blocks, containers (@graph, lists) opened, in page order."""
    found: list[dict[str, Any]] = []
    for block in blocks:
        if "@type" in block:
            found.extend(_typed(load(block), 0))
    return found


def _typed(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value[:200]:
            yield from _typed(item, depth + 1)
    elif isinstance(value, dict):
        if "@type" in value:
            yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "hasPart"):
            if isinstance(value.get(key), (dict, list)):
                yield from _typed(value[key], depth + 1)


def types(obj: dict[str, Any]) -> list[str]:
    """The object's @type names, always a list, without a schema.org prefix."""
    kinds = obj.get("@type")
    if isinstance(kinds, str) and "/" not in kinds and ":" not in kinds:
        return [kinds]
    return [str(k).rsplit("/", 1)[-1].removeprefix("schema:") for k in (kinds if isinstance(kinds, list) else [kinds])]


def is_article(obj: dict[str, Any]) -> bool:
    """Whether the object's type is schema.org's Article or one below it."""
    return any(map(_names_article, types(obj)))


@functools.lru_cache(maxsize=512)
def _names_article(kind: str) -> bool:
    return _ARTICLE.search(kind) is not None


def article(objs: list[dict[str, Any]], url: str, title: str) -> dict[str, Any]:
    """The article object of the page at `url`: the one that names this URL, else the one whose headline
    its <title> has, else the first one. Else {}.
    """
    articles = [obj for obj in objs if is_article(obj)]
    if len(articles) > 1:
        path = split_url(url).path.rstrip("/")
        for obj in articles:
            if path and path in {split_url(link).path.rstrip("/") for link in _links(obj)}:
                return obj
        named = (obj for obj in articles if (headline := clean(text(obj.get("headline")) or "")) and headline in title)
        return next(named, articles[0])
    return articles[0] if articles else {}


def _links(obj: dict[str, Any]) -> Iterator[str]:
    for key in ("url", "@id", "mainEntityOfPage"):
        value = obj.get(key)
        if isinstance(value, dict):
            value = value.get("@id") or value.get("url")
        if isinstance(value, str) and not value.startswith("http://[") and "]" not in value:
            yield value.split("#", 1)[0]


def text(value: Any) -> str | None:
    """The string in a value that may be a string, a list of them, or an object with name, @value or url."""
    if isinstance(value, list):
        return next((found for item in value if (found := text(item))), None)
    if isinstance(value, dict):
        return text(value.get("name") or value.get("@value") or value.get("url"))
    if isinstance(value, str):
        return html.unescape(value) if "&" in value else value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
