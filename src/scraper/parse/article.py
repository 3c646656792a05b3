"""Puts the fields together: Page -> Article."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import msgspec

from scraper.model import NO_RULES, Article, Found, Page, Rules, Source
from scraper.parse import (
    access,
    authors,
    body,
    category,
    extras,
    headline,
    image,
    kind,
    labels,
    language,
    number,
    paywall,
    site,
    summary,
    when,
)
from scraper.parse.document import Document
from scraper.parse.ladder import Step, climb, climb_all
from scraper.urls import BadUrl, article_id, canonical

_LINE = 100  # characters; a longer standfirst is the article's first paragraph as well
HASHED = ("headline", "date", "time", "category", "number", "body")  # what makes a revision

# Fields that are one value, found by climbing a ladder. The site's own rule comes first in each.
LADDERS: dict[str, tuple[Step, ...]] = {
    "headline": headline.STEPS,
    "number": number.STEPS,
    "category": category.STEPS,
    "authors": authors.STEPS,
    "language": language.STEPS,
    "image": image.STEPS,
    "tags": extras.TAGS,
}
# The steps for a site's rule of fields whose values have a form of their own.
OWN: dict[str, Step] = {"language": language.language_from_site, "image": image.image_from_site}
LISTS = ("authors", "tags")

Climb = Callable[[Document, Sequence[Step]], tuple[Found, ...]]


@functools.cache
def version() -> str:
    """The package's version: part of every record."""
    return metadata.version("scraper")


def parse(page: Page, rules: Rules = NO_RULES) -> Article:
    """The article that `page` holds, by the site's `rules` first. Never raises for what a page contains."""
    return _read(page, rules, _climb_first)


def explain(page: Page, rules: Rules = NO_RULES) -> Article:
    """As `parse`, with every candidate of every field and why it lost in `evidence`. Slower: all steps are run."""
    return _read(page, rules, climb_all)


def _climb_first(doc: Document, steps: Sequence[Step]) -> tuple[Found, ...]:
    """The winner alone, or nothing."""
    found = climb(doc, steps)
    return (found,) if found else ()


def _read(page: Page, rules: Rules, climber: Climb) -> Article:
    """Every field in turn; the body last, since reading it takes the tree apart."""
    if page.fetched_at and not 1000 <= page.fetched_at.year < 9999:  # no day can be reckoned from such a clock
        page = replace(page, fetched_at=None)
    doc = Document(page, rules)
    doc.labels = labels.find(doc)
    missed = {name: site.misses(doc, name) for name in rules.fields} if climber is climb_all else {}
    title = headline.headline(doc)
    doc.headline = title.value if title else None
    found = {name: _ladder(doc, name, steps, climber) for name, steps in LADDERS.items()}
    stamp = when.when(doc, full=climber is climb_all)
    found["number"] = number.but_the_day(found["number"], stamp.date)
    kind.survey(doc, stamp, doc.headline)
    url, declared = _addresses(doc)
    free = access.is_declared_free(doc)
    walls, marked = ([], False) if free else (paywall.find(doc), paywall.is_marked(doc))
    described = climb_all(doc, (site.from_site("summary"), *summary.STEPS))
    doc.memo["authors"] = found["authors"][0].value if found["authors"] else ()
    found["body"] = _own_text(doc) or _without(described, body.body(doc, doc.headline))
    text, wall = paywall.cut(doc, found["body"][0].value, walls) if found["body"] else (None, None)
    if text and wall and found["body"][0].source != "site":
        found["body"] = (replace(found["body"][0], value=text), *found["body"][1:])
    found["summary"], idle = summary.apart(described, text, doc)
    readers, issues = access.access(doc, text, wall, marked)
    is_article, refusal, reasons = kind.kind(doc, text, stamp, doc.headline, full=climber is climb_all)
    values: dict[str, Any] = {name: candidates[0].value if candidates else None for name, candidates in found.items()}
    values.update(dict.fromkeys((n for n in LISTS if values[n] is None), ()))
    sources: dict[str, Source] = {name: c[0].source for name, c in found.items() if c}
    ground = access.ground(doc, wall, marked)
    if ground:
        sources["access"] = ground.source
    told = {
        **found,
        "summary": found["summary"] + idle,
        "access": (ground,) if ground else (),
        "date": stamp.evidence,
        "is_article": reasons,
    }
    doc.memo.clear()  # some of it refers to the document: a cycle would keep the tree until the collector runs
    return Article(
        id=article_id(declared),
        site=rules.site or doc.host,
        url=url,
        canonical_url=declared,
        date=stamp.date,
        time=stamp.time,
        utc_offset=stamp.utc_offset,
        published_at=stamp.published_at,
        modified_at=stamp.modified_at,
        access=readers,
        fetched_at=_instant(page.fetched_at),
        content_hash=_hash(values, stamp),
        sources=dict(sorted({**sources, **stamp.sources}.items())),
        issues=tuple(dict.fromkeys((*stamp.issues, *issues, *(() if is_article else ("not-an-article",))))),
        parser_version=version(),
        is_article=is_article,
        refusal=refusal,
        evidence={} if climber is _climb_first else told | {n: told.get(n, ()) + lost for n, lost in missed.items()},
        **values,
    )


def _ladder(doc: Document, name: str, steps: Sequence[Step], climber: Climb) -> tuple[Found, ...]:
    """One field's candidates, the winner first; a site's rule for a list takes all its matches."""
    if name in LISTS and (own := site.founds(doc, name)):
        return (Found(tuple(f.value for f in own), "site", "; ".join(f.raw for f in own), own[0].path),)
    if name == "headline" and climber is _climb_first:
        steps = (headline.headline,)  # which is known by now
    return climber(doc, (OWN.get(name) or site.from_site(name), *steps))


def _own_text(doc: Document) -> tuple[Found, ...]:
    """The body by the site's rule: every match is a paragraph, or holds several."""
    own = site.founds(doc, "body")
    return (Found("\n\n".join(f.value for f in own), "site", own[0].raw, own[0].path),) if own else ()


def _without(summary: tuple[Found, ...], found: Found | None) -> tuple[Found, ...]:
    """The body without the line that the page marks as its standfirst: that is the summary's."""
    if found is None:
        return ()
    first, _, rest = found.value.partition("\n\n")
    if rest and len(first) < _LINE and summary and summary[0].source == "markup" and first == summary[0].value:
        found = replace(found, value=rest)
    return (found,)


def _addresses(doc: Document) -> tuple[str, str]:
    """(url, canonical_url); a page whose address is not known has the one that it declares, else none."""
    try:
        url = canonical(doc.url)
    except BadUrl:
        url = ""
    return url, extras.canonical_url(doc) or url


def _hash(values: dict[str, Any], stamp: when.Stamp) -> str:
    """SHA-256 over what a reader would call the article."""
    parts = {**values, "date": stamp.date, "time": stamp.time}
    return hashlib.sha256(msgspec.json.encode([parts[name] for name in HASHED])).hexdigest()


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
