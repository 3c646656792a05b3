"""The same bytes everywhere: saved pages read in 45 surroundings, by other Pythons, and real pages too. Some minutes.

    python tests/long_replay.py [PAGES]

PAGES real pages are read by each Python, 200 where nothing is said. Newer Pythons are those on the path and those of
pyenv, or what SCRAPER_NEWER_PYTHON names, parted as paths are; the project is installed for each from this tree.
Exit code 0 only if all that could be run gave the same bytes. What could not is told as NOT RUN.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import archived
import surroundings
from scraper.archive import warc
from surroundings import said

PROBE = "import sys, venv, ensurepip; print(*sys.version_info[:3], sep='.')"
BARE = {"PYTHONPATH": "", "PYTHONHOME": ""}  # what is installed counts, not this tree


def newer() -> dict[str, str]:
    """Version -> interpreter, one for each minor version above this one."""
    found: dict[str, str] = {}
    for python in _candidates():
        done = subprocess.run([python, "-c", PROBE], capture_output=True, text=True)
        version = done.stdout.strip()
        minor = tuple(map(int, version.split(".")[:2])) if done.returncode == 0 else (0, 0)
        if minor > sys.version_info[:2] and not any(each.startswith(f"{minor[0]}.{minor[1]}.") for each in found):
            found[version] = python
    return dict(sorted(found.items()))


def _candidates() -> Iterator[str]:
    if named := os.environ.get("SCRAPER_NEWER_PYTHON"):
        yield from named.split(os.pathsep)
        return
    yield from filter(None, (shutil.which(f"python3.{minor}") for minor in range(sys.version_info[1] + 1, 20)))
    if pyenv := shutil.which("pyenv"):
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True).stdout.strip()
        yield from map(str, sorted(Path(root).glob("versions/3.*/bin/python")))


def installed(python: str, home: Path) -> str | None:
    """The interpreter of a new environment that has the project; None, with pip's words, where that cannot be."""
    own = str(home / ("Scripts" if os.name == "nt" else "bin") / "python")
    for command in ([python, "-m", "venv", str(home)], [own, "-m", "pip", "install", "-q", str(surroundings.ROOT)]):
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **BARE})
        if done.returncode:
            print(f"  {done.stderr.strip()[-500:]}")
            return None
    return own


def real(file: Path, count: int) -> list[list[str]]:
    """Real pages from all corpora in one WARC file, and the command that reads them."""
    names = sorted(archived.CORPORA.glob("*/pages/*.html.gz"))
    chosen = names[:: max(len(names) // count, 1)] if count else []
    with file.open("wb") as out:
        warc.to_warc((archived.fetched(name, number) for number, name in enumerate(chosen)), out)
    print(f"{len(chosen)} real pages" if chosen else "real pages: NOT RUN: they are not beside this tree")
    return [["parse", str(file)]] if chosen else []


def compared(what: str, outputs: Iterator[tuple[str, bytes]], wanted: bytes) -> bool:
    begun, names, other = time.perf_counter(), 0, []
    for name, output in outputs:
        names += 1
        if output != wanted:
            pairs = zip(output.splitlines(), wanted.splitlines(), strict=False)
            first = next((f"{one!r} for {two!r}" for one, two in pairs if one != two), "more or less lines")
            other.append(f"{name}: {first[:2000]}")
    took = time.perf_counter() - begun
    print(f"{what}: {names} times {len(wanted):,} bytes in {took:.0f} s, {len(other)} differ", flush=True)
    print("\n".join(f"  {each}" for each in other), end="\n" if other else "")
    return not other


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        commands = surroundings.room(home / "room")
        if not surroundings.locales(home / "locales"):
            print(f"locale {surroundings.LATIN}: NOT RUN: it cannot be made here; ASCII stands in for it")
        more = real(home / "real.warc.gz", int(sys.argv[1]) if len(sys.argv) > 1 else 200)
        wanted, news = said(commands), said(more) if more else b""
        everywhere = (("-".join(place), said(commands, place)) for place in surroundings.ALL)
        right = [compared(f"Python {sys.version.split()[0]}, surroundings", everywhere, wanted)]
        pythons = newer()
        if not pythons:
            print("newer Python: NOT RUN: none was found; SCRAPER_NEWER_PYTHON may name one")
        for version, python in pythons.items():
            own = installed(python, home / version)
            if own is None:
                print(f"Python {version}: NOT RUN: the project cannot be installed for it")
                continue
            places = (("-".join(place), said(commands, place, own, **BARE)) for place in surroundings.PAIRS)
            right.append(compared(f"Python {version}, surroundings", places, wanted))
            if more:
                once = [("real pages", said(more, None, own, **BARE))]
                right.append(compared(f"Python {version}, real pages", once, news))
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
