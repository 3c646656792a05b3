"""What one value in config.toml may be: each reader turns a TOML value into ours or says what was expected."""

from __future__ import annotations

import difflib
import functools
import ipaddress
import math
import os
import re
import warnings
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from scraper.configpatterns import is_endless
from scraper.urls import BadUrl, normalise

T = TypeVar("T")
Step = str | int


@dataclass(frozen=True, slots=True)
class Around:
    """What a value may refer to: the folder of the config file and the environment."""

    base: Path = Path()
    environ: Mapping[str, str] = field(default_factory=dict)


Reader = Callable[[Any, Around], T]


class Wrong(ValueError):
    """A value that cannot be used. `faults` pairs a path below the value, () for itself, with what was expected."""

    def __init__(self, *faults: tuple[tuple[Step, ...], str]) -> None:
        self.faults = faults
        super().__init__("; ".join(message for _, message in faults))


def wrong(expected: str, value: Any) -> Wrong:
    return Wrong(((), f"expected {expected}, found {shown(value)}"))


def shown(value: Any) -> str:
    """The value in a message: one line, short, in TOML's own spelling."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an empty array" if not value else "an array"
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else str(value)
    text = text if len(text) <= 60 else text[:57] + "..."
    return f'"{text}"' if isinstance(value, str) else text


def nearest(word: str, known: Sequence[str]) -> str:
    """The rest of a message about an unknown word: the closest known one, or all of them."""
    close = difflib.get_close_matches(word.lower(), known, 1, 0.5)
    return f'did you mean "{close[0]}"?' if close else f"valid here: {', '.join(known)}"


# --- plain values ---------------------------------------------------------------------------------------------------


def flag(value: Any, _: Around) -> bool:
    if not isinstance(value, bool):
        raise wrong("true or false", value)
    return value


def text(value: Any, _: Around) -> str:
    if not isinstance(value, str):
        raise wrong("a string", value)
    return value


def word(value: Any, around: Around) -> str:
    """A string that is not empty and stays on one line."""
    if not text(value, around) or not value.isprintable():
        raise wrong("a non-empty string without line breaks or control characters", value)
    return str(value)


def header_text(value: Any, around: Around) -> str:
    """What may stand in a request header: visible ASCII and spaces (RFC 9110 section 5.5)."""
    if not text(value, around).isascii() or not value.isprintable():
        raise wrong("plain ASCII on one line", value)
    return str(value).strip()


def whole(low: int, high: int) -> Reader[int]:
    def read(value: Any, _: Around) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise wrong(f"a whole number from {low} to {high}", value)
        return value

    return read


def number(low: float, high: float) -> Reader[float]:
    def read(value: Any, _: Around) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise wrong(f"a number from {low:g} to {high:g}", value)  # NaN is within no bounds
        return float(value)

    return read


def choice(*known: str) -> Reader[str]:
    def read(value: Any, around: Around) -> str:
        if text(value, around) not in known:
            raise Wrong(((), f"unknown value {shown(value)}; {nearest(value, known)}"))
        return str(value)

    return read


_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+", re.ASCII)
_DURATION_PART = re.compile(r"([\d.]+)(ms|[smhdw])", re.ASCII)


def seconds(low: float, high: float) -> Reader[float]:
    """A number of seconds, or a string such as "90s", "15m", "1h30m", "2d"."""
    expected = f'seconds from {low:g} to {high:.10g}, as a number or like "30s", "15m", "1h", "2d"'

    def read(value: Any, _: Around) -> float:
        amount: Any = value
        if isinstance(value, str) and _DURATION.fullmatch(value):
            amount = sum(float(count) * _UNITS[unit] for count, unit in _DURATION_PART.findall(value))
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not low <= amount <= high:
            raise wrong(expected, value)
        return float(amount)

    return read


_SIZES = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3}
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,3})?)\s?([KMG]?i?B)", re.ASCII | re.IGNORECASE)


def size(low: int, high: int) -> Reader[int]:
    """Bytes, as a number or a string: "8MB" is 8,000,000, "8MiB" is 8,388,608."""
    expected = f'a size from {low} to {high} bytes, as a number or like "512KB", "8MB", "1GiB"'

    def read(value: Any, _: Around) -> int:
        amount: Any = value
        if isinstance(value, str) and (match := _SIZE.fullmatch(value)):
            amount = math.floor(float(match[1]) * _SIZES[match[2].upper()])
        if isinstance(amount, bool) or not isinstance(amount, int) or not low <= amount <= high:
            raise wrong(expected, value)
        return amount

    return read


# --- lists and tables -----------------------------------------------------------------------------------------------


def many(item: Reader[T], *, least: int = 0) -> Reader[tuple[T, ...]]:
    """An array; every bad item is named, not only the first."""

    def read(value: Any, around: Around) -> tuple[T, ...]:
        if not isinstance(value, list) or len(value) < least:
            raise wrong("an array with at least one entry" if least else "an array", value)
        return tuple(collect({index: (item, entry) for index, entry in enumerate(value)}, around).values())

    return read


def one_or_many(item: Reader[T]) -> Reader[tuple[T, ...]]:
    several = many(item, least=1)
    return lambda value, around: several(value, around) if isinstance(value, list) else (item(value, around),)


def collect(parts: Mapping[Any, tuple[Reader[Any], Any]], around: Around) -> dict[Any, Any]:
    """Reads each named part; raises one Wrong that holds the faults of them all."""
    done, faults = {}, []
    for name, (read, value) in parts.items():
        try:
            done[name] = read(value, around)
        except Wrong as error:
            faults += [((name, *path), message) for path, message in error.faults]
    if faults:
        raise Wrong(*faults)
    return done


# --- values with a grammar of their own -----------------------------------------------------------------------------


def path(value: Any, around: Around) -> Path:
    """A path, relative to the config file's folder. `~` is not expanded: it would depend on who runs it."""
    name = word(value, around)
    if name.startswith("~"):
        raise wrong('a path written out ("~" is not expanded)', value)
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        fault = f"this system's locale has no such letters: {shown(value)}; set PYTHONUTF8=1, or a locale with UTF-8"
        raise Wrong(((), fault)) from None
    return (around.base / name).absolute()


