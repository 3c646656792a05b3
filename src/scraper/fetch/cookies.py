"""Cookies that a site sets on the way to one page, sent back on that way alone, and only to who asks for them so: a
gate, which sets one and redirects to where we were."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from scraper.fetch.hops import Answer
from scraper.urls import host_of

MOST, LONGEST = 50, 4096  # cookies of a host and bytes of one (RFC 6265 section 6.1)
# RFC 6265 section 4.1.1, and no more lenient: the pair goes into a header of ours.
_PAIR = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([^\x00-\x20\x7f;,\\]*)\s*(?:;|$)").match
_ENDED = re.compile(r";\s*max-age\s*=\s*(?:0|-\d+)\s*(?:;|$)", re.IGNORECASE).search


@dataclass(slots=True)
class Jar:
    """By host, whatever Domain and Path say: a cookie goes to the host that set it and to no other."""

    _hosts: dict[str, dict[str, str]] = field(default_factory=dict)

    def take(self, url: str, answer: Answer) -> None:
        """Keep what the answer to `url` sets."""
        kept = self._hosts.setdefault(host_of(url), {})
        for line in answer.values("set-cookie"):
            pair = _PAIR(line) if len(line) <= LONGEST else None
            if pair and _ENDED(line):
                kept.pop(pair[1], None)
            elif pair and (len(kept) < MOST or pair[1] in kept):
                kept[pair[1]] = pair[2]

    def header(self, url: str) -> str:
        """The Cookie header for `url`; empty for none."""
        return "; ".join(f"{name}={value}" for name, value in self._hosts.get(host_of(url), {}).items())
