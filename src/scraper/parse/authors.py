"""The article's authors, as names: without roles, dates, addresses and the words that stand around them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.model import Found
from scraper.parse import datewords, jsonld
from scraper.parse.byline import printed
from scraper.parse.document import Document
from scraper.parse.ladder import Step, climb
from scraper.parse.sitename import host_label, is_site, is_whole_site, site_names, tidy

_MAX = 40  # authors; more is a directory
_LONGEST = 60  # characters of one name
_WORDS = 7  # of one name
_DROPPED = re.compile(
    r"https?://\S+|www\.\S+|\S+@\S+|\S+\s?[\[(]at[\])]\s?\S+|(?<!\w)@\w+|\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>|[\"“”„*#•]"
)
_MARKS = re.compile(r"\s*(?:[;|/、，,·]|\n|\s[–—-]\s|／)\s*")
_NOT_A_NAME = re.compile(r"\d|[{}=<>_?!%$:：]|\.(?:html?|jpe?g|png)\b|^\W*$")
_INITIAL = re.compile(r"\s[^\W\d_]\s")
_OUTLET = re.compile(r"^.*?(?:記者|记者)\s*(?=\S)|^\S+=(?=\S+ 기자$)")  # "聯合報 記者林某", "스포츠=박 기자"
_ABBREVIATED = re.compile(r"(?:^|[\s.])[^\W\d_]{1,2}\.$")  # "Ada Lind Jr.", "Ada L.", "Harbour Board e. V."
_MARKUP = (
    "a[rel~='author'], [itemprop~='author'], [class*='author' i], [class*='byline' i], "
    "[data-testid*='author' i], [data-testid*='byline' i]"
)
_CLASS = re.compile(r"(?:^|[\s_-])(?:by-?line|authors?|writer)(?:$|[\s_-]|s?__?name|name)", re.IGNORECASE)
_OTHER_CLASS = re.compile(
    r"comment|avatar|image|img|photo|picture|thumb|bio\b|about|social|follow|(?<!v)card|testimonial|teaser|related|caption|credit|credits|widget"
    r"|recommend|popular|icon|badge|trending|title|template|description|section-title|sidebar|count",
    re.IGNORECASE,
)
_ELSEWHERE = frozenset(("aside", "nav", "footer", "figure", "figcaption", "form", "li"))
_OTHERS = re.compile(r"comment|testimonial|related", re.IGNORECASE)  # classes of what holds others' bylines
_OWN = re.compile(
    r"\b(?:post|entry|article)[-_]|author|byline|meta", re.IGNORECASE
)  # of an article's own foot, or an item of its line


@functools.cache
def _no_names() -> frozenset[str]:
    words = table("authorwords.toml")
    return frozenset(word for each in ("nobody", "before", "line", "between") for word in words[each])


@functools.cache
def _pattern(name: str) -> re.Pattern[str]:
    """The words of one list, the longest first, as whole words."""
    lists = ("before", "line") if name == "before" else (name,)
    listed = [word for each in lists for word in table("authorwords.toml")[each]]
    words = "|".join(sorted(map(re.escape, listed), key=len, reverse=True))
    forms = {
        "before": rf"^(?:{words})\b\s*[:：.]?\s+|^(?:{words})\s*[:：／]\s*",
        "between": rf"\s+(?:{words})\s+|\s*&\s*",
        "until": rf"\s+(?:{words})(?:\b.*|$)",
        "after": rf"\s+(?:{words})$",
        "picture": rf"^(?:{words})\W",
        "role": rf"(?:^|\W)(?:{words})(?:\W|$)",
    }
    return re.compile(forms[name], re.IGNORECASE | re.DOTALL)


def names(texts: Iterable[str]) -> list[str]:
    """The names in some texts, cleaned, each once, in order.

    >>> names(["By Ada Lind and Ben Ott, News Reporter", "ADA LIND", "desk@valley.example"])
    ['Ada Lind', 'Ben Ott']
    """
    found: dict[str, str] = {}
    for text in texts:
        for name in _split(text):
            if len(found) < _MAX:
                found.setdefault(name.casefold(), name)
    return list(found.values())


def _split(text: str) -> Iterator[str]:
    text = _DROPPED.sub(" ", text[:2000])
    text = _strip_before(text.strip())
    for part in _MARKS.split(text):
        if _pattern("role").search(part) and part != text:
            continue
        pieces = _pattern("between").split(part)
        if _INITIAL.search(part) and any(" " not in piece.strip() for piece in pieces):
            pieces = [part]  # "José Lind e Ott" is one name, "José Lind e Ada Ott" are two
        for piece in pieces:
            if (name := _name(piece)) is not None:
                yield name


def _strip_before(text: str) -> str:
    for _ in range(2):
        shorter = _pattern("before").sub("", text, count=1)
        if shorter == text:
            break
        text = shorter
    return text


def _name(text: str) -> str | None:
    """One name, or None for what cannot be one."""
    text = _pattern("until").sub("", _strip_before(_OUTLET.sub("", tidy(text))))
    text = _pattern("after").sub("", text)
    text = text.strip(" ,:;|–—-'’»›\t").lstrip(".").strip()
    text = text if _ABBREVIATED.search(text) else text.rstrip(" .,:;|–—-'’")
    if (
        _pattern("picture").match(text)
        or not 1 < len(text) <= _LONGEST
        or len(text.split()) > _WORDS
        or text.casefold() in _no_names()
    ):
        return None
    if text.split()[-1].casefold() in table("authorwords.toml")["hanging"]:
        return None
    if len(text) > 2 and datewords.fold(text) in datewords.words().weekdays.names:
        return None  # "By Ada Lind, Monday"
    return None if _NOT_A_NAME.search(text) and not text.replace(" ", "").isalpha() and not _dotted(text) else text


def _dotted(text: str) -> bool:
    """A site that signs with its own name may have digits in it: "BR24 Redaktion"; a date or a count may not."""
    return re.fullmatch(r"(?=\D)[\w.' -]*[^\W\d]{2}\d{1,3}(?: [^\W\d]+){0,3}", text) is not None


def from_jsonld(doc: Document) -> Found | None:
    article = doc.article_data
    for key in ("author", "creator"):
        if article.get(key):
            texts = list(_people(article[key], doc, 0))
            if found := _without_site(names(text for text in texts if not _is_newsroom(text, doc)), doc):
                return Found(
                    tuple(found), "json-ld", "; ".join(texts)[:500], f"json-ld {jsonld.types(article)[0]}.{key}"
                )
    return None


def from_meta(doc: Document) -> Found | None:
    for key, swapped in table("authorwords.toml")["meta"].items():
        if key not in doc.meta:
            continue
        texts = [tidy(content) for content in doc.meta[key]][:_MAX]
        if swapped:
            texts = [_unswapped(text) for text in texts]
        elif key == "parsely-author":
            texts = [text for text in texts if " " in text or "-" not in text]  # "ada-lind" is an address
        if found := _without_site(names(text for text in texts if not _is_newsroom(text, doc)), doc):
            return Found(tuple(found), "meta", "; ".join(texts)[:500], f"meta {key}")
    return None


def from_label(doc: Document) -> Found | None:
    """An author's line in a block of labels; a lone one only where nothing else names an author."""
    return _labelled(doc) if len(doc.labels) > 1 else None


