"""Does the writer keep its promise? Kill it everywhere and count what is lost, doubled, corrupt or retracted.

    python tests/crash.py            200 random kills, every kill point, I/O errors, power cuts, mutants (some minutes)
    python tests/crash.py --short    a sample of each, under half a minute

Exit code 0 only if nothing was found and every mutant was caught. What cannot run here is counted as NOT RUN.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import crashsweep
import crashwork
import powercut

URLS = 600
MESSAGE = struct.Struct("<II")  # edition, URLs done: what the killed process had said was safe
FIELDS = ("lost", "doubled", "corrupt", "retracted", "forgotten", "other")


class Tally:
    """Faults by kind, with a few examples."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(FIELDS, 0)
        self.examples: list[str] = []

    def add(self, faults: list[str]) -> None:
        for fault in faults:
            kind = fault.split(":")[0]
            self.counts[kind if kind in self.counts else "other"] += 1
        self.examples += faults[: 3 - len(self.examples)]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def __str__(self) -> str:
        figures = ", ".join(f"{count} {kind}" for kind, count in self.counts.items())
        return "; ".join([figures, *self.examples])


class Tailer:
    """A reader that follows every file from the start and remembers what it saw."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[Path, tuple[int, hashlib._Hash]] = {}
        self.reads = 0

    def read(self) -> None:
        for path in self._folder.glob("out/*"):
            size, digest = self._seen.setdefault(path, (0, hashlib.sha256()))
            with path.open("rb") as file:
                file.seek(size)
                fresh = file.read()
            digest.update(fresh)
            self._seen[path] = size + len(fresh), digest
            self.reads += bool(fresh)

    def faults(self) -> list[str]:
        """Every byte that was once visible must still be there."""
        return [
            f"retracted: {path.name} changed below byte {size}"
            for path, (size, digest) in self._seen.items()
            if hashlib.sha256(path.read_bytes()[:size]).digest() != digest.digest()
        ]


class Round:
    """One folder from its first run to its last, however many processes that takes."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.folder, self.rng = folder, rng
        self.compress = rng.choice(("none", "gzip"))
        self.tailer = Tailer(folder)
        self.acknowledged = (0, 0)
        self.found: list[str] = []

    def run(self, life: float) -> bool:
        """Let a process work for `life` seconds, then kill it; True if it finished before."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        batch = self.rng.randint(1, 40)
        pid = os.fork()
        if pid == 0:
            _child(self.folder, batch, self.compress, writer)
        os.close(writer)
        finished = self._watch(pid, time.monotonic() + life)
        self._hear(reader)
        os.close(reader)
        self.tailer.read()
        return finished

    def _watch(self, pid: int, until: float) -> bool:
        while time.monotonic() < until:
            self.tailer.read()
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                if status:
                    self.found.append("other: a run could not go on where the one before was killed")
                return True
            time.sleep(0.002)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return False

    def _hear(self, reader: int) -> None:
        """The first message is where the process began: not before what the one before it had acknowledged."""
        data = b""
        with contextlib.suppress(BlockingIOError):
            while block := os.read(reader, 1 << 16):
                data += block
        heard = list(MESSAGE.iter_unpack(data[: len(data) - len(data) % MESSAGE.size]))
        if heard and heard[0] < self.acknowledged:
            self.found.append(f"forgotten: began at {heard[0]} after {self.acknowledged} was acknowledged")
        self.acknowledged = max([self.acknowledged, *heard])


def _child(folder: Path, batch: int, compress: str, pipe: int) -> None:
    """Never returns."""
    try:
        crashwork.work(
            folder, URLS, batch, compress=compress, tell=lambda *place: os.write(pipe, MESSAGE.pack(*place)) and None
        )
        os._exit(0)
    except BaseException:
        if not os.environ.get("CRASH_QUIET"):
            traceback.print_exc()
        os._exit(1)


def random_kills(kills: int, seed: int, folder: Path, tally: Tally) -> str:
    """SIGKILL at random moments while a reader tails the files; ends with a whole round."""
    rng = random.Random(seed)
    killed = rounds = reads = 0
    while killed < kills and not tally.total:
        one = Round(folder, rng)
        while not one.run(rng.uniform(0.003, rng.choice((0.02, 0.1)))):
            killed += 1
            if killed >= kills:
                one.run(60.0)
                break
        if not one.found:
            one.found += _safely(lambda: crashwork.faults(folder, URLS)) + one.tailer.faults()
        tally.add(one.found)
        rounds += 1
        reads += one.tailer.reads
    return f"seed {seed}: {killed} kills, {rounds} folders finished, {reads} reads of the tail"


def _safely(check: Callable[[], list[str]]) -> list[str]:
    try:
        return check()
    except Exception as error:
        return [f"other: {type(error).__name__}: {error}"]


def mutants(folder: Path, seed: int, *, short: bool) -> str:
    """Each known way to break the writer must be found by one of the harnesses."""
    missed = [name for name in crashwork.MUTANTS if not _caught(name, folder, seed, short)]
    caught = len(crashwork.MUTANTS) - len(missed)
    return f"{caught} of {len(crashwork.MUTANTS)} caught" + "".join(f"; MISSED {name}" for name in missed)


def _caught(name: str, folder: Path, seed: int, short: bool) -> bool:
    mend = crashwork.mutate(name)
    os.environ["CRASH_QUIET"] = "1"
    try:
        tally = Tally()
        if name in powercut.ONLY_HERE:
            powercut.power_cuts(folder, seed, tally, mutant=name, stride=3 if short else 1)
        else:
            random_kills(150, seed, folder, tally)
        return tally.total > 0
    finally:
        mend()
        del os.environ["CRASH_QUIET"]


@contextlib.contextmanager
def _printed(what: str) -> Iterator[list[str]]:
    start = time.monotonic()
    lines: list[str] = []
    yield lines
    print(f"{what:<15} {' | '.join(lines)} ({time.monotonic() - start:.0f} s)", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    kills = options.kills or (40 if options.short else 200)
    bad = 0
    with tempfile.TemporaryDirectory(prefix="scraper-crash-") as scratch:
        folder = Path(scratch) / "data"
        parts: dict[str, Callable[[Tally], str]] = {
            "random kills": lambda tally: random_kills(kills, options.seed, folder, tally),
            "every kill": lambda tally: crashsweep.kill_points(folder, tally, sample=4 if options.short else 0),
            "I/O errors": lambda tally: crashsweep.io_errors(folder, tally, sample=2 if options.short else 0),
            "power cuts": lambda tally: powercut.power_cuts(
                folder, options.seed, tally, stride=25 if options.short else 1
            ),
        }
        for what, part in parts.items():
            tally = Tally()
            with _printed(what) as lines:
                lines += [part(tally), str(tally)]
            bad += tally.total
        with _printed("mutants") as lines:
            lines.append(mutants(folder, options.seed, short=options.short))
        bad += "MISSED" in lines[0]
    print("all kept" if not bad else f"{bad} FAULTS")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
