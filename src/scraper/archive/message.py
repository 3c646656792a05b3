"""HTTP messages as bytes: what a WARC response record holds (RFC 9112)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scraper.archive.entry import Refused

Headers = tuple[tuple[str, str], ...]

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})(?: [^\n]*|\r?)").match
_END = re.compile(rb"\r?\n(?:\r?\n|\Z)").search  # of the header section; without a body the blank line may be missing
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n").match
_TRAILER = re.compile(rb"(?:[^\r\n]{1,8192}\r?\n)*(?:\r?\n)?\Z").match
_LENGTH = re.compile(r"\d{1,18}", re.ASCII).fullmatch
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]").sub
_NO_TOKEN = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]").sub  # RFC 9110 section 5.6.2


@dataclass(frozen=True, slots=True)
class Message:
    """An answer: header pairs as they stand, bytes as Latin-1; the body without transfer coding, content coding on."""

    status: int
    headers: Headers
    body: bytes

    def values(self, name: str) -> list[str]:
        """All values of the header, in order; `name` in lower case."""
        return [value for key, value in self.headers if key.lower() == name]


def sendable(headers: Headers) -> Headers:
    """The pairs in a form that any HTTP parser reads back as they are, one for one; most are in it already."""
    return tuple((_NO_TOKEN("_", name) or "_", _UNSENDABLE(" ", value).strip(" \t")) for name, value in headers)


def compose(first: str, headers: Headers, body: bytes = b"") -> bytes:
    """The message's bytes; the headers must be sendable."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"{first}\r\n{lines}\r\n".encode("latin-1") + body


def parse(block: bytes) -> tuple[Message, bytes]:
    """An answer and its body as it stands in the block. Raises Refused "bad_http"."""
    status = _STATUS(block)
    if status is None:
        raise Refused("bad_http", f"no status line: {block[:40]!r}")
    end = _END(block, status.end())
    if end is None:
        raise Refused("bad_http", "the header section has no end")
    headers = _pairs(block[status.end() : end.start()])
    raw = block[end.end() :]
    return Message(int(status[1]), headers, _body(headers, raw)), raw


def check_length(answer: Message, raw: bytes) -> None:
    """Raises Refused "cut" for a page of which less is there than its Content-Length says (RFC 9110 section 8.6).

    Who undid a coding may have kept the length of what was coded, and an answer without any body may be one to HEAD.
    """
    is_coded = answer.values("transfer-encoding") or answer.values("content-encoding")
    if not raw or is_coded or not 200 <= answer.status <= 203:
        return
    said = {length.strip() for value in answer.values("content-length") for length in value.split(",")}
    length = said.pop() if len(said) == 1 else ""
    if _LENGTH(length) and int(length) > len(raw):
        raise Refused("cut", f"the body has {len(raw)} of {length} bytes")


def _pairs(section: bytes) -> Headers:
    """Folded lines are joined by a blank (RFC 9112 section 5.2), lines that are no header left out."""
    unfolded = re.sub(rb"\r?\n[ \t]+", b" ", section)
    pairs = []
    for line in re.split(rb"\r?\n", unfolded):
        name, colon, value = line.partition(b":")
        if colon and name.strip():
            pairs.append((name.strip(b" \t").decode("latin-1"), value.strip(b" \t\r").decode("latin-1")))
    return tuple(pairs)


def _body(headers: Headers, raw: bytes) -> bytes:
    """Some crawlers undo the transfer coding and keep its header: bytes that begin with no chunk size are the body."""
    codings = ",".join(value for name, value in headers if name.lower() == "transfer-encoding")
    if codings.rpartition(",")[2].strip().lower() != "chunked" or not _CHUNK(raw):
        return raw
    return _dechunk(raw)


def _dechunk(raw: bytes) -> bytes:
    """RFC 9112 section 7.1. Raises Refused where the chunks do not reach their end."""
    parts: list[bytes] = []
    at = 0
    while chunk := _CHUNK(raw, at):
        size, at = int(chunk[1], 16), chunk.end()
        if size == 0 and _TRAILER(raw, at):
            return b"".join(parts)
        parts.append(raw[at : at + size])
        at += size
        if at > len(raw) or not size:
            break
        at += 2 if raw.startswith(b"\r\n", at) else raw.startswith(b"\n", at)
    raise Refused("bad_http", "chunked, without the last chunk")
