"""A capsule gives the same records anywhere, always has the same bytes, and unpacks to nothing else."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import valley
from archived import TIME
from scraper import capsule, config
from scraper.errors import StoreError

COUNT = 5
EXTRA = 'headers = { Authorization = "Bearer s3cret-token" }\n' + valley.RULE
PROXY = '[fetch]\nproxy = "http://u:s3cret-proxy@p.example:1"\n'


def build(folder: Path, extra: str = EXTRA) -> None:
    pages = [valley.page(number) for number in range(COUNT)]
    valley.warc(folder / "pages.warc.gz", pages)
    valley.configure(folder, extra=extra)
    done = valley.scraper(folder, "run")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capsule, beside the run that it is of."""
    folder = tmp_path_factory.mktemp("run")
    build(folder, EXTRA + PROXY)
    done = valley.scraper(folder, "capsule", "latest", "--to", "a.zip")
    assert done.returncode == 0, done.stderr
    return folder / "a.zip"


def members(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_the_same_run_gives_the_same_capsule(packed: Path) -> None:
    settings = {"TZ": "Asia/Kabul", "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    done = valley.scraper(packed.parent, "capsule", "latest", "--to", "b.zip", **settings)
    assert (done.returncode, packed.with_name("b.zip").read_bytes() == packed.read_bytes()) == (0, True)


def test_what_it_holds(packed: Path) -> None:
    found = members(packed)
    about = json.loads(found["capsule.json"])
    assert list(found) == list(capsule.NAMES) == sorted(found)
    assert (about["pages"], about["clock"]) == (
        COUNT,
        {"first": "2021-07-06T08:06:30Z", "last": "2021-07-06T08:06:34Z"},
    )
    assert found["data/out/articles-00001.jsonl"] == b"".join(valley.lines(packed.parent))
    assert found["records.jsonl"].replace(b'"revision":null', b'"revision":1') == b"".join(valley.lines(packed.parent))
    assert b"s3cret" not in b"".join(found.values())
    assert str(packed.parent).encode() not in b"".join(found.values())


def test_unpacked_elsewhere_it_gives_the_same_bytes(packed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed) as opened:
        opened.extractall(tmp_path)
    environ = {"TZ": "America/Lima", "PYTHONHASHSEED": "3"}
    checked = valley.scraper(tmp_path, "capsule", "--check", packed, **environ)
    compared = valley.scraper(tmp_path, "reparse", **environ)
    parsed = valley.scraper(tmp_path, "parse", "data/pages", "-c", "config.toml", "--site", "valley", **environ)
    assert [each.returncode for each in (checked, compared, parsed)] == [0, 0, 0], checked.stderr
    assert parsed.stdout == (tmp_path / "records.jsonl").read_bytes()


def test_a_run_that_changed_nothing_and_one_before_it(tmp_path: Path) -> None:
    build(tmp_path)
    first = valley.kept(tmp_path)[0].run
    valley.scraper(tmp_path, "run")
    pages = [valley.page(number, valley.html(number, "Roads")) for number in range(COUNT)]
    later = [dataclasses.replace(page, fetched_at=TIME + timedelta(days=1)) for page in pages]
    valley.warc(tmp_path / "pages.warc.gz", later)
    valley.scraper(tmp_path, "run")
    runs = list(dict.fromkeys(entry.run for entry in valley.kept(tmp_path)))
    done = [valley.scraper(tmp_path, "capsule", run, "--to", "a.zip") for run in runs]
    assert (len(runs), runs[0], [each.returncode for each in done]) == (3, first, [0, 0, 0]), done[1].stdout


def test_an_article_under_two_addresses_is_there_once(tmp_path: Path) -> None:
    link = b'<link rel=canonical href="https://valley.example/1/">'
    pages = [valley.page(number, valley.html(1).replace(b"<title>", link + b"<title>")) for number in (1, 2)]
    valley.warc(tmp_path / "pages.warc.gz", pages)
    valley.configure(tmp_path, extra=EXTRA)
    valley.scraper(tmp_path, "run")
    done = [valley.scraper(tmp_path, "capsule", *more) for more in (("latest", "--to", "a.zip"), ("--check", "a.zip"))]
    found = members(tmp_path / "a.zip")["records.jsonl"]
    assert ([each.returncode for each in done], len(found.splitlines())) == ([0, 0], 1), done[0].stdout


def test_rules_that_changed_since_the_run_are_told(tmp_path: Path) -> None:
    build(tmp_path)
    valley.configure(tmp_path, extra=valley.BROKEN)
    done = valley.scraper(tmp_path, "capsule", "latest", "--to", "a.zip")
    first = done.stdout.decode().splitlines()[0]
    assert (done.returncode, first) == (
        1,
        "data/out/articles-00001.jsonl:1: category, content_hash, sources",
    ), done.stderr


CONFIGS = {
    "values": 'include = ["/\\\\d+/"]\ntimezone = "Asia/Kabul"\nlanguage = "fa-AF"\n',
    "rules": '[sites.valley.fields]\nnumber = { css = ["b", "i"], regex = "\\u007f\\"(\\\\d+)" }\n',
    "two sites": '[sites."a.b"]\nstart = ["https://a.example/feed/"]\nexclude = ["/tag/"]\n',
}


@pytest.mark.parametrize("name", CONFIGS)
def test_its_configuration_reads_the_sites_alike(name: str, tmp_path: Path) -> None:
    valley.warc(tmp_path / "pages.warc.gz", [])
    loaded = config.load(valley.configure(tmp_path, extra=CONFIGS[name]))
    (tmp_path / "data" / "pages").mkdir(parents=True)
    (tmp_path / "portable.toml").write_text(capsule.portable(loaded), "utf-8")
    again = config.load(tmp_path / "portable.toml", {})
    assert {name: site.rules() for name, site in again.sites.items()} == {
        name: site.rules() for name, site in loaded.sites.items()
    }
    assert [site.include for site in again.sites.values()] == [site.include for site in loaded.sites.values()]


# --- S17 ------------------------------------------------------------------------------------------------------------


def rewritten(source: Path, to: Path, change: Callable[[dict[str, bytes]], object], mode: int = stat.S_IFREG) -> None:
    found = members(source)
    change(found)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in found.items():
            info = zipfile.ZipInfo(name)
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, (mode | 0o644) << 16
            opened.writestr(info, data)


def renamed(name: str) -> Callable[[dict[str, bytes]], object]:
    return lambda found: found.update({name: found.pop("records.jsonl")})


def about(**values: object) -> Callable[[dict[str, bytes]], object]:
    return lambda found: found.update(
        {"capsule.json": json.dumps({**json.loads(found["capsule.json"]), **values}).encode()}
    )


HOSTILE: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "S17 up and out": (renamed("../records.jsonl"), "other files"),
    "S17 absolute": (renamed("/tmp/records.jsonl"), "other files"),
    "S17 drive": (renamed("C:\\records.jsonl"), "other files"),
    "S17 one more file": (lambda found: found.update({"data/x": b""}), "other files"),
    "S17 bomb": (lambda found: found.update({"records.jsonl": bytes(60_000_000)}), "times its size"),
    "changed": (lambda found: found.update({"records.jsonl": b"{}\n"}), "changed since"),
    "P08 another version": (about(format="scraper-capsule/2"), "another version"),
    "no sums": (about(sha256=None), "cannot be read"),
    "no JSON": (lambda found: found.update({"capsule.json": b"{"}), "cannot be read"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_capsule(name: str, packed: Path, tmp_path: Path) -> None:
    change, words = HOSTILE[name]
    rewritten(packed, tmp_path / "bad.zip", change)
    with pytest.raises(StoreError, match=words):
        capsule.check(tmp_path / "bad.zip")
    assert os.listdir(tmp_path) == ["bad.zip"]


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_S17_regular_files_alone(mode: int, packed: Path, tmp_path: Path) -> None:
    rewritten(packed, tmp_path / "bad.zip", lambda found: None, mode)
    with pytest.raises(StoreError, match="no regular file"):
        capsule.unpack(tmp_path / "bad.zip", tmp_path / "home")
    assert os.listdir(tmp_path) == ["bad.zip"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.99])
def test_a_capsule_that_is_cut(share: float, packed: Path, tmp_path: Path) -> None:
    data = packed.read_bytes()
    (tmp_path / "cut.zip").write_bytes(data[: int(len(data) * share)])
    done = valley.scraper(tmp_path, "capsule", "--check", "cut.zip")
    assert (done.returncode, b"cannot be read" in done.stderr, b"Traceback" in done.stderr) == (3, True, False)


def test_damage_is_seen_wherever_it_is(packed: Path, tmp_path: Path) -> None:
    """Every 97th byte in turn is another one: an error or the same records, never others."""
    data = packed.read_bytes()
    for at in range(0, len(data), 97):
        (tmp_path / "a.zip").write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        try:
            assert capsule.check(tmp_path / "a.zip").differences == (), at
        except StoreError:
            continue


USAGE = [["capsule"], ["capsule", "latest"], ["capsule", "--to", "a.zip"], ["capsule", "latest", "--check", "a.zip"]]


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_usage(arguments: list[str], packed: Path) -> None:
    assert valley.scraper(packed.parent, *arguments).returncode == 2
