"""The pytest plug-in, in a small repository of its own that only has the package: a pytest process for each case."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from scraper import cli, replay
from scraper.archive import folder, warcwrite
from scraper.model import Page

SOURCE = Path(cli.__file__).parents[1]
ENVIRON = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
ENVIRON["PYTHONPATH"] = os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])
STORY = (
    "The old wooden bridge over the Mirzhol was opened again on Tuesday after eleven weeks of repairs.",
    "Two hundred people walked across it in the first hour, and the baker handed out warm rolls on the far bank.",
    "Carts and lorries stay on the detour until the spring, because the new beams have to settle first.",
)
HEADLINES = {
    "https://a.example/1/": "Bridge opens",
    "https://a.example/2/": "Snow falls",
    "https://b.example/1/": "Fair",
}
CONFIG = """
[sites.a]
start = ["https://a.example/"]
[sites.a.fields]
headline = "h2.top"
[sites.b]
start = ["https://b.example/"]
[sites.b.fields]
headline = "h2.top"
"""


def is_installed() -> bool:
    """Whether pytest finds the plug-in by its entry point, as it does for a user."""
    return any(found.value == "scraper.testing" for found in metadata.entry_points(group="pytest11"))


def page(url: str) -> Page:
    story = "".join(f"<p>{paragraph}</p>" for paragraph in STORY)
    labels = "<p>publish: 6 July 2021</p><p>time: 12:36 pm</p><p>category: Roads</p><p>No: 18200</p>"
    body = f"<title>Valley</title><h1>Valley News</h1>{labels}<h2 class=top>{HEADLINES[url]}</h2>{story}"
    return Page(url, url, 200, (("Content-Type", "text/html; charset=utf-8"),), body.encode(), None)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three saved pages of two sites, a test of the user's own, and the settings."""
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\ntestpaths = ["tests"]\naddopts = "--strict-markers --strict-config"\n'
        'scraper_fixtures = ["fixtures"]\nscraper_config = "config.toml"\n'
    )
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_own.py").write_text("def test_own(): pass\n")
    monkeypatch.chdir(tmp_path)
    for url in HEADLINES:
        folder.save(page(url), Path("fixtures"))
    assert cli.outcome(["replay", "fixtures", "-c", "config.toml", "--accept"]) == 0
    return tmp_path


def home(url: str) -> str:
    return next(case.name for case in replay.cases(Path("fixtures")) if replay.page(case).url == url)


def change(file: Path, **fields: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_bytes()), **fields}), encoding="utf-8")


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and output of pytest in the repository."""
    plugin = [] if is_installed() else ["-p", "scraper.testing"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "--color=no", *plugin, *arguments],
        env=ENVIRON,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def named(word: str, output: str) -> set[str]:
    """The tests that the summary names with a word: PASSED, FAILED, XFAIL."""
    return set(re.findall(rf"^{word} (\S+::\S+)", output, re.MULTILINE))


def replayed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, set[str]]:
    """Exit code of `scraper replay`, and what it names, spelt as tests are."""
    capsys.readouterr()
    code = cli.outcome(["replay", "fixtures", *arguments])
    out = capsys.readouterr().out
    return code, {"{}/expected.json::{}".format(*line.split(": ")[:2]) for line in out.splitlines()}


FIELDS = 25  # of a record, but for parser_version


def test_all_as_expected(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, output = run()
    assert code == 0, output
    assert len(named("PASSED", output)) == 3 * FIELDS + 1, output
    assert "tests/test_own.py::test_own" in named("PASSED", output)
    assert replayed(capsys, "-c", "config.toml") == (0, set())


@pytest.mark.parametrize("spread", [[], ["-n", "2"]], ids=["alone", "spread by xdist"])
def test_a_broken_rule(spread: list[str], repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exactly the pages and fields that it hits are named, the same by both."""
    (repository / "config.toml").write_text(CONFIG.replace('"h2.top"', '"h1"', 1))
    code, output = run(*spread)
    pages = [home(url) for url in HEADLINES if "a.example" in url]
    assert code == 1, output
    assert named("FAILED", output) == {f"{page}/expected.json::headline" for page in pages}, output
    assert len(named("PASSED", output)) == 3 * FIELDS - 2 + 1, output
    assert replayed(capsys, "-c", "config.toml") == (1, named("FAILED", output))
    assert 'headline: expected "Bridge opens", got "Valley News"' in output


