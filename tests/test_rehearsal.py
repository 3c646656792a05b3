"""Saved pages that say how their server behaved (P13), and what was not recorded (P01): as over a real socket."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from oddserver import SHORT, End, OddServer, Step, loopback
from scraper import cli, replay
from scraper.archive import folder
from scraper.config import load
from scraper.errors import FetchError, StoreError
from scraper.fetch import Clock, FetchOptions, SiteOptions, open_client
from scraper.fetch.rehearsal import Recorded, Rehearsal, Try
from scraper.fetch.transport import Transport
from scraper.model import Page
from scraper.rehearse import tries

SOURCE = Path(cli.__file__).parents[1]
ENVIRON = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])}
STORY = (
    "The ferry crosses the Orlun again since Monday, after the ice had held it at the pier for nine weeks.",
    "The first passengers were two teachers, a vet and eleven crates of seedlings for the far villages.",
    "It leaves every hour until dusk; the old timetable comes back when the bridge at Tarn is mended.",
)
BODY = (
    "<html lang=en><title>Ferry runs again</title><meta property=og:type content=article><body><article>"
    "<p>publish: 6 July 2021</p><p>category: Roads</p>"
    f"<p>No: 18200</p><h1>Ferry runs again</h1>{''.join(f'<p>{each}</p>' for each in STORY)}</article></body></html>"
).encode()
URL = "https://valley.example/18200/"
TIME = datetime(2021, 7, 6, 8, 6, tzinfo=UTC)
LENGTH = (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(BODY))))


def page(url: str = URL, headers: tuple[tuple[str, str], ...] = LENGTH, body: bytes = BODY, **more: Any) -> Page:
    return Page(**{"url": url, "final_url": url, "status": 200, "fetched_at": TIME, **more}, headers=headers, body=body)


# --- one request: the reply reader, the deadlines ---------------------------------------------------------------------


def raw(headers: Sequence[tuple[str, str]], body: bytes, status: int = 200) -> bytes:
    """A reply as a server writes it; written here without any of what is tested."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} \r\n{lines}\r\n".encode("latin-1") + body


def steps(sent: bytes, how: Try) -> list[Step]:
    """The same for a server on a real socket."""
    if how.status:
        sent = raw([*how.headers.items(), ("Content-Length", "0")], b"", how.status)
    sent = b"" if how.reset and how.cut is None else sent[: how.cut]
    size = len(sent) if how.rate > 1e9 else max(1, int(how.rate / 10))
    played: list[Step] = [how.wait]
    for place in range(0, len(sent), size or 1):
        played += [sent[place : place + size], 0.0 if how.rate > 1e9 else size / how.rate]
    return [*played, 0.05, End.RST] if how.reset else played


async def said(transport: httpx.AsyncBaseTransport, url: str) -> tuple[object, ...]:
    """All that a caller learns of one request."""
    try:
        response = await transport.handle_async_request(httpx.Request("GET", url, extensions={"limits": SHORT}))
    except FetchError as error:
        assert error.url == url
        return error.reason, error.detail, error.retry, error.retry_after
    return response.status_code, response.headers.raw, response.extensions["wire"], response.extensions["flags"]


def clock() -> Clock:
    """Time that passes by sleeping alone."""
    passed = [0.0]

    async def sleep(seconds: float) -> None:
        passed[0] += seconds

    return Clock(lambda: TIME + timedelta(seconds=passed[0]), lambda: passed[0], sleep)


