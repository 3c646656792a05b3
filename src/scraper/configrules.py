"""What a rule in [sites.NAME.fields] may be beyond its single keys: formats, and which keys go together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scraper import configvalues as values
from scraper.configvalues import Around, Reader, Wrong, collect, shown, wrong
from scraper.model import FieldRule

_DATED = ("date", "time", "modified_at")
_FOR_CSS = ("attribute", "remove", "regex", "transform", "format")
_CONSTANTS: Mapping[str, Reader[Any]] = {"language": values.language, "image": values.url}


def strptime(value: Any, around: Around) -> str:
    """A format of datetime.strptime."""
    try:
        datetime.strptime("", values.text(value, around))
    except ValueError as error:
        if isinstance(error, Wrong):
            raise
        if "does not match" in str(error) and "%" in value:
            return str(value)
    except re.error:  # of the pattern that strptime makes of the format: two groups of one name
        raise Wrong(((), f"expected each part once in a strptime format, found {shown(value)}")) from None
    raise wrong('a strptime format such as "%d.%m.%Y %H:%M"', value)


def check(field: str, rule: FieldRule, around: Around) -> None:
    """Raises Wrong for keys that would be passed over, and for a format that leaves a part to be made up."""
    if bool(rule.css) == (rule.constant is not None):
        raise Wrong(((), 'expected either "css" or "constant"'))
    idle = [f'"{key}"' for key in _FOR_CSS if getattr(rule, key)]
    if rule.constant is not None and idle:
        raise Wrong(((), f'"constant" is taken as it stands; leave out {", ".join(idle)}'))
    if rule.constant is not None and field in _CONSTANTS:
        collect({"constant": (_CONSTANTS[field], rule.constant)}, around)
    if rule.format:
        _check_format(field, rule.format)


def _check_format(field: str, pattern: str) -> None:
    if field not in _DATED:
        raise Wrong((("format",), f"only {', '.join(_DATED)} are read by a format; take regex or transform"))
    named = set(re.findall("%(.)", pattern))
    if field == "time" and named.isdisjoint("HIcXTR"):
        raise Wrong((("format",), f'expected an hour, such as "%H:%M", found {shown(pattern)}'))
    if field != "time" and not _has_day(named):
        wanted = f'expected day, month and year, such as "%d.%m.%Y", found {shown(pattern)}'
        raise Wrong((("format",), f"{wanted}; leave the format out where the page prints less"))


def _has_day(named: set[str]) -> bool:
    """Whether the directives of strptime give a whole day; what is missing it fills up from 1 January 1900."""
    in_week = not named.isdisjoint("aAwu")
    if not named.isdisjoint("GV"):
        return in_week and named >= {"G", "V"}
    in_year = "j" in named or ("d" in named and not named.isdisjoint("mbB")) or (in_week and not named.isdisjoint("UW"))
    return not named.isdisjoint("cxDF") or (in_year and not named.isdisjoint("yY"))
