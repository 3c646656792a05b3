"""WARC files that are cut, damaged, odd or huge: whole pages, typed flaws, bounded memory (P04 to P06, P08)."""

from __future__ import annotations

import base64
import faulthandler
import gzip
import hashlib
import io
import itertools
import random
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archived import CORPORA, HTML, decode, forms, members, page, told, zstd
from scraper.archive import warc, warcwrite
from scraper.errors import StoreError
from scraper.model import Page

A, B, C = page("a"), page("b", random.Random(5).randbytes(900)), page("c")
GZ = members(A, B, C)
PLAIN = [gzip.decompress(part) for part in GZ]


HANG = 120.0  # seconds for one test; the longest takes some


@pytest.fixture(autouse=True)
def never_hangs() -> Iterator[None]:
    faulthandler.dump_traceback_later(HANG, exit=True, file=sys.__stderr__)
    yield
    faulthandler.cancel_dump_traceback_later()


# --- cut and damaged files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["gz", "zst", "plain"])
def test_P04_cut_at_every_byte(form: str) -> None:
    data, ends = forms(GZ)[form]
    slack = 4 if form == "plain" else 0  # a plain record's block is whole without the two line ends after it
    for cut in range(len(data)):
        given = told(data[:cut])
        whole = [kept for kept, end in zip((A, B, C), ends, strict=True) if end - slack <= cut]
        assert given == whole + ["cut"] * (cut not in (0, *ends)), cut


def test_P04_cut_at_every_byte_of_one_member() -> None:
    data = gzip.compress(b"".join(PLAIN), mtime=0)
    given = [told(data[:cut]) for cut in range(1, len(data))]
    assert [each[-1] for each in given] == ["cut"] * len(given)
    assert [each for each in given if each[:-1] != [A, B, C][: len(each) - 1]] == []
    assert told(data) == [A, B, C]


def test_P05_a_flipped_byte_harms_its_own_record_alone() -> None:
    start, end = len(GZ[0]), len(GZ[0]) + len(GZ[1])
    wrong = []
    for at in range(start + 24, end):  # after the header that says how long the member is
        data = b"".join(GZ)
        given = told(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        if given not in ([A, "damaged", C], [A, "bad_digest", C]):
            wrong.append((at, given))
    assert wrong == []


def test_P05_a_flipped_byte_never_makes_a_page() -> None:
    for form, (data, _) in forms(GZ).items():
        for at in range(len(data)):
            given = told(data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :])
            bodies = [each.body for each in given if isinstance(each, Page)]
            assert set(bodies) <= {A.body, B.body, C.body}, (form, at)


def edited(old: bytes, new: bytes, *, pack: bool, record: int = 1) -> bytes:
    parts = [part.replace(old, new, 1) if number == record else part for number, part in enumerate(PLAIN)]
    assert parts != PLAIN
    return b"".join(gzip.compress(part) for part in parts) if pack else b"".join(parts)


def length_of(record: bytes) -> bytes:
    return next(line for line in record.split(b"\r\n") if line.startswith(b"Content-Length:"))


OLD = length_of(PLAIN[1])
SIZE = int(OLD.split(b":")[1])


def said(size: int | str) -> bytes:
    return f"Content-Length: {size}".encode()


