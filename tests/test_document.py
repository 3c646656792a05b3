"""Bytes to text: what was encoded once too often is read, and what only looks so is left. And what a selector finds."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from scraper import parse
from scraper.charset import charset_of, to_utf8
from scraper.model import NO_RULES, Article, Page
from scraper.parse import article, category, marked, moments
from scraper.parse.document import Document
from surroundings import FIXTURES


def twice(text: str) -> bytes:
    """UTF-8 that was read as Latin-1 and encoded again."""
    return text.encode().decode("latin-1").encode()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param(twice("The baker’s café – “open” again 🍞"), "The baker’s café – “open” again 🍞", id="all"),
        pytest.param(twice("Пекарь открыл лавку"), "Пекарь открыл лавку", id="cyrillic"),
        pytest.param("Café: ".encode() + twice("the baker’s"), "Café: the baker’s", id="a-part"),
        pytest.param("Ã© is what é becomes".encode(), "Ã© is what é becomes", id="said-not-done"),
        pytest.param("\x93Spaß\x94 und \x93Ernst\x94".encode(), "“Spaß” und “Ernst”", id="windows-1252"),
        pytest.param("The baker’s café".encode(), "The baker’s café", id="once"),
    ],
)
def test_text_encoded_twice(body: bytes, text: str) -> None:
    assert to_utf8(body, "utf-8").decode() == text


def test_a_headline_encoded_twice() -> None:
    url = "https://news.example/a"
    body = b'<meta charset="utf-8"><title>' + twice("The baker’s café") + b"</title>"
    assert Document(Page(url, url, 200, (), body, None), NO_RULES).title == "The baker’s café"


@pytest.mark.parametrize(
    "selector",
    [
        "p",
        ".entry, p",
        ".Entry[class*='META' i], a",
        category._MARKED,
        category._TRAILS,
        marked._MARKUP,
        moments._LOOSE,
    ],
)
@pytest.mark.parametrize(
    "html",
    [
        "<!doctype html><p class='Entry post-meta'>1</p><a rel='category' class=Author>2</a>",
        "<p class='ENTRY Post-META Byline'>1</p><a class='cat-links'>2</a>",  # without a doctype, any case is right
        "<p>1</p><a>2</a>",
    ],
    ids=["standard", "quirks", "no classes"],
)
def test_a_selector_finds_the_same_by_the_faster_ways(selector: str, html: str) -> None:
    url = "https://news.example/a"
    doc = Document(Page(url, url, 200, (), html.encode(), None), NO_RULES)
    assert [node.mem_id for node in doc.css(selector)] == [node.mem_id for node in doc.tree.css(selector)]


@pytest.mark.parametrize(
    ("body", "content_type", "charset"),
    [
        pytest.param("<p>café</p>".encode(), "text/html; charset=ISO-8859-1", "utf-8", id="moved to UTF-8"),
        pytest.param("<p>café</p>".encode("cp1252"), "text/html; charset=ISO-8859-1", "cp1252", id="as the header"),
        pytest.param(b"<p>cafe</p>", "text/html; charset=ISO-8859-1", "cp1252", id="ASCII"),
        pytest.param("<p>café</p>".encode(), "text/html; charset=koi8-r", "koi8-r", id="no default of servers"),
        pytest.param("<p>é, café".encode()[:-1], "text/html; charset=ISO-8859-1", "utf-8", id="cut in a character"),
        pytest.param("<p>é, café".encode()[:-1], None, "utf-8", id="cut in a character, undeclared"),
        pytest.param("<p>café".encode("cp1252"), "text/html; charset=ISO-8859-1", "cp1252", id="an é at the end"),
    ],
)
def test_charset_of_the_header(body: bytes, content_type: str | None, charset: str) -> None:
    assert charset_of(body, content_type) == charset


def test_readings_over_a_word_are_no_part_of_a_headline() -> None:
    page = "<title>橋が開通：北町新報</title><h1><ruby>橋<rp>（</rp><rt>はし</rt><rp>）</rp></ruby>が開通</h1>"
    assert parse(page.encode(), url="https://kitamachi.example/1").headline == "橋が開通"


@pytest.mark.parametrize("read", [article.parse, article.explain])
def test_a_tree_is_gone_when_its_page_is_read(read: Callable[[Page], Article], monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree is larger than its page, and the garbage collector does not know of its memory."""
    documents: list[weakref.ref[Document]] = []

    class Watched(Document):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            documents.append(weakref.ref(self))

    monkeypatch.setattr(article, "Document", Watched)
    pages = sorted(FIXTURES.rglob("*.html"))[:40]
    gc.disable()
    try:
        for page in pages:
            read(Page("https://valley.example/1", "https://valley.example/1", 200, (), page.read_bytes(), None))
        left = sum(document() is not None for document in documents)
    finally:
        gc.enable()
    assert (len(pages), len(documents), left) == (40, 40, 0)
