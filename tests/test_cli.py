"""The commands: exit codes, stdout for records and stderr for words, signals, and what a hostile page may show."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import scraper
from scraper import cli, doctor, page_commands, report, why
from scraper.errors import ConfigError, LockedError, Problem, SkipPage, StoreError
from scraper.model import Article, Found, Outcome, Page
from scraper.parse import article
from scraper.pipeline import Event

SCRAPER = [sys.executable, "-c", "from scraper.cli import main; main()"]
# For a process of its own, wherever it starts: the package that this process has.
ENVIRON = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
SITE = '[sites.a]\nstart = ["https://a.example/"]\n'
ARTICLE = Article("0" * 32, "a.example", "https://a.example/1", "https://a.example/1", headline="River rises")
PAGE = Page("https://a.example/1", "https://a.example/1", 200, (), b"<p>", None)


@dataclass
class Result:
    """A wiring.RunResult with defaults."""

    discovered: int = 4
    balance: dict[str, int] = field(default_factory=lambda: {"stored": 3, "failed": 1})
    reasons: list[tuple[str, str, str | None, int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    new_lines: int = 3
    interrupted: bool = False


@pytest.fixture
def wiring(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Stands in for scraper.wiring, so that only the commands themselves are tested here."""
    fake = ModuleType("scraper.wiring")
    monkeypatch.setitem(sys.modules, "scraper.wiring", fake)
    monkeypatch.setattr(scraper, "wiring", fake, raising=False)
    return fake


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "config.toml"
    file.write_text(SITE + "[run]\nfail_above = 0.5\n")
    return str(file)


def gives(value: object) -> Callable[..., Any]:
    """A function that returns the value, or raises it."""

    def call(*arguments: object, **options: object) -> object:
        if isinstance(value, BaseException):
            raise value
        return value

    return call


# --- exit codes (F14) -----------------------------------------------------------------------------------------------

RUNS: dict[str, tuple[object, int]] = {
    "done": (Result(), 0),
    "unchanged is done": (Result(9, {"unchanged": 9}, new_lines=0), 0),
    "as many failed as allowed": (Result(4, {"stored": 2, "failed": 2}), 0),
    "more failed than allowed": (Result(4, {"stored": 1, "failed": 3}), 1),
    "wrong configuration": (ConfigError([Problem("c.toml", 3, "run.x", "unknown key")]), 2),
    "nothing produced": (Result(4, {"skipped": 4}), 3),
    "nothing discovered": (Result(0, {}), 3),
    "output cannot be written": (StoreError("data: disk full"), 3),
    "no space": (OSError(28, "No space left on device", "out.jsonl"), 3),
    "a fault of our own": (KeyError("x"), 3),
    "locked": (LockedError("data: another run (pid 7) holds it"), 4),
    "interrupted": (Result(4, {"stored": 1}, interrupted=True), 130),
    "interrupted twice": (KeyboardInterrupt(), 130),
}


@pytest.mark.parametrize("case", RUNS)
def test_exit_code_of_run(case: str, wiring: ModuleType, config: str, capfd: pytest.CaptureFixture[str]) -> None:
    value, code = RUNS[case]
    wiring.run = gives(value)  # type: ignore[attr-defined]
    assert cli.outcome(["run", "-c", config]) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert err.count("\n") >= 1


USAGE: dict[str, tuple[list[str], str]] = {
    "no such command": (["fly"], "No such command"),
    "no such option": (["run", "--fast"], "No such option"),
    "limit of none": (["run", "--limit", "0"], "x>=1"),
    "site without config": (["parse", ".", "--site", "a"], "--site needs -c"),
    "no such site": (["run", "-c", "{config}", "--site", "b"], "No site 'b'"),
    "no such page": (["parse", "no-such.html"], "No such file or folder"),
    "no such page to explain": (["why", "no-such.html"], "No such file"),
    "no such field": (["why", "-", "headlin"], "one of canonical_url"),
    "not a URL": (["get", "valley.example"], "http:// or https://"),
    "not a page's URL": (["parse", "-", "--url", "valley.example"], "http:// or https://"),
    "one URL for many pages": (["parse", "-", "-", "--url", "https://valley.example/1"], "of a single page"),
    "a password in a URL": (["get", "https://u:s3cret@a.example/"], "user name or password"),
    "no name for a section": (["init", ".", "--name", "a b"], "--name: expected"),
    "no such dialect": (["schema", "--dialect", "cobol"], "one of jsonschema"),
    "no such config": (["check", "-c", "no-such.toml"], "no such file"),
}


