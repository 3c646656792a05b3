"""robots.txt as text: what it forbids us (RFC 9309, matched by protego). No network, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from protego import Protego

from scraper.urls import join, same_site

MAX_BYTES = 500 * 1024  # RFC 9309 section 2.5: at least these are read; the rest is ignored
MAX_LINE = 16_664  # bytes; the length at which Google's reference parser cuts
MAX_SITEMAPS = 1000

_LINE_END = re.compile(rb"\r\n|\r|\n").split
# Only CR and LF end a line, but str.splitlines, which protego uses, knows all of these.
_OTHER_ENDS = {ord(character): quote(character) for character in "\v\f\x1c\x1d\x1e\x85\u2028\u2029"}
_AGENT_LINE = re.compile(r"[ \t]*user[- ]?agent[ \t]*[: \t][ \t]*([^#]*)", re.IGNORECASE).match
_TOKEN = re.compile(r"[A-Za-z_-]+").match
_COMPATIBLE = re.compile(r"compatible;\s*([A-Za-z_-]+)", re.IGNORECASE).search


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one scheme, host and port for us."""

    rules: Protego
    token: str

    def allows(self, url: str) -> bool:
        return bool(self.rules.can_fetch(url, self.token))

    @property
    def crawl_delay(self) -> float:
        """Seconds; 0 where none is asked for or it cannot be read."""
        return self.rules.crawl_delay(self.token) or 0.0

    def sitemaps(self, url: str) -> tuple[str, ...]:
        """The sitemaps named, normalised; those of another site are left out. `url`: where the file stands."""
        found = dict.fromkeys(join(url, place) for place in self.rules.sitemaps)
        return tuple(place for place in found if place and same_site(place, url))[:MAX_SITEMAPS]


def product_token(user_agent: str) -> str:
    """The name by which robots.txt files call us: the User-Agent up to its first other character (section 2.2.1)."""
    match = _COMPATIBLE(user_agent)
    if match:
        return match[1].lower()
    token = _TOKEN(user_agent.strip())
    return token[0].lower() if token else "*"


def read(body: bytes, token: str) -> Robots:
    """Any bytes: what is no rule is passed over."""
    return Robots(Protego.parse("\n".join(_lines(body, token))), token)


def _lines(body: bytes, token: str) -> list[str]:
    return [_exact_agent(line[:MAX_LINE].decode("utf-8", "replace"), token) for line in _LINE_END(_cut(body))]


def _cut(body: bytes) -> bytes:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        body = body[: MAX_BYTES * 2].decode("utf-16", "replace").encode("utf-8")
    body = body.removeprefix(b"\xef\xbb\xbf")
    if len(body) <= MAX_BYTES:
        return body
    start = body[:MAX_BYTES]
    return start[: max(start.rfind(b"\n"), start.rfind(b"\r")) + 1]


def _exact_agent(line: str, token: str) -> str:
    """protego matches names by prefix; the RFC wants the whole product token, without version, in any case."""
    match = _AGENT_LINE(line)
    if match is None:
        return line.translate(_OTHER_ENDS)
    value = match[1].strip()
    if value == "*" or value.startswith(("* ", "*\t")):
        return "user-agent: *"
    named = _TOKEN(value)
    return f"user-agent: {token}" if named and named[0].lower() == token else "user-agent: (another)"
