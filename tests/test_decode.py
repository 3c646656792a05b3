"""Content codings: right ones, lies, damage and bombs (N44 to N50)."""

from __future__ import annotations

import gzip
import subprocess
import sys
import zlib

import brotli
import pytest

from scraper.errors import FetchError
from scraper.fetch.decode import decode

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1024 * 1024
CAP = 2 * MIB
TEXT = b"<html><p>" + b"Rain fell on the valley for three days. " * 3000 + "Ende für heute</p>".encode()


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


GZIP, ZLIB, RAW, BR, ZSTD = (
    gzip.compress(TEXT),
    zlib.compress(TEXT),
    raw_deflate(TEXT),
    brotli.compress(TEXT),
    zstd.compress(TEXT),
)
BAD_CRC = GZIP[:-6] + bytes([GZIP[-6] ^ 1]) + GZIP[-5:]
WIDE_WINDOW = b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x01\x00\x00"  # frame header: window 2^31, then an empty last block
LIE, JUNK = "encoding_lie", "trailing_junk"


def outcome(body: bytes, encodings: str | list[str]) -> str:
    """ "ok" with times TEXT and flags, or the failure's reason."""
    try:
        decoded = decode(body, encodings, CAP)
    except FetchError as error:
        return f"{error.reason}{' retry' if error.retry else ''}"
    times = len(decoded.body) / len(TEXT)
    assert decoded.body == TEXT * int(times)
    return " ".join(("ok", f"{times:g}", *decoded.flags))


@pytest.mark.parametrize(
    ("body", "encodings", "expected"),
    [
        pytest.param(TEXT, "", "ok 1", id="identity-none"),
        pytest.param(TEXT, "identity", "ok 1", id="identity-named"),
        pytest.param(b"", "gzip", "ok 0", id="empty"),
        pytest.param(GZIP, "gzip", "ok 1", id="gzip"),
        pytest.param(GZIP, " X-GZip ", "ok 1", id="gzip-old-name"),
        pytest.param(ZLIB, "deflate", "ok 1", id="N49-zlib"),
        pytest.param(RAW, "deflate", "ok 1", id="N49-raw"),
        pytest.param(BR, "br", "ok 1", id="br"),
        pytest.param(ZSTD, "zstd", "ok 1", id="zstd"),
        pytest.param(gzip.compress(BR), "br, gzip", "ok 1", id="N45-two-layers"),
        pytest.param(gzip.compress(BR), ["br", "gzip"], "ok 1", id="N45-two-lines"),
        pytest.param(zstd.compress(gzip.compress(BR)), "br, gzip, zstd", "ok 1", id="N45-three-layers"),
        pytest.param(GZIP, ", ".join(["gzip"] * 4), "encoding", id="N45-four-layers"),
        pytest.param(GZIP, ", ".join(["gzip"] * 20), "encoding", id="N45-twenty-layers"),
        pytest.param(TEXT * 20, "", "decoded_too_large", id="N52-plain-over-cap"),
        pytest.param(WIDE_WINDOW, "zstd", "encoding", id="N46-zstd-window"),
        pytest.param(TEXT, "gzip", f"ok 1 {LIE}", id="N47-gzip-said-plain"),
        pytest.param(TEXT, "deflate", f"ok 1 {LIE}", id="N47-deflate-said-plain"),
        pytest.param(TEXT, "br", f"ok 1 {LIE}", id="N47-br-said-plain"),
        pytest.param(TEXT, "zstd", f"ok 1 {LIE}", id="N47-zstd-said-plain"),
        pytest.param(GZIP, "", f"ok 1 {LIE}", id="N47-nothing-said-gzip"),
        pytest.param(ZSTD, "", f"ok 1 {LIE}", id="N47-nothing-said-zstd"),
        pytest.param(GZIP, "br", f"ok 1 {LIE}", id="N47-br-said-gzip"),
        pytest.param(GZIP, "gzip, gzip", f"ok 1 {LIE}", id="N47-gzip-said-twice"),
        pytest.param(bytes(range(256)) * 8, "gzip", "encoding", id="N47-gzip-said-neither"),
        pytest.param(b"\x00\x01" * 50, "br", "encoding", id="N47-br-said-neither"),
        pytest.param(GZIP[:-8], "gzip", "truncated retry", id="N48-no-trailer"),
        pytest.param(GZIP[:-1], "gzip", "truncated retry", id="N48-cut-trailer"),
        pytest.param(GZIP[:5], "gzip", "truncated retry", id="N48-cut-header"),
        pytest.param(BAD_CRC, "gzip", "truncated retry", id="N48-bad-crc"),
        pytest.param(GZIP + b"junk", "gzip", f"ok 1 {JUNK}", id="N48-junk"),
        pytest.param(GZIP + bytes(512), "gzip", f"ok 1 {JUNK}", id="N48-zero-padding"),
        pytest.param(GZIP + GZIP, "gzip", "ok 2", id="N48-two-members"),
        pytest.param(GZIP + GZIP[:-9], "gzip", "truncated retry", id="N48-second-member-cut"),
        pytest.param(ZLIB[:-1], "deflate", "truncated retry", id="deflate-cut"),
        pytest.param(BR[:-1], "br", "truncated retry", id="br-cut"),
        pytest.param(ZSTD[:-1], "zstd", "truncated retry", id="zstd-cut"),
        pytest.param(ZSTD + ZSTD, "zstd", "ok 2", id="zstd-two-frames"),
        pytest.param(ZSTD + b"junk", "zstd", f"ok 1 {JUNK}", id="zstd-junk"),
        pytest.param(TEXT, "xyzzy", "encoding", id="N50-unknown"),
        pytest.param(TEXT, "aes128gcm", "encoding", id="N50-encrypted"),
        pytest.param(TEXT, "utf-8", "encoding", id="N50-charset"),
    ],
)
def test_outcome(body: bytes, encodings: str | list[str], expected: str) -> None:
    assert outcome(body, encodings) == expected


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param(body[:size], name, id=f"{name}-{size}")
        for name, body in {"gzip": GZIP, "deflate": RAW, "br": BR, "zstd": ZSTD}.items()
        for size in range(1, len(body), max(1, len(body) // 40))
    ],
)
def test_cut_anywhere_is_never_silent(body: bytes, encoding: str) -> None:
    assert outcome(body, encoding) == "truncated retry"


BOMB = """
import gzip, resource, sys, zlib, brotli
from scraper.errors import FetchError
from scraper.fetch.decode import decode, zstd
coding, cap = sys.argv[1], int(sys.argv[2])
packer = {"gzip": lambda: zlib.compressobj(wbits=31), "deflate": zlib.compressobj, "zstd": zstd.ZstdCompressor,
          "br": lambda: brotli.Compressor(quality=5)}[coding.split(", ")[0]]()
add, end = (packer.process, packer.finish) if coding == "br" else (packer.compress, packer.flush)
zeros = bytes(1 << 20)
bomb = b"".join([*(add(zeros) for _ in range(256)), end()])  # 256 MiB
for _ in coding.split(", ")[1:]:
    bomb = gzip.compress(bomb)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    decode(bomb, coding, cap)
except FetchError as error:
    print(error.reason, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "deflate, gzip, gzip"])
def test_n44_bomb_stops_at_the_cap(coding: str) -> None:
    cap = 8 * MIB
    command = [sys.executable, "-c", BOMB, coding, str(cap)]
    reason, growth = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert reason == "decoded_too_large"
    assert int(growth) < 2 * cap
