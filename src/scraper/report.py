"""What a run says about itself: progress while it goes, its balance at the end. All of it goes to stderr.

Whatever a page, a server or a URL brought along is escaped before it is shown.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from scraper.model import WORDS, Outcome

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from scraper.pipeline import Event
    from scraper.wiring import RunResult

LINE_EVERY = 10.0  # seconds between two plain progress lines
NAMED_FAILURES = 20  # failed URLs named one by one; the table counts them all

# C0, DEL, C1, marks that turn the direction of text (UAX 9), line separators, surrogates, tags, the byte order mark.
# Joiners (U+200C, U+200D) stay: Persian and Indic words need them.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")


def escape(text: str, width: int = 2000) -> str:
    """The text on one line of at most `width` characters, without anything a terminal or log would act on."""
    cut = text if len(text) <= width else text[: width - 1] + "…"
    return _USERINFO.sub("***@", _UNSAFE.sub(_spelt, cut))


def _spelt(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


# --- while it goes --------------------------------------------------------------------------------------------------


class Progress:
    """Shows a run as it goes: a bar on a terminal, else a line every ten seconds. Use it as a context."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._shown_at = clock()
        self._words: Counter[str] = Counter()
        self._discovered = 0
        self._last = ""
        self._bar: Bar | None = None
        self._context: AbstractContextManager[object] = nullcontext()
        self.failures: list[Outcome] = []  # the first ones

    def __enter__(self) -> Progress:
        if self._stream.isatty():
            self._bar = self._context = _bar(self._stream)
            self._bar.add_task("", total=None, last="")
        self._context.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._context.__exit__(None, None, None)

    def __call__(self, event: Event) -> None:
        self._count(event)
        if self._bar is not None:
            task, done = self._bar.task_ids[0], self._words.total()
            self._bar.update(task, completed=done, total=self._discovered, description=self._counts(), last=self._last)
        elif self._clock() - self._shown_at >= LINE_EVERY:
            self._shown_at = self._clock()
            counts = self._counts()
            self._say(f"{self._words.total()} of {self._discovered} pages{f': {counts}' if counts else ' so far'}")

    def _count(self, event: Event) -> None:
        self._discovered += event.discovered is not None
        if event.outcome is None:
            return
        self._words[event.outcome.word] += 1
        self._last = escape((event.article and event.article.headline) or event.outcome.url, 60)
        if event.outcome.word == "failed" and len(self.failures) < NAMED_FAILURES:
            self.failures.append(event.outcome)

    def _counts(self) -> str:
        return ", ".join(f"{word} {self._words[word]}" for word in WORDS if self._words[word])

    def _say(self, line: str) -> None:
        with suppress(OSError):  # words never stop a run
            if self._bar is not None:
                self._bar.console.print(line, markup=False, highlight=False)
            else:
                print(line, file=self._stream, flush=True)


def _bar(stream: TextIO) -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as RichBar
    from rich.table import Column

    # markup=False: a title such as "[red]" is text.
    last = TextColumn("{task.fields[last]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    counts = TextColumn("{task.description}", markup=False)
    return RichBar(BarColumn(), MofNCompleteColumn(), counts, last, console=Console(file=stream), transient=True)


# --- at the end -----------------------------------------------------------------------------------------------------


def summary(result: RunResult, failures: Iterable[Outcome] = (), folder: Path | None = None) -> list[str]:
    """The closing lines of a run; the balance is the last one."""
    lines = [f"problem: {escape(problem)}" for problem in result.problems]
    lines += [f"failed: {_failure(outcome)}" for outcome in failures]
    lines += _table(result.reasons)
    if result.interrupted:
        lines.append("interrupted: what is counted here is on disk; the same command goes on from here")
    lines.append(_where(result, folder))
    return [*lines, balance(result)]


def balance(result: RunResult) -> str:
    """`discovered 36 = stored 30 + updated 0 + unchanged 0 + skipped 4 + refused 1 + failed 1`"""
    counts: dict[str, int] = {word: result.balance.get(word, 0) for word in WORDS}
    if left := result.discovered - sum(result.balance.values()):  # after an interruption
        counts["pending"] = left
    return f"discovered {result.discovered} = " + " + ".join(f"{word} {count}" for word, count in counts.items())


def _failure(outcome: Outcome) -> str:
    return escape(" ".join(filter(None, (outcome.url, outcome.reason, outcome.detail and f"({outcome.detail})"))))


def _table(reasons: Sequence[tuple[str, str, str | None, int]]) -> list[str]:
    """Site, word, reason and count, in columns; sites by name, words in the order of the balance."""
    order: dict[str, int] = {word: index for index, word in enumerate(WORDS)}
    rows = sorted(reasons, key=lambda row: (row[0], order.get(row[1], 9), -row[3], row[2] or ""))
    shown = [(escape(site, 40), word, escape(reason or "", 60), str(count)) for site, word, reason, count in rows]
    widths = [max((len(row[column]) for row in shown), default=0) for column in range(4)]
    return [
        f"{site:<{widths[0]}}  {word:<{widths[1]}}  {count:>{widths[3]}}  {reason}".rstrip()
        for site, word, reason, count in shown
    ]


def _where(result: RunResult, folder: Path | None) -> str:
    lines = f"{result.new_lines} new line{'' if result.new_lines == 1 else 's'}"
    return f"{lines}; records lie in {escape(str(folder))}" if folder else lines
