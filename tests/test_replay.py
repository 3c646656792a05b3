"""`scraper save` and `scraper replay`: what is a difference, how it is told, what is accepted, what is refused."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scraper import cli, parse, replay
from scraper.archive import folder, served
from scraper.config import load
from scraper.errors import StoreError
from scraper.model import Page

ROOT = Path(cli.__file__).parents[2]
NEWSROOM = ROOT / "fixtures" / "newsroom"
SCRAPER = [sys.executable, "-c", "from scraper.cli import main; main()"]
ENVIRON = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])}
PARAGRAPHS = [
    "The old wooden bridge over the Mirzhol was opened again on Tuesday after eleven weeks of repairs.",
    "Two hundred people walked across it in the first hour, and the baker handed out warm rolls on the far bank.",
    "Carts and lorries stay on the detour until the spring, because the new beams have to settle first.",
]


def html(number: int, headline: str) -> bytes:
    story = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    labels = f"<p>publish: 6 July 2021</p><p>time: 12:36 pm</p><p>category: Politics</p><p>No: {number}</p>"
    return f"<html lang=en><title>{headline}</title><body>{labels}<h1>{headline}</h1>{story}</body></html>".encode()


def page(number: int = 18200, headline: str = "Bridge opens again") -> Page:
    url = f"https://valley.example/{number}/"
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Set-Cookie", "id=planted-secret; Path=/"))
    return Page(url, url, 200, headers, html(number, headline), datetime(2021, 7, 6, 8, 6, tzinfo=UTC))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Two saved pages with the records that they give."""
    root = tmp_path / "fixtures"
    for each in (page(), page(18201, "Snow closes the pass")):
        home = folder.save(each, root)
        case = replay.Case(str(home), home / replay.EXPECTED, home)
        replay.write(case.file, replay.current(case))
    return root


def homes(root: Path) -> list[Path]:
    return [case.home for case in replay.cases(root)]


def change(file: Path, **fields: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_bytes()), **fields}), encoding="utf-8")


def lines(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, list[str], list[str]]:
    """Exit code, stdout and stderr of `scraper replay`."""
    code = cli.outcome(["replay", *map(str, arguments)])
    told = capsys.readouterr()
    return code, told.out.splitlines(), told.err.splitlines()


# --- how a difference is told -----------------------------------------------------------------------------------------

