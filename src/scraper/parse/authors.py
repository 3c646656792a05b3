"""The article's authors, as names: without roles, dates, addresses and the words that stand around them."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from scraper.data import table
from scraper.model import Found
from scraper.parse import jsonld
from scraper.parse.byline import before_date, dated, is_text, printed, reported, signed, titled
from scraper.parse.document import Document, Label
from scraper.parse.ladder import Step
from scraper.parse.marked import bylines, in_byline, linked
from scraper.parse.names import (
    DROPPED,
    LONGEST,
    MAX,
    beside,
    is_office,
    is_outlet,
    is_role,
    joined,
    names,
    one,
    persons,
)
from scraper.parse.sitename import host_label, is_site, is_whole_site, site_names, tidy

_AUTHORS = re.compile(r"author", re.IGNORECASE)  # class of a block that names them
_LOGIN = re.compile(r"[a-z][\w.-]*|[A-Za-z]+\d+", re.ASCII)
_BODIES = ("Organization", "Corporation", "University")  # ends of schema.org's types
_SWAPPED = re.compile(r"\s*[^\s,]+\s*,\s*[^\s,]+\s*")  # one word on either side of a comma
_NEAR, _PLACES = 12, 50  # characters around a name, and where it stands in the page
_LINE = 150  # characters of a byline; more tells about somebody
_FEW = 8  # authors of a printed byline; more is a list of something else


def from_jsonld(doc: Document) -> Found | None:
    article = doc.article_data
    for key in ("author", "creator"):
        if article.get(key):
            texts, bodies = list(_people(article[key], doc, 0)), _organisations(article[key])
            known = [_turned(text, doc) for text in texts if not _is_newsroom(text, doc)]
            if found := _without_site(names(known, bodies), doc):
                path = f"json-ld {jsonld.types(article)[0]}.{key}"
                data = Found(tuple(beside(found)), "json-ld", "; ".join(texts)[:500], path)
                return _unless_printed(data, doc, persons_first=bodies.issuperset(known))
    return None


def from_meta(doc: Document) -> Found | None:
    for key, swapped in table("authorwords.toml")["meta"].items():
        if key not in doc.meta:
            continue
        texts = [tidy(content) for content in doc.meta[key]][:MAX]
        if swapped:
            texts = [_unswapped(text) for text in texts]
        elif key == "parsely-author":
            texts = [text for text in texts if " " in text or "-" not in text]  # "ada-lind" is an address
        texts = [_turned(text, doc) for text in texts]
        if found := _without_site(names(text for text in texts if not _is_newsroom(text, doc)), doc):
            return _unless_printed(Found(tuple(beside(found)), "meta", "; ".join(texts)[:500], f"meta {key}"), doc)
    return None


def _unless_printed(data: Found, doc: Document, persons_first: bool = False) -> Found | None:
    """What the data say, but for whom the page shows nowhere: an account, or who entered what a byline signs.

    `persons_first`, where they name organisations alone, as systems do that know no persons: a byline of these counts.
    So it does where no name of the data is a whole person's.
    """
    # "Newsroom", "The Valley Times", "AFP", a login
    nobody = all(is_office(name) or is_outlet(name) or not persons([name]) for name in data.value)
    first = bylines(doc)[:1] if nobody else []
    if first and first[0].names == data.value and from_markup(doc):  # that of persons is farther down: another's
        return _with_others(data, doc)
    if (persons_first or nobody) and _prints_persons(doc):
        return None
    if any(_is_shown(name, doc) for name in data.value):
        return _with_others(data, doc)
    return None if all(map(_is_account, data.value)) or _prints_persons(doc) else data


def _prints_persons(doc: Document) -> bool:
    """Whether the page has a byline of persons."""
    lines = (step(doc) for step in (from_markup, from_line, from_dated_line))
    return any(line and len(line.raw) <= _LINE and persons(list(line.value)) for line in lines)


def _with_others(data: Found, doc: Document) -> Found:
    """The byline where it joins others to the one of the data: many systems know one author a page.

    What stands behind the last of them is no name: "By Ada Lind and Ben Ott, New York".
    """
    more = from_markup(doc) if len(data.value) == 1 and _has_company(data.value[0], doc) else None
    if more is None or len(more.raw) > _LINE or not persons(list(more.value)) or any(map(is_office, more.value)):
        return data
    *_, last = joined(more.raw)
    found = more.value if "; " in more.raw else more.value[: more.value.index(last) + 1] if last in more.value else ()
    known = {name.casefold() for name in found}
    return replace(more, value=found) if len(known) > 1 and data.value[0].casefold() in known else data


def _has_company(name: str, doc: Document) -> bool:
    """Whether the page prints a name beside a word or a mark between two: a look at the text spares most a byline's."""
    before, behind = _ties()
    for place in itertools.islice(re.finditer(re.escape(name), doc.text), _PLACES):
        at, end = place.span()
        if before.search(doc.text[max(0, at - _NEAR) : at]) or behind.match(doc.text[end : end + _NEAR]):
            return True
    return False


