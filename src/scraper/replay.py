"""Saved pages against the records expected of them: what `scraper replay` and the pytest plug-in share.

Three layouts are read. A folder per page, as `scraper save` writes it: page.html, page.json, expected.json. A site:
pages/ as they are served, expected/<slug>.json with links on the site as paths, and replay.toml, which has the origin.
And WARC files: beside x.warc.gz stands x.warc.gz.expected/<hash of the URL>.json.
An expectation may hold some of the record's fields only; the others are not compared.
Where a page.json has "tries", the page is fetched again from its record: see `rehearse`.
"""

from __future__ import annotations

import functools
import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from scraper import pages
from scraper.archive import folder, served, walk, warc
from scraper.config import Config
from scraper.errors import FetchError, SkipPage, StoreError
from scraper.fetch.decode import decode
from scraper.files import put
from scraper.model import NO_RULES, Article, Page
from scraper.parse import article
from scraper.report import escape

EXPECTED = "expected.json"
NOTE = served.NOTE
LINKS = ("url", "canonical_url", "image")  # a site's expectations hold them as paths
UNCOMPARED = "parser_version"  # another version alone is no difference
# What content_hash is made of. Where one of these differs, the hash does too, and says nothing more.
HASHED = {"headline", "date", "time", "category", "number", "body"}
ENDING = {"outcome", "reason", "requests"}  # beside a rehearsed page's record; alone where no page arrives
WIDTH = 72  # characters of a value that are shown
LARGEST = 1_000_000_000  # bytes of a decoded body: the most that fetch.max_body may be


