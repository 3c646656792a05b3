"""The lead image: declared, marked, or the first large one beside the text."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from scraper.parse import image
from scraper.parse.ladder import climb
from snippets import document

LONG = "é" * 3000  # 18,000 characters where it is asked for
SITE = "https://www.valley-times.example"
PROSE = "<p>" + "The bridge in the north was opened before the winter, and the town danced on it. " * 2 + "</p>"


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
        ('<meta property="og:image" content="/x/times-default.png">', None),
        (
            '<article><figure><img src="/u/a-36x36.jpg"></figure>'
            '<figure><img src="/u/b-800x600.jpg"></figure></article>',
            f"{SITE}/u/b-800x600.jpg",
        ),
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
        ('<meta property="og:image" content="/wp-content/themes/valley/share.jpg">', None),
        ('<meta property="og:image" content="/files/og-image.png">', None),
        ('<meta property="og:image" content="/files/Valley-Times_1200x630.png">', None),
        ('<meta property="og:image" content="/118200/og-image.png">', f"{SITE}/118200/og-image.png"),
        ('<meta property="og:image" content="/u/Facebook-1024.jpg">', f"{SITE}/u/Facebook-1024.jpg"),
        ('<meta property="og:image" content="/2021/social-media.jpg">', f"{SITE}/2021/social-media.jpg"),
        ('<meta property="og:image" content="/2021/graph.png">', f"{SITE}/2021/graph.png"),
        ('<meta property="og:image" content="https://-/media/118.jpg">', None),
        (f'<meta property="og:image" content="http://a.example/{LONG}.jpg">', f"http://a.example/{quote(LONG)}.jpg"),
        (
            f'<meta property="og:image" content="{SITE}https://cdn.example/118.jpg">',
            "https://cdn.example/118.jpg",
        ),
    ],
    ids=[
        *("relative", "data URL, C37", "list of objects", "after the logo", "default", "blank"),
        *("the site's own", "small by its name", "icon", "no logo"),
        *("by its id", "an id alone", "a theme's", "for sharing", "the site's name", "in its own folder"),
        *("what it shows", "a topic", "a drawing", "no host", "longer than a URL may be asked", "two addresses"),
    ],
)
def test_declared(html: str, want: str | None) -> None:
    found = climb(document(html), image.STEPS)
    assert (found.value if found else None) == want


def test_a_host_without_a_dot_may_be_the_page_s_own() -> None:
    found = climb(document('<meta property="og:image" content="/b.jpg">', "http://intranet/bridge"), image.STEPS)
    assert found is not None and found.value == "http://intranet/b.jpg"


@pytest.mark.parametrize(
    ("html", "want"),
    [
        (f'<div><img src="/b.jpg" width="640">{PROSE}</div>', "/b.jpg"),
        (f'<div><p><a href="/big.jpg"><img src="/b.jpg"></a></p>{PROSE}</div>', "/b.jpg"),
        (f'<div><div class="top"><img src="/b.jpg"></div><div><div>{PROSE}</div></div></div>', "/b.jpg"),
        (f'<div><img src="/1x1.png" data-src="/b.jpg">{PROSE}</div>', "/b.jpg"),
        (f'<div><img src="data:image/gif;base64,R0" srcset="/s.jpg 320w, /b.jpg 1024w">{PROSE}</div>', "/b.jpg"),
        (f'<base href="/archive/"><div><img src="b.jpg">{PROSE}</div>', "/archive/b.jpg"),
        (f'<div><img src="/dot.jpg" width="1"><img src="/strip.jpg" height="60">{PROSE}</div>', None),
        (f'<div><img src="/b.gif"><img src="/themes/valley/b.jpg"><img src="/picture?id=4">{PROSE}</div>', None),
        (f'<div><img src="/ajax-loader.png"><img src="/ad_banner.jpg">{PROSE}</div>', None),
        (f'<div><a href="/other-story"><img src="/b.jpg"></a>{PROSE}</div>', None),
        (f'<div><aside><img src="/b.jpg"></aside><div class="related"><img src="/c.jpg"></div>{PROSE}</div>', None),
        ('<div><img src="/b.jpg"><p>Short.</p></div>', None),
        (
            f'<div><img src="/b.jpg"><p>{"北の橋は冬の前に開通し、町の人々がその上で踊った。" * 2}</p></div>',
            "/b.jpg",
        ),  # dense
        (
            f'<div><img src="/b.jpg"><div>{"The bridge was opened, and the town danced.<br><br>" * 9}</div></div>',
            "/b.jpg",
        ),
        (
            '<div><div><a href="/big.jpg"><img src="/b.jpg"></a></div>'
            + "<div>The bridge was opened, and the town danced on it until the morning came.</div><div><br></div>" * 5
            + "</div>",
            "/b.jpg",
        ),  # Blogger's lines
        (
            '<div><div class="elementor-widget-theme-post-featured-image"><img src="/b.jpg"></div>'
            f"<div>{PROSE}</div></div>",
            "/b.jpg",
        ),
        (f'<div><div class="jet-listing"><img src="/b.jpg"></div><div>{PROSE}</div></div>', None),
        (f'<img src="/b.jpg"><div>{PROSE}</div>', None),  # beside the page, not the text
        ('<article><figure><img data-src="/b.jpg"></figure></article>', "/b.jpg"),
        ('<div itemprop="image"><meta itemprop="url" content="/b.jpg"></div>', "/b.jpg"),
        (f'<meta property="og:image" content="/a.jpg"><div><img src="/b.jpg">{PROSE}</div>', "/a.jpg"),
    ],
)
def test_shown(html: str, want: str | None) -> None:
    found = climb(document(html), image.STEPS)
    assert (found.value if found else None) == (want and SITE + want)
