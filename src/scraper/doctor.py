"""Whether this machine has what the scraper needs. Looks only: no request is made, and no file stays behind."""

from __future__ import annotations

import os
import re
import sqlite3
import ssl
import sys
import tempfile
import time
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from scraper.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from scraper.config import Output

# The clock is wrong if it shows a moment before this version was made, or a far one after it.
MADE, FAR = 1_767_225_600, 4_102_444_800  # 2026-01-01 and 2100-01-01, UTC
# Earlier releases could lose a WAL reset when two processes write (sqlite.org/wal.html); one writer is not affected.
SQLITE_SAFE = (3, 51, 3)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `is_fine` is False only for what the scraper cannot work with."""

    name: str
    says: str
    is_fine: bool = True

    def __str__(self) -> str:
        return f"{'ok  ' if self.is_fine else 'FAIL'}  {self.name}: {self.says}"


def examine(config: Path, is_asked: bool = False) -> Iterator[Finding]:
    """Everything, in the order of a first look; `config` need not exist unless it is what the user asked for."""
    yield Finding("python", sys.version.split()[0], sys.version_info >= (3, 11))
    yield from package()
    yield tls()
    yield clock(time.time())
    yield zones()
    yield sqlite(sqlite3.sqlite_version_info)
    yield terminal()
    yield from folder(config, is_asked)


# --- dependencies ---------------------------------------------------------------------------------------------------

_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)\s*(?P<bounds>[^;]*?)\s*(?:;\s*(?P<marker>.*))?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([\w-]+)['\"]")


def package() -> Iterator[Finding]:
    """This package and what it requires."""
    try:
        yield Finding("scraper", metadata.version("scraper"))
    except metadata.PackageNotFoundError:
        yield Finding("scraper", "not installed as a package; pip install -e . in its folder", False)
        return
    yield from dependencies(metadata.requires("scraper") or [])


def dependencies(requirements: list[str]) -> Iterator[Finding]:
    """Each requirement against what is installed; of an extra, whether it is there."""
    extras: dict[str, list[str]] = {}
    for requirement in requirements:
        match = _REQUIREMENT.fullmatch(requirement)
        if match is None or not _applies(match["marker"] or ""):
            continue
        extra = _EXTRA.search(match["marker"] or "")
        if extra:
            extras.setdefault(extra[1], []).append(match["name"])
        else:
            yield _dependency(match["name"], match["bounds"])
    for name, packages in extras.items():
        missing = [package for package in packages if _version(package) is None]
        yield Finding(f"extra [{name}]", f"not installed: {', '.join(missing)}" if missing else "installed")


def _applies(marker: str) -> bool:
    """The two markers that our own metadata use (PEP 508); any other is taken to apply."""
    if match := re.search(r"python_version\s*<\s*['\"]([\d.]+)['\"]", marker):
        return sys.version_info[:2] < version(match[1])
    match = re.search(r"sys_platform\s*==\s*['\"](\w+)['\"]", marker)
    return match is None or sys.platform == match[1]


def _dependency(name: str, bounds: str) -> Finding:
    installed = _version(name)
    if installed is None:
        return Finding(name, f"missing, needs {bounds or 'any version'}; pip install '{name}{bounds}'", False)
    is_fine = all(_holds(installed, bound.strip(" ()")) for bound in bounds.split(",") if bound.strip(" ()"))
    return Finding(name, f"{installed} (needs {bounds or 'any version'})", is_fine)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def version(text: str) -> tuple[int, ...]:
    """The release numbers of a version, without trailing zeros: "1.20.0rc1" is (1, 20)."""
    release = re.match(r"\d+(?:\.\d+)*", text)
    numbers = [int(part) for part in release[0].split(".")] if release else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _holds(installed: str, bound: str) -> bool:
    match = re.fullmatch(r"(>=|<=|==|!=|<|>|~=)\s*(.+)", bound)
    if match is None:
        return False
    ours, theirs = version(installed), version(match[2])
    signs = {">=": ours >= theirs, "<=": ours <= theirs, "==": ours == theirs, "!=": ours != theirs}
    return {**signs, "<": ours < theirs, ">": ours > theirs, "~=": ours >= theirs}[match[1]]


# --- the machine ----------------------------------------------------------------------------------------------------


def tls() -> Finding:
    """The context that requests use, and the authorities in it."""
    try:
        trusted = ssl.create_default_context()
    except (ssl.SSLError, OSError) as error:
        return Finding("tls", f"no context: {error}", False)
    paths = ssl.get_default_verify_paths()
    known = len(trusted.get_ca_certs()) or _files(paths.capath)
    if not known:
        return Finding("tls", f"{ssl.OPENSSL_VERSION}, no authorities; install ca-certificates", False)
    return Finding("tls", f"{ssl.OPENSSL_VERSION}, {known} authorities")


def _files(folder: str | None) -> int:
    return len(os.listdir(folder)) if folder and os.path.isdir(folder) else 0


def clock(now: float) -> Finding:
    """`now` in seconds since 1970, UTC."""
    shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    is_fine = MADE < now < FAR
    return Finding(
        "clock", shown if is_fine else f"{shown}: set the clock; fetch times and robots caches need it", is_fine
    )


def zones() -> Finding:
    try:
        zoneinfo.ZoneInfo("Asia/Kabul")
    except zoneinfo.ZoneInfoNotFoundError:
        return Finding("time zones", "no database; pip install tzdata", False)
    return Finding("time zones", "installed")


def sqlite(found: tuple[int, ...]) -> Finding:
    shown = ".".join(map(str, found))
    note = (
        "" if found >= SQLITE_SAFE else "; before 3.51.3 let only one process write a state file, as the scraper does"
    )
    return Finding("sqlite", shown + note, found >= (3, 35, 0))


def terminal() -> Finding:
    shows = "bar" if sys.stderr.isatty() else "lines"
    return Finding("terminal", f"progress as {shows}, stdout in {sys.stdout.encoding}")


def folder(config: Path, is_asked: bool = False) -> Iterator[Finding]:
    """Whether the configuration is right and a run can write where it says; one that is not asked for may be absent."""
    from scraper.config import load

    if not is_asked and not os.path.exists(config):
        yield Finding("config", f"no {config} here; -c FILE names another")
        return
    try:
        loaded = load(config)
    except ConfigError as error:
        count = len(error.problems)
        many = f"{count} mistakes in {config}; `scraper check -c {config}`"
        yield Finding("config", str(error) if count == 1 else many, False)
        return
    yield Finding("config", f"{config}, {len(loaded.sites)} site(s)")
    yield _writable(loaded.run.folder, loaded.output)


def _writable(folder: Path, output: Output) -> Finding:
    """Tried in the folder; where there is none yet, only asked of the nearest one above it."""
    from scraper.store import disk, places
    from scraper.write import WRITERS

    # os.path says False, and raises nothing, where we may not look.
    above = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if above != folder:
        is_fine = os.path.isdir(above) and os.access(above, os.W_OK | os.X_OK)
        return Finding("folder", f"{folder} {'will be made' if is_fine else f'cannot be made in {above}'}", is_fine)
    if not os.path.isdir(folder):
        return Finding("folder", f"{folder} cannot be a folder: {disk.in_the_way(folder)}", False)
    names = (places.OUT, places.PAGES) if output.pages else (places.OUT,)
    try:
        places.check(folder, names, (WRITERS[output.format, output.compress].suffix, places.PACKED))
        with tempfile.TemporaryFile(dir=folder):
            return Finding("folder", f"{folder} can be written")
    except StoreError as error:
        return Finding("folder", str(error), False)
    except OSError as error:
        return Finding("folder", f"{folder} cannot be written: {error.strerror}", False)