@pytest.mark.parametrize(
    ("old", "new", "packed", "plain"),
    [
        pytest.param(OLD, said(SIZE - 1), [A, "bad_length", C], [A, "bad_length"], id="P05-length-short"),
        pytest.param(OLD, said(SIZE + 1), [A, "bad_length", C], [A, "bad_length"], id="P05-length-long"),
        pytest.param(OLD, said(SIZE + 4), [A, "bad_digest", C], [A, "bad_length"], id="P05-length-long-4"),
        pytest.param(OLD, said(10**17), [A, "bad_length", C], [A, "cut"], id="P05-length-huge"),
        pytest.param(OLD, said(-5), [A, "bad_length", C], [A, "bad_length"], id="P05-length-negative"),
        pytest.param(OLD, said("9" * 5000), [A, "bad_length", C], [A, "bad_length"], id="P05-length-5000-digits"),
        pytest.param(OLD, said("ten"), [A, "bad_length", C], [A, "bad_length"], id="P05-length-word"),
        pytest.param(OLD, b"X: y", [A, "bad_length", C], [A, "bad_length"], id="P05-length-none"),
        pytest.param(OLD, OLD + b"\r\n" + said(3), [A, "bad_length", C], [A, "bad_length"], id="P05-length-two"),
        pytest.param(b"WARC/1.1", b"WARC/9.0", [A, "version", C], [A, "version"], id="P08-warc-version"),
        pytest.param(b"WARC/1.1", b"WORC/1.1", [A, "bad_header", C], [A, "bad_header"], id="P05-no-warc-line"),
        pytest.param(
            b"WARC/1.1\r\n",
            b"WARC/1.1\r\nX: " + b"y" * (1 << 20) + b"\r\n",
            [A, "header_too_long", C],
            [A, "header_too_long"],
            id="P05-header-1MB",
        ),
        pytest.param(
            b"WARC/1.1\r\n",
            b"WARC/1.1\r\n" + b"X: y\r\n" * 200_000,
            [A, "header_too_long", C],
            [A, "header_too_long"],
            id="P05-header-1MB-of-lines",
        ),
        pytest.param(
            b"WARC-Block-Digest: sha256:",
            b"WARC-Block-Digest: sha256:A",
            [A, "bad_digest", C],
            None,
            id="P05-digest-block",
        ),
        pytest.param(b"WARC-Block-Digest: sha256:", b"X: ", [A, B, C], None, id="P05-digest-none"),
        pytest.param(
            b"WARC-Block-Digest: sha256:", b"WARC-Block-Digest: tiger:", [A, B, C], None, id="P05-digest-unknown"
        ),
        pytest.param(
            b"WARC-Payload-Digest: sha256:",
            b"WARC-Payload-Digest: sha256:B",
            [A, "bad_digest", C],
            None,
            id="P05-digest-payload",
        ),
        pytest.param(
            b"WARC-Date:", b"WARC-Truncated: length\r\nWARC-Date:", [A, "truncated", C], None, id="P05-truncated"
        ),
        pytest.param(
            b"WARC-Date:", b"WARC-Segment-Number: 1\r\nWARC-Date:", [A, "segmented", C], None, id="P05-segmented"
        ),
        pytest.param(b"scraper-page/1", b"scraper-page/2", [A, "version", C], None, id="P08-newer"),
        pytest.param(b"scraper-page/1", b"scraper-page/x", [A, "bad_json", C], None, id="P08-no-version"),
        pytest.param(b'"coded"', b'coded"', [A, "bad_json", C], None, id="P05-json"),
    ],
)
def test_one_bad_record(old: bytes, new: bytes, packed: list[object], plain: list[object] | None) -> None:
    """Members lead on to the next record; a plain file with a wrong length leads nowhere that could be trusted."""
    results = told(edited(old, new, pack=True)), told(edited(old, new, pack=False))
    assert results == (packed, packed if plain is None else plain)


def block(body: bytes, *fields: bytes, version: bytes = b"1.0") -> bytes:
    head = b"WARC/%s\r\nWARC-Type: response\r\nWARC-Target-URI: <http://v.example/>\r\n" % version
    lines = b"".join(field + b"\r\n" for field in fields)
    return head + lines + b"Content-Length: %d\r\n\r\n%s\r\n\r\n" % (len(body), body)


def chunks_of(data: bytes, size: int) -> list[bytes]:
    return [gzip.compress(data[at : at + size]) for at in range(0, len(data), size)]


