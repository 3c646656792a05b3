"""Faults of output files (O) and of the state database (D) by their numbers; the crashes are made by crash.py."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import crash
import crashsweep
import crashwork
import powercut
from scraper.errors import LockedError, StoreError
from scraper.store import database, verify
from scraper.store.lock import Lock

URLS, BATCH = 40, 5


def finished(folder: Path) -> list[str]:
    """Finish the work and say what is wrong."""
    crashwork.work(folder, URLS, BATCH)
    return crashwork.faults(folder, URLS)


def killed(folder: Path, at: tuple[int, int] = (2, 20)) -> None:
    """A process that works and dies without a word once it has done that much."""
    pid = os.fork()
    if pid == 0:
        try:
            crashwork.work(folder, URLS, BATCH, tell=lambda *place: os._exit(0) if place >= at else None)
        finally:  # whatever happens, no second pytest goes on from here
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0


@pytest.fixture
def tally() -> crash.Tally:
    return crash.Tally()


def _ran(report: str) -> None:
    if report.startswith("NOT RUN"):
        pytest.skip(report)


def test_o01_o04_o23_random_kills(tmp_path: Path, tally: crash.Tally) -> None:
    crash.random_kills(15, 7, tmp_path / "data", tally)
    assert tally.total == 0, tally


def test_o02_a_kill_at_every_kind_of_call(tmp_path: Path, tally: crash.Tally) -> None:
    _ran(crashsweep.kill_points(tmp_path / "data", tally, sample=2))
    assert tally.total == 0, tally


def test_o09_o11_d10_each_kind_of_call_refused(tmp_path: Path, tally: crash.Tally) -> None:
    _ran(crashsweep.io_errors(tmp_path / "data", tally, sample=1))
    assert tally.total == 0, tally


def test_o03_power_cuts(tmp_path: Path, tally: crash.Tally) -> None:
    _ran(powercut.power_cuts(tmp_path / "data", 7, tally, stride=25))
    assert tally.total == 0, tally


def test_mutants_are_caught(tmp_path: Path) -> None:
    _ran(powercut.power_cuts(tmp_path / "data", 7, crash.Tally(), stride=10_000))
    assert "MISSED" not in crash.mutants(tmp_path / "data", 7, short=True)


# What another program may do to our file between two batches, or between two runs.
def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"half')


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def rename(path: Path) -> None:
    path.rename(path.with_suffix(".1"))


def rename_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_suffix(".1"))


def replace(path: Path) -> None:
    data = path.read_bytes()
    path.rename(path.with_suffix(".1"))
    path.write_bytes(data)


def overwrite(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3] + b"}}\n")


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link(path: Path) -> None:
    path.rename(path.with_suffix(".1"))
    path.symlink_to(path.with_suffix(".1"))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


MEDDLED: list[tuple[str, Callable[[Path], None], str]] = [
    ("O16", append, "longer than state"),
    ("O17", truncate, "shorter than state"),
    ("O17", Path.unlink, "gone: deleted or renamed during the run; put it back"),
    ("O17", rename, "gone: deleted or renamed during the run; put it back"),
    ("O17", rename_folder, "gone: deleted or renamed during the run; put it back"),
    ("O17", replace, "replaced"),
    ("O18", append, "longer than state"),
]


def newest(data: Path) -> Path:
    return max((data / "out").glob("articles-*.jsonl"))


@pytest.mark.parametrize(
    ("meddle", "message"), [row[1:] for row in MEDDLED], ids=[f"{r[0]}-{r[1].__name__}" for r in MEDDLED]
)
def test_a_file_changed_during_the_run_stops_it(tmp_path: Path, meddle: Callable[[Path], None], message: str) -> None:
    def tell(edition: int, urls: int) -> None:
        if (edition, urls) == (1, 10):
            meddle(newest(tmp_path))

    with pytest.raises(StoreError, match=message):
        crashwork.work(tmp_path, URLS, BATCH, tell=tell)


def test_d02_a_database_that_goes_during_the_run_is_told(tmp_path: Path) -> None:
    def tell(edition: int, urls: int) -> None:
        if (edition, urls) == (2, URLS):
            (tmp_path / "state.db").unlink()

    with pytest.raises(StoreError, match=r"state\.db: gone: deleted or renamed during the run; put it back"):
        crashwork.work(tmp_path, URLS, BATCH, tell=tell)


BETWEEN: list[tuple[str, Callable[[Path], None], str]] = [
    ("O16", append, "longer than state: 6 bytes"),
    ("O17", truncate, "shorter than state"),
    ("O17", overwrite, "not the ones that were written"),
    ("D12", Path.unlink, "shorter than state: 0 bytes"),
    ("O21", fifo, "regular file"),
    ("O21", link, "articles-"),
    ("O21", folder, "articles-"),
]


@pytest.mark.parametrize(
    ("meddle", "message"), [row[1:] for row in BETWEEN], ids=[f"{r[0]}-{r[1].__name__}" for r in BETWEEN]
)
def test_a_file_changed_between_runs_is_refused(tmp_path: Path, meddle: Callable[[Path], None], message: str) -> None:
    crashwork.work(tmp_path, URLS, BATCH)
    meddle(newest(tmp_path))
    with pytest.raises(StoreError, match=message):
        crashwork.work(tmp_path, URLS, BATCH)


def test_o16_a_file_in_the_place_of_the_next_one_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    strange = tmp_path / "pages" / "pages-00001.warc.gz"
    strange.write_bytes(b"mine")
    with pytest.raises(StoreError, match="knows nothing of it"):
        crashwork.work(tmp_path, URLS, BATCH)
    assert strange.read_bytes() == b"mine"


def test_o19_a_second_run_names_the_first(tmp_path: Path) -> None:
    messages: list[str] = []

    def tell(edition: int, urls: int) -> None:
        with pytest.raises(LockedError) as caught:
            crashwork.work(tmp_path, URLS, BATCH)
        messages.append(str(caught.value))

    crashwork.work(tmp_path, 10, BATCH, tell=tell)
    assert all(f"pid {os.getpid()}, run 20260301T120000Z-" in message for message in messages)


def test_o20_a_killed_run_leaves_no_lock(tmp_path: Path) -> None:
    killed(tmp_path)
    assert finished(tmp_path) == []


def test_o20_a_forked_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    """As multiprocessing's workers are forked, perhaps while `scrape` is iterated over; they may also end first."""
    lock = Lock(tmp_path)
    if not (ended := os.fork()):
        lock.close()
        os._exit(0)
    os.waitpid(ended, 0)
    if not (lasting := os.fork()):
        signal.alarm(60)
        signal.pause()
        os._exit(0)
    with pytest.raises(LockedError):
        Lock(tmp_path)
    lock.close()
    Lock(tmp_path).close()
    os.kill(lasting, signal.SIGKILL)
    os.waitpid(lasting, 0)


