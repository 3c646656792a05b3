"""Learn src/scraper/data/kindweights.json from saved pages whose kind is known.

    python scripts/train_kind.py FOLDER

FOLDER holds corpora/NAME/truth.jsonl and corpora/NAME/pages/ID.html.gz. Pages of a corpus whose truth has `kind` are
articles or not by it; the corpora of news articles count as articles, but the threshold is set by the pages with a
kind: articles of every sort, and harder to tell than news. Each page is learned from once more without its JSON-LD and
<meta>, so that the weights do not lean on those alone: many a page declares nothing. Logistic regression with a
quadratic penalty, by full gradient steps: the same pages give the same weights. Prints the shares kept and refused on
hosts left out.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import pathlib
import re
from urllib.parse import urlsplit

from scraper.model import NO_RULES, Page
from scraper.parse import labels
from scraper.parse.document import Document
from scraper.parse.headline import headline
from scraper.parse.kind import built, declared
from scraper.parse.when import when

OUT = pathlib.Path(__file__).parents[1] / "src/scraper/data/kindweights.json"
ARTICLES = {"newsrooms": 1.0, "aeb": 1.0, "bodies": 1.0, "segments": 0.3}  # weight of a page
BARE = 0.25  # weight of a page read once more without what it declares
# JSON-LD, and every <meta> but the one that names the charset.
DECLARED = re.compile(rb"<script[^>]*ld\+json[^>]*>.*?</script>|<meta(?![^>]*charset)[^>]*>", re.DOTALL | re.IGNORECASE)
FOLDS, STEPS, RATE, PENALTY = 5, 400, 1.2, 0.002
KEPT = 0.98  # share of the articles with a kind that the last threshold must keep: a lost one is worse than a listing
PASSED = 0.04  # share of other pages that may pass by what they declare alone


def rows(folder: pathlib.Path):
    for path in sorted(folder.glob("corpora/*/truth.jsonl")):
        corpus = path.parent.name
        for line in path.read_text("utf-8").splitlines():
            truth = json.loads(line)
            if "kind" not in truth and corpus not in ARTICLES:
                continue
            html = gzip.decompress((path.parent / "pages" / f"{truth['id']}.html.gz").read_bytes())
            is_article, weight = truth.get("kind", "article") == "article", ARTICLES.get(corpus, 1.0)
            for form, share in ((html, 1.0), (DECLARED.sub(b"", html), BARE)):
                quick, full = features(truth["url"], form)
                yield quick, full, is_article, weight * share, fold(truth["url"]), "kind" in truth, share == 1.0


def features(url: str, html: bytes):
    """What a page declares, and that with how it is built."""
    doc = Document(Page(url, url, 200, (), html, None), NO_RULES)
    doc.labels = labels.find(doc)
    title = headline(doc)
    quick = declared(doc, when(doc), title.value if title else None)
    return quick, quick | built(doc)


def fold(url: str) -> int:
    return hashlib.sha256((urlsplit(url).hostname or "").removeprefix("www.").encode()).digest()[0] % FOLDS


def learn(data):
    """(weights, bias) of the data, by gradient descent."""
    names = sorted({name for found, *_ in data for name in found})
    place = {name: i for i, name in enumerate(names)}
    sparse = [
        ([(place[n], v) for n, v in found.items()], float(is_article), weight) for found, is_article, weight, *_ in data
    ]
    total = sum(weight for *_, weight in sparse)
    w, bias = [0.0] * len(names), 0.0
    velocity, push = [0.0] * len(names), 0.0
    for _ in range(STEPS):
        slope, lean = [PENALTY * x for x in w], 0.0
        for items, truth, weight in sparse:
            z = bias + sum(w[i] * v for i, v in items)
            error = (1 / (1 + math.exp(-max(-30.0, min(30.0, z)))) - truth) * weight / total
            lean += error
            for i, v in items:
                slope[i] += error * v
        push = 0.9 * push - RATE * lean / 4
        bias += push
        for i, g in enumerate(slope):
            velocity[i] = 0.9 * velocity[i] - RATE * g / 4
            w[i] += velocity[i]
    return dict(zip(names, w, strict=True)), bias


def score(found, weights, bias):
    return bias + sum(weights.get(name, 0.0) * value for name, value in found.items())


def left_out(data):
    """(scores, rows) of every page as it is, by weights learned without its host's fold."""
    asis = [row for row in data if row[5]]
    scores = [0.0] * len(asis)
    for k in range(FOLDS):
        weights, bias = learn([row for row in data if row[3] != k])
        for i, row in enumerate(asis):
            if row[3] == k:
                scores[i] = score(row[0], weights, bias)
    return scores, asis


def rounded(data, threshold: float):
    weights, bias = learn(data)
    kept = {name: round(x, 4) for name, x in weights.items() if abs(x) > 5e-4}
    return {"bias": round(bias, 4), "threshold": round(threshold, 4), "weights": kept}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    data = list(rows(parser.parse_args().folder))
    quick = [(q, *rest) for q, _, *rest in data]
    full = [(f, *rest) for _, f, *rest in data]
    (fast, pages), (slow, _) = left_out(quick), left_out(full)
    others = sorted((s for s, row in zip(fast, pages, strict=True) if not row[1]), reverse=True)
    sure = others[int(len(others) * PASSED)]
    passed = [s > sure for s in fast]
    articles = [s if not p else math.inf for s, p, row in zip(slow, passed, pages, strict=True) if row[1] and row[4]]
    threshold = sorted(articles)[int(len(articles) * (1 - KEPT))]
    kept = sum(s >= threshold for s in articles) / len(articles)
    low = sum(not p and s < threshold for s, p, row in zip(slow, passed, pages, strict=True) if not row[1])
    early = sum(s == math.inf for s in articles) / len(articles)
    print(
        f"{len(pages)} pages; hosts left out: articles kept {kept:.3f} ({early:.3f} by what they declare alone), ",
        end="",
    )
    print(f"others refused {low / len(others):.3f}")
    table = {"declared": rounded(quick, sure), "all": rounded(full, threshold)}
    OUT.write_text(json.dumps(table, indent=0, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