def answered(headers: bytes, body: bytes) -> bytes:
    return block(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n\r\n" + body)


CHUNKED = b"Transfer-Encoding: chunked"
SHA1 = b"sha1:" + base64.b32encode(hashlib.sha1(b"<p>x").digest())
MD5 = b"md5:" + hashlib.md5(b"<p>x").hexdigest().encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>x"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", [], id="P05-empty"),
        pytest.param(gzip.compress(b""), [], id="P05-empty-member"),
        pytest.param(b"\r\n\r\n", [], id="P05-blank"),
        pytest.param(HTML, ["not_warc"], id="P05-html"),
        pytest.param(b"x" * 2_000_000, ["not_warc"], id="P05-one-long-line"),
        pytest.param(gzip.compress(HTML), ["not_warc"], id="P05-html-gz"),
        pytest.param(b"filedesc://x.arc 0.0.0.0 20200101000000 text/plain 77\n", ["arc"], id="P05-arc"),
        pytest.param(gzip.compress(b"filedesc://x.arc 0.0.0.0 2020 text/plain 77\n") + GZ[0], ["arc"], id="P05-arc-gz"),
        pytest.param(gzip.compress(b"".join(PLAIN)), [A, B, C], id="P05-one-member"),
        pytest.param(b"".join(chunks_of(b"".join(PLAIN), 700)), [A, B, C], id="P05-members-of-700-bytes"),
        pytest.param(b"".join(chunks_of(PLAIN[0], 1)), [A], id="P05-members-of-one-byte"),
        pytest.param(zstd.compress(b"".join(PLAIN)), [A, B, C], id="P05-zstd-one-frame"),
        pytest.param(b"\x5d\x2a\x4d\x18\x03\x00\x00\x00abc" + zstd.compress(PLAIN[0]), [A], id="P05-zstd-skippable"),
        pytest.param(GZ[0] + zstd.compress(PLAIN[1]), [A, B], id="P05-gzip-then-zstd"),
        pytest.param(GZ[0] + b"\0" * 512, [A, "damaged"], id="P05-zeros-after-the-end"),
        pytest.param(GZ[0] + PLAIN[1], [A, "damaged"], id="P05-gzip-then-plain"),
        pytest.param(PLAIN[0] + GZ[1], [A, "bad_header"], id="P05-plain-then-gzip"),
        pytest.param(PLAIN[0] + b"\r\n\n" + PLAIN[1], [A, B], id="P05-blank-lines-between"),
        pytest.param(gzip.compress(PLAIN[0][:-4]) + GZ[1], [A, B], id="P05-no-line-ends-after"),
        pytest.param(block(OK, version=b"0.17"), ["<p>x"], id="P05-0.17"),
        pytest.param(block(OK, version=b"0.18"), ["<p>x"], id="P05-0.18"),
        pytest.param(block(OK, b"WARC-Date: last week"), ["<p>x"], id="P05-date"),
        pytest.param(block(OK, b"X-Folded: a", b"\t b", b"no colon", b"\xff: \xfe"), ["<p>x"], id="P05-header-odd"),
        pytest.param(block(b""), ["bad_http"], id="P05-http-none"),
        pytest.param(block(b"<p>x"), ["bad_http"], id="P05-http-no-status"),
        pytest.param(block(b"HTTP/1.1 200 OK\r\nA: b"), ["bad_http"], id="P05-http-no-end"),
        pytest.param(block(b"HTTP/1.1 200\nA: b\n\n<p>x"), ["<p>x"], id="P05-http-bare-line-feeds"),
        pytest.param(block(b"HTTP/1.1 200 OK\r\n\r\n<p>x"), ["<p>x"], id="P05-http-no-headers"),
        pytest.param(block(b"HTTP/1.1 200 OK\r\n: x\r\nA: b\r\n c\r\n\r\n<p>x"), ["<p>x"], id="P05-http-folded"),
        pytest.param(answered(b"Content-Encoding: gzip", gzip.compress(HTML)[:-9]), ["truncated"], id="P05-body-cut"),
        pytest.param(answered(CHUNKED, b"5\r\nhello\r\n6\r\nwor"), ["bad_http"], id="P05-chunks-cut"),
        pytest.param(answered(CHUNKED, b"5\r\nhello\r\n"), ["bad_http"], id="P05-chunks-no-last"),
        pytest.param(answered(CHUNKED, b"1\r\nx\r\n" * 9 + b"0\r\n\r\n"), ["x" * 9], id="P05-chunks"),
        pytest.param(answered(b"Content-Length: 9", b"<p>x"), ["cut"], id="P04-body-short"),
        pytest.param(answered(b"Content-Length: 9, 9", b"<p>x"), ["cut"], id="P04-body-short-said-twice"),
        pytest.param(answered(b"Content-Length: 9", b""), [""], id="P04-body-none-as-of-HEAD"),
        pytest.param(answered(b"Content-Length: 4", b"<p>x"), ["<p>x"], id="P04-body-whole"),
        pytest.param(answered(b"Content-Length: 2", b"<p>x"), ["<p>x"], id="P04-body-long"),
        pytest.param(answered(b"Content-Length: 9\r\ncontent-length: 4", b"<p>x"), ["<p>x"], id="P04-two-lengths"),
        pytest.param(answered(b"Content-Length: " + b"9" * 5000, b"<p>x"), ["<p>x"], id="P04-length-5000-digits"),
        pytest.param(answered(b"Content-Length: 9\r\n" + CHUNKED, b"<p>x"), ["<p>x"], id="P04-chunks-undone"),
        pytest.param(answered(b"Content-Length: 9\r\nContent-Encoding: br", b"<p>x"), ["<p>x"], id="P04-coding-undone"),
        pytest.param(block(b"HTTP/1.1 301 Moved\r\nContent-Length: 9\r\n\r\n"), [""], id="P04-no-page-no-body"),
        pytest.param(block(OK).replace(b"WARC-Target-URI", b"X"), ["bad_url"], id="P05-no-address"),
        pytest.param((block(OK)[:-4] + b"\n\n") * 2, ["<p>x", "<p>x"], id="P05-ends-by-line-feeds"),
        pytest.param(block(OK)[:-4] + b"\n", ["<p>x", "cut"], id="P04-ends-by-one-line-feed"),
        pytest.param(block(OK, b"WARC-Payload-Digest: " + SHA1), ["<p>x"], id="P05-sha1"),
        pytest.param(block(OK, b"WARC-Payload-Digest: " + MD5), ["<p>x"], id="P05-md5-hex"),
    ],
)  # fmt: skip
def test_odd_files(data: bytes, expected: list[object]) -> None:
    given = [each.body.decode() if isinstance(each, Page) and each not in (A, B, C) else each for each in told(data)]
    assert given == expected


