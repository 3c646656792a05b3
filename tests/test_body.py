"""The article's text: pages of our own, and whatever bytes may come."""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraper import parse
from scraper.data import table
from scraper.model import NO_RULES, Found, Page
from scraper.parse import (
    access,
    beginnings,
    body,
    boxes,
    byline,
    endings,
    labels,
    leads,
    prune,
    relations,
    scorer,
    together,
)
from scraper.parse.blocks import Block, Context, read, words
from scraper.parse.classnames import kinds_of
from scraper.parse.document import Document
from scraper.parse.relations import Parts, relate
from scraper.parse.standfirst import standfirst
from scraper.parse.survey import Survey

_ROWS = Path(__file__).parent / "cases"
CASES = tomllib.loads((_ROWS / "body.toml").read_text(encoding="utf-8"))["page"]
BESIDE = tomllib.loads((_ROWS / "beside.toml").read_text(encoding="utf-8"))["row"]


def document(html: str | bytes, url: str = "https://news.example/a") -> Document:
    raw = html.encode() if isinstance(html, str) else html
    return Document(Page(url, url, 200, (("content-type", "text/html; charset=utf-8"),), raw, None), NO_RULES)


def text_of(html: str | bytes, title: str | None = None) -> list[str]:
    found = body.body(document(html), title)
    return found.value.split("\n\n") if found else []


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_body_of_a_page(case: dict[str, object]) -> None:
    assert text_of(str(case["html"]), str(case["headline"])) == case["body"], case["why"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_where_the_body_was_found(case: dict[str, object]) -> None:
    found = body.body(document(str(case["html"])), str(case["headline"]))
    assert found is not None and found.source == case.get("source", "markup") and found.path


def test_labelled_lines_stay_out() -> None:
    doc = document(
        "<html><body><article><ul><li>publish: 6 July 2021</li><li>time: 12:36 pm</li><li>category: Politics</li>"
        "<li>No: 18200</li></ul><h1>Valley council meets the farmers</h1>"
        "<p>The council met the farmers on Tuesday to speak about the water that has been short since May.</p>"
        "<p>Both sides agreed to open the upper gate for two more hours a day until the rain comes, he said.</p>"
        "<h3>Leave a Reply</h3><form><p>Your email address will not be published. Required fields are marked *</p>"
        "</form></article></body></html>"
    )
    doc.labels = labels.find(doc)
    found = body.body(doc, "Valley council meets the farmers")
    assert found is not None
    assert found.value == (
        "The council met the farmers on Tuesday to speak about the water that has been short since May."
        "\n\nBoth sides agreed to open the upper gate for two more hours a day until the rain comes, he said."
    )


def test_a_label_seen_twice_in_one_text_is_cut_once() -> None:
    doc = document("<body><p>publish: 6 July 2021 / time: 12:36 pm / No: 18200</p><h1>T</h1><p>Text.</p></body>")
    doc.labels = labels.find(doc) * 2
    body.body(doc, "T")


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        ("jp-relatedposts", {"related"}),
        ("entry-meta", {"meta"}),
        ("commentary", set()),
        ("post comments-open category-newsletter has-sidebar", {"article"}),
        ("responsive-header", {"title"}),
        ("newsletterSignup", {"signup"}),
        ("socialShareBar", {"share"}),
        ("photocredit", {"media", "caption"}),  # one part begins another
        ("readmorefrombox", {"related", "side"}),  # two parts share letters, and what is left is a word
        ("", set()),
    ],
)
def test_what_class_names_say(names: str, kinds: set[str]) -> None:
    assert kinds_of(names) >= kinds if kinds else not kinds_of(names)


@pytest.mark.parametrize(("text", "count"), [("two words", 2), ("老城区的新图书馆星期二上午正式开放了", 12), ("", 1)])
def test_words(text: str, count: int) -> None:
    assert words(text) == count


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<h1>T</h1><p class="standfirst">A sentence that sums the article up.</p><p>Text.</p>', True),
        ('<header><h1>T</h1></header><div class="article-lead">A sentence that sums the article up.</div>', True),
        ('<h1>T</h1><div class="article__preamble">A sentence that sums the article up.</div>', True),
        ("<h1>T</h1><p>A sentence that opens the article as any other.</p>", False),
        ('<h1>T</h1><div class="BylinePreamble-x">By Ann Roe, who has written of it before</div>', False),
        ('<h1>T</h1><p class="standfirst">Short.</p>', False),
        ('<h1>T</h1><div class="article-lead"><figure>A caption, by Ann Roe of the Times</figure></div>', False),
        ('<h1>T</h1><p class="subtitle image-credit">A caption, by Ann Roe of the Times</p>', False),
        ('<h1>T</h1><p class="standfirst"><a>Share it with</a> <a>friends</a> <a>and foes</a></p>', False),
        ('<h1>T</h1><p class="standfirst"><script>window.play({"standfirst": 1})</script></p>', False),
    ],
)
def test_summary(html: str, expected: bool) -> None:
    found = standfirst(document(f"<body>{html}</body>"))
    assert (found.value == "A sentence that sums the article up." if found else False) is expected


def _data(**values: object) -> str:
    pairs = "".join(f',"{key}":{value}' for key, value in values.items())
    return f'<script type="application/ld+json">{{"@type":"NewsArticle","headline":"T"{pairs}}}</script>'


