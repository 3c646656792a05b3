"""config.toml: its keys, their defaults and limits, and `load`, which reports every mistake of a file at once.

Nothing is read from anywhere else. The keys are the fields below; docs/config.md describes them.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scraper import configfile, configrules, data
from scraper import configvalues as values
from scraper.configfile import Place, plain, spell
from scraper.configvalues import Around, Reader, Wrong, collect
from scraper.errors import ConfigError, Problem
from scraper.model import FieldRule, Rules
from scraper.urls import BadUrl, host_of, readable

# The record's keys that a site may give its own rule for.
FIELDS = (
    *("number", "category", "headline", "date", "time", "modified_at", "authors"),
    *("language", "summary", "body", "tags", "image"),
)
SITE_NAME = re.compile(r"[^\W_][\w.-]{0,63}")
SITE_NAME_RULE = "up to 64 letters, digits, '-', '_' and '.'"


def _table(value: Any, spec: Mapping[str, Reader[Any]], around: Around) -> dict[str, Any]:
    """Reads a table by its keys; unknown ones are faults, each with the nearest valid key."""
    table = _as_table(value)
    readers = {name: spec.get(plain(name)) or _unknown(plain(name), spec) for name in table}
    done = collect({name: (read, table[name]) for name, read in readers.items()}, around)
    return {plain(name): entry for name, entry in done.items()}


def _unknown(name: str, spec: Mapping[str, Reader[Any]]) -> Reader[Any]:
    def read(value: Any, around: Around) -> Any:
        home = next((home for home, kind in _HOMES.items() if name in keys(kind)), None)
        raise Wrong(((), f"unknown key; {f'it belongs in {home}' if home else values.nearest(name, tuple(spec))}"))

    return read


def _as_table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise values.wrong("a table", value)
    return value


def key(read: Reader[Any], default: Any = None, *, secret: bool = False) -> Any:
    """One key of a section: how it is read, and its default as it would stand in the file (None: no value)."""
    value = None if default is None else read(default, Around(Path(), {}))
    return field(default_factory=lambda: value, repr=not secret, metadata={"read": read, "default": default})


@dataclass(frozen=True, slots=True)
class Run:
    """The whole job."""

    folder: Path = key(values.path, "data")  # noqa: RUF009 - key() is a field specifier
    user_agent: str = key(values.header_text, "scraper")
    contact: str = key(values.header_text, "")  # a URL or an e-mail address, named in the user agent
    concurrency: int = key(values.whole(1, 10_000), 64)  # requests in flight, all hosts together
    workers: int = key(values.whole(0, 256), 1)  # parse processes; 0 parses in place
    fail_above: float = key(values.number(0, 1), 0.10)  # the share of failed pages from which the exit code is 1


@dataclass(frozen=True, slots=True)
class Fetch:
    """How pages are asked for; `delay`, `per_host` and `robots` may be set again for one site."""

    timeout: float = key(values.seconds(0.1, 3600), 30.0)  # seconds, for a whole request
    retries: int = key(values.whole(0, 20), 3)
    delay: float = key(values.seconds(0, 86400), 1.0)  # seconds between two requests to a host
    per_host: int = key(values.whole(1, 64), 1)  # connections
    max_body: int = key(values.size(1_000, 1_000_000_000), "8MB")  # bytes, after content decoding
    robots: bool = key(values.flag, True)
    proxy: str = key(values.proxy, "", secret=True)
    allow_networks: tuple[str, ...] = key(values.many(values.network), [])  # private ones that may be asked


@dataclass(frozen=True, slots=True)
class Output:
    """What is written."""

    format: str = key(values.choice("jsonl"), "jsonl")
    compress: str = key(values.choice("none", "gzip"), "none")
    rotate: int = key(values.size(1_000_000, 1_000_000_000_000), "256MB")  # bytes from which a new file is begun
    partition: tuple[str, ...] = key(values.many(values.choice("site", "date")), [])
    pages: bool = key(values.flag, True)  # whether the pages are kept too, as WARC files


_RULE: Mapping[str, Reader[Any]] = {
    "css": values.one_or_many(values.css),
    "attribute": values.word,
    "regex": values.regex,
    "format": configrules.strptime,
    "constant": values.word,
    "remove": values.one_or_many(values.css),
    "transform": values.one_or_many(values.choice(*data.table("transforms.toml"))),
}


def _rule(name: str) -> Reader[FieldRule]:
    """A selector, several of them, or a table."""

    def read(value: Any, around: Around) -> FieldRule:
        if not isinstance(value, dict):
            return FieldRule(css=_RULE["css"](value, around))
        rule = FieldRule(**_table(value, _RULE, around))
        configrules.check(name, rule, around)
        return rule

    return read


_RULES = {name: _rule(name) for name in FIELDS}


def _fields(value: Any, around: Around) -> dict[str, FieldRule]:
    return _table(value, _RULES, around)


@dataclass(frozen=True, slots=True)
class Site:
    """One site: where it begins and what is special about it. None means: as [fetch] says."""

    name: str
    start: tuple[str | Path, ...] = key(values.many(values.start, least=1))  # URLs; a Path is a saved file or folder
    include: tuple[re.Pattern[str], ...] = key(values.many(values.pattern), [])  # searched in the URL; one must match
    exclude: tuple[re.Pattern[str], ...] = key(values.many(values.pattern), [])  # none may match
    timezone: str | None = key(values.timezone)  # IANA name, for pages that print none
    language: str | None = key(values.language)  # BCP 47, for pages that declare none
    every: float = key(values.seconds(1, 31_536_000), "1h")  # seconds between two scheduled runs
    limit: int | None = key(values.whole(1, 1_000_000_000))  # pages in one run
    delay: float | None = key(values.seconds(0, 86400))
    per_host: int | None = key(values.whole(1, 64))
    robots: bool | None = key(values.flag)
    headers: Mapping[str, str] = key(values.headers, {}, secret=True)
    fields: Mapping[str, FieldRule] = key(_fields, {})

    def rules(self) -> Rules:
        """What the parser may know of this site."""
        return Rules(site=self.name, timezone=self.timezone, language=self.language, fields=self.fields)

    def unwanted(self, url: str) -> str | None:
        """Why a URL is not one of the site's articles by `include` and `exclude`; None for one that is."""
        if self.include and not self.includes(url):
            return "not_included"
        return self.excludes(url)

    def includes(self, url: str) -> bool:
        return _match(self.include, url)

    def excludes(self, url: str) -> str | None:
        return "excluded" if _match(self.exclude, url) else None

    def hosts(self) -> set[str]:
        """The hosts of its start URLs, without "www."."""
        return {_host(start) for start in self.start if isinstance(start, str)}


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration, every path absolute. `Config()` holds the defaults and no site."""

    path: Path | None = None  # the file it came from
    run: Run = Run()
    fetch: Fetch = Fetch()
    output: Output = Output()
    sites: Mapping[str, Site] = field(default_factory=dict)
    _by_host: Mapping[str, list[Site]] = field(init=False, repr=False, compare=False)  # asked for each page

    def __post_init__(self) -> None:
        by_host: dict[str, list[Site]] = {}
        for site in self.sites.values():
            for host in site.hosts():
                by_host.setdefault(host, []).append(site)
        object.__setattr__(self, "_by_host", by_host)  # the dataclass is frozen

    def site_of(self, url: str) -> Site | None:
        """The site that has a start URL on the host of `url`, "www." aside: of several the first that wants it."""
        sites = self._by_host.get(_host(url), [])
        return next((site for site in sites if site.unwanted(url) is None), sites[0] if sites else None)


def _match(patterns: tuple[re.Pattern[str], ...], url: str) -> bool:
    """Whether one is found in the URL as it is asked for, or as people read and write it."""
    return bool(patterns) and any(p.search(form) for form in {url, readable(url)} for p in patterns)


@functools.lru_cache(65_536)  # the starts of all sites, for each page that is looked up
def _host(url: str) -> str:
    try:
        return host_of(url).removeprefix("www.")
    except BadUrl:
        return ""


# --- loading --------------------------------------------------------------------------------------------------------


def load(path: str | Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Reads a configuration file. Raises ConfigError, which names every mistake with its line; nothing is fetched."""
    return loads(configfile.read(Path(path)), Path(path), environ)


