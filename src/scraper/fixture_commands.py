"""The commands for tests on saved pages: `scraper save` keeps pages, `scraper replay` holds them to their records."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scraper.errors import FetchError, StoreError
from scraper.shell import DONE, NOTHING, SOME_FAILED, check_url, config_option, debug_option, load_config, say

if TYPE_CHECKING:
    from scraper.config import Config
    from scraper.model import Page
    from scraper.replay import Case


@click.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option(
    "--to",
    "to",
    required=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to keep them, a folder for each.",
)
@config_option
@debug_option
def save(urls: tuple[str, ...], to: Path, path: str | None) -> int:
    """Fetch pages politely and keep them as fixtures: page.html, page.json and expected.json in a folder for each.

    \b
    Example: scraper save https://valley.example/2021/07/06/18200/ --to fixtures/
    """
    from scraper import wiring

    for url in urls:
        check_url(url)
    config = load_config(path)
    saved = sum(_save(url, found, to, config) for url, found in wiring.fetch_each(list(urls), config))
    return DONE if saved == len(urls) else SOME_FAILED if saved else NOTHING


def _save(url: str, found: Page | FetchError, to: Path, config: Config | None) -> bool:
    """Keeps one page. Its record is made from what was kept, so that a replay begins with the same."""
    from scraper import pages, replay
    from scraper.archive import folder

    if isinstance(found, FetchError):
        say(f"{url}: {found.reason}" + (f" ({found.detail})" if found.detail else ""))
        return False
    home = folder.save(found, to, hidden=pages.secrets_of(config))
    case = replay.Case(str(home), home / replay.EXPECTED, home)
    record = replay.current(case, config)
    replay.write(case.file, record)
    unclear = f"; issues: {', '.join(record['issues'])}" if record["issues"] else ""
    say(f"{home}: {record['headline'] or 'no headline'}{unclear}")
    return True


@click.command()
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER|WARC...")
@click.option("--accept", is_flag=True, help="Take what the pages give now as the new expectation.")
@config_option
@debug_option
def replay(folders: tuple[str, ...], accept: bool, path: str | None) -> int:
    """Read saved pages and compare with the records expected of them; one line a difference. No socket is opened.

    \b
    Example: scraper replay fixtures/
             scraper replay fixtures/ -c config.toml --accept
             scraper replay crawl.warc.gz --accept
    """
    from scraper.replay import cases

    config = load_config(path)
    counts: Counter[str] = Counter()
    for case in (case for each in folders for case in cases(Path(each))):
        counts["pages"] += 1
        try:
            _replay(case, config, accept, counts)
        except StoreError as error:
            counts["unreadable"] += 1
            say(f"error: {error}")
    say(_summary(counts))
    return SOME_FAILED if counts["left"] or counts["unreadable"] else DONE


def _replay(case: Case, config: Config | None, accept: bool, counts: Counter[str]) -> None:
    """Compares one page and shows what differs; writes the new expectation if that is wanted. Raises StoreError."""
    from scraper import replay

    if accept and not case.file.exists():
        record = replay.current(case, config)
        _show(case, {name: f"new: {replay.shown(value)}" for name, value in record.items()})
        return _accept(case, record, counts)
    verdict = replay.verdict(case, config)
    _show(case, {**verdict.differences, **verdict.passing})
    counts["fields"] += verdict.compared
    counts["differences"] += len(verdict.differences) + len(verdict.passing)
    counts["expected failures"] += len(verdict.expected_failures)
    counts["left"] += len(verdict.passing) + (0 if accept else len(verdict.differences))
    if accept and verdict.differences:
        _accept(case, replay.accepted(case, verdict), counts)
    return None


def _accept(case: Case, fields: dict[str, object], counts: Counter[str]) -> None:
    from scraper import replay

    replay.write(case.file, fields)
    counts["accepted"] += 1


def _show(case: Case, words: dict[str, str]) -> None:
    from scraper.report import escape

    for field, said in words.items():
        click.echo(f"{escape(case.name)}: {escape(field)}: {said}")


def _summary(counts: Counter[str]) -> str:
    """`38 pages, 760 fields compared, 2 differences`, and what else there is to tell."""
    known = f", {counts['expected failures']} expected failures" if counts["expected failures"] else ""
    unreadable = f", {counts['unreadable']} pages could not be compared" if counts["unreadable"] else ""
    accepted = f"; {counts['accepted']} expectations written" if counts["accepted"] else ""
    told = f"{counts['pages']} pages, {counts['fields']} fields compared, {counts['differences']} differences"
    return f"{told}{known}{unreadable}{accepted}"
