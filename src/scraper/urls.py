"""One reading of URLs for policy, records, logs and connecting, after the WHATWG URL standard and RFC 3986 section 6.

Everything here works on http and https alone and is pure. A URL that two parsers could read in two ways is refused or
rewritten here, so that the host in a log is the host that was checked and connected.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import ipaddress
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, unquote_to_bytes

from scraper.data import table

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

MAX_LENGTH = 8192  # characters; longer ones are traps, not articles
DEFAULT_PORTS = {"http": 80, "https": 443}

# A URL that is in its final form already: nothing to decode, to fold, to remove. Escapes of bytes above 0x7F in upper
# case are final too, since most non-English news sites have them in every URL.
_FINAL = re.compile(
    r"https?://(?=[^/]{1,253}/)(?![^/]*--)(?:[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
    r"(?:/(?!\.)(?:[A-Za-z0-9_~!$&'()*+,;=:@.-]|%[89A-F][0-9A-F]|/(?!\.))*)"
    r"(?:\?(?:[A-Za-z0-9_~!$&()*+,;=:@.?/-]|%[89A-F][0-9A-F])+)?"
).fullmatch
_SPLIT = re.compile(r"(https?):[/\\]*([^/\\?#]*)([^?#]*)(\?[^#]*)?", re.IGNORECASE).match
_AUTHORITY = re.compile(r"(https?)://(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?", re.IGNORECASE).match
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):").match
_CONTROL_ENDS = "".join(map(chr, range(0x21)))  # C0 and space, stripped from both ends
_TAB_NEWLINE = str.maketrans("", "", "\t\n\r")
_SAVED = re.compile(
    rb"<!--\s*(?:saved from url=\(\d+\)|Page saved with SingleFile\s+url:\s*)(https?://[^\s>/:]+\.[^\s>]+)"
).search
_TOP = 4096  # bytes of a page in which such a comment stands
_FORBIDDEN_HOST = re.compile(r"[\x00-\x20\"#%/:<>?@\[\\\]^`{|}\x7f]").search  # WHATWG: forbidden domain code points
_IPV4_END = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$").search
_IPV4_NUMBER = re.compile(r"[0-9]{1,40}|0x[0-9a-f]{0,40}").fullmatch
_ESCAPES = re.compile(r"%[0-9A-Fa-f]{2}|%|[^%]")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_ENCODED = frozenset(' "#<>?`{}^|\\')
_QUERY_ENCODED = frozenset(" \"#<>'")


class BadUrl(ValueError):
    """Not a URL that may be asked for; `reason` is the outcome's word: "bad_url" or "scheme"."""

    def __init__(self, detail: str, reason: str = "bad_url") -> None:
        self.detail, self.reason = detail, reason
        super().__init__(detail)


class Origin(NamedTuple):
    scheme: str
    host: str  # lower case, IDNA; an IPv6 address without brackets
    port: int


@functools.lru_cache(maxsize=1024)  # one page's URL comes by half a dozen times
def normalise(url: str) -> str:
    """The one form of an http(s) URL: without user, password, fragment and default port. Raises BadUrl.

    Host lower-case and IDNA (RFC 5891 with UTS 46), numeric IPv4 in any spelling as a dotted quad, dot segments
    removed, escapes in upper case and undone where they need not be (RFC 3986 section 6.2.2). Idempotent.
    """
    if _FINAL(url) and len(url) <= MAX_LENGTH:
        return url
    if len(url) > MAX_LENGTH:
        raise BadUrl("longer than 8192 characters")
    text = _clean(url)
    match = _SPLIT(text)
    if match is None:
        raise _no_http(text)
    scheme, authority, path, query = match.groups()
    scheme = scheme.lower()
    host, port = _host_port(authority, DEFAULT_PORTS[scheme])
    path = _path(path.replace("\\", "/"))
    query = _encode(query, _QUERY_ENCODED) if query and len(query) > 1 else ""
    return f"{scheme}://{host}{port}{path}{query}"


def canonical(url: str) -> str:
    """`normalise` without tracking parameters; the form that ids are made of. Raises BadUrl."""
    normal = normalise(url)
    base, mark, query = normal.partition("?")
    if not mark:
        return normal
    kept = [part for part in query.split("&") if part and not _is_tracking(part)]
    return f"{base}?{'&'.join(kept)}" if kept else base


def article_id(canonical_url: str) -> str:
    """The first 32 hex digits of SHA-256 over the canonical URL."""
    return hashlib.sha256(canonical_url.encode("utf-8")).hexdigest()[:32]


