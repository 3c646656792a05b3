"""Damaged pages through the parser: it must give a record that its schema accepts, whatever the bytes.

python tests/fuzz.py                     # 200,000 pages, made of the corpora where they are, else of fixtures/
python tests/fuzz.py --pages 5000 --seed 7
python tests/fuzz.py --only 7:1234       # one page again: seed and number, as a failure names them
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import jsonschema

from scraper import parse, record

ROOT = Path(__file__).resolve().parent.parent
CORPORA = ROOT.parent / "shared" / "eval" / "corpora"
FIXTURES = ROOT / "fixtures"
CHUNK = 500  # pages of one task
SLOW = 10.0  # seconds after which a page counts as an error; in a run its worker would have been ended
SPLICES = (
    b"<div>", b"</div>", b"<p>", b"</p>", b"<table>", b"<script type='application/ld+json'>", b"</script>", b"<!--",
    b"<h1>", b"<time datetime='", b"'", b'"', b"<", b">", b"&#xD800;", b"&#0;", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf",
    b'{"@type":"NewsArticle","datePublished":', b"[" * 200, b"1e999", b"2024-02-30T25:61:00", b"0000-00-00",
    b"<meta charset=utf-16>", b"<base href='http://[::1'>", b"<link rel=canonical href='http://[x'>", b"<svg><style>",
    b"<template>", b"\xe2\x80\xa8", b"<span>", b"<b>", b"<ul><li>", b"<ruby>",
)  # fmt: skip
DEEP = 3000  # times that a piece is repeated where the page is to nest deeper than Python recurses


@cache
def seeds() -> tuple[Path, ...]:
    """The pages that are damaged."""
    found = sorted(CORPORA.glob("*/pages/*.html.gz")) if CORPORA.is_dir() else []
    return tuple(found or sorted(FIXTURES.rglob("*.html")))


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(record.json_schema())


def _page(path: Path) -> bytes:
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def damaged(seed: int, number: int) -> bytes:
    """The page `number` of a run: a real one with one to eight random injuries, cut to 60 KB to keep the pace."""
    dice = random.Random(f"{seed}:{number}")
    page = bytearray(_page(dice.choice(seeds())))
    start = dice.randrange(max(1, len(page) - 40_000)) if dice.random() < 0.5 else 0
    page = page[start : start + 60_000]
    for _ in range(dice.randint(1, 8)):
        _injure(page, dice)
    return bytes(page)


def _injure(page: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(page) + 1)
    match dice.randrange(6):
        case 0:
            page[at : at + dice.randint(1, 40)] = b""
        case 1:
            page[at:at] = dice.choice(SPLICES) * (DEEP if dice.random() < 0.02 else dice.choice((1, 1, 1, 50)))
        case 2:
            page[at : at + 20] = dice.randbytes(dice.randint(1, 20))
        case 3:
            del page[at:]
        case 4:
            other = _page(dice.choice(seeds()))
            begin = dice.randrange(max(1, len(other)))
            page[at:at] = other[begin : begin + dice.randint(1, 8000)]
        case _:
            end = dice.randrange(len(page) + 1)
            page[at:at] = page[end : end + dice.randint(1, 2000)]


def check(page: bytes, url: str = "https://post.example/news/2021/07/06/a-page") -> str | None:
    """What is wrong with the parser's answer to `page`, None if nothing is."""
    begun = time.perf_counter()
    try:
        article = parse(page, url=url)
        problem = jsonschema.exceptions.best_match(_validator().iter_errors(article.to_dict()))
    except Exception:
        return traceback.format_exc(limit=-4)
    if problem is not None:
        return f"{list(problem.path)}: {problem.message[:300]}"
    spent = time.perf_counter() - begun
    return f"{spent:.1f} s" if spent > SLOW else None


def run(seed: int, first: int, count: int) -> list[tuple[int, str]]:
    """(number, problem) of the pages that went wrong."""
    return [(n, problem) for n in range(first, first + count) if (problem := check(damaged(seed, n)))]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pages", type=int, default=200_000)
    arguments.add_argument("--seed", type=int, default=20210706)
    arguments.add_argument("--only", metavar="SEED:NUMBER")
    chosen = arguments.parse_args()
    if chosen.only:
        seed, number = map(int, chosen.only.split(":"))
        print(check(damaged(seed, number)) or "nothing wrong")
        return 0
    begun, wrong, done = time.time(), 0, 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        starts = range(0, chosen.pages, CHUNK)
        counts = [min(CHUNK, chosen.pages - s) for s in starts]
        for count, failures in zip(counts, pool.map(run, [chosen.seed] * len(counts), starts, counts), strict=True):
            done += count
            for number, problem in failures:
                wrong += 1
                print(f"--only {chosen.seed}:{number}: {problem}", flush=True)
            if done % 20_000 < CHUNK:
                print(f"{done} pages, {wrong} wrong, {done / (time.time() - begun):.0f}/s", file=sys.stderr, flush=True)
    print(f"{done} damaged pages of {len(seeds())}, seed {chosen.seed}: {wrong} errors, {time.time() - begun:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
