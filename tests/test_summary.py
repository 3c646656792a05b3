"""Summary: what the page's data give, where it says something of its own."""

from __future__ import annotations

import pytest

import scraper
from scraper.model import Page
from scraper.parse.article import explain

BODY = "The bridge opened on Tuesday after a long winter, and the town danced on it until the evening came."
TAGLINE = '<header><p class="site-description">All news of the valley.</p></header>'
MORE = "<p>Ann Roe, who had built it, cut the ribbon before two hundred people and thanked all who had helped her.</p>"


@pytest.mark.parametrize(
    ("head", "want"),
    [
        ('<meta name="description" content="Why it took three years, and who paid.">', True),
        (
            '<meta name="description" content="The bridge opened on Tuesday after a long winter, and the to\u2026">',
            False,
        ),
        ('<meta name="description" content="The bridge opened on Tuesday after a long winter, and the to">', False),
        ('<meta name="description" content="The bridge opened on Tuesday after a long winter [...]">', False),
        ('<meta name="description" content="The bridge opened on Tuesday after a long winter, and (...)">', False),
        (
            '<meta property="og:description" content="Photo: A. Roe The bridge opened on Tuesday after a long winter, '
            'and the town danced (...)">',
            False,
        ),
        (
            '<meta name="description" content="The bridge opened on Tuesday after a long winter… '
            'Continue reading “Bridge”">',
            False,
        ),
        ('<meta name="description" content="The bridge opened on Tuesday after a long... Read more »">', False),
        (f'<meta name="description" content="{BODY}">', True),
        ('<meta name="description" content="All news of the valley.">', False),
        ('<meta name="description" content="Bridge opens after a long winter">', False),
        ('<meta name="description" content="Valley Times">', False),
        ('<meta name="description" content="Visit the post for more.">', False),
        (
            '<meta name="description" content="News of the valley, every day."><script type="application/ld+json">'
            '{"@type":"WebSite","name":"V","description":"News of the valley, every day."}</script>',
            False,
        ),
        ('<meta name="description" content="Valley Times - the Valley\'s own paper">', False),
        ('<meta name="description" content="Valley Times: a year of gains, and what comes next">', True),
    ],
    ids=[
        *("own", "cut", "cut in a word", "excerpt", "excerpt in round brackets", "caption in front of a cut text"),
        *("continue reading", "read more", "first paragraph", "tagline", "headline", "name", "filler", "site"),
        *("slogan", "news of the site itself"),
    ],
)
def test_summary(head: str, want: bool) -> None:
    text = f"{TAGLINE}<h1>Bridge opens after a long winter</h1><p>{BODY}</p>{MORE}"
    html = f"<html><head>{head}</head><body>{text}</body></html>"
    article = scraper.parse(html.encode(), url="https://www.valley-times.example/bridge")
    assert (article.summary is not None) is want


def test_why_shows_a_description_that_says_nothing_of_its_own() -> None:
    head = '<meta name="description" content="Valley Times">'
    html = f"<html><head>{head}</head><body><h1>Bridge</h1><p>{BODY}</p>{MORE}</body></html>"
    page = Page("https://www.valley-times.example/bridge", "", 200, (), html.encode(), None)
    assert [found.lost for found in explain(page).evidence["summary"]] == ["says nothing of its own"]


@pytest.mark.parametrize(
    ("declared", "shown"),
    [
        ("&lt;p&gt;Why it took three years.&lt;/p&gt;", "Why it took three years."),
        ("The bridge&amp;rsquo;s builders tell.", "The bridge’s builders tell."),
        ("Why it took three years. &lt;a class=&quot;more&quot;", "Why it took three years."),
        ("Two &lt; three years, and why.", "Two < three years, and why."),
        ("Why it took three years. - Valley Times", "Why it took three years."),
    ],
    ids=["markup", "escaped twice", "cut in a tag", "a sign", "the site's name behind it"],
)
def test_a_description_is_plain_text(declared: str, shown: str) -> None:
    html = f'<meta name="description" content="{declared}"><h1>Bridge opens</h1><p>{BODY}</p>{MORE}'
    assert scraper.parse(html.encode(), url="https://www.valley-times.example/bridge").summary == shown


@pytest.mark.parametrize(
    ("standfirst", "shown"),
    [
        ("Why it took three years.<time>6 July 2021</time>", "Why it took three years."),
        ("Why it took three years.<span class=byline>by Ada Lind</span>", "Why it took three years."),
        ("By Ada Lind and Benjamin Ott", None),
        ("<span class=caption>The bridge in May, before the flood came.</span> Flood", None),
    ],
    ids=["a day", "a byline", "only a byline", "a caption"],
)
def test_a_standfirst_ends_before_the_line_below_it(standfirst: str, shown: str | None) -> None:
    html = f"<article><h1>Bridge opens</h1><p class=standfirst>{standfirst}</p><p>{BODY}</p>{MORE}</article>"
    assert scraper.parse(html.encode(), url="https://www.valley-times.example/bridge").summary == shown


@pytest.mark.parametrize(
    ("head", "shown"),
    [
        (
            "<h1>Bridge opens</h1><h2>It took three years and cost nobody a crown</h2><p class=byline>By Ada Lind</p>",
            True,
        ),
        ("<h1>Bridge opens</h1><h3>It took three years and cost nobody a crown</h3><time>6 July 2021</time>", True),
        (
            "<header><h1>Bridge opens</h1><h2>It took three years and cost nobody a crown</h2></header>"
            "<div class=post-meta>6 July 2021</div>",
            True,
        ),
        ("<h1>Bridge opens</h1><h2>It took three years and cost nobody a crown</h2>", False),
        ("<h1>News of the whole valley</h1><h2>Bridge opens</h2><p class=byline>By Ada Lind</p>", False),
        (
            "<h1>Valley Times</h1><h2>Bridge opens after three long years</h2><p class=byline>By Ada Lind</p>",
            False,
        ),
        ("<h1>Bridge opens</h1><p itemprop=alternativeHeadline>It took three years and cost nobody a crown</p>", True),
        ("<h1>Bridge opens</h1><p class=linha-fina>It took three years and cost nobody a crown</p>", True),
        ("<h1>Bridge opens</h1><p class=artigo__descricao>It took three years and cost nobody a crown</p>", True),
        ("<h1>Bridge opens</h1><div id=sumario>It took three years and cost nobody a crown</div>", True),
        ("<h1>Bridge opens</h1><p class=sottotitolo>It took three years and cost nobody a crown</p>", True),
    ],
    ids=[
        *("byline", "day", "header", "section", "title below a site's", "other title below a site's", "schema.org's"),
        *("a thin line in Portuguese", "a description in Portuguese", "a summary in Spanish", "a subtitle in Italian"),
    ],
)
def test_a_heading_between_the_headline_and_the_byline(head: str, shown: bool) -> None:
    html = f"<title>Bridge opens</title><article>{head}<p>{BODY}</p>{MORE}</article>"
    summary = scraper.parse(html.encode(), url="https://www.valley-times.example/bridge").summary
    assert summary == ("It took three years and cost nobody a crown" if shown else None)