@pytest.mark.parametrize("case", USAGE)
def test_usage_errors_are_one_clear_line(
    case: str, wiring: ModuleType, config: str, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments, part = USAGE[case]
    assert cli.outcome([each.format(config=config) for each in arguments]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert part in err
    assert "Traceback" not in err
    assert "s3cret" not in err


def test_debug_adds_the_traceback(wiring: ModuleType, config: str, capfd: pytest.CaptureFixture[str]) -> None:
    wiring.run = gives(KeyError("x"))  # type: ignore[attr-defined]
    assert cli.outcome(["run", "-c", config, "--debug"]) == 3
    assert "Traceback" in capfd.readouterr().err


# --- records and words ----------------------------------------------------------------------------------------------


def test_get_prints_records_and_says_the_rest(wiring: ModuleType, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    failed = Outcome("https://a.example/2", "failed", "http_410", "a.example", "gone")
    wiring.get = gives(  # type: ignore[attr-defined]
        [(ARTICLE.url, ARTICLE, Outcome(ARTICLE.url, "stored")), (failed.url, None, failed)]
    )
    assert cli.outcome(["get", ARTICLE.url, failed.url]) == 1
    out, err = capfdbinary.readouterr()
    assert [json.loads(line) for line in out.splitlines()] == [ARTICLE.to_dict()]
    assert err.decode() == "https://a.example/2: failed: http_410 (gone)\n"


def test_parse_refuses_what_is_no_article(
    wiring: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wiring.saved = gives([("a.html", PAGE)])  # type: ignore[attr-defined]
    listing = SimpleNamespace(is_article=False, refusal="listing")
    monkeypatch.setattr(article, "parse", gives(listing))
    assert cli.outcome(["parse", str(tmp_path)]) == 3
    assert capfd.readouterr() == ("", "a.html: refused: listing\n")


MOVED = SkipPage("http_301", url="http://a.example/1")
OTHER = replace(PAGE, url="https://a.example/2", final_url="https://a.example/2")
NONE = "{name}: failed: unreadable (no saved pages here)"
SAVED: dict[str, tuple[list[object], list[str], int, list[str]]] = {
    # What lies at each path, further arguments; the exit code and what is said.
    "a path that cannot be read": ([[PAGE], StoreError("1: no saved pages here")], [], 1, [NONE.format(name=1)]),
    "the first of them": ([StoreError("0: no saved pages here"), [PAGE]], [], 1, [NONE.format(name=0)]),
    "nothing else": ([StoreError("0: no saved pages here")], [], 3, [NONE.format(name=0)]),
    "no page in a file": ([[]], [], 3, ["0: no page in it"]),
    "no page in one of them": ([[], [PAGE]], [], 0, ["0: no page in it"]),
    "another address than asked for": (
        [[PAGE, OTHER]],
        ["--url", OTHER.url],
        0,
        ["1 answers skipped: of another address"],
    ),
    "none of that address": ([[PAGE]], ["--url", OTHER.url], 3, ["1 answers skipped: of another address"]),
}


@pytest.mark.parametrize("name", SAVED)
def test_parse_goes_on(
    name: str, wiring: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    held, more, code, words = SAVED[name]
    monkeypatch.chdir(tmp_path)
    for number in range(len(held)):
        Path(str(number)).touch()

    def saved(paths: list[str], url: str | None) -> Iterator[tuple[str, object]]:
        for path in paths:
            pages = gives(held[int(path)])()
            yield from ((path, page) for page in pages)

    wiring.saved = saved  # type: ignore[attr-defined]
    monkeypatch.setattr(article, "parse", gives(replace(ARTICLE, is_article=True)))
    ended = cli.outcome(["parse", *map(str, range(len(held))), *more])
    assert (ended, capfd.readouterr().err.splitlines()) == (code, words)


def test_parse_tells_of_its_progress_whatever_ends(
    wiring: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wiring.saved = gives([("a.html", PAGE), ("b.html", SkipPage("not_html"))] * 2)  # type: ignore[attr-defined]
    monkeypatch.setattr(article, "parse", gives(replace(ARTICLE, is_article=True)))
    monkeypatch.setattr(page_commands, "TELL_EVERY", 2)
    assert cli.outcome(["parse", str(tmp_path)]) == 0
    assert [line for line in capfd.readouterr().err.splitlines() if "so far" in line] == [
        "2 pages so far",
        "4 pages so far",
    ]


ONE: dict[str, tuple[list[object], str | None, Page | str]] = {
    # What a file holds, --url; the page that `why` takes, or what it says.
    "beside answers that are no pages": ([MOVED, PAGE, SkipPage("not_html")], None, PAGE),
    "one of two": ([PAGE, OTHER], OTHER.url, OTHER),
    "two": ([MOVED, PAGE, OTHER], None, "f: many pages; name one with --url"),
    "of another address": ([PAGE], OTHER.url, f"f: no page of {OTHER.url}"),
    "none": ([], None, "f: no page in it"),
    "an answer that is no page": ([MOVED], None, "f: http_301 http://a.example/1"),
}


@pytest.mark.parametrize("name", ONE)
def test_the_page_that_why_takes(
    name: str, wiring: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    held, url, expected = ONE[name]
    monkeypatch.chdir(tmp_path)
    Path("f").mkdir()  # a saved page's folder, as well as a file
    wiring.saved = gives([("place", each) for each in held])  # type: ignore[attr-defined]
    try:
        found: Page | str = page_commands._one_page("f", url, None)
    except StoreError as error:
        found = str(error)
    assert found == expected


def test_why_takes_the_page_that_url_names(wiring: ModuleType) -> None:
    """Of standard input too, which can be read but once."""
    other = replace(PAGE, url="https://a.example/2", final_url="https://a.example/2")
    wiring.saved = lambda paths, url: iter([("a", PAGE), ("b", other)])  # type: ignore[attr-defined]
    assert page_commands._one_page("-", other.url, None) is other


def test_check_names_every_mistake_and_asks_nobody(tmp_path: Path) -> None:
    """Runs as its own process, under a hook that ends it at the first socket."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        start = f'start = ["http://127.0.0.1:{server.getsockname()[1]}/"]'
        (tmp_path / "c.toml").write_text(
            f'[run]\nconcurency = 1\n[sites.a]\n{start}\ndelay = "x"\ntimezone = "Asia/Kabool"\n'
            f'[sites.b]\n{start}\n[sites.a]\n{start}\n[sites.b.fields]\nheadline = "h1["\n'
        )
        hook = "import sys, os; sys.addaudithook(lambda name, _: name.startswith('socket.') and os._exit(99))"
        code = f"{hook}; from scraper.cli import main; main(['check', '-c', 'c.toml'])"
        ran = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=ENVIRON, capture_output=True, text=True, timeout=60
        )
    assert ran.returncode == 2
    places = [line.split(": ")[0] for line in ran.stderr.splitlines()[:-1]]
    assert places == ["c.toml:2", "c.toml:5", "c.toml:6", "c.toml:9", "c.toml:12"]
    assert ran.stderr.splitlines()[-1] == "5 mistakes in the configuration; nothing was fetched"


@pytest.mark.parametrize("command", ["run", "get", "parse", "why", "schema", "check", "doctor"])
def test_every_command_has_an_example(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.outcome([command, "--help"]) == 0
    assert f"Example: scraper {command}" in capfd.readouterr().out


def test_every_command_and_code_is_in_the_docs() -> None:
    page = (Path(__file__).parents[1] / "docs" / "commands.md").read_text("utf-8")
    assert {name for name in cli.cli.commands if f"## scraper {name}" not in page} == set()
    codes = {cli.DONE, cli.SOME_FAILED, cli.USAGE, cli.NOTHING, cli.LOCKED, cli.INTERRUPTED}
    assert {code for code in codes if f"\n| {code} |" not in page} == set()


# --- processes ------------------------------------------------------------------------------------------------------


def test_help_without_home_or_writable_place(tmp_path: Path) -> None:
    """F15, O26: no HOME, locale C, stdin closed, a working directory that cannot be written."""
    tmp_path.chmod(0o500)
    environ = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "PYTHONPATH": ENVIRON["PYTHONPATH"]}
    ran = subprocess.run(
        [*SCRAPER, "--help"],
        cwd=tmp_path,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Exit codes" in ran.stdout


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_seen_enough(unbuffered: str) -> None:
    """O08: stdout closed by `| head -1` ends quietly, with code 0."""
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run(
        [*SCRAPER, "schema"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        env={**ENVIRON, "PYTHONUNBUFFERED": unbuffered},
    )
    os.close(write)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="NOT RUN: no /dev/full here")
def test_a_full_disk_behind_stdout() -> None:
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [*SCRAPER, "schema"], stdout=full, stderr=subprocess.PIPE, env=ENVIRON, text=True, timeout=60
        )
    assert ran.returncode == 3
    assert ran.stderr == "error: No space left on device\n"


def test_the_first_signal_asks_and_the_second_ends(wiring: ModuleType, config: str) -> None:
    """O05, O06: SIGINT once sets `stop`; twice is KeyboardInterrupt, which is code 130."""
    seen: list[bool] = []

    def run(*_: object, stop: threading.Event, **__: object) -> Result:
        signal.raise_signal(signal.SIGTERM)
        seen.append(stop.is_set())
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the second signal was not heard")

    wiring.run = run  # type: ignore[attr-defined]
    before = signal.getsignal(signal.SIGINT)
    assert cli.outcome(["run", "-c", config]) == 130
    assert seen == [True]
    assert signal.getsignal(signal.SIGINT) is before


# --- progress, summary, evidence ------------------------------------------------------------------------------------

HOSTILE = {
    "C09 ESC": ("a\x1b[31mb", "a\\x1b[31mb"),
    "C09 OSC 52": ("\x1b]52;c;eA==\x07", "\\x1b]52;c;eA==\\x07"),
    "C09 CSI as one byte": ("\x9b2J", "\\x9b2J"),
    "C09 backspace": ("ab\x08", "ab\\x08"),
    "S22 line breaks": ("a\r\nERROR: b\u2028c\u2029d\x85e", "a\\x0d\\x0aERROR: b\\u2028c\\u2029d\\x85e"),
    "S22 format": ("%s {} [red]", "%s {} [red]"),
    "S23 direction": ("\u202ecod.exe\u2066\u200f\u061c", "\\u202ecod.exe\\u2066\\u200f\\u061c"),
    "surrogate": ("\ud800", "\\ud800"),
    "tag characters": ("\U000e0041", "\\U000e0041"),
    "S22 ten megabytes": ("x" * 10_000_000, "x" * 1999 + "…"),
    "F08 userinfo": ("at https://u:s3cret@a.example/", "at https://***@a.example/"),
    "joiners stay": ("می\u200cخواهم", "می\u200cخواهم"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_escape(case: str) -> None:
    raw, shown = HOSTILE[case]
    assert report.escape(raw) == shown


def events() -> Iterator[Event]:
    """Two URLs found; one becomes an article with a hostile title, one fails."""
    yield Event(discovered="https://a.example/1")
    yield Event(discovered="https://a.example/2")
    hostile = Article(
        "0" * 32, "a", "https://a.example/1", "https://a.example/1", headline="[red]\x1b]0;x\x07\u202e" * 9
    )
    yield Event(outcome=Outcome("https://a.example/1", "stored"), article=hostile)
    yield Event(outcome=Outcome("https://a.example/2\x1b[2J", "failed", "http_410"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal_shows_no_sequence_of_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    stream = Terminal()
    with report.Progress(stream) as progress:
        for event in events():
            progress(event)
    shown = stream.getvalue()
    assert "stored 1, failed 1" in shown
    assert "https://a.example/2\\x1b[2J" in shown
    assert [part for part in ("\x1b]0;", "\x07", "\u202e", "\x1b[2J") if part in shown] == []


def test_progress_elsewhere_is_plain_lines_now_and_then() -> None:
    clock = iter(
        [0.0, 4.0, 11.0, 11.0, 15.0, 22.0, 22.0]
    )  # at the start, then at each event, twice where a line is due
    stream = io.StringIO()
    with report.Progress(stream, lambda: next(clock)) as progress:
        for event in events():
            progress(event)
    assert stream.getvalue().splitlines() == ["0 of 2 pages so far", "2 of 2 pages: stored 1, failed 1"]
    assert [outcome.reason for outcome in progress.failures] == ["http_410"]


def test_summary_ends_with_the_balance() -> None:
    result = Result(
        36,
        {"stored": 30, "skipped": 4, "refused": 1, "failed": 1},
        [
            ("b", "failed", "http_410", 1),
            ("a", "skipped", "robots", 4),
            ("a", "stored", None, 30),
            ("a", "refused", "listing", 1),
        ],
        ["sitemap \x1b[2J broken"],
        30,
    )
    ended = [Outcome("https://u:p@b.example/x\n", "failed", "http_410", "b", "Gone")]
    lines = report.summary(result, ended, Path("/srv/data"))
    assert lines == [
        "problem: sitemap \\x1b[2J broken",
        "failed: https://***@b.example/x\\x0a http_410 (Gone)",
        "a  stored   30",
        "a  skipped   4  robots",
        "a  refused   1  listing",
        "b  failed    1  http_410",
        "30 new lines; records lie in /srv/data",
        "discovered 36 = stored 30 + updated 0 + unchanged 0 + skipped 4 + refused 1 + failed 1",
    ]


def test_why_shows_the_winner_and_why_the_others_lost() -> None:
    article = Article(
        *("0" * 32, "a", "https://a.example/1", "https://a.example/1"),
        date="2021-07-06",
        sources={"date": "label"},
        evidence={
            "date": (
                Found("2021-07-07", "meta", "2021-07-07T00:00Z", "meta article:published_time", "day only\x1b[2J"),
                Found("2021-07-06", "label", "6 July 2021", "ul.meta li"),
            )
        },
    )
    assert list(why.explain(article, "date")) == [
        "date: 2021-07-06  [label]",
        "    from label, ul.meta li: 6 July 2021",
        "    lost meta, meta article:published_time: 2021-07-07",
        "         because day only\\x1b[2J",
    ]
    assert "headline: nothing found" in list(why.explain(article))


@pytest.mark.parametrize(
    ("article", "lines"),
    [
        (
            Article(*"aaaa", evidence={"is_article": (Found(1.5, "markup", "type_article = 1.00", "type_article"),)}),
            ["is_article: yes", "    +1.50  type_article = 1.00"],
        ),
        (
            Article(
                *"aaaa",
                is_article=False,
                refusal="forum",
                evidence={"is_article": (Found("forum", "meta", "forum", "generator"),)},
            ),
            ["is_article: no, refused as forum", "    from meta, generator: forum"],
        ),
    ],
    ids=["an article", "a forum"],
)
def test_why_shows_what_speaks_for_an_article(article: Article, lines: list[str]) -> None:
    assert list(why.explain(article, "is_article")) == lines


# --- doctor ---------------------------------------------------------------------------------------------------------

REQUIREMENTS = {
    "right": ("click<99,>=8", True),
    "too old": ("click>=99", False),
    "too new": ("click<1", False),
    "missing": ("no-such-package>=1", False),
    "another platform": ("no-such-package; sys_platform == 'nowhere'", None),
    "another Python": ("no-such-package; python_version < '3.0'", None),
    "an extra that is missing": ("no-such-package; extra == 'x'", True),
}


@pytest.mark.parametrize("case", REQUIREMENTS)
def test_doctor_reads_requirements(case: str) -> None:
    requirement, expected = REQUIREMENTS[case]
    assert [finding.is_fine for finding in doctor.dependencies([requirement])] == (
        [] if expected is None else [expected]
    )


def test_doctor_looks_at_clock_sqlite_and_folder(tmp_path: Path) -> None:
    assert not doctor.clock(0).is_fine
    assert doctor.clock(doctor.MADE + 1).is_fine
    assert not doctor.sqlite((3, 31, 1)).is_fine
    assert "one process" in doctor.sqlite((3, 45, 0)).says
    (tmp_path / "c.toml").write_text(SITE)
    assert all(finding.is_fine for finding in doctor.folder(tmp_path / "c.toml"))
    assert list(tmp_path.iterdir()) == [tmp_path / "c.toml"]
    (tmp_path / "data").write_text("in the way")
    assert not list(doctor.folder(tmp_path / "c.toml"))[-1].is_fine