@pytest.mark.parametrize(
    ("html", "text", "expected"),
    [
        ("", "x" * 900, ("unknown", [])),
        ("", "x" * 90, ("unknown", ["body-short"])),
        ("", None, ("unknown", [])),
        (_data(isAccessibleForFree="true"), "x" * 900, ("free", [])),
        (_data(isAccessibleForFree='"False"'), "x" * 900, ("paid", ["preview-only"])),
        (_data(isAccessibleForFree='"http://schema.org/False"'), "x" * 5000, ("paid", [])),
        ('<meta property="article:content_tier" content="locked">', "x" * 400, ("paid", ["preview-only"])),
        ('<meta property="article:content_tier" content="free">', "x" * 900, ("free", [])),
        (
            '<script type="application/ld+json">{"@type":"WebPage","isAccessibleForFree":true}</script>',
            None,
            ("free", []),
        ),
        ('<meta itemprop="isAccessibleForFree" content="false">', "x" * 5000, ("paid", [])),
        ('<meta property="article:premium" content="false">', "x" * 900, ("free", [])),
        ('<meta property="article:premium" content="maybe">', "x" * 900, ("unknown", [])),
        (
            '<meta property="article:premium" content="maybe"><meta name="ispremium" content="yes">',
            *("x" * 5000, ("paid", [])),
        ),
    ],
    ids=[
        *("C28-nothing", "short", "no-text", "C28-free", "C28-paid", "C28-paid-whole", "C28-locked", "C28-tier-free"),
        *("page-free", "microdata-paid", "not-premium", "premium-unclear", "premium-by-another"),
    ],
)
def test_access(html: str, text: str | None, expected: tuple[str, list[str]]) -> None:
    assert access.access(document(f"<html><head>{html}</head></html>"), text) == expected


PIECES = (
    *("<p>", "</p>", "<div>", "</div>", "<b>", "<i>", "</b>", "<ul>", "<li>", "<table>", "<tr>", "<td>", "<svg>"),
    *(
        "<object>",
        "<span hidden>",
        "</span>",
        "<a href=x>",
        "</a>",
        "<h1>",
        "<br>",
        "<template>",
        "<title>",
        "<select>",
    ),
    *(
        "<select>",
        "<form>",
        "<blockquote class=quote>",
        "text.",
        "word&nbsp;",
        "\u2028",
        "\x00",
        "More words, and a stop.",
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=80))
def test_any_markup_is_read(parts: list[str]) -> None:
    found = body.body(document("".join(parts)), "text.")
    assert found is None or isinstance(found, Found)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_are_read(raw: bytes) -> None:  # C45
    doc = document(raw)
    standfirst(doc)
    body.body(doc, None)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 20_000 + "text",
        "<span>" * 20_000 + "<div>text</div>",
        "<b>" * 3_000 + "word " * 3_000,
        "<p hidden>" * 3_000 + "word",
        "<span hidden>" * 3_000 + "word",
        "<div><br>" * 5_000 + "word",
        "<object>" * 3_000 + "word",
        "<p>" + " " * 500_000 + "x</p>",
        "<p>" + "<br> " * 100_000 + "x</p>",
        "<p>" + "a" * 500_000 + "</p>",
        "<p>" + "1" * 500_000 + "</p>",
        '<p class="' + "related" * 50_000 + '">x</p>',
        "<ul>" + "<li><a href=x>link text here</a>" * 20_000 + "</ul>",
    ],
    ids=lambda html: html[:24],
)
def test_odd_pages_end(html: str) -> None:  # C43: a page in the shape of a trap takes seconds at most
    body.body(document(f"<body>{html}</body>"), None)


@pytest.mark.parametrize(
    "html",
    [
        '<meta property="article:section" content="' + "a," * 60_000 + '">',
        "<p>Tags: <span>" + "".join(f"<a href=/tag/{i}>x{i}</a>" for i in range(12_000)) + "</span>",
        "<p>Tags: " + "<span>" * 30_000 + "<a href=/tag/a>x</a>",
        "<div class=intro><img>" + "<p class=intro>x</p>" * 12_000 + "</div>",
    ],
    ids=["joined sections", "links in one item", "items in items", "standfirsts"],
)
def test_odd_pages_have_a_record(html: str) -> None:
    begun = time.process_time()
    parse(f"<body><h1>Bridge opens</h1>{html}".encode(), url="https://valley.example/bridge")
    assert time.process_time() - begun < 3


def test_blocks_keep_words_apart() -> None:
    doc = document("<body><div>One <b>bold</b> <i>word</i><p>Two<br>lines</p>tail</div></body>")
    assert doc.tree.body is not None
    blocks, _ = read(doc.tree.body, None, {})
    assert [block.text for block in blocks] == ["One bold word", "Two lines", "tail"]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("One <!-- -->word<i>s</i> <img> here", ["One words here"]),
        ("<!-- --> One\n<!-- -->\n<b>word</b>", ["One word"]),
        ("<a>One <b>word</b><i></i></a> <span> </span>more", ["One word more"]),
        (f"<a>{'<i>One </i>' * 30}<b>word</b></a>", ["One " * 30 + "word"]),
        (f"<a>{'<i>One </i>' * 30}<p>word</p></a>", [("One " * 30).strip(), "word"]),
    ],
    ids=["comments and pictures", "blanks of their own", "empty elements", "a long line", "a block far inside"],
)
def test_what_is_a_line(html: str, expected: list[str]) -> None:
    doc = document(f"<body><div>{html}</div></body>")
    assert doc.tree.body is not None
    assert [block.text for block in read(doc.tree.body, None, {})[0]] == expected


PROSE = "The baker has sold his bread on the square for thirty years, and nobody can think of a Saturday without him. "
GATHERED = {
    "a button in a heading": (
        f"<h1>T</h1><p>{PROSE * 9}</p><h3><button>Who bakes it?</button></h3><button>Share</button>",
        ["T", PROSE.strip(), "Who bakes it?"],
    ),
    "a heading in a button": (
        f"<h1>T</h1><p>{PROSE * 9}</p><button><span><h3>Who bakes it?</h3></span></button><button>Share</button>",
        ["T", PROSE.strip(), "Who bakes it?"],
    ),
    "readings": (
        "<h1>T</h1><p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>の本</p>",
        ["T", "漢字の本"],
    ),
    "a formula's source": (
        "<h1>T</h1><p><math><semantics><mi>N</mi><annotation>{\\bar N}</annotation></semantics></math> loaves.</p>",
        ["T", "N loaves."],
    ),
    "a list": (
        f"<article><h1>T</h1><p>Three ways:</p><ol><li><p>{PROSE * 9}</p></li><li><p>{PROSE * 9}</p></li></ol>"
        "<p>That is all.</p></article>",
        ["T", "Three ways:", PROSE.strip(), PROSE.strip(), "That is all."],
    ),
    "the headline in a low heading": (
        "<h1>The Valley Herald</h1><p>All the news.</p><div><h3>T</h3><div class=teaser><p>A loaf.</p></div>"
        f"<div><p>{PROSE * 9}</p></div></div>",
        ["T", "A loaf.", PROSE.strip()],
    ),
    "text in <div>s that names discount": (
        '<div class="widget Blog"><div class="blog-posts hfeed"><h1>T</h1><div class="post-body entry-content">'
        + f"<div>{PROSE}</div><div><br></div>" * 6
        + "</div><div class=post-footer>By Ada Lind</div></div></div>",
        ["T", PROSE.strip()],
    ),
    "text that is in no paragraph": (
        "<div><h1>T</h1><div>"
        + f"<div>{PROSE}</div>" * 9
        + f"</div></div><footer><p>{PROSE}</p>{'<span>a</span>' * 300}</footer>",
        ["T", PROSE.strip()],
    ),
}


