"""The bytes of a WARC file in order: plain, gzip or zstd, in one member or many, unpacked piece by piece.

Where a member ends is known from the compression itself, which no archived page can forge. So a mistake inside a
member is passed over by going on with the next one; in a plain file nothing says where to go on.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, Protocol

from scraper.archive.entry import Flaw, Refused

PIECE = 64 * 1024  # bytes read and unpacked at once
_GZIP = b"\x1f\x8b\x08"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"  # after a byte 0x50 to 0x5f (RFC 8878 section 3.1.2)


class Place(NamedTuple):
    """Where a record begins: its member's first byte in the file, and how far in it is, unpacked."""

    member: int
    inner: int


class _Codec(Protocol):
    """One member. `step` takes packed bytes and gives a piece, and what it did not take."""

    @property
    def eof(self) -> bool: ...

    def step(self, packed: bytes) -> tuple[bytes, bytes]: ...


class _Gzip:
    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inflater.eof

    def step(self, packed: bytes) -> tuple[bytes, bytes]:
        try:
            out = self._inflater.decompress(packed, PIECE)
        except zlib.error as error:
            raise Refused("damaged", str(error)) from None
        return out, self._inflater.unused_data if self.eof else self._inflater.unconsumed_tail


class _Zstd:
    def __init__(self) -> None:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd

        self._error = zstd.ZstdError
        self._decoder = zstd.ZstdDecompressor()

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    def step(self, packed: bytes) -> tuple[bytes, bytes]:
        try:
            out = self._decoder.decompress(packed, PIECE)
        except self._error as error:
            raise Refused("damaged", str(error)) from None
        return out, self._decoder.unused_data if self.eof else b""


class _Plain:
    eof = False

    def step(self, packed: bytes) -> tuple[bytes, bytes]:
        return packed, b""


class Source:
    """Bytes of a file, with the place they come from. Every reading method may raise Refused "cut" or "damaged"."""

    def __init__(self, raw: BinaryIO, offset: int = 0) -> None:
        """`offset`: the place in the file at which `raw` stands, for reports."""
        self._raw = raw
        self._packed = b""  # read, not yet unpacked
        self._read = offset  # where in the file the bytes after those begin
        self._out = b""  # unpacked, given out up to _at
        self._at = 0
        self._inner = 0  # unpacked bytes of the member, those of _out included
        self._codec: _Codec | None = None
        self._skip = 0  # length of the member, if it says so
        self._has_crossed = False  # into a member that begins another record than the one being read
        self._is_lost = False  # where a member should begin, something else does
        self.member = offset
        self.start = Place(offset, 0)

    @property
    def is_packed(self) -> bool:
        return not isinstance(self._codec, _Plain)

    @property
    def place(self) -> Place:
        return Place(self.member, self._inner - len(self._out) + self._at)

    @property
    def offset(self) -> int:
        """In the file: of the member, or of the byte itself where nothing is packed."""
        return self.member if self.is_packed else sum(self.place)

    def begin(self) -> Place | None:
        """Passes over blank lines; the place of the next record, None at the file's end."""
        while True:
            if self._at < len(self._out):
                if self._out[self._at] not in b"\r\n":
                    return self.place
                self._at += 1
            elif not self._more() and not self._next_member():
                return None

    def line(self, limit: int) -> bytes:
        """One line with its end. Raises Refused "header_too_long" beyond `limit` bytes."""
        line = bytearray()
        while not line.endswith(b"\n"):
            self._go_on()
            end = self._out.find(b"\n", self._at) + 1 or len(self._out)
            line += self._out[self._at : end]
            self._at = end
            if len(line) > limit:
                raise Refused("header_too_long")
        return bytes(line)

    def read(self, size: int) -> bytes:
        return b"".join(self._pieces(size))

    def skip(self, size: int) -> None:
        for _ in self._pieces(size):
            pass

    def peek(self, size: int) -> bytes:
        """The next bytes of this member; fewer at its end, whose checksum has then been compared."""
        while len(self._out) - self._at < size and self._more(keep=True):
            pass
        return self._out[self._at : self._at + size]

    def recover(self, flaw: Flaw) -> bool:
        """After a mistake: on to the next member. False if there is none, or no way to know where it is."""
        if not self.is_packed or self._is_lost or flaw.reason == "cut":
            return False
        if self._has_crossed:
            self._has_crossed = False
            return True
        if flaw.reason == "damaged":
            return self._leap()
        try:
            while self._more():
                self._at = len(self._out)
        except Refused as refused:
            return self.recover(refused.flaw)
        self._at = len(self._out)
        return True

    def _pieces(self, size: int) -> Iterator[bytes]:
        while size:
            self._go_on()
            piece = self._out[self._at : self._at + size]
            self._at += len(piece)
            size -= len(piece)
            yield piece

    def _go_on(self) -> None:
        """Makes sure that a byte is there. A record may go on in the next member, unless that begins another record."""
        crossed = False
        while self._at == len(self._out):
            if self._more():
                continue
            crossed = self._next_member()
            if not crossed:
                raise Refused("cut", "the file ends inside a record")
        if crossed and self.peek(5) == b"WARC/":
            self._has_crossed = True
            raise Refused("bad_length", "the record is shorter than it says")

    def _more(self, *, keep: bool = False) -> bool:
        """Unpacks the next piece of this member; False at its end. `keep`: add it to what is not yet given out."""
        kept = self._out[self._at :] if keep else b""
        while self._codec and not self._codec.eof:
            out, self._packed = self._codec.step(self._packed)
            if out:
                self._inner += len(out)
                self._out, self._at = kept + out, 0
                return True
            if not self._codec.eof and not self._packed and not self._fill():
                if not self.is_packed:
                    return False
                raise Refused("cut", "the file ends inside a compressed member")
        return False

    def _fill(self) -> bool:
        piece = self._raw.read(PIECE)
        self._packed += piece
        self._read += len(piece)
        return bool(piece)

    def _next_member(self) -> bool:
        """False at the file's end."""
        while len(self._packed) < 24 and self._fill():
            pass
        start = self._packed[:24]
        if not start or (self._codec and not self.is_packed):
            return False
        self.member, self._inner = self._read - len(self._packed), 0
        self._out, self._at = b"", 0
        first = self._codec is None
        is_begun = any(magic.startswith(start) for magic in (_GZIP, _ZSTD))
        self._skip = _skip_length(start)
        if start.startswith(_GZIP):
            self._codec = _Gzip()
        elif start.startswith(_ZSTD) or start[1:4] == _ZSTD_SKIPPABLE:
            self._codec = _Zstd()
        elif first and not is_begun:
            self._codec = _Plain()
        else:
            self._is_lost = True
            raise Refused("cut" if is_begun else "damaged", f"no compressed member begins with {start[:8]!r}")
        return True

    def _leap(self) -> bool:
        """Over a damaged member that says how long it is, if another one or the file's end is there indeed."""
        target = self.member + self._skip
        if self._skip < 24 or not self._raw.seekable():
            return False
        self._raw.seek(target - self._read, 1)
        self._packed, self._read, self._codec = b"", target, None
        self._out, self._at = b"", 0
        self._fill()
        return not self._packed or self._packed.startswith(_GZIP)


def _skip_length(start: bytes) -> int:
    """The packed length of a gzip member from its "sl" field (ISO 28500 annex D); 0 if it has none."""
    if len(start) < 24 or start[:4] != _GZIP + b"\x04" or start[12:16] != b"sl\x08\x00":
        return 0
    length: int = struct.unpack_from("<I", start, 16)[0]
    return length
