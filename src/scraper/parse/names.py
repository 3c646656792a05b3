"""Texts -> people's names: without roles, dates, addresses and the words that stand around them."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Collection, Iterable, Iterator

from scraper.data import table
from scraper.parse import datewords
from scraper.parse.sitename import tidy

MAX = 40  # authors; more is a directory
LONGEST, _BODY = 60, 150  # characters of one name, and of an organisation's
_UNPARTED = "\u2e80"  # the letters from here on are Chinese, Japanese, Korean
_LONGEST_UNPARTED = 12  # letters of such a name
_LOOSE = 3  # words of a newsroom's name that is no person's
_WORDS = 7  # of one name
DROPPED = re.compile(
    r"https?://\S+|www\.\S+|\S+@\S+|\S+\s?[\[(]at[\])]\s?\S+|(?<!\w)@\w+|\([^()]*(?:\)|$)|\[[^\[\]]*\]|<[^<>]*>|[\"“”„*#•]"
)
_MARKS = re.compile(r"\s*(?:[;|/、，,،؛·]|\n|\s[–—ـ-]\s|／)\s*")
# Names in Chinese with a blank between: "王丽 张强"
_HAN = re.compile(r"(?!.*[記记]者)[\u4e00-\u9fff]{2,4}(?:\s[\u4e00-\u9fff]{2,4})+")
_NOT_A_NAME = re.compile(r"\d|[{}=<>_?!%$:：]|\.(?:html?|jpe?g|png)\b|^\W*$")
_INITIAL = re.compile(r"\s[^\W\d_]\s")
_OUTLET = re.compile(r"^.*?(?:記者|记者)\s*(?=\S)|^\S+=(?=\S+ (?:기자|특파원)$)")  # "聯合報 記者林某", "스포츠=박 기자"
_GENDERS = re.compile(r"(?<=[Aa]utor|AUTOR)[*:/_]-?in(?:nen)?\b", re.IGNORECASE)  # "Autor*innen", "AUTOR/IN"
# Where a reporter is, in front of the name in Korean, which has no blank: "남천, 강진 이도연 기자". Three syllables are
# another reporter.
_POSTED = re.compile(r"^(?:[가-힣]{2}[,·]\s?)*[가-힣]{2} (?=[가-힣]{2,4} 기자(?!\S))")
_DEGREE = re.compile(r"[A-Z][\w.&-]*[A-Z][\w.-]*|Jr\.?|Esq\.?")  # behind a name, or an agency: "Ada Lind, PhD, AFP"
_CALL_SIGN = range(3, 7)  # letters of a station's name, behind one in mixed case: "Ada Lind, ARD Wien"
_ADMIN = re.compile(r"(?<![^\W_])(?:admin|\w{0,8}admin[\dn]?\b)", re.IGNORECASE)  # accounts: "wpadmin", "Web Admin"
_GOES_ON = re.compile(r"\S+ (?:in|on|for)(?: [^\d@]*)?", re.IGNORECASE)  # "Hands On", "Department for Lamps"
_INITIALLED = re.compile(r"[^\s\d.]{1,5}\.(?=[^\W\d_a-z])[^\s\d.]{3,}")  # as in South India: "S.Kovendan"
_GERESH = re.compile(r"[גזצץת]['’׳]$")  # a Hebrew letter's own sign, no quotation's
_ABBREVIATED = re.compile(r"(?:^|[\s.])[^\W\d_]{1,2}\.$")  # "Ada Lind Jr.", "Ada L.", "Harbour Board e. V."


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
    spelled = "|".join(re.escape(word) for word in listed if len(word) > 2)  # no "A. Lind"
    forms = {
        "before": rf"^(?:{words})(?:\s*[:：.]?\s+|\s*[:：／]\s*)",
        "between": rf"(?-i:^(?:{spelled})\s+)|\s+(?:{words})\s+|\s*&\s*",  # ", and Ben Ott"
        "until": rf"\s+(?:{words})(?:\b.*|$)",
        "dated": rf"(?:^|\s+)(?:{words})(?:\b.*|$)",
        "after": rf"\s+(?:{words})$",
        "glued": rf"(?<=\w\w)\s+(?:{words})$",
        "picture": rf"^(?:{words})\W",
        "role": rf"(?:^|\W)(?:{words})(?:\W|$)",
        "office": rf"(?:^|\W)(?:{words})(?:\W|$)",
        "institutions": rf"(?:^|\W)(?:{words})(?:\W|$)",
        "links": rf"^(?:{words})(?:\W|$)",
        "others": rf"^(?:{words})(?:\s*:\s*$|$|(?=\W))",
    }
    return re.compile(forms[name], re.IGNORECASE | re.DOTALL)


def names(texts: Iterable[str], bodies: Collection[str] = ()) -> list[str]:
    """The names in some texts, cleaned, each once, in order; those of organisations, `bodies`, whole.

    >>> names(["By Ada Lind and Ben Ott, News Reporter", "ADA LIND", "desk@valley.example"])
    ['Ada Lind', 'Ben Ott']
    """
    found: dict[str, str] = {}
    for text in texts:
        parts = list(_split(text))
        if text in bodies and _is_one(text, parts):
            parts = [text]
        for name in parts:
            if len(found) < MAX:
                found.setdefault(name.casefold(), name)
    return list(found.values())


def _is_one(text: str, parts: list[str]) -> bool:
    """Whether an organisation's name is one: "Foreign & Commonwealth Office", and not "Ada Lind and Ben Ott"."""
    return len(text) <= _BODY and (len(parts) == 1 or (bool(parts) and not persons(parts)))


