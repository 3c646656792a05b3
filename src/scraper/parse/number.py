"""The article's own number, as printed; digits of any script become ASCII, leading zeros stay."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import parse_qsl, unquote

from scraper.data import table
from scraper.model import Found, Source
from scraper.parse import extras
from scraper.parse.document import Document
from scraper.parse.ladder import Step
from scraper.parse.text import clean, split_url

_LONGEST = 64  # characters
_POST_ID = re.compile(r"(?:post|node|article|story)[-_]?(\d{1,12})")
# Links of a page's head to its own post: WordPress's interface and Blogger's comments; Drupal's short address.
_OWN_LINK = re.compile(r"/wp/v2/(?!categories|tags|users|media)[\w-]+/(\d{1,12})$|/feeds/(\d{6,20})/comments/default$")
_NODE_LINK = re.compile(r"/node/(\d{1,12})$")
_NODE_PATH = re.compile(rb'"currentPath":"node\\?/(\d{1,12})"')  # in Drupal's settings for its scripts
_URL_NUMBER = re.compile(
    r"(?:(?<=/)(?=\d{3})|(?<=[/_,!=.-])[A-Za-z]{0,8}(?=\d{5}))(\d{3,20})"
    # Behind it, "h" of "haber": "-18200h.htm" of a system that many newsrooms of Turkey use
    r"(?=$|[/_,!-]|h\.html?$|\.(?:[a-z]{3,5}$|(?!\d)(?=.*-)))"
)
# Days and moments as paths write them: 2021/07/06, 2021, 20210706, 20210706123600, 210706_123600, 06072021. And a DOI,
# which is no number.
_DATES = re.compile(
    r"(?:19|20)\d\d[/_-]\d{1,2}(?!\d)(?:[/_-]\d{1,2}(?!\d))?|(?<!\d)(?:19|20)\d\d(?!\d)"
    r"|(?<!\d)(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:_?(?:[01]\d|2[0-3])[0-5]\d[0-5]\d)?(?!\d)"
    r"|(?<!\d)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])_(?:[01]\d|2[0-3])[0-5]\d[0-5]\d(?!\d)"
    r"|(?<!\d)(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])20\d\d(?!\d)|/10\.\d{4,9}/.*"
)
_SHORT = re.compile(r"(?:(?<=--)\d{3,4}|(?<=[a-z]-)\d{4})(?=/?$|\.[a-z]{3,5}$)", re.IGNORECASE)
_OF_ALL = re.compile(r"e?ISSN\b|ISBN\b", re.IGNORECASE)  # the number of the whole publication
_WHOLE = re.compile(r"[\w./# -]{0,39}\d[\w./-]{0,39}", re.ASCII)
_NAMED = re.compile(r"[a-z]{2,}-(\d{5,})", re.IGNORECASE)  # with the site's name before it: "valleytimes-31328293"
# A key that no page prints: a UUID, a hash.
_KEY = re.compile(
    r"[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|(?<![\da-f])(?=\d*[a-f])[\da-f]{24,}(?![\da-f])", re.IGNORECASE
)


def digits(text: str) -> str:
    """`text` with the digits of every script as ASCII.

    >>> digits("۱۸۲۰۰"), digits("第１２号")
    ('18200', '第12号')
    """
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c, c)) for c in text)


def from_label(doc: Document) -> Found | None:
    label = next((label for label in doc.labels if label.field == "number"), None)
    return _found(label.value, "label", f"label {label.label}") if label else None


def from_jsonld(doc: Document) -> Found | None:
    return _identifier(doc.article_data.get("identifier"), "json-ld identifier", 0)


def from_wordpress(doc: Document) -> Found | None:
    """The post's id in the body's or the article's class, as WordPress and Drupal write it, then in its links."""
    body = doc.tree.body
    name = (body.attributes.get("class") or "") if body else ""
    if match := re.search(r"(?:^|\s)(?:postid|page-node)-(\d{1,12})(?=\s|$)", name):
        return _found(match[1], "markup", "body class")
    articles = doc.tree.css("article[id], [id^='post-']")[:8]
    numbers = {m[1] for node in articles if (m := _POST_ID.fullmatch(node.attributes.get("id") or ""))}
    if len(numbers) == 1:
        return _found(numbers.pop(), "markup", "article id")
    return _by_links(doc)


