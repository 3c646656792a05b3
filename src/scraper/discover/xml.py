"""XML from strangers: no entities, no external DTD, bounded depth; what stands before a damage is still given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from scraper.urls import join

MAX_DEPTH = 256
_XML_BASE = "http://www.w3.org/XML/1998/namespace base"


@dataclass(slots=True)
class Element:
    """One finished element: local name, local names above it, attributes by local name, its own text.

    `base` is what its links are relative to: the nearest xml:base (XML Base, section 4), else the page's address.
    """

    name: str
    path: tuple[str, ...]
    attributes: dict[str, str]
    base: str
    text: str = ""
    pieces: list[str] = field(default_factory=list)


class _Refused(Exception):
    pass


def read(data: bytes, base: str, on_end: Callable[[Element], None]) -> str | None:
    """Call `on_end` for each element as it ends. None when the document is whole, else what is wrong with it.

    `data` is UTF-8 whatever it declares. What could declare an entity is refused before anything in it is expanded
    (billion laughs, external entities).
    """
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    stack: list[Element] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) >= MAX_DEPTH:
            raise _Refused("nested too deeply")
        path = tuple(e.name for e in stack[-3:])
        here = _base(stack[-1].base if stack else base, attributes.get(_XML_BASE))
        stack.append(Element(_local(name), path, {_local(k): v for k, v in attributes.items()}, here))

    def end(_name: str) -> None:
        element = stack.pop()
        element.text = "".join(element.pieces).strip()
        on_end(element)

    def text(data: str) -> None:
        if stack:
            stack[-1].pieces.append(data)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = _doctype
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        return f"damaged XML: {error}"
    except (_Refused, ValueError) as error:
        return str(error)
    return None


def _doctype(_name: str, system: str | None, _public: str | None, has_subset: bool) -> None:
    """RSS 0.91 names its DTD on the web, which expat never opens; a subset of the document's own declares entities."""
    if has_subset or not (system or "https:").startswith(("http:", "https:")):
        raise _Refused("a document type declaration of its own is not accepted")


def _base(outer: str, inner: str | None) -> str:
    """What an element's links are relative to; an xml:base that leads nowhere on the web is ignored."""
    return (join(outer, inner) if inner else None) or outer


def _local(name: str) -> str:
    return name.rpartition(" ")[2].rpartition(":")[2].lower()