@pytest.mark.parametrize("name", GATHERED)
def test_what_is_gathered(name: str) -> None:
    html, expected = GATHERED[name]
    gathered = body.gather(document(f"<body>{html}</body>"), "T")
    assert gathered is not None
    texts = [PROSE.strip() if PROSE.strip() in block.text else block.text for block in gathered[0]]
    assert [text for i, text in enumerate(texts) if i == 0 or name == "a list" or text != texts[i - 1]] == expected


SOLE = "<p>The valley's market opens again on Friday after a year in which the square was dug up for new pipes.</p>"
MORE = (
    "<p>Forty sellers have paid for a stall so far, and the council expects twenty others before the week is over.</p>"
)


@pytest.mark.parametrize(
    "line",
    [
        "Leave a Reply Cancel reply",
        "دیدگاهتان را بنویسید",
        "ځواب دلته پرېږدئ",
        "Добавить комментарий",
        "اترك تعليقاً",
        "Bir yanıt yazın",
        "To view this video please enable JavaScript, and try another browser",
        "Empfohlener redaktioneller Inhalt",
        "Follow us on Twitter and Facebook",
        "▶️ Mantente informado en nuestro canal de Google Noticias",
        "Photocredits Valley Wear: Ada Lind",
        "Dieser Beitrag enthält Werbung für Mühlen.",
        "Время чтения: 4 минуты",
        "Stalls on the square in Linden. Photo: Ada Lind",
        "Stalls on the square in Linden (Foto: Ada Lind/dpa)",
        "Stalls on the square in Linden © Ada Lind / Valley Post",
        "Ada Lind/Getty Images for the Valley Post",
        "Quelle: Ada Lind",
        "Izvor: Linden Post",
        "Πηγή: Linden Post",
        "Escucha la noticia",
        "Écouter l’article",
        "Posłuchaj artykułu",
        "Nahlásit chybu v článku",
        "Jaa artikkeli",
        "عکس: آدا لیند",
        "Read more:",
        "People are also reading…",
        "Article continues below",
        "مطالب مرتبط",
        "انتهای پیام/۴۱۲",
        "Original-Content von: Kreis Linden, übermittelt durch das Presseportal",
        "Views: 1,843",
        "Количество показов: 1843",
        "조회수 312",
        "تعداد بازدید: ۳۱۲",
        "12 Comments",
        "Follow our channel on Google News",
        "👉 Ikuti saluran WhatsApp Kabar Linden untuk berita terbaru",
        "Ακολουθήστε το Linden Post στο Google News και μάθετε πρώτοι τα νέα",
        "Підписуйтесь на Linden Post у Telegram",
        "Haberler için WhatsApp kanalımıza abone olun",
        "Читайте также:",
        "- Anzeige -",
        "Warning: Undefined array key 3 in /srv/site/theme/single.php on line 41",
        "Strict Standards: Only variables should be passed by reference in /srv/site/db.php on line 7",
        "View this post on Instagram",
        "A post shared by Linden Post (@lindenpost)",
        "Back to top ↑",
        "Zurück zum Inhaltsverzeichnis",
        "Dalsza część artykułu pod materiałem wideo",
        "Artikel gaat verder onder de foto",
        "Skip to main content",
        "Siehe auch:",
        "Image credit: Ada Lind",
        "Stalls on the square in Linden (file photo)",
        "© valley-press, vp:220124-99-835563/5",
        "For more from the valley, sign up for the Linden Post's weekly newsletter.",
        "The best of the valley, delivered straight to your inbox",
        "Nichts mehr verpassen: Hier für den Newsletter anmelden!",
        "Zapisz się na newsletter Linden Post",
        "Ich bin damit einverstanden, dass mir externe Inhalte angezeigt werden. Damit können personenbezogene Daten "
        "an Drittplattformen übermittelt werden. " + "Mehr dazu steht in den Angaben zum Schutz der Daten. " * 3,
        "You are using an outdated browser. Please upgrade it.",
        "Got a story? Write to desk@linden.example",
        "Like this story? Share it with a friend who bakes.",
        "The post Market opens appeared first on Linden Post.",
        "[bread_box id=4]",
        "[button link=”/tips” type=”big”]Send us a tip[/button]",
        "Getty Images / Ada Lind",
        "< back to top",
        "Book now",
        "Image 1 of 13",
        "Bild 3 von 12",
        "We use cookies to improve your experience on our site and to show you what you may like.",
        "Diese Website verwendet Cookies, damit sie besser wird. Wer weiterliest, stimmt dem zu.",
        "Мы используем файлы cookie, чтобы сайт работал лучше.",
        "Lue aiheesta lisää:",
        "Tell us what you saw in the comments and follow us on Facebook, where the valley meets",
        "Follow Linden Post on Twitter for the news of the valley",
        "This is an open access article, distributed under a licence that lets all copy it.",
        "This post is also available in: Deutsch",
        "This post is more than 3 years old, and the market may have moved since.",
        "¡Mira lo que tiene nuestro canal de YouTube!",
        "¿Ya sabías que en el valle tenemos canal de Telegram? Únete desde tu celular.",
    ],
)
def test_what_sites_print_on_every_page_stays_out(line: str) -> None:
    found = text_of(f"<body><h1>Market opens again</h1>{SOLE}<h3>{line}</h3>{MORE}</body>", "Market opens again")
    assert len(found) == 2


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p>The <abbr>NWA<span role="tooltip">Northern Water Authority</span></abbr> will dig until May.</p>', 2),
        ("<p>The NWA will dig until May.</p>" * 2, 3),
        (SOLE, 1),
        (
            '<ul><li class="forum-fil"><div class="forum-message">'
            + "<p>I do not agree at all, and said so then.</p>" * 9,
            1,
        ),
    ],
    ids=["a tooltip", "a short line twice", "a paragraph twice", "SPIP's comments"],
)
def test_paragraphs_that_are_kept(html: str, expected: int) -> None:
    found = text_of(f"<body><h1>Market opens again</h1><article>{SOLE}{html}</article>", "Market opens again")
    assert (len(found), "Northern" in "".join(found)) == (expected, False)


