"""Prose in the data of script-rendered pages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scraper import parse

TITLE = "Ferry to the island runs again"
ONE = "The ferry to the island runs again from Monday, four months after its engine was found to be cracked by frost."
TWO = "It will leave the harbour at seven, at noon and at six, and take forty cars instead of the old ship's thirty."
LIST = "Tickets are sold on board and cost as much as before, and those bought in December are good until May."
OTHER = " ".join([ONE.replace("ferry", "bus").replace("island", "valley")] * 9)


def leaf(name: str, key: str, text: str) -> dict[str, Any]:
    return {name: "text", key: text}


DOMHANDLER = [
    {"type": "p", "attribs": {}, "children": [leaf("type", "data", ONE[:40]), leaf("type", "data", ONE[40:])]},
    {"type": "img", "attribs": {"alt": TWO * 3}},
    {"type": "p", "children": [{"type": "a", "children": [leaf("type", "data", TWO)]}]},
    {"type": "ul", "children": [{"type": "li", "children": [leaf("type", "data", LIST)]}]},
]
CONTENTFUL = {
    "nodeType": "document",
    "content": [
        {"nodeType": "paragraph", "content": [{**leaf("nodeType", "value", ONE), "marks": []}]},
        {"nodeType": "heading-2", "content": [leaf("nodeType", "value", TWO)]},
        {"nodeType": "paragraph", "content": [leaf("nodeType", "value", LIST)]},
    ],
}
PORTABLE_TEXT = [
    {"_type": "block", "style": "normal", "children": [{"_type": "span", "text": text}]} for text in (ONE, TWO, LIST)
]
SLATE = [{"type": "paragraph", "children": [{"text": text[:9]}, {"text": text[9:]}]} for text in (ONE, TWO, LIST)]
PROSEMIRROR = {"type": "doc", "content": [{"type": "paragraph", "content": [leaf("type", "text", ONE)]}, *SLATE[1:]]}
DRAFT_JS = {"blocks": [{"key": "a1", "type": "unstyled", "text": text} for text in (ONE, TWO, LIST)], "entityMap": {}}
EDITOR_JS = {"blocks": [{"type": "paragraph", "data": {"text": text}} for text in (ONE, TWO, LIST)]}
ARC = [{"type": "text", "content": f"{text} <a href='/x'>More</a>"} for text in (ONE, TWO, LIST)]
WORDPRESS = [{"blockName": "core/paragraph", "innerHTML": f"<p>{text}</p>"} for text in (ONE, TWO, LIST)]
HEADLESS = {
    "title": {"rendered": TITLE},
    "content": {"rendered": "".join(f"<p>{text}</p>" for text in (ONE, TWO, LIST))},
}
STRINGS = {"text": [ONE, TWO, LIST]}


def body_of(data: Any) -> list[str]:
    page = f"<title>{TITLE}</title><h1>{TITLE}</h1><div></div><script>window.__STATE__ = {json.dumps(data)};</script>"
    return (parse(page.encode(), url="https://post.example/ferry").body or "").split("\n\n")


@pytest.mark.parametrize(
    "rich",
    [
        pytest.param(DOMHANDLER, id="domhandler"),
        pytest.param(CONTENTFUL, id="contentful"),
        pytest.param(PORTABLE_TEXT, id="portable text"),
        pytest.param(SLATE, id="slate"),
        pytest.param(PROSEMIRROR, id="prosemirror"),
        pytest.param(DRAFT_JS, id="draft.js"),
        pytest.param(EDITOR_JS, id="editor.js"),
        pytest.param(ARC, id="arc"),
        pytest.param(WORDPRESS, id="wordpress"),
        pytest.param(HEADLESS, id="wordpress rest"),
        pytest.param(STRINGS, id="strings"),
    ],
)
def test_rich_text_is_read(rich: Any) -> None:
    found = [line.removesuffix(" More") for line in body_of({"page": {"title": TITLE, "rich": rich}})]
    assert found == [ONE, TWO, LIST]


@pytest.mark.parametrize("title", [TITLE, TITLE + " - Post", None], ids=str)
def test_the_longer_text_of_another_article_is_passed_over(title: str | None) -> None:
    other = {
        "title": "Bus to the valley is late",
        "rich": [{"type": "p", "children": [{"type": "text", "data": OTHER}]}],
    }
    mine = {"rich": DOMHANDLER, **({"title": title} if title else {})}
    assert body_of([{"a": other, "b": mine, "c": other}]) == [ONE, TWO, LIST]


@pytest.mark.parametrize("deep", [10, 900, 100_000])
def test_nesting_ends_somewhere(deep: int) -> None:
    nested = '[{"type":"p","children":' * deep + "[]" + "}]" * deep
    page = f'<h1>{TITLE}</h1><script>window.x = {{"a": {nested}}};</script>'
    assert parse(page.encode(), url="https://post.example/ferry").body is None
