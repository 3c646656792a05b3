"""The commands for what runs have kept: `scraper reparse` compares, `scraper capsule` packs and checks."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scraper.shell import DONE, NOTHING, SOME_FAILED, debug_option, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scraper.config import Config
    from scraper.reparse import Pair

_config = click.option(
    "-c", "--config", "path", default="config.toml", show_default=True, metavar="FILE", help="The run's configuration."
)
_share = click.FloatRange(0, 1)


@click.command()
@_config
@click.option("--compare", metavar="VERSION|CONFIG", help="With that version's records, or that config's rules.")
@click.option("--site", metavar="NAME", help="Only the pages of this site.")
@click.option("--max-lost", default=0.0, show_default=True, type=_share, help="Share of a field's values on a site.")
@click.option("--max-changed", default=1.0, show_default=True, type=_share, help="The same for values that change.")
@click.option("--accept", is_flag=True, help="Store what the pages give now as new revisions.")
@debug_option
def reparse(path: str, compare: str | None, site: str | None, max_lost: float, max_changed: float, accept: bool) -> int:
    """Parse all stored pages again and compare: with the stored records, or with what another configuration's rules
    give. No socket is opened. Exit code 1 where more is lost or changed than allowed.

    \b
    Example: scraper reparse -c new.toml --compare config.toml
             scraper reparse --compare 0.1.0 --max-lost 0.01
             scraper reparse --accept
    """
    from scraper import reparse as work
    from scraper.config import load

    config = load(path)
    if accept and compare:
        raise click.UsageError("--accept is for the stored records; it does not go with --compare.")
    if site and site not in config.sites:
        raise click.UsageError(f"No site {site!r} in {path}; it has {', '.join(config.sites)}.")
    told, written = Counter[str](), Counter[str]()
    found = work.Comparison()
    with work.accepting(config, written) if accept else nullcontext(_leave) as take:
        for pair in _pairs(config, compare, site, told):
            found.add(pair)
            take(pair)
    for line in found.table():
        click.echo(line)
    beyond = found.beyond({"lost": max_lost, "changed": max_changed})
    for line in beyond:
        click.echo(line)
    stored = f"; {written['updated'] + written['stored']} new revisions stored" if accept else ""
    say(f"{found.compared} pages compared, {len(beyond)} fields beyond what is allowed{stored}")
    if not found.compared:
        return NOTHING
    return SOME_FAILED if told["unread"] or (beyond and not accept) else DONE


def _leave(pair: Pair) -> None:
    """What --accept would do with it is not wanted."""


def _pairs(config: Config, compare: str | None, site: str | None, told: Counter[str]) -> Iterator[Pair]:
    from scraper import reparse as work
    from scraper.config import load

    if compare and (compare.endswith(".toml") or Path(compare).is_file()):
        return work.against_config(config, load(compare), _counted(told), site)
    return work.against_records(config, compare, _counted(told), say, site)


def _counted(told: Counter[str]) -> Callable[[str], None]:
    def tell(line: str) -> None:
        told["unread"] += 1
        say(line)

    return tell


@click.command()
@click.argument("run", required=False, metavar="RUN|latest")
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.zip", help="Where to pack it.")
@click.option(
    "--check",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE.zip",
    help="Unpack it, parse its pages again and compare.",
)
@_config
@debug_option
def capsule(run: str | None, to: Path | None, check: Path | None, path: str) -> int:
    """Pack a run's pages, rules, version, fetch times and records into one file; or check that such a file gives the
    same records here. No secret goes in, no socket is opened.

    \b
    Example: scraper capsule latest --to run.zip
             scraper capsule --check run.zip
    """
    from scraper import capsule as work
    from scraper.config import load

    if bool(run and to) == bool(check) or (check and (run or to)):
        raise click.UsageError("Either RUN --to FILE.zip, or --check FILE.zip.")
    told = Counter[str]()
    if to and run:
        found = work.pack(load(path), run, to, _counted(told))
    else:
        assert check is not None
        found = work.check(check)
    for line in found.differences:
        click.echo(line)
    verdict = f"{len(found.differences)} differ here and now" if found.differences else "the same bytes here and now"
    say(f"{to or check}: run {found.run}, {found.pages} pages, {found.records} records of {found.made_by}: {verdict}")
    return SOME_FAILED if found.differences or told["unread"] else DONE
