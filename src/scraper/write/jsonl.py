"""JSON Lines: one record a line, the same line for every reader."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

# JSON lets these stand raw, but str.splitlines, JavaScript and terminals take them as line ends or commands:
# DEL, the C1 block (with U+0085), U+2028 and U+2029 in UTF-8; C0 is escaped by every JSON encoder.
_UNSAFE = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]")
_ENCODER = msgspec.json.Encoder()


def encode(record: Mapping[str, Any]) -> bytes:
    """One line of strict JSON in UTF-8, with its line feed. Lone surrogates become U+FFFD; there is no NaN."""
    try:
        line = _ENCODER.encode(record)
    except UnicodeEncodeError:
        line = _ENCODER.encode(_whole(record))
    return _UNSAFE.sub(_escape, line) + b"\n"


def lines(records: Iterable[Mapping[str, Any]]) -> bytes:
    """A batch as lines."""
    return b"".join(map(encode, records))


def gzip_member(records: Iterable[Mapping[str, Any]]) -> bytes:
    """A batch as one gzip member of its own (RFC 1952 section 2.2: members may follow one another); no clock in it."""
    return gzip.compress(lines(records), compresslevel=6, mtime=0)


def _escape(match: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(match[0].decode("utf-8"))


def _whole(value: Any) -> Any:
    """The value without lone surrogates, which UTF-8 cannot hold (RFC 3629 section 3)."""
    if isinstance(value, str):
        # A pair of surrogates is one character; what stays alone is replaced.
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, Mapping):
        return {_whole(key): _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return value