def origin(url: str) -> Origin:
    """Scheme, host and port, the default port filled in. Raises BadUrl."""
    match = _AUTHORITY(normalise(url))
    assert match is not None
    scheme, host, port = match.groups()
    return Origin(scheme, host.strip("[]"), int(port) if port else DEFAULT_PORTS[scheme])


def host_of(url: str) -> str:
    """The host as `origin` gives it. Raises BadUrl."""
    return origin(url).host


@functools.lru_cache(4096)  # asked for each link of a listing and each hop of a page
def registrable(host: str) -> str:
    """The name that somebody registered ("news.bbc.co.uk" -> "bbc.co.uk"), by the public suffix list.

    An address, a bare suffix and a single label are their own.
    """
    if "." not in host or ":" in host or _IPV4_END(host):
        return host
    return _suffixes().privatesuffix(host) or host


def same_site(a: str, b: str) -> bool:
    """Whether two URLs have one registrable domain; False if one of them is no http(s) URL."""
    try:
        first, second = host_of(a).removeprefix("www."), host_of(b).removeprefix("www.")
    except BadUrl:
        return False
    return first == second or registrable(first) == registrable(second)


def same(a: str, b: str) -> bool:
    """Whether two addresses are one, spelled differently; False if one of them is no http(s) URL."""
    try:
        return normalise(a) == normalise(b)
    except BadUrl:
        return False