@dataclass(frozen=True, slots=True)
class Case:
    """One saved page and where its expectation stands."""

    name: str  # as it is told: the page's folder, or the site's folder and the page's slug
    file: Path  # the expectation
    home: Path  # the folder of a page, or of a site
    slug: str | None = None  # None for a folder per page
    kept: Page | FetchError | None = None  # from a WARC file: the page, or its flaw


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison of one page came to."""

    compared: int  # fields
    differences: Mapping[str, str]  # field -> "expected ..., got ..."
    passing: Mapping[str, str]  # fields marked xfail that are as expected after all, in words
    expected_failures: Mapping[str, str]  # as `differences`, of fields marked xfail
    record: Mapping[str, Any]  # what the page gives now, links as the expectation writes them


# --- finding ----------------------------------------------------------------------------------------------------------


def cases(root: Path) -> Iterator[Case]:
    """Every saved page below a folder or in a WARC file, in the order of the files.

    Raises StoreError for none, and for a folder that cannot be listed: what is in it would pass unseen.
    """
    if not root.exists():
        raise StoreError(f"{root}: no such file or folder")
    files, flaws = walk.below(root, lambda name: True) if root.is_dir() else ([root], [])
    for each in flaws:
        raise StoreError(f"{each.place}: cannot be read: {each.flaw and each.flaw.detail}")
    archives = [file for file in files if warc.is_named(file.name)]
    found = [case for file in files if file.suffix == ".json" and (case := case_of(file))]
    if not found and not archives:
        raise StoreError(
            f"{root}: no saved pages here; looked for folders with {folder.META}, sites with {NOTE}, and WARC files"
        )
    yield from found
    for archive in archives:
        yield from _archived(archive)


def _archived(archive: Path) -> Iterator[Case]:
    """The pages of a WARC file, one after another, and its flaws; what holds no page is passed over."""
    home, copies = archive.with_name(f"{archive.name}.{EXPECTED.removesuffix('.json')}"), Counter[str]()
    for entry in pages.entries(str(archive)):
        found = pages.usable(entry)
        if isinstance(found, SkipPage):
            continue
        url = found.url if isinstance(found, Page) else entry.place
        copies[url] += 1
        name = folder.name_of(url, copies[url])
        yield Case(entry.place, home / f"{name}.json", home, kept=found)


def case_of(file: Path) -> Case | None:
    """The saved page that a file holds the expectation of, or would, were it there; None for any other file."""
    home = file.parent
    if home.name == "expected" and (home.parent / NOTE).is_file():
        return Case(str(home.parent / file.stem), file, home.parent, file.stem)
    if home.name.startswith("."):  # a folder that is being written, or was when a process died
        return None
    if file.name == EXPECTED or (file.name == folder.META and not (home / EXPECTED).exists()):
        return Case(str(home), home / EXPECTED, home)
    return None


def expectation(case: Case) -> dict[str, Any]:
    """The expected fields. Raises StoreError."""
    if not case.file.is_file():
        raise StoreError(f"{case.file}: no such file; scraper replay --accept writes it")
    try:
        fields = json.loads(case.file.read_bytes())
    except (OSError, ValueError) as error:
        raise StoreError(f"{case.file}: cannot be read: {error}") from error
    if not isinstance(fields, dict):
        raise StoreError(f"{case.file}: expected a JSON object of fields")
    return fields


def compared(case: Case) -> list[str]:
    """The fields that the expectation asks for. Raises StoreError."""
    return [name for name in expectation(case) if name != UNCOMPARED]


def xfail(case: Case) -> dict[str, str]:
    """The fields that are known to be wrong, with the reason: "xfail" of page.json. Raises StoreError."""
    if case.slug is not None or case.kept is not None:
        return {}
    file = case.home / folder.META
    try:
        marks = json.loads(file.read_bytes()).get("xfail", {})
    except (OSError, ValueError, AttributeError) as error:
        raise StoreError(f"{file}: cannot be read: {error}") from error
    if not isinstance(marks, dict) or not all(isinstance(reason, str) for reason in marks.values()):
        raise StoreError(f'{file}: xfail: expected {{"field": "reason", ...}}')
    return marks


def page(case: Case) -> Page:
    """The saved page. Raises StoreError, also where it was changed since it was saved."""
    if isinstance(case.kept, FetchError):
        raise StoreError(f"{case.name}: {case.kept}")
    if case.kept is not None:
        return case.kept
    if case.slug is None:
        return _kept(case.home)
    note, path = served.note(case.home), expectation(case).get("url")
    file = _served(case.home.absolute()).get(path) if isinstance(path, str) else None
    if file is None:
        raise StoreError(f"{case.file}: url: no page under {case.home / 'pages'} is served at {path!r}")
    url = f"{note['origin']}{path}"
    return Page(url, url, 200, (("Content-Type", served.content_type(note, str(path))),), file.read_bytes(), None)


@functools.lru_cache(maxsize=8)
def _served(home: Path) -> dict[str, Path]:
    """The pages of a site by their paths: looked for once, since each of its cases needs one of them."""
    found: dict[str, Path] = {}
    for file in home.glob("pages/**/*.html"):
        found.setdefault(served.path(home, file), file)
    return found


def _kept(home: Path) -> Page:
    kept = folder.entry(home / folder.PAGE, _decode)
    if kept.page is None:
        words = [str(home / folder.PAGE), *([kept.flaw.reason, kept.flaw.detail] if kept.flaw else [])]
        raise StoreError(": ".join(filter(None, words)))
    return kept.page


def _decode(wire: bytes, codings: Sequence[str]) -> bytes:
    """A page kept as it came is decoded by the code that decodes a live one. Raises FetchError."""
    return decode(wire, codings, LARGEST).body


# --- comparing --------------------------------------------------------------------------------------------------------


def verdict(case: Case, config: Config | None = None) -> Verdict:
    """Parses a saved page by its site's rules in `config` and compares. Opens no socket. Raises StoreError."""
    if isinstance(case.kept, FetchError):
        page(case)  # what is wrong there is told, not that it has no expectation
    wanted, known = expectation(case), xfail(case)
    record, why = _given(case, config)
    if unknown := known.keys() - wanted.keys():
        raise StoreError(f"{case.home / folder.META}: xfail: {case.file} has no field {', '.join(sorted(unknown))}")
    found = differences(wanted, record)
    if why and "reason" in found:
        found["reason"] += f" ({escape(why)})"
    return Verdict(
        compared=len(wanted.keys() - {UNCOMPARED}),
        differences={name: words for name, words in found.items() if name not in known},
        passing={name: f"marked xfail ({known[name]}), but as expected" for name in known if name not in found},
        expected_failures={name: words for name, words in found.items() if name in known},
        record=record,
    )


def current(case: Case, config: Config | None = None) -> dict[str, Any]:
    """The record that a saved page gives now; a site's links on itself as paths. Raises StoreError.

    Of a page that is rehearsed it has the keys of ENDING too, and no others where no page arrives.
    """
    return _given(case, config)[0]


def _given(case: Case, config: Config | None) -> tuple[dict[str, Any], str]:
    """The record, and what there is to say of a rehearsal in which no page arrives."""
    saved = page(case)
    if case.slug is None and case.kept is None and _has_tries(case.home / folder.META):
        return _rehearsed(saved, case.home, config)
    record = _parsed(saved, config).to_dict()
    if case.slug is None:
        return record, ""
    origin = served.note(case.home)["origin"]
    return {name: _relative(value, origin) if name in LINKS else value for name, value in record.items()}, ""


