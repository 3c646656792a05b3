"""Printed metadata lines ("publish: 6 July 2021", "No: 18200") in lists, spans, definition lists, tables and bars."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.parse.dateplaces import standing
from scraper.parse.datetext import read, read_clock
from scraper.parse.document import Document, Label
from scraper.parse.headings import place_among
from scraper.parse.text import clean

FIELDS = ("date", "modified", "time", "category", "number", "author", "other")
_MAX_LINE = 240  # characters; longer text is prose, whatever it begins with
_MAX_LABEL = 40
_REACH = 6  # text pieces between two lines of one block of labels
_NEAR = 14  # text pieces between a lone label and the headline
_COUNTED = re.compile(r"\(\d+\)?$")  # "Travel (214)", of a list of all categories
_COLONS = re.compile(r"[:\uff1a\ufe55\ua789\u2236]")
# Of Chinese, Armenian and Ethiopic; in Bengali a letter of like form often stands for it.
_OTHER_COLONS = ("\uff1a", "\u055d", "\u1366", "\u0983 ")  # the Bengali one with its blank: it ends no word else
_BARS = re.compile(
    r"\s*[/|\u2022\u00b7\u2502\u2503\uff5c\u203a\u00bb;]\s*|\s+(?:[-\u2013\u2014]|::)\s+|[,\u060c]\s+|\s+"
)
_PIPE = re.compile(r"\s*[|\u2022\u2502\u2503\uff5c]")
# Bars that no number or date has in it.
_STRONG = re.compile(r"\s*[|\u2022\u00b7\u2502\u2503\uff5c]\s*|\s+[-/\u2013\u2014]\s+|\u00a0\s*\u00a0\s*")
# A label of any words behind a bar: "| Views: 12".
_UNKNOWN = re.compile(
    r"(?:\s*[|\u2022\u00b7\u2502\u2503\uff5c]\s*|\s+/\s+|[\u00a0\u2003\u3000\t]\s*[\u00a0\u2003\u3000\t]\s*)"
    r"(?=[^\W\d_][^\d:|]{0,30}:)"
)
_UNSEEN = (0xAD, 0x61C, *range(0x2000, 0x2010), *range(0x202A, 0x2030), *range(0x205F, 0x206A), 0x3000, 0xFEFF)
_EDGE = " \t\n\r\u00a0-\u2013\u2014/|\u2022\u00b7\u2502\uff5c\u00bb\u203a*()[]\u3010\u3011" + "".join(
    map(chr, _UNSEEN)  # blanks, joiners and direction marks
)
_ENDS = _EDGE + ".\u2026"
_PLAIN_AROUND = "".join(sorted({c for c in _ENDS if c.isascii()}))
# What _BARS finds besides blanks.
_SEPARATORS = re.compile(r"[/|\u2022\u00b7\u2502\u2503\uff5c\u203a\u00bb;,\u060c\u2013\u2014-]")
# "No. 18200", "No. 18,200", "Comunicato stampa n. 112 del 6 luglio 2021"
_NUMBERED = re.compile(
    r"^(.{1,40}?)([\s.#\u00a0]*)(\d{1,3}(?:,\d{3})+|\d[\w/.-]{0,19})(?:(?:\s+[^\W\d_]{1,6}){0,2},?\s+\d{1,2}\W{1,3}\w.{2,20})?$"
)
_ITS_NUMBER = re.compile(r".*#|\s(?!(?:19|20)\d\d$)\d[\d/-]{2}")  # "Article #18200", "Media release 118/2021"
_OF_ANYTHING = frozenset(("ref no", "item no", "post no", "post id"))
# "18200", "PR-2021/117", "18,200"
_NUMBER = re.compile(
    r"^[#\u2116]?\s*((?:[A-Za-z]{1,6}[-/ ]?)?\d[\w/.-]{0,24}|\d{1,3}(?:[, \u00a0\u202f\u066c]\d{3})+)$"
)
_SHORT_NAME = re.compile(r"\d{1,2}[A-Z]\b")  # no date or count: "5G networks"
# A pictogram in front of a label, of an emoji's or of an icon font's: "\U0001f4c5 Date", "\u25aa Date".
_PICTURES = re.compile("^(?:[\u2190-\u2bff\ue000-\uf8ff\ufe0f\U0001f000-\U0001faff]+\\s*)+")
_EZAFE = re.compile(
    "\u06c0|(?:\u0647\u200c|\u06d5)\u06cc(?!\\w)"
)  # Persian "shomare-ye khabar", which others write without the "ye"; in Kurdish the same with its own letter
_UNACCENTED = 5  # letters; in a shorter word the accent tells two apart: "\u00e0" and "a", "th\u00e8me" and "theme"
_SPELT: dict[int, str] = {
    **dict.fromkeys((0x307, 0x640, 0x200C, 0x200D, *range(0x64B, 0x656)), ""),  # the stretch mark, joiners, vowel signs
    **dict.fromkeys(map(ord, "\u02bb\u02bc\u2018\u2019\u0060\u00b4\u05f3"), "'"),
    0x131: "i",  # in capitals Turkish has no other for it where a program made them
}
for _letters, _one in (
    ("\u064a\u0649\u06d0\u06cd", "\u06cc"),
    ("\u0643", "\u06a9"),
    ("\u06ab", "\u06af"),
    ("\u0629\u06c1\u06be\u06c3\u06c0\u06c2\u06d5", "\u0647"),
):
    _SPELT.update(dict.fromkeys(map(ord, _letters), _one))
_BARE = {**_SPELT, **dict.fromkeys(range(0x300, 0x370), "")}
_FOLDED = re.compile(f"[{''.join(map(chr, _BARE))}]")
_FOLDED_ENDS = _ENDS + ":\uff1a\u0983'\u2019\u05f3"
_PLAIN_FOLDED = _PLAIN_AROUND + ":'"  # a short list is soon searched


@dataclass(frozen=True, slots=True)
class _Hit:
    """A label met in the page's text: which field, at which piece of text, and the value's text behind it."""

    field: str
    label: str
    at: int
    value: str
    end: int  # the piece that holds the value; `at` itself when both stand in one


def fold(label: str) -> str:
    """The form in which labels are compared: no case, accents, joiners, pictures in front or punctuation at the ends.

    >>> fold("▪ Publié le :"), fold("ΔΗΜΟΣΙΕΥΣΗ") == fold("δημοσίευση"), fold("À")
    ('publie le', True, 'à')
    """
    if label.isascii():
        return label.strip(_PLAIN_FOLDED).lower()
    label = label.strip(_FOLDED_ENDS).casefold()
    if label.isascii():
        return label
    label = _EZAFE.sub("\u0647", _PICTURES.sub("", label))
    parts = unicodedata.normalize("NFD", label)
    if _FOLDED.search(parts):
        parts = parts.translate(_BARE if len(label) > _UNACCENTED else _SPELT)
    return unicodedata.normalize("NFC", " ".join(parts.split()))


@functools.cache
def _words() -> dict[str, str]:
    """Folded label -> field. A word that is two fields in two languages goes to the one that more languages give it."""
    votes: dict[str, dict[str, int]] = {}
    for language in table("labels.toml").values():
        signs = [*language["number"], "#", "\u2116"]
        releases = [f"{release} {word}" for release in language.get("release", ()) for word in signs]
        for field, words in {**language, "number": [*language["number"], *releases], "release": ()}.items():
            for word in map(fold, words):
                votes.setdefault(word, {}).setdefault(field, 0)
                votes[word][field] += 1
    return {word: max(fields, key=lambda f: (fields[f], -FIELDS.index(f))) for word, fields in votes.items() if word}


def field_of(text: str) -> str | None:
    """The field that a text is a label of, None where it is none."""
    return _words().get(fold(text))


def find(doc: Document) -> tuple[Label, ...]:
    """The labelled lines of the page's own article: the block of labels nearest its headline; empty without one."""
    body = doc.tree.body
    if body is None:
        return ()
    pieces = doc.pieces
    for colon in _OTHER_COLONS:
        if colon[0] in doc.text:
            pieces = [piece.replace(colon, ":") for piece in pieces]
    hits = [_dated(hit, doc) for hit in map(_signed, _hits(pieces)) if _plausible(hit, doc)]
    block = _with_number(hits, _block(hits, doc, lambda: place_among(pieces, doc))) if hits else []
    if not block:
        return ()
    nodes = list(itertools.islice(doc.text_nodes(), max(hit.end for hit in block) + 1))
    seen: dict[str, Label] = {}
    others = []
    for hit in sorted(block, key=_is_vague):
        label = Label(hit.field, clean(hit.value), tuple(nodes[hit.at : hit.end + 1]), hit.label)
        if hit.field == "other":
            others.append(label)
        elif not _is_hidden(label.nodes[0], label.nodes[-1]):
            first = seen.setdefault(hit.field, label)
            again = first.label == label.label
            if first is not label and (first.value == label.value if again else hit.field == "number"):
                others.append(replace(label, field="other"))  # the same line, for small screens; the issue's number
    number = seen.get("number")
    if number and len({hit.value for hit in block if hit.label == number.label}) > 1:
        del seen["number"]  # "ID: 4972 ... ID: 4914": a list of other pages
    return (*seen.values(), *others)