def test_o11_a_failed_sync_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def fails(fd: int) -> None:
        calls.append(fd)
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch, pytest.raises(StoreError, match="Input/output error"):
        patch.setattr(os, "fdatasync", fails)
        crashwork.work(tmp_path, URLS, BATCH)
    assert len(calls) == 1
    assert finished(tmp_path) == []


def test_o12_short_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: whole(fd, data[:100], offset))
    assert finished(tmp_path) == []


@pytest.mark.parametrize("limit", [20_000, 60_000, 150_000], ids="O13-{}".format)
def test_o13_file_size_limit(tmp_path: Path, limit: int) -> None:
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            crashwork.work(tmp_path, URLS, BATCH)
        except StoreError as error:
            os._exit(f"free there; no file may have more than {limit}: ulimit -f)" not in str(error))
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert finished(tmp_path) == []


SQLITE = [(sqlite3.SQLITE_FULL, True), (sqlite3.SQLITE_IOERR_WRITE, True), (sqlite3.SQLITE_BUSY, False)]


@pytest.mark.parametrize(("code", "is_told"), SQLITE)
def test_o09_the_space_left_is_told_where_it_matters(tmp_path: Path, code: int, is_told: bool) -> None:
    error = sqlite3.OperationalError("so says SQLite")
    error.sqlite_errorcode = code
    with pytest.raises(StoreError) as caught, database.mapped(tmp_path / "state.db"):
        raise error
    assert ("bytes free there" in str(caught.value)) == is_told


