"""A person's own files: configurations and expectations. What runs write is in store/, which has to outlive more."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from scraper.errors import StoreError


def put(file: Path, data: bytes) -> None:
    """Write a file whole or not at all, with the mode of the one that it replaces. Raises StoreError."""
    place = file.resolve()  # what a link names is replaced, not the link
    if place.exists() and not place.is_file():  # a device would become a file
        raise StoreError(f"{file}: cannot be written: not a regular file")
    draft = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        place.parent.mkdir(exist_ok=True)
        with draft.open("wb") as opened:
            if place.exists():
                os.fchmod(opened.fileno(), stat.S_IMODE(place.stat().st_mode))
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(place)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise StoreError(f"{file}: cannot be written: {error.strerror or error}") from error
