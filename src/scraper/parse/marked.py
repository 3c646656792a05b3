"""Bylines in elements that say what they are: rel=author, itemprop=author, class="byline"."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.parse.byline import author_page, begins, near
from scraper.parse.document import Document
from scraper.parse.labels import field_of
from scraper.parse.names import (
    is_office,
    is_outlet,
    is_picture_role,
    is_role,
    is_sentence,
    names,
    others_task,
    persons,
    strip_before,
)
from scraper.parse.onename import are_of_one, is_given
from scraper.parse.sitename import squash, tidy

_MARKUP = (
    "a[rel~='author'], [itemprop~='author'], [class*='author' i], [class*='byline' i], "
    "[class*='autor' i], [class*='auteur' i], [class~='reporter'], [class~='writer'], [class='by'], "
    "[class~='periodista'], [class~='jornalista'], [data-testid*='author' i], [data-testid*='byline' i]"
)
_CLASS = re.compile(
    r"(?:^|[\s_-])(?:by-?lines?|authors?|writer|aut(?:or|eur)(?:e|es|in|en|a)?s?)(?:$|[\s_-]|s?__?name|name)"
    r"|^by$|(?<!\S)(?:reporter|periodista|jornalista)(?!\S)|(?-i:(?<=[a-z])(?:Author|By[Ll]ine)(?=$|[A-Z\s_-])|\b(?:author|by[Ll]ine)[A-Z])",
    re.IGNORECASE,
)
_BYLINE = re.compile(r"byline", re.IGNORECASE)
_OTHER_CLASS = re.compile(
    r"comment|wpdiscuz|avatar|image|img|photo|picture|thumb|bio\b|about|social|follow|(?<!v)card|testimonial|teaser|related|caption|credit|credits|widget"
    r"|recommend|popular|icon(?!-list)|badge|trending|title|template|desc|section-title|sidebar|count|e-?mail|notes?\b|tooltip|(?<!plat)form\b",
    re.IGNORECASE,
)  # icon-list: a page builder's plain lists, which hold an article's author and date
_ELSEWHERE = frozenset(("aside", "nav", "footer", "figure", "figcaption", "form", "li"))
_FAR = _ELSEWHERE - {"aside", "li"}  # of links near the headline: there, a list or an aside is the article's line
# Classes of what holds others' bylines; but "commentary", and "has-comments" of the article that readers answer.
_OTHERS = re.compile(
    r"(?<!has-)(?<!no-)comment(?!ary|s?[-_](?:open|closed|on|off|enabled|disabled)(?![a-z]))|wpdiscuz|testimonial|related",
    re.IGNORECASE,
)
# Of an article's own foot, or an item of its line.
_OWN = re.compile(r"\b(?:post|entry|article)[-_]|author|byline|meta|submitted", re.IGNORECASE)
_SECTION = re.compile(r"categor(?:y|ies)(?!\S)", re.IGNORECASE)  # "byline__category"
_ROW, _LEVELS = re.compile(r"(?<!\S)(?:list-inline|inline-list)(?!\S)"), 3  # and elements around such a list
_WHOLE = frozenset(("body", "html", "main", "article", "img", "button", "input"))  # no byline, whatever their class
_SILENT = frozenset(("script", "style", "noscript", "template", "textarea", "svg"))
_NODES, _PIECES, _BYLINES = 60, 60, 3  # elements looked at, pieces of text read of each, bylines found
_PROSE = 120  # characters; a longer piece tells of somebody, it names nobody
_LINKED = 25  # pieces of text behind the headline in which a link to an author is the article's
_LINE = 300  # characters of an element that can still be one byline
_CARD = 25  # characters around a byline that make a link around it another article's
_AUTHOR = "author"  # where links to authors' pages lead, whatever the folder
_PROFILE = re.compile(
    r"/(?:profiles?|profil|experts?|experten|expertos|esperti|eksperci|editors?|staff|members?|users?|bio|redaktion|(?:our|meet)-(?:the-)?team)/([^/?#]+)",
    re.IGNORECASE,
)
_FOLDER = re.compile(r"^(?:(?:https?:)?//[^/]*)?/?(#|[^/?#]*(?=/)|).*", re.DOTALL)
_TITLES = ("기자", "특파원")  # of Korean, behind a name
_TOWNS = re.compile(r"(?:[가-힣]{2}[,·]\s?)*[가-힣]{2}")  # in front of it: "남천, 강진"
_TIE, _TIED = re.compile(r"[\s,&/]*"), re.compile(r"[,&/]\s*$")


@dataclass(frozen=True, slots=True)
class Byline:
    names: tuple[str, ...]
    raw: str
    path: str


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    kind: tuple[str | None, ...]  # the elements that it is in: names of one byline are written alike
    link: str  # the first part of the path that it links to: names link to one folder, topics to another


def bylines(doc: Document) -> list[Byline]:
    """The first bylines: elements that call themselves so, in page order, outside comments, teasers and margins."""
    known = doc.memo.get("bylines")
    if not isinstance(known, list):
        known = doc.memo["bylines"] = list(itertools.islice(_bylines(doc), _BYLINES))
    return known


def _bylines(doc: Document) -> Iterator[Byline]:
    for node in doc.css(_MARKUP)[:_NODES]:
        if not _is_byline(node) or _elsewhere(node):
            continue
        name, pieces = node.attributes.get("class") or "", _pieces(node)
        found = _with_siblings(node, _read(pieces))
        if found and not _is_section(found, pieces, doc):
            raw = "; ".join(piece.text for piece in pieces)[:500]
            yield Byline(tuple(found), raw, f"{node.tag}.{name.split()[0]}" if name.strip() else str(node.tag))


def _is_section(found: list[str], pieces: list[Piece], doc: Document) -> bool:
    """Whether a "date-author" has the section instead: a link to the folder that the page is in, and nobody else."""
    linked = next((piece.link for piece in pieces if piece.text == found[0]), "") if len(found) == 1 else ""
    return linked not in ("", _AUTHOR) and not found[0].islower() and f"/{found[0].casefold()}/" in doc.url.casefold()


def _is_byline(node: LexborNode) -> bool:
    """Whether an element calls itself a byline, by its class or what it is to the article."""
    get = node.attributes.get
    name = get("class") or ""
    if node.tag in _WHOLE or _OTHER_CLASS.search(name):
        return False
    if any(word in ("author", "byline") for key in ("rel", "itemprop") for word in (get(key) or "").lower().split()):
        return True
    return bool(_CLASS.search(name) or _CLASS.search(get("data-testid") or ""))


def in_byline(node: LexborNode, name: re.Pattern[str] = _BYLINE) -> bool:
    """Whether a text stands in an element whose class is such: "Text: Ada Lind" in class="byline"."""
    parent = node.parent
    for _ in range(4):
        if parent is None:
            return False
        if name.search(parent.attributes.get("class") or ""):
            return True
        parent = parent.parent
    return False


def _pieces(node: LexborNode, most: int | None = None) -> list[Piece]:
    """An element's pieces of text; a given and a family name that one link or line holds are one.

    With `most`, none behind the one that makes them more characters than that.
    """
    found: list[Piece] = []
    last: LexborNode | None = None
    size = 0
    for each in node.traverse(include_text=True, skip_empty=True):
        text = tidy(each.text_content) if each.is_text_node else ""
        parent = each.parent if text else None
        if parent is None or parent.tag in _SILENT:
            continue
        size += len(text)
        if most is not None and size > most:
            return [*found, Piece(text, (), "")]
        link = _link(parent)
        if last and is_given(found[-1].text, text) and are_of_one(last, parent, (_link(last), link)):
            text = f"{found.pop().text} {text}"
        found.append(Piece(text, _kind(parent), _folder(link)))
        last = parent
        if len(found) == _PIECES:
            break
    return found


def _kind(node: LexborNode) -> tuple[str | None, ...]:
    above = node.parent
    outer = (above.tag, above.attributes.get("class")) if above else (None, None)
    return (node.tag, node.attributes.get("class"), *outer)


def _link(node: LexborNode | None) -> LexborNode | None:
    for _ in range(3):
        if node is None or node.tag == "a":
            return node
        node = node.parent
    return None


def _folder(link: LexborNode | None) -> str:
    if link is None:
        return ""
    href = link.attributes.get("href") or ""
    own = "author" in (link.attributes.get("rel") or "") or author_page().search(href)
    return _AUTHOR if own else _FOLDER.sub(r"\1", href) or "/"


def _read(pieces: list[Piece]) -> list[str]:
    """The names of one byline: from its word for "by" on, else from a link to an author, where it has one.

    None where it begins with the label of a section: "Category", "Rail"; elements called so are none either.
    """
    if pieces and field_of(pieces[0].text) == "category":
        return []
    pieces = [piece for piece in pieces if not _SECTION.search(" ".join(filter(None, piece.kind[1::2])))]
    pieces = [piece for i, piece in enumerate(pieces) if not _stands_for(piece.text, pieces[i + 1 : i + 3])]
    pieces = _with_title(pieces)
    at = next((i for i, piece in enumerate(pieces) if _is_by(piece.text) or begins(piece.text)), None)
    if at is None:
        at = next((i for i, piece in enumerate(pieces) if piece.link == _AUTHOR), 0)
    return _names(pieces[at:]) or (_names(pieces) if at else [])


def _with_title(pieces: list[Piece]) -> list[Piece]:
    """Pieces with the title "reporter" of Korean behind the name that it belongs to, and the towns in front of it."""
    at = next((i for i, piece in enumerate(pieces) if i and piece.text in _TITLES), 0)
    if not at:
        return pieces
    first = at - 2 if at > 1 and _TOWNS.fullmatch(pieces[at - 2].text) else at - 1
    whole = replace(pieces[at - 1], text=" ".join(piece.text for piece in pieces[first : at + 1]))
    return [*pieces[:first], whole, *pieces[at + 1 :]]


def _stands_for(text: str, behind: list[Piece]) -> bool:
    """Whether a text is the initials of a name behind it, where the portrait would be: "AL", "Ada Lind"."""
    return len(text) <= 3 and text.isupper() and any(text == "".join(w[0] for w in p.text.split()) for p in behind)


def _is_by(text: str) -> bool:
    return not strip_before(f"{text} ").strip(" :")


def _names(pieces: list[Piece]) -> list[str]:
    """The first name, and those that "and", commas or the same kind of element tie to it; no editors, no checkers."""
    found: list[str] = []
    new: list[str] = []
    pictured: list[str] = []  # those whose title says that they took the pictures
    first: Piece | None = None
    others = tied = tied_by = False
    for piece in pieces:
        text, before, new = piece.text, new, []
        if before and is_picture_role(text):
            pictured, tied = [*pictured, before[-1]], False
        elif task := others_task(text):
            others, tied = others or task.end() == len(text) or _is_by(text.split()[-1]), False
        elif _is_by(text):
            others, tied, tied_by = False, True, True
        elif _TIE.fullmatch(text) or text.casefold() in table("authorwords.toml")["between"]:
            tied = not others
        else:
            tied_by = tied_by or begins(text)
            others = others and not begins(text)
            if not others and (first is None or _goes_on(first, piece, tied)):
                loose = first is None and (tied_by or piece.link == _AUTHOR)
                new = [n for n in names_of(text, loose) if first is None or (persons([n]) and persons(found))]
                first = first or (piece if new else None)
                found += new
            tied = bool(_TIED.search(text)) and not any(map(str.isdigit, text))  # "18/07/2023, last changed"
    found = [name for name in found if name not in pictured] or found
    return _people(list({name.casefold(): name for name in reversed(found)}.values())[::-1])


def _goes_on(first: Piece, piece: Piece, tied: bool) -> bool:
    """Whether a piece can name one more author: tied to the one before, or written as the first is."""
    if first.link and piece.link and first.link != piece.link:
        return False
    return tied or (piece.kind == first.kind and piece.link == first.link)


def names_of(text: str, loose: bool = False) -> list[str]:
    """The names in one piece of a byline; `loose`, one that need not look like a person's: "the Valley Team".

    What follows a full name is one too, or a degree, an office, an agency.
    """
    if len(text) > _PROSE and not begins(text):
        return []
    first, *more = names([text]) or [""]
    if not first or (is_role(first) and not loose) or is_sentence(first, loose):
        return []
    if more and first.split()[0].casefold() in table("authorwords.toml")["articles"]:
        return []  # "The Valley and Sea Ministries"
    full = " " in first
    return [first, *(n for n in more if not is_office(n) and persons([n]) is full)]


def _people(found: list[str]) -> list[str]:
    """`found` without agencies and organisations, where it names persons beside them."""
    kept = [name for name in found if not is_outlet(name)]
    return kept if any(" " in name or not name.isascii() for name in kept) else found


def _is_authors(link: LexborNode) -> bool:
    """Whether a link leads to an author's page by its address or its own words, or to a page named for somebody."""
    href = link.attributes.get("href") or ""
    if author_page().search(href) or _says_whose(link):
        return True
    if (slug := _PROFILE.search(href)) is None:
        return False
    name = tidy(link.text())
    return " " in name and squash(slug[1]).startswith(squash(name)) and not _in_prose(link)