def _split(text: str) -> Iterator[str]:
    text = DROPPED.sub(" ", _GENDERS.sub("in", text[:2000]))
    text = _POSTED.sub("", strip_before(text.strip()))
    parts = [piece for part in _MARKS.split(text) for piece in (part.split() if _are_chinese(part) else [part])]
    pictured = {part for part, after in itertools.pairwise(parts) if is_picture_role(after)}
    if pictured and not all(part in pictured or is_picture_role(part) for part in parts):
        parts = [part for part in parts if part not in pictured]
    full = mixed = False
    for part in parts:
        beside = full
        if (is_role(part) or is_picture_role(part)) and part != text:
            continue
        pieces = _pattern("between").split(part)
        if _INITIAL.search(part) and any(" " not in piece.strip() for piece in pieces):
            pieces = [part]  # "José Lind e Ott" is one name, "José Lind e Ada Ott" are two
        for piece in pieces:
            place = beside and len(pieces) == 1
            if (name := one(piece)) is not None and not (beside and _is_employer(name, mixed, place)):
                full, mixed = full or " " in name, mixed or (" " in name and not name.isupper())
                yield name


def _are_chinese(text: str) -> bool:
    """Whether a text is several names in Chinese with a blank between, and no Japanese one: "田中 真由美"."""
    if _HAN.fullmatch(text) is None:
        return False
    parts, families = text.split(), table("authorwords.toml")["families"]
    return len(parts) > 2 or all(part[0] in families for part in parts)


def _is_employer(name: str, mixed: bool, alone: bool) -> bool:
    """Whether what stands behind a full name is a degree, an agency, an institution or, in `mixed` case, a station.

    Or a place, as a single word mostly is, if nothing but a comma ties it to that name: "Ada Lind, London".
    """
    if alone and mixed and name.isalpha() and not (name.islower() or name.isupper()) and name[0] < _UNPARTED:
        return name.casefold() not in table("authorwords.toml")["agencies"]
    first = name.partition(" ")[0]
    if _DEGREE.fullmatch(name) or (mixed and first.isupper() and len(first) in _CALL_SIGN):
        return True
    return " " in name and _pattern("institutions").search(name) is not None


def joined(text: str) -> list[str]:
    """The name behind each word between two: ["Ben Ott"] of "Ada Lind and Ben Ott, New York"; [""] without one."""
    _, *behind = _pattern("between").split(DROPPED.sub(" ", text))
    return [next(iter(names([piece])), "") for piece in behind] or [""]


def strip_before(text: str) -> str:
    for _ in range(2):
        shorter = _pattern("before").sub("", text, count=1)
        if shorter == text:
            break
        text = shorter
    return text


