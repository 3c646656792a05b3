# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "scipy", "lightgbm", "selectolax>=1.0,<2", "charset-normalizer", "msgspec"]
# ///
"""Learn the weights and trees of the body's scorer from saved pages whose text is known.

    PYTHONPATH=src python scripts/train_body.py ../shared/eval            # writes src/scraper/data/body_weights.json
    PYTHONPATH=src python scripts/train_body.py ../shared/eval --check 5  # writes nothing; scores each page by weights
                                                                          # that never saw its site (five-fold by host)

The argument is the folder with score.py and corpora/. Pages are read by the same code that parses them later, so what
is learned is what is used. Deterministic: the same pages, code and libraries give the same file.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import math
import pathlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import lightgbm
import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from scraper.model import NO_RULES, Page
from scraper.parse import body, labels, relations, scorer, traits
from scraper.parse.blocks import Block
from scraper.parse.document import Document
from scraper.parse.headline import headline
from scraper.parse.survey import Survey

OUT = pathlib.Path(__file__).parents[1] / "src" / "scraper" / "data" / "body_weights.json"
CORPORA = {"aeb": 1.0, "articles": 1.0, "bodies": 1.0, "newsrooms": 1.0, "segments": 1.0}  # name -> weight of a page
STRENGTH = 0.03  # inverse strength of the L2 penalty; best on sites not seen, of 0.01 to 1
TREES, SEEDS = 100, (1, 2)  # a tree more or less changes little; the mean of two seeds is better than one
GROWTH = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 16,
    "min_data_in_leaf": 40,
    "lambda_l2": 5,
    "feature_fraction_bynode": 0.25,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
MARGIN = 1000  # thousandths beyond what is unclear that the trees still learn from
TERSE = 25  # words of a short block
SITES, WORD_SITES = 4, 8  # sites that must show a feature, or a word, before it is the web's and not theirs
TELLING = 20  # characters of an unwanted piece that tell of the whole block around it
HOLD = 5  # parts by host: the trees learn from scores of weights that never saw the page's site


@dataclass
class Sample:
    """One page: its blocks' features and whether the truth has them (None: the truth does not say)."""

    corpus: str
    truth: dict[str, Any]
    host: str
    news: bool
    blocks: list[Block]
    survey: Survey
    gold: list[bool | None]
    looks: list[traits.Looks] = field(default_factory=list)
    parts: list[relations.Parts] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)


