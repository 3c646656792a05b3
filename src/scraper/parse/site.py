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

_WORD = re.compile(r"\w+")
_ENDING = re.compile(r"['’](?:S|T|D|M|Ll|Re|Ve)\b")  # of an English word: "Women's", and not "Women'S"; but "O'Connor"

TRANSFORMS: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "title": lambda text: _ENDING.sub(lambda end: end[0].lower(), _WORD.sub(lambda word: word[0].capitalize(), text)),
    "digits": lambda text: "".join(re.findall(r"\d", text)),
    "first_line": lambda text: text.strip().split("\n", 1)[0],
    "strip": str.strip,
}

# With these a new line begins on the page; the line ends of the source are blanks there, but for what stands as it is.
_SEAM = re.compile(
    "address|article|aside|blockquote|br|d[dlt]|details|div|fieldset|figcaption|figure|footer|form|h[1-6r]|header|li|main|nav"
    "|[ou]l|p|pre|section|summary|table|tr"
)
_AS_IT_IS = frozenset(("pre", "textarea"))
_SILENT = frozenset(("script", "style", "template"))
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


def misses(doc: Document, field: str) -> tuple[Found, ...]:
    """Why the site's rule for `field` found nothing, a candidate for each selector; none where it did."""
    rule = doc.rules.fields[field]
    if founds(doc, field):
        return ()
    found = []
    for css in rule.css:
        nodes = doc.tree.css(css)
        raw = _apply(field, rule, nodes[0])[0] if nodes else ""
        said = "its attribute, regex, transform and format leave nothing of that" if raw else "it is empty"
        found.append(Found(raw, "site", raw, css, said if nodes else "nothing on the page matches the rule"))
    return tuple(found)


def _apply(field: str, rule: FieldRule, node: LexborNode) -> tuple[str, str]:
    """(raw text, value) of one matched node; value is empty where the rule's pattern does not fit."""
    value = raw = _text(rule, node)
    if rule.regex:
        match = re.search(rule.regex, value)
        groups = (match.groups() or (match[0],)) if match else ()
        value = next((group for group in groups if group is not None), "")
    for name in rule.transform:
        value = TRANSFORMS[name](value)
    value = clean(value)
    if rule.format and value:
        value = _reformat(value, rule.format)
    return clean(raw), digits(value) if field == "number" else value


def _text(rule: FieldRule, node: LexborNode) -> str:
    """What a rule reads of a matched node; a line for each that the page shows, where the first one is wanted."""
    if rule.attribute:
        return node.attributes.get(rule.attribute) or ""
    if any(node.css(css) for css in rule.remove):
        node = node.clone()
        for part in (part for css in rule.remove for part in reversed(node.css(css))):  # inner ones first
            part.decompose()
    return _in_lines(node) if "first_line" in rule.transform else node.text(separator=" ")


def _in_lines(node: LexborNode) -> str:
    pieces: list[str] = []
    waiting: list[LexborNode | str] = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            pieces.append(each)
        elif each.is_text_node:
            text, parent = each.text(), each.parent
            pieces.append(text if parent is not None and parent.tag in _AS_IT_IS else re.sub(r"\s", " ", text))
        elif each.tag not in _SILENT:
            seam = "\n" if _SEAM.fullmatch(each.tag or "") else ""
            waiting += [seam, *reversed(list(each.iter(include_text=True))), seam]
    return "".join(pieces)


def _reformat(value: str, pattern: str) -> str:
    """`value` read by a strptime pattern, as ISO 8601 with no more than that reads; empty where it does not fit."""
    try:
        moment = datetime.strptime(value, pattern)
    except ValueError:
        return ""
    if not _HAS_DAY.search(pattern):
        return moment.time().isoformat()
    return moment.isoformat() if _HAS_TIME.search(pattern) else moment.date().isoformat()