def one(text: str) -> str | None:
    """One name, or None for what cannot be one."""
    text = tidy(text).replace("\u00ad", "")
    text = _until(_pattern("dated").sub("", strip_before(_OUTLET.sub("", text))))
    text = _unglued(_pattern("after").sub("", text).strip(" ,:;|–—-»›\t"))
    text = text.lstrip(" ,:;|–—-'’»›\t").lstrip(".").strip()
    if not _GERESH.search(text):
        text = text.rstrip(" ,:;|–—-'’»›\t")
        whole = (
            _ABBREVIATED.search(text) or text.rpartition(" ")[2].casefold() in table("authorwords.toml")["companies"]
        )
        text = text if whole else text.rstrip(" .,:;|–—-'’")
    if (
        _pattern("picture").match(text)
        or _pattern("links").match(text)
        or others_task(text)
        or not 1 < len(text) <= LONGEST
        or len(text.split()) > _WORDS
        or text.casefold() in _no_names()
        or _ADMIN.search(text)
    ):
        return None
    if text.split()[-1].casefold() in table("authorwords.toml")["hanging"]:
        return None
    if len(text) > 2 and datewords.fold(text.rstrip(".")) in datewords.words().weekdays.names:
        return None  # "By Ada Lind, Monday"
    return None if _NOT_A_NAME.search(text) and not text.replace(" ", "").isalpha() and not _dotted(text) else text


def _until(text: str) -> str:
    """A name without what follows it: "Ada Lind for Valley Times". One word and no date is a name that goes on."""
    shorter = _pattern("until").sub("", text)
    return text if " " not in shorter and _GOES_ON.fullmatch(text) else shorter


def _unglued(text: str) -> str:
    """A name of two words or more without the office behind it: "ADA LIND Staff Writer"."""
    shorter = _pattern("glued").sub("", text)
    articles = table("authorwords.toml")["articles"]
    return shorter if " " in shorter and shorter.split()[0].casefold() not in articles else text


def _dotted(text: str) -> bool:
    """A site that signs with its own name may have digits in it: "BR24 Redaktion"; a date or a count may not."""
    return re.fullmatch(r"(?=\D)[\w.' -]*[^\W\d]{2}\d{1,3}(?: [^\W\d]+){0,3}", text) is not None


def others_task(text: str) -> re.Match[str] | None:
    """What others did for an article, where a text begins with it: "Reviewed by", "Fotos: "."""
    return _pattern("others").match(text)


def is_role(text: str) -> bool:
    """Whether a text tells what somebody does: "Senior News Reporter"."""
    return _pattern("role").search(text) is not None


def is_picture_role(text: str) -> bool:
    """Whether a text behind a name says that this person took the pictures: "Fotograf"."""
    return text.strip(" ,:()").casefold() in table("authorwords.toml")["picture_roles"]


def is_office(text: str) -> bool:
    """Whether a text behind a name tells where or as what somebody works: "Global Desk", "Shipping Expert"."""
    return _pattern("office").search(text) is not None or is_role(text)


def beside(found: list[str]) -> list[str]:
    """`found`, of the page's data, without other publishers and offices, where persons are named beside them.

    Agencies stay there: of what the data of the press name, they are often half.
    """
    agencies = table("authorwords.toml")["agencies"]
    kept = [name for name in found if name.casefold() in agencies or not (is_outlet(name) or is_office(name))]
    return kept if any(" " in name and name.casefold() not in agencies for name in kept) else found


def is_outlet(name: str) -> bool:
    """Whether a name is an agency's or a publisher's: "Tribune News Service", "The Valley Times"."""
    words, parts = table("authorwords.toml"), name.casefold().split()
    known = name.casefold() in words["agencies"] or parts[0] in words["articles"]
    return known or (len(parts) > 1 and parts[-1] in words["outlets"])


def persons(found: list[str]) -> bool:
    """Whether all names look like a person's: two words, in scripts that part them, and no sentence: "Send us mail"."""
    parted = (" " in name or max(name) >= _UNPARTED or _INITIALLED.fullmatch(name) for name in found)
    return all(parted) and not any(map(is_sentence, found))


def is_particle(word: str) -> bool:
    """Whether a small word stands within names, or begins one: "von", "al-Laith"."""
    return word.partition("-")[0] in table("authorwords.toml")["particles"]


def is_sentence(text: str, loose: bool = False) -> bool:
    """Whether a text has words that no person's name has; `loose`, and more of them than "the Valley Team"."""
    words = table("authorwords.toml")
    if max(text) >= _UNPARTED and len(text) > _LONGEST_UNPARTED:
        return True
    if any(word in words["small"] for word in text.split()):
        return not loose or len(text.split()) > _LOOSE
    small = any(word[0].islower() and not is_particle(word) for word in text.split())
    return " " in text and small and not text.islower() and not (loose and len(text.split()) <= _LOOSE)
