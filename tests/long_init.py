"""How well `scraper init` learns a site: on the newsroom, and on real sites of which two or more pages are at hand.

    python tests/long_init.py [--only HOST] [--rules] [--all]

Of each site one page in turn is kept out. The others are marked with their known values, a section is drafted from them
and loaded, and the page that was kept out is read by it. `--rules` seeks a rule even where the parser needs none, which
tests the search for selectors alone. Prints site, field, pages kept out, how many are right with the draft and how many
without it, and what was wrong.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scraper import cli, config
from scraper.draft import section
from scraper.draft.marks import Sample, same, value_of
from scraper.draft.propose import propose
from scraper.model import NO_RULES, Article, Page, Rules
from scraper.parse.article import parse

ROOT = Path(__file__).resolve().parents[1]
NEWSROOM = ROOT / "fixtures" / "newsroom"
CORPORA = ROOT.parent / "shared" / "eval" / "corpora"
SITES = 20
SAMPLED = 5  # pages marked for one draft
NEWSROOM_FIELDS = ("number", "category", "headline", "date", "time")


@dataclass(frozen=True)
class Known:
    """A page and what is known to be right: any of several values for each field, the first one as the mark."""

    page: Page
    fields: Mapping[str, Sequence[str]]

    def sample(self) -> Sample:
        return Sample(self.page.url, self.page, {name: values[0] for name, values in self.fields.items()})


def corpus_sites() -> dict[str, list[Known]]:
    """Hosts with the most known pages first; a page that stands in two corpora counts once."""
    found: dict[str, dict[str, Known]] = defaultdict(dict)
    for truth in sorted(CORPORA.glob("*/truth.jsonl")):
        for line in truth.read_text("utf-8").splitlines():
            row = json.loads(line)
            host = (urlsplit(row.get("url") or "").hostname or "").removeprefix("www.")
            fields = known_fields(row)
            if fields and host and host != "web.archive.org" and row.get("kind") in (None, "article"):
                body = gzip.decompress((truth.parent / "pages" / f"{row['id']}.html.gz").read_bytes())
                page = Page(row["url"], row["url"], 200, (), body, None)
                found[host].setdefault(row["url"].partition("?")[0], Known(page, fields))
    several = {host: list(pages.values()) for host, pages in found.items() if len(pages) > 1}
    return dict(sorted(several.items(), key=lambda item: (-len(item[1]), item[0])))


def known_fields(row: dict[str, Any]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    if row.get("headline"):
        fields["headline"] = [row["headline"]]
    if row.get("day"):
        fields["date"] = [row["day"]]
    if row.get("published"):
        at = datetime.fromisoformat(row["published"])
        days = [at.date(), *([at.astimezone(UTC).date()] if at.tzinfo else [])]
        fields["date"] = [day.isoformat() for day in days]
    if row.get("authors"):
        fields["authors"] = ["; ".join(row["authors"])]
    return fields


def newsroom_sites() -> dict[str, list[Known]]:
    """The newsroom's pages as one site, and each of its languages as one, since their labels differ."""
    found: dict[str, list[Known]] = defaultdict(list)
    for file in sorted(NEWSROOM.glob("expected/*.json")):
        record = json.loads(file.read_text("utf-8"))
        path = record["url"].strip("/")
        page = NEWSROOM / "pages" / f"{path}.html"
        url = f"http://newsroom.example/{path}/"
        kind = "text/html; charset=windows-1251" if path == "ru/yarmarka-myoda" else "text/html"
        known = Known(
            Page(url, url, 200, (("Content-Type", kind),), page.read_bytes(), None),
            {name: [record[name]] for name in NEWSROOM_FIELDS if record[name]},
        )
        found["newsroom"].append(known)
        found[f"newsroom {path[:2]}"].append(known)
    return dict(found)


def rounds(pages: Sequence[Known]) -> Iterator[tuple[list[Known], Known]]:
    """(pages to learn from, page kept out): each page in turn; the learners are the ones behind it, in a circle."""
    for at, kept in enumerate(pages):
        yield [*pages[at + 1 :], *pages[:at]][:SAMPLED], kept


