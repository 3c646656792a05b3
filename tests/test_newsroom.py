"""The newsroom: every page against its expectation, one test a page and field; and the site around it."""

from __future__ import annotations

import functools
import hashlib
import http.client
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from protego import Protego

from scraper import parse

NEWSROOM = Path(__file__).resolve().parent.parent / "fixtures" / "newsroom"
BY_REDIRECT_ALONE = {"/tr/hasat-senligi/"}


def load_server() -> ModuleType:
    spec = importlib.util.spec_from_file_location("newsroom_serve", NEWSROOM / "serve.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


serve = load_server()
EXPECTED: dict[str, dict[str, Any]] = {
    file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(NEWSROOM.glob("expected/*.json"))
}
LAYOUTS = {
    "list": r"<li>[^<>]+: [^<>]+</li>",
    "spans": r'<span class="(meta-date|info-label)">',
    "definition list": r'<dl class="story-facts">',
    "table": r'<table class="(news|post)-data"',
    "bar": r'<div class="meta-bar">',
}
LINKS = ("url", "canonical_url", "image")  # written as paths in the expectations
CLOCK_AND_STATE = {"schema", "id", "site", "fetched_at", "content_hash", "revision", "parser_version"}


def parsed(path: str) -> Any:
    headers = (("Content-Type", serve.content_type(path)),)
    return parse(serve.ROUTES[path].read_bytes(), url=serve.ORIGIN + path, headers=headers)


@functools.cache
def record(slug: str) -> dict[str, Any]:
    result: dict[str, Any] = parsed(EXPECTED[slug]["url"]).to_dict()
    return result


@pytest.mark.parametrize(
    ("slug", "field"),
    [pytest.param(slug, field, id=f"{slug}-{field}") for slug, fields in EXPECTED.items() for field in fields],
)
def test_field(slug: str, field: str) -> None:
    wanted = EXPECTED[slug][field]
    if field in LINKS and wanted is not None:
        wanted = serve.ORIGIN + wanted
    assert record(slug)[field] == wanted, f"{slug}: {field}"


@pytest.mark.parametrize("slug", EXPECTED)
def test_identity(slug: str) -> None:
    canonical = serve.ORIGIN + EXPECTED[slug]["canonical_url"]
    found = {key: record(slug)[key] for key in ("schema", "id", "site", "fetched_at", "revision")}
    assert found == {
        "schema": "article/1",
        "id": hashlib.sha256(canonical.encode()).hexdigest()[:32],
        "site": "newsroom.example",
        "fetched_at": None,
        "revision": None,
    }, slug


@pytest.mark.parametrize("slug", EXPECTED)
def test_expectation_names_every_field(slug: str) -> None:
    assert set(EXPECTED[slug]) == set(record(slug)) - CLOCK_AND_STATE, slug


@pytest.mark.parametrize("slug", EXPECTED)
def test_is_an_article(slug: str) -> None:
    assert parsed(EXPECTED[slug]["url"]).is_article, slug


@pytest.mark.parametrize("path", ["/", "/category/politics/", "/tag/water/"])
def test_listing_is_no_article(path: str) -> None:
    assert not parsed(path).is_article, path


# The site around the articles.


@pytest.fixture(scope="module")
def site() -> Iterator[Any]:
    with serve.serving() as server:
        yield server


def ask(site: Any, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", site.server_port, timeout=10)
    try:
        connection.request(method, path)
        reply = connection.getresponse()
        return reply.status, {key.lower(): value for key, value in reply.getheaders()}, reply.read()
    finally:
        connection.close()


def locations(site: Any, path: str) -> list[str]:
    """The <loc> of a sitemap, as paths on this server."""
    found = re.findall(r"<loc>(.*?)</loc>", ask(site, path)[2].decode())
    assert all(url.startswith(site.url) for url in found), found
    return [url.removeprefix(site.url) for url in found]


def listed(site: Any) -> list[str]:
    return [path for sitemap in locations(site, "/sitemap.xml") for path in locations(site, sitemap)]


@pytest.mark.parametrize("language", ["en", "fa", "ps", "ar", "ru", "tr"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_in_every_language(layout: str, language: str) -> None:
    folder = NEWSROOM / "pages" / language
    assert any(re.search(LAYOUTS[layout], page.read_bytes().decode("utf-8", "replace")) for page in folder.iterdir())


def test_sitemap_lists_every_article_once(site: Any) -> None:
    articles = {fields["url"] for fields in EXPECTED.values()}
    paths = listed(site)
    assert len(paths) == len(set(paths))
    assert articles - set(paths) == BY_REDIRECT_ALONE


def test_robots_forbid_the_members_pages_alone(site: Any) -> None:
    text = ask(site, "/robots.txt")[2].decode()
    rules = Protego.parse(text)
    forbidden = [path for path in listed(site) if not rules.can_fetch(site.url + path, "scraper")]
    assert forbidden == ["/members/editors-diary/", "/members/yaddasht-e-sardabir/"]
    assert list(rules.sitemaps) == [f"{site.url}/sitemap.xml"]
    assert rules.crawl_delay("scraper") is None


def test_statuses_of_what_the_sitemap_lists(site: Any) -> None:
    statuses = {path: ask(site, path)[0] for path in listed(site)}
    assert {path: status for path, status in statuses.items() if status != 200} == {
        "/2021/harvest-festival/": 301,
        "/en/water-meters-first-draft/": 410,
    }


def test_redirect_leads_to_an_article_not_listed_otherwise(site: Any) -> None:
    target = ask(site, "/2021/harvest-festival/")[1]["location"].removeprefix(site.url)
    assert target in BY_REDIRECT_ALONE
    assert target.encode() not in ask(site, "/feed.xml")[2] + ask(site, "/")[2]
    assert ask(site, target)[0] == 200


def test_feed_has_the_ten_newest(site: Any) -> None:
    feed = ask(site, "/feed.xml")[2].decode()
    stamps = [parsedate_to_datetime(text) for text in re.findall(r"<pubDate>(.*?)</pubDate>", feed)]
    links = [url.removeprefix(site.url) for url in re.findall(r"<guid.*?>(.*?)</guid>", feed)]
    assert stamps == sorted(stamps, reverse=True)
    newest = sorted((fields["date"] for fields in EXPECTED.values()), reverse=True)[:10]
    by_path = {fields["url"]: fields["date"] for fields in EXPECTED.values()}
    assert [by_path[link] for link in links] == newest


@pytest.mark.parametrize("path", [path for path in serve.ROUTES if not path.endswith(".png")])
def test_every_link_is_served(path: str) -> None:
    text = serve.ROUTES[path].read_bytes().decode("utf-8", "replace").replace(serve.ORIGIN, "")
    links = set(re.findall(r'(?:href|src|action|content)="(/[^"]*)"', text))
    assert links <= set(serve.ROUTES), path


def test_pages_name_the_server_that_sends_them(site: Any) -> None:
    body = ask(site, "/en/council-votes-on-water-meters/")[2]
    assert serve.ORIGIN.encode() not in body
    assert f'rel="canonical" href="{site.url}/en/council'.encode() in body


def test_unusual_encodings(site: Any) -> None:
    _, cyrillic, body = ask(site, "/ru/yarmarka-myoda/")
    assert cyrillic["content-type"] == "text/html; charset=windows-1251"
    assert "двенадцать тонн мёда" in body.decode("windows-1251")
    assert b"charset" not in body
    assert ask(site, "/tr/kar-yagisi-okul-tatili/")[2].startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/nowhere/", 404), ("/../serve.py", 404), ("/%2e%2e/serve.py", 404), ("/about/?s=water", 200)],
)
def test_other_paths(site: Any, path: str, status: int) -> None:
    assert ask(site, path)[0] == status
    answer = ask(site, path, "HEAD")
    assert (answer[0], answer[2]) == (status, b"")
