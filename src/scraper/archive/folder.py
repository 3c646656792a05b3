"""Saved pages on disk: bare HTML files, and folders of a page each that keep all there is to know of it.

Such a folder is named by the hash of the page's URL and holds page.html, the body's bytes as they came after transfer
decoding, and page.json. Everything a person or another program puts beside them is let be.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scraper.archive import bare, served, walk
from scraper.archive.entry import FORMAT, VERSION, Decode, Entry, Flaw, Refused, moment, ours, outcome_of, stamp
from scraper.archive.scrub import NO_SECRETS, Secrets, scrub, scrub_outcome
from scraper.errors import FetchError, StoreError
from scraper.model import Outcome, Page

PAGE, META = "page.html", "page.json"
_SUFFIXES = (".html", ".htm", ".xhtml", ".html.gz", ".htm.gz")
_UNFINISHED = ".new-"
_TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.EACCES})  # the last one is Windows' word for it


def undecoded(body: bytes, codings: Sequence[str]) -> bytes:
    """The `Decode` of who has none: pages that were kept content-encoded cannot be had."""
    raise FetchError("encoding", detail=f"kept as {', '.join(codings) or 'it came'}, and no decoder was given")


# --- reading --------------------------------------------------------------------------------------------------------


def files(path: Path) -> list[Path]:
    """The saved pages below a folder, in name order, or the one file. Raises StoreError where there are none."""
    if not path.exists():
        raise StoreError(f"{path}: no such file or folder")
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise StoreError(f"{path}: neither a file nor a folder; a pipe's page is read from -")
    found = among(walk.below(path, is_named)[0], path)
    if not found:
        raise nothing(path)
    return found


def nothing(path: Path) -> StoreError:
    """What there is to say of a folder without saved pages."""
    return StoreError(f"{path}: no saved pages here (looked for {', '.join(_SUFFIXES)} and WARC files)")


def is_named(name: str) -> bool:
    """Whether a file of this name belongs to a saved page."""
    return name == META or name.lower().endswith(_SUFFIXES)


def among(files: Iterable[Path], top: Path) -> list[Path]:
    """The pages among the files below `top`, in name order; page.html where only its page.json is left."""
    found = {file.with_name(PAGE) if file.name == META else file for file in files if is_named(file.name)}
    return sorted(p for p in found if not any(part.startswith(_UNFINISHED) for part in p.relative_to(top).parts))


def is_kept(file: Path) -> bool:
    """Whether a page.json beside the page says all of it."""
    return file.name == PAGE and os.path.isfile(file.with_name(META))


def entry(file: Path, decode: Decode = undecoded, url: str | None = None) -> Entry:
    """One saved page, or what is wrong with it.

    `url` is the address of a bare file, else the one it is served at (`served`), else the one it declares.
    """
    try:
        if is_kept(file):
            page, outcome = _kept(file, decode)
            return Entry(str(file.parent), page, outcome)
        at, kind = (None if url else served.address(file)) or (url, None)
        with file.open("rb") as stream:
            return Entry(str(file), bare.page(stream, at, kind))
    except (OSError, StoreError) as error:
        return Entry(str(file), flaw=Flaw("unreadable", str(error)))
    except Refused as refused:
        return Entry(str(file), flaw=refused.flaw)
    except FetchError as error:
        return Entry(str(file), flaw=Flaw(error.reason, error.detail))


def from_folder(folder: Path, decode: Decode) -> Iterator[Entry]:
    """Every saved page below a folder, or the one file. Raises StoreError where there are none."""
    for file in files(folder):
        yield entry(file, decode)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused("unreadable", str(error)) from error


def _meta(file: Path) -> dict[str, Any]:
    return ours(_read(file))


def _kept(file: Path, decode: Decode) -> tuple[Page, Outcome | None]:
    """The page of a folder. Raises Refused, among others "changed" where a body is not what its hash says."""
    meta, raw = _meta(file.with_name(META)), _read(file)
    if hashlib.sha256(raw).hexdigest() != meta.get("sha256"):
        raise Refused("changed", f"{PAGE} is not the one that {META} was written for: save the page anew")
    try:
        page = _page(meta, raw, decode)
        outcome = outcome_of(meta["outcome"]) if "outcome" in meta else None
    except (KeyError, TypeError, ValueError, OverflowError) as error:  # the last one: "status": Infinity
        raise Refused("bad_json", f"{META}: {error!r}"[:200]) from None
    if page.wire is not None and hashlib.sha256(page.body).hexdigest() != meta.get("body_sha256"):
        raise Refused("changed", f"{PAGE} decodes to another body than when it was saved")
    return page, outcome


def _page(meta: Mapping[str, Any], raw: bytes, decode: Decode) -> Page:
    headers = tuple((str(name), str(value)) for name, value in meta["headers"])
    coded = "body_sha256" in meta
    body = decode(raw, [value for name, value in headers if name.lower() == "content-encoding"]) if coded else raw
    fetched_at = None if meta["fetched_at"] is None else moment(meta["fetched_at"])
    url, final_url = str(meta["url"]), str(meta["final_url"])
    return Page(url, final_url, int(meta["status"]), headers, body, fetched_at, raw if coded else None)


# --- writing --------------------------------------------------------------------------------------------------------


def to_folder(entries: Iterable[Entry], folder: Path, hidden: Secrets = NO_SECRETS) -> list[Entry]:
    """Saves every page in a folder of its own; gives back the entries that are flaws. Raises as `save`."""
    flaws = []
    for each in entries:
        if each.page:
            save(each.page, folder, each.outcome, hidden)
        else:
            flaws.append(each)
    return flaws


def save(page: Page, folder: Path, outcome: Outcome | None = None, hidden: Secrets = NO_SECRETS) -> Path:
    """The page's own folder below `folder`, whole or not at all; the same page again changes nothing.

    Another page of the same URL gets a folder beside it, which sorts after it. Raises ValueError for a fetch time
    without zone, StoreError where it cannot be written.
    """
    page = scrub(page, hidden)
    meta = _described(page, outcome and scrub_outcome(outcome, hidden))
    raw = page.body if page.wire is None else page.wire
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return next(place for place in _places(folder, page.url) if _is_saved(place, meta) or _put(place, meta, raw))
    except OSError as error:
        raise StoreError(f"{folder}: a page cannot be saved: {error.strerror or error}") from error


def _described(page: Page, outcome: Outcome | None) -> bytes:
    meta: dict[str, Any] = {
        "format": f"{FORMAT}{VERSION}",
        "url": page.url,
        "final_url": page.final_url,
        "status": page.status,
        "fetched_at": stamp(page.fetched_at) if page.fetched_at else None,
        "sha256": hashlib.sha256(page.body if page.wire is None else page.wire).hexdigest(),
    }
    if page.wire is not None:
        meta["body_sha256"] = hashlib.sha256(page.body).hexdigest()
    if outcome:
        meta["outcome"] = asdict(outcome)
    meta["headers"] = page.headers
    return json.dumps(meta, indent=2).encode() + b"\n"


def name_of(url: str, copy: int = 1) -> str:
    """Where the first page of a URL is kept, the second ...: lower-case hexadecimal, safe on every file system."""
    name = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return name if copy == 1 else f"{name}{copy:04x}"


def _places(folder: Path, url: str) -> Iterator[Path]:
    yield from (folder / name_of(url, copy) for copy in range(1, 0x10000))
    raise StoreError(f"{folder}: too many pages of {url[:200]}")


def _is_saved(place: Path, meta: bytes) -> bool:
    try:
        return (place / META).read_bytes() == meta
    except FileNotFoundError:
        return False


def _put(place: Path, meta: bytes, raw: bytes) -> bool:
    """False if the place is taken, perhaps by another process a moment ago."""
    if place.exists():
        return False
    new = place.with_name(f"{_UNFINISHED}{secrets.token_hex(8)}")
    new.mkdir()
    try:
        (new / PAGE).write_bytes(raw)
        (new / META).write_bytes(meta)
        os.rename(new, place)
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        if error.errno in _TAKEN and place.exists():
            return False
        raise
    return True
