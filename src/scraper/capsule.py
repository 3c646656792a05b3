"""A run in one file: its pages, rules, version, fetch times and records, to be had again on any machine.

capsule.json                       format, run, version, fetch times, SHA-256 of the other files
config.toml                        how the sites are read: no headers, no proxy, no path of the first machine
data/pages/pages-00001.warc.gz     the run's pages, in order
data/out/articles-00001.jsonl      the lines of these articles, as they stood in the output when the run had ended
records.jsonl                      what the pages give: as `scraper parse` prints it, by the rules of their sites;
                                   of an article that the run found under several addresses, the one it stored
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from scraper import config as configuration
from scraper import pages, reparse
from scraper.archive import warc
from scraper.archive.entry import Entry
from scraper.archive.scrub import text as scrubbed
from scraper.config import Config
from scraper.errors import StoreError
from scraper.model import Page
from scraper.parse.article import parse, version
from scraper.write import jsonl

FORMAT = "scraper-capsule/1"
ABOUT, CONFIG, RECORDS = "capsule.json", "config.toml", "records.jsonl"
PAGES, LINES = "data/pages/pages-00001.warc.gz", "data/out/articles-00001.jsonl"
NAMES = (ABOUT, CONFIG, LINES, PAGES, RECORDS)  # all that a capsule holds, in order
LATEST = "latest"
RATIO = 200  # how many times its own size a capsule may unpack to; text packs to a tenth
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can say


@dataclass(frozen=True, slots=True)
class Summary:
    """What a capsule holds, or what its check came to."""

    run: str
    pages: int
    records: int  # lines of records.jsonl
    made_by: str  # the version that made records.jsonl
    differences: tuple[str, ...]  # what the pages give here and now otherwise than there and then, in words


# --- packing --------------------------------------------------------------------------------------------------------


def pack(config: Config, run: str, to: Path, told: reparse.Say) -> Summary:
    """Writes the capsule of a run ("latest", or its id) whole or not at all; nothing is fetched.

    `told` hears of lines of the output that are no records: they are left out. Raises StoreError.
    """
    run = _run(config, run)
    if not to.parent.is_dir():
        raise StoreError(f"{to.parent}: no such folder; make it first, or name another place for {to.name}")
    try:
        return _pack(config, run, to, told)
    except OSError as error:
        raise StoreError(f"{to}: cannot be written: {error.strerror or error}") from error


def _pack(config: Config, run: str, to: Path, told: reparse.Say) -> Summary:
    with tempfile.TemporaryDirectory(dir=to.parent, prefix=f".{to.name}.") as room:
        home = Path(room)
        for name in NAMES:
            (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / CONFIG).write_text(portable(config), "utf-8")
        count, fetched = _write_pages(config, run, home / PAGES)
        _write_lines(config, fetched, home / LINES, told)
        made = list(records(configuration.load(home / CONFIG, {})))
        (home / RECORDS).write_bytes(b"".join(made))
        sums = {name: _sha256(home / name) for name in NAMES if name != ABOUT}
        times = [time for time in fetched.values() if time]
        clock = {"first": min(times, default=None), "last": max(times, default=None)}
        about = {"format": FORMAT, "run": run, "version": version(), "clock": clock, "sha256": sums}
        (home / ABOUT).write_text(json.dumps({**about, "pages": count}, indent=2) + "\n", "utf-8")
        _zip(home, home / "capsule.zip")
        os.replace(home / "capsule.zip", to)
        return Summary(run, count, len(made), version(), tuple(_unlike(home, made)))


def _run(config: Config, run: str) -> str:
    """The run's id. Raises StoreError where no stored page is of it."""
    known = dict.fromkeys(entry.run for entry, _ in _stored(config) if entry.run)
    if run == LATEST and known:
        return list(known)[-1]
    if run not in known:
        raise StoreError(f"{config.run.folder}: no stored pages of run {run}; there are: {', '.join(known) or 'none'}")
    return run


