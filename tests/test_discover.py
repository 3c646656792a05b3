"""Feeds, sitemaps and listings: what is read from sound and from damaged ones. Ids are those of the fault catalogue."""

from __future__ import annotations

import gzip
from urllib.parse import quote

import msgspec
import pytest

from scraper.discover.found import Links
from scraper.discover.start import read
from scraper.model import Page

A, B = "https://post.example/2021/07/06/one/", "https://post.example/2021/07/06/two/"
URLSET = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{A}</loc></url><url><loc>{B}</loc>'
END = "</url></urlset>"
HOST, S = "https://post.example/", "https://post.example/s"
XML, ITEM = "<?xml version='1.0'?>", f"<channel><item><link>{A}</link></item></channel>"
ATOM = "http://www.w3.org/2005/Atom"
NETSCAPE = '"-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd"'


def index(*lastmods: str) -> str:
    """An index of the sitemaps s1, s2 ... that changed at these times."""
    rows = (f"<sitemap><loc>{S}{n}</loc><lastmod>{t}</lastmod></sitemap>" for n, t in enumerate(lastmods, 1))
    return f"<sitemapindex>{''.join(rows)}</sitemapindex>"


def children(*numbers: int) -> list[str]:
    return [f"{S}{n}" for n in numbers]


CASES = [
    ("sitemap", URLSET + END, [A, B], []),
    ("X06 no namespace", f"<urlset><url><loc> {A} </loc></url></urlset>", [A], []),
    ("X06 blank lines and BOM", "\ufeff\n\n" + URLSET + END, [A, B], []),
    ("X06 cut in the middle", URLSET, [A, B], []),
    ("X06 bare ampersand", f"<urlset><url><loc>{A}</loc></url><url><loc>{B}?a=1&b</loc></url></urlset>", [A], []),
    ("index", f"<sitemapindex><sitemap><loc>{A}</loc></sitemap></sitemapindex>", [], [A]),
    ("plain text", f"{A}\n{B}\n", [A, B], []),
    ("X05 gzip that says xml", gzip.compress((URLSET + END).encode()), [A, B], []),
    ("X01 entities", f'<!DOCTYPE a [<!ENTITY b "c">]>{URLSET}{END}', [], []),
    ("X02 external entity", f'<!DOCTYPE a SYSTEM "file:///etc/passwd">{URLSET}{END}', [], []),
    ("X03 nested tags", "<urlset>" + "<a>" * 5000, [], []),
    ("rss", f"<rss><channel><link>{B}</link><item><link>{A}</link></item></channel></rss>", [A], []),
    ("rss guid", f"<rss><channel><item><guid>{A}</guid></item></channel></rss>", [A], []),
    ("rss guid is no link", '<rss><channel><item><guid isPermaLink="false">7</guid></item></channel></rss>', [], []),
    ("X10 atom", f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="{A}"/></entry></feed>', [A], []),
    ("X10 atom rel", f'<feed><entry><link rel="self" href="{B}"/><link href="{A}"/></entry></feed>', [A], []),
    ("X10 rdf", f'<rdf:RDF xmlns:rdf="http://r.example/"><item><link>{A}</link></item></rdf:RDF>', [A], []),
    ("X10 json feed", f'{{"version":"1.1","items":[{{"url":"{A}"}},{{"id":"x"}}]}}', [A], []),
    ("X11 broken json", '{"items": 7}', [], []),
    ("listing", f'<nav><a href="/a-b-c-d">menu</a></nav><a href="{A}">One</a><a href="/about">About</a>', [A], []),
    ("X06 BOM, line break, declaration", f"\ufeff\r\n{XML}{URLSET}{END}", [A, B], []),
    ("X06 UTF-16 sitemap", f'<?xml version="1.0" encoding="utf-16"?>{URLSET}{END}'.encode("utf-16"), [A, B], []),
    ("X06 UTF-16 feed without BOM", f"{XML}<rss>{ITEM}</rss>".encode("utf-16-le"), [A], []),
    ("X06 UTF-8 that says UTF-16", f'<?xml version="1.0" encoding="utf-16"?><rss>{ITEM}</rss>', [A], []),
    (
        "index: newest first, those without a date behind",
        index("", "2021-07", "2021-07-06T02:00+04:30", "2021-07-05T23:00:00.5Z", ""),
        [],
        children(4, 3, 2, 1, 5),
    ),
    (
        "X08 lastmod garbage",
        index("x", "2021-13-99", "0001-01-01T00:00+23:59", "２０２１", "9999-12-31"),
        [],
        children(5, 3, 1, 2, 4),
    ),
    ("index cut behind a loc", f"<sitemapindex><sitemap><loc>{A}</loc>", [], [A]),
    ("text sitemap: blank lines and words", f"{A}\n\nerror: try later\n  {B}  \n#{A}\n", [A, B], []),
    ("X05 gzip cut", gzip.compress((URLSET + END).encode())[:-9], [A, B], []),
    ("X05 gzip, junk behind it", gzip.compress((URLSET + END).encode()) + b"\n<!-- x -->", [A, B], []),
    ("X05 gzip of several members", gzip.compress(URLSET.encode()) + gzip.compress(END.encode()), [A, B], []),
    ("X05 gzipped feed", gzip.compress(f"<rss>{ITEM}</rss>".encode()), [A], []),
    ("X05 gzipped text, cut in its last line", gzip.compress(f"{A}\n{B}".encode(), 0)[:-10], [A], []),
    (
        "X01 entities behind a public DTD",
        f'<!DOCTYPE rss PUBLIC "a" "http://a/" [<!ENTITY b "c">]><rss>{ITEM}</rss>',
        [],
        [],
    ),
    ("X10 rss 0.91 with its DTD", f"{XML}<!DOCTYPE rss PUBLIC {NETSCAPE}><rss>{ITEM}</rss>", [A], []),
    ("X10 atom with a prefix", f'<a:feed xmlns:a="{ATOM}"><a:entry><a:link href="{A}"/></a:entry></a:feed>', [A], []),
    ("X10 guid is no address", "<rss><item><guid>12345 at valley</guid></item></rss>", [], []),
    ("X10 json feed with BOM", f'\ufeff{{"items":[{{"url":"{A}"}},{{"url":""}},{{"url":"mailto:a@b"}}]}}', [A], []),
    ("X11 JSON in Latin-1", '{"fehler":"später"}'.encode("latin-1"), [], []),
    (
        "X15 xml:base",
        '<feed xml:base="/en/"><entry xml:base="2021/"><link href="1/"/></entry></feed>',
        [f"{HOST}en/2021/1/"],
        [],
    ),
    (
        "X15 xml:base of the link itself",
        '<rss><item><link xml:base="/en/">1/</link></item></rss>',
        [f"{HOST}en/1/"],
        [],
    ),
    ("X15 xml:base evil", '<feed xml:base="file:///etc/"><entry><link href="1/"/></entry></feed>', [f"{A}1/"], []),
    ("X15 xml:base unreadable", '<feed xml:base="http://[/"><entry><link href="1/"/></entry></feed>', [f"{A}1/"], []),
    ("listing: header of the page", f'<header><a href="{A}">One</a></header>', [], []),
    (
        "listing: header of an article",
        f'<article><header><div><h2><a href="{A}">One</a></h2></div></header></article>',
        [A],
        [],
    ),
    (
        "listing: footer of a section",
        f'<main><section><footer><a href="{A}">One</a></footer></section></main>',
        [A],
        [],
    ),
    ("listing: menu in an article", f'<article><header><nav><a href="{A}">One</a></nav></header></article>', [], []),
    ("listing: a form around the page", f'<form id=aspnetForm><h2><a href="{A}">One</a></h2></form>', [A], []),
    (
        "C37 base",
        '<base target=_top><base href="/en/"><base href="/fr/"><a href="a-b-c-d">One</a>',
        [f"{HOST}en/a-b-c-d"],
        [],
    ),
    ("C37 base evil", '<base href="javascript:alert(1)"><a href="/a-b-c-d">One</a>', [f"{HOST}a-b-c-d"], []),
    ("C37 base unreadable", '<base href="http://[/"><a href="/a-b-c-d">One</a>', [f"{HOST}a-b-c-d"], []),
    (
        "listing: plain permalinks",
        '<a href="/?p=18200">One</a><a href="/">Home</a><a href="#18200">Top</a>',
        [f"{HOST}?p=18200"],
        [],
    ),
    (
        "listing: a headline in Chinese",
        '<a href="/y/a.html">米尔若尔人行桥在春季洪水后重新开放通行</a>',
        [f"{HOST}y/a.html"],
        [],
    ),
    ("listing: a menu in Chinese", '<a href="/y/">要闻</a>', [], []),
]


@pytest.mark.parametrize(("body", "pages", "sitemaps"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_links(body: str | bytes, pages: list[str], sitemaps: list[str]) -> None:
    kind = "text/plain" if isinstance(body, str) and body.startswith("http") else ""
    links = read(page(body, kind))
    assert (links.pages, links.sitemaps) == (pages, sitemaps)


def page(body: str | bytes, kind: str = "", url: str = A) -> Page:
    raw = body.encode() if isinstance(body, str) else body
    return Page(url, url, 200, (("content-type", kind),), raw, None)


# Encoding of the feed, that of its declaration, that of the header. A link that is not ASCII shows what was read.
ENCODINGS = [
    ("gb2312", "gb2312", "", "桥"),
    ("gbk", "GBK", "", "橋"),
    ("big5", "big5", "", "橋"),
    ("euc-kr", "EUC-KR", "", "다"),
    ("shift_jis", "Shift_JIS", "", "橋"),
    ("euc-jp", "euc-jp", "", "橋"),
    ("windows-1251", "", "windows-1251", "м"),
    ("windows-1251", "utf-8", "windows-1251", "м"),
    ("utf-8", "iso-8859-1", "us-ascii", "é"),
    ("latin-1", "iso-8859-1", "", "é"),
    ("utf-16", "", "iso-8859-1", "é"),
    ("utf-8", "rot13", "unknown", "é"),
]


@pytest.mark.parametrize(("encoding", "declared", "header", "letter"), ENCODINGS)
def test_encodings_of_feeds(encoding: str, declared: str, header: str, letter: str) -> None:
    declaration = f"<?xml version='1.0' encoding='{declared}'?>" if declared else ""
    feed = f"{declaration}<rss><item><title>{letter * 9}</title><link>{A}{letter}</link></item></rss>"
    links = read(page(feed.encode(encoding), f"text/xml; charset={header}" if header else "text/xml"))
    assert (links.pages, links.problem) == ([A + quote(letter)], None)


# What a walk needs to know of a page's links, which another process may have read.
KINDS = [("<rss/>", "feed"), ("<urlset/>", "sitemap"), ("{}", "json feed"), ("<p>", "listing")]


@pytest.mark.parametrize(("body", "kind"), KINDS)
def test_links_go_from_process_to_process(body: str, kind: str) -> None:
    links = read(page(body))
    assert (links.kind, msgspec.msgpack.decode(msgspec.msgpack.encode(links), type=Links)) == (kind, links)
