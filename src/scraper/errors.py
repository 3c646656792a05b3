"""Every error that crosses a module boundary. Foreign errors are mapped to these where they arise."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

log = logging.getLogger(__name__)


class ScraperError(Exception):
    """Base of all errors that this package raises on purpose. They survive pickle and copy, as process pools need."""

    def __reduce__(self) -> tuple[Any, ...]:
        # BaseException's own would call the class with `args`, which are not what __init__ takes.
        return _made_again, (type(self), self.args), self.__dict__


def _made_again(kind: type[ScraperError], args: tuple[Any, ...]) -> ScraperError:
    return kind.__new__(kind, *args)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration: where it stands and what was expected instead."""

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ConfigError(ScraperError):
    """The configuration cannot be used; `problems` names every mistake found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)))


class FetchError(ScraperError):
    """A page could not be had. `reason` is the outcome's word, `retry` says whether asking again may help.

    `retry_after` is in seconds from now, None where the server named no wait.
    """

    def __init__(
        self, reason: str, *, url: str = "", detail: str = "", retry: bool = False, retry_after: float | None = None
    ) -> None:
        self.reason, self.url, self.detail, self.retry, self.retry_after = reason, url, detail, retry, retry_after
        super().__init__(reason, url, detail)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.reason, self.url, self.detail and f"({self.detail})")))


class SkipPage(FetchError):
    """The page was not asked for, or not kept, by rule: robots, scope, content type. Never retried."""


def unforeseen(error: Exception, url: str) -> FetchError:
    """A mistake of our own or of a library, as the failure of the page that brought it out: others go on."""
    log.debug("%s", url, exc_info=error)
    return FetchError("internal", url=url, detail=f"{type(error).__name__}: {error}"[:200])


class ParseFailed(ScraperError):
    """A parse worker died or ran into its limits on this page; `reason` is the outcome's word."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(reason, detail)


class StoreError(ScraperError):
    """State or output cannot be used or written; the message names the path and the next step."""


class LockedError(StoreError):
    """Another run holds the output folder."""