def _with_number(hits: list[_Hit], block: list[_Hit]) -> list[_Hit]:
    """The block with the page's only number whose label says what it numbers: "News ID: 21-630" at the end."""
    if not block or any(hit.field == "number" for hit in block):
        return block
    told = [hit for hit in hits if hit.field == "number" and _says_of_what(fold(hit.label))]
    return sorted([*block, *told], key=lambda hit: hit.at) if len(told) == 1 else block


def _is_vague(hit: _Hit) -> bool:
    """Whether a number may be another thing's, as "No. 4981" of the paper's issue, beside "News code: 18200"."""
    label = fold(hit.label) if hit.field == "number" else ""
    return bool(label) and (not _says_of_what(label) or label.startswith(("ref", "doc")))


def _says_of_what(label: str) -> bool:
    return " " in label and label not in _OF_ANYTHING


def _signed(hit: _Hit) -> _Hit:
    """The hit, as no author where it is a number: agencies sign so, "Reporter: 71451"."""
    return replace(hit, field="other") if hit.field == "author" and _NUMBER.match(hit.value) else hit


def _dated(hit: _Hit, doc: Document) -> _Hit:
    """A "time" that is a whole date is the date: "时间：2021年11月24日 09:18". In English: a server's.

    A "date" that is but a time is the time: "Published: 12:36".
    """
    if hit.field not in ("date", "time") or (hit.field == "time" and hit.label.isascii()):
        return hit
    dated = _is_dated(hit, doc)
    return hit if dated == (hit.field == "date") else replace(hit, field="date" if dated else "time")