@pytest.mark.parametrize(
    "line",
    [
        "Leave a comment unanswered for a week, she said, and "
        + "the whole valley will talk of it; " * 5
        + "nobody forgets.",
        "She read more than a hundred of his letters and found the one photo: it shows the square, empty, in May.",
        "The council will not say who paid for the pipes, or why it took so long, the mayor said on Friday. (dpa)",
        "Picture: 4K at sixty frames in a second",
        "Izvor je presušio u svibnju, a pekar kaže: vodu sada nose iz doline, dvaput na dan.",
        "Listen to this story of a baker, who had not slept for three nights when the mayor came",
        "Prijavi napako, so mu rekli, in pek jo je prijavil še isti dan.",
        "Views from the tower of 1843 hang on its walls",
        "Follow the steps on the screen until WhatsApp asks for the number of your phone",
        "“Follow us on the square, not on Facebook”, the bakers had told the whole valley in May",
        "Four hundred readers had signed up for the newsletter before the mayor, who reads none, heard of it",
        "Follow the mayor on her way to the town hall and you will see no one look at Facebook",
        "The browser is outdated, the baker said, and the shop's page shows nothing but a blank in it",
        "The shop may earn a commission of two in a hundred from each loaf, the baker said, and the valley's council "
        "would like to know from whom: it asked him for the books of the last four years on Friday.",
        "[sic] was all that the paper printed behind the name of the mayor, who had spelt it so himself",
        "He had asked three sources: the mayor, the baker and the baker's wife, and none would be quoted by the paper",
    ],
)
def test_a_text_may_look_like_a_stock_line(line: str) -> None:
    assert len(text_of(f"<body><h1>Talk</h1>{SOLE}<p>{line}</p></body>", "Talk")) == 2


def test_an_element_with_nothing_but_one_text_is_a_paragraph() -> None:
    rows = ["The bridge carries two lanes and a path.", "It was closed in May.", "Nobody was hurt, the mayor said."]
    inner = "".join(f"<div class='t'>{row}</div>" for row in rows)
    gathered = body.gather(document(f"<body><h1>Bridge</h1>{SOLE}<section>{inner}</section>{SOLE}</body>"), "Bridge")
    assert gathered is not None
    blocks = [block for block in gathered[0] if block.text in rows]
    assert len(blocks) == 3 and len({block.context.key for block in blocks}) == 1


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("　One.<br>　Two.<br>\n　Three.", ["One.", "Two.", "Three."]),
        ("One.<br>&nbsp;&nbsp; Two. <br/>&nbsp; &nbsp;Three.", ["One.", "Two.", "Three."]),
        ("One,<br>&nbsp;&nbsp; two.<br>&nbsp;Three.<br>Four.", ["One, two. Three. Four."]),
    ],
    ids=["an ideographic space", "spaces behind a sentence", "a line of verse"],
)
def test_an_indent_behind_a_line_break_begins_a_paragraph(html: str, expected: list[str]) -> None:
    doc = document(f"<body><div>{html}</div></body>")
    assert doc.tree.body is not None
    assert [block.text for block in read(doc.tree.body, None, {})[0]] == expected


_CAPTION = "The square on a Friday in May, with forty stalls"


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        (f"<div class=img_wrapper><img src=a.jpg><span class=descr>{_CAPTION}</span></div>{SOLE * 9}{MORE}", False),
        (f"<div class=photo><a href=b><img src=a.jpg></a><div>{_CAPTION}</div></div>{SOLE}{MORE}{PROSE}", False),
        (f"<div class=photo><p>{_CAPTION}</p><img src=a.jpg></div>{SOLE}{MORE}{PROSE}", True),
        (f"<table><tr><td><img src=a.jpg><tr><td class=tr-caption>{_CAPTION}</table>{SOLE}{MORE}", False),
        ("".join(f"<div class=photo><img><span>{_CAPTION} and {i} sellers.</span></div>" for i in range(9)), True),
    ],
    ids=["beside the picture", "below its link", "a paragraph", "of Blogger", "a gallery"],
)
def test_captions_stay_out(html: str, shown: bool) -> None:
    text = text_of(f"<body><h1>Market opens again</h1><article>{html}</article></body>", "Market opens again")
    assert any(_CAPTION in line for line in text) is shown and len(text) > 1


def test_the_items_of_a_list_stand_or_fall_together() -> None:
    context = Context(1, "ul", frozenset(), frozenset(), "", None)
    blocks = [Block("li", str(i), frozenset(), "", context) for i in range(3)]
    assert together._whole_lists(blocks, [900, -20, 400]) == [900, 20, 400]


@pytest.mark.parametrize(("kept", "expected"), [(0, [1, 1, 1]), (2, [1, 1, -1])], ids=["none was", "two were"])
def test_paragraphs_that_the_data_have_too_stay_where_most_were_left_out(kept: int, expected: list[int]) -> None:
    text = _STORY.replace("<p>", "").replace("</p>", " ")
    data = json.dumps({"@type": "NewsArticle", "headline": "Footbridge", "articleBody": text * 2})
    page = f'<script type="application/ld+json">{data}</script><div class=related>{_STORY}</div>'
    gathered = body.gather(document(page), None)
    assert gathered is not None
    blocks, core, evidence, _ = gathered
    scores = [1 if i < kept else -1 for i in range(len(blocks))]
    assert scorer._as_declared(blocks, Survey(blocks, core, evidence), scores) == expected


