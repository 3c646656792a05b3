"""RSS 0.9 to 2.0, RDF, Atom and JSON Feed: the links of their items."""

from __future__ import annotations

import msgspec

from scraper.discover.found import Links
from scraper.discover.xml import Element, read

MAX_ITEMS = 10_000


def feed(body: bytes) -> Links:
    """The item links of an XML feed, in its order."""
    links = Links()
    current: dict[str, str] = {}

    def on_end(element: Element) -> None:
        if element.name in ("item", "entry"):
            link = current.get("link") or current.get("guid")
            if link and len(links.pages) < MAX_ITEMS:
                links.pages.append(link)
            current.clear()
        elif element.path and element.path[-1] in ("item", "entry"):
            _note(element, current)

    links.problem = read(body, on_end)
    return links


def _note(element: Element, current: dict[str, str]) -> None:
    """Keep the link of the item at hand: RSS prints it as text, Atom in href, a guid may stand in for it."""
    if element.name == "link":
        target = element.text or (
            element.attributes.get("href", "") if element.attributes.get("rel", "alternate") == "alternate" else ""
        )
        if target:
            current.setdefault("link", target)
    elif element.name == "guid" and element.attributes.get("ispermalink", "true") != "false":
        current["guid"] = element.text


def json_feed(body: bytes) -> Links:
    """The item links of a JSON Feed 1.x."""
    try:
        items = msgspec.json.decode(body)["items"][:MAX_ITEMS]
        return Links(pages=[i["url"] for i in items if isinstance(i, dict) and isinstance(i.get("url"), str)])
    except (msgspec.DecodeError, KeyError, TypeError, RecursionError) as error:
        return Links(problem=f"not a JSON feed: {error}")
