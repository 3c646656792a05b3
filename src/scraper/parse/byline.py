"""A byline that is only text: "By Ada Lind" near the headline, in no element that says what it is."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator

from scraper.data import table
from scraper.parse import datetext
from scraper.parse.document import Document
from scraper.parse.headline import headline
from scraper.parse.names import is_office, is_particle
from scraper.parse.sitename import host_label, is_site, site_names, squash

_LONGEST = 120  # characters of such a line
_BEFORE, _AFTER = 4, 14  # pieces of text around the headline
_PLACES = 20  # pieces that may be the headline: it stands in the page a few times, in a list of links once more
_WINDOW = 50  # pieces kept on either side of a headline, code among them
_BEHIND, _TITLE = 4, 5  # pieces behind the headline, and words of what somebody is, where no word for "by" stands
_DATE = 80  # characters of a date
_SHORT = 4  # characters of a word that a full stop may shorten: "Jr.", "GmbH."
_NO_NAMES = ", ".join(
    f"[class*='{word}' i]" for word in ("categ", "kicker", "eyebrow", "section", "topic", "locat", "place")
)
_BAR = re.compile(r"\s[|•·–-]\s")
_TITLED = re.compile(rf"{_BAR.pattern}|,\s")  # between a name and a title
_NAMED = 4  # words of one name
_HEAD = 12  # letters that a headline's first piece has at least, where it stands in several
_PLACE = re.compile(r", [^\W\d_a-z]\w{2,}$")  # of one word, behind a name
_DUTCH = re.compile(r"(?:\w+ )?door\b", re.IGNORECASE)  # "Door", "Geschreven door"
_MARKS = "-–—•·|*~ "  # in front of a byline: "— by Ada Lind"
_CODE = re.compile(r"[{}<>=;]")
_LETTER = re.compile(r"[^\W\d_]")
# Behind a name: "By Ada Lind ada@valley.example", "By Ada Lind @adalind"
_MAIL = re.compile(r"[\s,;|·(<–-]+(?:[^\s@]+@[^\s@]+\.\w+|@\w{2,30})\W*$")


@functools.cache
def _words(name: str) -> frozenset[str]:
    return frozenset(table("authorwords.toml")[name])


@functools.cache
def _start(name: str = "line") -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, _words(name)), key=len, reverse=True))
    return re.compile(rf"(?:{words})\s*[::]?(?:(?<=:)(?=\S)|\s+(?=\S)|$)", re.IGNORECASE)


@functools.cache
def _and() -> re.Pattern[str]:
    words = "|".join(map(re.escape, _words("between")))
    return re.compile(rf",?\s+(?:{words})\s+|\s*[,&]\s*", re.IGNORECASE)


@functools.cache
def _end(dutch: bool) -> re.Pattern[str]:
    """Where a name ends and a date, a place or a picture begins: "by Lind at 12:53", "Text: Ada Lind Fotos: Ott".

    A place follows "en" in Spanish; in Dutch one more name does: "Door Ada Lind en Ben Ott".
    """
    words = "|".join(map(re.escape, _words("line_ends") - _words("between") if dutch else _words("line_ends")))
    pictures = "|".join(map(re.escape, _words("picture")))
    return re.compile(
        rf"\s+(?:{words})(?:\s.*|$)|[\s|•·/(,–—-]+\d.*|\s+[|•·(–—-].*|[\s,/]+(?:{pictures})(?:\s|:).*",
        re.IGNORECASE | re.DOTALL,
    )


@functools.cache
def _initials(name: str = "line") -> frozenset[str]:
    return frozenset(word[:2] for word in _words(name))


def begins(line: str) -> bool:
    """Whether a line begins as bylines do; most do not by their first letters already."""
    if line[:1] in _MARKS:
        line = line.lstrip(_MARKS)
    return len(line) <= _LONGEST and line[:2].lower() in _initials() and _start().match(line) is not None


def whole(line: str) -> bool:
    """Whether a line is a byline and nothing else: "By Ada Lind and Ben Ott", "By Ada Lind, 4 May" or "Springfield"."""
    line = line.lstrip(_MARKS)
    start = _start().match(line) if begins(line) else None
    if start is None:
        return False
    names = _end(_DUTCH.match(line) is not None).sub("", _MAIL.sub("", line[start.end() :]))
    first, *rest = _and().split(_without_role(names))
    if len(rest) == 1 and _PLACE.search(names):
        rest = []
    return _is_person(first, alone=False) and all(_is_person(n, alone=False) or datetext.is_bare(n) for n in rest)


def parted(line: str) -> list[str]:
    """The parts of a line between commas and words for "and", also in front: "and Ben Ott"."""
    return _and().split(f" {line}")


def printed(doc: Document, own: bool = False) -> tuple[list[str], str]:
    """The names of the first byline in the text around the headline, and its line; empty where there is none.

    `own`, the first that names the site itself: "By Valley Times".
    """
    key = f"byline_printed_{own}"
    if key not in doc.memo:
        read = (_names(pieces, at, doc, own) for pieces, at in (near(doc) if _has_line(doc) else ()))
        doc.memo[key] = next((found for found in read if found[0]), ([], ""))
    names, line = doc.memo[key]
    return list(names), line


def behind_date(text: str) -> str | None:
    """The byline behind a date on one line: "4 May 2021 | 12:36 | By Ada Lind"."""
    if len(text) > _LONGEST or not any(map(str.isdigit, text)) or begins(text) or text[-1] in ".!?":
        return None  # "1998 – By the end of the year it was gone."
    parts = _BAR.split(text)
    at = next((i for i, part in enumerate(parts) if begins(part)), 0)
    return parts[at] if at and all(any(map(str.isdigit, part)) for part in parts[:at]) else None


def dated(doc: Document) -> tuple[list[str], str]:
    """The names of the first byline behind a date near the headline, and its line; empty where there is none."""
    lines = (line for pieces, at in near(doc) if (line := behind_date(pieces[at])))
    return next((found for line in lines if (found := _names([line], 0, doc, own=False))[0]), ([], ""))


def titled(doc: Document) -> tuple[list[str], str]:
    """A name right behind the headline that what somebody is stands behind: "Ada Lind | Senior Writer | 4 May"."""
    for pieces, at in _behind(doc):
        name, *behind = _TITLED.split(pieces[at])
        line = behind[0] if behind else "".join(pieces[at + 1 : at + 2])
        if _is_title(line) and _is_person(name, alone=False) and not is_office(name) and not begins(name):
            return [name], f"{name} | {line}"
    return [], ""


def with_title(line: str) -> str:
    """The name in a line of it and what somebody is who writes: "Ada Lind - Senior Writer"; else empty."""
    name, *behind = _TITLED.split(line)
    return name if len(behind) == 1 and _is_title(behind[0]) else ""


def before_date(doc: Document) -> tuple[list[str], str]:
    """A name in a text of its own behind the headline, or several that "and" ties, with the date right behind:
    "Ada Lind | 4 May 2021".
    """
    for pieces, at in _behind(doc):
        name, *behind = _BAR.split(pieces[at].strip(_MARKS))
        name, last = (name, at) if behind else _joined(pieces, at)
        line = next(filter(None, (text.strip(_MARKS) for text in behind or pieces[last + 1 : last + 3])), "")
        found = _and().split(name) if last > at else [name.strip(_MARKS)]
        if _tells_day(line, doc) and all(_is_lone_name(each, doc) for each in found):
            return found, f"{name} | {line}"
    return [], ""


def _behind(doc: Document) -> Iterator[tuple[list[str], int]]:
    """The first pieces of text behind each headline, as a run of them and the place in it."""
    for pieces, at in _windows(doc):
        yield from ((pieces, i) for i in range(at + 1, min(at + 1 + _BEHIND, len(pieces))))


def _tells_day(line: str, doc: Document) -> bool:
    """Whether a line is a date, or says that the date behind it is the text's: "Published 6 July", "Published"."""
    said = _dated().match(line)
    rest = line[said.end() :] if said else line
    return _is_date(rest.strip(": ") if said and not rest[:1].isalpha() else line, doc) or (
        said is not None and not rest
    )