KIND = LENGTH[:1]
CHUNKS = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY, b""))
BIG = b"x" * 70_000
FORMS: dict[str, tuple[Page, bytes]] = {  # the page, and what its server sends
    "length": (page(), raw(LENGTH, BODY)),
    "close": (page(headers=KIND), raw(KIND, BODY)),
    "chunked": (
        page(headers=(*KIND, ("Transfer-Encoding", "chunked"))),
        raw([*KIND, ("Transfer-Encoding", "chunked")], CHUNKS),
    ),
    "gzip": (
        page(
            headers=(("Content-Encoding", "gzip"), ("Content-Length", str(len(gzip.compress(BODY, mtime=0))))),
            wire=gzip.compress(BODY, mtime=0),
        ),
        raw(
            [("Content-Encoding", "gzip"), ("Content-Length", str(len(gzip.compress(BODY, mtime=0))))],
            gzip.compress(BODY, mtime=0),
        ),
    ),
    "garbled": (page(headers=(("X Odd", "1"), *LENGTH)), raw([("X Odd", "1"), *LENGTH], BODY)),
    "said twice": (page(headers=(*LENGTH, LENGTH[1])), raw([*LENGTH, LENGTH[1]], BODY)),
    "beyond the cap": (page(headers=(("Content-Length", "70000"),), body=BIG), raw([("Content-Length", "70000")], BIG)),
    "beyond the cap unsaid": (page(headers=(), body=BIG), raw([], BIG)),
}
FAULTS: dict[str, tuple[str, Try, str]] = {  # form, behaviour, what the first word is
    "clean": ("length", Try(), "200"),
    "clean-close": ("close", Try(), "200"),
    "clean-chunked": ("chunked", Try(), "200"),
    "clean-gzip": ("gzip", Try(), "200"),
    "garbled": ("garbled", Try(), "protocol"),
    "garbled-second-try": ("said twice", Try(), "200"),
    "cap": ("beyond the cap", Try(), "body_too_large"),
    "cap-unsaid": ("beyond the cap unsaid", Try(), "body_too_large"),
    "wait-short": ("length", Try(wait=0.1), "200"),
    "wait-first-byte": ("length", Try(wait=2), "timeout"),
    "slow-enough": ("length", Try(rate=20_000), "200"),
    "slow-rate": ("length", Try(rate=200), "timeout"),
    "slow-total": ("length", Try(wait=0.3, rate=200), "timeout"),
    "slow-idle": ("length", Try(rate=1), "timeout"),
    "slow-cut": ("length", Try(rate=1000, cut=100), "truncated"),
    "cut-at-once": ("length", Try(cut=0), "no_response"),
    "cut-waited": ("length", Try(wait=0.1, cut=0), "no_response"),
    "cut-head": ("length", Try(cut=20), "truncated"),
    "cut-length": ("length", Try(cut=300), "truncated"),
    "cut-chunked": ("chunked", Try(cut=300), "truncated"),
    "cut-close": ("close", Try(cut=300), "200"),
    "cut-behind-the-end": ("length", Try(cut=10**6), "200"),
    "reset-at-once": ("length", Try(reset=True), "no_response"),
    "reset-head": ("length", Try(reset=True, cut=20), "reset"),
    "reset-body": ("chunked", Try(reset=True, cut=300), "reset"),
    "reset-close": ("close", Try(reset=True, cut=300), "reset"),
    "status": ("length", Try(status=503, headers={"Retry-After": "7"}), "503"),
    "status-no-body": ("length", Try(status=304), "304"),
    "status-waited": ("length", Try(status=404, wait=0.1), "404"),
}


@pytest.mark.parametrize("name", [pytest.param(name, id=f"P13-{name}") for name in FAULTS])
def test_a_rehearsed_request_ends_as_over_a_real_socket(name: str) -> None:
    form, how, word = FAULTS[name]
    kept, sent = FORMS[form]

    async def both() -> tuple[tuple[object, ...], tuple[object, ...]]:
        stage = Rehearsal(lambda url: Recorded(kept, (how,)), clock())
        async with OddServer(steps(sent, how)) as server, Transport(connect=loopback, limits=SHORT) as transport:
            return await said(transport, server.url()), await said(stage, server.url())

    real, rehearsed = asyncio.run(both())
    assert rehearsed == real
    assert str(real[0]) == word


def test_p01_a_miss_names_method_and_url() -> None:
    async def ask(url: str) -> tuple[object, ...]:
        return await said(Rehearsal(lambda url: None, clock()), url)

    assert asyncio.run(ask(URL)) == ("not_recorded", f"GET {URL}", False, None)
    assert asyncio.run(ask("https://valley.example/robots.txt"))[0] == 404, "none recorded, so there is none"


