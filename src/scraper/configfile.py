"""config.toml as a file: read whole, parsed past its mistakes, and the line where each key stands."""

from __future__ import annotations

import bisect
import functools
import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from scraper.errors import ConfigError, Problem

MAX_BYTES = 10_000_000  # ten thousand sites with rules of their own
MAX_FAULTS = 20  # each one costs a parse of the file
AGAIN = "\0"  # a name that stands twice is read as "name\0<line>", so that what is below it is checked as well
Place = tuple[str | int, ...]


def read(path: Path) -> str:
    """The file's text. Raises ConfigError, with one problem, for what is no text file of a sensible size."""
    try:
        if path.exists() and not path.is_file():
            raise _refusal(path, "is a folder" if path.is_dir() else "is not a file", "name a TOML file with -c FILE")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _refusal(path, "no such file", "name one with -c FILE") from None
    except (OSError, ValueError) as error:
        raise _refusal(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(raw) > MAX_BYTES:
        raise _refusal(path, f"is larger than {MAX_BYTES:,} bytes", "is this the right file?")
    if b"\0" in raw:
        raise _refusal(path, "is not text", "expected TOML in UTF-8")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        fault = f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise ConfigError([Problem(str(path), line, "", fault)]) from None


def _refusal(path: Path, fault: str, step: str = "") -> ConfigError:
    return ConfigError([Problem(str(path), None, "", "; ".join(filter(None, (fault, step))))])


# --- parsing past mistakes ------------------------------------------------------------------------------------------


def parse(text: str, file: str) -> tuple[dict[str, Any] | None, list[Problem], Lines]:
    """The tables of a TOML text, a problem for each statement left out to read the rest, and where each key stands.

    The tables are None where the rest cannot be read either.
    """
    problems: list[Problem] = []
    lines = [*text.split("\n"), ""]
    while len(problems) < MAX_FAULTS:
        try:
            return tomllib.loads("\n".join(lines)), problems, Lines("\n".join(lines))
        except RecursionError:
            problems.append(Problem(file, None, "", "arrays or tables are nested too deeply"))
            break
        except ValueError as error:  # TOMLDecodeError, and int() for a number of thousands of digits
            match = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error), re.DOTALL)
            if match is None or match[2] is None:
                fault = f"{match[1]}, at the end of the file" if match else str(error)
                problems.append(Problem(file, None, "", f"not valid TOML: {fault[:200]}"))
                break
            problems.append(_leave_out(lines, match[1][:200], int(match[2]), file))
    return None, problems, Lines("")


def _leave_out(lines: list[str], fault: str, line: int, file: str) -> Problem:
    """Names the statement that tomllib stumbled over and blanks it, or gives its section another name."""
    statements = list(_statements("\n".join(lines)))
    found = _holding(statements, line)
    message, taken = f"not valid TOML: {fault}", found.path
    earlier = _earlier(statements, found) if fault.startswith("Cannot") else None
    if earlier and len(earlier.path) < len(found.path):
        taken = earlier.path
        message = f"{spell(taken)} is a finished value at line {earlier.line}; write that as sections, or this into it"
    elif earlier:
        message = f"this {'section' if found.is_header else 'key'} stands twice, also at line {earlier.line}"
    lines[found.line - 1 : line] = [""] * (line - found.line + 1)
    if found.is_header and found.path:
        _rename(lines, [entry for entry in statements if entry.is_header and entry.line >= found.line], taken)
    return Problem(file, found.line, spell(found.path), message)


def _earlier(statements: list[Statement], found: Statement) -> Statement | None:
    """What has the name already: the same key or section, `a.b = ...` before [a], or `a = ...` before [a.b]."""
    for entry in statements:
        if entry.line >= found.line:
            return None
        shared = min(len(entry.path), len(found.path))
        if entry.path == found.path or (not entry.is_header and shared and entry.path[:shared] == found.path[:shared]):
            return entry
    return None


def _rename(lines: list[str], headers: list[Statement], taken: Place) -> None:
    """Gives `taken` a name of its own in the first of these headers and in all that begin with it."""
    last = len(taken) - 1
    for header in headers:
        if header.path[: last + 1] == taken:
            names = [str(name) for name in header.path]
            names[last] += f"{AGAIN}{headers[0].line}"
            lines[header.line - 1] = "[" + ".".join(map(_quoted, names)) + "]"


