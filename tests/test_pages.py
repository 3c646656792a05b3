"""Runs keep their pages, whole and once, without secrets; what is kept is read as if it were fetched."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib.util
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import loopback
import valley
from archived import HTML
from scraper import config, pages, pipeline
from scraper.archive import warcread, warcwrite
from scraper.archive.entry import Entry
from scraper.errors import ParseFailed, SkipPage
from scraper.model import Outcome
from scraper.store import Append, Result

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Any]:
    place = ROOT / "fixtures" / "newsroom" / "serve.py"
    spec = importlib.util.spec_from_file_location("newsroom_serve_pages", place)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    with module.serving(port=0) as site:
        yield site


def configure(folder: Path, url: str, extra: str = "", delay: float = 0.0) -> Path:
    path = folder / "config.toml"
    path.write_text(
        f'[fetch]\ndelay = {delay}\nretries = 0\nallow_networks = ["127.0.0.0/8"]\n'
        f'[sites.newsroom]\nstart = ["{url}/sitemap.xml"]\n{extra}'
    )
    return path


def words(folder: Path) -> Counter[str]:
    return Counter(entry.outcome.word if entry.outcome else "none" for entry in valley.kept(folder))


# --- keeping --------------------------------------------------------------------------------------------------------


def test_every_fetched_page_is_kept_with_its_outcome_and_run(newsroom: Any, tmp_path: Path) -> None:
    configure(tmp_path, newsroom.url)
    valley.scraper(tmp_path, "run")
    first = words(tmp_path)
    valley.scraper(tmp_path, "run")
    assert first == {"stored": 38, "refused": 2}
    assert words(tmp_path) == {"stored": 38, "refused": 4, "unchanged": 38}
    runs = [entry.run for entry in valley.kept(tmp_path)]
    began = [run[:16] for run in runs]  # to the second, and two runs may share it
    assert (len(set(runs)), began == sorted(began)) == (2, True)


def test_another_tool_reads_what_a_run_kept(newsroom: Any, tmp_path: Path) -> None:
    reader = pytest.importorskip("warcio.archiveiterator", reason="NOT RUN: warcio is not installed")
    configure(tmp_path, newsroom.url)
    valley.scraper(tmp_path, "run")
    with (tmp_path / "data" / "pages" / "pages-00001.warc.gz").open("rb") as file:
        types = [record.rec_type for record in reader.ArchiveIterator(file, check_digests="raise")]
    assert (types[0], Counter(types)) == ("warcinfo", {"warcinfo": 1, "request": 40, "response": 40, "metadata": 40})


def test_pages_may_be_left_out(tmp_path: Path) -> None:
    valley.warc(tmp_path / "pages.warc.gz", [valley.page(1)])
    valley.configure(tmp_path, extra="[output]\npages = false\n")
    assert (valley.scraper(tmp_path, "run").returncode, (tmp_path / "data" / "pages").exists()) == (0, False)


def test_P07_a_killed_run_leaves_no_half_record(newsroom: Any, tmp_path: Path) -> None:
    configure(tmp_path, newsroom.url, delay=0.05)
    process = subprocess.Popen([valley.SCRAPER, "run"], cwd=tmp_path, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not list(tmp_path.glob("data/pages/*")):
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    done = valley.scraper(tmp_path, "run")
    found = valley.kept(tmp_path)
    urls = [entry.page.url if entry.page else entry.flaw for entry in found]
    assert (process.returncode, valley.last(done).split(" + ")[0]) == (-9, "discovered 43 = stored 38")
    assert (len(urls), len(set(urls)), words(tmp_path)) == (40, 40, {"stored": 38, "refused": 2})
    assert len({entry.run for entry in found}) == 1
    with (tmp_path / "data" / "pages" / "pages-00001.warc.gz").open("rb") as file:
        assert [each for each in warcread.records(file, 1 << 26) if isinstance(each, warcread.Bad)] == []


def test_P14_a_run_and_two_replays_of_it_give_the_same_bytes(newsroom: Any, tmp_path: Path) -> None:
    outputs = []
    for name, start in (("live", ""), ("once", "../live/data/pages"), ("twice", "../once/data/pages")):
        folder = tmp_path / name
        folder.mkdir()
        config = configure(folder, newsroom.url)
        if start:
            config.write_text(f'[sites.newsroom]\nstart = ["{start}"]\n')
        asked = len(newsroom.seen)
        done = valley.scraper(folder, "run")
        assert (done.returncode, bool(start) and len(newsroom.seen) > asked) == (0, False), done.stderr
        outputs.append(b"".join(valley.lines(folder)))
    assert (len(outputs[0].splitlines()), outputs[1] == outputs[0], outputs[2] == outputs[0]) == (38, True, True)


def test_a_page_whose_parsing_failed_is_kept(tmp_path: Path) -> None:
    async def lost(page: object, rules: object) -> Any:
        raise ParseFailed("parse_limit")

    outcome = asyncio.run(_read(lost))
    assert (outcome.word, outcome.reason) == ("failed", "parse_limit")


async def _read(parse: Any) -> Outcome:
    """The outcome that stands in the archive beside a page."""
    keeper = pages.Keeper("20260101T000000Z-0000", pages.secrets_of(None), "")
    run = pipeline.Run(parse, list, bool, print, asyncio.Event(), keep=keeper.keep)  # type: ignore[arg-type]
    site = pipeline.Site("valley", None, None, None, lambda url: None)  # type: ignore[arg-type]
    result = await run._read(site, "https://valley.example/1/", valley.page(1))
    assert result.also and result.told and result.told(result.outcome).records == 1
    return result.outcome


# --- secrets --------------------------------------------------------------------------------------------------------

# header, what of it is kept nowhere
HIDDEN: dict[str, tuple[tuple[str, str], set[str]]] = {
    "credentials": (("Authorization", "Bearer abcdef-12"), {"Bearer abcdef-12", "abcdef-12"}),
    "a word is one too": (("X-Desk-Key", "swordfish"), {"swordfish"}),
    "a cookie": (("Cookie", "sid=a1b2c3d4"), {"sid=a1b2c3d4", "a1b2c3d4"}),
    "a cookie of words": (("Cookie", "password=opensesame"), {"password=opensesame", "opensesame"}),
    "a pair": (("X-Login", "desk:pa55word-9"), {"desk:pa55word-9", "pa55word-9"}),
    "choices": (("Cookie", "edition=europe; timezone=Asia/Kabul"), {"edition=europe; timezone=Asia/Kabul"}),
    "a choice by its header": (("X-Edition", "international"), set()),
    "an address": (("Origin", "https://valley.example"), set()),
    "short": (("Cookie", "a=1"), set()),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_secret(name: str) -> None:
    (header, value), wanted = HIDDEN[name]
    site = config.Site("valley", ("https://valley.example/",), headers={header: value})
    short = config.Fetch(proxy="http://desk:news@proxy.example")  # as short as a word of any address
    assert pages.secrets_of(config.Config(sites={"valley": site}, fetch=short)).values == wanted


SECRETS = {"header": "hdr-S3cret-aaaa", "cookie": "ck-S3cret-bbbb", "userinfo": "ui-S3cret-cccc"}


def _site(server: Any) -> dict[str, Any]:
    """Answers that give back what they were sent, set cookies, and redirect to an address with a password in it."""

    def reply(asked: loopback.Asked) -> bytes:
        number = int(asked.path.split("/")[1])
        told = [f"X-Told: {asked.headers.get('authorization', '')}", f"Set-Cookie: sid={SECRETS['cookie']}; Path=/"]
        return loopback.reply(200, valley.html(number), *told)

    def away(asked: loopback.Asked) -> bytes:
        place = server[0].origin.replace("http://", f"http://me:{SECRETS['userinfo']}@")
        token = asked.headers.get("authorization", "").split()[-1]
        return loopback.to(f"{place}/{asked.path.strip('/').removeprefix('r')}/?t={token}")

    urls = "".join(f"<url><loc>{server[0].origin}/{place}/</loc></url>" for place in (0, 1, 2, "r7", "r8"))
    start = loopback.reply(200, f"<urlset>{urls}</urlset>".encode(), kind="application/xml")
    return {"/sitemap.xml": start, "/robots.txt": loopback.reply(404), "/r7/": away, "/r8/": away, "*": reply}


@pytest.fixture
def echo() -> Iterator[str]:
    """The origin of a server that runs in a thread."""
    with loopback.in_thread({}) as server:
        server.routes = _site([server])
        yield server.origin


def test_no_secret_is_written(echo: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        f'[fetch]\ndelay = 0.0\nretries = 0\nallow_networks = ["127.0.0.0/8"]\n'
        f'[sites.valley]\nstart = ["{echo}/sitemap.xml"]\n'
        'headers = { Authorization = "Bearer ${TOKEN}", Cookie = "sid=${CRUMB}" }\n'
    )
    secrets = {"TOKEN": SECRETS["header"], "CRUMB": SECRETS["cookie"]}
    done = [valley.scraper(tmp_path, "run", **secrets)]
    done += [valley.scraper(tmp_path, "capsule", "latest", "--to", "a.zip", **secrets)]
    done += [valley.scraper(tmp_path, "save", f"{echo}/1/", "--to", "fixtures", "-c", "config.toml", **secrets)]
    told = [each.page.header("x-told") for each in valley.kept(tmp_path) if each.page]
    assert [each.returncode for each in done] == [0, 0, 0], [each.stderr for each in done]
    assert told == ["removed"] * 5
    said = b"".join(each.stdout + each.stderr for each in done)
    written = {str(file): unpacked(file) for file in tmp_path.rglob("*") if file.is_file()}
    found = [
        (name, place)
        for name, secret in SECRETS.items()
        for place, data in {**written, "said": said}.items()
        if secret.encode() in data
    ]
    assert found == []


def unpacked(file: Path) -> bytes:
    """A file's bytes, and what it holds packed."""
    import zipfile
    import zlib

    data = file.read_bytes()
    if file.suffix == ".zip":
        with zipfile.ZipFile(file) as packed:
            return data + b"".join(packed.read(name) for name in packed.namelist())
    out, rest = [data], data if file.suffix == ".gz" else b""
    while rest:
        inflater = zlib.decompressobj(31)
        out.append(inflater.decompress(rest))
        rest = inflater.unused_data
    return b"".join(out)


