"""Records to bytes. A writer is a row of WRITERS, chosen by the configuration's format and compression."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scraper.write import jsonl


@dataclass(frozen=True, slots=True)
class Writer:
    """What output files are called and how a batch of records becomes bytes that may be put behind one another."""

    suffix: str  # of the file name, with its dot
    encode: Callable[[Sequence[Mapping[str, Any]]], bytes]


WRITERS: Mapping[tuple[str, str], Writer] = {
    ("jsonl", "none"): Writer(".jsonl", jsonl.lines),
    ("jsonl", "gzip"): Writer(".jsonl.gz", jsonl.gzip_member),
}
