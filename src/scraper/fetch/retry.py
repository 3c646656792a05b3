"""Asking again: tenacity, driven by what the FetchError says, and bounded for the run as a whole."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from scraper.errors import FetchError

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]

FIRST_WAIT = 1.0  # seconds, doubled each time, half of it by chance
LONGEST_WAIT = 30.0
SHARE = 0.2  # retries that each URL earns the run


@dataclass(slots=True)
class Budget:
    """The retries left to the run: when everything fails at once, a fifth of the URLs and `spare` are asked again."""

    spare: float

    def earn(self) -> None:
        self.spare += SHARE

    def spend(self) -> bool:
        if self.spare < 1:
            return False
        self.spare -= 1
        return True


@dataclass(frozen=True, slots=True)
class Retry:
    """`await retry(ask, url)`: asks until it works, `attempts` are made or the error says that it is no use.

    Raises the last FetchError. Waits at least `retry_after` of the error; no wait beyond `max_wait` seconds.
    """

    attempts: int
    budget: Budget
    sleep: Sleep
    max_wait: float
    chance: Callable[[], float] = field(default=random.random)  # 0 to 1

    async def __call__(self, ask: Callable[[str], Awaitable[T]], url: str) -> T:
        self.budget.earn()
        retrying = AsyncRetrying(
            sleep=self.sleep,
            retry=retry_if_exception_type(FetchError),
            stop=self._exhausted,
            wait=self._wait,
            reraise=True,
        )
        return await retrying(ask, url)

    def _exhausted(self, state: RetryCallState) -> bool:
        error = _error(state)
        hopeless = not error.retry or (error.retry_after or 0) > self.max_wait
        return hopeless or state.attempt_number >= self.attempts or not self.budget.spend()

    def _wait(self, state: RetryCallState) -> float:
        backoff = min(FIRST_WAIT * 2.0 ** (state.attempt_number - 1), LONGEST_WAIT)
        return max(backoff * (1 + self.chance()) / 2, _error(state).retry_after or 0.0)


def _error(state: RetryCallState) -> FetchError:
    assert state.outcome is not None
    error = state.outcome.exception()
    assert isinstance(error, FetchError)
    return error