@functools.cache
def _dated() -> re.Pattern[str]:
    words = sorted(_words("dated"), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)), re.IGNORECASE)


def _is_date(line: str, doc: Document) -> bool:
    if len(line) > _DATE or not any(map(str.isdigit, line)) or not datetext.is_bare(line):
        return False
    when = datetext.read(line, language=doc.language)
    return when is not None and (when.date is not None or bool(when.issues))


def _is_lone_name(text: str, doc: Document) -> bool:
    """Whether a text is a name by itself: no link or word of sections, no town, and not the headline's."""
    if not _is_person(text, alone=False) or text.isupper() or begins(text) or is_office(text):
        return False
    folded = text.casefold()
    words = folded.split()
    if words[-1] in _words("outlets") or folded in _words("nobody") or folded in _words("places"):
        return False
    if not _words("things").union(table("metadata.toml")["sections"]).isdisjoint(words) or words[0] in _words("places"):
        return False
    return not any(squash(text) in head for head in _heads(doc)) and text not in _called(doc)


def _called(doc: Document) -> frozenset[str]:
    """The texts of the page's links, and of what is named for a section or a place; not of links to authors' pages."""
    links = [node for node in doc.anchors if not author_page().search(node.attributes.get("href") or "")]
    nodes = [*((node, True) for node in links), *((node, False) for node in doc.css(_NO_NAMES))]
    return frozenset([" ".join(node.text(deep=deep).split()) for node, deep in nodes])