def load_judge(folder: pathlib.Path) -> Any:
    """The measuring script of the corpora."""
    spec = importlib.util.spec_from_file_location("score", folder / "score.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def samples(judge: Any, folder: pathlib.Path) -> list[Sample]:
    """Every page whose text is known."""
    found = []
    for corpus in CORPORA:
        for truth, html in judge.load(folder / "corpora", corpus):
            if not any(truth.get(key) for key in ("body", "paragraphs", "with")):
                continue
            url = truth["url"] or ""
            doc = Document(Page(url, url, 200, (), html, None), NO_RULES)
            doc.labels = labels.find(doc)
            title = headline(doc)
            gathered = body.gather(doc, title.value if title else None)
            if gathered is None:
                continue
            blocks, core, evidence, _ = gathered
            survey = Survey(blocks, core, evidence)
            host = urlsplit(url).hostname or truth["id"]
            gold = segments_gold(judge, blocks, truth) if "with" in truth else text_gold(judge, blocks, truth)
            found.append(Sample(corpus, truth, host, evidence.news, blocks, survey, gold))
    return found


def vocabulary(pages: list[Sample]) -> dict[str, int]:
    """The words that short blocks of many sites have."""
    hosts: dict[str, set[str]] = {}
    for page in pages:
        for block, count in zip(page.blocks, page.survey.counts, strict=True):
            if count < TERSE:
                for word in traits.word_list(block.text):
                    hosts.setdefault(word, set()).add(page.host)
    return {word: i for i, word in enumerate(sorted(word for word in hosts if len(hosts[word]) >= WORD_SITES))}


def segments_gold(judge: Any, blocks: list[Block], truth: dict[str, Any]) -> list[bool | None]:
    """For truths that are pieces of text to be in and to be out."""
    within, without = ([judge.squash(piece) for piece in truth[key]] for key in ("with", "without"))
    gold: list[bool | None] = []
    for block in blocks:
        text = block.text
        unwanted = any(piece in text and (len(piece) >= TELLING or 3 * len(piece) >= len(text)) for piece in without)
        gold.append(False if unwanted else None)
    for piece in within:
        # Headings and links repeat what the text says; the longest block that has it is the text.
        holders = [i for i, block in enumerate(blocks) if piece in block.text]
        longest = max((len(blocks[i].text) for i in holders), default=0)
        for i in holders:
            gold[i] = True if len(blocks[i].text) == longest else None
    return gold


def text_gold(judge: Any, blocks: list[Block], truth: dict[str, Any]) -> list[bool | None]:
    """For truths that are the whole text. A standfirst may be in or out; a few words must be a line of their own."""
    text = truth.get("body") or "\n".join(truth["paragraphs"])
    lines = {" ".join(judge.tokens(line)) for line in text.split("\n")}
    flat = f" {' '.join(judge.tokens(text))} "
    grams = judge.shingles(text)
    lead = " ".join(judge.tokens(" ".join(truth.get("summary") or ())))
    gold: list[bool | None] = []
    for block in blocks:
        tokens = judge.tokens(block.text)
        mine = " ".join(tokens)
        inside = f" {mine} " in flat
        if not tokens or (lead and len(tokens) > 3 and mine in lead and not inside):
            gold.append(None)
        elif len(tokens) <= 5:
            gold.append(True if mine in lines else None if inside and len(tokens) > 1 else False)
        else:
            hits = [tuple(tokens[i : i + 4]) in grams for i in range(len(tokens) - 3)]
            share = 1.0 if inside else sum(hits) / len(hits)
            gold.append(True if share > 0.6 else False if share < 0.4 else None)
    return gold


def emphasis(sample: Sample) -> list[float]:
    """What each block counts: longer ones more, and pages of any length about alike."""
    raw = [1 + math.sqrt(count) for count in sample.survey.counts]
    total = sum(w for w, gold in zip(raw, sample.gold, strict=True) if gold is not None)
    return [w * CORPORA[sample.corpus] * 8 / math.sqrt(total or 1) for w in raw]


def crossed() -> np.ndarray:
    """For each feature, the column of its twin for news articles, 0 where it has none."""
    twins, column = np.zeros(traits.SIZE + WORDS, dtype=int), traits.SIZE + WORDS
    for name in scorer.CROSSED:
        start = getattr(traits.AT, name)
        for i in range(start, start + math.prod(traits.FAMILIES[name])):
            twins[i], column = column, column + 1
    return twins


WORDS = 8000  # room for the vocabulary between the families and their twins
TWINS = crossed()
COLUMNS = int(TWINS.max()) + 1


def columns(looks: traits.Looks, news: bool) -> list[int]:
    row = [i for each in looks for i in each]
    return row + [int(TWINS[i]) for i in row if TWINS[i]] if news else row


def fit(pages: list[Sample]) -> np.ndarray:
    """Weighted logistic regression over all blocks with a known answer."""
    index, starts, answers, counts = [], [0], [], []
    for page in pages:
        for looks, gold, weight in zip(page.looks, page.gold, emphasis(page), strict=True):
            if gold is not None:
                index += columns(looks, page.news)
                starts.append(len(index))
                answers.append(1.0 if gold else -1.0)
                counts.append(weight)
    x = csr_matrix((np.ones(len(index)), index, starts), shape=(len(answers), COLUMNS))
    x.data *= known(pages)[x.indices]
    y, c = np.array(answers), np.array(counts) * STRENGTH

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        margin = y * (x @ w)
        slope = -c * y / (1 + np.exp(np.clip(margin, -40, 40)))
        return float(c @ np.logaddexp(0, -margin) + w @ w / 2), x.T @ slope + w

    return minimize(loss, np.zeros(COLUMNS), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x


def known(pages: list[Sample]) -> np.ndarray:
    """1 for every feature that enough hosts of `pages` have, else 0: held-out pages name no words either."""
    needed = np.full(COLUMNS, SITES)
    needed[traits.SIZE : traits.SIZE + WORDS] = WORD_SITES
    seen: list[set[str]] = [set() for _ in range(COLUMNS)]
    for page in pages:
        for looks in page.looks:
            for column in columns(looks, page.news):
                if len(seen[column]) < needed[column]:
                    seen[column].add(page.host)
    return (np.array([len(hosts) for hosts in seen]) >= needed).astype(float)


def part(host: str, parts: int, salt: str = "") -> int:
    return int(hashlib.md5((salt + host).encode()).hexdigest(), 16) % parts


def judge_alone(pages: list[Sample], weights: np.ndarray) -> None:
    """Each block's score by itself, in the whole numbers of the scorer."""
    whole = [round(round(float(w), 3) * scorer.WHOLE) for w in weights]
    plain = whole[: traits.SIZE + WORDS]
    news = [w + (whole[TWINS[i]] if TWINS[i] else 0) for i, w in enumerate(plain)]
    for page in pages:
        page.parts = [scorer.parts_of(looks, news if page.news else plain) for looks in page.looks]


def grow(pages: list[Sample]) -> list[Any]:
    """Trees over the blocks whose score by itself is not plain, or nearly not."""
    rows, answers, counts = [], [], []
    low, high = scorer.PLAIN[0] - MARGIN, scorer.PLAIN[1] + MARGIN
    for page in pages:
        table = zip(*relations.relate(page.blocks, page.survey, page.parts).values(), strict=True)
        for row, parts, gold, weight in zip(table, page.parts, page.gold, emphasis(page), strict=True):
            if gold is not None and low < sum(parts) < high:
                rows.append(row)
                answers.append(int(gold))
                counts.append(weight)
    data = lightgbm.Dataset(np.array(rows, dtype=float), answers, weight=counts)
    models = [lightgbm.train({**GROWTH, "seed": seed}, data, TREES).dump_model() for seed in SEEDS]
    return [nested(tree["tree_structure"]) for model in models for tree in model["tree_info"]]


def names(page: Sample) -> list[str]:
    """The names of the columns that trees count from 0."""
    return list(relations.relate(page.blocks, page.survey, page.parts))


def nested(node: dict[str, Any]) -> Any:
    """A tree as the scorer reads it: [column, most that goes left, left, right], or a leaf's thousandths."""
    if "leaf_value" in node:
        return round(node["leaf_value"] * scorer.WHOLE / len(SEEDS))
    most = math.floor(node["threshold"])
    return [node["split_feature"], most, nested(node["left_child"]), nested(node["right_child"])]


def train(pages: list[Sample]) -> tuple[np.ndarray, list[Any]]:
    """The weights and the trees."""
    for hold in range(HOLD):
        held = [page for page in pages if part(page.host, HOLD, "hold") == hold]
        judge_alone(held, fit([page for page in pages if part(page.host, HOLD, "hold") != hold]))
    return fit(pages), grow(pages)


def report(judge: Any, pages: list[Sample]) -> None:
    for corpus in CORPORA:
        marks = []
        for page in pages:
            if page.corpus == corpus:
                kept = [b.text for b, s in zip(page.blocks, page.scores, strict=True) if s > 0]
                marks.append(judge.judge(page.truth, {"body": "\n\n".join(kept)}))
        figures = {k: v for k, v in judge.summary(marks).items() if k.startswith(("body", "seg"))}
        line = "  ".join(f"{k} {v:.4f}" for k, v in figures.items())
        print(f"{corpus:10s} {len(marks):4d} pages  {line}", flush=True)


def apply(pages: list[Sample], weights: np.ndarray, trees: list[Any]) -> None:
    judge_alone(pages, weights)
    for page in pages:
        page.scores = scorer.judge(page.blocks, page.survey, page.parts, [scorer.tuples(tree) for tree in trees])


def check(judge: Any, pages: list[Sample], folds: int) -> None:
    """Score every page by weights that never saw its site."""
    for fold in range(folds):
        held = [page for page in pages if part(page.host, folds) == fold]
        apply(held, *train([page for page in pages if part(page.host, folds) != fold]))
    report(judge, pages)


def families(weights: np.ndarray, words: int) -> dict[str, list[float]]:
    """The weights by family, rounded; a family's twin for news is "news NAME"."""
    rounded = [round(float(w), 3) + 0.0 for w in weights]
    out = {}
    for name, sizes in traits.FAMILIES.items():
        start = getattr(traits.AT, name)
        span = range(start, start + math.prod(sizes))
        out[name] = [rounded[i] for i in span]
        if name in scorer.CROSSED:
            out[f"news {name}"] = [rounded[TWINS[i]] for i in span]
    out = {name: values for name, values in out.items() if any(values)}
    return {**out, "word": rounded[traits.SIZE : traits.SIZE + words]}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--check", type=int, metavar="FOLDS")
    options = arguments.parse_args()
    judge = load_judge(options.folder)
    pages = samples(judge, options.folder)
    words = vocabulary(pages)
    assert len(words) < WORDS
    for page in pages:
        page.looks = traits.look(page.blocks, page.survey, words)
    if options.check:
        check(judge, pages, options.check)
        return
    weights, trees = train(pages)
    learned = {"words": list(words), "weights": families(weights, len(words)), "columns": names(pages[0]), "trees": trees}
    OUT.write_text(json.dumps(learned, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    apply(pages, weights, trees)
    print(f"{len(pages)} pages, {sum(len(p.blocks) for p in pages)} blocks -> {OUT}; on the pages learned from:")
    report(judge, pages)


if __name__ == "__main__":
    main()
