"""What the store answers, run after run."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

import crashwork
from scraper.errors import StoreError
from scraper.model import WORDS, Article, Outcome
from scraper.store import Append, Result, Store, database, disk, state, verify
from scraper.write import WRITERS


def open_store(folder: Path, *, rotate: int = 1 << 20, compress: str = "none") -> Store:
    return Store.open(folder, WRITERS["jsonl", compress], rotate=rotate, now=crashwork.now)


def page(number: int, edition: int = 1, **changes: object) -> Result:
    one = Result(Outcome(crashwork.url(number), "stored", None, "valley"), crashwork.article(number, edition))
    return replace(one, **changes)  # type: ignore[arg-type]


def ended(number: int, word: str, reason: str | None) -> Result:
    return Result(Outcome(crashwork.url(number), word, reason, "valley"))  # type: ignore[arg-type]


def words(outcomes: list[Outcome]) -> list[tuple[str, str | None]]:
    return [(outcome.word, outcome.reason) for outcome in outcomes]


def lines(folder: Path, pattern: str = "out/*.jsonl") -> list[tuple[str, int]]:
    return [
        (record["url"], record["revision"])
        for path in sorted(folder.glob(pattern))
        for record in map(msgspec.json.decode, path.read_bytes().splitlines())
    ]


# Each row: what the first run brings, what the second brings, the second's outcomes, and the lines after both.
A, B = crashwork.url(4), crashwork.url(5)
RUNS = [
    ("new", [], [page(4)], [("stored", None)], [(A, 1)]),
    ("same", [page(4)], [page(4)], [("unchanged", None)], [(A, 1)]),
    ("changed", [page(4)], [page(4, 2)], [("updated", None)], [(A, 1), (A, 2)]),
    ("not-modified", [page(4)], [ended(4, "unchanged", "not_modified")], [("unchanged", "not_modified")], [(A, 1)]),
    ("gone", [page(4)], [ended(4, "failed", "http_404")], [("failed", "http_404")], [(A, 1)]),
    ("two-urls", [], [page(6), page(7)], [("stored", None), ("skipped", "duplicate")], [(crashwork.url(6), 1)]),
    ("one-url-twice", [], [page(4), page(4, 2)], [("stored", None)], [(A, 1)]),
    ("two-articles", [page(4)], [page(5), page(4)], [("stored", None), ("unchanged", None)], [(A, 1), (B, 1)]),
    ("nothing", [page(4)], [], [], [(A, 1)]),
]


@pytest.mark.parametrize(
    ("first", "second", "outcomes", "written"), [row[1:] for row in RUNS], ids=[r[0] for r in RUNS]
)
def test_two_runs(
    tmp_path: Path,
    first: list[Result],
    second: list[Result],
    outcomes: list[tuple[str, str | None]],
    written: list[tuple[str, int]],
) -> None:
    with open_store(tmp_path) as store:
        run = store.begin_run("config")
        store.commit(run, first)
        store.finish_run(run)
    with open_store(tmp_path) as store:
        run = store.begin_run("config")
        assert words(store.commit(run, second)) == outcomes
        assert sum(store.balance(run).values()) == len(outcomes)
        store.finish_run(run)
    assert lines(tmp_path) == written
    assert verify(tmp_path).problems == []


def test_what_is_gone_for_good_is_known_for_ten_runs(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        known = []
        for number in range(state.KEEP_RUNS + 2):
            run = store.begin_run("config")
            known.append(store.is_gone(run, A))
            if number == 0:
                store.commit(run, [Result(Outcome(A, "failed", "gone", "valley", "HTTP 410"))])
            store.finish_run(run)
    assert known == [False, *[True] * state.KEEP_RUNS, False]


# URLs 6 and 7 lead to one article; the second may give another text of it. Each row: what three runs bring, and the
# outcomes and lines of the last two.
COPY = page(7, article=replace(crashwork.article(6, 1), content_hash="another text"))
SAME, DUPLICATE = ("unchanged", None), ("skipped", "duplicate")
NOT_MODIFIED = ended(6, "unchanged", None)
COPIES = [
    ("304-then-copy", [[page(6), COPY], [NOT_MODIFIED, COPY], [NOT_MODIFIED, COPY]], [SAME, DUPLICATE] * 2, [1]),
    ("304-of-both", [[page(6), COPY], [NOT_MODIFIED, ended(7, "unchanged", None)]], [SAME, SAME], [1]),
    (
        "304-of-the-copy-hides-no-change",
        [[page(6), COPY], [ended(7, "unchanged", None), page(6, article=COPY.article)]],
        [SAME, ("updated", None)],
        [1, 2],
    ),
    (
        "304-of-an-older-text-hides-no-newer-one",  # it is not even asked for: the page has no validators then
        [[page(6)], [COPY], [page(6), COPY]],
        [("updated", None), ("updated", None), DUPLICATE],
        [1, 2, 3],
    ),
    ("304-of-an-unknown-one", [[page(8)], [NOT_MODIFIED, COPY]], [SAME, ("stored", None)], [1, 1]),
]


@pytest.mark.parametrize(("runs", "outcomes", "revisions"), [row[1:] for row in COPIES], ids=[r[0] for r in COPIES])
def test_a_copy_of_what_has_not_changed_is_a_duplicate(
    tmp_path: Path, runs: list[list[Result]], outcomes: list[tuple[str, str | None]], revisions: list[int]
) -> None:
    got: list[tuple[str, str | None]] = []
    for results in runs:
        with open_store(tmp_path) as store:
            run = store.begin_run("config")
            got += words(store.commit(run, results))
            store.finish_run(run)
    assert (got[len(runs[0]) :], [revision for _, revision in lines(tmp_path)]) == (outcomes, revisions)


def test_a_state_of_schema_1_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its URLs do not say which article they gave: each is asked once without condition, and then they do."""
    one = page(1, etag='"e"', basis="b")
    assert one.article
    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", database.MIGRATIONS[:1])
        db = database.connect(tmp_path / "state.db")
        db.execute(
            "INSERT INTO articles VALUES (?, ?, 3, 0, row_crc(?, ?, 3, 0))",
            (one.article.id, one.article.content_hash) * 2,
        )
        db.execute("INSERT INTO urls VALUES (?, '\"e\"', NULL, 'b')", (state.url_key(one.outcome.url),))
        database.disconnect(db, tmp_path / "state.db")
    with open_store(tmp_path) as store:
        run = store.begin_run("config")
        before = store.validators(one.outcome.url, "b")
        ended_as = words(store.commit(run, [one]))
        assert (before, ended_as, store.validators(one.outcome.url, "b")) == ({}, [SAME], {"If-None-Match": '"e"'})


