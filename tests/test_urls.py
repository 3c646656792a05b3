"""URLs have one form, and that form names the host that will be connected."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.urls import BadUrl, article_id, canonical, host_of, join, normalise, origin, registrable, same_site

CASES = tomllib.loads((Path(__file__).parent / "cases" / "urls.toml").read_text("utf-8"))


def rows(name: str) -> list[pytest.ParameterSet]:  # type: ignore[name-defined]
    return [pytest.param(row, id=f"{row.get('id', name)}-{number}") for number, row in enumerate(CASES[name])]


def outcome(function, *arguments: str) -> str:  # type: ignore[no-untyped-def]
    try:
        return function(*arguments)
    except BadUrl as error:
        return f"!{error.reason}"


@pytest.mark.parametrize("row", rows("normalise"))
def test_normalise(row: dict[str, str]) -> None:
    assert outcome(normalise, row["url"]) == row["is"], row["url"]


@pytest.mark.parametrize("row", rows("canonical"))
def test_canonical(row: dict[str, str]) -> None:
    assert outcome(canonical, row["url"]) == row["is"], row["url"]


@pytest.mark.parametrize("row", rows("join"))
def test_join(row: dict[str, str]) -> None:
    assert (join(row["base"], row["ref"]) or "") == row["is"], row


@pytest.mark.parametrize("row", rows("site"))
def test_same_site(row: dict[str, object]) -> None:
    assert same_site(str(row["a"]), str(row["b"])) is row["is"], row


@pytest.mark.parametrize(
    ("name", "size"), [("label of 64", 64), ("name of 300", 300), ("url of 64 KB", 65536)], ids=lambda value: str(value)
)
def test_overlong_is_refused(name: str, size: int) -> None:
    url = {64: f"http://{'a' * 64}.example/", 300: f"http://{'abcd.' * 60}example/"}.get(
        size, f"http://a.example/{'x' * size}"
    )
    assert outcome(normalise, url) == "!bad_url", f"N64 C37 {name}"
    assert join("http://a.example/", url) is None, name


def test_origin_and_registrable() -> None:
    assert origin("https://[2001:DB8::1]/x") == ("https", "2001:db8::1", 443)
    assert host_of("http://u:p@Desk.Example:8080/") == "desk.example"
    assert [registrable(host) for host in ("news.bbc.co.uk", "127.0.0.1", "localhost", "co.uk")] == [
        "bbc.co.uk",
        "127.0.0.1",
        "localhost",
        "co.uk",
    ]


def test_article_id() -> None:
    assert article_id("https://valley.example/1") == article_id(canonical("HTTPS://valley.example:443/1?utm_source=x"))
    assert len(article_id("https://valley.example/1")) == 32


PIECES = st.sampled_from(
    [
        *"/\\.:@?#%[]&=;|^`{}'\" \t\n-_~2e5Cz",
        "..",
        "%2e",
        "%2F",
        "%zz",
        "http",
        "://",
        "xn--",
        "0x7f",
        "127.0.0.1",
        "é",
        "۱",
        "。",
        "\ud800",
        "example",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_normalise_is_idempotent_and_typed(tail: str) -> None:
    for url in (f"http://{tail}", f"https://a.example/{tail}", tail):
        try:
            once = normalise(url)
        except BadUrl:
            continue
        assert normalise(once) == once and once.isascii(), url
        assert normalise(canonical(url)) == canonical(url), url
        assert "@" not in once.split("/")[2], url
        assert join(once, once) == once, url
