"""Kill, or refuse, one run at its N-th system call, for every N; strace counts each call's name on its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Protocol

import crashwork

URLS, BATCH = 40, 5
KILLED = ("pwrite64", "fdatasync", "fsync", "ftruncate", "unlink", "rename", "mkdirat")
REFUSED = (("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("fdatasync", "EIO"), ("fsync", "EIO"), ("ftruncate", "EIO"))
REFUSAL = 4  # exit code of a worker that was stopped by StoreError; any other error is a fault


class Tally(Protocol):
    def add(self, faults: list[str]) -> None: ...


def kill_points(folder: Path, tally: Tally, *, sample: int = 0) -> str:
    """SIGKILL at the N-th call of each name, then an undisturbed run to the end."""
    if not _has_strace():
        return f"NOT RUN: {len(KILLED)} sweeps need strace"
    return _sweep(folder, tally, [(name, "signal=SIGKILL") for name in KILLED], sample)


def io_errors(folder: Path, tally: Tally, *, sample: int = 0) -> str:
    """The N-th call fails once: the run stops with StoreError or goes on, and the next one finishes it."""
    if not _has_strace():
        return f"NOT RUN: {len(REFUSED)} sweeps need strace"
    return _sweep(folder, tally, [(name, f"error={code}") for name, code in REFUSED], sample)


def _has_strace() -> bool:
    """Whether strace is there and may trace (containers often forbid it)."""
    command = ["strace", "-qq", "-o", os.devnull, "-e", "inject=fsync:error=EIO:when=1", "true"]
    return shutil.which("strace") is not None and subprocess.run(command, capture_output=True).returncode == 0


def _sweep(folder: Path, tally: Tally, plans: list[tuple[str, str]], sample: int) -> str:
    """`sample` is the number of points to take for each plan, 0 for all of them."""
    calls = _count(folder)
    points = stopped = 0
    for name, what in plans:
        step = max(1, calls[name] // sample) if sample else 1
        for when in range(1, calls[name] + 1, step):
            points += 1
            stopped += _disturb(folder, tally, name, f"{what}:when={when}")
    names = ", ".join(f"{name} {calls[name]}" for name in dict.fromkeys(name for name, _ in plans))
    return f"{points} points ({names}), {stopped} runs cut short"


def _count(folder: Path) -> Counter[str]:
    """How often a run makes each call."""
    names = ",".join(KILLED)
    with tempfile.NamedTemporaryFile("r") as log:
        _run(folder, ["-o", log.name, "-e", f"trace={names}"])
        return Counter(name for line in log for name in KILLED if f" {name}(" in f" {line}")


def _disturb(folder: Path, tally: Tally, name: str, injection: str) -> bool:
    code = _run(folder, ["-o", os.devnull, "-e", f"trace={name}", "-e", f"inject={name}:{injection}"])
    if code not in (0, REFUSAL) and "signal" not in injection:
        tally.add([f"other: {name} {injection}: exit code {code}, not StoreError's"])
    try:
        crashwork.work(folder, URLS, BATCH)
        found = crashwork.faults(folder, URLS)
    except Exception as error:
        found = [f"other: {type(error).__name__}: {error}"]
    tally.add([f"{fault} after {name} {injection}" for fault in found])
    return code != 0


def _run(folder: Path, strace: list[str]) -> int:
    shutil.rmtree(folder, ignore_errors=True)
    command = ["strace", "-f", "-qq", *strace, sys.executable, "-B", __file__, str(folder)]
    return subprocess.run(command, capture_output=True).returncode


def _worker(folder: Path) -> int:
    from scraper.errors import StoreError

    try:
        crashwork.work(folder, URLS, BATCH)
    except StoreError:
        return REFUSAL
    return 0


if __name__ == "__main__":
    sys.exit(_worker(Path(sys.argv[1])))
