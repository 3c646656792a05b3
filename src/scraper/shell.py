"""What the commands share: exit codes, words on stderr, and the options that several of them take."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scraper.config import Config
    from scraper.errors import FetchError
    from scraper.model import Page, Rules

_BYTES = re.compile("[\udc80-\udcff]+")
DONE, SOME_FAILED, USAGE, NOTHING, LOCKED, INTERRUPTED = 0, 1, 2, 3, 4, 130

config_option = click.option(
    "-c", "--config", "path", metavar="FILE", help="A configuration: its sites' rules, [run] and [fetch]."
)
site_option = click.option("--site", metavar="NAME", help="Use this site's rules, whatever the page's host.")
debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show a traceback if something breaks.")


def open_streams() -> None:
    """Put /dev/null in the place of standard streams that are closed, which Python shows as None.

    Their numbers are taken as well: the next file opened would get one of them, and what is printed with it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            os.set_inheritable(null, True)  # parse workers want it open too
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w" if number else "r", encoding="utf-8"))  # noqa: SIM115 - it stays


def discard(stream: TextIO) -> None:
    """Let what a stream still holds, and what is written to it from now on, go nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError, AttributeError):  # in a notebook or a test it has no number
        os.dup2(null, stream.fileno())
    os.close(null)


def say(line: str) -> None:
    """One line on stderr. Words never stop a command, so a closed stderr is let be."""
    from scraper.report import escape

    with suppress(OSError):
        click.echo(escape(decoded(line)), err=True)


def decoded(text: str) -> str:
    """`text` with those bytes of files' names as UTF-8 that the system's locale has no letters for (PEP 383)."""
    return _BYTES.sub(lambda hit: hit[0].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"), text)


def write(line: bytes) -> None:
    """One record on stdout, at once. Raises BrokenPipeError, and StoreError where it cannot be written otherwise."""
    from scraper.errors import StoreError

    try:
        sys.stdout.buffer.write(line)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard(sys.stdout)
        raise StoreError(f"stdout: {error.strerror or error}") from error


def load_config(path: str | None) -> Config | None:
    """The configuration that -c names, if it names one. Raises ConfigError."""
    from scraper.config import load

    return load(path) if path else None


def is_at(page: Page, url: str) -> bool:
    """Whether a page was asked for, or found, at an address, in whatever way that is spelled."""
    from scraper.urls import same

    return any(same(url, each) for each in (page.url, page.final_url))


def rules_of(config: Config | None, site: str | None, url: str) -> Rules:
    """The rules of the named site, else of the site whose host the URL has, else none. Raises UsageError."""
    from scraper.model import NO_RULES

    if config is None:
        if site:
            raise click.UsageError("--site needs -c FILE, the configuration that has the site.")
        return NO_RULES
    if site and site not in config.sites:
        raise click.UsageError(f"No site {site!r} in {config.path}; it has {', '.join(config.sites)}.")
    found = config.sites[site] if site else config.site_of(url)
    return found.rules() if found else NO_RULES


def saved(paths: Iterable[str], url: str | None) -> Iterator[tuple[str, Page | FetchError]]:
    """(place, page or why there is none) of everything saved; a path that cannot be read fails, the others go on."""
    from scraper import wiring
    from scraper.errors import FetchError, StoreError

    for path in paths:
        found = None
        try:
            for found in wiring.saved([path], url):
                yield found
        except StoreError as error:
            yield path, FetchError("unreadable", detail=str(error).removeprefix(f"{path}: "))
        else:
            if found is None:
                say(f"{path}: no page in it")


def check_url(url: str) -> None:
    """Raises UsageError for what is no http(s) URL."""
    from scraper import configvalues

    try:
        configvalues.url(url, configvalues.Around())
    except configvalues.Wrong as error:
        raise click.UsageError(f"{error}.") from None
