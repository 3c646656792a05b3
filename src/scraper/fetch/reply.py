"""The reply to one request as its bytes come in: read by llhttp, or else by h11, under the same caps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import h11
import httptools

from scraper.errors import FetchError

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Deadlines in seconds and caps in bytes for one request; the last ones are of the whole transport."""

    connect: float = 10.0  # name, TCP and TLS together
    first_byte: float = 15.0
    idle: float = 15.0  # between two reads
    total: float = 30.0  # from leaving the queue to the last byte, second tries included
    min_rate: float = 1024.0  # bytes a second, averaged since the first byte...
    min_rate_after: float = 10.0  # ...once this many seconds have passed
    max_headers: int = 64 * 1024
    max_header_lines: int = 100
    max_body: int = 8 * MIB  # on the wire, before content decoding
    max_interim: int = 20  # 1xx replies before the real one
    cut_body: bool = False  # True: a longer body is cut at max_body and flagged "body_cut" (robots.txt), not refused
    max_connections: int = 1  # per scheme, host and port
    max_in_flight: int = 64  # requests under way; the others wait, and their total deadline has not begun
    keepalive: float = 30.0
    max_idle: int = 256  # connections kept open for a next request, over all hosts
    max_held: int = 64 * MIB  # unfinished bodies of all hosts together; beyond it connections take turns


class _ReadEnough(Exception):
    """Stops a parser: the reply is complete or beyond saving."""


