"""Tags and canonical URL."""

from __future__ import annotations

import pytest

from scraper.parse import extras
from scraper.parse.ladder import climb
from snippets import document


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
        (  # by schema.org's word, in one line or one by one
            '<h1>A</h1><p>x</p><p>Keywords: <span itemprop="keywords">Bridge, Winter</span></p>',
            ["Bridge", "Winter"],
        ),
        (
            '<h1>A</h1><p>x</p><p itemprop="keywords"><a href="/b">Bridge</a><a href="/w">Winter, early</a></p>',
            ["Bridge", "Winter, early"],
        ),
        (
            '<h1>A</h1><div><p itemprop="keywords">Bridge, Ice</p></div><div><p itemprop="keywords">Rain</p></div>',
            None,
        ),
        ('<h1>A</h1><p>x</p><aside><span itemprop="keywords">Bridge, Winter</span></aside>', None),
        (  # by the line's class alone, wherever its links lead
            '<h1>A</h1><div class="su-tags"><ul><li><a href="/quimper">Quimper</a></li><li><a href="/ice">Ice</a></li>'
            "</ul></div>",
            ["Quimper", "Ice"],
        ),
        (  # with a label that no list has
            '<h1>A</h1><div class="tags-list"><span>Ключови думи:</span> <a href="/t1">Русе</a> <a href="/t2">Мост</a>'
            "</div>",
            ["Русе", "Мост"],
        ),
        ('<h1>A</h1><div class="tags"><a href="/c/1">Hiking</a> <a href="#comments">Comments</a></div>', None),
        (
            '<h1>A</h1><div>Tags: <a href="/t/1">Bridges</a>, <a href="/t/2">Winter</a></div>',
            ["Bridges", "Winter"],
        ),
        ('<h1>Bridge</h1><p><b>Tagi:</b> <a href="/t/1">Mosty</a></p>', ["Mosty"]),
        ('<h1>Bridge</h1><h4>Schlagwörter</h4><ul><li><a href="/s/1">Brücken</a></li></ul>', ["Brücken"]),
        (
            '<h1>A</h1><ul class="post-tags"><li><a href="/thema/bridges">Bridges</a></li>'
            '<li><a href="/thema/ice">Ice</a></li></ul>',
            ["Bridges", "Ice"],
        ),
        (
            '<h1>Bridge</h1><p class="tags">4 May 2021 | <a href="/tag/a">Ice</a> <a href="/tag/b">Wind</a></p>',
            ["Ice", "Wind"],
        ),
        ('<h1>Bridge</h1><h3>Read on</h3><ul><li><a href="/tag/a">A1</a><li><a href="/tag/b">B2</a></ul>', None),
        ('<h1>Bridge</h1><div class="menu">Topics: <a href="/t/1">Bridges</a></div>', None),
        ('<h1>Bridge</h1><div>Tags: <a href="/t/1">Bridges</a> <a href="/t/0">-</a></div>', ["Bridges"]),
        ('<nav>Topics: <a href="/t/1">Bridges</a></nav><h1>Bridge</h1>', None),
        ('<div>Tags: <a href="/t/1">Bridges</a></div><h1>Bridge</h1>', None),  # another's, before it
        ('<h1>Bridge</h1><p>A <a href="/tag/ice">winter</a> as in <a href="/tag/old">1929</a> came.</p>', None),
        ('<h1>Bridge</h1><p><a href="https://shop.example/?keywords=ice">Skates</a></p>', None),
        (
            '<h1>Bridge</h1><div>Tags: <a href="/t/1">Ice</a> <a href="javascript:print()">Print</a></div>',
            ["Ice"],
        ),
        ('<meta name="keywords" content="Snow"><h1>Bridge</h1><p>Tags: <a href="/t/1">Ice</a></p>', ["Snow"]),
        (
            '<div class="node node--promoted"><h1>Bridge opens</h1><div>Tags: <a href="/t/a">Ice</a> '
            '<a href="/t/b">Wind</a></div></div>',
            ["Ice", "Wind"],
        ),
        (
            '<h1>Bridge</h1><nav class="tags"><a href="/tags/a">Ice</a> <a href="/tags/b">Wind</a></nav>',
            ["Ice", "Wind"],
        ),
        ('<li class="node-readmore"><a rel="tag" href="/b">Read more about B</a></li>', None),
        ('<a rel="tag" href="/t/i">Ice</a><div class="teaser"><a rel="tag" href="/t/s">Snow</a></div>', ["Ice"]),
        ('<title>Bridge opens again</title><meta name="keywords" content="Bridge,opens,again">', None),
        ('<meta name="keywords" content="C#, #Ice, #&quot;Wind&quot;">', ["C#", "Ice", "Wind"]),
        (
            '<title>The old bridge opens again</title><meta name="keywords" content="Ice, The old bridge opens again">',
            ["Ice"],
        ),
        (
            '<script type="application/ld+json">{"@type":"NewsArticle",'
            '"keywords":["displayType: gallery", "locale: US", "Historical: European", "Ice"]}</script>',
            ["Historical: European", "Ice"],
        ),
        ('<meta name="news_keywords" content="News, Ice, Uncategorized">', ["Ice"]),
        (
            '<meta name="keywords" content="roads,taxes,schools,parks,water,police,harbour,sports">'
            + "<p>Ice came.</p>" * 40,
            None,
        ),
        (
            '<meta name="keywords" content="a1,b2,c3,d4,e5,f6,g7,h8"><p>Ice.</p>',
            [f"{c}{i}" for i, c in enumerate("abcdefgh", 1)],
        ),
        (
            "<article><h1>Bridge</h1></article>"
            '<div><h3>Ships</h3><p class="tags"><a href="/s">Sea</a> <a href="/w">War</a></p></div>',
            None,
        ),
        ('<h1>Bridge</h1><footer><p class="tags"><a href="/s">Sea</a> <a href="/w">War</a></p></footer>', None),
        ('<h1>Bridge</h1><p><a href="#c12">#12</a> <a href="#c13">#13</a></p>', None),
        (
            '<meta name="keywords" content="roads,taxes,bridges,parks,ice,police,harbour,sports">'
            "<p>Ice on the bridge, and the police on all roads to the harbour.</p>",
            ["roads", "taxes", "bridges", "parks", "ice", "police", "harbour", "sports"],
        ),
        (
            '<script type="application/ld+json">{"@type":"NewsArticle",'
            '"keywords":["Trade, work and finance", "Ice"]}</script>',
            ["Trade, work and finance", "Ice"],
        ),
        (
            '<h1>Bridge</h1><p>x</p><div class="sc-4b0aaa-0"><a href="/tag/a">Ice</a><a href="/tag/b">Wind</a></div>',
            ["Ice", "Wind"],
        ),
        (
            '<h1>Bridge</h1><div class="m"><a href="/n">News</a><a href="/u/1">Ada Lind</a><span class="m--tags">'
            '<a href="/blog/tag/a">Ice</a>, <a href="/blog/tag/b">Wind</a></span></div>',
            ["Ice", "Wind"],
        ),
        (
            '<h1>Bridge</h1><div><ul><li>TAGS</li><li><a href="/tag/i">Ice</a></li></ul>'
            "<p>Share this with whom you think that it may be of use to.</p></div>",
            ["Ice"],
        ),
        (
            '<h1>Pont</h1><div>Mots-clefs : <a href="+-glace-+">glace</a> | <a href="+-vent-+">vent</a></div>',
            ["glace", "vent"],
        ),
        (
            '<h1>Bridge</h1><aside><div class="article-tags"><ul><li><a href="/roads/">Roads</a></li>'
            '<li><a href="/tag/ice/">Ice</a></li><li><a href="/tag/wind/">Wind</a></li></ul></div></aside>',
            ["Ice", "Wind"],
        ),
        (
            '<h1>Bridge</h1><aside><ul class="others"><li><a href="/tag/a">Ice</a></li>'
            '<li><a href="/tag/b">Wind</a></li></ul></aside>',
            None,
        ),
        ('<title>The bridge</title><meta name="keywords" content="The bridge">', None),
        (
            '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Bridge: open again"}</script>'
            "<h1>The old bridge opens again</h1>"
            '<meta name="keywords" content="Ice, The old bridge opens again">',
            ["Ice"],
        ),
        ('<h1>Γέφυρα</h1><div>Ετικέτες: <a href="/t/1">Πάγος</a></div>', ["Πάγος"]),
        ('<h1>Мост</h1><div>Ключови думи: <a href="/k/1">лед</a> <a href="/k/2">вятър</a></div>', ["лед", "вятър"]),
        ('<h1>Bro</h1><p>Læs mere om: <a href="/is">Is</a> <a href="/v">Vind</a></p>', ["Is", "Vind"]),
        ('<h1>Ponte</h1><h5>Tópicos</h5><ul><li><a href="/g">Gelo</a><li><a href="/v">V2</a></ul>', ["Gelo", "V2"]),
        ('<h1>Silta</h1><nav><h2>Aiheet</h2><a href="/j">Jää</a> <a href="/t">Tuuli</a></nav>', None),  # the site's
        (  # headlines of other articles
            '<h1>Puente</h1><div>Más sobre: <a href="/118">El puente abre otra vez tras un invierno largo</a></div>',
            None,
        ),
        ('<h1>Көпір</h1><div>Тегтер: <a href="/k/1">Мұз</a></div>', ["Мұз"]),
        ('<h1>پل</h1><div>کلید واژه ها: <a href="/k/1">یخ</a></div>', ["یخ"]),
        (
            '<div><h1>Bridge</h1><div class="tab"><ul class="detail-hashtag"><li><a href="/ice.html">Ice</a></li>'
            '<li><a href="/wind.html">Wind</a></li></ul></div></div>',
            ["Ice", "Wind"],
        ),
        (
            '<h1>Bridge</h1><div><span>Temas de esta nota:</span> <a href="/p">Puente</a> <a href="/r">Río</a></div>',
            ["Puente", "Río"],
        ),
        (
            '<h1>Bridge</h1><p>Parole chiave: <a href="/p">Ponti</a>, <a href="/r">Fiume</a></p>',
            ["Ponti", "Fiume"],
        ),
        (
            '<h1>Bridge</h1><div><span>Etiquetado como</span><ul><li><a href="/p">Puente</a></li>'
            '<li><a href="/r">Río</a></li></ul></div>',
            ["Puente", "Río"],
        ),
        ('<div class="hashtags"><a href="/i">Ice</a> <a href="/w">War</a></div><h1>Bridge</h1><p>x</p>', None),
        (
            '<h1>Bridge</h1><div class="hashtag"><a href="/i">Ice</a> <a href="#comments">Comments</a></div>',
            None,
        ),
        ('<h1>다리</h1><p><a href="/s?q=1">#상수도</a> <a href="/s?q=2">#강진시</a></p>', ["상수도", "강진시"]),
        (
            '<p class="taxonomy-category"><a rel="tag" href="/c/r">Roads</a></p><a rel="tag" href="/t/b">Bridge</a>',
            ["Bridge"],
        ),
        (
            '<h1>Bridge</h1><p class="entry-categories"><a href="/topic/a">Ice</a> <a href="/topic/b">Wind</a></p>',
            None,
        ),
    ],
)
def test_tags(html: str, want: list[str] | None) -> None:
    found = climb(document(html), extras.TAGS)
    assert (list(found.value) if found else None) == want


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


@pytest.mark.parametrize(
    ("url", "href", "want"),
    [
        ("/news/38853_the-bridge-opens.html", "/news", None),
        ("/news/7349926/the-bridge-opens", "/news/7349926", "/news/7349926"),
        ("/news/118-bridge", "https%3A%2F%2Fwww.valley-times.example%2Fnews%2F118", "/news/118"),
        ("/news/118-bridge", "The bridge opens", None),
    ],
    ids=["the list above", "the same, shorter", "escaped twice", "a headline"],
)
def test_a_canonical_url_is_the_article_s_own(url: str, href: str, want: str | None) -> None:
    site = "https://www.valley-times.example"
    found = extras.canonical_url(document(f'<link rel="canonical" href="{href}">', f"{site}{url}"))
    assert found == (want and f"{site}{want}")


def test_the_sites_own_short_name_is_no_tag() -> None:
    page = document('<meta name="keywords" content="Ice, VTN, USA">', "https://www.vtn.example/bridge")
    found = climb(page, extras.TAGS)
    assert found is not None and found.value == ("Ice", "USA")
