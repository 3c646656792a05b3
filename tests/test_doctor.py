"""What `scraper doctor` says of a configuration and its folder, where a run could not work."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import nobody
from scraper import cli, doctor

SITE = '[sites.a]\nstart = ["https://a.example/"]\n'


def last(config: Path, is_asked: bool = False) -> str:
    return str(list(doctor.folder(config, is_asked))[-1])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Of a folder that a run has written to."""
    for name in ("data/out/articles-00001.jsonl", "data/out/articles-00002.jsonl", "data/lock", "data/state.db"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "data" / "pages").mkdir()
    (tmp_path / "c.toml").write_text(SITE)
    return tmp_path / "c.toml"


NOT_OURS = ["lock", "state.db", "out", "pages", "out/articles-00002.jsonl"]


@nobody.needs_root
@pytest.mark.parametrize("name", NOT_OURS)
def test_what_another_user_owns_is_a_fault(config: Path, name: str) -> None:
    data = config.parent / "data"
    nobody.give([data, *data.rglob("*")])
    nobody.let_in(config.parent)
    os.chown(data / name, 0, 0)
    assert last(config).startswith("ok")  # by root; and what is imported on the way is there for nobody
    assert nobody.told(lambda: last(config)) == (
        f"FAIL  folder: {data / name}: no permission to read and write; change its owner or mode"
    )


@nobody.needs_root
def test_a_sealed_file_need_not_be_ours(config: Path) -> None:
    data = config.parent / "data"
    nobody.give([data, *data.rglob("*")])
    nobody.let_in(config.parent)
    for name in ("articles-00001.jsonl", "articles-00003.jsonl.zst"):
        (data / "out" / name).touch()
        os.chown(data / "out" / name, 0, 0)
        (data / "out" / name).chmod(0o644)
    last(config)
    assert nobody.told(lambda: last(config)) == f"ok    folder: {data} can be written"


@nobody.needs_root
def test_a_folder_below_one_that_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[run]\nfolder = "data/sub"\n' + SITE)
    (tmp_path / "data").mkdir(mode=0o700)
    nobody.let_in(tmp_path)
    (tmp_path / "data").chmod(0o700)
    last(tmp_path / "c.toml")
    said = nobody.told(lambda: last(tmp_path / "c.toml"))
    assert said == f"FAIL  folder: {tmp_path}/data/sub cannot be made in {tmp_path}/data"


def dangling(data: Path) -> None:
    data.symlink_to("/mnt/not-mounted/news")


def file_for_pages(data: Path) -> None:
    data.mkdir()
    (data / "pages").touch()


FOLDERS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "dangling": (dangling, "", "FAIL  folder: {data} cannot be a folder: a link that leads nowhere is there"),
    "a file": (Path.touch, "", "FAIL  folder: {data} cannot be a folder: a file is there"),
    "pages": (file_for_pages, "", "FAIL  folder: {data}/pages: must be a folder: a file is there"),
    "no pages wanted": (file_for_pages, "[output]\npages = false\n", "ok    folder: {data} can be written"),
    "new": (lambda data: None, "", "ok    folder: {data} will be made"),
}


@pytest.mark.parametrize("case", FOLDERS)
def test_what_stands_in_the_folder_s_place(case: str, tmp_path: Path) -> None:
    make, keys, said = FOLDERS[case]
    make(tmp_path / "data")
    (tmp_path / "c.toml").write_text(SITE + keys)
    assert last(tmp_path / "c.toml").startswith(said.format(data=tmp_path / "data"))


CONFIGS: dict[str, tuple[list[str], str, int]] = {
    "none here": ([], "ok    config: no config.toml here", 0),
    "the one that -c names is not there": (["-c", "no.toml"], "FAIL  config: no.toml: no such file", 1),
    "not even by the usual name": (["-c", "config.toml"], "FAIL  config: config.toml: no such file", 1),
    "one mistake": (["-c", "one.toml"], "FAIL  config: one.toml:1: x: unknown key", 1),
    "mistakes": (["-c", "two.toml"], "FAIL  config: 2 mistakes in two.toml; `scraper check -c two.toml`", 1),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_a_configuration_that_is_asked_for_must_be_there(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments, said, code = CONFIGS[case]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor, "package", lambda: iter(()))  # what is installed here is no matter of this test
    Path("one.toml").write_text("x = 1\n" + SITE)
    Path("two.toml").write_text("x = 1\ny = 2\n" + SITE)
    assert (cli.outcome(["doctor", *arguments]), f"\n{said}" in capfd.readouterr().out) == (code, True)