def test_p13_time_passes_as_it_would() -> None:
    async def passed(how: Try) -> float:
        time = clock()
        await said(Rehearsal(lambda url: Recorded(page(), (how,)), time), URL)
        return round(time.monotonic(), 3)

    waits = [Try(), Try(wait=0.25), Try(wait=2), Try(rate=1), Try(wait=0.1, cut=0), Try(wait=0.1, rate=1000, cut=100)]
    assert [asyncio.run(passed(how)) for how in waits] == [0, 0.25, 0.4, 0.4, 0.1, 0.2]


# --- a whole fetch ----------------------------------------------------------------------------------------------------

SITE = '[sites.own]\nstart = ["https://valley.example/"]\n'
CONFIG = f"[fetch]\ntimeout = 0.6\nretries = 2\ndelay = 0.0\nrobots = false\n{SITE}"
Entry = dict[str, Any]
ROWS: dict[str, tuple[list[Entry], tuple[str, str | None, int]]] = {
    "clean": ([{}], ("stored", None, 1)),
    "slow": ([{"wait": 0.1, "rate": 20_000}], ("stored", None, 1)),
    "too-late-once": ([{"wait": 5}, {}], ("stored", None, 2)),
    "too-late": ([{"wait": 5}], ("failed", "timeout", 3)),
    "too-slow": ([{"rate": 300}], ("failed", "timeout", 3)),
    "cut-twice": ([{"cut": 0}, {"cut": 300}, {}], ("stored", None, 3)),
    "cut-thrice": ([{"cut": 0}, {"cut": 300}, {"cut": 20}, {}], ("failed", "truncated", 3)),
    "last-again": ([{}, {"cut": 0}], ("stored", None, 1)),
    "reset": ([{"reset": True}, {"reset": True, "cut": 300}], ("failed", "reset", 3)),
    "busy-once": ([{"status": 503}, {}], ("stored", None, 2)),
    "busy-for-long": ([{"status": 503, "headers": {"Retry-After": "120"}}, {}], ("failed", "http_503", 1)),
    "busy-for-a-moment": ([{"status": 429, "headers": {"Retry-After": "30"}}, {}], ("stored", None, 2)),
    "busy-until": (
        [{"status": 503, "headers": {"Retry-After": "Tue, 06 Jul 2021 08:06:30 GMT"}}, {}],
        ("stored", None, 2),
    ),
    "gone": ([{"status": 404}], ("failed", "gone", 1)),
    "forbidden-then": ([{"status": 403}, {}], ("failed", "forbidden", 1)),
    "loop": ([{"status": 301, "headers": {"Location": "/18200/"}}], ("failed", "redirect_loop", 1)),
    "all-at-once": ([{"wait": 0.1, "rate": 5000, "cut": 200, "reset": True}], ("failed", "reset", 3)),
}
rows = pytest.mark.parametrize("name", [pytest.param(name, id=f"P13-{name}") for name in ROWS])


def save(root: Path, entries: object, kept: Page | None = None) -> replay.Case:
    """A page saved with entries, as by hand."""
    home = folder.save(kept or page(), root)
    change(home / "page.json", tries=entries)
    return replay.Case(str(home), home / replay.EXPECTED, home)


def change(file: Path, **fields: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_bytes()), **fields}), encoding="utf-8")


def ending(record: dict[str, Any]) -> tuple[object, ...]:
    return record["outcome"], record["reason"], record["requests"]


@rows
def test_rehearsed(name: str, tmp_path: Path) -> None:
    entries, expected = ROWS[name]
    (tmp_path / "config.toml").write_text(CONFIG)
    record = replay.current(save(tmp_path / "kept", entries), load(tmp_path / "config.toml"))
    assert ending(record) == expected
    assert set(record) == replay.ENDING or record["headline"] == "Ferry runs again"


