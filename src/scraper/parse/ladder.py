"""A field is a tuple of steps read top to bottom; the first that finds something wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from scraper.model import Found
from scraper.parse.document import Document

Step = Callable[[Document], Found | None]


def climb(doc: Document, steps: Sequence[Step]) -> Found | None:
    """The first step's find, or None. Steps below the winner are not run."""
    for step in steps:
        found = step(doc)
        if found is not None:
            return found
    return None


def climb_all(doc: Document, steps: Sequence[Step]) -> tuple[Found, ...]:
    """Every step's find, the winner first; the others say what they lost to. For explain()."""
    found = [f for step in steps if (f := step(doc)) is not None]
    return tuple(
        f if i == 0 else replace(f, lost=f.lost or f"{found[0].source} comes first") for i, f in enumerate(found)
    )
