"""Stored pages parsed again: what is lost, changed and gained is told by site and field, and may be stored."""

from __future__ import annotations

import contextlib
import gzip
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import valley
from archived import TIME
from scraper import pages, reparse
from scraper.archive.entry import Entry, Flaw
from scraper.errors import StoreError
from scraper.reparse import Comparison, Pair
from scraper.store import database

COUNT = 30
HEAD = {"same": 0, "changed": 0, "gained": 0, "lost": 0}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run over thirty articles, by a right rule; broken.toml has a wrong one."""
    folder = tmp_path_factory.mktemp("ran")
    build(folder)
    return folder


def build(folder: Path, extra: str = "") -> None:
    """A run, and beside its configuration broken.toml with a rule that finds nothing."""
    valley.warc(folder / "pages.warc.gz", [valley.page(number) for number in range(COUNT)])
    valley.configure(folder, extra=valley.RULE + extra)
    valley.configure(folder, extra=valley.BROKEN + extra, name="broken.toml")
    done = valley.scraper(folder, "run")
    assert done.returncode == 0, done.stderr


def row(stdout: bytes, field: str) -> dict[str, int]:
    cells = next(line.split() for line in stdout.decode().splitlines() if line.split()[1:2] == [field])
    return dict(zip(HEAD, map(int, cells[2:]), strict=True))


LOST = {
    "the rules of another configuration": ["-c", "broken.toml", "--compare", "config.toml"],
    "the stored records": ["-c", "broken.toml"],
    "the records of a version": ["-c", "broken.toml", "--compare", "{version}"],
}


@pytest.mark.parametrize("against", LOST)
def test_one_broken_rule_is_named(against: str, ran: Path) -> None:
    version = valley.records(ran)[0]["parser_version"]
    done = valley.scraper(ran, "reparse", *(each.format(version=version) for each in LOST[against]))
    told = done.stdout.decode().splitlines()
    assert (done.returncode, told[-1]) == (1, f"lost: category {COUNT}/{COUNT} on valley"), done.stderr
    assert row(done.stdout, "category") == {**HEAD, "lost": COUNT}
    assert row(done.stdout, "headline") == {**HEAD, "same": COUNT}
    examples = [line for line in told if line.startswith("lost: category on valley: https://valley.example/")]
    assert (len(examples), {line.split(": ", 3)[3] for line in examples}) == (3, {'"Water" [site] -> null [-]'})


def test_the_other_way_round_is_a_gain(ran: Path) -> None:
    done = valley.scraper(ran, "reparse", "--compare", "broken.toml")
    assert (done.returncode, row(done.stdout, "category")) == (0, {**HEAD, "gained": COUNT})


def test_the_same_code_and_rules_give_the_same(ran: Path) -> None:
    done = valley.scraper(ran, "reparse")
    table = [line.split() for line in done.stdout.decode().splitlines()[1:]]
    assert (done.returncode, {tuple(cells[3:]) for cells in table}) == (0, {("0", "0", "0")})


# A rule that finds the section on all pages but one.
ALL_BUT_ONE = '[sites.valley.fields]\ncategory = "i.desk:not(.n7)"\n'
CHANGED = '[sites.valley.fields]\ncategory = { constant = "Desk" }\n'
THRESHOLDS: dict[str, tuple[str, list[str], int, str]] = {
    "one is lost": (ALL_BUT_ONE, [], 1, "lost: category 1/30 on valley"),
    "more than allowed": (ALL_BUT_ONE, ["--max-lost", "0.01"], 1, "lost: category 1/30 on valley"),
    "less than allowed": (ALL_BUT_ONE, ["--max-lost", "0.05"], 0, ""),
    "changes are allowed": (CHANGED, [], 0, ""),
    "until they are not": (CHANGED, ["--max-changed", "0.5"], 1, "changed: category 30/30 on valley"),
}


@pytest.mark.parametrize("name", THRESHOLDS)
def test_thresholds(name: str, ran: Path) -> None:
    rules, options, code, line = THRESHOLDS[name]
    valley.configure(ran, extra=rules, name="other.toml")
    done = valley.scraper(ran, "reparse", "-c", "other.toml", "--compare", "config.toml", *options)
    assert (done.returncode, done.stdout.decode().splitlines()[-1] == line) == (code, bool(line)), done.stdout


WRONG: dict[str, tuple[list[str], int, str]] = {
    "no such version": (["--compare", "0.0.9"], 3, "no stored record was written by version 0.0.9; there are: 0.1"),
    "no such configuration": (["--compare", "none.toml"], 2, "no such file"),
    "accept what is not stored": (["--compare", "broken.toml", "--accept"], 2, "does not go with --compare"),
    "no such site": (["--site", "hill"], 2, "No site 'hill'"),
    "no pages": (["-c", "empty.toml"], 3, "no stored pages"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_compared(name: str, ran: Path) -> None:
    arguments, code, words = WRONG[name]
    (ran / "empty.toml").write_text((ran / "config.toml").read_text().replace('"data"', '"elsewhere"'))
    done = valley.scraper(ran, "reparse", *arguments)
    assert (done.returncode, words in done.stderr.decode()) == (code, True), done.stderr


def test_accept_stores_revisions_once(tmp_path: Path) -> None:
    build(tmp_path)
    accepted = valley.scraper(tmp_path, "reparse", "-c", "broken.toml", "--accept")
    again = valley.scraper(tmp_path, "reparse", "-c", "broken.toml", "--accept")
    ran = valley.scraper(tmp_path, "run", "-c", "broken.toml")
    written = [(record["revision"], record["category"]) for record in valley.records(tmp_path)]
    assert [each.returncode for each in (accepted, again, ran)] == [0, 0, 0], accepted.stderr
    assert written == [(1, "Water")] * COUNT + [(2, None)] * COUNT
    assert valley.last(accepted).endswith("30 new revisions stored")
    assert valley.last(again).endswith("; 0 new revisions stored")
    assert f"unchanged {COUNT}" in valley.last(ran)


def visit(folder: Path, hour: int, body: bytes, extra: str = "") -> None:
    """A run that finds one page as it is at that hour."""
    valley.warc(folder / "pages.warc.gz", [replace(valley.page(0, body), fetched_at=TIME + timedelta(hours=hour))])
    valley.configure(folder, extra=extra)
    valley.scraper(folder, "run")


def undated(folder: Path, hour: int, body: bytes, extra: str = "") -> None:
    """A run over one saved page that does not say when it was fetched."""
    valley.warc(folder / "pages.warc.gz", [replace(valley.page(0, body), fetched_at=None)])
    valley.configure(folder, extra=extra)
    valley.scraper(folder, "run")


OLD, NEW = valley.html(0, "Water"), valley.html(0, "Roads")
TEXT = f"<p>{'The council of Mirzhol met and heard what the river had done. ' * 4}</p>" * 4
DRAFT = f"<html lang=en><div class=hl>A draft of the bridge</div><aside class=draft>{TEXT}</aside>".encode()
# By these rules the draft is an article too; nothing else changes.
DRAFTS = valley.RULE + 'headline = ".hl"\nbody = ".draft"\ndate = { constant = "2021-07-06" }\n'
UNKEPT = valley.RULE + "[output]\npages = false\n"
HISTORIES: dict[str, tuple[Callable[..., None], list[tuple[bytes, str]], list[str]]] = {
    # What each run found, by which rules; the sections of the revisions, which --accept must leave as they are.
    "an unchanged page is older than the record": (visit, [(OLD, ""), (OLD, ""), (NEW, "")], ["Water", "Roads"]),
    "and the record's own page was not kept": (visit, [(OLD, ""), (OLD, ""), (NEW, UNKEPT)], ["Water", "Roads"]),
    "nobody knows when they were fetched": (undated, [(OLD, ""), (OLD, ""), (NEW, "")], ["Water", "Roads"]),
    "a refused page is older than the record": (visit, [(DRAFT, ""), (OLD, "")], ["Water"]),
    "or it cannot be told": (undated, [(DRAFT, ""), (OLD, "")], ["Water"]),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_what_is_older_is_no_revision(name: str, tmp_path: Path) -> None:
    run, found, sections = HISTORIES[name]
    for hour, (body, extra) in enumerate(found):
        run(tmp_path, hour, body, extra or valley.RULE)
    valley.configure(tmp_path, extra=DRAFTS)
    done = valley.scraper(tmp_path, "reparse", "--accept")
    written = [each["category"] for each in valley.records(tmp_path)]
    assert (valley.last(done).endswith("; 0 new revisions stored"), written) == (True, sections), done.stdout


def test_pages_kept_later_stand_in(tmp_path: Path) -> None:
    build(tmp_path, "[output]\npages = false\n")
    valley.configure(tmp_path, extra=valley.RULE)
    valley.scraper(tmp_path, "run")
    done = valley.scraper(tmp_path, "reparse")
    assert (done.returncode, row(done.stdout, "category")) == (0, {**HEAD, "same": COUNT})


def test_a_refused_page_that_is_newer_than_the_record_is_gained(tmp_path: Path) -> None:
    visit(tmp_path, 0, OLD, valley.RULE)
    visit(tmp_path, 1, DRAFT, valley.RULE)
    valley.configure(tmp_path, extra=DRAFTS)
    done = valley.scraper(tmp_path, "reparse")
    assert (done.returncode, row(done.stdout, "record")) == (0, {**HEAD, "same": 1, "gained": 1})


def test_a_record_whose_page_was_never_kept_is_told_and_no_fault(tmp_path: Path) -> None:
    visit(tmp_path, 0, OLD, UNKEPT)
    valley.warc(tmp_path / "pages.warc.gz", [valley.page(1)])
    valley.configure(tmp_path, extra=valley.RULE)
    valley.scraper(tmp_path, "run")
    done = valley.scraper(tmp_path, "reparse")
    said = b"1 records have no stored page; they are not compared" in done.stderr
    assert (done.returncode, said, row(done.stdout, "record")["same"]) == (0, True, 1), done.stdout


def test_a_record_without_a_page_and_a_page_that_is_cut_are_told(tmp_path: Path) -> None:
    build(tmp_path)
    (file,) = (tmp_path / "data" / "pages").iterdir()
    file.write_bytes(file.read_bytes()[:-1000])
    done = valley.scraper(tmp_path, "reparse")
    assert (done.returncode, row(done.stdout, "record")["same"] < COUNT) == (1, True)
    assert b"cut" in done.stderr
    assert b"records have no stored page" in done.stderr


def edited(old: bytes, new: bytes) -> Callable[[Path], None]:
    """The second line changed by hand."""

    def change(file: Path) -> None:
        first, second, rest = file.read_bytes().split(b"\n", 2)
        file.write_bytes(b"\n".join((first, second.replace(old, new, 1), rest)))

    return change


def packed(file: Path) -> None:
    """As gzip, whose last third is damaged."""
    data = bytearray(gzip.compress(file.read_bytes()))
    data[-len(data) // 3] ^= 0xFF
    file.with_name(file.name + ".gz").write_bytes(data)
    file.unlink()


DAMAGED: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "no JSON": (edited(b'"', b""), ".jsonl:2: no record: JSON is malformed", "29 pages compared"),
    "a number for an id": (
        edited(b'"id":', b'"id":7,"i":'),
        ".jsonl:2: no record: Expected `str`",
        "29 pages compared",
    ),
    "no UTF-8": (edited(b"Bridge", b"\xff"), ".jsonl:2: no record: 'utf-8' codec", "29 pages compared"),
    "no sources": (edited(b'"sources"', b'"s"'), ".jsonl:2: no record: Object missing", "29 pages compared"),
    "half a line": (edited(b"Bridge", b"\n"), ".jsonl:3: no record: JSON is malformed", "29 pages compared"),
    "a damaged gzip": (packed, "cannot be read from here on", "pages compared"),
}


@pytest.mark.parametrize("command", [["reparse"], ["capsule", "latest", "--to", "a.zip"]], ids=lambda words: words[0])
@pytest.mark.parametrize("name", DAMAGED)
def test_damage_to_the_output_is_named_and_no_record(name: str, command: list[str], ran: Path, tmp_path: Path) -> None:
    change, words, end = DAMAGED[name]
    shutil.copytree(ran, tmp_path, dirs_exist_ok=True)
    change(tmp_path / "data" / "out" / "articles-00001.jsonl")
    done = valley.scraper(tmp_path, *command)
    end = end if command == ["reparse"] else "30 records"
    assert (done.returncode, words in done.stderr.decode(), end in valley.last(done)) == (1, True, True), done.stderr


def test_accept_lets_an_interrupted_run_be(tmp_path: Path) -> None:
    """O20: the next run goes on with it, and counts the whole."""
    build(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "state.db", isolation_level=None)) as db:
        db.create_function("row_crc", -1, database._row_crc, deterministic=True)
        db.execute("UPDATE runs SET ending = NULL, finished_at = NULL")
        database.sign(db, "runs", 1)
    (tmp_path / "data" / "state.db.sha256").unlink()
    valley.configure(tmp_path, extra=valley.BROKEN, name="broken.toml")
    accepted = valley.scraper(tmp_path, "reparse", "-c", "broken.toml", "--accept")
    ran = valley.scraper(tmp_path, "run")
    assert (valley.last(accepted).endswith("30 new revisions stored"), valley.last(ran)) == (
        True,
        "discovered 30 = stored 30 + updated 0 + unchanged 0 + skipped 0 + refused 0 + failed 0",
    )


def test_P01_nothing_is_asked_and_nothing_written(ran: Path) -> None:
    hook = """