def _says_whose(link: LexborNode) -> bool:
    """Whether a link says that it leads to all of somebody's texts, as WordPress has it: title="Posts by Ada Lind"."""
    name = tidy(link.text())
    told = (tidy(link.attributes.get(key)) for key in ("title", "aria-label"))
    fronts = (text.removesuffix(name).strip() for text in told if " " in name and text.endswith(name))
    by = table("authorwords.toml")["posts_by"]
    return any(front and front.split()[-1].casefold() in by and not others_task(front) for front in fronts)


def _in_prose(link: LexborNode) -> bool:
    """Whether a link stands in a paragraph: it is to somebody whom the article is about."""
    block = link.parent
    while block is not None and block.tag in ("span", "strong", "em", "b", "i"):
        block = block.parent
    return block is not None and len(tidy(block.text())) > _PROSE


def linked(doc: Document) -> Byline | None:
    """The names in a link to an author's page near the headline, be it in a list or an aside."""
    if "byline_link" not in doc.memo:
        doc.memo["byline_link"] = _linked(doc)
    known = doc.memo["byline_link"]
    return known if isinstance(known, Byline) else None


def _linked(doc: Document) -> Byline | None:
    wanted = {pieces[at] for pieces, at in near(doc, _LINKED) if len(pieces[at]) <= _PROSE}
    links: dict[str, LexborNode] = {}
    for node in doc.anchors if wanted else ():
        text = " ".join(node.text().split())
        if text in wanted and text not in links and _is_authors(node) and not _elsewhere(node, _FAR):
            links[text] = node
    begun = False
    for pieces, at in near(doc, _LINKED) if links else ():
        begun = begun or len(pieces[at]) > _LINE
        link = links.get(pieces[at])
        kept = names_of(pieces[at]) if link is not None else []
        href = link.attributes.get("href") or "" if link is not None else ""
        if link is None or not kept or (begun and not author_page().search(href)):
            continue  # in or behind the text, a page of somebody's own is of whom it is about
        if persons(kept) or (kept[0] == pieces[at] and squash(kept[0]) in squash(href)):
            return Byline(tuple(_with_siblings(link, kept)), pieces[at], "link to an author")
    return None


