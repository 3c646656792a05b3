"""The pytest plug-in: one test for each saved page and field. `pytest --scraper fixtures/`, or in pyproject.toml:

    [tool.pytest.ini_options]
    scraper_fixtures = ["fixtures"]
    scraper_config = "config.toml"

pytest loads this file in every run wherever the package is installed, so what it needs is imported when it is used.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from scraper.config import Config
    from scraper.replay import Case, Verdict


class Differs(Exception):
    """A field is not as expected; the only failure that an xfail mark covers."""


# --- settings ---------------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("scraper", "saved pages against their expected records")
    group.addoption("--scraper", action="append", metavar="FOLDER|WARC", help="test the saved pages below this folder")
    group.addoption("--scraper-config", metavar="FILE", help="a configuration, for its sites' rules")
    parser.addini("scraper_fixtures", type="paths", help="folders of saved pages, as with --scraper")
    parser.addini("scraper_config", help="a configuration, as with --scraper-config; relative to the ini file")


def pytest_configure(config: pytest.Config) -> None:
    """Adds the folders to what is collected: those of --scraper; those of the ini file where no argument says what."""
    roots = _asked(config)
    if config.args_source != pytest.Config.ArgsSource.ARGS:
        roots = [*roots, *_configured(config)]
    for root in roots:
        if not root.exists():
            raise pytest.UsageError(f"scraper: no such folder or WARC file: {root}")
        if not any(_names(config, argument, root) for argument in config.args):
            config.args.append(str(root))
    if roots:
        _rules(config)  # what is wrong with the configuration is told before anything runs


def _asked(config: pytest.Config) -> list[Path]:
    start = config.invocation_params.dir
    return [(start / folder).resolve() for folder in config.getoption("scraper") or []]


def _configured(config: pytest.Config) -> list[Path]:
    return [folder.resolve() for folder in config.getini("scraper_fixtures")]


def _names(config: pytest.Config, argument: str, root: Path) -> bool:
    """Whether an argument says already what is wanted of `root`: all of it, or one place in it."""
    place = (config.invocation_params.dir / argument.partition("::")[0]).resolve()
    return root.is_relative_to(place) or place.is_relative_to(root)


@functools.cache
def _rules(config: pytest.Config) -> Config | None:
    """The configuration whose rules hold, if there is one. Raises UsageError with every mistake in it."""
    from scraper.config import load
    from scraper.errors import ConfigError

    given, written = config.getoption("scraper_config"), config.getini("scraper_config")
    home = config.inipath.parent if config.inipath else config.rootpath
    file = config.invocation_params.dir / given if given else home / written if written else None
    try:
        return load(file) if file else None
    except ConfigError as error:
        raise pytest.UsageError(*map(str, error.problems)) from None


# --- collecting -------------------------------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """An expectation or a WARC file below the folders asked for; anything else is no matter of ours."""
    if not any(file_path.is_relative_to(root) for root in (*_asked(parent.config), *_configured(parent.config))):
        return None
    from scraper.archive import warc
    from scraper.replay import case_of

    if warc.is_named(file_path.name):
        return Archive.from_parent(parent, path=file_path)
    case = case_of(file_path)
    return Saved.from_parent(parent, path=file_path, case=case) if case else None


class Saved(pytest.File):
    """One page and its expected fields."""

    def __init__(self, *, case: Case, **options: Any) -> None:
        super().__init__(**options)
        self.case = case

    def collect(self) -> Iterator[pytest.Item]:
        return _fields(self, self.case)


class Archive(pytest.File):
    """A WARC file, which is read once: its pages are held until the session ends."""

    def collect(self) -> Iterator[pytest.Collector]:
        """Each page and each damaged place. Raises CollectError where the file cannot be read."""
        from scraper.errors import FetchError, StoreError
        from scraper.replay import cases

        try:
            for case in cases(self.path):
                at = f"byte-{case.name.rpartition(':')[2]}"
                name = at if isinstance(case.kept, FetchError) else case.file.stem
                yield Kept.from_parent(self, name=name, case=case)
        except StoreError as error:
            raise self.CollectError(str(error)) from None


class Kept(pytest.Collector):
    """One page of a WARC file, or the flaw in a page's place."""

    def __init__(self, *, case: Case, **options: Any) -> None:
        super().__init__(**options)
        self.case = case

    def collect(self) -> Iterator[pytest.Item]:
        return _fields(self, self.case)


def _fields(parent: Saved | Kept, case: Case) -> Iterator[pytest.Item]:
    """A test for each expected field; a single one, that fails, where the page or its expectation cannot be read."""
    from scraper import replay
    from scraper.errors import StoreError

    judge = functools.cache(functools.partial(replay.verdict, case, _rules(parent.config)))  # one parse a page
    try:
        names, known = replay.compared(case), replay.xfail(case)
    except StoreError:
        names, known = ["expectation"], {}
    for name in names:
        item = Field.from_parent(parent, name=name, judge=judge)
        if name in known:
            item.add_marker(pytest.mark.xfail(reason=known[name], raises=Differs, strict=True))
        yield item


class Field(pytest.Item):
    """One field of one page. Failing pages never touch one another, and nothing is written."""

    def __init__(self, *, judge: Callable[[], Verdict], **options: Any) -> None:
        super().__init__(**options)
        self.judge = judge

    def runtest(self) -> None:
        verdict = self.judge()
        said = verdict.differences.get(self.name) or verdict.expected_failures.get(self.name)
        if said:
            raise Differs(f"{self.name}: {said}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from scraper.errors import StoreError

        if isinstance(excinfo.value, Differs | StoreError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.nodeid
