"""What stands where a run will write: refused before the first request, with what to do (O14, O21)."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import crashwork
import nobody
from scraper.errors import StoreError
from scraper.store import Store, places
from scraper.write import WRITERS


def opened(folder: Path, names: tuple[str, ...] = (places.OUT, places.PAGES)) -> None:
    Store.open(folder, WRITERS["jsonl", "none"], rotate=1000, names=names, now=crashwork.now).close()


def linked(path: Path) -> None:
    """A link to a folder outside."""
    outside = path.with_name("elsewhere")
    outside.mkdir(parents=True)
    path.symlink_to(outside)


def dangling(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to("/mnt/not-mounted/news")


def file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


IN_THE_WAY: list[tuple[str, Callable[[Path], None], str]] = [
    ("out", linked, "data/out: must be a folder: a link is there; put a folder in its place"),
    ("out", dangling, "data/out: must be a folder: a link that leads nowhere is there .to /mnt/not-mounted/news"),
    ("out", file, "data/out: must be a folder: a file is there; move it away"),
    ("pages", linked, "data/pages: must be a folder: a link"),
    ("pages", file, "data/pages: must be a folder: a file"),
    ("out/site=a", linked, "data/out/site=a: must be a folder: a link"),
    ("out/site=a/date=none", dangling, "data/out/site=a/date=none: must be a folder: a link that leads nowhere"),
    ("", dangling, "data: cannot be a folder: a link that leads nowhere is there .to /mnt/not-mounted/news"),
    ("", file, "data: cannot be a folder: a file is there; move it away, or name another run.folder"),
]


@pytest.mark.parametrize(("name", "make", "message"), IN_THE_WAY, ids=[f"{r[0]}-{r[1].__name__}" for r in IN_THE_WAY])
def test_what_is_no_folder(tmp_path: Path, name: str, make: Callable[[Path], None], message: str) -> None:
    make(tmp_path / "data" / name)
    with pytest.raises(StoreError, match=message):
        opened(tmp_path / "data")


LET_BE: list[tuple[str, Callable[[Path], None]]] = [
    ("", linked),
    ("out/latest", linked),
    ("out/latest.jsonl", dangling),
    ("out/a=b.txt", file),
    ("reports", file),
]


@pytest.mark.parametrize(("name", "make"), LET_BE, ids=[row[0] for row in LET_BE])
def test_what_is_no_matter_of_a_run(tmp_path: Path, name: str, make: Callable[[Path], None]) -> None:
    make(tmp_path / "data" / name)
    opened(tmp_path / "data")
    assert (tmp_path / "data" / "state.db").is_file()


def test_a_folder_that_is_not_written_to_may_be_anything(tmp_path: Path) -> None:
    file(tmp_path / "pages")
    opened(tmp_path, (places.OUT,))
    assert (tmp_path / "state.db").is_file()


NOT_OURS = ["", "lock", "state.db", "out", "out/site=a", "out/site=a/date=none", "pages"]


@nobody.needs_root
@pytest.mark.parametrize("name", NOT_OURS)
def test_what_another_user_owns(tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    for place in ("out/site=a/date=none", "pages"):
        (data / place).mkdir(parents=True)
    (data / "lock").touch()
    (data / "state.db").touch()
    nobody.give([data, *data.rglob("*")])
    nobody.let_in(tmp_path)
    os.chown(data / name, 0, 0)
    (data / name).chmod(0o755)
    said = nobody.told(lambda: str(opened(data)))
    assert said == f"{data / name}: no permission to read and write; change its owner or mode"


def test_a_disk_that_is_mounted_read_only(tmp_path: Path) -> None:
    command = ["mount", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", str(tmp_path)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("NOT RUN: a disk of its own needs root and the right to mount")
    try:
        with pytest.raises(StoreError, match="on a disk that is mounted read-only"):
            opened(tmp_path)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


LEFT: list[tuple[list[str], str]] = [
    (
        ["out"],
        "{0}/out: holds articles, but state.db is new and knows nothing of it; restore state.db, or move {0}/out away",
    ),
    (
        ["pages"],
        "{0}/pages: holds pages, but state.db is new and knows nothing of it; restore state.db, or move {0}/pages away",
    ),
    (
        ["out", "pages"],
        "{0}/out: holds articles and {0}/pages: holds pages, but state.db is new and knows nothing of it; "
        "restore state.db, or move {0}/out and {0}/pages away",
    ),
]


@pytest.mark.parametrize(("left", "message"), LEFT, ids=["-".join(row[0]) for row in LEFT])
def test_d03_all_that_an_old_state_left_is_named_at_once(tmp_path: Path, left: list[str], message: str) -> None:
    crashwork.work(tmp_path, 10, 5)
    for path in tmp_path.glob("state.db*"):
        path.unlink()
    for name in {"out", "pages"} - set(left):
        shutil.rmtree(tmp_path / name)
    with pytest.raises(StoreError) as caught:
        opened(tmp_path)
    assert str(caught.value) == message.format(tmp_path)
