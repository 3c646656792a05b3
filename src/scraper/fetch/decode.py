"""Content codings undone under a cap, in a stream of small pieces: a cap after decoding does not stop a bomb."""

from __future__ import annotations

import codecs
import io
import itertools
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import brotli

from scraper.errors import FetchError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 64 * 1024  # bytes fed to and taken from a decoder at once
MAX_LAYERS = 3
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
# RFC 9659 section 3: the "zstd" content coding needs no window above 8 MiB, so none is allowed.
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}

Pieces = Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Decoded:
    """`flags`: "encoding_lie" (the header named another coding), "trailing_junk" (bytes after the stream's end)."""

    body: bytes
    flags: tuple[str, ...] = ()


class _Misfit(Exception):
    """The very first bytes are not of the coding that the header names."""


def _truncated(detail: str) -> FetchError:
    return FetchError("truncated", detail=detail, retry=True)


def decode(body: bytes, encodings: str | Sequence[str], cap: int) -> Decoded:
    """Undo `Content-Encoding` (its text, or one text per header line, in order of application; RFC 9110 section 8.4).

    No layer may give more than `cap` bytes. Raises FetchError: `decoded_too_large`; `encoding` for an unknown coding,
    for more than three layers and for bytes of another kind than named; `truncated` (worth a retry) for a stream that
    is damaged or does not reach its end. A header that plainly lies is put right once, by what the bytes show.
    """
    layers = _layers(encodings)
    if not body:
        return Decoded(b"")
    shown = _sniff(body)
    if not layers:
        return _checked(body, shown or (), cap, lie=bool(shown))
    try:
        return _run(body, layers, cap, lie=False)
    except _Misfit:
        if shown is None or shown == layers:
            raise FetchError("encoding", detail=f"not {', '.join(layers)}") from None
    except FetchError as error:
        if error.reason != "truncated" or shown != ():
            raise
    return _checked(body, shown, cap, lie=True)


def _layers(encodings: str | Sequence[str]) -> tuple[str, ...]:
    text = encodings if isinstance(encodings, str) else ",".join(encodings)
    names = [name.strip().lower().removeprefix("x-") for name in text.split(",")]
    layers = tuple(name for name in names if name not in ("", "identity"))
    if len(layers) > MAX_LAYERS:
        raise FetchError("encoding", detail=f"{len(layers)} layers")
    if unknown := [name for name in layers if name not in _DECODERS]:
        raise FetchError("encoding", detail=f"unknown coding {unknown[0][:40]!r}")
    return layers


_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\f\r\x1b")


def _sniff(body: bytes) -> tuple[str, ...] | None:
    """The layers that the bytes show: gzip or zstd by magic number, none for text; None if they do not say."""
    if body.startswith(_GZIP + b"\x08"):
        return ("gzip",)
    if body.startswith(_ZSTD):
        return ("zstd",)
    start = body[:1024]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):  # UTF-16
        return ()
    plain = len(start.translate(None, _CONTROLS)) == len(start)
    if plain and (start.lstrip().startswith(b"<") or (len(start) >= 16 and _is_utf8(start))):
        return ()  # a few bytes of a compressed stream may look like text too
    return None


def _is_utf8(start: bytes) -> bool:
    return "\ufffd" not in codecs.getincrementaldecoder("utf-8")("replace").decode(start)


def _checked(body: bytes, layers: tuple[str, ...], cap: int, *, lie: bool) -> Decoded:
    try:
        return _run(body, layers, cap, lie=lie)
    except _Misfit as misfit:
        raise FetchError("encoding", detail=f"looks like {', '.join(layers)}: {misfit}") from None


def _run(body: bytes, layers: tuple[str, ...], cap: int, *, lie: bool) -> Decoded:
    flags = ["encoding_lie"] if lie else []
    if not layers:
        return Decoded(next(_capped(iter((body,)), cap)), tuple(flags))
    view = memoryview(body)
    pieces: Pieces = (bytes(view[start : start + PIECE]) for start in range(0, len(body), PIECE))
    for name in reversed(layers):  # each layer pulls from the one around it, so that no layer is ever held whole
        pieces = _capped(_DECODERS[name](pieces, flags), cap)
    out = io.BytesIO()  # its getvalue() does not copy, where join() would hold the body twice
    for piece in pieces:
        out.write(piece)
    return Decoded(out.getvalue(), tuple(dict.fromkeys(flags)))