def _is_dated(hit: _Hit, doc: Document) -> bool:
    found = read(hit.value, language=doc.language, now=doc.page.fetched_at)
    return found is not None and (found.date is not None or (hit.field != "time" and bool(found.issues)))


def _is_hidden(node: LexborNode, value: LexborNode) -> bool:
    """Whether the text is no printed label: a script's, an entry of a menu ("Category", "Number 1"), or over a menu."""
    parent, holder = node.parent, value.parent
    if parent is None:
        return False
    if holder is not None and holder.tag == "option":
        return True
    menu = parent.tag in ("a", "button", "option") and _COLONS.search(node.text()) is None
    return menu or parent.tag in ("script", "style", "noscript", "template", "textarea")


def _hits(pieces: list[str]) -> Iterator[_Hit]:
    """Every label with a value, in text order."""
    words = _words()
    for at in _candidates(words, pieces):
        if _COLONS.search(pieces[at]):
            yield from _in_line(words, pieces, at)
        else:
            yield from _without_colon(words, pieces, at)


def _candidates(words: dict[str, str], pieces: list[str]) -> list[int]:
    """Pieces that are a label, begin with one and a colon, or with one and end as a number does, or are a bar of such.
    Run on every piece of every page: the first look passes over what cannot be one, and nothing is folded that need
    not be."""
    return [
        at
        for at, piece in enumerate(pieces)
        if (":" in piece and len(piece) <= _MAX_LINE)
        or (len(piece) <= _MAX_LABEL and (not piece.isascii() or piece.strip(_PLAIN_AROUND).lower() in words))
        or ((piece[-1:].isdigit() or piece[-1:].isupper()) and len(piece) <= _MAX_LINE and not piece.isdecimal())
        if _begins(piece)
    ]