@functools.cache
def author_page() -> re.Pattern[str]:
    """The address of an author's page, in the common systems: /author/ada, /blog?author=1."""
    words = "|".join(map(re.escape, table("authorwords.toml")["pages"]))
    return re.compile(
        rf"/(?:{words})/[^/?#]|[?/&](?:{words})(?:id)?[=?]|/profile/[^/]+/(?:profile|blog-posts)", re.IGNORECASE
    )


def _is_title(text: str) -> bool:
    """Whether a text is what somebody is who writes, in few words and not only "Author".

    Others are as often whom the article is about, or what its menu offers: "Chief Executive", "Talk to an Expert".
    """
    words = text.split()
    if not 1 < len(words) <= _TITLE or not text[0].isupper() or re.search(r"[\d.:?!]", text):
        return False
    writers = table("authorwords.toml")["writers"]
    return any(word.strip(",").casefold() in writers for word in words)


def signed(doc: Document) -> tuple[list[str], str]:
    """The names of the line that says who wrote the text, wherever it stands; empty where several lines differ."""
    start, initials = _start("signed"), _initials("signed")
    known: dict[tuple[str, ...], str] = {}
    for at, piece in enumerate(doc.pieces):
        if piece[:2].lower() in initials and len(piece) <= _LONGEST and start.match(piece):
            names, line = _names(_clean(doc.pieces[at : at + 5]), 0, doc, own=False, start=start)
            known.setdefault(tuple(names), line)
    known.pop((), None)
    return (list(next(iter(known))), next(iter(known.values()))) if len(known) == 1 else ([], "")


def reported(doc: Document) -> tuple[str, str]:
    """The names of the first line around the headline that names a reporter as Chinese and Korean papers do, and it."""
    lines = (pieces[at] for pieces, at in near(doc) if not pieces[at][:_LONGEST].isascii())
    return next(((match[1], match[0]) for line in lines if (match := reporter(line))), ("", ""))


def reporter(line: str) -> re.Match[str] | None:
    """How a line begins that names a reporter: "記者林一／北港報導"; its first group are the names."""
    return next(filter(None, (pattern.match(line) for pattern in _reporters())), None)


@functools.cache
def _reporters() -> tuple[re.Pattern[str], ...]:
    words = table("authorwords.toml")
    rows = (row.replace("<汉>", f"[{words['families']}]") for row in words["reporters"])
    return tuple([re.compile(row.replace("<한>", f"[{words['korean']}]")) for row in rows])


def _has_line(doc: Document) -> bool:
    known = doc.memo.get("byline_begins")
    if known is None:
        known = doc.memo["byline_begins"] = any(map(begins, doc.pieces))
    return bool(known)


def near(doc: Document, after: int = _AFTER) -> Iterator[tuple[list[str], int]]:
    """Pieces of text around each headline, as a run of them and the place in it: those behind it first."""
    for pieces, at in _windows(doc):
        for i in (*range(at + 1, min(at + 1 + after, len(pieces))), *range(at - 1, max(at - 1 - _BEFORE, -1), -1)):
            yield pieces, i


def _windows(doc: Document) -> list[tuple[list[str], int]]:
    """The pieces around each that is the headline, or the main heading, or begins as these do, and where it is."""
    known = doc.memo.get("byline_windows")
    if not isinstance(known, list):
        known = doc.memo["byline_windows"] = [
            ([*before, *_clean(doc.pieces[at : at + _WINDOW])], len(before))
            for at in itertools.islice(_places(doc.pieces, _heads(doc)), _PLACES)
            for before in [_clean(doc.pieces[max(0, at - _WINDOW) : at])]
        ]
    return known