@rows
def test_the_real_client_ends_the_same(name: str) -> None:
    entries, expected = ROWS[name]
    options = FetchOptions(timeout=0.6, retries=2, allow_networks=("127.0.0.80/32",))
    played = iter([*entries, *entries[-1:] * 3])

    async def fetch() -> tuple[object, ...]:
        async with (
            OddServer(lambda head, number: steps(raw(LENGTH, BODY), Try(**next(played))), host="127.0.0.80") as server,
            open_client(options, clock=clock()) as client,
        ):
            try:
                await client.fetch(SiteOptions(delay=0.0, robots=False))(server.url("/18200/", "127.0.0.80"))
            except FetchError as error:
                return "failed", error.reason, len(server.requests)
            return "stored", None, len(server.requests)

    assert asyncio.run(fetch()) == expected


def test_a_clean_rehearsal_gives_the_same_record(tmp_path: Path) -> None:
    for number, (kept, _) in enumerate(FORMS[name] for name in ("length", "close", "chunked", "gzip")):
        case = save(tmp_path / str(number), [{"wait": 3, "rate": 400}, {}], kept)
        record = replay.current(case)
        assert ending(record) == ("stored", None, 1)
        (case.home / "page.json").write_text((case.home / "page.json").read_text().replace("tries", "others"))
        assert replay.current(case) == {key: value for key, value in record.items() if key not in replay.ENDING}


MOVED = "https://valley.example/ferry/"
REDIRECTS: dict[str, tuple[list[Entry], tuple[str, str | None, int]]] = {
    "P13-to-a-saved-page": ([{"status": 301, "headers": {"Location": MOVED}}], ("stored", None, 2)),
    "P01-to-no-saved-page": ([{"status": 301, "headers": {"Location": "/lost/"}}], ("failed", "not_recorded", 2)),
    "P13-busy": ([{"status": 500}, {"status": 301, "headers": {"Location": MOVED}}], ("stored", None, 3)),
}


@pytest.mark.parametrize("name", REDIRECTS)
def test_a_redirect_leads_to_what_is_saved(name: str, tmp_path: Path) -> None:
    entries, expected = REDIRECTS[name]
    folder.save(page(MOVED), tmp_path)
    record = replay.current(save(tmp_path, entries))
    assert ending(record) == expected
    assert record.get("url") in (None, MOVED)


def test_a_page_saved_after_a_redirect(tmp_path: Path) -> None:
    kept = page("https://Valley.example/old?x=1#top", final_url=MOVED)
    record = replay.current(save(tmp_path, [{"cut": 0}, {}], kept))
    assert (*ending(record), record["url"]) == ("stored", None, 4, MOVED), "the entries are those of the page's address"


def test_a_recorded_robots_txt_holds(tmp_path: Path) -> None:
    robots = b"User-agent: *\nDisallow: /18200/"
    folder.save(page("https://valley.example/robots.txt", (("Content-Type", "text/plain"),), robots), tmp_path)
    assert ending(replay.current(save(tmp_path, [{}]))) == ("skipped", "robots", 0)


BOTS = {"valleybot": ("skipped", "robots", 0), "otherbot": ("stored", None, 1)}


@pytest.mark.parametrize("name", BOTS)
def test_a_robots_txt_is_read_as_the_configured_bot(name: str, tmp_path: Path) -> None:
    robots = b"User-agent: valleybot\nDisallow: /"
    folder.save(page("https://valley.example/robots.txt", (("Content-Type", "text/plain"),), robots), tmp_path / "kept")
    (tmp_path / "config.toml").write_text(f'[run]\nuser_agent = "{name}"\n{SITE}')
    record = replay.current(save(tmp_path / "kept", [{}]), load(tmp_path / "config.toml"))
    assert ending(record) == BOTS[name]