def _by_links(doc: Document) -> Found | None:
    """The post's id in the addresses that its system gives it beside the printed one."""
    links = [link for link in doc.links if link.get("rel") in ("shortlink", "alternate")]
    short = next((unquote(link.get("href") or "") for link in links if link["rel"] == "shortlink"), "")
    query = dict(parse_qsl(split_url(short).query))
    if query.get("p", "").isdecimal():
        return _found(query["p"], "markup", "link shortlink")
    if match := _NODE_LINK.search(short):
        return _found(match[1], "markup", "link shortlink")
    others = (_OWN_LINK.search(unquote(link.get("href") or "")) for link in links if link["rel"] == "alternate")
    if match := next(filter(None, others), None):
        return _found(match[1] or match[2], "markup", "link alternate")
    node = _NODE_PATH.search(doc.html) if b'"currentPath"' in doc.html else None
    return _found(node[1].decode(), "markup", "script currentPath") if node else None


def from_meta(doc: Document) -> Found | None:
    for key in table("metadata.toml")["number"]:
        for text in map(clean, doc.meta.get(key, ())[:1]):
            if not _WHOLE.fullmatch(digits(text)) or _OF_ALL.match(text):
                continue
            own = _NAMED.fullmatch(text)  # the address has the number alone
            number = own[1] if own and re.search(rf"(?<!\d){own[1]}(?!\d)", split_url(doc.url).path) else text
            if not _KEY.search(number) or from_url(doc) is None:
                return _found(number, "meta", f"meta {key}")
    return None


def from_url(doc: Document) -> Found | None:
    """The id in the URL that the page declares as its own, else in that where it was found: a feed's, a search's."""
    urls = dict.fromkeys((extras.canonical_url(doc) or doc.url, doc.url))
    return next(filter(None, map(_in_url, urls)), None) or _short(next(iter(urls)), doc)


def _short(url: str, doc: Document) -> Found | None:
    """An id of four digits at a path's end, or of three behind two dashes, that is no word of the headline."""
    match = _SHORT.search(_DATES.sub("/", split_url(url).path))
    title = re.sub(r"(?<=\d)\W(?=\d)", "", doc.title)  # "4,500", "7:30"
    return _found(match[0], "url", "url path") if match and match[0].lstrip("0") not in title else None


def _in_url(url: str) -> Found | None:
    """A URL's own id: ?id=118 or ?id=118:bridge-opens, else the longest number of the path that is no date, of several
    the last: sections have ids too, before it ("/sport/312/98765-bridge") and behind ("/98765/312/bridge")."""
    # A part of the page, before the page's own id: "?id=12&tx_news_pi1[news]=118".
    for key, value in sorted(parse_qsl(split_url(url).query), key=lambda pair: not pair[0].lower().startswith("tx_")):
        value = value.partition(":")[0]
        if _query_key(key) in table("metadata.toml")["number_queries"] and value.isdecimal():
            return _found(value, "url", f"url ?{key}")
    numbers = _URL_NUMBER.findall(_DATES.sub("/", split_url(url).path))
    return _found(max(reversed(numbers), key=len), "url", "url path") if numbers else None


def _query_key(key: str) -> str:
    """A key of a query without what it is an argument of: "news" of "tx_news_pi1[news]"."""
    name = re.split(r"[:\[]", key.lower().rstrip("]"))[-1]
    return name if len(name) > 2 else key.lower()


def but_the_day(found: tuple[Found, ...], day: str | None) -> tuple[Found, ...]:
    """The candidates without one of the URL that is the article's day in six digits or in four: "/260619/bridge"."""
    if day is None:
        return found
    year, month, date = day[2:].split("-")
    days = (year + month + date, date + month + year, month + date + year, month + date, date + month)
    return tuple(f for f in found if f.source != "url" or f.value not in days)


STEPS: tuple[Step, ...] = (from_label, from_jsonld, from_wordpress, from_meta, from_url)


def _found(text: str, source: Source, path: str) -> Found | None:
    value = digits(clean(text)).strip(" .,;:#")
    return Found(value, source, text, path) if value and len(value) <= _LONGEST else None


def _identifier(value: Any, path: str, depth: int) -> Found | None:
    """A number in schema.org's identifier: text, a number, a PropertyValue, or a list of those. URLs are none."""
    if depth > 3:
        return None
    if isinstance(value, list):
        return next((found for item in value[:10] if (found := _identifier(item, path, depth + 1))), None)
    if isinstance(value, dict):
        return _identifier(value.get("value") or value.get("@value"), path, depth + 1)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    text = str(value) if not isinstance(value, int) or abs(value) < 10**18 else ""
    return _found(text, "json-ld", path) if text and "://" not in text and any(map(str.isdigit, text)) else None