def from_line(doc: Document) -> Found | None:
    """A byline in the text around the headline, where no element says that it is one."""
    found, line = printed(doc)
    kept = names(found)
    if not kept or (from_site_name(doc) is not None and not _persons(kept)):
        return None
    return Found(tuple(kept), "markup", line, "text")


def from_lone_label(doc: Document) -> Found | None:
    found = _labelled(doc)
    return found if found and _persons(list(found.value)) else None  # no "Redaktion" of a menu, no agency


def _labelled(doc: Document) -> Found | None:
    labels = [label for label in doc.labels if label.field == "author" and not _in_byline(label.nodes)]
    found = _without_site(names(label.value for label in labels), doc)
    return Found(tuple(found), "label", labels[0].value, f"label {labels[0].label}") if found else None


def _in_byline(nodes: tuple[LexborNode, ...]) -> bool:
    """Whether a label is a byline's own word: "Text: Ada Lind" in class="byline"."""
    above = [node.parent for node in nodes if node.parent] + [
        n.parent.parent for n in nodes if n.parent and n.parent.parent
    ]
    return any("byline" in (node.attributes.get("class") or "").lower() for node in above)


def from_markup(doc: Document) -> Found | None:
    """The byline: the first element that calls itself so outside comments, teasers and margins."""
    signed = from_site_name(doc) is not None  # then a byline counts only if it looks like persons
    for node in doc.tree.css(_MARKUP)[:60]:
        name = node.attributes.get("class") or ""
        marked = node.attributes.get("rel") or node.attributes.get("itemprop") or _CLASS.search(name)
        if not marked or node.tag in ("body", "html", "img", "button") or _OTHER_CLASS.search(name) or _elsewhere(node):
            continue
        texts = _byline(node)
        found = _without_site(names(texts), doc)
        if found and len(found) <= 8 and (not signed or _persons(found)):
            return Found(
                tuple(found),
                "markup",
                "; ".join(texts)[:500],
                f"{node.tag}.{name.split()[0]}" if name.strip() else str(node.tag),
            )
    return None


def from_site_name(doc: Document) -> Found | None:
    """The newsroom itself, where its data name it as the author and nobody else is named."""
    article = doc.article_data
    texts = list(_people(article.get("author") or article.get("creator"), doc, 0))
    path = "json-ld author"
    if not texts:
        texts, path = (
            [tidy(text) for key in table("authorwords.toml")["meta"] for text in doc.meta.get(key, ())],
            "meta author",
        )
    heads = [
        head if comma and is_site(head, site_names(doc), host_label(doc)) else text
        for text in texts[:4]
        for head, comma, _ in [text.partition(",")]
    ]
    found = list(
        dict.fromkeys(name for text in heads if (name := _name(_DROPPED.sub(" ", text)) or _own_name(text, doc)))
    ) or names(heads)
    return (
        Found(tuple(found), "json-ld" if path.startswith("json") else "meta", "; ".join(texts)[:500], path)
        if found
        else None
    )