# --- what is written wrongly ------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[object, str]] = {
    "no list": ({"wait": 1}, "tries: expected a list"),
    "an empty list": ([], "tries: expected a list"),
    "no object": ([{}, 5], "tries: entry 2: expected an object"),
    "a key": ([{}, {"wiat": 1}], 'tries: entry 2: unknown key "wiat", did you mean "wait"?'),
    "another key": ([{"colour": 1}], 'tries: entry 1: unknown key "colour", valid here: wait, rate, cut, reset'),
    "a type": ([{"wait": "1"}], 'tries: entry 1: wait: expected seconds, 0 or more, not "1"'),
    "a truth for a number": ([{"cut": True}], "cut: expected a number of bytes"),
    "a number for a truth": ([{"reset": 1}], "reset: expected true or false, not 1"),
    "less than nothing": ([{"wait": -1}], "wait: expected"),
    "for ever": ([{"wait": float("inf")}], "wait: expected"),
    "no number": ([{"wait": float("nan")}], "wait: expected"),
    "no rate": ([{"rate": 0}], "rate: expected bytes a second, more than 0"),
    "a part of a byte": ([{"cut": 1.5}], "cut: expected"),
    "no status": ([{"status": 99}], "status: expected a status from 200 to 999"),
    "headers alone": ([{"headers": {}}], "headers: they go with a status"),
    "headers as a list": ([{"status": 503, "headers": [["A", "b"]]}], "headers: expected"),
    "a header's name": ([{"status": 503, "headers": {"A b": "c"}}], "headers: expected"),
    "a header's line break": ([{"status": 503, "headers": {"A": "b\r\nC: d"}}], "headers: expected"),
}


@pytest.mark.parametrize("name", WRONG)
def test_p13_a_wrong_entry_is_named(name: str, tmp_path: Path) -> None:
    entries, words = WRONG[name]
    case = save(tmp_path, entries)
    with pytest.raises(StoreError) as caught:
        replay.current(case)
    assert str(caught.value).startswith(f"{case.home / 'page.json'}: tries: ")
    assert words in str(caught.value)


@pytest.mark.parametrize("value", [1e-300, 1e300, 5e-324])
def test_any_rate_ends(value: float, tmp_path: Path) -> None:
    assert ending(replay.current(save(tmp_path, [{"rate": value}])))[0] == ("stored" if value > 1 else "failed")


def test_other_faults_of_the_files_are_named(tmp_path: Path) -> None:
    case = save(tmp_path, [{}], page("nowhere"))
    with pytest.raises(StoreError, match=r"page\.json: an address"):
        replay.current(case)
    (case.home / "page.json").write_text('["tries"')
    with pytest.raises(StoreError, match=r"page\.json: cannot be read"):
        tries(case.home / "page.json")


def test_a_neighbour_that_was_changed_is_named(tmp_path: Path) -> None:
    other = folder.save(page(MOVED), tmp_path)
    (other / "page.html").write_bytes(BODY + b" ")
    with pytest.raises(StoreError, match=other.name):
        replay.current(save(tmp_path, REDIRECTS["P13-to-a-saved-page"][0]))


# --- the command and the plug-in --------------------------------------------------------------------------------------


def lines(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, list[str]]:
    code = cli.outcome(["replay", *map(str, arguments)])
    return code, capsys.readouterr().out.splitlines()


def test_p13_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = save(tmp_path, [{"cut": 0}, {}])
    assert lines(capsys, tmp_path, "--accept")[0] == 0
    written = json.loads(case.file.read_bytes())
    assert (ending(written), written["number"]) == (("stored", None, 2), "18200")
    assert lines(capsys, tmp_path) == (0, [])
    change(case.file, requests=5)
    assert lines(capsys, tmp_path) == (1, [f"{case.home}: requests: expected 5, got 2"])


def test_p13_accept_writes_the_end_alone_where_no_page_arrives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, other = save(tmp_path, [{"status": 301, "headers": {"Location": "/lost/"}}]), {"outcome": "failed"}
    case.file.write_text('{"headline": "Ferry runs again", "reason": null}')
    code, out = lines(capsys, tmp_path, "--accept")
    assert (code, out) == (
        0,
        [
            f"{case.home}: headline: expected by the file, but no page arrived: not_recorded",
            f'{case.home}: reason: expected null, got "not_recorded" (GET https://valley.example/lost/)',
        ],
    ), "P01"
    expected = {**other, "reason": "not_recorded", "requests": 2}
    assert json.loads(case.file.read_bytes()) == expected
    assert lines(capsys, tmp_path) == (0, [])
    case.file.unlink()
    assert lines(capsys, tmp_path, "--accept")[0] == 0
    assert json.loads(case.file.read_bytes()) == expected
    change(case.home / "page.json", tries=[{}])
    assert lines(capsys, tmp_path, "--accept")[0] == 0
    assert json.loads(case.file.read_bytes())["headline"] == "Ferry runs again", "it arrives now: the whole record"