def test_a_list_stands_with_the_colon_before_it() -> None:
    none = frozenset[str]()
    around = Context(1, "div", none, none, "", None)
    items = Context(2, "ul", none, none, "", around)
    blocks = [Block("p", "Three things helped:", none, "", around), *(Block("li", "x", none, "", items),) * 3]
    assert together.together(blocks, [900, -20, -400, -30]) == [900, 20, 400, 30]
    blocks[0].text = "Three things helped."
    assert together.together(blocks, [900, -20, -400, -30]) == [900, -20, -400, -30]


def test_a_line_between_two_that_are_kept_is_kept() -> None:
    none = frozenset[str]()
    around = Context(1, "div", none, none, "", None)
    blocks = [Block("p", "on the coming night", none, "", around) for _ in range(3)]
    assert together.together(blocks, [31, -342, 38]) == [31, 1, 38]
    blocks[1].links = 4
    assert together.together(blocks, [31, -342, 38]) == [31, -342, 38]


def test_a_quote_between_lines_that_are_kept_is_kept() -> None:
    none = frozenset[str]()
    around = Context(1, "div", none, none, "", None)
    quote = Block("blockquote", "“We waited for it all our lives.” " * 4, none, "", around)
    blocks = [Block("p", "He spoke.", none, "", around), quote, Block("p", "She answered.", none, "", around)]
    assert together.together(blocks, [31, -342, 38]) == [31, 1, 38]
    assert together.together(blocks, [31, -1342, 38]) == [31, -1342, 38]  # plainly none
    assert together.together(blocks, [31, -342, -38]) == [31, -342, -38]  # behind all that is kept
    quote.own = frozenset(["tweet"])
    assert together.together(blocks, [31, -342, 38]) == [31, -342, 38]


_PROSE, _TITLE = (
    ("It opened again on Tuesday after weeks of waiting. " * 2, 0),
    ("Ferry company buys four new boats", 33),
)


@pytest.mark.parametrize(
    ("lines", "news", "found"),
    [
        ((_PROSE, _TITLE, _PROSE), True, {1}),
        ((_PROSE, _TITLE, _PROSE), False, set()),
        ((_PROSE, _TITLE, _TITLE, _PROSE), True, set()),
        ((_PROSE, ("The company says that it has four boats.", 40), _PROSE), True, set()),
        ((_PROSE, ("A boat.", 7), _PROSE), True, set()),
        (((_PROSE[0], 110), _TITLE, _PROSE), True, set()),
        (((_PROSE[0].replace("weeks of waiting. It", "weeks; it").strip(" .") + ":", 0), _TITLE, _PROSE), True, set()),
        ((_PROSE, _TITLE), True, set()),
    ],
    ids=[
        "in news",
        "in a guide",
        "two in a row",
        "a sentence",
        "a few words",
        "behind a link",
        "announced",
        "at the end",
    ],
)
def test_a_link_between_paragraphs_is_another_headline(
    lines: tuple[tuple[str, int], ...], news: bool, found: set[int]
) -> None:
    none = frozenset[str]()
    around = Context(1, "div", none, none, "", None)
    assert leads.leads([Block("p", text.strip(), none, "", around, links) for text, links in lines], news) == found


@pytest.mark.parametrize(
    ("head", "tag", "found"),
    [
        ("You may also like", "h2", {1, 2}),
        ("【関連記事】", "p", {1, 2}),
        ("What the engineers looked at", "h2", set()),
    ],
)
def test_the_list_behind_a_heading_that_leads_on(head: str, tag: str, found: set[int]) -> None:
    none = frozenset[str]()
    box = Context(1, "div", none, none, "", None)
    items, text = Context(2, "ul", none, none, "", box), "How to walk on ice when the river is high"
    blocks = [Block(tag, head, none, "", box), *[Block("li", text, none, "", items, len(text)) for _ in range(2)]]
    blocks.append(Block("li", f"{text}, and why that takes so long", none, "", items, len(text)))
    assert leads.leads(blocks, news=True) == found


def test_what_stands_behind_main_is_none_of_its_text() -> None:
    none = frozenset[str]()
    page = Context(0, "body", none, none, "", None)
    main, other = (Context(i, tag, frozenset([f"<{tag}>"]), none, "", page) for i, tag in ((1, "main"), (2, "div")))
    text = Block("p", "The bridge is open again. " * 20, none, "", main)
    notes = [Block("p", "The letter could not be sent.", none, "", other) for _ in range(2)]
    assert endings.within_main([notes[0], text, notes[1]]) == [notes[0], text]
    more = Block("p", "The bridge is open again. " * 30, none, "", other)  # then <main> holds the beginning alone
    assert endings.within_main([text, more]) == [text, more]
    text.text = "The bridge is open again."
    assert endings.within_main([text, notes[1]]) == [text, notes[1]]
    text.text *= 20
    around = Context(3, "div", none, none, "article-body", page)
    main.parent = around
    rest = Block("p", "The ferry sails on.", none, "", around)  # where <main> was closed too early
    assert endings.within_main([text, rest]) == [text, rest]


@pytest.mark.parametrize(
    ("above", "printed", "expected"),
    [
        ([], "Footbridge reopens", {0}),
        ([("h4", "Traffic"), ("p", "6 July 2021, by the desk")], "Footbridge reopens", {0, 1, 2}),
        ([("h4", "Traffic")], "FOOTBRIDGE – REOPENS", {0, 1}),
        ([("p", "It fell in March, when the river took its eastern pier. " * 2)], "Footbridge reopens", {1}),
        ([("li", "a dry spring")] * 40, "Footbridge reopens", set()),
        ([("h4", "Traffic")], "Footbridge closes", set()),
    ],
    ids=["nothing", "its section", "in other letters", "a standfirst", "printed again", "another"],
)
def test_what_stands_above_the_headline(above: list[tuple[str, str]], printed: str, expected: set[int]) -> None:
    none = frozenset[str]()
    around = Context(1, "div", none, none, "", None)
    blocks = [Block(tag, text, none, "", around) for tag, text in (*above, ("h1", printed), ("p", "Again it is open."))]
    assert beginnings.kickers(blocks, [1] * len(blocks), "Footbridge reopens") == expected


