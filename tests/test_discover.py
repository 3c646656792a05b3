"""Feeds, sitemaps and listings: what is read from sound and from damaged ones. Ids are those of the fault catalogue."""

from __future__ import annotations

import asyncio
import gzip
from datetime import date, timedelta
from urllib.parse import quote

import msgspec
import pytest

from scraper.discover.found import Links
from scraper.discover.start import read, walk
from scraper.errors import FetchError
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


def nested(number: int) -> str:
    return f"<sitemapindex><sitemap><loc>{HOST}{number}</loc></sitemap></sitemapindex>"


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


FEED = f"<rss>{ITEM}</rss>"
NOTHING = "is it the right address, and no login page? scraper init finds a site's feeds"
CUT = "not all of its sitemaps were read: at most 1000, 5 deep; name more in start"
EARLY = "Compressed file ended before the end-of-stream marker was reached"  # Python's own words
MANY = [f"{HOST}{n}/" for n in range(50_001)]

# What the start and further addresses hold, and what is told of them.
TOLD = [
    ("a sound feed", {A: FEED}, []),
    ("an empty feed", {A: "<rss/>"}, [f"{A}: 0 links, read as a feed; {NOTHING}"]),
    ("an empty sitemap", {A: "<urlset/>"}, [f"{A}: 0 links, read as a sitemap; {NOTHING}"]),
    ("an empty JSON feed", {A: '{"items": []}'}, [f"{A}: 0 links, read as a json feed; {NOTHING}"]),
    ("X11 a login page", {A: "<h1>Please log in</h1>"}, [f"{A}: 0 links, read as a listing; {NOTHING}"]),
    ("X11 JSON", {A: '{"error": 7}'}, [f"{A}: read as a json feed: it has no items; links read: 0"]),
    ("an index, one sitemap empty", {A: index("", ""), f"{S}1": "<urlset/>", f"{S}2": FEED}, []),
    ("an index, all empty", {A: index(""), f"{S}1": "<urlset/>"}, [f"{A}: 0 links, read as a sitemap; {NOTHING}"]),
    (
        "an index that leads to a login page",
        {A: index("", ""), f"{S}1": "<p>", f"{S}2": FEED},
        [f"{S}1: 0 links, read as a listing; {NOTHING}"],
    ),
    ("an index that leads nowhere: an outcome tells it", {A: index("")}, []),
    (
        "X06 a cut sitemap",
        {A: URLSET},
        [f"{A}: read as a sitemap: damaged XML: no element found: line 1, column 170; links read: 2"],
    ),
    (
        "X05 a cut gzip",
        {A: gzip.compress(FEED.encode())[:-9]},
        [f"{A}: read as a feed: damaged gzip: {EARLY}; links read: 1"],
    ),
    (
        "X05 a gzip of words",
        {A: gzip.compress(b"try later")},
        [f"{A}: read as a sitemap: no line of it is an address; links read: 0"],
    ),
    (
        "X12 many items",
        {A: f"<rss>{''.join(f'<item><link>{u}</link></item>' for u in MANY[:10_002])}</rss>"},
        [f"{A}: too many links: 10000 were taken, 2 left out"],
    ),
    (
        "X09 many URLs",
        {A: f"<urlset>{''.join(f'<url><loc>{u}</loc></url>' for u in MANY)}</urlset>"},
        [f"{A}: too many links: 50000 were taken, 1 left out"],
    ),
    (
        "many links",
        {A: "".join(f"<a href=/{n}-a-b-c>" for n in range(2_003))},
        [f"{A}: too many links: 2000 were taken, 3 left out"],
    ),
    ("X04 many sitemaps", {A: index(*[""] * 1_100), **{f"{S}{n}": FEED for n in range(1, 1_101)}}, [f"{A}: {CUT}"]),
    (
        "X04 a deep index",
        {A: nested(1), **{f"{HOST}{n}": nested(n + 1) for n in range(1, 9)}},
        [f"{A}: {CUT}", f"{A}: 0 links, read as a sitemap; {NOTHING}"],
    ),
    (
        "X04 an index that lists itself",
        {A: f"<sitemapindex><sitemap><loc>{A}</loc></sitemap></sitemapindex>"},
        [f"{A}: 0 links, read as a sitemap; {NOTHING}"],
    ),
]


@pytest.mark.parametrize(("pages", "notes"), [c[1:] for c in TOLD], ids=[c[0] for c in TOLD])
def test_what_a_walk_tells(pages: dict[str, str | bytes], notes: list[str]) -> None:
    assert asyncio.run(walked(pages))[1] == notes


def test_the_newest_sitemaps_are_read_where_not_all_are() -> None:
    days = [f"{day:%Y-%m-%d}" for day in (date(2021, 1, 1) + timedelta(n) for n in range(1_100))]
    leaves = {f"{S}{n}": f"<urlset><url><loc>{HOST}{n}/</loc></url></urlset>" for n in range(1, 1_101)}
    assert asyncio.run(walked({A: index(*days), **leaves}))[0] == [f"{HOST}{n}/" for n in range(1_100, 101, -1)]


async def walked(pages: dict[str, str | bytes]) -> tuple[list[str], list[str]]:
    """The addresses that a walk from A leads to, and its notes."""
    notes: list[str] = []

    async def fetch(url: str) -> Page:
        if url not in pages:
            raise FetchError("gone", url=url)
        return page(pages[url], url=url)

    async def links_of(page: Page) -> Links:
        return read(page)

    return [lead.url async for lead in walk(A, fetch, links_of, notes.append)], notes


# What a walk needs to know of a page's links, which another process may have read.
KINDS = [("<rss/>", "feed"), ("<urlset/>", "sitemap"), ("{}", "json feed"), ("<p>", "listing")]


@pytest.mark.parametrize(("body", "kind"), KINDS)
def test_links_go_from_process_to_process(body: str, kind: str) -> None:
    links = read(page(body))
    assert (links.kind, msgspec.msgpack.decode(msgspec.msgpack.encode(links), type=Links)) == (kind, links)