@contextlib.contextmanager
def small_disk(path: Path) -> Iterator[Callable[[str], None]]:
    path.mkdir()
    if (
        os.geteuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", path], capture_output=True).returncode
    ):
        pytest.skip("NOT RUN: a small disk needs root and the right to mount")
    try:
        yield lambda size: subprocess.run(["mount", "-o", f"remount,size={size}", path], check=True) and None
    finally:
        subprocess.run(["umount", path], check=True)


def test_o09_disk_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as resize:
        with pytest.raises(StoreError, match=r"\d bytes free there\).*start again"):
            crashwork.work(tmp_path / "disk" / "data", URLS, BATCH)
        resize("64m")
        assert finished(tmp_path / "disk" / "data") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="NOT RUN: needs root, to become another user")
@pytest.mark.parametrize("name", ["", "out", "state.db", "lock"], ids="O14-D11-{}".format)
def test_o14_d11_no_permission_is_refused_at_once(name: str) -> None:
    home = Path(tempfile.mkdtemp())  # pytest's own folders are for their owner alone
    try:
        home.chmod(0o755)
        _refused_at_once(home / "data", name)
    finally:
        shutil.rmtree(home)


def _refused_at_once(data: Path, name: str) -> None:
    crashwork.work(data, URLS, BATCH)
    for path in (data, *data.rglob("*")):
        path.chmod(path.stat().st_mode | 0o777)
    target = data / name
    target.chmod(0o500 if target.is_dir() else 0o400)
    pid = os.fork()
    if pid == 0:
        try:
            os.setresuid(65534, 65534, 65534)
            crashwork.work(data, URLS, BATCH)
        except StoreError:
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << at % 8]))


def test_d01_any_byte_changed_between_runs_is_refused(tmp_path: Path) -> None:
    crashwork.work(tmp_path, URLS, BATCH)
    path = tmp_path / "state.db"
    for at in (*range(0, 100, 3), *random.Random(1).sample(range(path.stat().st_size), 60)):
        flip(path, at)
        with pytest.raises(StoreError, match=r"state\.db: changed"):
            verify(tmp_path)
        flip(path, at)
    assert verify(tmp_path).problems == []