def _capped(pieces: Pieces, cap: int) -> Pieces:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > cap:
            raise FetchError("decoded_too_large", detail=f"more than {cap} bytes")
        yield piece


def _damaged(error: Exception, *, started: bool) -> Exception:
    """Before the first decoded byte the coding itself is in doubt, after it the stream is damaged."""
    return _truncated(str(error)) if started else _Misfit(str(error))


def _inflate(pieces: Pieces, flags: list[str], *, wbits: int, magic: bytes) -> Pieces:
    """zlib's formats. Members that follow one another (RFC 1952 section 2.2) are joined if they begin with `magic`."""
    inflater = zlib.decompressobj(wbits)
    started = False
    for piece in pieces:
        started = started or bool(magic and piece.startswith(magic))
        while piece:
            if inflater.eof and (not magic or piece[:2] != magic[: len(piece)]):
                flags.append("trailing_junk")
                return
            if inflater.eof:
                inflater = zlib.decompressobj(wbits)
            out = _next_of(inflater, piece, started=started)
            started = started or bool(out)
            yield out
            piece = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    while out := _next_of(inflater, b"", started=started):
        started = True
        yield out
    if not inflater.eof:
        raise _truncated("compressed stream without its end")


def _next_of(inflater: zlib._Decompress, piece: bytes, *, started: bool) -> bytes:
    try:
        return inflater.decompress(piece, PIECE)
    except zlib.error as error:
        raise _damaged(error, started=started) from None


def _gunzip(pieces: Pieces, flags: list[str]) -> Pieces:
    return _inflate(pieces, flags, wbits=31, magic=_GZIP)


def _undeflate(pieces: Pieces, flags: list[str]) -> Pieces:
    """RFC 9110 section 8.4.1.2 means zlib's format; servers send raw deflate too, told apart by zlib's header."""
    first = next(pieces, b"")
    zlib_header = len(first) >= 2 and first[0] & 15 == 8 and int.from_bytes(first[:2], "big") % 31 == 0
    return _inflate(itertools.chain((first,), pieces), flags, wbits=15 if zlib_header else -15, magic=b"")


def _unbrotli(pieces: Pieces, flags: list[str]) -> Pieces:
    """Bytes after the end are an error to the decoder itself: only those of a later piece are told apart."""
    decoder = brotli.Decompressor()
    started = False
    for piece in pieces:
        if decoder.is_finished():
            flags.append("trailing_junk")
            return
        try:
            while (out := decoder.process(piece, output_buffer_limit=PIECE)) or not decoder.can_accept_more_data():
                piece, started = b"", True
                yield out
        except brotli.error as error:
            raise _damaged(error, started=started) from None
    if not decoder.is_finished():
        raise _truncated("br stream without its end")


def _unzstd(pieces: Pieces, flags: list[str]) -> Pieces:
    """Frames that follow one another are joined (RFC 8878 section 3.1). A window over 8 MiB is refused as a misfit."""
    decoder = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
    started = False
    for piece in pieces:
        while piece or not (decoder.needs_input or decoder.eof):
            if decoder.eof and piece[:4] != _ZSTD[: len(piece)]:
                flags.append("trailing_junk")
                return
            if decoder.eof:
                decoder = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
            try:
                out = decoder.decompress(piece, PIECE)
            except zstd.ZstdError as error:
                raise _damaged(error, started=started) from None
            started = started or bool(out)
            yield out
            piece = decoder.unused_data if decoder.eof else b""
    if not decoder.eof:
        raise _truncated("zstd stream without its end")


_DECODERS: dict[str, Callable[[Pieces, list[str]], Pieces]] = {
    "gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
