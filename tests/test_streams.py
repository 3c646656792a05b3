"""Standard streams that are closed, broken or full: a command ends as if they were /dev/null."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import valley

PYTHON_M = [sys.executable, "-m", "scraper"]


def shell(folder: Path, line: str) -> subprocess.CompletedProcess[bytes]:
    """A line of bash in which `scraper` is ours."""
    command = f'scraper() {{ "{sys.executable}" -m scraper "$@"; }}; {line}'
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, timeout=120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("streams")
    valley.warc(made / "pages.warc.gz", [valley.page(number) for number in range(2)])
    (made / "a.html").write_bytes(valley.html(1))
    config = valley.configure(made)
    config.write_text(config.read_text().replace("workers = 0", "workers = 1"))  # they inherit what is closed
    return made


CLOSED = [">&-", "2>&-", "<&-", "<&- >&-", "<&- >&- 2>&-"]


@pytest.mark.parametrize("closed", CLOSED)
def test_a_run_with_closed_streams(folder: Path, tmp_path: Path, closed: str) -> None:
    for name in ("pages.warc.gz", "config.toml"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    done = shell(tmp_path, f"scraper run {closed}")
    said = (
        []
        if "2>" in closed
        else [b"discovered 2 = stored 2 + updated 0 + unchanged 0 + skipped 0 + refused 0 + failed 0"]
    )
    assert (done.returncode, done.stdout, done.stderr.splitlines()[-1:], len(valley.records(tmp_path))) == (
        0,
        b"",
        said,
        2,
    )


# The exit code, and whether there is anything on stdout and stderr; that of doctor is about this machine.
COMMANDS: dict[str, tuple[int, bool, bool]] = {
    "parse a.html >&-": (0, False, True),
    "parse a.html 2>&-": (0, True, False),
    "parse - <&-": (3, False, True),
    "schema >&-": (0, False, False),
    "why a.html >&-": (0, False, False),
    "--help >&-": (0, False, False),
    "check -c no.toml 2>&-": (2, False, False),
    "doctor >&-; true": (0, False, False),
    "doctor 2>&-; true": (0, True, False),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_with_closed_streams(folder: Path, command: str) -> None:
    done = shell(folder, f"scraper {command}")
    assert (done.returncode, bool(done.stdout), bool(done.stderr)) == COMMANDS[command], done.stderr


USAGE = ["--bad", "fly", "run --limit 0", "parse", "check -c no.toml"]
# A pipe whose reader is gone, and a disk that is full.
BROKEN = {"pipe": "exec 3> >(exec true); sleep 0.2; scraper {} 2>&3", "disk": "scraper {} 2>/dev/full"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="NOT RUN: no /dev/full here")
@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("command", USAGE)
def test_wrong_usage_that_cannot_be_told(folder: Path, command: str, broken: str) -> None:
    done = shell(folder, BROKEN[broken].format(command))
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", b"")


def test_python_m_is_the_command(tmp_path: Path) -> None:
    ran = subprocess.run([*PYTHON_M, "--version"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout.split()[0], ran.stderr) == (0, "scraper", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="NOT RUN: no /dev/full here")
def test_records_that_cannot_be_written(folder: Path) -> None:
    done = shell(folder, "scraper parse a.html a.html >/dev/full")
    assert (done.returncode, done.stderr.decode().splitlines()[-1]) == (3, "error: stdout: No space left on device")


def test_names_that_the_locale_has_no_letters_for(folder: Path) -> None:
    done = shell(folder, "export LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0; scraper parse dätä.html")
    assert "No such file or folder: dätä.html." in done.stderr.decode()
    (folder / "l.toml").write_text('[run]\nfolder = "dätä"\n[sites.a]\nstart = ["https://a.example/"]\n', "utf-8")
    done = shell(folder, "export LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0; scraper check -c l.toml")
    assert (done.returncode, b"run.folder: this system's locale has no such letters" in done.stderr) == (2, True)
