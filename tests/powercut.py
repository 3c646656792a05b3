"""Power cuts without cutting power: record one run's file operations, rebuild what a disk could hold after each.

What was synced is there; of the rest nothing, all, any part, torn 512-byte sectors, or a size without its data. Names
in a folder (created, renamed, deleted) are there once the folder was synced. The disk's word on fsync is believed.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import crashwork

URLS, BATCH = 40, 5
ONLY_HERE = (
    "fdatasync removed",
    "synchronous = NORMAL",
)  # mutants that a killed process cannot show: the kernel keeps what it wrote
CALLS = "openat,pwrite64,write,ftruncate,unlink,rename,fsync,fdatasync"
MODES = ("none", "all", "some", "some", "torn", "torn", "zero")
SECTOR = 512
_HEX = r'"((?:\\x[0-9a-f]{2})*)"'


class Tally(Protocol):
    @property
    def total(self) -> int: ...

    def add(self, faults: list[str]) -> None: ...


@dataclass
class Inode:
    """A file's content: what is durable, and the writes since."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[str, int, bytes]] = field(default_factory=list)  # ("write", offset, data) | ("cut", size, b"")


@dataclass
class Disk:
    """Names and contents; each name belongs to a folder that is synced as a whole."""

    names: dict[str, Inode] = field(default_factory=dict)  # durable
    live: dict[str, Inode] = field(default_factory=dict)  # as the processes see it
    changes: list[tuple[str, Inode | None]] = field(default_factory=list)  # pending: name -> inode, None for deleted

    def apply(self, operation: tuple[str, str, int, bytes]) -> None:
        kind, name, number, data = operation
        if kind == "create" and name not in self.live:
            self._rename(name, Inode())
        elif kind == "delete":
            self._rename(name, None)
        elif kind == "rename":
            inode = self.live[name]
            self._rename(data.decode(), inode)
            self._rename(name, None)
        elif kind in ("write", "cut"):
            self.live[name].pending.append((kind, number, data))
        elif kind == "sync" and name in self.live:
            inode = self.live[name]
            for change in inode.pending:
                _change(inode.durable, change)
            inode.pending.clear()
        elif kind == "sync":
            self._sync_folder(name)

    def _rename(self, name: str, inode: Inode | None) -> None:
        self.changes.append((name, inode))
        if inode is None:
            self.live.pop(name, None)
        else:
            self.live[name] = inode

    def _sync_folder(self, folder: str) -> None:
        for name, inode in self.changes:
            if (os.path.dirname(name) or ".") == folder:
                _set(self.names, name, inode)
        self.changes = [one for one in self.changes if (os.path.dirname(one[0]) or ".") != folder]

    def after_cut(self, mode: str, rng: random.Random) -> dict[str, bytes]:
        names = dict(self.names)
        for name, inode in self.changes:
            if mode == "all" or (mode != "none" and rng.random() < 0.5):
                _set(names, name, inode)
        return {name: _survives(inode, mode, rng) for name, inode in names.items()}


def _set(names: dict[str, Inode], name: str, inode: Inode | None) -> None:
    if inode is None:
        names.pop(name, None)
    else:
        names[name] = inode


def _change(content: bytearray, change: tuple[str, int, bytes]) -> None:
    kind, number, data = change
    content.extend(bytes(max(0, number - len(content))))
    if kind == "cut":
        del content[number:]
    else:
        content[number : number + len(data)] = data


def _survives(inode: Inode, mode: str, rng: random.Random) -> bytes:
    content = bytearray(inode.durable)
    for change in inode.pending:
        for part in _parts(change, mode, len(content)):
            if mode in ("all", "zero") or (mode != "none" and rng.random() < 0.5):
                _change(content, part)
    return bytes(content)


def _parts(change: tuple[str, int, bytes], mode: str, size: int) -> list[tuple[str, int, bytes]]:
    kind, offset, data = change
    if kind == "cut" or mode not in ("torn", "zero"):
        return [change]
    if mode == "zero":  # the file has grown, its data did not arrive
        return [(kind, offset, bytes(len(data)))] if offset >= size else []
    return [(kind, offset + at, data[at : at + SECTOR]) for at in range(0, len(data), SECTOR)]