import os, sys
def hook(event, args):
    if event.startswith(("socket.", "subprocess.", "os.remove", "os.rename")):
        raise SystemExit(f"forbidden: {event} {args}")
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise SystemExit(f"forbidden: written {args}")
from scraper.cli import main
sys.addaudithook(hook)
main(["reparse", "--compare", "broken.toml"])
"""
    done = subprocess.run([sys.executable, "-c", hook], cwd=ran, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_file_of_pages_that_cannot_be_read_is_no_run_with_fewer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pages").mkdir()
    flawed = Entry("pages-00002.warc.gz", flaw=Flaw("unreadable", "cannot be read: Permission denied"))
    monkeypatch.setattr(pages, "entries", lambda path: iter([flawed]))
    with pytest.raises(StoreError, match=r"pages-00002.warc.gz: cannot be read: Permission denied"):
        list(reparse.stored(tmp_path, print))


RECORD: dict[str, object] = {
    "headline": "A",
    "category": None,
    "tags": [],
    "body": "x" * 500,
    "sources": {"headline": "meta"},
}
PAIRS: dict[str, tuple[dict[str, object] | None, dict[str, object] | None, str, str]] = {
    "same": (RECORD, RECORD, "headline", "same"),
    "changed": (RECORD, {**RECORD, "headline": "B"}, "headline", "changed"),
    "lost": (RECORD, {**RECORD, "headline": None}, "headline", "lost"),
    "a list is lost": ({**RECORD, "tags": ["a"]}, RECORD, "tags", "lost"),
    "gained": (RECORD, {**RECORD, "category": "C"}, "category", "gained"),
    "a record is lost": (RECORD, None, "record", "lost"),
    "a record is gained": (None, RECORD, "record", "gained"),
}


@pytest.mark.parametrize("name", PAIRS)
def test_verdicts(name: str) -> None:
    old, new, field, verdict = PAIRS[name]
    found = Comparison()
    found.add(Pair("https://valley.example/", "valley", old, new, "listing"))
    assert dict(found.counts["valley", field]) == {verdict: 1}


def test_a_long_text_is_shown_where_it_parts() -> None:
    found = Comparison()
    new = {**RECORD, "body": "x" * 400 + "\x1b[31m" + "y" * 99}
    found.add(Pair("https://valley.example/", "valley", RECORD, new))
    (line,) = found.examples["valley", "body", "changed"]
    assert (len(line) < 300, "\x1b" in line, "…" in line) == (True, False, True)


def test_the_newest_line_of_a_version(tmp_path: Path) -> None:
    out = tmp_path / "out" / "site=a"
    out.mkdir(parents=True)
    rows = [("0.1", 1, "x"), ("0.2", 2, "y"), ("0.1", 3, "z")]
    record: dict[str, object] = {"id": "1", "url": "u", "fetched_at": None, "content_hash": "", "sources": {}}
    lines = [{**record, "parser_version": version, "revision": n, "headline": text} for version, n, text in rows]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (out / "articles-00001.jsonl").write_text(text + '{"half')
    found = {
        version: json.loads(reparse.newest(tmp_path, version, print)["u"][1])["headline"]
        for version in (None, "0.1", "0.2")
    }
    assert found == {None: "z", "0.1": "z", "0.2": "y"}