def test_p13_accept_keeps_what_fails_as_expected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = save(tmp_path, [{"status": 404}])
    case.file.write_text('{"headline": "Ferry runs again", "outcome": "stored"}')
    change(case.home / "page.json", xfail={"outcome": "the page moved"})
    assert lines(capsys, tmp_path, "--accept")[0] == 0
    written = json.loads(case.file.read_bytes())
    assert written == {"outcome": "stored", "reason": "gone", "requests": 1}
    assert lines(capsys, tmp_path) == (0, [])


WATCHED = """
import sys
from scraper import cli
seen = []
def watch(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.remove", "os.rename", "os.mkdir")):
        seen.append(event)
    elif event == "open" and (str(arguments[1] or "").strip("rbtU") or (arguments[2] or 0) & 3):
        seen.append(f"write {arguments[0]}")
sys.addaudithook(watch)
print(cli.outcome(["replay", sys.argv[1]]), seen, "httpx" in sys.modules)
"""


@pytest.mark.parametrize("rehearsed", [True, False], ids=["P01-rehearsed", "P01-others"])
def test_no_socket_of_any_kind(rehearsed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not even the pair that wakes an event loop; and where nothing is rehearsed, no part of fetching is loaded."""
    entries: list[Entry] = [{"wait": 99}, {"status": 302, "headers": {"Location": "http://127.0.0.80/"}}]
    case = save(tmp_path, entries)
    if not rehearsed:
        (case.home / "page.json").write_text((case.home / "page.json").read_text().replace("tries", "others"))
    assert lines(capsys, tmp_path, "--accept")[0] == 0
    shown = subprocess.run(
        [sys.executable, "-B", "-c", WATCHED, str(tmp_path)], env=ENVIRON, capture_output=True, text=True, timeout=60
    )
    assert shown.stdout == f"0 [] {rehearsed}\n", shown.stderr


def test_p13_the_plug_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = save(tmp_path / "kept", [{"status": 503, "headers": {"Retry-After": "20"}}, {"rate": 3000}])
    second = save(tmp_path / "kept", [{"cut": 300}], page(MOVED))
    assert lines(capsys, tmp_path / "kept", "--accept")[0] == 0
    assert ending(json.loads(second.file.read_bytes())) == ("failed", "truncated", 4)

    def run() -> tuple[int, str]:
        named = [] if _is_installed() else ["-p", "scraper.testing"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rAf", *named, "--scraper", "kept", "kept"],
            env={key: value for key, value in ENVIRON.items() if not key.startswith("PYTEST_")},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout

    code, output = run()
    assert (code, output.count("PASSED")) == (0, 25 + 3 + 3), output
    change(first.file, requests=1)
    code, output = run()
    assert code == 1, output
    assert f"\nFAILED kept/{first.home.name}/expected.json::requests - " in output
    assert ("requests: expected 1, got 2" in output, output.count("\nFAILED ")) == (True, 1), output


def _is_installed() -> bool:
    from importlib import metadata

    return any(found.value == "scraper.testing" for found in metadata.entry_points(group="pytest11"))


def test_limits_come_from_the_configuration(tmp_path: Path) -> None:
    case = save(tmp_path / "kept", [{"wait": 10}])
    assert ending(replay.current(case)) == ("stored", None, 1)
    (tmp_path / "config.toml").write_text(f"[fetch]\ntimeout = 5\nretries = 0\n{SITE}")
    config = load(tmp_path / "config.toml")
    assert ending(replay.current(case, config)) == ("failed", "timeout", 1)
    assert ending(replay.current(case, replace(config, fetch=replace(config.fetch, timeout=20.0)))) == (
        "stored",
        None,
        1,
    )
