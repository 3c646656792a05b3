"""`scraper init`: drafts a site's section of config.toml from a look at the site, or at saved pages of it."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scraper.shell import DONE, NOTHING, check_url, config_option, debug_option, load_config, say

if TYPE_CHECKING:
    from scraper.config import Config
    from scraper.draft.marks import Mark, Sample
    from scraper.draft.propose import Proposal
    from scraper.draft.survey import Survey


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="URL|FOLDER...")
@click.option(
    "--mark", "marks", multiple=True, metavar="[PAGE:]FIELD=VALUE", help="What a page says; the first page's."
)
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Append to this config.")
@click.option("--name", metavar="NAME", help="The section's name; else it is made from the host.")
@click.option("--pages", default=5, show_default=True, type=click.IntRange(1, 50), help="Articles to look at.")
@config_option
@debug_option
def init(
    places: tuple[str, ...], marks: tuple[str, ...], to: Path | None, name: str | None, pages: int, path: str | None
) -> int:
    """Draft a site's section of config.toml from a few of its articles; a table says what can be relied on.

    A value that you mark on a page (a list as "A; B") gets a rule where the parser is not right by itself, proven on
    the other pages. With several marked pages the proof is better.

    \b
    Example: scraper init https://valley.example/ --to config.toml
             scraper init saved/ --mark number=18200 --mark category=Politics
             scraper init URL1 URL2 --mark number=18200 --mark URL2:number=18204
    """
    from scraper.draft import section
    from scraper.draft.propose import propose

    typed = _marks(marks)
    _refuse_file(to)
    if name:
        _refuse_name(name)
    _refuse_twice(to, name)
    found = _look(places, typed, pages, _settings(path, to))
    if not found.samples:
        say("no article was found; name one by its URL, or give a folder of saved articles")
        return NOTHING
    name = name or _name(found.samples[0])
    _refuse_twice(to, name)
    proposals = propose(found.samples)
    start = [each if "://" in each else _relative(each, to) for each in found.start]
    lines = section.lines(name, start, proposals, section.notes(found.samples))
    whole = _tried(to, lines)
    _tell(found, proposals, whole, name)
    if to is None:
        click.echo("\n".join(lines))
    else:
        _append(to, lines)
        say(f"{to}: section [sites.{name}] added; scraper check -c {to} reads it")
    return DONE


def _marks(texts: Sequence[str]) -> list[Mark]:
    from scraper.draft import marks

    try:
        return [marks.read(text) for text in texts]
    except ValueError as error:
        raise click.UsageError(f"--mark: {error}.") from None


def _look(places: Sequence[str], marks: Sequence[Mark], pages: int, config: Config | None) -> Survey:
    from scraper.draft.gather import gather

    for place in (*places, *(mark.page or "" for mark in marks)):
        if "://" in place:
            check_url(place)
    missing = [place for place in places if "://" not in place and not os.path.exists(place)]
    if missing:
        raise click.UsageError(f"No such file or folder: {missing[0]} (a URL begins with http:// or https://).")
    try:
        return gather(places, marks, pages, config, say)
    except ValueError as error:
        raise click.UsageError(f"--mark: {error}.") from None


def _settings(path: str | None, to: Path | None) -> Config | None:
    """How to fetch: as -c says, else as the file says that the section will stand in. Raises ConfigError."""
    file = Path(path) if path else to
    if file is None or not file.exists():
        return load_config(path)
    if _sites(file):
        return load_config(str(file))
    return _tried(file, ["[sites.a-trial]", 'start = ["https://a-trial.example/"]'])  # a site has to be there


def _tried(to: Path | None, lines: Sequence[str]) -> Config:
    """The configuration as it will be, checked. Raises ConfigError."""
    from scraper import config

    return config.loads(_present(to) + "\n".join(["", *lines, ""]), to or Path("config.toml"))


def _present(to: Path | None) -> str:
    from scraper import configfile

    return configfile.read(to) if to and to.exists() else ""


def _sites(file: Path | None) -> Any:
    """What `sites` is in a file; None where it is not there. A file that is no TOML is reported later, and whole."""
    try:
        return tomllib.loads(_present(file)).get("sites")
    except (ValueError, RecursionError):
        return None


def _refuse_name(name: str) -> None:
    """Raises UsageError for what cannot be a section's name, before anything is fetched."""
    from scraper.config import SITE_NAME, SITE_NAME_RULE

    if not SITE_NAME.fullmatch(name):
        raise click.UsageError(f"--name: expected {SITE_NAME_RULE}, found {name!r}.")


def _refuse_file(to: Path | None) -> None:
    """Raises UsageError for a file that no section can be appended to, before anything is fetched."""
    if to is not None and not to.parent.is_dir():
        raise click.UsageError(f"--to: no such folder: {to.parent}; make it first, or name another file.")
    if not isinstance(_sites(to), dict):
        return
    try:
        tomllib.loads(f'{_present(to)}\n[sites.""]\n')  # a name that no site has
    except tomllib.TOMLDecodeError:
        shape = "its sites are one value, to which no section can be added"
        raise click.UsageError(f"{to}: {shape}; write each as a section [sites.NAME].") from None


def _refuse_twice(to: Path | None, name: str | None) -> None:
    """Raises UsageError if the file has the section."""
    sites = _sites(to)
    if name and isinstance(sites, dict) and name in sites:
        raise click.UsageError(f"{to} has a section [sites.{name}]; take another --name, or edit it by hand.")


def _append(to: Path, lines: Sequence[str]) -> None:
    from scraper.files import put

    present = to.read_bytes() if to.exists() else b""
    gap = "" if not present else "\n" if present.endswith(b"\n") else "\n\n"
    put(to, present + (gap + "\n".join([*lines, ""])).encode())


def _relative(place: str, to: Path | None) -> str:
    """A folder as the config file will name it: no user's home, and no host."""
    named = Path(os.path.relpath(place, to.parent if to else Path())).as_posix()
    return f"./{named}" if named.startswith(("~", "www.")) else named


def _name(sample: Sample) -> str:
    """A section's name from the page's host: `valley` of www.valley.example."""
    from scraper.urls import host_of, registrable

    host = host_of(sample.page.final_url) if sample.page.final_url else ""
    label = registrable(host).partition(".")[0]
    return re.sub(r"[^\w-]", "-", label) if re.match(r"[^\W\d_]", label) else "site"


def _tell(found: Survey, proposals: Sequence[Proposal], config: Config, name: str) -> None:
    """The table and what came of the marks, on stderr."""
    from scraper.draft import findings, section

    for line in findings.table(found.samples, config.sites[name].rules()):
        say(line)
    for each in proposals:
        say(findings.proposal(each, section.rule(each)))
    say(f"from {len(found.samples)} pages; start: {', '.join(found.start)}")
