"""Step 0 of each field: what a site's own section of config.toml says."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from selectolax.lexbor import LexborNode

from scraper.model import FieldRule, Found
from scraper.parse.document import Document
from scraper.parse.ladder import Step
from scraper.parse.number import digits
from scraper.parse.text import clean

TRANSFORMS: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "digits": lambda text: "".join(re.findall(r"\d", text)),
    "first_line": lambda text: text.strip().split("\n", 1)[0],
    "strip": str.strip,
}

_HAS_TIME = re.compile(r"%-?[HIMSfcXsT]")
_HAS_DAY = re.compile(r"%-?[djcxDFsyY]")


def from_site(field: str) -> Step:
    """The step that applies the site's rule for `field`; finds nothing where there is no rule or no match."""

    def step(doc: Document) -> Found | None:
        return next(iter(founds(doc, field)), None)

    return step


def founds(doc: Document, field: str) -> list[Found]:
    """Every value that the site's rule for `field` finds: the matches of the first selector that has any."""
    rule = doc.rules.fields.get(field)
    if rule is None:
        return []
    if rule.constant is not None:
        return [Found(rule.constant, "site", rule.constant, "constant")]
    for css in rule.css:
        found = [
            Found(value, "site", raw, css)
            for raw, value in (_apply(field, rule, n) for n in doc.tree.css(css))
            if value
        ]
        if found:
            return found
    return []


def _apply(field: str, rule: FieldRule, node: LexborNode) -> tuple[str, str]:
    """(raw text, value) of one matched node; value is empty where the rule's pattern does not fit."""
    removed = [part for css in rule.remove for part in node.css(css)]
    if rule.attribute:
        raw = node.attributes.get(rule.attribute) or ""
    elif removed:
        copy = node.clone()
        for css in rule.remove:
            for part in copy.css(css):
                part.decompose()
        raw = copy.text(separator=" ")
    else:
        raw = node.text(separator=" ")
    value = raw
    if rule.regex:
        match = re.search(rule.regex, value)
        value = (match[1] if match.re.groups else match[0]) if match else ""
    for name in rule.transform:
        value = TRANSFORMS[name](value)
    value = clean(value)
    if rule.format and value:
        value = _reformat(value, rule.format)
    return clean(raw), digits(value) if field == "number" else value


def _reformat(value: str, pattern: str) -> str:
    """`value` read by a strptime pattern, as ISO 8601 with no more than that reads; empty where it does not fit."""
    try:
        moment = datetime.strptime(value, pattern)
    except ValueError:
        return ""
    if not _HAS_DAY.search(pattern):
        return moment.time().isoformat()
    return moment.isoformat() if _HAS_TIME.search(pattern) else moment.date().isoformat()