LONG = "A sentence of a body that goes on for a while. " * 5
TOLD: dict[str, tuple[Any, Any, str]] = {
    "a value": ("Politics", "Sport", 'expected "Politics", got "Sport"'),
    "nothing": ("Politics", None, 'expected "Politics", got null'),
    "a list": (["A B"], ["A B", "C"], 'expected ["A B"], got ["A B", "C"]'),
    "only the entries of a map that differ": (
        {"body": "markup", "date": "label", "time": "label"},
        {"body": "markup", "date": "meta", "number": "label"},
        'expected {"date": "label", "time": "label"}, got {"date": "meta", "number": "label"}',
    ),
    "a newline stays on the line": ("a\nb", "a b", r'expected "a\nb", got "a b"'),
    "what looks the same is spelt out": ("é", "e\u0301", r'expected "\u00e9", got "e\u0301"'),
    "what turns the direction of text is spelt out": ("a", "\u202ea", r'expected "a", got "\u202ea"'),
    "the first place where long texts part": (
        LONG + "The end.",
        LONG + "More.",
        'expected …t goes on for a while. A sentence of a body that goes on for a while. The end.", '
        'got …ce of a body that goes on for a while. A sentence of a body that goes on for a while. More."',
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_told(name: str) -> None:
    wanted, got, words = TOLD[name]
    said = replay.told(wanted, got)
    if "long" in name:
        assert 'while. The end.", got …' in said, said
        assert said.endswith('while. More."'), said
        assert len(said) < 180
    else:
        assert said == words


RECORD = {"headline": "A", "date": None, "content_hash": "1", "authors": ["B"], "parser_version": "1"}
DIFFERENT: dict[str, tuple[dict[str, Any], set[str]]] = {
    "nothing": ({}, set()),
    "one field": ({"authors": []}, {"authors"}),
    "another version alone": ({"parser_version": "0"}, set()),
    "the hash alone": ({"content_hash": "0"}, {"content_hash"}),
    "the hash follows from the headline": ({"content_hash": "0", "headline": "B"}, {"headline"}),
    "a field that no record has": ({"colour": None}, {"colour"}),
    "null is not an empty list": ({"authors": None}, {"authors"}),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_differences(name: str) -> None:
    changed, fields = DIFFERENT[name]
    assert set(replay.differences({**RECORD, **changed}, RECORD)) == fields


def test_fields_that_are_not_expected_are_not_compared() -> None:
    assert replay.differences({"headline": "A"}, RECORD) == {}


# --- the command ------------------------------------------------------------------------------------------------------


def test_as_expected(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, saved) == (0, [], ["2 pages, 50 fields compared, 0 differences"])


def test_a_difference_names_page_and_field(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = homes(saved)[1]
    got = json.loads((home / "expected.json").read_bytes())["category"]
    change(home / "expected.json", category="Sport", parser_version="0.0.1")
    code, out, err = lines(capsys, saved)
    assert (code, out) == (1, [f'{home}: category: expected "Sport", got {json.dumps(got)}'])
    assert err == ["2 pages, 50 fields compared, 1 differences"]


def test_accept_shows_and_then_writes(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = homes(saved)[0] / "expected.json"
    before = file.read_bytes()
    change(file, category="Sport", colour="red")
    code, out, err = lines(capsys, saved, "--accept")
    assert (code, len(out)) == (0, 2)
    assert err == ["2 pages, 51 fields compared, 2 differences; 1 expectations written"]
    assert file.read_bytes() == before
    assert sorted(each.name for each in file.parent.iterdir()) == ["expected.json", "page.html", "page.json"]
    assert lines(capsys, saved)[0] == 0


def test_accept_leaves_out_what_was_left_out(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = homes(saved)[0] / "expected.json"
    file.write_text('{"number": "1"}')
    assert lines(capsys, saved, "--accept")[0] == 0
    assert list(json.loads(file.read_bytes())) == ["number"]


def test_accept_writes_a_first_expectation(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = homes(saved)[0] / "expected.json"
    before = file.read_bytes()
    file.unlink()
    code, out, err = lines(capsys, saved)
    assert (code, out, err[0]) == (1, [], f"error: {file}: no such file; scraper replay --accept writes it")
    code, out, _ = lines(capsys, saved, "--accept")
    assert (code, file.read_bytes()) == (0, before)
    assert any(line.startswith(f"{file.parent}: headline: new: ") for line in out)


def test_a_failing_write_keeps_the_old_one(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = homes(saved)[0] / "expected.json"
    before = file.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        replay.write(file, {"headline": "B"})
    assert file.read_bytes() == before
    assert sorted(each.name for each in file.parent.iterdir()) == ["expected.json", "page.html", "page.json"]


def test_an_expected_failure_counts_as_none(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = homes(saved)[0]
    change(home / "expected.json", authors=["Vera Olkhova"])
    change(home / "page.json", xfail={"authors": "the byline is an image"})
    assert lines(capsys, saved) == (0, [], ["2 pages, 50 fields compared, 0 differences, 1 expected failures"])
    change(home / "expected.json", category="Sport")
    assert lines(capsys, saved, "--accept")[0] == 0
    assert json.loads((home / "expected.json").read_bytes())["authors"] == ["Vera Olkhova"]


def test_an_expected_failure_that_passes_is_told(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = homes(saved)[0]
    change(home / "page.json", xfail={"number": "was wrong once"})
    words = [f"{home}: number: marked xfail (was wrong once), but as expected"]
    assert lines(capsys, saved)[:2] == (1, words)
    assert lines(capsys, saved, "--accept")[:2] == (1, words)


def broken(home: Path, case: str) -> str:
    """Breaks a saved page; gives back what the error has to name."""
    if case == "P10 edited by hand":
        (home / "page.html").write_bytes((home / "page.html").read_bytes() + b" ")
    elif case == "P08 newer":
        change(home / "page.json", format="scraper-page/999")
    elif case == "no page":
        (home / "page.html").unlink()
    elif case == "no page.json":
        (home / "page.json").unlink()
        return "page.json"
    elif case == "expectation is no JSON":
        (home / "expected.json").write_text("{")
        return "expected.json"
    elif case == "expectation is no object":
        (home / "expected.json").write_text("[]")
        return "expected.json"
    elif case == "xfail is no table":
        change(home / "page.json", xfail=["authors"])
        return "page.json"
    else:
        change(home / "page.json", xfail={"colour": "no such field"})
        return "colour"
    return "page.html"


BROKEN = [
    *("P10 edited by hand", "P08 newer", "no page", "no page.json"),
    *("expectation is no JSON", "expectation is no object", "xfail is no table", "xfail of no field"),
]


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_page_is_named_and_stops_no_other(case: str, saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = homes(saved)
    word = broken(first, case)
    change(second / "expected.json", category="Sport")
    code, out, err = lines(capsys, saved)
    assert (code, len(out), len(err)) == (1, 1, 2), case
    assert out[0].startswith(f"{second}: category: "), case
    assert err[0].startswith(f"error: {first}"), case
    assert word in err[0], case
    assert err[1] == "2 pages, 25 fields compared, 1 differences, 1 pages could not be compared", case
    assert lines(capsys, saved, "--accept")[0] == 1, "what cannot be read cannot be accepted"


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_no_saved_pages(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    code, out, err = lines(capsys, tmp_path / name)
    assert (code, out, len(err)) == (3, [], 1)


# --- rules, and a site as it is served --------------------------------------------------------------------------------


def config(folder: Path, host: str, rule: str) -> Path:
    file = folder / "config.toml"
    file.write_text(f'[sites.own]\nstart = ["http://{host}/"]\n[sites.own.fields]\n{rule}\n', encoding="utf-8")
    return file


def test_the_newsroom(capsys: pytest.CaptureFixture[str]) -> None:
    count = sum(len(json.loads(file.read_bytes())) for file in NEWSROOM.glob("expected/*.json"))
    code, out, err = lines(capsys, ROOT / "fixtures")
    assert (code, out) == (0, [])
    assert err == [f"38 pages, {count} fields compared, 0 differences"]


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The newsroom, with what its pages give now as their expectations."""
    copy = tmp_path / "newsroom"
    shutil.copytree(NEWSROOM, copy)
    lines(capsys, copy, "--accept")
    return copy


def test_exactly_what_a_broken_rule_hits_is_named(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which fields of which pages the rule changes is found here without any of what is tested."""
    file = config(tmp_path, "newsroom.example", 'category = "h1"')
    rules = load(file).sites["own"].rules()
    hit = set()
    for case in replay.cases(site):
        saved, wanted = replay.page(case), json.loads(case.file.read_bytes())
        before, after = parse(saved).to_dict(), parse(saved, rules=rules).to_dict()
        hit |= {f"{site / case.file.stem}: {name}" for name in wanted if before[name] != after[name]}
    code, out, _ = lines(capsys, site, "-c", file)
    assert code == 1
    assert {line.split(": expected")[0] for line in out} == hit
    assert len(hit) >= 38


def test_accepted_links_of_a_site_stay_paths(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = site / "expected" / "night-train-returns.json"
    before = file.read_bytes()
    change(file, category="Sport")
    assert lines(capsys, site, "--accept")[0] == 0
    assert file.read_bytes() == before
    assert json.loads(before)["url"].startswith("/")


NOTES: dict[str, tuple[str, str, str]] = {  # replay.toml, the expected url, words of the error
    "a page outside": ('origin = "https://valley.example"', "/../../a/", "no page under"),
    "no origin": ("", "/", "origin: expected"),
    "no TOML": ("origin", "/", "replay.toml: cannot be read"),
    "bad content types": (
        'origin = "https://valley.example"\ncontent_types = "a"',
        "/",
        "content_types: expected",
    ),
}


@pytest.mark.parametrize("name", NOTES)
def test_a_broken_site(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note, url, words = NOTES[name]
    (tmp_path / "expected").mkdir()
    (tmp_path / "pages").mkdir()
    (tmp_path / "replay.toml").write_text(note)
    (tmp_path / "expected" / "a.json").write_text(json.dumps({"url": url}))
    code, _, err = lines(capsys, tmp_path)
    assert (code, words in err[0]) == (1, True), err


def test_the_pages_of_a_site_are_looked_for_once(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Path] = []
    path = served.path
    monkeypatch.setattr(served, "path", lambda home, file: looked.append(file) or path(home, file))
    replay._served.cache_clear()
    assert [replay.page(case).url for case in replay.cases(site)] != []
    assert len(looked) == len(list(site.glob("pages/**/*.html")))


@pytest.mark.parametrize("path", ["/", "/en/", "/en/bridge/"])
def test_where_a_site_page_is_served(path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in ("pages/index.html", "pages/en/index.html", "pages/en/bridge.html"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(html(len(file), "Bridge opens again"))
    (tmp_path / "expected").mkdir()
    (tmp_path / "replay.toml").write_text('origin = "https://valley.example"')
    (tmp_path / "expected" / "a.json").write_text(json.dumps({"url": path, "canonical_url": path}))
    assert lines(capsys, tmp_path) == (0, [], ["1 pages, 2 fields compared, 0 differences"])


# --- scraper save -----------------------------------------------------------------------------------------------------

KEY = "planted-key-4711"


class Handler(BaseHTTPRequestHandler):
    """A page that comes packed, with what a server may say back of the request, and one that is not there."""

    def do_GET(self) -> None:
        body = gzip.compress(html(18200, "Bridge opens again"), mtime=0)
        self.send_response(200 if self.path == "/18200/" else 404)
        for name, value in {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Encoding": "gzip",
            "Content-Length": str(len(body)),
            "Set-Cookie": "id=planted-cookie; Path=/",
            "X-Echo": f"you sent {self.headers['X-Key']}",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


@pytest.fixture
def origin() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def live(folder: Path, origin: str) -> Path:
    file = folder / "live.toml"
    file.write_text(
        '[fetch]\ndelay = 0.0\nrobots = false\nretries = 0\nallow_networks = ["127.0.0.0/8"]\n'
        f'[sites.own]\nstart = ["{origin}/"]\nheaders = {{ X-Key = "Token ${{PLANTED}}" }}\n'
        '[sites.own.fields]\ncategory = { constant = "Roads" }\n',
        encoding="utf-8",
    )
    return file


def test_save(origin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", KEY)
    options = ["--to", str(tmp_path / "kept"), "-c", str(live(tmp_path, origin))]
    assert cli.outcome(["save", f"{origin}/18200/", f"{origin}/404/", *options]) == 1
    told = capsys.readouterr()
    [home] = homes(tmp_path / "kept")
    assert told.out == ""
    assert f"{home}: Bridge opens again" in told.err
    assert f"{origin}/404/: gone (HTTP 404)" in told.err
    assert gzip.decompress((home / "page.html").read_bytes()) == html(18200, "Bridge opens again")
    record = json.loads((home / "expected.json").read_bytes())
    assert (record["category"], record["headline"], record["site"]) == ("Roads", "Bridge opens again", "own")
    assert (record["revision"], record["url"]) == (None, f"{origin}/18200/")
    assert record["fetched_at"]
    everything = b"".join(file.read_bytes() for file in home.iterdir())
    assert [secret for secret in (KEY, "planted-cookie") if secret.encode() in everything] == []
    assert lines(capsys, tmp_path / "kept", *options[2:]) == (0, [], ["1 pages, 25 fields compared, 0 differences"])
    code, out, _ = lines(capsys, tmp_path / "kept")
    assert code == 1
    assert [line.split(": ")[1] for line in out][:1] == ["site"], "without the rules it is another record"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["{origin}/404/"], 3), (["not a url"], 2), (["ftp://valley.example/"], 2), ([], 2)],
    ids=["nothing kept", "no URL", "another scheme", "none"],
)
def test_save_ends(arguments: list[str], code: int, origin: str, tmp_path: Path) -> None:
    urls = [each.format(origin=origin) for each in arguments]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLANTED", KEY)
        assert cli.outcome(["save", *urls, "--to", str(tmp_path / "kept"), "-c", str(live(tmp_path, origin))]) == code
    assert not (tmp_path / "kept").exists()


# --- P01, P09: nothing but the pages is touched, and the same is said everywhere --------------------------------------

WATCHED = """
import sys
sys.argv = ["scraper", "replay", sys.argv[1]]
from scraper import cli, replay, shell, report
from scraper.archive import folder
seen = []
def watch(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.remove", "os.rename", "os.mkdir")):
        seen.append(event)
    elif event == "open" and (str(arguments[1] or "").strip("rbtU") or (arguments[2] or 0) & 3):
        seen.append(f"write {arguments[0]}")
sys.addaudithook(watch)
code = cli.outcome(sys.argv[1:])
print(code, seen)
"""


def test_p01_replay_opens_no_socket_and_writes_nothing(saved: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-B", "-c", WATCHED, str(saved)], env=ENVIRON, capture_output=True, text=True, timeout=60
    )
    assert shown.stdout == "0 []\n", shown.stderr


@pytest.mark.parametrize(
    "environ",
    [
        {"TZ": "Asia/Kabul", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
        {"TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"},
    ],
    ids=lambda environ: environ["TZ"],
)
def test_p09_the_same_everywhere(environ: dict[str, str], saved: Path) -> None:
    change(homes(saved)[0] / "expected.json", category="کابل", sources={})
    command = [*SCRAPER, "replay", str(saved)]

    def run(more: dict[str, str]) -> tuple[int, bytes, bytes]:
        env = {**ENVIRON, "PYTHONIOENCODING": "utf-8", **more}
        done = subprocess.run(command, env=env, capture_output=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    first = run({"TZ": "UTC", "PYTHONHASHSEED": "0"})
    assert first[0] == 1, first
    assert run(environ) == first
