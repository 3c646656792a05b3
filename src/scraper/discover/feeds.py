"""RSS 0.9 to 2.0, RDF, Atom and JSON Feed: the links of their items."""

from __future__ import annotations

import msgspec

from scraper.discover.found import Links
from scraper.discover.xml import Element, read
from scraper.urls import join

MAX_ITEMS = 10_000


def feed(body: bytes, base: str) -> Links:
    """The item links of an XML feed at the address `base`, in its order."""
    links = Links(kind="feed")
    current: dict[str, str] = {}

    def on_end(element: Element) -> None:
        if element.name in ("item", "entry"):
            links.add(base, current.get("link") or _address(current.get("guid", "")), MAX_ITEMS)
            current.clear()
        elif element.path and element.path[-1] in ("item", "entry"):
            _note(element, current)

    links.problem = read(body, base, on_end)
    return links


def _note(element: Element, current: dict[str, str]) -> None:
    """Keep the link of the item at hand: RSS prints it as text, Atom in href, a guid may stand in for it."""
    if element.name == "link":
        target = element.text or (
            element.attributes.get("href", "") if element.attributes.get("rel", "alternate") == "alternate" else ""
        )
        if target and (url := join(element.base, target)):
            current.setdefault("link", url)
    elif element.name == "guid" and element.attributes.get("ispermalink", "true") != "false":
        current["guid"] = element.text


def _address(guid: str) -> str:
    """The guid, empty where it is a system's own id: many print those without isPermaLink, whose default is true."""
    return guid if guid[:8].lower().startswith(("http://", "https://")) else ""


def json_feed(body: bytes, base: str) -> Links:
    """The item links of a JSON Feed 1.x at the address `base`."""
    links = Links(kind="json feed")
    try:
        items = msgspec.json.decode(body)["items"]
        for item in items if isinstance(items, list) else ():
            url = item.get("url") if isinstance(item, dict) else None
            links.add(base, url if isinstance(url, str) else "", MAX_ITEMS)
    except KeyError:
        links.problem = "it has no items"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        links.problem = f"damaged JSON: {error}"
    return links
