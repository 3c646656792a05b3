"""Language, tags, image and canonical URL."""

from __future__ import annotations

import pytest

from scraper.parse import extras
from snippets import document

SITE = "https://www.valley-times.example"
PERSIAN = "<p>" + "شورای شهر آرالیا روز سه‌شنبه گرد آمد و پذیرفت که پل شمالی پیش از زمستان ساخته شود. " * 3 + "</p>"
GERMAN = (
    "<p>"
    + "Der Rat der Stadt hat am Dienstag beschlossen, die Brücke im Norden vor dem Winter zu bauen und nicht. " * 2
    + "</p>"
)


@pytest.mark.parametrize(
    ("html", "want"),
    [
        ('<html lang="de-AT"><p>x</p></html>', "de-AT"),
        ('<html lang="de_at"><p>x</p></html>', "de-AT"),
        ('<html lang="zh-hant-tw"><p>x</p></html>', "zh-Hant-TW"),
        ('<meta property="og:locale" content="fa_IR">', "fa-IR"),
        ('<html lang="english"><meta http-equiv="content-language" content="en, de"></html>', "en"),
        (PERSIAN, "fa"),
        (GERMAN, "de"),
        ("<p>橋は長い冬のあとに開通し、町の人々は踊って祝った。</p>", "ja"),
        (f'<html lang="en-US">{PERSIAN}</html>', "fa"),  # what the template came with
        (f'<html lang="en">{GERMAN * 3}</html>', "de"),
        (f'<html lang="en"><p>{"橋は長い冬のあとに開通し、町の人々は踊って祝った。" * 5}</p></html>', "ja"),
        (f'<html lang="en">{GERMAN}</html>', "en"),  # too little text to doubt it
        (f'<html lang="fr">{GERMAN * 3}</html>', "fr"),  # somebody chose that
        (f'<html lang="en"><p>{"ubo lela " * 40}</p></html>', None),  # of a language not known here, but not English
        ("<p>x</p>", None),
    ],
)
def test_language(html: str, want: str | None) -> None:
    found = extras.language(document(html))
    assert (found.value if found else None) == want


@pytest.mark.parametrize(
    ("html", "want"),
    [
        ('<meta name="news_keywords" content="Bridge, winter , Bridge">', ["Bridge", "winter"]),
        (
            '<meta property="article:tag" content="Bridge"><meta property="article:tag" content="Winter">',
            ["Bridge", "Winter"],
        ),
        (
            '<script type="application/ld+json">{"@type":"NewsArticle","keywords":["Bridge","Winter"]}</script>',
            ["Bridge", "Winter"],
        ),
        ('<a rel="tag" href="/t/b">#Bridge</a>', ["Bridge"]),
        ('<a rel="category tag" href="/c/r">Roads</a><a rel="tag" href="/t/b">Bridge</a>', ["Bridge"]),
        ('<a rel="category tag" href="/c/r">Roads</a>', None),
        (
            '<meta name="keywords" content="Section:roads, Category: Roads, Tag:Bridge, auto_play, Level:0, 104746">',
            ["Bridge"],
        ),
        (
            '<meta name="keywords" content="Bridge 2: The Return, Ann &amp;amp; Bob">',
            ["Bridge 2: The Return", "Ann & Bob"],
        ),
        (
            '<meta property="og:site_name" content="Valley Times"><meta name="keywords" content="Valley Times,Bridge">',
            ["Bridge"],
        ),
        ("<p>x</p>", None),
    ],
)
def test_tags(html: str, want: list[str] | None) -> None:
    found = extras.tags(document(html))
    assert (list(found.value) if found else None) == want


@pytest.mark.parametrize(
    ("html", "want"),
    [
        ('<meta property="og:image" content="/a.jpg">', "https://www.valley-times.example/a.jpg"),
        ('<meta property="og:image" content="data:image/png;base64,AAAA">', None),
        (
            '<script type="application/ld+json">{"@type":"Article","image":[{"url":"//cdn.example/b.jpg"}]}</script>',
            "https://cdn.example/b.jpg",
        ),
        (
            '<meta property="og:image" content="/site_logo.png"><meta property="og:image" content="/b.jpg">',
            f"{SITE}/b.jpg",
        ),
        ('<meta property="og:image" content="/img/og-default.jpg?v=2">', None),
        ('<meta property="og:image" content="/i/blank.jpg">', None),
        ('<meta property="og:image" content="/icons/favicon.ico">', None),
        (
            '<meta property="og:image" content="/logorama-film-by-default-7.jpg">',
            f"{SITE}/logorama-film-by-default-7.jpg",
        ),
        (
            '<script type="application/ld+json">[{"@type":"Article","image":{"@id":"/a#main"}},'
            '{"@type":"ImageObject","@id":"/a#main","url":"/b.jpg"}]</script>',
            f"{SITE}/b.jpg",
        ),
        ('<script type="application/ld+json">{"@type":"Article","image":{"@id":"/a#main"}}</script>', None),
    ],
    ids=[
        *("relative", "data URL, C37", "list of objects", "after the logo", "default", "blank", "icon", "no logo"),
        *("by its id", "an id alone"),
    ],
)
def test_image(html: str, want: str | None) -> None:
    found = extras.image(document(html))
    assert (found.value if found else None) == want


@pytest.mark.parametrize(
    ("href", "want"),
    [
        ("/politics/bridge?utm_source=x", "https://www.valley-times.example/politics/bridge"),
        ("https://m.valley-times.example/bridge", "https://m.valley-times.example/bridge"),
        ("https://elsewhere.example.org/bridge", None),
        ("/", None),
        ("javascript:alert(1)", None),
    ],
    ids=["relative, tracking", "same site", "other site, C31", "home page", "script, C37"],
)
def test_canonical_url(href: str, want: str | None) -> None:
    assert extras.canonical_url(document(f'<link rel="canonical" href="{href}">')) == want
