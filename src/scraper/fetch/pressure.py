"""Back-pressure: many long bodies at once must not fill the memory, so connections take turns beyond a budget."""

from __future__ import annotations

from typing import Protocol


class Reader(Protocol):
    """What can be held back; a connection."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Pressure:
    """Counts the unfinished bodies of all connections. Beyond `budget` bytes one of them reads on, the others wait.

    The one that reads on ends by its own deadline or cap, so none waits for ever.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._held = 0
        self._favoured: Reader | None = None
        self._waiting: dict[Reader, None] = {}  # longest first

    def add(self, reader: Reader, count: int) -> None:
        """`reader` holds `count` bytes more and wants to read on."""
        self._held += count
        if self._held <= self._budget or reader in self._waiting:
            return
        if self._favoured is None:
            self._favoured = reader
        elif reader is not self._favoured:
            self._waiting[reader] = None
            reader.pause()

    def remove(self, reader: Reader, count: int) -> None:
        """`reader` is done with all of its `count` bytes."""
        self._held -= count
        self._waiting.pop(reader, None)
        if self._held <= self._budget:
            self._favoured = None
            waiting, self._waiting = self._waiting, {}
            for other in waiting:
                other.resume()
        elif reader is self._favoured:
            self._favoured = next(iter(self._waiting), None)
            if self._favoured is not None:
                del self._waiting[self._favoured]
                self._favoured.resume()