@functools.cache
def _ties() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What stands between two names, right in front of the second and right behind the first."""
    words = "|".join(map(re.escape, table("authorwords.toml")["between"]))
    tie = rf"(?:[,;&/]|(?<!\w)(?:{words})(?!\w))"
    return re.compile(rf"{tie}[\s\0]*$", re.IGNORECASE), re.compile(rf"[\s\0]*{tie}", re.IGNORECASE)


def _is_account(name: str) -> bool:
    """Whether a name is a login or a company's, as the system or the web agency wrote it: "alind7", "Lind Web GmbH"."""
    return _LOGIN.fullmatch(name) is not None or name.split()[-1].casefold() in table("authorwords.toml")["companies"]


def _is_shown(name: str, doc: Document) -> bool:
    """Whether the page's text has the name, be it in capitals or in two pieces; code is no text."""
    if f"\0{name}" in doc.text or f"{name}\0" in doc.text:
        return True  # as most are, at no cost
    text = " ".join(filter(is_text, doc.pieces))
    if not name.islower():  # a login, "lind", is another thing than the name of Ada Lind
        text, name = text.casefold(), name.casefold()
    return name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def from_label(doc: Document) -> Found | None:
    """An author's line in a block of labels; a lone one only where nothing else names an author."""
    if len(doc.labels) < 2:
        return None
    inside = [label for label in doc.labels if any(map(in_byline, label.nodes))]  # "Text: Ada Lind" in a byline
    found = _labelled(doc, [label for label in doc.labels if label not in inside])
    if found and any(
        in_byline(node, _AUTHORS) for label in doc.labels if label.field == "author" for node in label.nodes
    ):
        more = from_markup(doc)  # a block of authors, of which the label names one
        return more if more and set(found.value) < set(more.value) else found
    return found


def from_line(doc: Document) -> Found | None:
    """A byline in the text around the headline, where no element says that it is one."""
    found, line = printed(doc)
    kept = names(found)
    if not kept or (from_site_name(doc) is not None and not persons(kept)):
        return None
    return Found(tuple(kept), "markup", line, "text")


def from_dated_line(doc: Document) -> Found | None:
    """A byline on one line with the date, behind it."""
    return _of_persons(*dated(doc))


def _of_persons(texts: list[str], line: str) -> Found | None:
    kept = names(texts)
    return Found(tuple(kept), "markup", line, "text") if kept and persons(kept) else None


def from_reporter(doc: Document) -> Found | None:
    """The reporter of a Chinese or Korean paper, whom its text begins with."""
    found, line = reported(doc)
    kept = _without_site(names([found]), doc)
    return Found(tuple(kept), "markup", line, "text") if kept else None


def from_lone_label(doc: Document) -> Found | None:
    found = _labelled(doc, doc.labels)
    return found if found and persons(list(found.value)) else None  # no "Redaktion" of a menu, no agency


def _labelled(doc: Document, labels: Sequence[Label]) -> Found | None:
    labels = [label for label in labels if label.field == "author"]
    told = names(label.value for label in labels)
    told = [name for name in told if not is_role(name.split()[-1])]  # "Author: Technical Writer", above the name
    # Behind a whole name, what is no person is where they work: "Ada Lind - Harbour Board".
    told = told[:1] + [name for name in told[1:] if " " not in told[0] or persons([name])]
    found = _without_site(told, doc)
    return Found(tuple(found), "label", labels[0].value, f"label {labels[0].label}") if found else None


def from_markup(doc: Document) -> Found | None:
    """The byline: the first element that calls itself so outside comments, teasers and margins."""
    signed = from_site_name(doc) is not None  # then a byline counts only if it looks like persons
    for line in bylines(doc):
        found = _without_site(list(line.names), doc)
        if not found:
            break  # the site's own: bylines farther down are others'
        if len(found) <= _FEW and (not signed or persons(found)):
            account = all(is_office(name) or is_outlet(name) or (name.isupper() and " " not in name) for name in found)
            return (_signed_beside(doc) if account else None) or Found(tuple(found), "markup", line.raw, line.path)
    return None