def readable(url: str) -> str:
    """A normalised URL as people write it: the host in Unicode, nothing percent-encoded. For looking at, not to ask."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    with contextlib.suppress(UnicodeError):
        host = host.encode("ascii").decode("idna")
    return scheme + mark + host + slash + unquote(path)


def resolve(base: str, reference: str) -> str:
    """What `reference` means on the page `base`, normalised (RFC 3986 section 5.2, WHATWG leniency). Raises BadUrl."""
    if len(reference) > MAX_LENGTH:
        raise BadUrl("longer than 8192 characters")
    text = _clean(reference)
    scheme = _SCHEME(text)
    base = normalise(base)
    if scheme:
        rest = text[scheme.end() :]
        if scheme[1].lower() != base.partition(":")[0] or rest[:1] in ("/", "\\"):
            return normalise(text)
        text = rest  # "http:page.html" on an http page is a relative reference
    return normalise(_absolute(base, text))


def join(base: str, reference: str) -> str | None:
    """`resolve`, or None where that is no http(s) URL (mailto:, javascript:, data:, unparsable)."""
    try:
        return resolve(base, reference)
    except BadUrl:
        return None


def saved_from(html: bytes) -> str | None:
    """Where a page was saved from, as browsers and SingleFile write in a comment above it.

    None where nothing says so, or that was a host without a dot, as where sites are built.
    """
    found = _SAVED(html, 0, _TOP)
    return found[1].decode("utf-8", "replace") if found else None


def _clean(url: str) -> str:
    return url.strip(_CONTROL_ENDS).translate(_TAB_NEWLINE)


def _no_http(text: str) -> BadUrl:
    scheme = _SCHEME(text)
    if scheme and scheme[1].lower() not in DEFAULT_PORTS:
        return BadUrl(f"scheme {scheme[1][:20].lower()}", "scheme")
    return BadUrl("not an absolute http(s) URL")


def _absolute(base: str, reference: str) -> str:
    scheme, _, rest = base.partition("://")
    authority, _, path = rest.partition("/")
    path = path.partition("?")[0]
    if reference[:1] in ("", "#"):
        return base
    if reference[0] == "?":
        return f"{scheme}://{authority}/{path}{reference}"
    if reference[0] in "/\\":
        double = reference[1:2] in ("/", "\\")
        return f"{scheme}:{reference}" if double else f"{scheme}://{authority}{reference}"
    folder = path[: path.rfind("/") + 1]
    return f"{scheme}://{authority}/{folder}{reference}"


def _host_port(authority: str, default: int) -> tuple[str, str]:
    """The host and ":port" (empty for the default) of an authority; user and password end at its last "@"."""
    place = authority.rpartition("@")[2]
    match = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]*))?", place)
    if match is None:
        raise BadUrl("host and port unreadable")
    host, port = match.groups()
    if port and (len(port.lstrip("0")) > 5 or not 0 < int(port) < 65536):
        raise BadUrl("port out of range")
    suffix = f":{int(port)}" if port and int(port) != default else ""
    return (_ipv6(host[1:-1]) if host.startswith("[") else _name(host)), suffix


def _ipv6(text: str) -> str:
    if "%" in text:  # zone ids have no meaning outside one machine (RFC 6874 was withdrawn by WHATWG)
        raise BadUrl("IPv6 zone")
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise BadUrl("IPv6 address unreadable") from None
    if mapped := address.ipv4_mapped:  # from Python 3.13 on written as ::ffff:127.0.0.1; the id must not change
        return f"[::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}]"
    return f"[{address.compressed}]"


@functools.lru_cache(maxsize=4096)
def _name(text: str) -> str:
    """A host name or IPv4 address in its one form. Raises BadUrl."""
    if "%" in text:
        try:
            text = unquote_to_bytes(text).decode("utf-8")
        except UnicodeError:
            raise BadUrl("host is not UTF-8") from None
    host = text.lower() if text.isascii() else _idna(text)
    if _FORBIDDEN_HOST(host):
        raise BadUrl("host has a forbidden character")
    if _IPV4_END(host):
        return _ipv4(host)
    labels = host.split(".")
    if len(host) > 253 or not all(0 < len(label) < 64 for label in labels):
        raise BadUrl("host has an empty or overlong label")  # RFC 1035 section 2.3.4; a trailing dot too
    for label in labels:
        if label.startswith("xn--"):
            _check_punycode(label)
    return host


def _idna(text: str) -> str:
    """UTS 46 mapping first: it turns full-width digits and ideographic stops into plain ones."""
    import idna

    try:
        mapped = idna.uts46_remap(text, std3_rules=False)
        return mapped if mapped.isascii() else idna.encode(mapped).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise BadUrl(f"host: {error}") from None


def _check_punycode(label: str) -> None:
    import idna

    try:
        idna.ulabel(label)
    except (idna.IDNAError, UnicodeError) as error:
        raise BadUrl(f"host: {error}") from None


def _ipv4(host: str) -> str:
    """The WHATWG IPv4 parser: one to four decimal, octal or hex numbers, the last one filling what is left."""
    parts = host.split(".")
    try:
        numbers = [_ipv4_number(part) for part in parts]
    except ValueError:
        raise BadUrl("IPv4 address unreadable") from None
    *head, last = numbers
    if len(numbers) > 4 or any(number > 255 for number in head) or last >= 256 ** (4 - len(head)):
        raise BadUrl("IPv4 address out of range")
    value = last + sum(number << 8 * (3 - i) for i, number in enumerate(head))
    return str(ipaddress.IPv4Address(value))


def _ipv4_number(text: str) -> int:
    if not _IPV4_NUMBER(text):
        raise ValueError(text)
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8 if text.startswith("0") and len(text) > 1 else 10)


def _path(path: str) -> str:
    """Escapes first, then dot segments, so that "%2e%2e" is one (RFC 3986 section 5.2.4)."""
    encoded = _encode(path, _PATH_ENCODED) or "/"
    if "/." not in encoded:
        return encoded
    kept: list[str] = []
    *inner, last = encoded.split("/")[1:]
    for segment in inner:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if last == "..":
        del kept[-1:]
    return "/".join(["", *kept, "" if last in (".", "..") else last])


def _encode(text: str, encoded: frozenset[str]) -> str:
    """Percent-encoding in one form: upper case, none on unreserved characters, "%25" for a stray "%"."""
    return "".join([_encode_piece(piece, encoded) for piece in _ESCAPES.findall(text)])


def _encode_piece(piece: str, encoded: frozenset[str]) -> str:
    if len(piece) == 3:
        character = chr(int(piece[1:], 16))
        return character if character in _UNRESERVED else piece.upper()
    if " " < piece < "\x7f" and piece not in encoded and piece != "%":
        return piece
    return "".join(f"%{byte:02X}" for byte in piece.encode("utf-8", "replace"))


def _is_tracking(parameter: str) -> bool:
    name = parameter.partition("=")[0].lower()
    names, prefixes = _tracking()
    return name in names or name.startswith(prefixes)


@functools.cache
def _tracking() -> tuple[frozenset[str], tuple[str, ...]]:
    rows = table("urls.toml")["tracking"]
    names = frozenset(row["name"] for row in rows if not row["name"].endswith("*"))
    return names, tuple(row["name"][:-1] for row in rows if row["name"].endswith("*"))


@functools.cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # reads its list for 20 ms, which a parse without doubt never needs

    return PublicSuffixList()