@functools.lru_cache(maxsize=4096)  # pages of one site have most of their short lines in common
def _begins(piece: str) -> bool:
    words, colon = _words(), ":" in piece
    head = piece.partition(":")[0] if colon else piece
    head = head.strip(_PLAIN_AROUND if head.isascii() else _ENDS)
    if len(head) <= _MAX_LABEL and (head.lower() in words or (not head.isascii() and fold(head) in words)):
        return True
    if (piece[-1].isdigit() or ("-" in piece and piece[-1].isupper())) and next(_numbers(words, piece), None):
        return True
    return bool(
        colon and (len(head) <= _MAX_LABEL or _STRONG.search(head)) and _SEPARATORS.search(head) and _BARS.search(head)
    )


def _in_line(words: dict[str, str], pieces: list[str], at: int) -> Iterator[_Hit]:
    """The labels of one piece: one line, or a bar of several with separators between."""
    parts = _split(words, pieces[at])
    for label, value in parts:
        field = words[fold(label)]
        if field == "category":
            value = _PIPE.split(value, maxsplit=1)[0].strip(_EDGE)
        if value:
            yield _Hit(field, label, at, value, at)
        elif (label, value) == parts[-1]:
            yield from _next_value(words, pieces, at, field, label)
    for label, value in _numbers(words, pieces[at]):
        yield _Hit("number", label, at, value, at)


def _numbers(words: dict[str, str], line: str) -> Iterator[tuple[str, str]]:
    """Numbers behind their words without a colon, alone or in a bar: "6 July 2021 | Press release no. 12/2021"."""
    for match in filter(None, map(_NUMBERED.match, _STRONG.split(line))):
        if words.get(fold(match[1])) == "number" or (
            _ITS_NUMBER.match(match[2] + match[3]) and words.get(f"{fold(match[1])} #") == "number"
        ):
            yield match[1], match[3]


def _split(words: dict[str, str], line: str) -> list[tuple[str, str]]:
    """(label, value) pairs of a line. A separator counts only where a known label follows it: dates have bars too. So
    does a blank, once a label has been met, but not within that label."""
    first = _COLONS.search(line)
    within = first.start() if first and fold(line[: first.start()]) in words else 0  # where the label at hand ends
    cuts, ends = [0], []
    for bar in _BARS.finditer(line):
        known = bar.end() >= within and (within or not bar[0].isspace())
        if known and _label_at(words, line, bar.end()):
            cuts.append(bar.end())
            ends.append(bar.start())
            within = _COLONS.search(line, bar.end()).start()  # type: ignore[union-attr]
    parts = []
    for begin, end in zip(cuts, [*ends, len(line)], strict=True):
        colon = _COLONS.search(line, begin, end)
        if colon and words.get(fold(line[begin : colon.start()])):
            value = _UNKNOWN.split(line[colon.end() : end], maxsplit=1)[0]
            parts.append((line[begin : colon.start()].strip(_EDGE), value.strip(_EDGE)))
    return parts


def _label_at(words: dict[str, str], line: str, start: int) -> bool:
    colon = _COLONS.search(line, start)
    return colon is not None and colon.start() - start <= _MAX_LABEL and fold(line[start : colon.start()]) in words


def _without_colon(words: dict[str, str], pieces: list[str], at: int) -> Iterator[_Hit]:
    """A label in an element of its own (dt, th, a heading span), or a number behind its word ("No. 18200")."""
    piece = pieces[at]
    field = words.get(fold(piece))
    if field is not None:
        yield from _next_value(words, pieces, at, field, piece)
    else:
        for label, value in _numbers(words, piece):
            yield _Hit("number", label, at, value, at)


