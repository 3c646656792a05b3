"""Prose in the data that script-rendered pages carry: long strings, and rich text that is kept as nodes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

_LARGEST = 4 << 20  # characters of a script that is still read as data
_DATA = re.compile(r"(?:^|[=(])\s*(?=[{\[][\[{\"])")  # a value assigned, handed over or alone
_HEAD = 400  # characters of a script within which its data begin
_KEYS = frozenset(
    ["articlebody", "body", "bodyhtml", "content", "contenthtml", "html", "text", "story", "fulltext", "rendered"]
)
_TITLES = ("headline", "title")
_TITLE = 500  # characters

# Rich text as the editors and systems keep it: a list of nodes that say what they are under one of _NAMES, their text
# under one of _TEXTS, further nodes under one of _BELOW. So do domhandler's trees, Contentful, Portable Text, Slate,
# ProseMirror, Draft.js, Editor.js, Arc's content elements and WordPress's blocks.
_NAMES = ("type", "nodeType", "_type", "blockName", "tag", "tagName")
_TEXTS = ("text", "data", "value", "content", "innerHTML")
_BELOW = ("children", "content", "nodes", "data")
_PARAGRAPHS = frozenset(
    ["p", "paragraph", "block", "text", "unstyled", "blockquote", "quote", "h", "header", "heading", "li", "listitem"]
)
_AROUND = frozenset(
    ["div", "section", "article", "body", "ul", "ol", "list", "bulletlist", "orderedlist", "unorderedlist", "group"]
)
_RANK = re.compile(r"[\d_-]+|.*/")  # in "heading-2", "list_item", "core/paragraph"
_DEEP = 64  # levels of rich text


def prose(scripts: Iterable[str], headline: str | None, least: int) -> str:
    """The longest text of more than `least` characters in the scripts' data: lines, or HTML where those hold markup.

    Such data carry other articles too, often longer ones: what stands under another title is passed over, and what
    stands under the `headline` comes first. Empty where there is none.
    """
    best = (0, "")
    for script in scripts:
        if least < len(script) < _LARGEST and (start := _DATA.search(script, 0, _HEAD)):
            for rank, text in _texts_in(_decoded(script, start.end()), headline, least):
                best = max(best, (rank, text), key=lambda found: (found[0], len(found[1])))
    return best[1]


def _decoded(text: str, start: int) -> Any:
    """The JSON value that begins at `start`, whatever follows it; None where it is none."""
    try:
        return json.JSONDecoder(strict=False).raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return None


def _texts_in(loaded: Any, headline: str | None, least: int) -> Iterator[tuple[int, str]]:
    """(1 where the object says the headline else 0, text) of rich text, and of long strings whose keys name a text.

    No recursion: data nest as deep as they like.
    """
    wanted = _words(headline or "")
    todo: list[tuple[int, str, Any]] = [(0, "", loaded)]
    while todo:
        rank, key, value = todo.pop()
        if isinstance(value, dict):
            said = [t.get("rendered") if isinstance(t := value.get(name), dict) else t for name in _TITLES]
            titles = [_words(title) for title in said if isinstance(title, str)]
            if wanted and any(titles):
                rank = 1 if any(2 * len(title & wanted) > len(title | wanted) for title in titles) else -1
            todo.extend((rank, str(k).lower(), v) for k, v in value.items())
        elif isinstance(value, list):
            text = "\n".join(value) if key in _KEYS and all(isinstance(v, str) for v in value) else _rich(value)
            if len(text) <= least:
                todo.extend((rank, key, v) for v in value)
            elif rank >= 0:
                yield rank, text
        elif isinstance(value, str) and len(value) > least and key in _KEYS and rank >= 0:
            yield rank, value


def _words(title: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", title[:_TITLE].casefold()))


def _rich(nodes: list[Any]) -> str:
    """The paragraphs of a list of nodes, empty where it is none."""
    lines = list(_lines(nodes))
    markup = any("</" in line for line in lines)
    return "".join([f"<p>{line}</p>" for line in lines]) if markup else "\n".join(lines)


def _lines(nodes: Any, deep: int = 0) -> Iterator[str]:
    """The text of each paragraph among `nodes` and in what only holds others; captions and the like are passed over."""
    for node in nodes if isinstance(nodes, list) else ():
        name = _name(node) if isinstance(node, dict) else ""
        if name in _PARAGRAPHS:
            yield "".join(_pieces(node, deep)).replace("\n", " ")
        elif name in _AROUND and deep < _DEEP:
            for key in _BELOW:
                yield from _lines(node.get(key), deep + 1)


def _name(node: dict[str, Any]) -> str:
    """What a node says it is, without rank and maker: "heading" of "heading-2", "paragraph" of "core/paragraph"."""
    name = next((value for key in _NAMES if isinstance(value := node.get(key), str)), "")
    return _RANK.sub("", name.lower())


def _pieces(node: Any, deep: int) -> Iterator[str]:
    """The strings that a paragraph's node is made of, in order."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for inner in node:
            yield from _pieces(inner if isinstance(inner, dict) else None, deep + 1)
    elif isinstance(node, dict) and deep < _DEEP:
        below = next((node[key] for key in _BELOW if isinstance(node.get(key), list | dict)), None)
        yield from _pieces(below or next((node[key] for key in _TEXTS if isinstance(node.get(key), str)), ""), deep + 1)