@pytest.mark.parametrize(
    ("above", "between", "left"), [("nav", 9, 2), ("nav", 2, 3), ("article", 9, 3)], ids=["far", "near", "no name"]
)
def test_what_the_site_says_about_itself(above: str, between: int, left: int) -> None:
    none = frozenset[str]()
    text, foot = Context(1, "div", none, none, "", None), Context(2, "div", frozenset([above]), none, "", None)
    links = [Block("li", "Sport", none, "", foot, links=5) for _ in range(between)]
    story = [Block("p", "The footbridge opened again.", none, "", text) for _ in range(2)]
    last = Block("p", "A paper since 1871.", none, "", foot)
    assert len(endings.without_footers([*story, last], [*story, *links, last])) == left


def test_cards_of_one_kind_fall_together() -> None:
    none = frozenset[str]()
    page = Context(1, "div", none, none, "", None)
    blocks = [Block("p", "x", none, "", Context(i, "div", none, none, "item", page)) for i in range(2, 7)]
    assert together.together(blocks, [368, -36, -90, -365, -40]) == [-1, -36, -90, -365, -40]
    assert together.together(blocks, [1368, -36, -90, -365, -40]) == [1368, -36, -90, -365, -40]
    assert together.together(blocks, [368, 200, -90, -365, -40]) == [368, 200, -90, -365, -40]


def test_the_rows_of_a_table_stand_or_fall_together() -> None:
    table = Context(1, "table", frozenset(), frozenset(), "", None)
    head, rows = (Context(key, tag, frozenset(), frozenset(), "", table) for key, tag in ((2, "thead"), (3, "tbody")))
    blocks = [Block("tr", str(i), frozenset(), "", context) for i, context in enumerate((head, rows, rows))]
    assert together._whole_lists(blocks, [-20, 900, 400]) == [20, 900, 400]


def test_the_trees_count_the_columns_that_there_are() -> None:
    gathered = body.gather(document(f"<body><h1>Market</h1>{SOLE}{SOLE}</body>"), "Market")
    assert gathered is not None
    blocks, core, evidence, _ = gathered
    columns = relate(blocks, Survey(blocks, core, evidence), [Parts(0, 0, 0, 0)] * len(blocks))
    learned = table("body_weights.json")
    assert (learned["columns"], len(learned["trees"])) == (list(columns), scorer._SURE[-1][0])
    wanted = [i % 2 == 0 for i in range(len(blocks))]
    rows = list(zip(*columns.values(), strict=True))
    survey = Survey(blocks, core, evidence)
    assert relations.rows(blocks, survey, [Parts(0, 0, 0, 0)] * len(blocks), wanted) == rows[::2]


@pytest.mark.parametrize(
    ("paragraphs", "free", "source"),
    [(3, True, "json-ld articleBody"), (40, True, "markup"), (40, False, "json-ld articleBody")],
    ids=["a preview", "a text at length", "a long preview that says so"],
)
def test_the_datas_text_is_for_previews(paragraphs: int, free: bool, source: str) -> None:
    lines = [
        f"Stall {i} sells bread that was baked in house {i} of the square, and has done so since May."
        for i in range(99)
    ]
    data = {"@type": "NewsArticle", "headline": "Talk", "isAccessibleForFree": free, "articleBody": "\n".join(lines)}
    shown = "".join(f"<p>{line}</p>" for line in lines[:paragraphs])
    html = f"<script type='application/ld+json'>{json.dumps(data)}</script><h1>Talk</h1><article>{shown}</article>"
    found = body.body(document(html), "Talk")
    assert found is not None
    assert (found.path if found.source == "json-ld" else found.source) == source


_FELL = "The footbridge was closed in March, when the river took away its eastern pier and two of the railings with it."
_OPENED = (
    "It opened again on Tuesday, and the first to cross it were the children of the school after weeks of waiting."
)
_PAID = "The repair cost less than the council had set aside, and what is left will pay for lamps along the whole way."
_STORY = f"<p>{_FELL}</p><p>{_OPENED}</p><p>{_PAID}</p>"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param(f"<div class=info><span class=date>6 July 2021 12:36</span></div>{_STORY}", 3, id="a date"),
        pytest.param(f"<div><p>Published: 6 July 2021, 12:36</p>{_STORY}</div>", 3, id="a date with its label"),
        pytest.param(f"<div><p>In March 2021 it fell.</p>{_STORY}</div>", 4, id="a sentence with a date"),
        pytest.param(f"<div><p>By Ada Lind and Ben Ott</p>{_STORY}</div>", 3, id="a byline"),
        pytest.param(f"<div><p>By Ada Lind, July 6, 2021</p>{_STORY}</div>", 3, id="a byline with its day"),
        pytest.param(f"<div><p><b>By Ada Lind, Mirzhol</b></p>{_STORY}</div>", 3, id="a byline with its town"),
        pytest.param(f"<div><p>By the Old Weir, Mirzhol</p>{_STORY}</div>", 4, id="a place with its town"),
        pytest.param(f"<div><p>By Ada Lind, Mirzhol is dry.</p>{_STORY}</div>", 4, id="a sentence like a byline"),
        pytest.param(f"<div><p>記者林一安／北港報導</p>{_STORY}</div>", 3, id="a reporter's line in Chinese"),
        pytest.param(f"<div><p>記者林一安／北港報導，新橋通車。</p>{_STORY}</div>", 4, id="a text behind it"),
        pytest.param(f"<div><p>Published on: July 6, 2021</p>{_STORY}</div>", 3, id="a whole word before the day"),
        pytest.param(f"<p>{_FELL}</p><p>Von Ada Lind</p><p>{_OPENED}</p>", 2, id="a byline behind a standfirst"),
        pytest.param(f"<p>{_FELL}</p><h3>Von Risiken und Pfeilern</h3><p>{_OPENED}</p>", 3, id="a subhead like one"),
        pytest.param(f"<p>{_FELL}</p><p>6 July 2021</p><p>{_OPENED}</p>", 2, id="a date behind a standfirst"),
        pytest.param(
            f"<p>{_FELL}</p><p>6 July 2021</p><p>{_OPENED}</p><p>8 July 2021</p><p>{_PAID}</p>", 5, id="a chronicle"
        ),
        pytest.param(f"<div><title>Untitled document</title>{_STORY}</div>", 3, id="a document in a document"),
        pytest.param(f"<p><table><tr><td>{_STORY}</table>", 3, id="a table that a page in quirks mode has in a <p>"),
    ],
)
def test_lines_in_front_of_the_prose(html: str, expected: int) -> None:
    page = f"<html><body><h1>Footbridge at Mirzhol reopens</h1>{html}</body></html>"
    text = parse(page.encode(), url="https://valley.example/bridge").body or ""
    assert len(text.split("\n\n")) == expected, text


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param("<p><b>Soma pia:</b> <a href=/a>Daraja la pili kujengwa mwakani</a></p>", 3, id="Swahili"),
        pytest.param("<p>KARANTA KUMA: <a href=/a>Za a gina gada ta biyu a badi</a></p>", 3, id="Hausa"),
        pytest.param("<p>Sidoo kale akhri: <a href=/a>Buundo labaad oo la dhisayo</a></p>", 3, id="Somali"),
        pytest.param(f"<p>Soma pia kitabu hiki, alisema mwalimu. {_PAID[::-1]}</p>", 4, id="a sentence that begins so"),
    ],
)
def test_links_to_read_as_well_in_languages_of_africa(html: str, expected: int) -> None:
    page = f"<html><body><h1>Footbridge at Mirzhol reopens</h1><p>{_FELL}</p>{html}<p>{_OPENED}</p><p>{_PAID}</p>"
    text = parse(page.encode(), url="https://valley.example/bridge").body or ""
    assert len(text.split("\n\n")) == expected, text