def power_cuts(folder: Path, seed: int, tally: Tally, *, mutant: str = "", stride: int = 1) -> str:
    """Cut the power after every `stride`-th operation, in seven ways each; recover, compare, finish, compare."""
    if shutil.which("strace") is None:
        return "NOT RUN: 1 recording needs strace"
    operations = list(_record(folder, mutant))
    if not operations:
        return "NOT RUN: 1 recording needs a strace that may trace"
    rng = random.Random(seed)
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="powercut-", dir=memory if memory.is_dir() else None) as scratch:
        states = _cut_everywhere(operations, rng, Path(scratch) / "data", tally, stride, mutant)
    return f"seed {seed}: {len(operations)} operations, {states} disks after a cut"


def _cut_everywhere(
    operations: list[tuple[str, str, int, bytes]],
    rng: random.Random,
    folder: Path,
    tally: Tally,
    stride: int,
    mutant: str,
) -> int:
    disk, states, acknowledged = Disk(), 0, (0, 0)
    modes = ("none",) if mutant else MODES  # the harshest cut finds a mutant soonest
    for at, operation in enumerate(operations):
        if operation[0] == "tell":
            edition, done = operation[3].split()
            acknowledged = int(edition), int(done)
        else:
            disk.apply(operation)
        if mutant and tally.total:
            break  # one fault is enough
        for mode in modes if at % stride == 0 else ():
            states += 1
            found = _resume(folder, disk.after_cut(mode, rng), acknowledged)
            tally.add([f"{fault} (cut after operation {at}, {mode})" for fault in found])
    return states


def _resume(folder: Path, files: dict[str, bytes], acknowledged: tuple[int, int]) -> list[str]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    began: list[tuple[int, int]] = []
    try:
        crashwork.work(folder, URLS, BATCH, tell=lambda *place: began.append(place))
        found = crashwork.faults(folder, URLS)
    except Exception as error:
        return [f"other: {type(error).__name__}: {error}"]
    if began and began[0] < acknowledged:
        found.append(f"forgotten: began at {began[0]} after {acknowledged} was acknowledged")
    return found


def _record(folder: Path, mutant: str) -> Iterator[tuple[str, str, int, bytes]]:
    """(kind, name, number, data) of every operation below the folder, and "tell" for what was acknowledged."""
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.NamedTemporaryFile("r") as log:
        strace = ["strace", "-f", "-qq", "-xx", "-y", "-s", "4000000", "-o", log.name, "-e", f"trace={CALLS}"]
        command = [*strace, sys.executable, "-B", __file__, str(folder), mutant]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for line in log:
            operation = _operation(line, folder)
            if operation and not operation[1].endswith("-shm") and operation[1] != "lock":
                yield operation


def _operation(line: str, folder: Path) -> tuple[str, str, int, bytes] | None:
    call = re.search(r"(\w+)\((.*)\)\s+= (\d+)", line)
    if not call:
        return None
    name, arguments = call[1], call[2]
    texts = [_unhex(text) for text in re.findall(_HEX, arguments)]
    handle = re.match(r"(\d+)<(.*?)>", arguments)
    if name == "write":
        return ("tell", "", 0, texts[0][5:]) if texts and texts[0].startswith(b"TELL ") else None
    if name in ("unlink", "rename"):
        target = os.path.relpath(texts[1].decode(), folder).encode() if name == "rename" else b""
        return _inside("delete" if name == "unlink" else "rename", texts[0].decode(), folder, 0, target)
    if name == "openat":
        path = os.path.join(_unhex(handle[2]).decode() if handle else "", texts[0].decode())
        return _inside("create", path, folder) if "O_CREAT" in arguments else None
    return _on_handle(name, _unhex(handle[2]).decode() if handle else "", arguments, texts, folder)


def _on_handle(
    name: str, path: str, arguments: str, texts: list[bytes], folder: Path
) -> tuple[str, str, int, bytes] | None:
    if name in ("fsync", "fdatasync"):
        return _inside("sync", path, folder)
    last = int(arguments.rsplit(", ", 1)[1])
    return _inside("write", path, folder, last, texts[0]) if name == "pwrite64" else _inside("cut", path, folder, last)


def _inside(
    kind: str, path: str, folder: Path, number: int = 0, data: bytes = b""
) -> tuple[str, str, int, bytes] | None:
    inside = path == str(folder) or path.startswith(f"{folder}/")
    return (kind, os.path.relpath(path, folder), number, data) if inside else None


def _unhex(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _worker(folder: Path, mutant: str) -> None:
    if mutant:
        crashwork.mutate(mutant)
    tell = lambda *place: os.write(1, b"TELL %d %d" % place) and None  # noqa: E731
    crashwork.work(folder, URLS, BATCH, tell=tell)


if __name__ == "__main__":
    _worker(Path(sys.argv[1]), sys.argv[2])
