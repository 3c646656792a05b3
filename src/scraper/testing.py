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
    group.addoption("--scraper", action="append", metavar="FOLDER", help="test the saved pages below this folder")
    group.addoption("--scraper-config", metavar="FILE", help="a configuration, for its sites' rules")
    parser.addini("scraper_fixtures", type="paths", help="folders of saved pages, as with --scraper")
    parser.addini("scraper_config", help="a configuration, as with --scraper-config; relative to the ini file")


def pytest_configure(config: pytest.Config) -> None:
    """Adds the folders to what is collected: those of --scraper; those of the ini file where no argument says what."""
    roots = _asked(config)
    if config.args_source != pytest.Config.ArgsSource.ARGS:
        roots = [*roots, *_configured(config)]
    for root in roots:
        if not root.is_dir():
            raise pytest.UsageError(f"scraper: no such folder: {root}")
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
    """An expectation below the folders asked for; anything else is no matter of ours."""
    if file_path.suffix != ".json":
        return None
    if not any(file_path.is_relative_to(root) for root in (*_asked(parent.config), *_configured(parent.config))):
        return None
    from scraper.replay import case_of

    case = case_of(file_path)
    return Saved.from_parent(parent, path=file_path, case=case) if case else None


class Saved(pytest.File):
    """One page and its expected fields."""

    def __init__(self, *, case: Case, **options: Any) -> None:
        super().__init__(**options)
        self.case = case

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each expected field; a single one, that fails, where the expectation cannot be read."""
        from scraper import replay
        from scraper.errors import StoreError

        judge = functools.cache(functools.partial(replay.verdict, self.case, _rules(self.config)))  # one parse a page
        try:
            names, known = replay.compared(self.case), replay.xfail(self.case)
        except StoreError:
            names, known = ["expectation"], {}
        for name in names:
            item = Field.from_parent(self, name=name, judge=judge)
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