# --- reading --------------------------------------------------------------------------------------------------------

ANSWERS = {
    "a page": (valley.page(1), None),
    "another status that carries one": (valley.page(1, status=203), None),
    "not there": (valley.page(1, status=404), "http_404"),
    "elsewhere": (valley.page(1, status=301), "http_301"),
    "not modified": (valley.page(1, status=304), "http_304"),
    "an image": (valley.page(1, b"\x89PNG\r\n", kind="image/png"), "not_html"),
    "a feed": (valley.page(1, b"<rss></rss>", kind="application/rss+xml"), "not_html"),
    "a bare file": (dataclasses.replace(valley.page(1), headers=(), fetched_at=None, body=b"text"), None),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_which_answers_are_pages(name: str) -> None:
    page, reason = ANSWERS[name]
    found = pages.usable(Entry("here", page))
    assert (found.reason if isinstance(found, SkipPage) else found) == (reason or page)


def test_an_archive_of_all_kinds_ends_in_a_balance(tmp_path: Path) -> None:
    """A 404 before the page does not stand in its way; a flaw, an image and a second copy are counted or told."""
    kinds = [valley.page(1, status=404), valley.page(1), valley.page(2, b"\x89PNG", kind="image/png"), valley.page(3)]
    data = b"".join(map(warcwrite.records, [*kinds, valley.page(3, valley.html(4))]))
    (tmp_path / "pages.warc.gz").write_bytes(data + warcwrite.records(valley.page(5))[:-40])
    valley.configure(tmp_path)
    done = valley.scraper(tmp_path, "run")
    assert valley.last(done) == "discovered 5 = stored 2 + updated 0 + unchanged 0 + skipped 2 + refused 0 + failed 1"
    assert b"1 more saved pages of the same addresses" in done.stderr
    assert b" cut" in done.stderr
    parsed = valley.scraper(tmp_path, "parse", "pages.warc.gz")
    assert (parsed.returncode, len(parsed.stdout.splitlines())) == (1, 3)
    assert all(word in parsed.stderr for word in (b"failed: cut", b"1 answers skipped: http_404", b"skipped: not_html"))


def test_a_page_without_an_address_fails_once(tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "a.html").write_bytes(valley.html(1))
    valley.configure(tmp_path, "saved")
    done = valley.scraper(tmp_path, "run")
    assert valley.last(done) == "discovered 1 = stored 0 + updated 0 + unchanged 0 + skipped 0 + refused 0 + failed 1"
    assert b"a.html no_url" in done.stderr


def test_what_a_run_kept_gives_its_records(newsroom: Any, tmp_path: Path) -> None:
    configure(tmp_path, newsroom.url)
    valley.scraper(tmp_path, "run")
    parsed = valley.scraper(tmp_path, "parse", "data/pages", "-c", "config.toml")
    written = [line.replace(b'"revision":1', b'"revision":null') for line in valley.lines(tmp_path)]
    assert (len(written), parsed.stdout.splitlines(keepends=True)) == (38, written)


def test_replay_of_a_warc_file(tmp_path: Path) -> None:
    valley.warc(tmp_path / "a.warc.gz", [valley.page(1), valley.page(2), valley.page(3, status=404)])
    (tmp_path / "rule.toml").write_text(f'[sites.valley]\nstart = ["https://valley.example/"]\n{valley.RULE}')
    done = [
        valley.scraper(tmp_path, "replay", "a.warc.gz", *more) for more in ((), ("--accept",), (), ("-c", "rule.toml"))
    ]
    assert [each.returncode for each in done] == [1, 0, 0, 1], [each.stderr for each in done]
    assert [valley.last(each) for each in done[2:]] == [
        "2 pages, 50 fields compared, 0 differences",
        "2 pages, 50 fields compared, 6 differences",
    ]
    assert done[3].stdout.count(b'category: expected null, got "Water"') == 2


def test_P06_an_archive_is_read_in_little_memory(tmp_path: Path) -> None:
    body = HTML * 20
    with (tmp_path / "a.warc.gz").open("wb") as file:
        for number in range(1500):
            file.write(warcwrite.records(valley.page(number, body)))
    tracemalloc.start()
    count = sum(lead.page is not None for lead in pages.leads(tmp_path / "a.warc.gz"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (count, peak < len(body) * 1500 / 4) == (1500, True), peak


def test_no_batch_is_larger_than_a_transaction_should_be() -> None:
    async def batches() -> list[int]:
        run = pipeline.Run(None, list, bool, print, asyncio.Event())  # type: ignore[arg-type]
        big = Append("pages/pages", ".warc.gz", bytes(pipeline.BATCH_BYTES // 4), 1)
        for number in range(10):
            run._results.put_nowait(Result(Outcome(str(number), "refused"), also=(big,)))
        run._results.put_nowait(None)
        return [len(await run._batch()) for _ in range(3)]

    assert asyncio.run(batches()) == [4, 4, 3]


def test_environment_is_not_needed_to_read(tmp_path: Path) -> None:
    """P09 in small: another zone, locale, hash seed and folder give the same bytes."""
    valley.warc(tmp_path / "a.warc.gz", [valley.page(number) for number in range(3)])
    settings = [{}, {"TZ": "Asia/Kabul", "LC_ALL": "C", "PYTHONHASHSEED": "7"}, {"TZ": "America/Lima"}]
    outputs = {valley.scraper(tmp_path, "parse", "a.warc.gz", **each).stdout for each in settings}
    assert (len(outputs), os.listdir(tmp_path)) == (1, ["a.warc.gz"])