def _with_siblings(node: LexborNode, found: list[str]) -> list[str]:
    """`found`, or all names of the line around it, where each author has an element of their own."""
    line = node.parent
    for _ in range(2):
        if not found or line is None or line.tag in _WHOLE:
            break
        pieces = _pieces(line, _LINE)
        if len(pieces) == _PIECES or sum(len(piece.text) for piece in pieces) > _LINE:
            break
        more = _read(pieces)
        if more[:1] == found[:1] and set(found) <= set(more):
            found = more
        line = line.parent
    return found


def _elsewhere(node: LexborNode, places: frozenset[str] = _ELSEWHERE) -> bool:
    """Whether a byline belongs to a comment, a teaser, a picture or the margin."""
    parent: LexborNode | None = node
    card: LexborNode | None = None
    for _ in range(8):
        if parent is None or parent.tag == "body":
            return False
        name = parent.attributes.get("class") or ""
        card = parent if parent.tag == "article" else card
        away = parent.tag in places and not _is_own(parent, name) and not _is_alone(node, parent)
        if _OTHERS.search(name) or (away and not _is_page(parent, card)):
            return True
        if parent.tag == "a" and len(tidy(parent.text())) > len(tidy(node.text())) + _CARD:
            return not author_page().search(parent.attributes.get("href") or "")
        parent = parent.parent
    return False