STEPS: tuple[Step, ...] = (
    from_jsonld,
    from_meta,
    from_label,
    from_markup,
    from_line,
    from_lone_label,
    from_site_name,
)


def authors(doc: Document) -> Found | None:
    """The authors as a tuple of names, or None where the page names nobody."""
    return climb(doc, STEPS)


def _people(value: Any, doc: Document, depth: int) -> Iterator[str]:
    """The names in a JSON-LD author: a string, an object, a reference to another object, or a list of those."""
    if depth > 4:
        return
    if isinstance(value, list):
        for item in value[:_MAX]:
            yield from _people(item, doc, depth + 1)
    elif isinstance(value, str):
        if not value.startswith(("http://", "https://", "/")):
            yield tidy(value)
    elif isinstance(value, dict):
        yield from _person(value, doc, depth)


def _person(value: dict[str, Any], doc: Document, depth: int) -> Iterator[str]:
    name = value.get("name") or value.get("byline")
    if isinstance(name, (str, list)):
        yield from _people(name, doc, depth + 1)
    elif isinstance(value.get("familyName"), str):
        yield tidy(f"{value.get('givenName') or ''} {value['familyName']}")
    elif isinstance(name, dict):
        yield from _people(name, doc, depth + 1)
    elif isinstance(value.get("@id"), str):
        other = next((o for o in doc.jsonld if o.get("@id") == value["@id"] and o is not value and o.get("name")), None)
        if other is not None:
            yield from _people(other["name"], doc, depth + 1)


def _unswapped(text: str) -> str:
    """A catalogue's name the right way round: "Lind, Ada" is Ada Lind."""
    family, comma, given = text.partition(",")
    return f"{given.strip()} {family.strip()}" if comma and "," not in given and len(given.split()) <= 3 else text


def _byline(node: LexborNode) -> list[str]:
    """The texts of a byline: its links or name elements where it has them, else its own lines."""
    parts = node.css("[itemprop='name'], a[rel~='author'], a[href*='author' i], a[href*='autor' i], [class*='name' i]")
    texts = [text for part in parts[:_MAX] if (text := _once(part))]
    return texts or [line for line in (tidy(t) for t in node.text(separator="\n").split("\n")[:8]) if line]


def _once(node: LexborNode) -> str:
    """An element's text; once, where it stands twice in it: for the eye and for a screen reader."""
    pieces = [piece for each in node.text(separator="\n").split("\n") if (piece := tidy(each))]
    return pieces[0] if len(pieces) > 1 and len(set(pieces)) == 1 else tidy(node.text())


def _persons(found: list[str]) -> bool:
    """Whether all names look like a person's: two words, in scripts that part them, and no sentence: "Send us mail"."""
    small = table("authorwords.toml")["particles"]
    return all(
        (" " in name or not name.isascii())
        and (name.islower() or not any(word[0].islower() and word not in small for word in name.split()))
        for name in found
    )


def _elsewhere(node: LexborNode) -> bool:
    """Whether a byline belongs to a comment, a teaser, a picture or the margin."""
    parent: LexborNode | None = node
    for _ in range(8):
        if parent is None or parent.tag == "body":
            return False
        name = parent.attributes.get("class") or ""
        if _OTHERS.search(name) or (parent.tag in _ELSEWHERE and not _is_own(parent, name)):
            return True
        parent = parent.parent
    return False


def _is_own(node: LexborNode, name: str) -> bool:
    """Whether a foot or an item of a list is the article's own: "post-footer", an item of the byline."""
    return node.tag in ("footer", "li") and (node.attributes.get("itemprop") == "author" or bool(_OWN.search(name)))


def _is_newsroom(text: str, doc: Document) -> bool:
    """Whether a whole text is the site's name, perhaps with where it sits: "Valley and Sea, Springfield, Aralia"."""
    head, *place = text.split(",")
    return is_whole_site(head if len(place) > 1 else text, site_names(doc), host_label(doc))


def _own_name(text: str, doc: Document) -> str | None:
    """The site's own name as an author, which may have digits where a person's may not: "24valley.example"."""
    return text if len(text) <= _LONGEST and "/" not in text and _is_newsroom(text, doc) else None


def _without_site(found: list[str], doc: Document) -> list[str]:
    """`found` without the site's own names. Empty too where the data sign with the site and only single words are left.

    "Valley Times, Springfield" and "red, Valley Times/agencies" name nobody.
    """
    if not found:
        return found
    known, label = site_names(doc), host_label(doc)
    others = [name for name in found if not is_site(name, known, label, part=False)]
    if (
        len(others) < len(found)
        and found[0] not in others
        and not any(" " in name or not name.isascii() for name in others)
    ):
        return []
    return others
