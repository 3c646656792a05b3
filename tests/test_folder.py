"""Pages saved in folders: nothing lost there and back, nothing believed that was changed (P02, P07 to P11, S16)."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archived import CORPORA, HTML, OUTCOME, PAGES, TIME, decode, page
from scraper.archive import folder, saved, warc, warcwrite
from scraper.archive.entry import Entry
from scraper.archive.scrub import Secrets
from scraper.errors import StoreError
from scraper.model import Outcome, Page
from scraper.replay import cases

each_page = pytest.mark.parametrize("kept", PAGES.values(), ids=PAGES)


def tree(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def packed(entries: list[Entry]) -> bytes:
    out = io.BytesIO()
    assert warc.to_warc(entries, out) == []
    return out.getvalue()


def by_url(entries: list[Entry]) -> list[tuple[str, Page | None, Outcome | None]]:
    return sorted(((each.page.url if each.page else "", each.page, each.outcome) for each in entries), key=repr)


@each_page
def test_P03_a_page_comes_back_as_it_was(kept: Page, tmp_path: Path) -> None:
    place = folder.save(kept, tmp_path / "new" / "pages", OUTCOME)
    (entry,) = folder.from_folder(tmp_path, decode)
    assert (entry.page, entry.outcome, entry.place) == (kept, OUTCOME, str(place))
    assert (place / "page.html").read_bytes() == (kept.body if kept.wire is None else kept.wire)


def test_folder_and_warc_hold_the_same(tmp_path: Path) -> None:
    entries = [Entry(name, kept, OUTCOME if "gzip" in name else None) for name, kept in PAGES.items()]
    assert folder.to_folder(entries, tmp_path / "a") == []
    first = list(folder.from_folder(tmp_path / "a", decode))
    data = packed(first)
    second = list(warc.read(io.BytesIO(data), decode))
    assert folder.to_folder(second, tmp_path / "b") == []
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert packed(list(folder.from_folder(tmp_path / "b", decode))) == data
    assert by_url(first) == by_url(second) == by_url(entries)


@each_page
def test_P11_names_are_lower_case_hexadecimal(kept: Page, tmp_path: Path) -> None:
    place = folder.save(kept, tmp_path)
    assert (re.fullmatch("[0-9a-f]{32}", place.name) is not None, place.parent) == (True, tmp_path)


ODD = [
    "/../../etc/cron.d/x",
    "%2e%2e%2f",
    "..\\",
    "/etc/passwd",
    "a\0b",
    "x" * 5000,
    "CON",
    "end.",
    "~",
    "Ü",
    "U\u0308",
    "\udc80",
]


@pytest.mark.parametrize("url", ODD, ids=[f"S16-{number}" for number in range(len(ODD))])
def test_S16_a_url_never_names_a_file(url: str, tmp_path: Path) -> None:
    for each in (url, url.swapcase() + "'"):
        folder.save(Page(each, each, 200, (), HTML, None), tmp_path / "in")
    names = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")}
    assert [name for name in names if not re.fullmatch(r"in(/[0-9a-f]{32}(/page\.(html|json))?)?", name)] == []
    assert {each.page and each.page.url for each in folder.from_folder(tmp_path, decode)} == {url, url.swapcase() + "'"}


def test_P02_other_pages_of_one_url_are_kept_in_order(tmp_path: Path) -> None:
    versions = [page("dam", HTML + b"%d" % number) for number in range(12)]
    for each in [*versions, versions[3], versions[0]]:  # the same again changes nothing
        folder.save(each, tmp_path)
    assert [each.page for each in folder.from_folder(tmp_path, decode)] == versions


def test_P07_an_unfinished_page_is_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder.save(page("a"), tmp_path)
    half = tmp_path / ".new-0123456789abcdef"
    half.mkdir()
    (half / "page.html").write_bytes(HTML)
    assert [each.place for each in folder.from_folder(tmp_path, decode)] == [str(place)]

    def full(old: Any, new: Any) -> None:
        raise OSError(28, "No space left on device")

    before = tree(tmp_path)
    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(StoreError, match="No space left"):
        folder.save(page("b"), tmp_path)
    assert tree(tmp_path) == before


def change(place: Path, **new: Any) -> None:
    meta = json.loads((place / "page.json").read_bytes())
    (place / "page.json").write_text(json.dumps({k: v for k, v in (meta | new).items() if v != "GONE"}))


def edit_body(place: Path) -> None:
    (place / "page.html").write_bytes(HTML + b"!")


def edit_both(place: Path) -> None:
    edit_body(place)
    change(place, sha256=hashlib.sha256(HTML + b"!").hexdigest())


@pytest.mark.parametrize(
    ("name", "harm", "expected"),
    [
        pytest.param("plain", edit_body, "changed", id="P10-body"),
        pytest.param("gzip", edit_body, "changed", id="P10-wire"),
        pytest.param("plain", lambda p: change(p, sha256="0" * 64), "changed", id="P10-hash"),
        pytest.param("plain", lambda p: change(p, sha256="GONE"), "changed", id="P10-no-hash"),
        pytest.param("plain", edit_both, HTML + b"!", id="P10-both-on-purpose"),
        pytest.param("gzip", lambda p: change(p, body_sha256="0" * 64), "changed", id="P10-decoded-hash"),
        pytest.param("gzip", lambda p: change(p, headers=[["Content-Encoding", "br"]]), HTML, id="P10-coding-lie"),
        pytest.param("gzip", lambda p: change(p, headers=[["Content-Encoding", "x-own"]]), "encoding", id="P10-coding"),
        pytest.param("plain", lambda p: change(p, format="scraper-page/2"), "version", id="P08-newer"),
        pytest.param("plain", lambda p: change(p, format="scraper-page/0"), "version", id="P08-older"),
        pytest.param("plain", lambda p: change(p, format="other/1"), "bad_json", id="P08-other"),
        pytest.param("plain", lambda p: change(p, format="GONE"), "bad_json", id="P08-none"),
        pytest.param(
            "plain", lambda p: change(p, later="key", xfail=["date"]), PAGES["plain"].body, id="P08-unknown-key"
        ),
        pytest.param("plain", lambda p: change(p, url="GONE"), "bad_json", id="no-url"),
        pytest.param("plain", lambda p: change(p, headers=[["one"]]), "bad_json", id="headers"),
        pytest.param("plain", lambda p: change(p, fetched_at="yesterday"), "bad_json", id="time"),
        pytest.param("plain", lambda p: change(p, status="ok"), "bad_json", id="status"),
        pytest.param("plain", lambda p: change(p, status=math.inf), "bad_json", id="P10-infinite-status"),
        pytest.param("plain", lambda p: change(p, status=math.nan), "bad_json", id="P10-status-of-no-number"),
        pytest.param("plain", lambda p: change(p, outcome={"word": "lost"}), "bad_json", id="outcome"),
        pytest.param("plain", lambda p: (p / "page.json").write_text("[" * 99999), "bad_json", id="nested"),
        pytest.param("plain", lambda p: (p / "page.json").write_bytes(b"\xff"), "bad_json", id="not-utf-8"),
        pytest.param("plain", lambda p: (p / "page.json").write_text(""), "bad_json", id="empty"),
        pytest.param("plain", lambda p: (p / "page.html").unlink(), "unreadable", id="no-body"),
    ],
)
def test_what_was_changed_by_hand(
    name: str, harm: Callable[[Path], object], expected: bytes | str, tmp_path: Path
) -> None:
    harm(folder.save(PAGES[name], tmp_path))
    (entry,) = folder.from_folder(tmp_path, decode)
    assert (entry.flaw.reason if entry.flaw else entry.page and entry.page.body) == expected


def test_P10_every_way_in_refuses_a_changed_page(tmp_path: Path) -> None:
    place = folder.save(PAGES["plain"], tmp_path)
    edit_body(place)
    (flawed,) = saved.entries(str(tmp_path), decode)
    assert (flawed.flaw and flawed.flaw.reason, folder.to_folder([flawed], tmp_path / "b")) == ("changed", [flawed])


def test_no_secret_is_written(tmp_path: Path) -> None:
    headers = (("set-cookie", "sid=SECRET1"), ("X-Key", "SECRET2"), ("Link", "<https://u:SECRET3@v.example>"))
    kept = Page("https://u:SECRET3@v.example/", "https://v.example/?t=SECRET4", 200, headers, HTML, TIME)
    folder.save(kept, tmp_path, Outcome(kept.url, "stored"), Secrets({"x-key"}, {"SECRET4"}))
    assert [name for name, data in tree(tmp_path).items() if b"SECRET" in data or "SECRET" in name] == []


# --- everything saved ------------------------------------------------------------------------------------------------


def test_a_folder_may_hold_all_kinds(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "Bare.HTM").write_bytes(b'<link rel="canonical" href="https://v.example/bare">')
    (tmp_path / "packed.HTML.GZ").write_bytes(gzip.compress(HTML))
    (tmp_path / "torn.html.gz").write_bytes(gzip.compress(HTML)[:-3])
    (tmp_path / "page.html").write_bytes(HTML)  # a bare one, for all its name
    (tmp_path / "notes.txt").write_bytes(b"mine")
    (tmp_path / "a.warc.gz").write_bytes(warcwrite.records(page("in-warc")))
    (tmp_path / "b.WARC").write_bytes(b"WARC/1.0\r\n")
    folder.save(PAGES["br"], tmp_path / "kept")
    entries = list(saved.entries(str(tmp_path), decode))
    urls = [each.page.final_url if each.page else each.flaw and each.flaw.reason for each in entries]
    assert sorted(map(str, urls)) == [
        "",
        "",
        "cut",
        "https://v.example/bare",
        "https://valley.example/br/",
        "https://valley.example/in-warc/",
        "unreadable",
    ]


def unlisted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a folder that may not be read; root, who runs some tests, reads all."""
    scandir = os.scandir

    def deny(path: str) -> Any:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", deny)


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.html").write_bytes(HTML)
    unlisted(tmp_path / "a", monkeypatch)
    found = [(each.place, each.flaw and each.flaw.reason) for each in saved.entries(str(tmp_path), decode)]
    assert found == [(str(tmp_path / "a"), "unreadable"), (str(tmp_path / "b" / "1.html"), None)]
    with pytest.raises(StoreError, match=f"{tmp_path / 'a'}: cannot be read: Permission denied"):
        list(cases(tmp_path))