MOMENTS = {
    "2021-07-06T12:36:00Z": "2021-07-06T12:36:00+00:00",
    "2021-07-06T12:36:00.1234567Z": "2021-07-06T12:36:00.123456+00:00",
    "2021-07-06T12:36Z": "2021-07-06T12:36:00+00:00",
    "2021-07-06": None,  # too little to read "2 hours ago" by
    "2021-07": None,
    "2021": None,
    "2021-07-06T12Z": None,
    "2021-07-06Z": None,
}


@pytest.mark.parametrize("text", MOMENTS)
def test_a_date_of_any_precision(text: str) -> None:
    (found,) = told(block(OK, b"WARC-Date: " + text.encode()))
    assert isinstance(found, Page)
    assert (found.fetched_at and found.fetched_at.isoformat()) == MOMENTS[text]


def test_P05_noise_ends() -> None:
    noise = random.Random(3)
    for start in (b"", b"\x1f\x8b\x08\0\0\0\0\0\0\xff", b"\x28\xb5\x2f\xfd", b"WARC/1.0\r\n", GZ[0], PLAIN[0]):
        for size in range(50, 3000, 50):
            given = told(start + noise.randbytes(size))
            pages = [each for each in given if isinstance(each, Page)]
            assert (pages in ([], [A]), 0 < len(given) < 20) == (True, True), (start[:12], size)


def test_a_flaw_names_file_and_byte(tmp_path: Path) -> None:
    file = tmp_path / "a.warc.gz"
    file.write_bytes(GZ[0] + GZ[1][:-1])
    entries = list(warc.read(file, decode))
    assert [entry.place for entry in entries] == [f"{file}:0", f"{file}:{len(GZ[0])}"]


def test_a_missing_file_is_typed(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"none\.warc"):
        list(warc.read(tmp_path / "none.warc", decode))


# --- size -----------------------------------------------------------------------------------------------------------


class Made(io.RawIOBase):
    """A stream that is made while it is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_P06_many_records_take_no_more_memory_than_few() -> None:
    record = warcwrite.records(page("n", b"<p>"))

    def run(count: int) -> int:
        return peak(lambda: sum(1 for _ in warc.read(Made(itertools.repeat(record, count)), decode)))  # type: ignore[arg-type]

    few, many = run(50), run(2_000)
    assert many < few + 100_000


def test_P06_what_revisits_may_name_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc, "_NAMES", 30)
    file = tmp_path / "many.warc.gz"
    with file.open("wb") as out:
        out.writelines(warcwrite.records(page(str(number), b"<p>")) for number in range(300))
    with file.open("rb") as raw:
        reader = warc._Reader("x", raw, decode, 1 << 20)
        assert (sum(1 for _ in reader), len(reader._originals)) == (300, 30)


def test_P06_a_giant_record_is_passed_over() -> None:
    """4 GB would take this test a minute; 200 MB show the same: nothing is held."""
    head = block(b"", version=b"1.1").replace(
        b"Content-Length: 0\r\n\r\n\r\n\r\n", b"Content-Length: %d\r\n\r\n" % (200 << 20)
    )
    packer = zlib.compressobj(1, wbits=31)
    zeros = bytes(1 << 20)
    giant = b"".join(
        [
            packer.compress(head),
            *(packer.compress(zeros) for _ in range(200)),
            packer.compress(b"\r\n\r\n"),
            packer.flush(),
        ]
    )
    given: list[object] = []
    used = peak(lambda: given.extend(told(GZ[0] + giant + GZ[1])))
    assert (given, used < 3 << 20) == ([A, "too_large", B], True), used


# --- real pages -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not CORPORA.is_dir(), reason="NOT RUN: the corpora of real pages are not beside this tree")
def test_P04_real_pages_cut_at_500_places() -> None:
    names = sorted(CORPORA.glob("*/pages/*.html.gz"))[::160]
    kept = [page(file.name, gzip.decompress(file.read_bytes())) for file in names]
    data, ends = b"".join(parts := members(*kept)), [0]
    for part in parts:
        ends.append(ends[-1] + len(part))
    for cut in sorted(random.Random(7).sample(range(len(data)), 500)):
        first = max(number for number, end in enumerate(ends) if end <= cut)
        behind = max(first - 1, 0)  # what lies before is the same every time
        expected = [*kept[behind:first], *(["cut"] if cut not in ends else [])]
        assert told(data[ends[behind] : cut]) == expected, cut