def _quoted(name: str) -> str:
    return '"' + "".join(c if c.isalnum() else f"\\U{ord(c):08x}" for c in name) + '"'


def plain(name: str) -> str:
    """The name as it stands in the file, without the mark of a second one."""
    return name.partition(AGAIN)[0]


def spell(path: Place) -> str:
    """A key's path in a message: sites.valley.start[1]."""
    spelt = ""
    for step in path:
        if isinstance(step, int):
            spelt += f"[{step}]"
        else:
            name = plain(step)
            spelt += ("." if spelt else "") + (name if re.fullmatch(r"[\w-]+", name) else ascii(name)[:80])
    return spelt


# --- the line of each key -------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\n]*)
    | (?P<string>\"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5} | "(?:[^"\\\n]|\\.)*" | '[^'\n]*')
    | (?P<newline>\n)
    | (?P<mark>[\[\]{}=,.])
    | (?P<bare>[^\s\#"'\[\]{}=,.]+|["'])
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    kind: str
    text: str
    line: int


class Statement(NamedTuple):
    """One `[header]` or one `key = value`, which may go over several lines."""

    line: int
    end: int
    path: Place
    is_header: bool
    tokens: list[Token]


class Lines:
    """Where the keys of a TOML text stand; the text is scanned once, and only when a line is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    @functools.cached_property
    def _known(self) -> dict[Place, int]:
        known: dict[Place, int] = {}
        implied: dict[Place, int] = {}  # [a.b.c] makes a.b, which may stand nowhere itself
        for statement in _statements(self._text):
            known.setdefault(statement.path, statement.line)
            for index, line in enumerate(_item_lines(statement)):
                known.setdefault((*statement.path, index), line)
            for length in range(1, len(statement.path)):
                implied.setdefault(statement.path[:length], statement.line)
        return implied | known

    def find(self, path: Place) -> int | None:
        """The line of a key, else of the nearest thing around it; None where nothing of it is written."""
        return next((self._known[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self._known), None)


def _statements(text: str) -> Iterator[Statement]:
    table: Place = ()
    for tokens in _split(_tokens(text)):
        is_header = tokens[0].text == "["
        path = _names(tokens) if is_header else (*table, *_names(tokens))
        table = path if is_header else table
        yield Statement(tokens[0].line, tokens[-1].line + tokens[-1].text.count("\n"), path, is_header, tokens)


def _tokens(text: str) -> Iterator[Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        yield Token(match.lastgroup or "", match[0], line)
        line += match[0].count("\n")


def _split(tokens: Iterable[Token]) -> Iterator[list[Token]]:
    held: list[Token] = []
    depth = 0
    for token in tokens:
        if token.kind == "newline" and held and (depth <= 0 or held[0].text == "["):
            yield held
            held, depth = [], 0
        elif token.kind not in ("newline", "comment"):
            held.append(token)
            depth += (token.text in ("[", "{")) - (token.text in ("]", "}"))
    if held:
        yield held


def _names(tokens: list[Token]) -> Place:
    """The parts of a key or header."""
    key = itertools.takewhile(lambda token: token.text != "=", tokens)
    return tuple(_unquoted(token) for token in key if token.kind in ("string", "bare"))


def _unquoted(token: Token) -> str:
    if token.kind != "string":
        return token.text
    try:
        return str(tomllib.loads(f"key = {token.text}")["key"])
    except ValueError:
        return token.text


def _item_lines(statement: Statement) -> Iterator[int]:
    """The line of each entry, where the value is an array."""
    value = list(itertools.dropwhile(lambda token: token.text != "=", statement.tokens))[1:]
    if statement.is_header or not value or value[0].text != "[":
        return
    depth, is_new = 0, False
    for token in value:
        if depth == 1 and is_new and token.text != "]":
            yield token.line
        is_new = token.text in ("[", ",") and depth <= 1
        depth += (token.text in ("[", "{")) - (token.text in ("]", "}"))


def _holding(statements: list[Statement], line: int) -> Statement:
    """The statement that covers a line; the bare line itself where none does (a broken comment)."""
    index = bisect.bisect_right([statement.line for statement in statements], line) - 1
    covers = index >= 0 and line <= statements[index].end
    return statements[index] if covers else Statement(line, line, (), False, [])
