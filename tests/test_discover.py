"""Feeds, sitemaps and listings: what is read from sound and from damaged ones. Ids are those of the fault catalogue."""

from __future__ import annotations

import gzip

import pytest

from scraper.discover.start import read
from scraper.model import Page

A, B = "https://post.example/2021/07/06/one/", "https://post.example/2021/07/06/two/"
URLSET = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{A}</loc></url><url><loc>{B}</loc>'
END = "</url></urlset>"

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
]


@pytest.mark.parametrize(("body", "pages", "sitemaps"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_links(body: str | bytes, pages: list[str], sitemaps: list[str]) -> None:
    kind = (("content-type", "text/plain"),) if isinstance(body, str) and body.startswith("http") else ()
    raw = body.encode() if isinstance(body, str) else body
    links = read(Page(A, A, 200, kind, raw, None))
    assert (links.pages, links.sitemaps) == (pages, sitemaps)