def _stored(config: Config) -> Iterator[tuple[Entry, Page]]:
    return reparse.stored(config.run.folder, _ignore)


def _ignore(line: str) -> None:
    """A page that cannot be read is in no run; `scraper reparse` names it."""


def _write_pages(config: Config, run: str, file: Path) -> tuple[int, dict[str, str | None]]:
    """How many pages the run kept; of those that were articles, when each URL was fetched."""
    fetched: dict[str, str | None] = {}
    count = 0

    def chosen() -> Iterator[Entry]:
        nonlocal count
        for entry, page in _stored(config):
            if entry.run == run:
                count += 1
                if entry.outcome and entry.outcome.word in ("stored", "updated", "unchanged"):
                    fetched.update([reparse.place_of(page)])
                yield entry

    with file.open("wb") as out:
        warc.to_warc(chosen(), out, secrets=pages.secrets_of(config))
    return count, fetched


def _write_lines(config: Config, fetched: Mapping[str, str | None], file: Path, told: reparse.Say) -> None:
    """The newest line of each article that is not newer than the run's page."""
    newest: dict[str, tuple[int, bytes]] = {}
    for key, line in reparse.lines(config.run.folder, told):
        is_in_time = key.url in fetched and (key.fetched_at or "") <= (fetched[key.url] or "")
        if is_in_time and key.revision > newest.get(key.id, (0,))[0]:
            newest[key.id] = key.revision, line
    file.write_bytes(b"".join(line for _, line in newest.values()))


def records(config: Config) -> Iterator[bytes]:
    """A line for each article among the stored pages of a run's folder, by the rules of its site."""
    for entry, page in _stored(config):
        # It ended its parse worker, or the run has the article under another address: no line was made from it.
        if entry.outcome and entry.outcome.word in ("failed", "skipped"):
            continue
        article = parse(page, reparse.rules_of(config, entry, page))
        if article.is_article:
            yield jsonl.encode(article.to_dict())


def _zip(home: Path, to: Path) -> None:
    """The same files always give the same bytes: no time, owner or mode of this machine."""
    with zipfile.ZipFile(to, "w") as packed:
        for name in NAMES:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            info.compress_type = zipfile.ZIP_STORED if name == PAGES else zipfile.ZIP_DEFLATED
            info.file_size = (home / name).stat().st_size
            with (home / name).open("rb") as source, packed.open(info, "w") as target:
                shutil.copyfileobj(source, target)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- its configuration ----------------------------------------------------------------------------------------------

_SITE_KEYS = ("include", "exclude", "timezone", "language")


def portable(config: Config) -> str:
    """What the records depend on, as the text of a config.toml that needs no environment and holds no secret."""
    raw = tomllib.loads(config.path.read_text("utf-8-sig")) if config.path else {}
    hidden = pages.secrets_of(config)
    out = ['[run]\nfolder = "data"\n']
    for name, site in raw.get("sites", {}).items():
        starts = [start for start in config.sites[name].start if isinstance(start, str)]
        table = {"start": starts or ["data/pages"], **{key: site[key] for key in _SITE_KEYS if key in site}}
        out.append(f"\n[sites.{_key(name)}]\n" + _lines(table))
        if "fields" in site:
            out.append(f"\n[sites.{_key(name)}.fields]\n" + _lines(site["fields"]))
    return scrubbed("".join(out), hidden)


def _lines(table: dict[str, Any]) -> str:
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in table.items())


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)