@pytest.mark.parametrize("name", ["state.db", "state.db-wal"])
def test_d01_a_byte_changed_after_a_crash_is_refused_or_harmless(tmp_path: Path, name: str) -> None:
    killed(tmp_path / "sound")
    if name == "state.db":
        with contextlib.closing(sqlite3.connect(tmp_path / "sound" / name)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = (tmp_path / "sound" / name).stat().st_size
    for at in (*range(0, 100, 5), *random.Random(2).sample(range(size), 60)):
        shutil.rmtree(tmp_path / "data", ignore_errors=True)
        shutil.copytree(tmp_path / "sound", tmp_path / "data")
        flip(tmp_path / "data" / name, at)
        with contextlib.suppress(StoreError):
            assert finished(tmp_path / "data") == [], f"byte {at}"


@pytest.mark.parametrize("stamped", [True, False])
@pytest.mark.parametrize("size", [0, 1, 512, 4096, -1], ids="D02-{}".format)
def test_d02_a_database_cut_short_is_refused(tmp_path: Path, size: int, stamped: bool) -> None:
    crashwork.work(tmp_path, URLS, BATCH)
    path = tmp_path / "state.db"
    os.truncate(path, size if size >= 0 else path.stat().st_size // 2)
    if not stamped:
        path.with_name("state.db.sha256").unlink()
    with pytest.raises(StoreError):
        crashwork.work(tmp_path, URLS, BATCH)


def test_d03_d04_a_missing_log_is_seen(tmp_path: Path) -> None:
    killed(tmp_path)
    (tmp_path / "state.db-wal").unlink()
    with pytest.raises(StoreError, match=r"state\.db"):
        crashwork.work(tmp_path, URLS, BATCH)


def test_d03_the_log_of_another_folder_is_refused(tmp_path: Path) -> None:
    crashwork.work(tmp_path / "a", URLS, BATCH)
    killed(tmp_path / "b")
    shutil.copy(tmp_path / "b" / "state.db-wal", tmp_path / "a")
    with pytest.raises(StoreError, match=r"state\.db: changed"):
        crashwork.work(tmp_path / "a", URLS, BATCH)


def test_d03_old_output_beside_a_new_state_is_refused(tmp_path: Path) -> None:
    crashwork.work(tmp_path, URLS, BATCH)
    for path in tmp_path.glob("state.db*"):
        path.unlink()
    with pytest.raises(StoreError, match=r"out: holds articles"):
        crashwork.work(tmp_path, URLS, BATCH)


STRANGE = [
    ("D05-text", lambda path: path.write_text("not a database, only some words\n" * 40), "not a usable state"),
    ("D05-other", lambda path: _sql(path, "CREATE TABLE t (x)"), "not a usable state"),
    ("D05-other-version", lambda path: _sql(path, "CREATE TABLE t (x)", "PRAGMA user_version = 1"), "another program"),
    ("D06-newer", lambda path: _sql(path, "PRAGMA application_id = 1935897185", "PRAGMA user_version = 9"), "update"),
    ("O21-folder", Path.mkdir, "state.db"),
    ("O21-link", lambda path: path.symlink_to("/dev/null"), "state.db"),
    ("O21-fifo", os.mkfifo, "regular file"),
]


def _sql(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


@pytest.mark.parametrize(("make", "message"), [row[1:] for row in STRANGE], ids=[row[0] for row in STRANGE])
def test_a_strange_database_is_refused(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    make(tmp_path / "state.db")
    with pytest.raises(StoreError, match=message):
        crashwork.work(tmp_path, URLS, BATCH)


def test_d08_a_database_locked_by_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_WAIT", 0.05)
    crashwork.work(tmp_path, 5, BATCH)
    with contextlib.closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="database is locked"):
            crashwork.work(tmp_path, URLS, BATCH)


def test_d09_a_reader_does_not_stop_the_run(tmp_path: Path) -> None:
    crashwork.work(tmp_path, URLS, BATCH)
    with contextlib.closing(sqlite3.connect(f"file:{tmp_path}/state.db?mode=ro", uri=True, isolation_level=None)) as db:
        db.execute("BEGIN")
        assert db.execute("SELECT count(*) FROM articles").fetchone()[0] > 0
        assert verify(tmp_path).problems == []
    assert finished(tmp_path) == []


CHANGES: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("sealed", lambda data: data.replace(b"opened", b"closed"), "changed since it was sealed"),
    ("not-json", lambda data: data.replace(b"{", b"[", 1), "not a record"),
    ("line-gone", lambda data: data.split(b"\n", 1)[1], "records, expected"),
    ("line-twice", lambda data: data + data, "not that many lines"),
]


@pytest.mark.parametrize(("change", "problem"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_verify_finds_a_changed_file(tmp_path: Path, change: Callable[[bytes], bytes], problem: str) -> None:
    crashwork.work(tmp_path, URLS, BATCH)
    path = tmp_path / "out" / "articles-00001.jsonl"
    path.write_bytes(change(path.read_bytes()))
    assert problem in "\n".join(verify(tmp_path).problems)