_URL = "a URL that begins with http:// or https:// and a host"


def url(value: Any, around: Around) -> str:
    """An absolute http or https URL without a user name or password in it, which a run can ask for as well."""
    link = word(value, around)
    try:
        parts = urlsplit(link)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\\]", link):
        raise wrong(_URL, value)
    if "${" in link:
        raise Wrong(((), "${NAME} is replaced in headers and proxy only, never in a URL"))
    if parts.username is not None:
        raise Wrong(((), "a URL must not hold a user name or password; put it into headers, with ${NAME}"))
    try:
        normalise(link)
    except BadUrl as error:
        raise Wrong(((), f"expected {_URL}, found {shown(value)} ({error})")) from None
    return link


def start(value: Any, around: Around) -> str | Path:
    """Where a site begins: a URL as it stands, or an existing file or folder of saved pages."""
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", word(value, around)):
        return url(value, around)
    place = path(value, around)
    if os.path.exists(place):  # also "www.valley.example", as wget names its folders
        return place
    if value.startswith("www."):
        raise wrong(_URL, value)
    raise Wrong(((), f"no such file or folder: {shown(value)} (a URL begins with http:// or https://)"))


_HOLE = re.compile(r"\$\{([^}]*)\}")


def secret(value: Any, around: Around) -> str:
    """A string in which ${NAME} stands for a variable of the environment. Messages never show the value."""
    if not isinstance(value, str):
        raise Wrong(((), "expected a string"))
    missing = [name for name in _HOLE.findall(value) if name not in around.environ]
    if missing:
        raise Wrong(*(((), f"the environment has no variable {shown(name)} for ${{{name}}}") for name in missing))
    filled = _HOLE.sub(lambda hole: around.environ[hole[1]], value)
    if not filled.isascii() or not filled.isprintable():
        raise Wrong(((), "expected plain ASCII on one line once ${NAME} is filled in"))
    return filled


_PROXY = (
    'expected "" or a proxy such as "http://${PROXY_USER}:${PROXY_PASSWORD}@proxy.example:3128", '
    'with a port from 1 to 65535 and marks in a password such as "/" percent-encoded'
)


def proxy(value: Any, around: Around) -> str:
    """The URL of a proxy, "" for none. Messages never show it: it may hold a password."""
    filled = secret(value, around)
    try:
        usable = not filled or bool(re.fullmatch(r"https?://[^\s/\\?#]+/?", filled) and normalise(filled))
    except BadUrl:
        usable = False
    if not usable:
        raise Wrong(((), _PROXY))
    return filled