def _next_value(words: dict[str, str], pieces: list[str], at: int, field: str, label: str) -> Iterator[_Hit]:
    """The value of a label that stands alone: the next piece that is no separator, unless that is a label itself."""
    for end in range(at + 1, min(at + 3, len(pieces))):
        piece = pieces[end]
        value = piece.strip(_EDGE + ":\uff1a")
        if not value:
            continue
        colon = _COLONS.search(piece)
        is_label = fold(piece) in words or (colon and colon.start() > 0 and fold(piece[: colon.start()]) in words)
        if len(value) <= 120 and not is_label:
            yield _Hit(field, label, at, _until_label(words, value), end)
        return


def _until_label(words: dict[str, str], value: str) -> str:
    """`value` cut before a further label behind a separator."""
    for bar in _BARS.finditer(value):
        if _label_at(words, value, bar.end()):
            return value[: bar.start()]
    return value


def _plausible(hit: _Hit, doc: Document) -> bool:
    """Whether the value can be the field's: a date that reads as one, a number with digits, a short category."""
    language = doc.language
    match hit.field:
        case "date" | "modified":
            return _is_dated(hit, doc) or (hit.field == "date" and _is_clock(hit.value, language))
        case "time":
            return _is_clock(hit.value, language)
        case "number":
            return _NUMBER.match(hit.value) is not None
        case "category":
            if _COUNTED.search(hit.value):
                return False
            named = not hit.value[0].isdigit() or _SHORT_NAME.match(hit.value) is not None
            return len(hit.value) <= 60 and named and hit.value[-1] not in ".!?:"
        case "other":
            return len(hit.value) <= 60
        case _:
            letters = any(c.isalpha() for c in hit.value) and not any(c.isdigit() for c in hit.value)
            return len(hit.value) <= 100 and letters and hit.value[-1] not in "!?:"


def _is_clock(value: str, language: str | None) -> bool:
    return len(value) <= 60 and read_clock(value, language) is not None


def _begins_anew(hit: _Hit, group: list[_Hit]) -> bool:
    """Whether a hit is the first of another article's labels: as the group's first, and farther off than its own."""
    if hit.label != group[0].label or hit.value == group[0].value:
        return False
    gap, fields = hit.at - group[-1].end, (each.field for each in group if each.field != "other")
    # Both are known after a few where a page has thousands of lines.
    if any(after.at - before.end >= gap for before, after in itertools.pairwise(group)):
        return False
    first = next(fields, None)
    return any(field != first for field in fields)


def _block(hits: list[_Hit], doc: Document, find_headline: Callable[[], int | None]) -> list[_Hit]:
    """The hits that belong together: neighbours with at least two fields, or a lone one close to the headline."""
    groups: list[list[_Hit]] = []
    for hit in hits:
        if groups and hit.at - groups[-1][-1].end <= _REACH and not _begins_anew(hit, groups[-1]):
            groups[-1].append(hit)
        else:
            groups.append([hit])

    groups = [g for g in groups if any(h.field != "other" for h in g)]
    several = [g for g in groups if len({h.field for h in g} - {"other"}) > 1]
    if len(several) == 1:
        return several[0]
    headline = find_headline()

    def distance(group: list[_Hit]) -> int:
        return 0 if headline is None else min(abs(h.at - headline) for h in group)

    if several:  # one in the article comes before the masthead's clock and the cards of other articles
        nodes = list(itertools.islice(doc.text_nodes(), max(group[0].at for group in several) + 1))
        places = [standing(doc, nodes[group[0].at]) for group in several]
        ranks = [(place is None, place or 0, distance(g)) for place, g in zip(places, several, strict=True)]
        return several[ranks.index(min(ranks))]
    near = [g for g in groups if headline is not None and distance(g) <= _NEAR]
    group = min(near, key=distance) if near else []
    lone = next((hit for hit in group if hit.field != "other"), None)
    return [hit for hit in group if hit is lone or hit.field == "other"]