def _parsed(saved: Page, config: Config | None) -> Article:
    site = config.site_of(saved.final_url) if config else None
    return article.parse(saved, site.rules() if site else NO_RULES)


def _has_tries(file: Path) -> bool:
    """Without a second look at the JSON of the many that have none."""
    return file.is_file() and b'"tries"' in file.read_bytes()


def _rehearsed(saved: Page, home: Path, config: Config | None) -> tuple[dict[str, Any], str]:
    from scraper.rehearse import rehearse  # the whole of fetching, which is seldom needed

    ending = rehearse(saved, home, _kept, config)
    if isinstance(ending.found, FetchError):
        word = "skipped" if isinstance(ending.found, SkipPage) else "failed"
        return {"outcome": word, "reason": ending.found.reason, "requests": ending.requests}, ending.found.detail
    told = _parsed(ending.found, config)
    word, reason = ("stored", None) if told.is_article else ("refused", told.refusal or "not_article")
    return {**told.to_dict(), "outcome": word, "reason": reason, "requests": ending.requests}, ""


def _relative(link: str | None, origin: str) -> str | None:
    return link.removeprefix(origin) if link and link.startswith(f"{origin}/") else link


def differences(wanted: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, str]:
    """Field -> "expected ..., got ..." for each field of `wanted` that the record has otherwise."""
    absent = object()
    found = {name: record.get(name, absent) for name in wanted if name != UNCOMPARED}
    wrong = {name: got for name, got in found.items() if got != wanted[name]}
    if wrong.keys() & HASHED:
        wrong.pop("content_hash", None)
    lack = f"no page arrived: {record['reason']}" if record.keys() == ENDING else "the record has no such field"
    return {
        name: f"expected by the file, but {lack}" if got is absent else told(wanted[name], got)
        for name, got in wrong.items()
    }


def told(wanted: Any, got: Any) -> str:
    """Both values on one line, as `sides` gives them."""
    left, right = sides(wanted, got)
    return f"expected {left}, got {right}"


def sides(wanted: Any, got: Any) -> tuple[str, str]:
    """Two values that differ; of long ones the first place where they part, of maps the entries that differ."""
    is_map = isinstance(wanted, dict) and isinstance(got, dict)
    if is_map:
        parted = [key for key in {**wanted, **got} if wanted.get(key) != got.get(key)]
        wanted, got = ({key: each[key] for key in parted if key in each} for each in (wanted, got))
    left, right = shown(wanted), shown(got)
    if unicodedata.normalize("NFC", left) == unicodedata.normalize("NFC", right):  # they look the same
        left, right = json.dumps(wanted), json.dumps(got)
    if is_map or max(len(left), len(right)) <= WIDTH:
        return escape(left), escape(right)
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))
    return _around(left, start), _around(right, start)


def shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _around(text: str, place: int) -> str:
    """The part of a text that begins a little before `place`."""
    start = max(0, min(place - WIDTH // 4, len(text) - WIDTH))
    cut = text[start : start + WIDTH]
    return f"{'…' if start else ''}{escape(cut)}{'…' if start + WIDTH < len(text) else ''}"


# --- accepting --------------------------------------------------------------------------------------------------------


def accepted(case: Case, outcome: Verdict) -> dict[str, Any]:
    """The expectation with what the page gives now. Fields that fail as expected keep theirs: it is the truth."""
    old, new = expectation(case), outcome.record
    # Where a page arrives that did not before, or the other way round, it is another set of fields.
    names = old if _arrives(old) == _arrives(new) else new
    # What is equal is written as it was: a map's order is no change to look at.
    taken = {name: old[name] if name in old and old[name] == new[name] else new[name] for name in names if name in new}
    return {**taken, **{name: old[name] for name in outcome.expected_failures}}


def _arrives(fields: Mapping[str, Any]) -> bool:
    """Whether these are the fields of a page that arrives."""
    return fields.get("outcome") not in ("failed", "skipped")


def write(file: Path, fields: Mapping[str, Any]) -> None:
    """Puts an expectation in its place, whole or not at all. Raises StoreError."""
    text = f"{json.dumps(fields, ensure_ascii=False, indent=2)}\n"
    put(file, text.encode("utf-8", "backslashreplace"))  # \\ud800 is how JSON spells what has no UTF-8