# Set by the client itself; a second one would garble the request or its framing (RFC 9112 section 6).
_OURS = {"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "user-agent", "te", "upgrade"}


def headers(value: Any, around: Around) -> dict[str, str]:
    """Extra request headers of one site."""
    if not isinstance(value, dict):
        raise wrong("a table of header names and values", "..." if isinstance(value, str) else value)
    return dict(collect({name: (_header(name), entry) for name, entry in value.items()}, around))


def _header(name: str) -> Reader[str]:
    def read(value: Any, around: Around) -> str:
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise Wrong(((), "not a header name (RFC 9110 section 5.1)"))
        if name.lower() in _OURS:
            raise Wrong(((), "this header is set by the client itself"))
        return secret(value, around)

    return read


def network(value: Any, around: Around) -> str:
    """A network in its canonical spelling."""
    try:
        return str(ipaddress.ip_network(text(value, around)))
    except ValueError as error:
        if isinstance(error, Wrong):
            raise
    try:
        fitting = f', did you mean "{ipaddress.ip_network(value, strict=False)}"?'
    except ValueError:
        fitting = ""
    raise Wrong(((), f'expected a network such as "10.0.0.0/8" or "::1/128", found {shown(value)}{fitting}'))


def timezone(value: Any, around: Around) -> str:
    """A name of the IANA time zone database."""
    name = word(value, around)
    if name in ("localtime", "posixrules"):  # links to what the machine is set to
        raise Wrong(
            ((), f'{shown(name)} is another zone on each machine; expected a name such as "Asia/Kabul" or "UTC"')
        )
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise Wrong(((), f"unknown time zone {shown(name)}{_nearest_zone(name)}")) from None
    return name


def _nearest_zone(name: str) -> str:
    zones = {zone.lower(): zone for zone in zoneinfo.available_timezones()}
    close = difflib.get_close_matches(name.lower(), zones, 1, 0.5)
    return f', did you mean "{zones[close[0]]}"?' if close else ', expected a name such as "Asia/Kabul" or "UTC"'


_LANGUAGE = re.compile(
    r"[a-z]{2,3}(-[a-z]{3}){0,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?(-([a-z\d]{5,8}|\d[a-z\d]{3}))*", re.ASCII | re.I
)


def language(value: Any, around: Around) -> str:
    """A BCP 47 tag: language, script, region and variants of RFC 5646 section 2.1."""
    if not _LANGUAGE.fullmatch(word(value, around)):
        raise wrong('a language tag such as "en", "fa-AF" or "zh-Hans"', value)
    return str(value)


# On a text that nearly fits, re tries every way to cut it up, twice as many for each character.
_ENDLESS = (
    "a repeat of a repeat, or of what can read one text in two ways, is tried without end; "
    r'write "(\w+\s?)+" as "\w+(?:\s\w+)*", so that one mark tells where each round begins'
)


def pattern(value: Any, around: Around) -> re.Pattern[str]:
    """A regular expression of Python's re."""
    source = text(value, around)
    if not 0 < len(source) <= 1000:
        raise wrong("a pattern of 1 to 1000 characters", value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # re warns of what it will read otherwise one day
            compiled, endless = re.compile(source), is_endless(source)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        raise Wrong(((), f"bad pattern {shown(source)}: {error or 'too deep'}")) from None
    if endless:
        raise Wrong(((), f"bad pattern {shown(source)}: {_ENDLESS}"))
    return compiled


def regex(value: Any, around: Around) -> str:
    return pattern(value, around).pattern


@functools.cache
def _css_fault(selector: str) -> bool:
    from selectolax.lexbor import LexborHTMLParser  # heavy; only where a site has selectors

    try:
        LexborHTMLParser("<p>").css(selector)
    except Exception:  # selectolax names no narrower class on all its versions
        return True
    return False


def css(value: Any, around: Around) -> str:
    """A CSS selector that lexbor can read."""
    selector = text(value, around)
    if not 0 < len(selector) <= 1000 or "\0" in selector or _css_fault(selector):
        raise wrong('a CSS selector such as "h1.title"', value)
    return selector
