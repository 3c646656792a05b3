"""Tables that ship with the package: TOML where people edit them, JSON where a script makes them. Each is read once."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import Any

import msgspec


@functools.cache
def table(name: str) -> dict[str, Any]:
    """The table `name` ("labels.toml", "cldr.json"), parsed; shared, so never change it."""
    raw = resources.files(__name__).joinpath(name).read_bytes()
    if name.endswith(".json"):
        loaded: dict[str, Any] = msgspec.json.decode(raw)
        return loaded
    return tomllib.loads(raw.decode("utf-8"))