_QUOTE = "what is left will pay for lamps along the whole way"
_RIVER = "<h3>The river in March</h3>"
_JUMPS = '<ul><li><a href="#a">The river in March</a></li><li><a href="#b">2. The lamps</a></li></ul>'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        pytest.param(f"{_JUMPS}<p>{_FELL}</p>{_RIVER}<p>{_OPENED}</p>", 3, id="a table of contents"),
        pytest.param(
            f'<h2><a href="#a">The river</a></h2><p>{_FELL}</p><h2><a href="#b">The lamps</a></h2><p>{_PAID}</p>',
            4,
            id="subheads that link to themselves",
        ),
        pytest.param(f"{_STORY}<aside>“{_QUOTE}”</aside><p>{_FELL[::-1]}</p>", 4, id="a pull quote"),
        pytest.param(f"<p>{_FELL}</p><blockquote>{_OPENED}</blockquote><p>{_PAID}</p>", 3, id="a quote of its own"),
        pytest.param(f"<p>{_FELL}</p>{_RIVER}<p>{_OPENED}</p>" * 2, 3, id="a text with its subhead twice"),
        pytest.param(f"<p>{_FELL}</p><p>Oh the bridge.</p><p>{_PAID}</p><p>Oh the bridge.</p>", 4, id="a refrain"),
        pytest.param(f"<marquee><a href=/1>Mayor speaks tonight at eight</a></marquee>{_STORY}", 3, id="a ticker"),
        pytest.param(
            f'{_STORY}<p><a href="/f">The bridge</a> from <a href="/u">Ida Roe</a> on <a href="/">Vimeo</a>.</p>',
            3,
            id="a film's line",
        ),
        pytest.param(f"{_STORY}<p>You might also like these:</p>", 3, id="a last line that leads on"),
        pytest.param(f"{_STORY}<p>About the author:</p><p>{_FELL[::-1]}</p>", 3, id="who wrote it"),
        pytest.param(f"{_STORY}<h3>Zu den AutorInnen</h3><p>{_FELL[::-1]}</p>", 3, id="who wrote it, in German"),
        pytest.param(f"{_STORY}<h3>About the author’s house</h3><p>{_FELL[::-1]}</p>", 5, id="a house"),
        pytest.param(
            f"<p>{_FELL}</p><p>{_OPENED}</p><p class='affiliate-disclaimer'>{_PAID}</p>", 2, id="a disclaimer"
        ),
        pytest.param(
            "".join(f"<div class='subscriber-only'><p>{text}</p></div>" for text in (_FELL, _OPENED, _PAID)),
            3,
            id="each paragraph for subscribers",
        ),
        pytest.param(
            "".join(f"<div class='login-{i}'><p>{text}</p></div>" for i, text in enumerate((_FELL, _OPENED, _PAID))),
            3,
            id="a text in nothing but boxes",
        ),
        pytest.param(f"<div class='has-disclaimer'>{_STORY}</div>", 3, id="a text that has a disclaimer"),
        pytest.param(f"{_STORY}{MORE}{SOLE}<div class='newsletter-box'><p>{_PAID[::-1]}</p></div>", 5, id="a box"),
        pytest.param(
            f"<p>{_FELL}</p><figure><img src=a.jpg><figcaption>Children on the bridge, with lamps</figcaption></figure>"
            f"<p>{_OPENED}</p><p>{_PAID}</p>",
            3,
            id="a caption",
        ),
        pytest.param(f"{_STORY}<p>She showed her film of it on Vimeo.</p>", 4, id="a sentence about a film"),
        pytest.param(
            f'<div class="text"><p>{_FELL}</p></div><div class="js-lightbox"><p>{_OPENED}</p><p>{_PAID}</p></div>',
            3,
            id="a box with a picture that opens",
        ),
    ],
)
def test_what_is_printed_beside_the_text(html: str, expected: int) -> None:
    page = f"<html><body><h1>Footbridge at Mirzhol reopens</h1><article>{html}</article></body></html>"
    text = parse(page.encode(), url="https://valley.example/bridge").body or ""
    assert len(text.split("\n\n")) == expected, text


@pytest.mark.parametrize("row", BESIDE, ids=[row["id"] for row in BESIDE])
def test_what_stands_among_the_paragraphs(row: dict[str, Any]) -> None:
    html = row["html"].replace("$STORY", _STORY)
    for name, text in (("$FELL", _FELL), ("$OPENED", _OPENED), ("$PAID", _PAID)):
        html = html.replace(name, text)
    data = '<script type="application/ld+json">{"@type":"NewsArticle"}</script>' if row.get("news") else ""
    page = f"<html><body>{data}<h1>Footbridge at Mirzhol reopens</h1><article>{html}</article></body></html>"
    text = parse(page.encode(), url="https://valley.example/bridge").body or ""
    assert len(text.split("\n\n")) == row["want"], text


