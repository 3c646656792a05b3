"""The few file operations that durability rests on. Names below the folder are never followed through a link."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

from scraper.errors import StoreError

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC
_BLOCK = 1 << 20
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO))  # what more room may put right


def failure(path: Path, error: OSError, *, was_there: bool = False) -> StoreError:
    """The system's refusal as an error that names the path, the space left and the next step."""
    if was_there and isinstance(error, FileNotFoundError):
        return StoreError(
            f"{path}: gone: deleted or renamed during the run; put it back under this name and start again, "
            "or move the whole folder away to start anew"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return StoreError(f"{path}: no permission to read and write; change its owner or mode")
    space = room(path) if error.errno in _FULL else ""
    return StoreError(
        f"{path}: {error.strerror or error}{space}; nothing is lost: "
        "put that right and start again, and the run goes on where it stopped"
    )


def room(path: Path) -> str:
    """ " (4096 bytes free there)", with the largest size of a file where that is limited; "" where nobody says."""
    try:
        space = os.statvfs(path if path.is_dir() else path.parent)
    except OSError:
        return ""
    # Which file met the limit cannot be seen afterwards: SQLite has put its own back by then.
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    most = "" if limit == resource.RLIM_INFINITY else f"; no file may have more than {limit}: ulimit -f"
    return f" ({space.f_bavail * space.f_frsize} bytes free there{most})"


@contextlib.contextmanager
def mapped(path: Path, *, was_there: bool = False) -> Iterator[None]:
    """OSError inside becomes StoreError about `path`, which `was_there` when the run began."""
    try:
        yield
    except OSError as error:
        raise failure(path, error, was_there=was_there) from error


def check_name(name: str) -> tuple[str, ...]:
    """The parts of a relative name with "/" between them; StoreError for one that could lead out of the folder."""
    parts = tuple(name.split("/"))
    if any(part in ("", ".", "..") or "\0" in part or len(os.fsencode(part)) > 255 for part in parts):
        raise StoreError(
            f"{name!r} cannot be the name of an output file; use a relative path with parts up to 255 bytes"
        )
    return parts


def make_folder(path: Path) -> None:
    """Make the folder and its parents; they stay after a power cut. Raises StoreError where a file is in the way."""
    if path.is_dir():
        return
    make_folder(path.parent)
    try:
        path.mkdir(mode=FOLDER_MODE, exist_ok=True)
    except FileExistsError:
        raise StoreError(f"{path}: cannot be a folder: {in_the_way(path)}, or name another run.folder") from None
    sync_folder(path.parent)


def in_the_way(path: Path) -> str:
    """What stands in a folder's place, and what to do about it."""
    if os.path.islink(path) and not os.path.exists(path):
        return f"a link that leads nowhere is there (to {os.readlink(path)}); mount or make what it names"
    return "a file is there; move it away"


def sync_folder(path: Path) -> None:
    """Make what was created, renamed and deleted in the folder outlive a power cut."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def open_file(root: Path, name: str, *, create: bool) -> int:
    """Open a regular file below `root` for reading and writing; with `create`, make it and its folders durably."""
    *folders, leaf = check_name(name)
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            at = _enter(at, folder, create)
        return _open_leaf(at, leaf, create)
    finally:
        os.close(at)


def _enter(at: int, folder: str, create: bool) -> int:
    if create:
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, FOLDER_MODE, dir_fd=at)
        os.fsync(at)
    inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _FLAGS, dir_fd=at)
    os.close(at)
    return inner


def _open_leaf(at: int, leaf: str, create: bool) -> int:
    # O_NONBLOCK: a FIFO in the place of a file must be refused, not waited for.
    fd = os.open(leaf, os.O_RDWR | os.O_NONBLOCK | _FLAGS | (os.O_CREAT if create else 0), FILE_MODE, dir_fd=at)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(None, "not a regular file")
    if create:
        os.fsync(fd)
        os.fsync(at)
    return fd


def write_at(fd: int, data: bytes, offset: int) -> None:
    """Write all of the bytes at that offset; pwrite may write fewer than asked, and then says why on the next call."""
    rest = memoryview(data)
    while rest:
        written = os.pwrite(fd, rest, offset)
        offset += written
        rest = rest[written:]


def hash_range(fd: int, start: int, end: int) -> bytes:
    """SHA-256 of the bytes from `start` to before `end`, or to the end of the file if that comes first."""
    digest = hashlib.sha256()
    while start < end and (block := os.pread(fd, min(_BLOCK, end - start), start)):
        digest.update(block)
        start += len(block)
    return digest.digest()


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` in the place of `path`: after a crash it is the old file or the new one, never half of one."""
    draft = path.with_name(path.name + ".tmp")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, FILE_MODE)
    try:
        write_at(fd, data, 0)
        os.fsync(fd)
    finally:
        os.close(fd)
    draft.replace(path)
    sync_folder(path.parent)


def sha256(data: bytes) -> bytes:
    """The digest as 32 bytes."""
    return hashlib.sha256(data).digest()