def test_xfail_marks_are_strict(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, _ = (Path(home(url)) for url in HEADLINES)
    change(first / "expected.json", authors=["Vera Olkhova"])
    change(first / "page.json", xfail={"authors": "the byline is an image", "number": "was wrong once"})
    change(second / "expected.json", authors=["Vera Olkhova"])
    code, output = run()
    assert code == 1, output
    assert named("XFAIL", output) == {f"{first}/expected.json::authors"}, output
    wrong = {f"{first}/expected.json::number", f"{second}/expected.json::authors"}
    assert named("FAILED", output) == wrong, output
    assert replayed(capsys, "-c", "config.toml") == (1, wrong)


def test_p10_a_page_edited_by_hand_is_no_expected_failure(repository: Path) -> None:
    edited = Path(home("https://a.example/1/"))
    change(edited / "page.json", xfail={"authors": "unknown"})
    (edited / "page.html").write_bytes(b"<p>")
    code, output = run()
    assert code == 1
    assert named("FAILED", output) == {name for name in named("FAILED", output) if str(edited) in name}
    assert len(named("FAILED", output)) == FIELDS
    assert f"{edited}/page.html: changed" in output.replace(f"{repository}/", ""), output


def test_an_expectation_that_cannot_be_read_is_one_failure(repository: Path) -> None:
    first, second, _ = (Path(home(url)) for url in HEADLINES)
    (first / "expected.json").write_text("{")
    (second / "expected.json").unlink()
    code, output = run()
    assert code == 1
    assert named("FAILED", output) == {f"{first}/expected.json::expectation", f"{second}/page.json::expectation"}


CHOICES: dict[str, tuple[list[str], int, bool]] = {  # arguments, saved pages' tests, the user's own test
    "the user's own alone": (["tests"], 0, True),
    "the pages alone": (["fixtures"], 3 * FIELDS, False),
    "the pages with others": (["tests", "--scraper", "fixtures"], 3 * FIELDS, True),
    "the whole repository": (["."], 3 * FIELDS, True),
    "given twice": (["--scraper", "fixtures", "--scraper", "fixtures/"], 3 * FIELDS, True),
    "one field": (["-k", "headline"], 3, False),
}


@pytest.mark.parametrize("name", CHOICES)
def test_what_is_collected(name: str, repository: Path) -> None:
    arguments, count, own = CHOICES[name]
    code, output = run(*arguments)
    passed = named("PASSED", output)
    assert code == 0, output
    assert ("tests/test_own.py::test_own" in passed, len(passed - {"tests/test_own.py::test_own"})) == (own, count)


def test_one_test_by_its_name(repository: Path) -> None:
    wanted = f"{home('https://b.example/1/')}/expected.json::headline"
    for arguments in ([wanted], [wanted, "--scraper", "fixtures"]):
        code, output = run(*arguments)
        assert (code, named("PASSED", output)) == (0, {wanted}), output


def test_options_come_before_settings(repository: Path) -> None:
    (repository / "other.toml").write_text(CONFIG.replace('"h2.top"', '"h1"'))
    code, output = run("--scraper-config", "other.toml")
    assert code == 1
    assert {name.split("::")[1] for name in named("FAILED", output)} == {"headline"}


USAGE: dict[str, tuple[list[str], str]] = {
    "no such folder": (["--scraper", "nowhere"], "no such folder"),
    "a broken configuration": (["--scraper-config", "broken.toml"], 'did you mean "start"'),
    "no such configuration": (["--scraper-config", "nowhere.toml"], "nowhere.toml"),
}


@pytest.mark.parametrize("name", USAGE)
def test_usage(name: str, repository: Path) -> None:
    arguments, words = USAGE[name]
    (repository / "broken.toml").write_text('[sites.a]\nstrat = ["https://a.example/"]\n')
    code, output = run(*arguments)
    assert (code, words in output, "Traceback" in output) == (4, True, False), output


def test_a_site_as_it_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("pages", "expected"):
        Path("site", name).mkdir(parents=True)
    Path("site/replay.toml").write_text('origin = "https://a.example"\n')
    Path("site/pages/1.html").write_bytes(page("https://a.example/1/").body)
    Path("site/expected/bridge.json").write_text('{"url": "/1/", "number": "18200", "category": "Sport"}')
    code, output = run("--scraper", "site")
    assert code == 1, output
    assert named("PASSED", output) == {f"site/expected/bridge.json::{field}" for field in ("url", "number")}
    assert named("FAILED", output) == {"site/expected/bridge.json::category"}
    assert 'category: expected "Sport", got "Roads"' in output


# --- WARC files -------------------------------------------------------------------------------------------------------

COUNTING = """
import os, sys
opened = []
def hook(event, args):
    if event == "open" and str(args[0]).endswith(".warc.gz"):
        opened.append(args[0])
sys.addaudithook(hook)
def pytest_unconfigure(config):
    print(f"\\nopened {len(opened)} times")
"""


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three pages and an answer that is none in a WARC file, with what is expected of them; how often it is opened."""
    monkeypatch.chdir(tmp_path)
    gone = Page("https://a.example/3/", "https://a.example/3/", 404, (), b"gone", None)
    Path("kept").mkdir()
    file = Path("kept", "crawl.warc.gz")
    file.write_bytes(b"".join(map(warcwrite.records, [gone, *map(page, HEADLINES)])))
    assert cli.outcome(["replay", "kept", "--accept"]) == 0
    Path("conftest.py").write_text(COUNTING)
    return file


def expected(url: str) -> str:
    """The name of a page's expectation without its suffix."""
    return folder.name_of(url, 1)


@pytest.mark.parametrize("asked", ["kept", "kept/crawl.warc.gz"])
def test_a_warc_file_gives_a_test_a_page_and_field(asked: str, archive: Path) -> None:
    code, output = run("--scraper", asked)
    names = {name.split("::")[1] for name in named("PASSED", output)}
    assert (code, len(named("PASSED", output)), names) == (0, 3 * FIELDS, set(map(expected, HEADLINES))), output
    assert "opened 1 times" in output, output


def test_a_warc_file_has_the_verdicts_of_replay(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(Path(f"{archive}.expected", f"{expected('https://a.example/2/')}.json"), category="Sport", number="1")
    capsys.readouterr()
    assert cli.outcome(["replay", "kept"]) == 1
    told = [line.split(": ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    code, output = run("--scraper", "kept")
    failed = named("FAILED", output)
    assert (code, len(told)) == (1, 2), output
    assert failed == {f"{archive}::{expected('https://a.example/2/')}::{line.split(': ')[0]}" for line in told}, output
    assert [line for line in told if line not in output] == []
    one = f"{archive}::{expected('https://a.example/2/')}::number"
    assert named("FAILED", run("--scraper", "kept", one)[1]) == {one}
    assert named("FAILED", run("--scraper", "kept", "-n", "2", "--dist", "loadfile")[1]) == failed


def test_P04_a_damaged_place_is_one_failure(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = archive.read_bytes()
    start = len(data) - len(warcwrite.records(page("https://b.example/1/")))
    archive.write_bytes(data[:-30])
    Path(f"{archive}.expected", f"{expected('https://a.example/2/')}.json").unlink()
    code, output = run("--scraper", "kept")
    [flaw] = [name for name in named("FAILED", output) if "::byte-" in name]
    place = flaw.split("::byte-")[1].split("::")[0]
    others = named("FAILED", output) - {flaw}
    assert (code, int(place) >= start, others) == (
        1,
        True,
        {f"{archive}::{expected('https://a.example/2/')}::expectation"},
    )
    assert f"crawl.warc.gz:{place}: cut" in output, output
    capsys.readouterr()
    assert cli.outcome(["replay", "kept"]) == 1
    told = capsys.readouterr().err
    assert (f"crawl.warc.gz:{place}: cut" in told, "2 pages could not be compared" in told) == (True, True), told


def test_a_warc_file_that_is_not_asked_for_is_not_read(archive: Path) -> None:
    Path("test_own.py").write_text("def test_own(): pass\n")
    code, output = run(".")
    assert (code, named("PASSED", output), "opened 0 times" in output) == (0, {"test_own.py::test_own"}, True), output


def test_other_runs_load_nothing_but_the_plug_ins_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("test_other.py").write_text(
        "import sys\n"
        "def test_other():\n"
        "    allowed = {'scraper', 'scraper.parse', 'scraper.testing', 'scraper.errors', 'scraper.model'}\n"
        "    assert {name for name in sys.modules if name.startswith('scraper')} - allowed == set()\n"
        "    assert 'selectolax' not in sys.modules\n"
    )
    code, output = run()
    assert code == 0, output


def test_the_package_announces_it() -> None:
    import tomllib

    project = tomllib.loads((SOURCE.parent / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"scraper": "scraper.testing"}
