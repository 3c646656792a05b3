"""A site kept as it is served: pages/ in the tree of its paths, and beside it replay.toml, which names the origin."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scraper.errors import StoreError

NOTE = "replay.toml"
PAGES = "pages"
HTML = "text/html; charset=UTF-8"
_NO_UTF8 = re.compile("[\udc80-\udcff]")  # bytes of a file's name, as surrogateescape has them


def note(home: Path) -> dict[str, Any]:
    """What replay.toml says of the site in `home`: origin and content_types. Raises StoreError."""
    file = home / NOTE
    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{file}: cannot be read: {error}") from error
    if not isinstance(found.get("origin"), str):
        raise StoreError(f'{file}: origin: expected the address of the site, such as "https://valley.example"')
    if not isinstance(found.get("content_types", {}), dict):
        raise StoreError(f'{file}: content_types: expected a table of path = "type"')
    return found


def path(home: Path, file: Path) -> str:
    """pages/en/x.html is served at /en/x/, pages/en/index.html at /en/."""
    place = file.relative_to(home / PAGES).with_suffix("")
    parts = place.parts[:-1] if place.name == "index" else place.parts
    return os.fsencode("/".join(["", *parts, ""])).decode("utf-8", "surrogateescape")  # whatever the locale


def content_type(about: Mapping[str, Any], at: str) -> str:
    """What the page at a path is served as."""
    return str(about.get("content_types", {}).get(at, HTML))


def address(file: Path) -> tuple[str, str] | None:
    """(URL, Content-Type) of a page of such a site; None for a page that lies elsewhere. Raises StoreError."""
    tops = (parent.parent for parent in file.absolute().parents if parent.name == PAGES)
    home = next((top for top in tops if (top / NOTE).is_file()), None)
    if home is None:
        return None
    about, at = note(home), path(home, file.absolute())
    escaped = _NO_UTF8.sub(lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", at)
    return f"{about['origin']}{escaped}", content_type(about, at)
