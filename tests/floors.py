"""The figures on the saved pages beside this tree, whole and bare, and their floors (tests/cases/floors.toml).

python tests/floors.py                                                    # measure; raise what is better now
python tests/floors.py --lower dates day 0.92 --reason "months in Xhosa"  # lower one, with the reason on record
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import re
import tomllib
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

from scraper import parse

FILE = Path(__file__).parent / "cases" / "floors.toml"
PAGES = Path(__file__).parents[2] / "shared" / "eval"
SLACK = 0.01  # how far below the best figure a floor may stand without a reason
BARE = "bare"  # pages without what they declare, of all corpora: the print must say the same
EACH = 3  # every third page is read so
CORPORA = ("aeb", "articles", "bodies", "dates", "newsrooms", "segments")
_DECLARED = re.compile(rb"<script[^>]*ld\+json[^>]*>.*?</script>|<meta(?![^>]*charset)[^>]*>", re.S | re.I)

Floors = dict[str, dict[str, dict[str, Any]]]  # corpus -> measure -> floor, reached, lowered


def floors() -> Floors:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def without_reason(rows: Floors) -> list[str]:
    """The floors that were lowered without saying why."""
    return [
        f"{corpus} {measure}"
        for corpus, row in rows.items()
        for measure, each in row.items()
        if each["floor"] < each["reached"] - SLACK - 1e-9 and not each.get("lowered")
    ]


def figures(corpus: str) -> dict[str, float]:
    """What score.py makes of our records of a corpus; of BARE, how often the print says what was declared."""
    score = _score()
    if corpus == BARE:
        return _agreement(score)
    marks = []
    for truth, html in score.load(PAGES / "corpora", corpus):
        article = parse(html, truth["url"] or "")
        marks.append(score.judge(truth, {**article.to_dict(), "is_article": article.is_article}))
    measured: dict[str, float] = score.summary(marks)
    return measured


def _agreement(score: ModuleType) -> dict[str, float]:
    """FIELD: of the values that an article declares, those read from its print too; FIELD_given: of those it gave."""
    same, given, declared = Counter[str](), Counter[str](), Counter[str]()
    pages = itertools.chain.from_iterable(score.load(PAGES / "corpora", corpus) for corpus in CORPORA)
    for truth, html in itertools.islice(pages, 0, None, EACH):
        whole = parse(html, truth["url"] or "")
        wanted = [f for f in ("headline", "date", "authors", "category") if whole.sources.get(f) in ("json-ld", "meta")]
        if not whole.is_article or not wanted:
            continue
        bare = parse(_DECLARED.sub(b"", html), truth["url"] or "")
        declared.update(wanted)
        given.update(field for field in wanted if getattr(bare, field))
        same.update(field for field in wanted if getattr(bare, field) == getattr(whole, field))
    return {f: same[f] / n for f, n in declared.items()} | {f"{f}_given": same[f] / n for f, n in given.items()}


def below(corpus: str) -> list[str]:
    """The measures of a corpus that fell below their floor."""
    measured = figures(corpus)
    return [
        f"{corpus} {measure}: {measured[measure]:.3f}, floor {each['floor']}"
        for measure, each in floors()[corpus].items()
        if round(measured[measure], 3) < each["floor"]
    ]


def _score() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", PAGES / "score.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _write(rows: Floors) -> None:
    head = FILE.read_text(encoding="utf-8").split("[", 1)[0].rstrip()
    parts = [head]
    for corpus, row in rows.items():
        lines = [f"{measure} = {{ {_items(each)} }}" for measure, each in row.items()]
        parts.append("\n".join([f"[{corpus}]", *lines]))
    FILE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _items(each: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {_toml(value)}" for key, value in each.items())


def _toml(value: Any) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else str(value)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lower", nargs=3, metavar=("CORPUS", "MEASURE", "VALUE"))
    arguments.add_argument("--reason")
    chosen = arguments.parse_args()
    rows = floors()
    if chosen.lower:
        if not chosen.reason:
            arguments.error("--lower needs --reason")
        corpus, measure, value = chosen.lower
        rows[corpus][measure] |= {"floor": float(value), "lowered": chosen.reason}
    else:
        for corpus, row in rows.items():
            measured = figures(corpus)
            for measure, each in row.items():
                print(f"{corpus:10} {measure:14} {measured[measure]:.3f} floor {each['floor']} best {each['reached']}")
                each["reached"] = max(each["reached"], round(measured[measure], 3))
                each["floor"] = max(each["floor"], round(each["reached"] - SLACK, 3))
    _write(rows)


if __name__ == "__main__":
    main()
