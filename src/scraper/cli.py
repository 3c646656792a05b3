"""The commands. Records go to stdout or files, words to stderr; what a command needs is imported when it runs.

Exit codes: 0 done; 1 done, but more pages failed than allowed; 2 usage or configuration; 3 nothing was produced;
4 another run holds the lock; 130 interrupted.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scraper.archive_commands import capsule, reparse
from scraper.errors import ConfigError, LockedError, ScraperError
from scraper.fixture_commands import replay, save
from scraper.init_command import init
from scraper.page_commands import parse, why
from scraper.shell import (
    DONE,
    INTERRUPTED,
    LOCKED,
    NOTHING,
    SOME_FAILED,
    USAGE,
    check_url,
    config_option,
    debug_option,
    decoded,
    discard,
    load_config,
    open_streams,
    rules_of,
    say,
    write,
)

if TYPE_CHECKING:
    from scraper.wiring import RunResult

# --- the way in and out ---------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> None:
    """The `scraper` command: runs it and ends the process with its exit code."""
    open_streams()
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # the same bytes in every locale, and no letter that it does not have
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    code = outcome(arguments)
    sys.exit(_flush(code))


def outcome(arguments: Sequence[str]) -> int:
    """Runs a command line and gives its exit code. An error is told in a line or two; --debug adds the traceback."""
    try:
        returned = cli.main(list(arguments), prog_name="scraper", standalone_mode=False)
        return returned if isinstance(returned, int) else DONE
    except click.ClickException as error:
        error.show(told := io.StringIO())
        with suppress(OSError):  # words never stop a command
            click.echo(decoded(told.getvalue()), err=True, nl=False)
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        return INTERRUPTED
    except (SystemExit, BrokenPipeError):  # click's and Python's word for `scraper parse ... | head -1`: seen enough
        return DONE
    except Exception as error:
        if "--debug" in arguments:
            _say_all(traceback.format_exception(error))
        return _report(error)


def _say_all(lines: Iterable[str]) -> None:
    for line in "".join(lines).splitlines():
        say(line)


def _report(error: Exception) -> int:
    """Says what went wrong and what to do next."""
    if isinstance(error, ConfigError):
        for problem in error.problems:
            say(str(problem))
        count = len(error.problems)
        say(f"{count} mistake{'' if count == 1 else 's'} in the configuration; nothing was fetched")
        return USAGE
    if isinstance(error, ScraperError):
        say(f"error: {error}")
        return LOCKED if isinstance(error, LockedError) else NOTHING
    if isinstance(error, OSError):
        words = error.strerror or str(error) or type(error).__name__
        say(f"error: {words}" + (f": {error.filename}" if error.filename else ""))
        return NOTHING
    say(f"error: {type(error).__name__}: {error}; a fault of the program itself: --debug shows where")
    return NOTHING


def _flush(code: int) -> int:
    """Empties the streams here, where a closed pipe can still be met quietly, and not while Python shuts down."""
    try:
        sys.stdout.flush()
    except OSError as error:
        discard(sys.stdout)
        if not isinstance(error, BrokenPipeError):  # the disk behind stdout is full
            say(f"error: stdout: {error.strerror}")
            code = code or NOTHING
    try:
        sys.stderr.flush()
    except (OSError, ValueError):  # the latter of a closed one
        discard(sys.stderr)
    return code


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """An event that the first SIGINT or SIGTERM sets; the second one ends the command at once, further ones too."""
    stop, ended = threading.Event(), threading.Event()

    def on_signal(number: int, frame: object) -> None:
        if ended.is_set():  # while the second one is being answered: that an exception would break off half-way
            os._exit(INTERRUPTED)
        if stop.is_set():
            ended.set()
            raise KeyboardInterrupt
        stop.set()
        say("stopping: what is under way is finished first; once more stops at once")

    before = [(number, signal.signal(number, on_signal)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield stop
    finally:
        for number, handler in before:
            signal.signal(number, handler)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="scraper", message="%(prog)s %(version)s")
@debug_option
def cli() -> None:
    """Turns news sites into clean, dated, numbered article records that a warehouse can load.

    \b
    Exit codes: 0 done; 1 done, but more pages failed than allowed;
    2 usage or configuration; 3 nothing was produced;
    4 another run holds the lock; 130 interrupted.
    """


# --- the commands ---------------------------------------------------------------------------------------------------


@cli.command()
@click.option("-c", "--config", "path", default="config.toml", show_default=True, metavar="FILE", help="What to run.")
@click.option("--site", metavar="NAME", help="Only this site.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Take up at most N pages.")
@debug_option
def run(path: str, site: str | None, limit: int | None) -> int:
    """The main job: discover, fetch, parse, write. Running it again adds only what is new or has changed.

    \b
    Example: scraper run -c config.toml --site valley
    """
    from scraper import wiring
    from scraper.config import load
    from scraper.report import Progress, summary

    loaded = load(path)
    if site:
        rules_of(loaded, site, "")
    with _stoppable() as stop, Progress() as progress:
        result = wiring.run(loaded, only=site, limit=limit, progress=progress, stop=stop)
    for line in summary(result, progress.failures, loaded.run.folder):
        say(line)
    return run_code(result, loaded.run.fail_above)


def run_code(result: RunResult, fail_above: float) -> int:
    """The exit code of a run."""
    if result.interrupted:
        return INTERRUPTED
    counts = result.balance
    if not any(counts.get(word) for word in ("stored", "updated", "unchanged")):
        return NOTHING
    return SOME_FAILED if counts.get("failed", 0) > fail_above * result.discovered else DONE


@cli.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@config_option
@debug_option
def get(urls: tuple[str, ...], path: str | None) -> int:
    """Fetch pages politely, once, and print one record a line.

    \b
    Example: scraper get https://valley.example/2021/07/06/18200/
    """
    from scraper import wiring
    from scraper.write import jsonl

    for url in urls:
        check_url(url)
    stored = failed = 0
    for url, article, ended in wiring.get(list(urls), load_config(path)):
        if article is not None and ended.word not in ("refused", "skipped", "failed"):
            write(jsonl.encode(article.to_dict()))
            stored += 1
        else:
            say(f"{url}: {ended.word}: {ended.reason or ''}" + (f" ({ended.detail})" if ended.detail else ""))
            failed += ended.word == "failed"
    return NOTHING if not stored else SOME_FAILED if failed else DONE


@cli.command()
@click.option("--dialect", default="jsonschema", show_default=True, help="Its language; an unknown one lists all.")
@debug_option
def schema(dialect: str) -> None:
    """Print the record's schema.

    \b
    Example: scraper schema > article.schema.json
    """
    from scraper import record

    if dialect not in record.DIALECTS:
        raise click.UsageError(f"Unknown dialect {dialect!r}; one of {', '.join(record.DIALECTS)}.")
    click.echo(record.schema(dialect).rstrip("\n"))


@cli.command()
@click.option("-c", "--config", "path", default="config.toml", show_default=True, metavar="FILE", help="What to read.")
@debug_option
def check(path: str) -> None:
    """Read the configuration and name every mistake at once; nothing is fetched.

    \b
    Example: scraper check -c config.toml
    """
    from scraper.config import load

    loaded = load(path)
    starts = sum(len(site.start) for site in loaded.sites.values())
    say(f"{path}: right; {len(loaded.sites)} site(s), {starts} start(s), records go to {loaded.run.folder}")


@cli.command()
@click.option("-c", "--config", "path", metavar="FILE", help="[default: config.toml, if it is here]")
@debug_option
def doctor(path: str | None) -> int:
    """Look at what the scraper needs here: dependencies, extras, TLS, clock, write access.

    \b
    Example: scraper doctor
    """
    from scraper import doctor as checks
    from scraper.report import escape

    findings = list(checks.examine(Path(path or "config.toml"), path is not None))
    for finding in findings:
        click.echo(escape(str(finding)))
    return DONE if all(finding.is_fine for finding in findings) else SOME_FAILED


cli.add_command(parse)
cli.add_command(why)
cli.add_command(save)
cli.add_command(replay)
cli.add_command(init)
cli.add_command(reparse)
cli.add_command(capsule)