def _clean(pieces: list[str]) -> list[str]:
    """Pieces of text without code, each on one line."""
    return [" ".join(p.split()) for p in pieces if p and is_text(p)]


def is_text(piece: str) -> bool:
    """Whether a piece is no code: a script, a style."""
    return len(piece) <= _LONGEST or _CODE.search(piece) is None


def _heads(doc: Document) -> tuple[str, ...]:
    """The headline, squashed, and the main heading, which the page may give other words than its data."""
    found = headline(doc)
    texts = [str(found.value)] if found else []
    return tuple(dict.fromkeys(filter(None, map(squash, [*texts, *(node.text() for node in doc.h1s[:1])]))))


def _places(pieces: list[str], heads: tuple[str, ...]) -> Iterator[int]:
    initials = {head[0] for head in heads}
    for at, piece in enumerate(pieces):
        first = piece[:1].casefold()
        if first.isascii() and first.isalnum() and first not in initials:
            continue  # most pieces, at no cost
        begin = squash(piece[:_HEAD])
        for head in heads:
            if not head.startswith(begin):
                continue
            key = squash(piece)
            if key == head or (len(piece) >= _HEAD and key and head.startswith(key)):
                yield at
                break


def _names(
    pieces: list[str], at: int, doc: Document, own: bool, start: re.Pattern[str] | None = None
) -> tuple[list[str], str]:
    """The names of a line that begins as bylines do: in the same piece of text, or in the next ones."""
    line = pieces[at].lstrip(_MARKS)
    begin = (start or _start()).match(line) if len(line) <= _LONGEST else None
    if begin is None or _ends_sentence(line):
        return [], ""
    rest = _MAIL.sub("", line[begin.end() :])
    dated = bool(re.search(r"\d", rest))
    if not rest and at + 1 < len(pieces):
        rest, last = _joined(pieces, at + 1)
        dated = any(re.search(r"\d", p) for p in (*pieces[max(0, at - 2) : at], *pieces[last + 1 : last + 4]))
        line = f"{line} {rest}"
    found: list[str] = []
    for part in _and().split(_end(_DUTCH.match(line) is not None).sub("", rest)):
        if is_site(part, site_names(doc), host_label(doc), part=False):
            return ([part], line) if own and not found else (found, line)
        part = part if found else _without_role(part)
        if own or is_office(part) or not _is_person(part, alone=dated and not found):
            break
        found.append(part)
    return found, line


def _ends_sentence(line: str) -> bool:
    """Whether a line is the end of a sentence that began in another element: "<i>Lamps</i>, by Ada Lind, with art." """
    return line[:1].islower() and line[-1] == "." and "," in line and len(line.split()[-1]) > _SHORT


def _without_role(text: str) -> str:
    """A name without what the person is in front, in small letters: "By political reporter Ada Lind"."""
    words = text.split()
    at = next((i for i, word in enumerate(words) if not word.islower()), 0)
    return " ".join(words[at:]) if at and words[at - 1] in _words("role") else text


def _joined(pieces: list[str], at: int) -> tuple[str, int]:
    """A name in a piece of its own, with those that "and" and commas tie to it, and where the last one stands."""
    text = pieces[at]
    while at + 2 < len(pieces) and _and().fullmatch(f" {pieces[at + 1]} ") and len(pieces[at + 2]) <= _LONGEST // 2:
        text, at = f"{text} {pieces[at + 1]} {pieces[at + 2]}", at + 2
    return (text if len(text) <= _LONGEST else ""), at


def _is_person(text: str, alone: bool) -> bool:
    """Whether a text can be a person's name: two words or more, none small but "von" and its like; `alone`, one."""
    words = text.split()
    if not (1 if alone else 2) <= len(words) <= _NAMED or words[0].casefold() in _words("articles"):
        return False
    if len(words) == 1:
        return len(text) > 2 and _LETTER.match(text) is not None and text.casefold() not in _words("nobody")
    return all(_LETTER.match(w) and (not w[0].islower() or is_particle(w)) for w in words) and not re.search(
        r"[\d:!?_]", text
    )