def loaded(name: str, proposals: Any) -> Rules:
    """The rules of the drafted section, as a configuration gives them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "config.toml")
        lines = section.lines(re.sub(r"\W+", "-", name), ["https://site.example/"], proposals)
        assert len(lines) <= section.MOST, lines
        file.write_text("\n".join(lines) + "\n", "utf-8")
        [site] = config.load(file).sites.values()
        return Rules(fields=site.rules().fields)


def measure(name: str, pages: Sequence[Known], rules_wanted: bool) -> tuple[dict[str, Counter[str]], list[str]]:
    """Per field: pages kept out, right with the draft, right without, drafts with a rule; and what was wrong."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    wrong = []
    for learners, kept in rounds(pages):
        proposals = propose([known.sample() for known in learners], built_in=not rules_wanted)
        rules = loaded(name, proposals)
        drafted, bare = parse(kept.page, rules), parse(kept.page, NO_RULES)
        for proposal in (each for each in proposals if each.field in kept.fields):
            field, values = proposal.field, kept.fields[proposal.field]
            right = is_right(field, values, drafted)
            counts[field].update(kept=1, right=right, bare=is_right(field, values, bare), rules=bool(proposal.rule))
            if not right:
                got = value_of(drafted, field)
                wrong.append(f"  {kept.page.url}: {field}: {values[0]!r}, got {got!r} by {section.rule(proposal)!r}")
    return counts, wrong


def is_right(field: str, values: Sequence[str], article: Article) -> bool:
    return any(same(field, value, value_of(article, field), article.language) for value in values)


def served() -> str:
    """The command itself on the newsroom's server: three pages marked, every other article read by the draft."""
    spec = importlib.util.spec_from_file_location("newsroom_serve", NEWSROOM / "serve.py")
    assert spec and spec.loader
    serve = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = serve
    spec.loader.exec_module(serve)
    pages = newsroom_sites()["newsroom"]
    with serve.serving() as site, tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "config.toml")
        file.write_text('[fetch]\ndelay = 0.0\nallow_networks = ["127.0.0.0/8"]\n')
        urls = {known.page.url: known.page.url.replace(serve.ORIGIN, site.url) for known in pages[::13]}
        marks = [
            f"--mark={urls[known.page.url]}:{field}={values[0]}"
            for known in pages[::13]
            for field, values in known.fields.items()
        ]
        assert cli.outcome(["init", *urls.values(), *marks, "--to", str(file)]) == 0
        assert cli.outcome(["check", "-c", str(file)]) == 0
        [drafted] = config.load(file).sites.values()
    kept = [known for known in pages if known.page.url not in urls]
    read = [
        (field, values, parse(known.page, drafted.rules())) for known in kept for field, values in known.fields.items()
    ]
    right = sum(is_right(field, values, article) for field, values, article in read)
    return f"newsroom by its server: {right} of {len(read)} marked fields are right on {len(kept)} pages kept out"


def main() -> int:
    options = argparse.ArgumentParser(description="How well scraper init learns a site.")
    options.add_argument("--only", help="one site")
    options.add_argument("--rules", action="store_true", help="seek rules even where the parser needs none")
    options.add_argument("--all", action="store_true", help="the real sites with two pages as well")
    asked = options.parse_args()
    sites = dict(newsroom_sites())
    if CORPORA.is_dir():
        real = corpus_sites()
        enough = sum(len(pages) > 2 for pages in real.values())
        print(f"{enough} real sites with three or more pages, {len(real) - enough} with two")
        sites.update(list(real.items())[: None if asked.all else max(SITES, enough)])
    else:
        print("NOT RUN on real pages: they are not beside this tree")
    total: dict[str, Counter[str]] = defaultdict(Counter)
    print(f"{'site':32} {'field':9} kept-out right without-draft rules")
    for name, pages in sites.items():
        if asked.only not in (None, name):
            continue
        counts, wrong = measure(name, pages, asked.rules)
        for field, count in counts.items():
            print(f"{name:32} {field:9} {count['kept']:8} {count['right']:5} {count['bare']:13} {count['rules']:5}")
            total[f"{'newsroom' if name.startswith('newsroom') else 'real sites'}: {field}"].update(count)
        print("\n".join(wrong), end="\n" if wrong else "")
    for what, sums in total.items():
        print(f"{what}: {sums['right']} of {sums['kept']} pages kept out are right, {sums['bare']} without the draft")
    print(f"every draft loaded; {served()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
