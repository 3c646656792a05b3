"""XML from strangers: no DTD, no entities, bounded depth; what stands before a damage is still given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_DEPTH = 256


@dataclass(slots=True)
class Element:
    """One finished element: local name, local names above it, attributes by local name, its own text."""

    name: str
    path: tuple[str, ...]
    attributes: dict[str, str]
    text: str = ""
    pieces: list[str] = field(default_factory=list)


class _Refused(Exception):
    pass


def read(data: bytes, on_end: Callable[[Element], None]) -> str | None:
    """Call `on_end` for each element as it ends. None when the document is whole, else what is wrong with it.

    A document type declaration is refused before anything in it is expanded (billion laughs, external entities).
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    stack: list[Element] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) >= MAX_DEPTH:
            raise _Refused("nested too deeply")
        path = tuple(e.name for e in stack[-3:])
        stack.append(Element(_local(name), path, {_local(k): v for k, v in attributes.items()}))

    def end(_name: str) -> None:
        element = stack.pop()
        element.text = "".join(element.pieces).strip()
        on_end(element)

    def text(data: str) -> None:
        if stack:
            stack[-1].pieces.append(data)

    def doctype(*_: object) -> None:
        raise _Refused("a document type declaration is not accepted")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = doctype
    parser.buffer_text = True
    try:
        parser.Parse(data.lstrip(b" \t\r\n"), True)
    except expat.ExpatError as error:
        return f"damaged XML: {error}"
    except (_Refused, LookupError, ValueError) as error:  # LookupError: an encoding nobody knows
        return str(error)
    return None


def _local(name: str) -> str:
    return name.rpartition(" ")[2].rpartition(":")[2].lower()