def loads(text: str, file: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """As `load`, for a text that stands in `file` or is about to."""
    tables, problems, lines = configfile.parse(text, str(file))
    sections: dict[str, Any] = {}
    if tables is not None:
        around = Around(file.absolute().parent, environ)
        try:
            sections = _table({**{name: {} for name in _SECTIONS}, **tables}, _SECTIONS, around)
        except Wrong as error:
            broken = [problem.key for problem in problems]
            faults = [(place, said) for place, said in error.faults if not _may_stand(place, said, broken)]
            problems += [Problem(str(file), lines.find(place), spell(place), said) for place, said in faults]
    if problems:
        raise ConfigError(sorted(problems, key=lambda problem: problem.line or 0))
    return Config(path=file.absolute(), **sections)


def _may_stand(place: Place, said: str, broken: list[str]) -> bool:
    """Whether what a fault misses, the sites or the start of one, may be in a statement that could not be read."""
    if place == ("sites",):
        return bool(broken)
    return said == _NO_START and any(f"{key}.".startswith(f"{spell(place)}.") for key in broken)


def _section(kind: type[Any]) -> Reader[Any]:
    def read(value: Any, around: Around) -> Any:
        return kind(**_table({**_defaults(kind), **_as_table(value)}, keys(kind), around))

    return read


_NO_START = "this site has no start; expected start = [URL or folder, ...]"


def _sites(value: Any, around: Around) -> dict[str, Site]:
    sites = _as_table(value)
    if not sites:
        raise Wrong(((), "no site: expected at least one section [sites.NAME] with start = [...]"))
    return collect({name: (_site(name), table) for name, table in sites.items()}, around)


def _site(name: str) -> Reader[Site]:
    def read(value: Any, around: Around) -> Site:
        faults: list[tuple[Place, str]] = []
        table = _as_table(value)
        if not SITE_NAME.fullmatch(plain(name)):
            faults.append(((), f"expected a site name of {SITE_NAME_RULE}"))
        if "start" not in map(plain, table):
            faults.append(((), _NO_START))
        try:
            done = _table({**_defaults(Site), **table}, keys(Site), around)
        except Wrong as error:
            raise Wrong(*faults, *error.faults) from None
        if faults:
            raise Wrong(*faults)
        return Site(name=name, **done)

    return read


def keys(kind: type[Any]) -> dict[str, Reader[Any]]:
    return {each.name: each.metadata["read"] for each in dataclasses.fields(kind) if each.metadata}


def _defaults(kind: type[Any]) -> dict[str, Any]:
    """The defaults as they would stand in the file; paths among them are relative to the file as well."""
    every = ((each.name, each.metadata.get("default")) for each in dataclasses.fields(kind))
    return {name: default for name, default in every if default is not None}


_SECTIONS: Mapping[str, Reader[Any]] = {
    "run": _section(Run),
    "fetch": _section(Fetch),
    "output": _section(Output),
    "sites": _sites,
}
# Where a key that is unknown here may be right.
_HOMES: Mapping[str, type[Any]] = {"[run]": Run, "[fetch]": Fetch, "[output]": Output, "[sites.NAME]": Site}
