"""One article in the forms in which its page may be saved, sent or built: the record is the same."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from scraper import parse
from scraper.parse.seams import opened, sewn
from scraper.parse.text import clean, trimmed

URL = "https://valley.example/2021/07/06/footbridge/"
TITLE = "Footbridge at Mirzhol reopens after spring flood"
TEXT = (
    "The footbridge over the Mirzhol reopened on Tuesday after two of its piers were replaced, the town council said.",
    "Walkers had used a detour of four kilometres since the flood in April, which carried away part of the bank.",
    "“We are glad that the children can walk to school again,” said the mayor, who crossed first with some pupils.",
    "The works cost 410,000 euros, of which the district pays two thirds; the rest comes from a fund for floods.",
)
BY, DAY = "By Ada Lind", "6 July 2021, 12:36"
PARAGRAPHS = "".join(f"<p>{text}</p>" for text in TEXT)


def page(by: str = f"<p>{BY}</p><p>{DAY}</p>", text: str = PARAGRAPHS, before: str = "", behind: str = "") -> str:
    """The article's page; `before` and `behind` stand around all of it."""
    main = f"<main><h1>{TITLE}</h1>{by}<div>{text}</div></main>"
    return f"<html lang=en><head><title>{TITLE} | Valley Times</title></head><body>{before}{main}{behind}</body></html>"


def texts(change: Callable[[str], str]) -> str:
    """The page with each of its texts changed."""
    head, body = page().split("<body>")
    return f"{head}<body>" + re.sub(r"(?<=>)[^<>]+(?=<)", lambda found: change(found[0]), body)


BAR = (
    '<div id="wm-ipp-base"><p>The crawls of this collection were made by volunteers who want to keep what the web says '
    f'for those who come after.</p></div><div id="wm-ipp-print">The Wayback Machine - https://archive.example/{URL}</div>'
)
SHADOW = (
    "<x-page><template shadowrootmode='open'><style>p{}</style><template><p>A template of cards, which nobody sees, has"
    " a text as long as a paragraph.</p></template><slot></slot>",
    "</template></x-page>",
)
CONSENT = (
    "<h1>We value your privacy</h1><p>We and our partners store cookies on your device to show advertisements.</p>"
)
FORMS = {
    "plain": page(),
    "React": page(
        "<p>By <!-- -->Ada<!-- --> <!-- -->Lind</p><p><!--$-->6 July<!-- --> 2021, <!-- -->12:36<!--/$--></p>"
    ),
    "Vue and Svelte": texts(lambda text: "<!--[-->" + text.replace(" ", "<!----> ") + "<!--]-->"),
    "places for breaks": texts(lambda text: re.sub(r"(\w{3})(?=\w{3})", r"\1<wbr>", text)),
    "places for breaks, XHTML": texts(lambda text: re.sub(r"([a-z]{3})(?=[a-z]{3})", r"\1<wbr />", text)),
    "byte order marks": texts(lambda text: "\ufeff" + text),
    "zero-width spaces": texts(lambda text: "&#8203;" + text.replace(" ", " \u200b") + "\u200b"),
    "isolates": texts(lambda text: f"\u2068{text}\u2069"),
    "embedded from right to left": texts(lambda text: f"\u202b{text}\u202c"),
    "shadow root": page(before=SHADOW[0], behind=SHADOW[1]),
    "shadow roots": page(
        text="".join(f"<x-p><template shadowrootmode=open><p>{each}</p></template></x-p>" for each in TEXT)
    ),
    "dialog": page(before="<dialog open>", behind="</dialog>"),
    "dialog of another": page(behind=f"<dialog open>{CONSENT}</dialog>"),
    "dialog that is closed": page(
        behind=f"<dialog><h2>{TITLE}</h2><p>{TEXT[0]} Read it in our new app now.</p></dialog>"
    ),
    "web archive": page(before=BAR),
    "notes": page(text=PARAGRAPHS.replace("</p>", '<sup id="r1"><a href="#n1">1</a></sup></p>')),
    "notes in links": page(text=PARAGRAPHS.replace("</p>", '<a href="#fn1"><sup>[1]</sup></a></p>')),
    "preformatted": page(text="<pre>" + "\n\n".join(TEXT) + "</pre>"),
    "kept blanks": page(text="<div class=t>\n" + "\n \n".join(TEXT) + "\n</div>"),
    "large letter": page(text=PARAGRAPHS.replace("<p>T", "<div class=cap>T</div><p>", 1)),
    "large letter in a paragraph": page(text=PARAGRAPHS.replace("<p>T", "<p><div>T</div>", 1)),
    "names of two parts": page(
        f'<div class="author"><span>Ada</span> <span>Lind</span></div><p>{DAY}</p>',
    ),
}