def _signed_beside(doc: Document) -> Found | None:
    """The persons in a line of text near the headline or in a link there, for a byline that names but an account.

    "NEWSROOM", "ACN".
    """
    more = (step(doc) for step in (from_line, from_link))
    return next((found for found in more if found and len(found.raw) <= _LINE and persons(list(found.value))), None)


def from_link(doc: Document) -> Found | None:
    """A link to an author's page near the headline."""
    line = linked(doc)
    found = _without_site(list(line.names), doc) if line else []
    return Found(tuple(found), "markup", line.raw, line.path) if line and 0 < len(found) <= _FEW else None


def from_own_byline(doc: Document) -> Found | None:
    """The newsroom itself, or somebody whose name is the site's, where a byline names nobody else."""
    if line := next(iter(bylines(doc)), None) or linked(doc):
        return Found(line.names[:1], "markup", line.raw, line.path)
    found, text = printed(doc, own=True)
    return Found(tuple(found), "markup", text, "text") if found else None


def from_signed(doc: Document) -> Found | None:
    """Who signed the text at its foot or in the margin, where nobody is named near the headline."""
    return _of_persons(*signed(doc))


def from_title(doc: Document) -> Found | None:
    """A name behind the headline with what that person is, where nothing else names an author."""
    return _of_persons(*titled(doc))


def from_before_date(doc: Document) -> Found | None:
    """A name alone in front of the date, where nothing else names an author."""
    return _of_persons(*before_date(doc))


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
        dict.fromkeys(name for text in heads if (name := one(DROPPED.sub(" ", text)) or _own_name(text, doc)))
    ) or names(heads)
    if found and all(_is_account(name) and not _is_newsroom(name, doc) and not _is_shown(name, doc) for name in found):
        return None
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
    from_link,
    from_dated_line,
    from_lone_label,
    from_reporter,
    from_before_date,
    from_site_name,
    from_own_byline,
    from_signed,
    from_title,
)


def _people(value: Any, doc: Document, depth: int) -> Iterator[str]:
    """The names in a JSON-LD author: a string, an object, a reference to another object, or a list of those."""
    if depth > 4:
        return
    if isinstance(value, list):
        for item in value[:MAX]:
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


def _organisations(value: Any) -> set[str]:
    """The names in a JSON-LD author that are not persons' by their type."""
    items = value if isinstance(value, list) else [value]
    bodies = (item for item in items[:MAX] if isinstance(item, dict) and isinstance(item.get("name"), str))
    return {tidy(body["name"]) for body in bodies if any(kind.endswith(_BODIES) for kind in jsonld.types(body))}


def _turned(text: str, doc: Document) -> str:
    """Names with the family's first the other way round, where several are so or the page prints it: "Lind, Ada"."""
    parts = text.split(";")
    if not all(map(_SWAPPED.fullmatch, parts)):
        return text
    turned = list(map(_unswapped, parts))
    return "; ".join(turned) if len(turned) > 1 or _is_shown(turned[0], doc) else text


def _unswapped(text: str) -> str:
    """A catalogue's name the right way round: "Lind, Ada" is Ada Lind."""
    family, comma, given = text.partition(",")
    return f"{given.strip()} {family.strip()}" if comma and "," not in given and len(given.split()) <= 3 else text


def _is_newsroom(text: str, doc: Document) -> bool:
    """Whether a whole text is the site's name, perhaps with where it sits: "Valley and Sea, Springfield, Aralia".

    "Ada Lind, Valley Times" is a person's, with whom she works for.
    """
    known, label = site_names(doc), host_label(doc)
    head, *place = text.split(",")
    whole = is_whole_site(head if len(place) > 1 else text, known, label)
    return whole and (not place or is_site(head, known, label))


def _own_name(text: str, doc: Document) -> str | None:
    """The site's own name as an author, which may have digits where a person's may not: "24valley.example"."""
    return text if len(text) <= LONGEST and "/" not in text and _is_newsroom(text, doc) else None


def _without_site(found: list[str], doc: Document) -> list[str]:
    """`found` without the site's own names. Empty too where the data sign with the site and only single words are left.

    "Valley Times, Springfield" and "red, Valley Times/agencies" name nobody.
    """
    if not found:
        return found
    known, label = site_names(doc), host_label(doc)
    others = [name for name in found if not is_site(name, known, label, part=False) and name.casefold() != doc.host]
    if (
        len(others) < len(found)
        and found[0] not in others
        and not any(" " in name or not name.isascii() for name in others)
    ):
        return []
    return others
