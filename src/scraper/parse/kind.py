"""Is the page an article? Walls and error pages by what they say, all else by structure and a small learned table.

scripts/train_kind.py learns data/kindweights.json; features are structural, and no site is named anywhere.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.model import Found
from scraper.parse import datekinds, jsonld, measure, walls
from scraper.parse.document import Document
from scraper.parse.headings import is_sentence
from scraper.parse.sitename import tidy
from scraper.parse.text import split_url

_YEAR, _ID = re.compile(r"/(?:19|20)\d\d[/-]"), re.compile(r"\d{5}")
# What ends an address below which articles of a time stand: "/2021/07", "/2021/07/06"; and a list's next pages.
_DAYS, _PAGES = re.compile(r"/(?:19|20)\d\d/\d\d?(?:/\d\d?)?$"), re.compile(r"/page/\d+$")
_NAMES = re.compile(r"(?:^|[&;])(?!pag)\w+=\d{2,}(?:[&;]|$)")  # "?p=31228", and not "?page=12"
_DIGIT, _SECOND = re.compile(r"\d"), re.compile(r":\d\d:\d\d")
_TEMPLATES = ("id", "data-template", "data-pageapp")  # in which systems name themselves, beside classes
_LINKS = 1000  # of a page are weighed
_TEXTS, _BREAKS, _LONG = 200, 500, 120  # paragraphs and breaks that are looked at; characters of prose
_IN_LINE = ("-text", "br", "b", "strong", "i", "em", "span", "font")
_HEADLINE, _BELOW = 25, 4  # letters of a link that is a headline; such links below the address of a section
_LINES, _LINE = 200, 80  # lines that are read as dates, and the characters of one


class Stamped(Protocol):
    """What is read of the dates: their values and where they came from."""

    @property
    def date(self) -> str | None: ...
    @property
    def sources(self) -> Mapping[str, str]: ...


def kind(
    doc: Document, body: str | None, stamp: Stamped, headline: str | None, *, full: bool = True
) -> tuple[bool, str | None, tuple[Found, ...]]:
    """(whether the page is an article, the outcome's word where it is none, the evidence, the strongest first)."""
    seen, whole = survey(doc, stamp, headline)
    other = _other(doc, body, stamp, headline)
    if other:
        return False, other.value, (other,)
    weights = table("kindweights.json")["all" if whole else "declared"]
    is_article = reaches(seen, weights)
    return is_article, None if is_article else _word(doc, seen), heavy(seen, weights) if full else ()


def survey(doc: Document, stamp: Stamped, headline: str | None) -> tuple[dict[str, float], bool]:
    """(the page's features, whether its markup is among them). Kept with the document, for before the tree is changed.

    What a page declares is enough for most articles; the markup is only counted where it is not.
    """
    if "kind" not in doc.memo:
        seen = declared(doc, stamp, headline)
        sure = reaches(seen, table("kindweights.json")["declared"])
        doc.memo["kind"] = (seen, False) if sure else (seen | built(doc), True)
    found: tuple[dict[str, float], bool] = doc.memo["kind"]
    return found


def reaches(seen: dict[str, float], weights: dict[str, Any]) -> bool:
    """Whether the features reach the table's threshold."""
    weight = weights["weights"].get
    total = math.fsum(weight(name, 0.0) * value for name, value in seen.items())  # sum() rounds as the Python does
    return bool(weights["bias"] + total >= weights["threshold"])


def heavy(seen: dict[str, float], weights: dict[str, Any]) -> tuple[Found, ...]:
    """The features that count, the heaviest first."""
    parts = {name: weights["weights"].get(name, 0.0) * value for name, value in seen.items()}
    counting = sorted((name for name in parts if abs(parts[name]) >= 0.3), key=lambda name: -abs(parts[name]))
    return tuple(Found(round(parts[name], 2), "markup", f"{name} = {seen[name]:.2f}", name) for name in counting)


def declared(doc: Document, stamp: Stamped, headline: str | None) -> dict[str, float]:
    """What the page's data, its URL and its title say, in numbers between 0 and about 2; only what is not 0. Cheap."""
    found = {**_from_data(doc), **_from_url(doc)}
    found["title_words"] = min(measure.words(headline or ""), 16) / 8
    found["no_headline"] = float(not headline)
    if stamp.date:
        found["date"] = 1.0
        found[f"date_{stamp.sources.get('date', '')}"] = 1.0
    return {name: value for name, value in found.items() if value}


def built(doc: Document) -> dict[str, float]:
    """How the page is built: what its markup counts, and its prose."""
    found = {**_from_markup(doc), **_from_text(doc)}
    return {name: value for name, value in found.items() if value}


def _from_data(doc: Document) -> dict[str, float]:
    types = set(_types(doc))
    types -= {"Question"} if "FAQPage" in types else set()  # asked by the page itself, in no forum
    found = dict.fromkeys((f"type_{name}" for name in _lists("types", types)), 1.0)
    if declared := _og_type(doc):
        found[f"og_{declared if declared in ('article', 'website', 'product', 'blog') else 'other'}"] = 1.0
    found["published"] = float(
        not doc.meta.keys().isdisjoint(("article:published_time", "parsely-pub-date", "datepublished", "sailthru.date"))
    )
    found["section"] = float("article:section" in doc.meta or "article:tag" in doc.meta)
    found["author"] = float(
        "author" in doc.meta or "article:author" in doc.meta or bool(doc.article_data.get("author"))
    )
    found["modified"] = float("article:modified_time" in doc.meta)
    found["news_keywords"] = float("news_keywords" in doc.meta)
    found.update(dict.fromkeys((f"body_{name}" for name in _lists("body_classes", _body_classes(doc))), 1.0))
    if generator := " ".join(doc.meta.get("generator", ())).lower():
        for name, words in table("kinds.toml")["systems"].items():
            found[f"system_{name}"] = float(any(word in generator for word in words))
    return found


def _og_type(doc: Document) -> str:
    return (doc.first_meta("og:type") or ("", ""))[1].lower()


def _types(doc: Document) -> list[str]:
    return [kind for obj in doc.jsonld for kind in jsonld.types(obj)]


def _items(doc: Document) -> list[str]:
    """The types of the page's microdata; none where an article is one of them."""
    found = [(node.attributes.get("itemtype") or "").rpartition("/")[2] for node in doc.tree.css("[itemtype]")]
    return [] if "article" in _lists("types", found) else found


def _body_classes(doc: Document) -> list[str]:
    return ((doc.tree.body.attributes.get("class") or "") if doc.tree.body else "").split()


def _marks(doc: Document) -> Iterator[str]:
    """What a system writes on <html> and <body> to know its pages by: classes, and "name=value" of other attributes."""
    for node in (doc.tree.root, doc.tree.body):
        attributes = node.attributes if node else {}
        yield from (attributes.get("class") or "").split()
        yield from (f"{name}={attributes[name]}" for name in _TEMPLATES if name in attributes)


def _lists(name: str, words: Iterable[str]) -> Iterator[str]:
    """The lists of the table `name` that have one of `words`."""
    index = _index(name)
    return (key for word in words for key in index.get(word, ()))


@functools.cache
def _index(name: str) -> dict[str, tuple[str, ...]]:
    """Word -> the lists of the table `name` that it stands in."""
    found: dict[str, tuple[str, ...]] = {}
    for key, words in table("kinds.toml")[name].items():
        for word in words:
            found[word] = (*found.get(word, ()), key)
    return found


def _from_url(doc: Document) -> dict[str, float]:
    if not doc.url:  # a saved page of unknown address: what articles have on average, so that it counts neither way
        return {"depth": 0.5, "slug": 0.5}
    path, query = split_url(doc.url)[2:4]
    path = path.lower()
    parts = [part for part in path.split("/") if part]
    slug = parts[-1].removesuffix(".html").removesuffix(".php") if parts else ""
    found = {
        "home": float(not parts and not _NAMES.search(query)),
        "depth": min(len(parts), 5) / 5,
        "slug": min(slug.count("-") + slug.count("_"), 8) / 8,
        "slug_long": float(slug.count("-") >= 4),
        "url_date": float(_YEAR.search(path) is not None),
        "url_id": float(_ID.search(slug) is not None),
        "slash": float(path.endswith("/")),
        "section_page": float(not query and slug in _index("sections")),
    }
    for where, words in (("in", parts[:-1]), ("at", [slug]), ("host", doc.host.split(".")[:-2])):
        found.update(dict.fromkeys((f"{where}_{name}" for name in _lists("places", words)), 1.0))
    return found


def _from_markup(doc: Document) -> dict[str, float]:
    counts = Counter({"p": len(doc.paragraphs), "a": len(doc.anchors)})
    counts.update({name: len(doc.css(selector)) for name, selector in table("kinds.toml")["looks"].items()})
    # One walk over all class names, since each [class*=""] is a walk of its own.
    names = Counter(doc.classes)
    lower = {name: name.lower() for name in names}
    for look, words in table("kinds.toml")["named"].items():
        for word in words:
            if word in doc.class_words:
                counts[look] += sum([names[name] for name, low in lower.items() if word in low])
    found = {f"n_{name}": math.log1p(count) / 3 for name, count in counts.items()}
    found |= {
        f"any_{name}": float(counts[name] > 0)
        for name in ("cart", "forum", "price", "code", "time", "article", "pages", "hero", "related", "faq")
    }
    found["many_article"] = float(counts["article"] >= 5)
    found["h2_linked"] = counts["h2_link"] / max(1, counts["h2"])
    found["p_per_a"] = min(3.0, counts["p"] / max(1, counts["a"]))
    found["no_h1"] = float(not doc.h1s)
    return found


def _from_text(doc: Document) -> dict[str, float]:
    said = [(node.parent, measure.length(node.text())) for node in doc.paragraphs[:_TEXTS]]
    if not any(size > _LONG for _, size in said):  # old systems part paragraphs by line breaks alone
        said += itertools.islice(_broken_lines(doc), _TEXTS)
    paragraphs = [size for _, size in said]
    long = [n for n in paragraphs if n > _LONG]
    linked = sum(measure.length(node.text(strip=True)) for node in doc.anchors[:_LINKS])
    places: Counter[int] = Counter()  # an article's paragraphs stand in one element, a landing page's in many
    for around, size in said:
        if size > 60 and around is not None:
            places[around.mem_id] += size
    return {
        "prose_linked": sum(long) / max(1, sum(long) + linked),
        "prose_together": max(places.values(), default=0) / max(1, sum(places.values())),
        "prose": math.log1p(sum(long)) / 5,
        "prose_none": float(not long),
        "prose_count": math.log1p(len(long)) / 2,
        "prose_share": sum(long) / max(1, sum(paragraphs)),
    }


def _broken_lines(doc: Document) -> Iterator[tuple[LexborNode, int]]:
    """The lines between breaks in elements that are no <p>: the element, and how long the line is without its links."""
    parents = {node.mem_id: node for mark in doc.css("br")[:_BREAKS] if (node := mark.parent) and node.tag != "p"}
    for around in parents.values():
        parts = (part for part in around.iter(include_text=True) if part.tag in _IN_LINE)
        pieces = ("\n" if part.tag == "br" else " ".join(part.text().split()) for part in parts)
        for line in "".join(pieces).split("\n"):
            if not line.isspace() and line:
                yield around, measure.length(line.strip())


def _other(doc: Document, body: str | None, stamp: Stamped, headline: str | None) -> Found | None:
    """What the page is by one thing alone that no article has."""
    seen, whole = survey(doc, stamp, headline)
    told = any(map(seen.get, ("type_article", "published"))) or ("og_article" in seen and not whole)
    dated = bool(stamp.date) and stamp.sources.get("date") != "url"
    found = walls.wall(doc, body, headline, told, dated)
    if found and not dated and stamp.date and _prints(doc, stamp.date):
        found = walls.wall(doc, body, headline, told, dated=True)
    if found and found.value != "needs_js":
        return found
    if seen.get("body_list") and not seen.get("body_one"):
        return Found("listing", "markup", "archive", "body class")
    sign = None if seen.get("type_article") else _sign(doc, seen, headline, told or bool(stamp.date))
    if sign or found:
        return sign or found
    if (seen.get("home") and not told) or _is_front(doc):
        return Found("home", "markup", doc.url or "home", "url")
    listed = not seen.get("type_article") and _is_index(doc, seen)
    if listed or (not told and (seen.get("section_page") or _is_archive(doc))):
        return Found("listing", "markup", doc.url, "url")
    # A section is called by a word or two: "Society".
    if not told and not stamp.date and not is_sentence(headline or "") and _is_folder(doc):
        return Found("listing", "markup", doc.url, "links below the address")
    if body or headline:
        return None
    return Found("not_article", "markup", "no headline, no text", "body")


def _is_archive(doc: Document) -> bool:
    """Whether the address is one of a month's or a day's articles: "/archive/2021/07/", "/news/2021/07/06"."""
    path = _path(doc)
    month = _DAYS.search(path)
    above = path[: month.start()].split("/") if month else []
    return month is not None and len(above) < 3 and (not above[-1] or above[-1] in _index("sections"))


def _is_index(doc: Document, seen: dict[str, float]) -> bool:
    """Whether the address is one of a tag's or a person's articles: "/tag/water", whatever day such a page declares.

    No tag has a name as long as a headline: "/topic/council-votes-to-close-old-bridge" is an article.
    """
    return not seen.get("slug_long") and _path(doc).rpartition("/")[0].rpartition("/")[2] in _index("indexes")


def _path(doc: Document) -> str:
    return _PAGES.sub("", split_url(doc.url)[2].lower().rstrip("/"))


def _is_folder(doc: Document) -> bool:
    """Whether headlines on the page lead to addresses below its own, as those of a section do: "/news/society/48211/".

    Relative ones prove nothing: they may hang on a <base>.
    """
    own = split_url(doc.url)
    place = own.path.rstrip("/") + "/"
    if len(place) < 3 or own.query:
        return False
    below: set[str] = set()
    for link in doc.anchors[:_LINKS]:
        href = link.attributes.get("href") or ""
        if place in href and href.startswith(("/", "http")) and measure.length(link.text().strip()) >= _HEADLINE:
            parts = split_url(href)
            if parts.path.startswith(place) and parts.netloc in ("", own.netloc):
                below.add(parts.path.rstrip("/"))
    return len(below - {place.rstrip("/")}) >= _BELOW


def _is_front(doc: Document) -> bool:
    """Whether WordPress says that this is the site's front page, of posts or a page of its own."""
    names = _body_classes(doc)
    return "home" in names and ("blog" in names or any(name.startswith("page-id-") for name in names))


def _prints(doc: Document, day: str) -> bool:
    """Whether the page itself says the day that its address names. Walls print the second of the request at most."""
    if doc.tree.css_first("time") is not None:
        return True
    lines = (line for line in doc.pieces if 5 < len(line) <= _LINE and _DIGIT.search(line) and not _SECOND.search(line))
    read = (datekinds.read(doc, line) for line in itertools.islice(lines, _LINES) if "//" not in line)
    return any(when is not None and when.date is not None and when.date.isoformat() == day for when in read)


def _sign(doc: Document, seen: dict[str, float], headline: str | None, dated: bool) -> Found | None:
    """A system's own class, type or name; a headline that is one of the pages about the site itself."""
    if kind := next(_lists("sign_classes", _marks(doc)), None):
        return Found(kind, "markup", kind, "body class")
    for kind, selector in table("kinds.toml")["sign_ids"].items():
        if doc.tree.css_first(selector) is not None:
            return Found(kind, "markup", selector, "id")
    if seen.get("system_forum"):
        return Found("forum", "meta", "forum", "generator")
    if kind := next(_lists("sign_types", _types(doc)), None):
        return Found(kind, "json-ld", kind, "@type")
    if kind := next(_lists("sign_og", (_og_type(doc),)), None):
        return Found(kind, "meta", _og_type(doc), "og:type")
    if kind := next(_lists("sign_types", _items(doc)), None):
        return Found(kind, "markup", kind, "itemtype")
    title = tidy(headline).casefold().strip(" .:!?")
    lists = set(_lists("site_pages", (title,)))
    # The day of a page that its data call no article but a page is when the page was made.
    if "always" in lists or ("undated" in lists and (not dated or "WebPage" in _types(doc))):
        return Found("service", "markup", title, "headline")
    return None


def _word(doc: Document, seen: dict[str, float]) -> str:
    """The outcome's word for a page that is no article: what it looks most like."""
    if seen.get("home"):
        return "home"
    votes = {
        word: math.fsum(weight * seen.get(name, 0.0) for name, weight in weights.items())
        for word, weights in table("kinds.toml")["votes"].items()
    }
    best = max(votes, key=lambda word: votes[word])
    return best if votes[best] >= 1 else "not_article"