def test_an_unfinished_run_survives_those_aside(tmp_path: Path) -> None:
    """O20: what `reparse --accept` stores in between makes no page of it new, and no copy."""
    with open_store(tmp_path) as store:
        first = store.begin_run("config")
        store.commit(first, [page(6), page(1)])
        for _ in range(state.KEEP_RUNS + 1):
            aside = store.begin_run("reparse", aside=True)
            store.commit(aside, [replace(COPY, outcome=page(6).outcome)])
            store.finish_run(aside)
    with open_store(tmp_path) as store:
        run = store.begin_run("config")
        assert (run.id, run.resumed, crashwork.url(1) in store.done(run)) == (first.id, True, True)
        assert words(store.commit(run, [page(7), page(2)])) == [DUPLICATE, ("stored", None)]
    assert [revision for _, revision in lines(tmp_path)] == [1, 1, 2, 1]


def test_an_unfinished_run_is_resumed_and_counted_whole(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        first = store.begin_run("config")
        store.commit(first, [page(1), page(2), ended(3, "failed", "http_500")])
    with open_store(tmp_path) as store:
        run = store.begin_run("config")
        done = store.done(run)
        assert (run.id, run.resumed) == (first.id, True)
        assert [number for number in range(1, 6) if crashwork.url(number) not in done] == [4, 5]
        assert store.commit(run, [page(1, 2), page(2)]) == []
        store.commit(run, [page(4), ended(5, "skipped", "robots")])
        assert store.balance(run) == dict.fromkeys(WORDS, 0) | {"stored": 3, "skipped": 1, "failed": 1}
        assert store.reasons(run)["valley", "failed", "http_500"] == 1
        assert len(store.outcomes(run)) == 5


def test_another_configuration_begins_a_new_run(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        first = store.begin_run("config")
        store.commit(first, [page(1)])
        second = store.begin_run("other config")
        assert (second.number, second.resumed, crashwork.url(1) in store.done(second)) == (2, False, False)


def test_old_runs_keep_their_counts(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        runs = []
        for _ in range(state.KEEP_RUNS + 2):
            runs.append(store.begin_run("config"))
            store.commit(runs[-1], [page(1), ended(2, "failed", "dns")])
            store.finish_run(runs[-1])
        assert store.outcomes(runs[0]) == []
        assert store.reasons(runs[0]) == {("valley", "stored", None): 1, ("valley", "failed", "dns"): 1}
        assert store.balance(runs[1])["unchanged"] == 1


VALIDATORS = [
    ('"e"', "Sat, 01 Mar 2026 00:00:00 GMT", "1 a", True),
    ('"e"', None, "1 a", True),
    (None, None, "1 a", False),
    ('"e"', None, "2 a", False),
]


@pytest.mark.parametrize(("etag", "modified", "basis", "given"), VALIDATORS)
def test_validators(tmp_path: Path, etag: str | None, modified: str | None, basis: str, given: bool) -> None:
    with open_store(tmp_path) as store:
        run = store.begin_run("config")
        store.commit(run, [page(1, etag=etag, last_modified=modified, basis="1 a"), ended(2, "failed", "dns")])
        both = {"If-None-Match": etag, "If-Modified-Since": modified}
        wanted = {name: value for name, value in both.items() if value and given}
        assert store.validators(crashwork.url(1), basis) == wanted
        assert store.validators(crashwork.url(2), basis) == {}


def test_hosts_are_remembered_across_runs(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        assert store.hosts.get("valley.example") is None
        store.hosts.set("valley.example", 1e9)
        store.hosts.set("valley.example", 2e9 + 0.5)
    with open_store(tmp_path) as store:
        assert store.hosts.get("valley.example") == 2e9 + 0.5


def test_d15_odd_text_is_kept(tmp_path: Path) -> None:
    odd = Outcome("https://x.example/\ud800\0", "failed", "\udfff", "\0", "\u2028")
    with open_store(tmp_path) as store:
        run = store.begin_run("config")
        assert store.commit(run, [Result(odd)]) == [odd]
        assert odd.url in store.done(run)
        assert store.reasons(run) == {("\0", "failed", "?"): 1}


def test_partitions_and_other_series(tmp_path: Path) -> None:
    also = (Append("pages/pages", ".warc.gz", b"one", 1),)
    with open_store(tmp_path) as store:
        run = store.begin_run("config")
        store.commit(
            run, [page(1, partition="site=a/day=1", also=also), page(2, partition="site=b"), page(3, also=also)]
        )
    assert lines(tmp_path, "out/site=a/day=1/articles-00001.jsonl") == [(crashwork.url(1), 1)]
    assert lines(tmp_path, "out/site=b/articles-00001.jsonl") == [(crashwork.url(2), 1)]
    assert (tmp_path / "pages/pages-00001.warc.gz").read_bytes() == b"oneone"
    assert verify(tmp_path).problems == []


def test_more_partitions_than_open_files(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        run = store.begin_run("config")
        for part in range(2):
            store.commit(run, [page(n, partition=f"n={n % 100}") for n in range(part * 200, part * 200 + 200, 2)])
        assert len(os.listdir("/proc/self/fd")) < 200 if Path("/proc/self/fd").is_dir() else True
    assert verify(tmp_path).records == 200


OUTSIDE = ["../x", "/x", "a/../../x", "a//b", ".", "a\0b", "x" * 256]


@pytest.mark.parametrize("partition", OUTSIDE, ids=[f"O29-{name[:8]!a}" for name in OUTSIDE])
def test_a_partition_never_leads_out_of_the_folder(tmp_path: Path, partition: str) -> None:
    with open_store(tmp_path / "data") as store:
        run = store.begin_run("config")
        with pytest.raises(StoreError, match="cannot be the name"):
            store.commit(run, [page(1, partition=partition)])
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["data", "lock", "state.db"]


@pytest.mark.parametrize("compress", ["none", "gzip"])
def test_o24_rotation_seals_whole_files(tmp_path: Path, compress: str) -> None:
    with open_store(tmp_path, rotate=3000, compress=compress) as store:
        run = store.begin_run("config")
        for at in range(0, 60, 3):
            store.commit(run, [page(number) for number in range(at, at + 3)])
    report = verify(tmp_path)
    assert (report.files > 3, report.articles, report.problems) == (True, 57, [])


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    with open_store(tmp_path / "data") as store:
        store.commit(store.begin_run("config"), [page(1)])
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").rglob("*")}
    assert set(modes.values()) == {0o600, 0o700}
    assert {name for name, mode in modes.items() if mode == 0o700} == {"out"}


def test_the_clock_may_jump(tmp_path: Path) -> None:
    """O25: order and doubles hang on numbers, never on the time."""
    for year in (2026, 2036, 1999):
        moment = datetime(year, 1, 1, tzinfo=UTC)
        with Store.open(tmp_path, WRITERS["jsonl", "none"], rotate=1000, now=lambda moment=moment: moment) as store:
            run = store.begin_run("config")
            store.commit(run, [page(1)])
            store.finish_run(run)
    assert lines(tmp_path) == [(crashwork.url(1), 1)]


def test_a_bug_in_a_record_ends_the_store_and_changes_nothing(tmp_path: Path) -> None:
    broken = Article(id="0" * 32, site="s", url="u", canonical_url="u", headline=object())  # type: ignore[arg-type]
    with open_store(tmp_path) as store:
        run = store.begin_run("config")
        with pytest.raises(TypeError):
            store.commit(run, [page(1), page(2, article=broken)])
        with pytest.raises(StoreError, match="start again"):
            store.commit(run, [page(1)])
    with open_store(tmp_path) as store:
        assert words(store.commit(store.begin_run("config"), [page(1)])) == [("stored", None)]
    assert lines(tmp_path) == [(crashwork.url(1), 1)]


REFUSALS = {
    errno.ENOSPC: (True, "the run goes on where it stopped"),
    errno.EFBIG: (True, "the run goes on where it stopped"),
    errno.ENAMETOOLONG: (False, "the run goes on where it stopped"),
    errno.EACCES: (False, "no permission to read and write; change its owner or mode"),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_what_the_system_refuses(code: int, tmp_path: Path) -> None:
    said = str(disk.failure(tmp_path, OSError(code, os.strerror(code))))
    assert ("bytes free there" in said, REFUSALS[code][1] in said) == (REFUSALS[code][0], True), said