# Links, to where each of them leads; what is found.
LINKS: dict[str, tuple[dict[str, str], list[str]]] = {
    "out of the folder": ({"top/link": "out"}, ["a/1.html", "link/2.html"]),
    "twice to one place": ({"top/b": "out", "top/a/c": "out"}, ["a/1.html", "b/2.html"]),
    "within it": ({"top/0": "top/a"}, ["a/1.html"]),
    "in a circle": ({"top/a/up": "top", "out/in": "top"}, ["a/1.html"]),
    "in a circle outside": ({"top/link": "out", "out/again": "out", "out/back": "top"}, ["a/1.html", "link/2.html"]),
    "to nowhere": ({"top/lost": "none", "top/lost.html": "none.html"}, ["a/1.html"]),
    "to a file": ({"top/x.html": "out/2.html"}, ["a/1.html", "x.html"]),
}


@pytest.mark.parametrize("name", LINKS)
def test_links_are_followed_once(name: str, tmp_path: Path) -> None:
    links, expected = LINKS[name]
    for file in ("top/a/1.html", "out/2.html"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_bytes(HTML)
    for link, place in links.items():
        (tmp_path / link).symlink_to(tmp_path / place)
    places = [each.place for each in saved.entries(str(tmp_path / "top"), decode)]
    assert [Path(place).relative_to(tmp_path / "top").as_posix() for place in places] == expected


def test_an_archive_that_cannot_be_read_does_not_end_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.warc.gz").write_bytes(b"")
    (tmp_path / "b.html").write_bytes(HTML)

    def fail(file: Path, decode: Any) -> Iterator[Entry]:
        raise StoreError(f"{file}: cannot be read: Permission denied")

    monkeypatch.setattr(warc, "read", fail)
    found = [each.flaw and (each.flaw.reason, each.flaw.detail) for each in saved.entries(str(tmp_path), decode)]
    assert found == [("unreadable", "cannot be read: Permission denied"), None]


def test_a_note_that_cannot_be_read_is_a_flaw_of_its_pages(tmp_path: Path) -> None:
    for file, data in (("site/pages/a.html", HTML), ("site/replay.toml", b"origin ="), ("b.html", HTML)):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(data)
    found = [each.flaw and each.flaw.reason for each in saved.entries(str(tmp_path), decode)]
    assert found == [None, "unreadable"]


def test_a_kept_page_knows_its_address(tmp_path: Path) -> None:
    place = folder.save(PAGES["redirected"], tmp_path)
    assert folder.entry(place / "page.html", url="https://ignored.example/").page == PAGES["redirected"]


SERVED = {
    "index.html": ("https://v.example/", "text/html; charset=UTF-8"),
    "en/index.html": ("https://v.example/en/", "text/html; charset=UTF-8"),
    "en/pages/dam.html": ("https://v.example/en/pages/dam/", "text/html; charset=windows-1251"),
}


@pytest.mark.parametrize("name", SERVED)
def test_pages_as_they_are_served_know_their_address(name: str, tmp_path: Path) -> None:
    file = tmp_path / "site" / "pages" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(HTML)
    types = 'content_types = { "/en/pages/dam/" = "text/html; charset=windows-1251" }'
    (tmp_path / "site" / "replay.toml").write_text(f'origin = "https://v.example"\n{types}\n')
    (found,) = saved.entries(str(tmp_path), decode)
    assert found.page and (found.page.url, found.page.header("content-type")) == SERVED[name]


@pytest.mark.parametrize("name", ["none", "empty"])
def test_nothing_saved_is_typed(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match=name):
        list(saved.entries(str(tmp_path / name), decode))


@pytest.mark.parametrize("data", [warcwrite.records(page()), gzip.decompress(warcwrite.records(page())), page().body])
def test_standard_input_is_taken_for_what_it_is(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(data))))  # type: ignore[arg-type]
    assert [each.page and each.page.body for each in saved.entries("-", decode)] == [page().body]


# --- real pages -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not CORPORA.is_dir(), reason="NOT RUN: the corpora of real pages are not beside this tree")
def test_real_pages_there_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A tenth of them; `python tests/long_warc.py` takes all."""
    import long_warc

    files = sorted(CORPORA.glob("*/pages/*.html.gz"))[::10]
    with capsys.disabled():
        long_warc.round_trip(files, tmp_path)
    assert len(files) > 100
