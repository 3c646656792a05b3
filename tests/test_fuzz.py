"""The parser takes any bytes (C45); the long form is tests/fuzz.py."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz import check, run
from scraper import parse

TAGS = (
    "p",
    "div",
    "h1",
    "time",
    "script",
    "table",
    "td",
    "li",
    "ul",
    "a",
    "span",
    "article",
    "meta",
    "title",
    "svg",
    "br",
)
TEXTS = st.text(max_size=60) | st.sampled_from(
    ["publish: 6 July 2021", "No: 18200", "time: 25:99", "©", "\u202e", "a" * 2000]
)
ATTRIBUTES = (
    "",
    " class='entry-content'",
    " datetime='2021-13-45'",
    " property='og:title' content='x'",
    " itemprop=author",
)


@st.composite
def pages(draw: st.DrawFn) -> bytes:
    """Pages of nested, crossed and unclosed tags."""
    parts = []
    for _ in range(draw(st.integers(0, 30))):
        tag = draw(st.sampled_from(TAGS))
        kind = draw(st.integers(0, 2))
        parts.append(
            f"<{tag}{draw(st.sampled_from(ATTRIBUTES))}>" if kind == 0 else f"</{tag}>" if kind == 1 else draw(TEXTS)
        )
    return "".join(parts).encode("utf-8", "surrogatepass")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(pages() | st.binary(max_size=400))
def test_any_bytes(page: bytes) -> None:
    assert check(page) is None


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=80))
def test_any_url(url: str) -> None:
    assert check(b"<title>A</title><p>B", url) is None


@pytest.mark.parametrize("seed", range(4))
def test_damaged_pages(seed: int) -> None:
    assert run(seed, 0, 60) == []


@pytest.mark.parametrize("page", [b"<html hidden aria-hidden=true><body hidden aria-hidden=true><p>x"])
def test_pages_that_once_broke_it(page: bytes) -> None:
    assert check(page) is None


PLACES = {
    "heading with readings": "<h1><ruby>a<rt>b</rt></ruby>%s</h1>",
    "heading": "<h1>%s</h1>",
    "lower heading": "<h2>%s</h2>",
    "byline": "<h1>T</h1><div class='author'>%s</div>",
    "trail": "<h1>T</h1><nav class='breadcrumb'><a href='/x'>%s</a></nav>",
    "date": "<h1>T</h1><div class='date'>%s</div>",
    "label": "<h1>T</h1><p>category: %s</p>",
    "paragraph": "<h1>T</h1><p>%s</p>",
    "caption": "<h1>T</h1><figure><img src='a.jpg'><figcaption>%s</figcaption></figure>",
}


@pytest.mark.parametrize("tag", ["b", "span", "div", "ul><li", "a href='/news/x'", "ruby", "button"])
@pytest.mark.parametrize("place", PLACES)
def test_no_place_of_a_page_nests_too_deep(place: str, tag: str) -> None:
    html = PLACES[place] % (f"<{tag}>" * 3000 + "6 July 2021, Ada Lind")
    assert parse(
        f"<html><head><title>T</title></head><body>{html}</body></html>".encode(), "https://valley.example/news/1"
    ).to_dict()
