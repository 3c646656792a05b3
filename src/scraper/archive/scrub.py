"""Secrets taken out of a page before it is kept. What is scrubbed once stays as it is.

Kept are the names of headers and cookies; gone are the values of cookies and credentials, user and password of every
URL, and whatever the configuration calls a secret. A body is never changed.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection
from dataclasses import dataclass

from scraper.model import Outcome, Page

GONE = "removed"
_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie", "authentication-info", "set-cookie2"})
# User and password end at the authority's last "@" (WHATWG URL, authority state); a scheme may lack its slashes there.
_USERINFO = re.compile(r"((?:^|\b[a-z][a-z0-9+.-]{0,30}:)[/\\]{2,}|\bhttps?:[/\\]?)[^/\\?#\s\"'<>]*@", re.IGNORECASE)
_COOKIE_NAME = re.compile(r"[^=;\s]{1,256}(?==)")


@dataclass(frozen=True, slots=True)
class Secrets:
    """`headers`: lower-case names of configured headers; `values`: texts that must be kept nowhere."""

    headers: Collection[str] = ()
    values: Collection[str] = ()


NO_SECRETS = Secrets()


def scrub(page: Page, secrets: Secrets = NO_SECRETS) -> Page:
    """The page without secrets in URLs and headers."""
    return dataclasses.replace(
        page,
        url=text(page.url, secrets),
        final_url=text(page.final_url, secrets),
        headers=tuple((name, _header(name.lower(), value, secrets)) for name, value in page.headers),
    )


def scrub_outcome(outcome: Outcome, secrets: Secrets = NO_SECRETS) -> Outcome:
    """The outcome without secrets in its URL and detail."""
    return dataclasses.replace(outcome, url=text(outcome.url, secrets), detail=text(outcome.detail, secrets))


def text(value: str, secrets: Secrets) -> str:
    """A URL, or words that may hold some."""
    value = _USERINFO.sub(r"\1", value)
    for secret in sorted(filter(None, secrets.values), key=len, reverse=True):  # one may be a part of another
        value = value.replace(secret, GONE)
    return value


def _header(name: str, value: str, secrets: Secrets) -> str:
    if name == "set-cookie":  # attributes go too: nobody knows what a site puts there
        cookie = _COOKIE_NAME.match(value.lstrip())
        return f"{text(cookie[0], secrets)}={GONE}" if cookie else GONE
    if name in _CREDENTIALS or name in secrets.headers:
        return GONE
    return text(value, secrets)