class Reply:
    """The reply to one request as far as it was read; made for one reply and never used again.

    llhttp has the leniencies that no later reader can be tricked by: nobody reads after us. A head that it does not
    understand all the same is read by h11 from its first byte on; then the flags have "h11".
    """

    def __init__(self, limits: Limits, *, head_only: bool) -> None:
        self.status = 0
        self.reason = b""
        self.version = ""
        self.headers: list[tuple[bytes, bytes]] = []
        self.flags: list[str] = []
        self.done = False
        self.reusable = False  # whether a next request may go over the same connection
        self.received = 0  # bytes, everything counted
        self._limits = limits
        self._head_only = head_only
        self._parts: list[bytes] = []
        self._size = 0
        self._head_size = 0
        self._lines = 0
        self._interim = 0
        self._framing: Literal["", "length", "chunked", "close", "none"] = ""  # "" while the head is not complete
        self._fault: FetchError | None = None
        self._early = b""  # what came before the head was complete
        self._second: H11Reader | None = None
        self.on_header, self.on_body = self._header, self._data
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            lenient_chunked_length=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )

    @property
    def body(self) -> bytes:
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def feed(self, data: memoryview) -> None:
        """Take bytes as they come. Raises FetchError as soon as no good end is possible."""
        self.received += len(data)
        self._parse(data)
        if self._fault:
            raise self._fault
        if self.done:
            return
        if not self._framing and self.received > self._limits.max_headers:
            raise FetchError("headers_too_large", detail=f"more than {self._limits.max_headers} bytes")
        if self.received > self._limits.max_headers + self._limits.max_body + MIB // 2:  # chunk framing counts too
            raise FetchError("body_too_large", detail=f"{self.received} bytes on the wire")

    def feed_eof(self, *, clean: bool) -> None:
        """The server has ended the connection; `clean` is False if TLS was not told so (RFC 9112 section 9.8)."""
        if not self.received:
            raise FetchError("no_response", retry=True)
        if self._framing != "close":
            where = f"{self._size} bytes of a {self._framing} body" if self._framing else "the headers"
            raise FetchError("truncated", detail=f"connection closed after {where}", retry=True)
        self.flags += ["close_framed"] if clean else ["close_framed", "tls_unclosed"]
        self.done = True

    def release(self) -> None:
        """Let go of the parsers, which point back here."""
        del self._parser, self._second, self.on_header, self.on_body

    def _parse(self, data: memoryview) -> None:
        try:
            if self._second:
                self._second.feed(bytes(data))
            else:
                self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._stopped(str(error), data)
        if not self._framing:
            self._early += data

    def _stopped(self, why: str, data: memoryview) -> None:
        """llhttp reads no further."""
        if self._fault or "body_cut" in self.flags:
            return
        if self.done:
            self.reusable = False
            self.flags += [] if "body_excess" in self.flags else ["body_excess"]
        elif self._framing or "in Content-Length" in why:  # h11 would read "1, 1" as 1
            self._fault = FetchError("protocol", detail=why)
        else:
            self.read_anew(self._early + data)

    def read_anew(self, data: bytes) -> None:
        """Have h11 read what has come so far, and all that will."""
        self.status, self.reason, self.version = 0, b"", ""
        self._lines = self._head_size = self._interim = 0
        self.headers.clear()
        self.flags.append("h11")
        self._second = H11Reader(self, self._limits.max_headers, head_only=self._head_only)
        if data:  # to h11, none is the end
            self._second.feed(data)

    def _refuse(self, reason: str, detail: str) -> None:
        self._fault = self._fault or FetchError(reason, detail=detail)
        raise _ReadEnough

    def _header(self, name: bytes, value: bytes) -> None:
        self._lines += 1
        self._head_size += len(name) + len(value) + 4
        if self._lines > self._limits.max_header_lines or self._head_size > self._limits.max_headers:
            self._refuse("headers_too_large", f"{self._lines} lines, {self._head_size} bytes")
        if not self._framing:  # else it is a trailer
            self.headers.append((name, value))

    def _head_complete(self, status: int, version: str, *, keep_alive: bool) -> None:
        if not 100 <= status <= 999 or status == 101:  # 101: nobody asked for another protocol
            self._refuse("protocol", f"status {status:03}")
        if status < 200:
            self._interim += 1
            self.headers.clear()
            self.reason = b""
            if self._interim > self._limits.max_interim:
                self._refuse("protocol", f"more than {self._limits.max_interim} interim replies")
            return
        self.status, self.version = status, version
        self._framing = self._framed()
        self.done = self._framing == "none"
        self.reusable = keep_alive and not self.flags and not (self.done and self._may_be_followed_by_a_body())

    def _framed(self) -> Literal["length", "chunked", "close", "none"]:
        """How the end of the body is known (RFC 9112 section 6.3)."""
        coding = b",".join(value for name, value in self.headers if name.lower() == b"transfer-encoding")
        length = next((value for name, value in self.headers if name.lower() == b"content-length"), None)
        if self._head_only or self.status in (204, 205, 304):
            return "none"
        if coding:
            if coding.strip().lower() != b"chunked":
                self._refuse("protocol", f"transfer-encoding {coding[:40]!r}")
            if length is not None:
                self.flags.append("chunked_and_length")
            return "chunked"
        if length is None:
            return "close"
        if int(length) > self._limits.max_body and not self._limits.cut_body:
            self._refuse("body_too_large", f"content-length {int(length)}")
        return "length"

    def _may_be_followed_by_a_body(self) -> bool:
        """Whether the head of a reply without body announces one, which a wrong server then sends sooner or later."""
        named = {name.lower(): value for name, value in self.headers}
        length = named.get(b"content-length", b"0")
        return not self._head_only and (length != b"0" or b"transfer-encoding" in named)

    def _data(self, data: bytes) -> None:
        if self.done:
            self._excess()
        room = self._limits.max_body - self._size
        if len(data) > room:
            if not self._limits.cut_body:
                self._refuse("body_too_large", f"more than {self._limits.max_body} bytes")
            self.flags.append("body_cut")
            self.done, self.reusable, data = True, False, data[:room]
        self._size += len(data)
        self._parts.append(data)

    def _excess(self) -> None:
        if "body_cut" not in self.flags:
            self.flags.append("body_excess")
        raise _ReadEnough

    # What llhttp calls.

    def on_message_begin(self) -> None:
        if self.done:
            self._excess()

    def on_status(self, reason: bytes) -> None:
        self.reason += reason

    def on_headers_complete(self) -> None:
        parser = self._parser
        keep_alive = parser.should_keep_alive()
        self._head_complete(parser.get_status_code(), parser.get_http_version(), keep_alive=keep_alive)

    def on_message_complete(self) -> None:
        self.done = bool(self._framing)

    # What h11 reads.

    def take(self, event: object) -> bool:
        """False when h11 needs more data. Its connection is never used again."""
        if isinstance(event, h11.InformationalResponse | h11.Response):
            for name, value in event.headers.raw_items():
                self._header(name, value)
            self.reason = event.reason
            self._head_complete(event.status_code, event.http_version.decode(), keep_alive=False)
        elif isinstance(event, h11.Data):
            self._data(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            self.done = True
        else:
            return False
        return True

    def refused(self, why: str) -> None:
        self._fault = self._fault or FetchError("protocol", detail=why)


class H11Reader:
    """h11, which takes folded headers, odd versions and doubled lengths."""

    def __init__(self, reply: Reply, max_headers: int, *, head_only: bool) -> None:
        self._reply = reply
        self._state = h11.Connection(h11.CLIENT, max_incomplete_event_size=max_headers)
        self._state.send(h11.Request(method="HEAD" if head_only else "GET", target="/", headers=[("Host", "-")]))
        self._state.send(h11.EndOfMessage())

    def feed(self, data: bytes) -> None:
        reply = self._reply
        try:
            self._state.receive_data(data)
            while not reply.done and reply.take(self._state.next_event()):
                pass
        except h11.RemoteProtocolError as error:
            reply.refused(str(error))
        except _ReadEnough:
            pass
        if reply.done and self._state.trailing_data[0]:
            reply.flags.append("body_excess")
