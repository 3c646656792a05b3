"""The commands for saved pages: `scraper parse` prints their records, `scraper why` says how a record came about."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from scraper.errors import FetchError, ParseFailed, SkipPage, StoreError
from scraper.shell import (
    DONE,
    NOTHING,
    SOME_FAILED,
    check_url,
    config_option,
    debug_option,
    is_at,
    load_config,
    rules_of,
    saved,
    say,
    site_option,
    write,
)

if TYPE_CHECKING:
    from scraper.config import Config
    from scraper.model import Article, Page


TELL_EVERY = 1000  # pages; no clock is read here, so that the same pages say the same at any time


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE|FOLDER|WARC|-...")
@click.option("--url", metavar="URL", help="The address of a single page; of many in one file, the one to read.")
@click.option(
    "--workers",
    type=click.IntRange(0, 256),
    default=0,
    metavar="N",
    help="Parse in N processes, each page within a run's limits of time and memory.",
)
@config_option
@site_option
@debug_option
def parse(paths: tuple[str, ...], url: str | None, workers: int, path: str | None, site: str | None) -> int:
    """Read saved pages and print one record a line: HTML files, WARC files, folders of them. No socket is opened.

    \b
    Example: scraper parse saved/ > records.jsonl
             scraper parse data/pages/ -c config.toml --workers 4
             scraper parse page.html --url https://valley.example/18200/
    """
    from scraper.workers import parsed

    for each in paths:
        if each != "-" and not os.path.exists(each):
            raise click.UsageError(f"No such file or folder: {each}.")
    if url:
        check_url(url)
        if len(paths) > 1 or os.path.isdir(paths[0]):
            raise click.UsageError("--url is the address of a single page.")
    config = load_config(path)
    rules_of(config, site, "")
    told = _Told(url)
    for name, found in parsed(told.wanted(paths), lambda page: rules_of(config, site, page.final_url), workers):
        told.tell(name, found)
    for words, count in sorted(told.ended.items()):
        if words.startswith("skipped: "):
            say(f"{count} answers {words}")
    return NOTHING if not told.ended[""] else SOME_FAILED if told.ended["failed"] else DONE


@dataclass
class _Told:
    """What became of the pages so far, told as it comes: records on stdout, all else in words."""

    url: str | None  # of the one page that is wanted
    ended: Counter[str] = field(default_factory=Counter)

    def wanted(self, paths: Iterable[str]) -> Iterator[tuple[str, Page]]:
        """The pages to parse; what there is instead of one is told at once."""
        for name, found in saved(paths, self.url):
            if isinstance(found, FetchError):
                self._count(_unread(name, found))
            elif self.url and not is_at(found, self.url):
                self._count("skipped: of another address")
            else:
                yield name, found

    def tell(self, name: str, found: Article | ParseFailed) -> None:
        from scraper.write import jsonl

        if isinstance(found, ParseFailed):
            self._count(_unread(name, found))
        elif found.is_article:
            self._count("")
            write(jsonl.encode(found.to_dict()))
            if not found.url:
                say(f"{name}: declares no address, so url is empty and id that of every such page; give it with --url")
        else:
            self._count("refused")
            say(f"{name}: refused: {found.refusal or 'not_article'}")

    def _count(self, how: str) -> None:
        self.ended[how] += 1
        if self.ended.total() % TELL_EVERY == 0:
            say(f"{self.ended.total()} pages so far")


def _unread(name: str, error: FetchError | ParseFailed) -> str:
    """Says where a page cannot be read; what archives hold besides pages is only counted, in the words given."""
    if isinstance(error, SkipPage):
        return f"skipped: {error.reason}"
    say(f"{name}: failed: {error.reason}" + (f" ({error.detail})" if error.detail else ""))
    return "failed"


@click.command()
@click.argument("page", metavar="FILE|URL")
@click.argument("field", required=False)
@click.option("--url", metavar="URL", help="The address of a saved page; of many in one file, the one to explain.")
@config_option
@site_option
@debug_option
def why(page: str, field: str | None, url: str | None, path: str | None, site: str | None) -> int:
    """Each field: its value, source, raw text and place, what else was found and why that lost.

    \b
    Example: scraper why page.html date
             scraper why page.html is_article
             scraper why https://valley.example/2021/07/06/18200/
    """
    import scraper
    from scraper import why as evidence

    if field and field not in evidence.fields():
        raise click.UsageError(f"Unknown field {field!r}; one of {', '.join(evidence.fields())}.")
    config = load_config(path)
    found = _one_page(page, url, config)
    article = scraper.explain(found, rules=rules_of(config, site, found.final_url))
    for line in evidence.explain(article, field):
        click.echo(line)
    return DONE


def _one_page(source: str, url: str | None, config: Config | None) -> Page:
    """A page from the web, politely, or from disk."""
    from scraper import wiring

    if "://" in source:
        check_url(source)
        return wiring.fetch_one(source, config)
    if source != "-" and not os.path.lexists(source) and os.access(os.path.dirname(source) or ".", os.X_OK):
        raise click.UsageError(f"No such file: {source} (a URL begins with http:// or https://).")
    if url:
        check_url(url)
    only: Page | None = None
    flaw: FetchError | None = None
    for _, each in wiring.saved([source], url):
        if isinstance(each, FetchError):  # a flaw, or an answer that is no page: it may stand beside the one that is
            flaw = flaw or each
        elif url and is_at(each, url):
            return each
        elif only and not url:
            raise StoreError(f"{source}: many pages; name one with --url")
        else:
            only = only or each
    if only and not url:
        return only
    raise StoreError(f"{source}: {f'no page of {url}' if only else flaw or 'no page in it'}")