@pytest.mark.parametrize("html", FORMS.values(), ids=FORMS.keys())
def test_a_page_in_another_form(html: str) -> None:
    found = parse(html.encode(), url=URL)
    assert (found.headline, found.date, found.time, found.authors) == (TITLE, "2021-07-06", "12:36:00", ("Ada Lind",))
    assert (found.body or "").split("\n\n") == list(TEXT)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("a<!-- -->b<!---->c<!-- d -->", "abc<!-- d -->"),
        ("<!--[if lt IE 9]>x<![endif]--><!--[if !IE]><!-->y<!--<![endif]-->", None),
        ("<!--[if gt IE 8]><!---->y<!--<![endif]-->", None),
        ("<!-- a <!-- -->y<!-- -->z<!-- b -->", "<!-- a <!-- -->yz<!-- b -->"),
        ("Foot<wbr>brid<WBR/>ge", "Footbridge"),
        (
            "<x-a><template shadowrootmode=open>a<template>b</template></template></x-a>",
            "<x-a>a<template>b</template></x-a>",
        ),
        ("shadowroot</template><TEMPLATE ShadowRootMode='open'>a", "shadowroot</template>a"),
        ("<template>a</template>", None),
    ],
)
def test_seams(text: str, whole: str | None) -> None:
    assert opened(sewn(text.encode())).decode() == (whole or text)


def test_a_sentence_goes_on_behind_a_blank_line() -> None:
    """Where the source's lines are not shown, as around links that a program wrote."""
    lines = (TEXT[0], TEXT[1][:-1] + ":", TEXT[2])
    found = parse(page(text="<p>" + "\n\n".join(lines) + f"</p><p>{TEXT[3]}</p>").encode(), url=URL)
    assert (found.body or "").split("\n\n") == [" ".join(lines), TEXT[3]]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\u202bThe bridge\u202c", "The bridge"),
        ("\u2068 The \u200bbridge\u200b is\u200b\u2069", "The bridge is"),
        ("\u2068The\u2069 bridge\u2069", "\u2068The\u2069 bridge\u2069"),  # of no pair
        ("The \u200b bridge", "The bridge"),
        ("\u0e2a\u0e30\u200b\u0e1e\u0e32\u0e19", "\u0e2a\u0e30\u200b\u0e1e\u0e32\u0e19"),  # parts words
    ],
)
def test_marks_that_nobody_sees(text: str, line: str) -> None:
    assert clean(text) == line
    assert trimmed(f"a\0{text}\0\u200b") == f"a\0{line}\0\u200b"  # a piece stays, if nothing of it is left


def test_an_address_that_is_not_known_is_the_declared_one() -> None:
    html = f'<base href="/x/"><link rel="canonical" href="{{}}"><h1>{TITLE}</h1>{PARAGRAPHS}'
    assert parse(html.format(URL).encode()).canonical_url == URL
    assert parse(html.format(URL).encode(), url="file:///home/a.html").canonical_url == URL
    assert parse(html.format("footbridge/").encode()).canonical_url == ""
    assert parse(html.format("https://valley.example/").encode()).canonical_url == ""  # a home page's, as often
    assert (
        parse(html.format("a").encode(), url="https://valley.example/b").canonical_url == "https://valley.example/x/a"
    )


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("<div>6<sup>th</sup> July 2021</div>", "2021-07-06"),
        ("<p>Published on <b>6 July</b> 2021</p>", "2021-07-06"),
        ("<p><span>6</span> <span>July</span> <span>2021</span></p>", "2021-07-06"),
        ("<p>Updated 6<sup>th</sup> July 2021</p>", None),
        ("<p>It was the <b>6</b> July 2021.</p>", None),
        ("<ul><li><a href='/a'>6<sup>th</sup> July 2021</a> The bridge is open</li></ul>", None),
    ],
)
def test_a_date_in_several_elements(line: str, day: str | None) -> None:
    assert parse(page(f"<p>{BY}</p>{line}").encode(), url="https://valley.example/footbridge").date == day


@pytest.mark.parametrize(
    "mark",
    [
        f"<!-- saved from url=({len(URL):04d}){URL} -->",
        f"<!--\n Page saved with SingleFile \n url: {URL} \n saved: x\n-->",
    ],
    ids=["browser", "SingleFile"],
)
def test_where_a_page_was_saved_from(mark: str) -> None:
    html = f"<!DOCTYPE html>\n{mark}\n{page()}".encode()
    assert parse(html).canonical_url == parse(html, url="file:///a.html").canonical_url == URL
    assert parse(html, url="https://other.example/a").canonical_url == "https://other.example/a"


def test_what_is_raised_and_no_mark_of_a_note_stays() -> None:
    text = PARAGRAPHS.replace("on Tuesday", 'on 6<sup><a href="#day">th</a></sup> July')
    assert "on 6th July" in (parse(page(text=text).encode(), url=URL).body or "")
