"""One run at a time in a folder: an advisory lock that the kernel frees when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from scraper.errors import LockedError, StoreError
from scraper.store import disk

NAME = "lock"


class Lock:
    """Holds `folder`/lock until closed. The file says which process and run hold it; it is never deleted.

    A forked child shares the lock until this process closes it or has ended; then until the child has ended too.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._owner = os.getpid()
        with disk.mapped(self._path):
            self._fd = disk.open_file(folder, NAME, create=True)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._fd, 200, 0).decode("utf-8", "replace").strip()
            os.close(self._fd)
            raise LockedError(
                f"{self._path}: another run holds this folder ({holder}); wait for it or stop it"
            ) from None
        except OSError as error:
            os.close(self._fd)
            raise StoreError(f"{self._path}: this file system has no locks ({error}); use a local one") from error
        self.write("no run yet")

    def write(self, run: str) -> None:
        """Name the run in the file, for whoever finds it locked."""
        with disk.mapped(self._path):
            os.ftruncate(self._fd, 0)
            disk.write_at(self._fd, f"pid {os.getpid()}, {run}\n".encode(), 0)

    def close(self) -> None:
        """Free the folder, also where forked children still have the descriptor; in such a child, only close that."""
        if os.getpid() == self._owner:
            fcntl.flock(self._fd, fcntl.LOCK_UN)  # flock(2): closing alone frees it with the last copy
        os.close(self._fd)
