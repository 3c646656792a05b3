"""The files below a folder, none of them passed over in silence."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from scraper.archive.entry import Entry, Flaw


def below(top: Path, wanted: Callable[[str], bool]) -> tuple[list[Path], list[Entry]]:
    """The files with a wanted name, in name order, and a flaw for each folder that cannot be listed.

    A folder that links lead to is read once, and under its own name if it lies below `top` itself; one that `top` lies
    in is left: whoever named `top` did not ask for what is beside it.
    """
    found: list[Path] = []
    flaws: list[Entry] = []
    seen: set[str] = set()
    starts = [top]

    def missed(error: OSError) -> None:
        flaws.append(Entry(str(error.filename), flaw=Flaw("unreadable", error.strerror or str(error))))

    for start in starts:  # links to folders are added on the way
        for home, folders, names in os.walk(start, onerror=missed):
            folders.sort()
            real = os.path.realpath(home)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            starts += [Path(home, name) for name in folders if _leads_down(Path(home, name), top)]
            found += [Path(home, name) for name in names if wanted(name) and _is_file(os.path.join(home, name))]
    return sorted(found), flaws


def _leads_down(folder: Path, top: Path) -> bool:
    return folder.is_symlink() and not Path(os.path.realpath(top)).is_relative_to(os.path.realpath(folder))


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:  # a link that leads nowhere
        return False
    except OSError:  # whoever reads it says why that is not possible
        return True
