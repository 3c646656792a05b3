"""The records of a WARC file, one after another (WARC 0.17 to 1.1), each whole or as the flaw that it is."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from scraper.archive.entry import Flaw, Refused
from scraper.archive.unpack import Place, Source

MAX_HEADER = 256 * 1024  # bytes of one record's header
KEPT = frozenset({"response", "resource", "revisit", "metadata"})  # the types whose blocks are read, not passed over
_VERSION = re.compile(rb"WARC/(0\.1[78]|1\.[01])\r?\n").fullmatch
_ENDS = (b"\r\n\r\n", b"\n\n")  # of a record; the second is not the standard's, but some write it
_CUT = (b"", b"\r", b"\r\n", b"\r\n\r", b"\n")  # what of them a file has that ends too early
_ALGORITHMS = ("md5", "sha1", "sha256", "sha384", "sha512")
_LENGTHS = re.compile(r"\d{1,18}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Record:
    """`fields`: by lower-case name. `block`: empty for a type that is not KEPT."""

    offset: int
    is_alone: bool  # can be read again from its offset: not packed, or the first of its member
    fields: Mapping[str, str]
    block: bytes

    @property
    def type(self) -> str:
        return self.fields.get("warc-type", "").lower()

    @property
    def target(self) -> str:
        """The URL; old crawlers put it in angle brackets."""
        return self.fields.get("warc-target-uri", "").strip("<>")


@dataclass(frozen=True, slots=True)
class Bad:
    """A place that holds no whole record."""

    offset: int
    flaw: Flaw


def records(raw: BinaryIO, cap: int, offset: int = 0) -> Iterator[Record | Bad]:
    """Every record from where `raw` stands, which is its byte `offset`. A block over `cap` bytes is a Bad.

    Ends at the file's end, or at the first mistake after which nothing can be trusted.
    """
    source = Source(raw, offset)
    while True:
        at = None
        try:
            place, at = source.begin(), source.offset
            if place is None:
                return
            yield _record(source, place, cap)
            if not source.is_packed and source.peek(4) in _CUT:
                yield Bad(at, Flaw("cut", "the file ends right after the record's block"))
        except Refused as refused:
            flaw = refused.flaw
            is_over = flaw.reason in ("arc", "not_warc") or not source.recover(flaw)
            if is_over and flaw.reason != "cut":
                flaw = Flaw(flaw.reason, "; ".join(filter(None, (flaw.detail, "the rest of the file is not read"))))
            yield Bad(source.offset if at is None else at, flaw)
            if is_over:
                return


def _record(source: Source, place: Place, cap: int) -> Record | Bad:
    offset = source.offset
    fields = _header(source, is_first=place == source.start)
    length = fields.get("content-length", "")
    if not _LENGTHS(length):
        raise Refused("bad_length", f"Content-Length {length[:40]!r}")
    kept = fields.get("warc-type", "").lower() in KEPT
    if not kept or int(length) > cap:
        source.skip(int(length))
        block = b""
    else:
        block = source.read(int(length))
    if not _is_end(source.peek(9)) and not (block and matches(fields.get("warc-block-digest", ""), block)):
        raise Refused("bad_length", "the record does not end where it says")
    if kept and int(length) > cap:
        return Bad(offset, Flaw("too_large", f"{length} bytes, {cap} are read at most"))
    return Record(offset, not source.is_packed or place.inner == 0, fields, block)


def _is_end(after: bytes) -> bool:
    """Whether the bytes after a block are two line ends and another record, or as much of it as there is."""
    return any(
        end.startswith(after[: len(end)]) and (b"WARC/".startswith(rest[:5]) or rest[:1] in (b"\r", b"\n"))
        for end, rest in ((end, after[len(end) :]) for end in _ENDS)
    )


def _header(source: Source, *, is_first: bool) -> dict[str, str]:
    start = source.peek(20)
    if not start.startswith(b"WARC/") and not b"WARC/".startswith(start):
        raise _stranger(start, is_first=is_first)
    version = source.line(MAX_HEADER)
    if not _VERSION(version):
        raise Refused("version", f"{version[:20].decode('ascii', 'replace').strip()!r} is not read here")
    fields: dict[str, str] = {}
    left, name = MAX_HEADER, ""
    while line := source.line(left).rstrip(b"\r\n"):
        left -= len(line)
        text = line.decode("utf-8", "replace")
        if line[:1] in (b" ", b"\t"):
            fields[name] = f"{fields.get(name, '')} {text.strip()}".strip()
            continue
        name, _, value = text.partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "content-length" and fields.get(name, value) != value:
            raise Refused("bad_length", "two lengths")
        fields.setdefault(name, value)
    return fields


def _stranger(start: bytes, *, is_first: bool) -> Refused:
    if is_first and start.startswith(b"filedesc:"):
        return Refused("arc", "an ARC file, the format before WARC; convert it first")
    return Refused("not_warc" if is_first else "bad_header", f"no WARC record begins with {start!r}")


def matches(label: str, data: bytes) -> bool | None:
    """Whether a digest ("sha1:" and base 32, or hexadecimal) is that of the data; None where it cannot be told."""
    name, value = _parts(label)
    if name not in _ALGORITHMS:
        return None
    actual = hashlib.new(name, data, usedforsecurity=False).digest()
    return _raw(value, len(actual)) == actual


def digest(label: str) -> str:
    """A digest in the one form that two of them can be compared in; one that cannot be read in small letters."""
    name, value = _parts(label)
    raw = _raw(value, hashlib.new(name, usedforsecurity=False).digest_size) if name in _ALGORITHMS else None
    return f"{name}:{raw.hex()}" if raw else label.lower()


def _parts(label: str) -> tuple[str, str]:
    algorithm, _, value = label.partition(":")
    return algorithm.strip().lower().replace("-", ""), value.strip()


def _raw(text: str, size: int) -> bytes | None:
    try:
        if len(text) == 2 * size:
            return binascii.unhexlify(text)
        return base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:
        return None