def _value(value: Any) -> str:
    """A TOML value. Basic strings are those of JSON, but for DEL, which TOML wants escaped."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_value(each)}' for key, each in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


# --- checking -------------------------------------------------------------------------------------------------------


def check(file: Path) -> Summary:
    """Unpacks a capsule where nothing else is, reads its pages and compares. Raises StoreError, ConfigError."""
    with tempfile.TemporaryDirectory(prefix="capsule-") as room:
        home = Path(room)
        about = unpack(file, home)
        config = configuration.load(home / CONFIG, {})
        wanted = (home / RECORDS).read_bytes().splitlines(keepends=True)
        got = list(records(config))
        pairs = enumerate(zip_longest(wanted, got, fillvalue=b""), 1)
        try:
            differences = [f"{RECORDS}:{number}: {_told(*pair)}" for number, pair in pairs if pair[0] != pair[1]]
            differences += _unlike(home, got)
        except (msgspec.MsgspecError, KeyError, TypeError) as error:
            raise StoreError(f"{file}: no capsule: its records cannot be read: {error!r}") from error
        return Summary(about["run"], about["pages"], len(wanted), about["version"], tuple(differences))


def _told(wanted: bytes, got: bytes) -> str:
    if not wanted or not got:
        return "missing" if wanted else "not expected"
    old, new = (msgspec.json.decode(line) for line in (wanted, got))
    return ", ".join(name for name in {**old, **new} if old.get(name) != new.get(name)) or "other bytes"


def _unlike(home: Path, got: list[bytes]) -> Iterator[str]:
    """Lines of the run's output that the pages do not give. Of an older line, only what makes a revision counts."""
    made = {record["id"]: record for record in map(msgspec.json.decode, got)}
    for number, line in enumerate((home / LINES).read_bytes().splitlines(), 1):
        record = msgspec.json.decode(line)
        now = {**made.get(record["id"], {}), "revision": record["revision"]}
        is_older = now.get("fetched_at") != record["fetched_at"]
        if now.get("content_hash") != record["content_hash"] or (now != record and not is_older):
            words = _told(line, jsonl.encode(now)) if "id" in now else "missing"
            yield f"{LINES}:{number}: {words}"


def unpack(file: Path, home: Path) -> dict[str, Any]:
    """The capsule's files below an empty folder, each of them known by name and hash; what capsule.json says.

    Nothing but regular files of a capsule's own names is ever written, and no more than RATIO times the capsule's size.
    Raises StoreError.
    """
    try:
        with zipfile.ZipFile(file) as packed:
            members = packed.infolist()
            if sorted(each.filename for each in members) != sorted(NAMES):
                raise StoreError(f"{file}: no capsule: it holds other files than {', '.join(NAMES)}")
            if not all(stat.S_IFMT(each.external_attr >> 16) in (0, stat.S_IFREG) for each in members):
                raise StoreError(f"{file}: no capsule: it holds what is no regular file")
            left = RATIO * file.stat().st_size
            for each in members:
                left -= _extract(packed, each, home / each.filename, left)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise StoreError(f"{file}: cannot be read: {error}") from error
    return _about(file, home)


def _extract(packed: zipfile.ZipFile, member: zipfile.ZipInfo, to: Path, most: int) -> int:
    """How many bytes were written. A size that the zip itself declares is not relied upon."""
    to.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with packed.open(member) as source, to.open("xb") as target:
        while piece := source.read(1 << 20):
            written += len(piece)
            if written > most:
                raise StoreError(f"{packed.filename}: unpacks to more than {RATIO} times its size")
            target.write(piece)
    return written


def _about(file: Path, home: Path) -> dict[str, Any]:
    try:
        about = json.loads((home / ABOUT).read_bytes())
        given, sums = about["format"], dict(about["sha256"])
        found = {"run": str(about["run"]), "pages": int(about["pages"]), "version": str(about["version"])}
    except (ValueError, KeyError, TypeError, OverflowError) as error:  # the last one: "pages": Infinity
        raise StoreError(f"{file}: {ABOUT} cannot be read: {error!r}") from error
    if given != FORMAT:
        raise StoreError(f"{file}: {given} where {FORMAT} was expected; another version made it")
    changed = [name for name in NAMES if name != ABOUT and sums.get(name) != _sha256(home / name)]
    if changed:
        raise StoreError(f"{file}: changed since it was packed: {', '.join(changed)}")
    return found
