"""WARC files: written for every reader, read from every writer (P03, P12)."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from archived import HTML, OUTCOME, PAGES, TIME, decode, members, page, read, told
from scraper.archive import warc, warcwrite
from scraper.archive.scrub import Secrets, scrub
from scraper.model import Outcome, Page

warcio = pytest.importorskip("warcio", reason="NOT RUN: warcio, the other reader, is not installed")
from warcio.archiveiterator import ArchiveIterator  # noqa: E402
from warcio.statusandheaders import StatusAndHeaders  # noqa: E402
from warcio.warcwriter import WARCWriter  # noqa: E402

A, B, C = page("a"), page("b", random.Random(5).randbytes(900)), page("c")
GZ = members(A, B, C)
each_page = pytest.mark.parametrize("kept", PAGES.values(), ids=PAGES)


# --- one page -------------------------------------------------------------------------------------------------------


@each_page
def test_P03_a_page_comes_back_as_it_was(kept: Page) -> None:
    entries = read(warcwrite.records(kept, OUTCOME))
    assert [(entry.page, entry.outcome, entry.flaw) for entry in entries] == [(kept, OUTCOME, None)]


@each_page
def test_the_same_page_makes_the_same_bytes(kept: Page) -> None:
    code = "import sys, archived; from scraper.archive import warcwrite as w; n = sys.argv[1]\n"
    code += "sys.stdout.buffer.write(w.records(archived.PAGES[n], archived.OUTCOME))"
    name = next(name for name, each in PAGES.items() if each is kept)
    if name not in ("chunked-gzip", "header-odd"):  # two processes are enough
        assert warcwrite.records(kept, OUTCOME) == warcwrite.records(dataclasses.replace(kept), OUTCOME)
        return
    command = [sys.executable, "-c", code, name]
    env = {"PYTHONHASHSEED": "7", "TZ": "Asia/Kabul", "PYTHONPATH": ":".join(sys.path)}
    assert subprocess.run(command, capture_output=True, check=True, env=env).stdout == warcwrite.records(kept, OUTCOME)


@each_page
def test_warcio_reads_every_record(kept: Page) -> None:
    data = warcwrite.warcinfo("scraper 1", TIME) + warcwrite.records(kept, OUTCOME, user_agent="bot/1")
    seen = {}
    for record in ArchiveIterator(io.BytesIO(data), check_digests="raise"):
        seen[record.rec_type] = (record.http_headers, record.raw_stream.read())
    headers, payload = seen["response"]
    assert payload == (kept.body if kept.wire is None else kept.wire)
    assert (headers.get_statuscode(), len(headers.headers)) == (str(kept.status), len(kept.headers))
    assert set(seen) == {"warcinfo", "response", "metadata"} | (
        {"request"} if "://" in kept.url[:8] and "file" not in kept.url else set()
    )
    assert warcwrite.count(kept, OUTCOME) == len(seen) - 1


def test_warcio_undoes_the_codings_that_the_headers_name() -> None:
    data = b"".join(warcwrite.records(PAGES[name]) for name in ("gzip", "chunked", "chunked-gzip"))
    bodies = [each.content_stream().read() for each in ArchiveIterator(io.BytesIO(data)) if each.rec_type == "response"]
    assert bodies == [HTML, PAGES["chunked"].body, HTML]


TEXT = some.text(max_size=12)
LATIN = some.text(some.characters(max_codepoint=255), max_size=12)
MOMENT = some.datetimes(datetime(1, 1, 2), datetime(9999, 1, 1), timezones=some.just(UTC))


@settings(max_examples=150, deadline=None)
@given(
    some.builds(
        Page,
        TEXT.map("https://v.example/{}".format),
        TEXT.map("https://v.example/{}".format),
        some.integers(100, 999),
        some.lists(some.tuples(LATIN, LATIN)).map(tuple),
        some.binary(max_size=99),
        some.none() | MOMENT,
    )
)
def test_any_page_comes_back(kept: Page) -> None:
    assert [entry.page for entry in read(warcwrite.records(kept))] == [scrub(kept)]


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        warcwrite.records(dataclasses.replace(A, fetched_at=datetime(2021, 7, 6)))


# --- secrets --------------------------------------------------------------------------------------------------------


def test_no_secret_is_written() -> None:
    kept = Page(
        "https://SECRET1:SECRET2@v.example/a?key=SECRET3",
        "https:\\\\SECRET1@v.example/b",
        200,
        (
            ("Set-Cookie", "sid=SECRET4; Path=/SECRET5"),
            ("set-cookie", "SECRET6"),
            ("Location", "https://SECRET1:SECRET2@v.example/?k=SECRET3"),
            ("Authorization", "Basic SECRET7"),
            ("X-Desk-Key", "SECRET8"),
            ("X-Echo", "you sent SECRET3"),
            ("Transfer-Encoding", "chunked; SECRET3"),
        ),
        HTML,
        TIME,
    )
    outcome = Outcome(kept.url, "failed", "http_500", "v", "at https://u:SECRET2@v.example with SECRET3")
    secrets = Secrets(headers={"x-desk-key"}, values={"SECRET3"})
    data = warcwrite.records(kept, outcome, secrets=secrets)
    assert b"SECRET" not in gzip.decompress(data)
    (entry,) = read(data)
    assert (entry.page, entry.page and scrub(entry.page, secrets)) == (scrub(kept, secrets),) * 2
    assert entry.page and entry.page.headers[:3] == (
        ("Set-Cookie", "sid=removed"),
        ("set-cookie", "removed"),
        ("Location", "https://v.example/?k=removed"),
    )


@pytest.mark.parametrize(
    "url", ["https://v.example/@name/a@b", "https://v.example//@name", "https://v.example/?m=a@b.c"]
)
def test_no_userinfo_is_seen_where_there_is_none(url: str) -> None:
    assert scrub(Page(url, url, 200, (("Link", f"<{url}>"),), b"", None)).headers == (("Link", f"<{url}>"),)
    assert scrub(Page(url, url, 200, (), b"", None)).url == url


# --- other writers --------------------------------------------------------------------------------------------------


class ByWarcio(WARCWriter):  # type: ignore[misc]
    _create_temp_file = staticmethod(io.BytesIO)  # its own are never closed


def by_warcio(*, pack: bool, version: str = "1.1") -> tuple[ByWarcio, io.BytesIO]:
    out = io.BytesIO()
    return ByWarcio(out, gzip=pack, warc_version=version), out


def answer(*headers: tuple[str, str], status: str = "200 OK") -> StatusAndHeaders:
    return StatusAndHeaders(status, list(headers), protocol="HTTP/1.1")


@pytest.mark.parametrize("pack", [True, False], ids=["gz", "plain"])
@pytest.mark.parametrize("version", ["WARC/1.0", "WARC/1.1"])
def test_every_record_of_warcio_is_read(pack: bool, version: str) -> None:
    writer, out = by_warcio(pack=pack, version=version)
    url, packed = "https://valley.example/x", gzip.compress(HTML, mtime=0)
    chunks = b"%x;ext=1\r\n%s\r\n0\r\nTrailer: 1\r\n\r\n" % (len(packed), packed)
    gz, chunked = ("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")
    for payload, headers in (
        (HTML, (TYPE, ("X-Town", "Zara"))),
        (packed, (TYPE, gz)),
        (chunks, (gz, chunked)),
        (packed, (gz, chunked)),  # already undone, but the header stands
        (HTML, (gz, chunked)),  # both
    ):
        record = writer.create_warc_record(url, "response", payload=io.BytesIO(payload), http_headers=answer(*headers))
        writer.write_record(record)
    resource = {"warc_content_type": "text/html"}
    writer.write_record(writer.create_warc_record(url, "resource", payload=io.BytesIO(HTML), **resource))
    writer.write_record(writer.create_warcinfo_record("x.warc", {"software": "other"}))
    request = StatusAndHeaders("GET / HTTP/1.0", [], is_http_request=True)
    writer.write_record(writer.create_warc_record(url, "request", http_headers=request))
    writer.write_record(
        writer.create_warc_record(
            "dns:valley.example", "response", payload=io.BytesIO(b"1"), warc_content_type="text/dns"
        )
    )
    entries = read(out.getvalue())
    pages = [entry.page for entry in entries]
    assert [each and (each.body, each.final_url, bool(each.fetched_at)) for each in pages] == [(HTML, url, True)] * 6
    assert [each and each.wire for each in pages] == [None, packed, packed, packed, None, None]
    assert pages[0] and pages[0].headers == (TYPE, ("X-Town", "Zara"))


TYPE = ("Content-Type", "text/html")


def revisited(pack: bool, *, gap: bool = False, digest: str | None = None) -> bytes:
    """An original, a page between, and a revisit of the original, with other headers."""
    writer, out = by_warcio(pack=pack, version="WARC/1.1")
    url, first = "https://valley.example/x", "2020-01-01T00:00:00Z"
    original = writer.create_warc_record(
        url, "response", payload=io.BytesIO(HTML), http_headers=answer(TYPE), warc_headers_dict={"WARC-Date": first}
    )
    writer.write_record(original)
    if gap:
        out.seek(0)
        out.truncate()
    writer.write_record(
        writer.create_warc_record(url + "/2", "response", payload=io.BytesIO(b"<p>2"), http_headers=answer(TYPE))
    )
    label = digest or original.rec_headers.get_header("WARC-Payload-Digest")
    writer.write_record(writer.create_revisit_record(url, label, url, first, http_headers=answer(TYPE, ("Age", "9"))))
    return out.getvalue()


@pytest.mark.parametrize("pack", [True, False], ids=["P12-gz", "P12-plain"])
def test_P12_a_revisit_gives_its_originals_body(pack: bool) -> None:
    pages = [entry.page for entry in read(revisited(pack))]
    assert [each and each.body for each in pages] == [HTML, b"<p>2", HTML]
    assert pages[2] and (pages[2].headers, pages[2].final_url) == ((TYPE, ("Age", "9")), "https://valley.example/x")


@pytest.mark.parametrize("form", [lambda sha: f"sha1:{sha.hex()}", lambda sha: f"SHA-1:{sha.hex().upper()}"])
def test_P12_a_digest_is_the_same_in_any_spelling(form: Callable[[bytes], str]) -> None:
    data = revisited(False, digest=form(hashlib.sha1(HTML).digest()))
    nameless = data.replace(b"WARC-Refers-To", b"X-Refers-To")  # found by its digest alone
    assert [[each.page and each.page.body for each in read(given)][2] for given in (data, nameless)] == [HTML, HTML]


@pytest.mark.parametrize("pack", [True, False], ids=["P12-gz", "P12-plain"])
@pytest.mark.parametrize("change", [{"gap": True}, {"digest": "sha1:" + "A" * 32}], ids=["not-there", "other-digest"])
def test_P12_a_revisit_without_its_original_is_told(pack: bool, change: dict[str, object]) -> None:
    told_of = told(revisited(pack, **change))  # type: ignore[arg-type]
    assert (told_of[-1], len(told_of)) == ("revisit", 2 if "gap" in change else 3)


def test_P12_a_stream_has_no_way_back() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    entries = list(warc.read(Pipe(revisited(True)), decode))
    assert [entry.flaw and entry.flaw.reason for entry in entries] == [None, None, "revisit"]


def test_P12_the_same_page_twice_is_given_twice() -> None:
    assert told(b"".join([*GZ, *GZ])) == [A, B, C] * 2
