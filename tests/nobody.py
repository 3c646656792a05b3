"""What another user is told: root may do everything, so that a test of permissions has to become somebody else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: needs root, to become another user")


def give(places: Iterable[Path]) -> None:
    """Make them nobody's."""
    for path in places:
        os.chown(path, NOBODY, NOBODY)


def let_in(folder: Path) -> None:
    """Let everybody pass to a folder of pytest's, which are for their owner alone."""
    for path in (folder, *folder.parents):
        path.chmod(path.stat().st_mode | 0o011)


def told(look: Callable[[], str]) -> str:
    """What `look` gives in a process of that user, or the exception in it."""
    read, write = os.pipe()
    if not (pid := os.fork()):
        os.setresuid(NOBODY, NOBODY, NOBODY)
        try:
            words = look()
        except Exception as error:
            words = str(error)
        os.write(write, words.encode())
        os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with open(read) as said:
        return said.read()
