"""The house limits: size, nesting, layers, cycles, and what may not be used where. Read from the source, not run."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src"
FILES = sorted((SRC / "scraper").rglob("*.py"))
NAMES = [file.relative_to(SRC / "scraper").as_posix() for file in FILES]

# A module may import what lies in a lower layer. `alone`: its members never import one another.
LAYERS: list[tuple[set[str], bool]] = [
    ({"errors", "model"}, True),
    (
        {
            "urls",
            "charset",
            "files",
            "config",
            "configfile",
            "configvalues",
            "configrules",
            "configpatterns",
            "record",
            "data",
        },
        False,
    ),
    ({"parse", "fetch", "discover", "archive", "write", "store"}, True),
    ({"pipeline", "workers", "worker"}, False),
    ({"wiring", "pages"}, False),
    ({"report", "why", "doctor", "replay", "reparse", "capsule", "draft", "rehearse"}, False),
    (
        {
            "cli",
            "__main__",
            "shell",
            "fixture_commands",
            "archive_commands",
            "page_commands",
            "init_command",
            "__init__",
            "testing",
        },
        False,
    ),
]
LAYER = {name: number for number, (names, _) in enumerate(LAYERS) for name in names}
# parse/ is pure: no network, disk, clock, environment or chance.
IMPURE = {
    "httpx",
    "socket",
    "ssl",
    "time",
    "os",
    "pathlib",
    "io",
    "tempfile",
    "subprocess",
    "asyncio",
    "sqlite3",
    "random",
}
IMPURE_CALLS = {"open", "now", "today", "utcnow", "getenv"}
# What runs data as code.
DANGEROUS = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}
DANGEROUS_CALLS = {"eval", "exec", "compile", "__import__"}
BLOCKS = (ast.If, ast.For, ast.While, ast.Try, ast.TryStar, ast.With, ast.AsyncFor, ast.AsyncWith, ast.Match)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"), str(file))


def module(file: Path) -> str:
    """`scraper.parse.text`; a package goes by its own name."""
    return ".".join(file.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(file) for file in FILES}


def imports(file: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it; `from package import module` is the module."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = node.module or ""
            for alias in node.names:
                inner = f"{home}.{alias.name}"
                yield inner if inner in MODULES else home


def functions(file: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(file)) if isinstance(node, Function))


def length(function: Function) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def nesting(node: ast.AST, depth: int = 0) -> int:
    """The most blocks inside one another; `elif` is no deeper than its `if`, an inner function begins anew."""
    deepest = depth
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, nesting(child, depth + (isinstance(child, BLOCKS) and not is_elif)))
    return deepest


def part(name: str) -> str:
    """The house part of a module: "parse" of scraper.parse.text, "__init__" of scraper itself."""
    return [*name.split("."), "__init__"][1]


@pytest.fixture(params=FILES, ids=NAMES)
def file(request: pytest.FixtureRequest) -> Path:
    chosen: Path = request.param
    return chosen


def test_a_file_has_at_most_400_lines(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= 400


def test_functions_are_short(file: Path) -> None:
    assert {each.name: length(each) for each in functions(file) if length(each) > 60} == {}


def test_functions_nest_at_most_three_deep(file: Path) -> None:
    assert {each.name: nesting(each) for each in functions(file) if nesting(each) > 3} == {}


def test_the_median_function_has_at_most_12_lines() -> None:
    assert statistics.median(length(each) for file in FILES for each in functions(file)) <= 12


def test_every_module_has_a_layer(file: Path) -> None:
    assert part(module(file)) in LAYER, "give it a layer in LAYERS"


def test_layers(file: Path) -> None:
    own = part(module(file))
    level, alone = LAYER[own], LAYERS[LAYER[own]][1]
    others = {part(name) for name in imports(file) if name.split(".")[0] == "scraper"} - {own}
    assert {name for name in others if LAYER[name] > level or (alone and LAYER[name] == level)} == set()


def test_no_import_cycle() -> None:
    graph = {module(file): {name for name in imports(file) if name in MODULES} - {module(file)} for file in FILES}
    while leaves := {name for name, needs in graph.items() if not needs & graph.keys()}:
        graph = {name: needs for name, needs in graph.items() if name not in leaves}
    assert {name: sorted(needs & graph.keys()) for name, needs in graph.items()} == {}


def calls(file: Path) -> Iterator[tuple[str, int]]:
    """The last name of everything called, with its line: "now" of datetime.now()."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield (node.func.id if isinstance(node.func, ast.Name) else node.func.attr), node.lineno


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("parse/")])
def test_parsing_is_pure(name: str) -> None:
    file = SRC / "scraper" / name
    assert {name for name in imports(file) if name.split(".")[0] in IMPURE} == set()
    assert [(call, line) for call, line in calls(file) if call in IMPURE_CALLS] == []


def test_httpx_is_imported_in_fetch_alone(file: Path) -> None:
    assert part(module(file)) == "fetch" or "httpx" not in {name.split(".")[0] for name in imports(file)}


def test_articles_trees_are_built_in_one_place(file: Path) -> None:
    """The others: links of a listing page, a bare page's address, a trial of a configured selector on an empty page."""
    allowed = {"scraper.parse.document", "scraper.discover.listings", "scraper.archive.bare", "scraper.configvalues"}
    assert module(file) in allowed or "LexborHTMLParser" not in {name for name, _ in calls(file)}


def test_nothing_runs_data_as_code(file: Path) -> None:
    assert {name for name in imports(file) if name.split(".")[0] in DANGEROUS} == set()
    named = {
        node.func.id for node in ast.walk(tree(file)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert named & DANGEROUS_CALLS == set()
    keywords = [node for node in ast.walk(tree(file)) if isinstance(node, ast.keyword) and node.arg == "shell"]
    assert keywords == []


def test_names(file: Path) -> None:
    assert not re.match(r"(utils?|helpers?|common|misc|base_.*)\.py$", file.name)
    classes = [node.name for node in ast.walk(tree(file)) if isinstance(node, ast.ClassDef)]
    assert [name for name in classes if re.search(r"Manager|Helper|^Base|Abstract", name)] == []


def test_the_public_door_is_short() -> None:
    import scraper

    assert len(scraper.__all__) <= 12
    assert {"parse", "explain", "scrape", "Article", "Page"} <= set(scraper.__all__)
    assert [name for name in scraper.__all__ if not hasattr(scraper, name)] == []


@pytest.mark.parametrize("code", ["import scraper", "import scraper.cli; scraper.cli.outcome(['--help'])"])
def test_what_starts_quickly_imports_no_network(code: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert {"httpx", "rich", "sqlite3", "asyncio"} & set(shown.stderr.split()) == set()


def _lists(value: object, place: str) -> Iterator[tuple[str, list[str]]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lists(inner, f"{place}.{key}")
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        yield place, value


def test_no_table_has_a_word_twice() -> None:
    tables = sorted((SRC / "scraper" / "data").glob("*.toml"))
    lists = [found for file in tables for found in _lists(tomllib.loads(file.read_text("utf-8")), file.stem)]
    assert [f"{place}: {word}" for place, words in lists for word, n in Counter(words).items() if n > 1] == []