def test_an_opinion_is_no_comment_of_a_reader() -> None:
    story, other = ("".join(f"<p>{i}. {text}</p>" for i in range(n)) for text, n in ((_FELL, 60), (_PAID, 9)))
    head = "<h1>Footbridge at Mirzhol reopens</h1>"
    page = f"<body><main class='kommentar'>{head}{story}</main><div class='about'>{other}</div></body>"
    text = parse(page.encode(), url="https://valley.example/bridge").body or ""
    assert (text.count(_FELL), text.count(_PAID)) == (60, 0)


def test_the_text_begins_at_the_h1_that_holds_the_headline() -> None:
    doc = document("<body><h1>The office</h1><h1><span>6.7.2021</span> Bridge “Mirzhol” reopens</h1></body>")
    assert doc.tree.body is not None
    title = prune.title_of(doc.tree.body, 'Bridge "Mirzhol" reopens')
    assert title is not None and "reopens" in title.text()


_FERRIES = (
    "<p>Two ferries will run between the islands from Monday, the council decided after a debate of three hours.</p>"
    "<p>The boats were built in Norway and carry eighty cars each, twice as many as those of the old line had.</p>"
    "<p>Fares stay as they are until next spring, when the contract of the company comes to its end at last.</p>"
)


@pytest.mark.parametrize(
    "front",
    [
        '<ul class="meta"><li>Af: <b>Ada Lind</b> <a href="mailto:a@b.example">a@b.example</a></li>'
        "<li>Publiceret 04. maj 2021 kl. 12:45</li><li>Opdateret 04. maj 2021 kl. 15:10</li></ul>",
        "<div>02 de Octubre de 2024 | 13:51 | Redactado por Ada Lind, Diario del Valle</div>",
        '</div><p class="pie-foto">The new boats at the quay</p><div>',
        '<img src="/b.jpg"><p class="article-caption">The new boats at the quay</p>',
    ],
    ids=[
        "address and two dates",
        "byline behind a date",
        "caption in Spanish",
        "caption below a picture",
    ],
)
def test_what_stands_in_front_of_the_text_is_no_part_of_it(front: str) -> None:
    html = f"<html><body><main><h1>Ferries to run</h1><div>{front}{_FERRIES}</div></main></body></html>"
    read = parse(html.encode(), url="https://news.example/a").body or ""
    assert read.startswith("Two ferries") and read.count("\n\n") == 2


def test_a_year_with_a_sentence_behind_it_is_no_byline() -> None:
    assert byline.behind_date("4 May 2021 | 12:36 | By Ada Lind") == "By Ada Lind"
    assert byline.behind_date("1998 – By the end of the year the upper gate was gone.") is None


def test_links_behind_a_colon_at_the_end_stay_out() -> None:
    html = (
        "<article><h1>Valley council meets</h1>"
        "<p>The council met the farmers on Tuesday to speak about the water that has been short in "
        "the valley since May.</p>"
        "<p>Both sides agreed to open the upper gate for two more hours a day until the rain comes, "
        "the speaker said.</p>"
        "<p>Share this article:</p><ul><li><a href='/f'>Facebook</a></li><li><a "
        "href='/x'>Twitter</a></li></ul></article>"
    )
    assert "Facebook" not in text_of(html)


@pytest.mark.parametrize(
    ("last", "kept"),
    [
        ("Ada Lind is a reporter at the Valley Times.", False),
        ("(Ada Lind covers the harbour and the rivers of the valley. She may be reached at the desk.)", False),
        ("About the author: Ada Lind writes about ferries.", False),
        ("About the authors: Ada Lind writes about ferries.", False),
        (
            "Our correspondent Ada Lind is with the Valley Times for all that sails. Until the summer she writes from"
            " the ferries, and about those who cross the river on them every morning.",
            False,
        ),
        ("*Ada Lind, MD, PhD, is a doctor who swims.", False),
        ("When asked, our own Ada Lind is said to have swum across.", True),
        ("In the summer of last year Ada Lind is said to have swum across.", True),
        ("Ada Lind said that she would not cross the river again before the summer.", True),
        ("Ada Lind is asking the people of the valley what they think of the fares.", True),
        ("Ben Ott is a reporter at the Valley Times, and was on the first ferry of the day.", True),
    ],
)
def test_who_the_author_is(last: str, kept: bool) -> None:
    data = '<script type="application/ld+json">{"@type":"NewsArticle","author":{"name":"Ada Lind"}}</script>'
    html = (
        f"<html><body>{data}<main><h1>Ferries to run</h1><p>By Ada Lind</p>{_FERRIES}<p>{last}</p></main></body></html>"
    )
    assert (last in (parse(html.encode(), url="https://news.example/a").body or "")) is kept


def test_what_is_filed_under_fact_boxes_is_none() -> None:
    none = frozenset[str]()
    core = Context(0, "main", none, none, "", None)
    text = Block("p", "The bridge is open again. " * 20, none, "", core)
    for look, kept in (("fact-box__text", False), ("post category-fact-box", True), ("tag-fakten-kasten", True)):
        more = Block("p", "It is 118 m long.", none, "", Context(1, "div", none, none, look, core))
        assert (more in boxes.without_boxes([text, more], core)) is kept


def test_who_is_named_in_the_text_is_not_introduced_at_its_end() -> None:
    last = "Valley Council is responsible for the ferries."
    html = (
        f"<html><body><main><h1>Ferries to run</h1><p>By Valley Council</p>{_FERRIES}<p>The boats were bought when"
        " Valley Council sold the old quay last year, and they are to sail from the summer on.</p>"
        f"<p>{last}</p></main></body></html>"
    )
    assert last in (parse(html.encode(), url="https://news.example/a").body or "")


def test_a_shortcode_around_a_quote_hides_no_text() -> None:
    quote = "[quote by=1]We will not go back to the old ones.[/quote]"
    assert quote in text_of(f"<article><h1>Ferries to run</h1>{_FERRIES}<p>{quote}</p></article>")
