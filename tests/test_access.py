"""Access: what pages print where their text ends for some, and what their data say beside it. Invented pages."""

from __future__ import annotations

import pytest

from scraper import parse

TITLE = "Council widens the harbour before winter"
TEXT = "".join(
    f"<p>Paragraph {i} of a report on the harbour, which the council wants to widen before winter storms return.</p>"
    for i in range(8)
)
MORE = TEXT.replace("report", "tale")
LAST = "</p>".join(TEXT.replace("report", "second report").split("</p>")[:3])
JAPANESE = (
    "<p>" + "港の拡張工事が来年から始まる見通しとなった。市は予算案を議会に提出し、意見を聞いている。" * 4 + "</p>"
)
DANISH = "<div><p>Denne artikel er kun for abonnenter</p><p>Du kan få adgang til hele arkivet for 25 kr.</p></div>"


def data(values: str) -> str:
    return f'<script type="application/ld+json">{{"@type":"NewsArticle","headline":"{TITLE}",{values}}}</script>'


@pytest.mark.parametrize(
    ("html", "access", "issues"),
    [
        pytest.param(TEXT, "unknown", [], id="nothing said"),
        pytest.param(
            f"{TEXT}<div><h3>Subscribe to continue reading</h3><p>All for 1 euro</p></div>",
            *("paid", ["preview-only"]),
            id="a wall",
        ),
        pytest.param(
            f"{TEXT}<p><strong>Il vous reste 57.09% de cet article à lire. La suite est réservée.</strong></p>",
            *("paid", ["preview-only"]),
            id="what is left, in French",
        ),
        pytest.param(
            f"{TEXT}<h2>Weiterlesen mit <b>Hafen+</b></h2><p>Jetzt Abo testen</p><p>Bereits Abonnent?</p>",
            *("paid", ["preview-only"]),
            id="a question that names a subscription",
        ),
        pytest.param(
            f"{TEXT}<h2>To continue reading</h2><p>create your free account</p>",
            *("unknown", ["preview-only"]),
            id="an account alone",
        ),
        pytest.param(
            f"{TEXT}<p>This article is for subscribers only, the page said to all who came.</p>{MORE}{MORE}",
            *("unknown", []),
            id="news that goes on",
        ),
        pytest.param(
            f"{TEXT}<h3>Seguí leyendo</h3><p>Suscribite por $199 al mes.</p><section>{LAST}</section>",
            *("unknown", []),
            id="an offer before the last paragraphs",
        ),
        pytest.param(
            f"{TEXT}<div><a href=/2><span>Continue reading</span> Members vote on fees</a></div>",
            *("unknown", []),
            id="a teaser",
        ),
        pytest.param(
            f"{'<p>&nbsp;</p>' * 4}{TEXT}<div class=box><p>Subscribe to continue reading</p><a>Subscribe</a></div>",
            *("paid", ["preview-only"]),
            id="a wall behind blank paragraphs",
        ),
        pytest.param(
            f"{'<p>&nbsp;</p>' * 4}{TEXT}<div hidden><p>Subscribe to continue reading</p></div><footer>Rail</footer>",
            *("unknown", []),
            id="a hidden template behind blank paragraphs",
        ),
        pytest.param(
            f"{TEXT}<div hidden><p>Subscribe to continue reading</p></div>", "unknown", [], id="a hidden template"
        ),
        pytest.param(
            f"{TEXT}<div style='display: none'><p>Subscribe to continue reading</p></div>",
            *("unknown", []),
            id="a template hidden by style",
        ),
        pytest.param(
            f"{TEXT}<p>See also: <span>This article is for subscribers</span></p>", "unknown", [], id="within a line"
        ),
        pytest.param(
            f"{TEXT}<p>Subscribe now to keep reading and get access to the full archive.</p>",
            *("unknown", []),
            id="a free blog's window",
        ),
        pytest.param(
            f"{TEXT}<aside><h2>Keep reading</h2><p><a href=/2>Two hundred walk on</a></p><p>Subscribe</p></aside>",
            *("unknown", []),
            id="a heading over teasers",
        ),
        pytest.param(
            data('"isAccessibleForFree":true') + f"{TEXT}<p>Subscribe to continue reading</p>",
            *("free", []),
            id="declared free",
        ),
        pytest.param(f"<span>Subscribers only</span>{TEXT}", "paid", ["preview-only"], id="a mark by the headline"),
        pytest.param(
            f"{TEXT}<ul><li><span>Subscribers only</span> <a href=/3>{TITLE}</a></li></ul>",
            *("unknown", []),
            id="a mark by a teaser",
        ),
        pytest.param(
            f"{JAPANESE}<p>この記事は有料会員限定です。残り1200文字</p>",
            *("paid", ["preview-only", "body-short"]),
            id="a wall in Japanese",
        ),
        pytest.param(f"{TEXT}{DANISH}", "paid", ["preview-only"], id="a wall whose box was in the body"),
        pytest.param(
            data('"isAccessibleForFree":false,"wordCount":76') + f"{TEXT[:450]}</p>",
            *("paid", []),
            id="short and whole by its count of words",
        ),
        pytest.param(
            data('"isAccessibleForFree":false,"wordCount":1100') + TEXT + MORE,
            *("paid", ["preview-only"]),
            id="long and cut by its count of words",
        ),
        pytest.param(
            f'<script type="application/ld+json">{{"@type":"NewsArticle","image":"<img src="a">",'
            f'"isAccessibleForFree":"false"}}</script>{TEXT}',
            *("paid", ["preview-only"]),
            id="data that no parser reads",
        ),
        pytest.param(f'<meta name="article:content_tier" content="metered">{TEXT}', "unknown", [], id="a metered tier"),
        pytest.param(
            f'<meta name="cXenseParse:abc-article_ispaidcontent" content="false">{TEXT}',
            *("free", []),
            id="a name with its customer's prefix",
        ),
    ],
)
def test_access(html: str, access: str, issues: list[str]) -> None:
    page = f"<html lang=en><head><title>{TITLE}</title></head><body><article><h1>{TITLE}</h1>{html}</article></body>"
    article = parse(page.encode(), url="https://valley.example/2021/07/06/council-widens-harbour")
    assert (article.access, [issue for issue in article.issues if issue != "not-an-article"]) == (access, issues)
    assert article.body and not any(
        word in article.body for word in ("Subscribe to", "Denne", "arkivet", "Subscribers")
    )