def _is_page(form: LexborNode, card: LexborNode | None) -> bool:
    """Whether a form holds the whole page, as those of ASP.NET do, and the `card` in it no other article."""
    return form.tag == "form" and all(node is None or node.css_first("h1") is not None for node in (form, card))


def _is_alone(node: LexborNode, aside: LexborNode) -> bool:
    """Whether an aside holds a byline and little else: no teaser, no quotation."""
    short = aside.tag == "aside" and len(tidy(aside.text())) <= len(tidy(node.text())) + _CARD
    return short and aside.css_first("h1, h2, h3, h4") is None


def _is_own(node: LexborNode, name: str) -> bool:
    """Whether a foot or an item of a list is the article's own: "post-footer", an item of the byline."""
    if node.attributes.get("itemprop") == "author" or (node.tag == "li" and _is_in_row(node)):
        return True
    return node.tag in ("footer", "li", "aside") and bool(_OWN.search(f"{name} {node.attributes.get('id') or ''}"))


def _is_in_row(item: LexborNode) -> bool:
    """Whether an item is in one line of facts near the main heading: a list that Bootstrap or Foundation shows so."""
    row = item.parent
    around = row if row is not None and _ROW.search(row.attributes.get("class") or "") else None
    for _ in range(_LEVELS):
        around = around.parent if around is not None else None
        if around is None or around.tag in ("body", "nav", "footer"):
            return False
        if around.css_first("h1") is not None:
            return True
    return False
