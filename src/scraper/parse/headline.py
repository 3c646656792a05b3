"""The article's headline, without the site's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.model import Found, Source
from scraper.parse import datekinds, datetext, jsonld
from scraper.parse.document import Document
from scraper.parse.headings import (
    LONGEST,
    SPELLED,
    hidden,
    is_logo,
    is_sentence,
    is_under,
    leads_away,
    outside,
    spelled,
    texts,
    without_first,
    without_kicker,
)
from scraper.parse.ladder import Step, climb
from scraper.parse.lowerheads import heading_below, names_no_article
from scraper.parse.sitename import (
    MAX_H1,
    host_label,
    is_printed,
    is_site,
    is_whole_site,
    logo_names,
    sections,
    segments,
    site_names,
    squash,
    starts,
    tidy,
    without_likely_site,
    without_site,
)
from scraper.parse.text import clean
from scraper.parse.titles import Title, Told, alike, likeness, told_in, with_seam, within, without_glued

_MAX_SMALLER = 60
_BEHIND_KICKER = "⟩〉>|:•·/ "  # what stands between a kicker that is left out and its headline
_BAR = re.compile(r"\s[|｜]\s")
_NEWS = re.compile(r"News|Report|Opinion|LiveBlog|Analysis")
_MARKED = (
    "h2[itemprop~='headline'], h3[itemprop~='headline']",
    "h2.entry-title, h3.entry-title",
    "[itemtype$='/Article'] h2[itemprop~='name']",  # schema.org's word for it in Joomla's templates
)
_CUT = 100  # characters from which on a title may have been cut
_ALIKE = 0.3  # share of words that an h1 and the page's titles have in common when they name the same thing
_MUCH_ALIKE, _SHARED = 0.5, 3  # the same, and the least number, for an h1 behind others
_WHOLE = 4  # words of a headline, more than a section's name has


@dataclass(frozen=True, slots=True)
class _Titles:
    h1: Title | None
    data: Title | None  # JSON-LD headline
    meta: Title | None  # og:title and its like
    title: Title | None  # <title>
    news: bool  # the data call the page a news article


def _titles(doc: Document) -> _Titles:
    """All titles of the page, gathered once for all steps."""
    found = doc.memo.get("headline")
    if not isinstance(found, _Titles):
        found = doc.memo["headline"] = _gather(doc)
    return found


def _gather(doc: Document) -> _Titles:
    heads = doc.h1s[:MAX_H1]
    names = site_names(doc) | {squash(node.text()[:80]) for node in heads if is_logo(node, doc)}
    data, article = None, doc.article_data
    for key in ("headline", "name"):
        if value := tidy(jsonld.text(article.get(key))):
            data = _title(doc, names, value, f"json-ld {jsonld.types(article)[0]}.{key}")
            break
    meta = None
    if declared := doc.first_meta(*table("metadata.toml")["headline"]):
        meta = _title(doc, names, tidy(declared[1]), f"meta {declared[0]}")
    title = _title(doc, names, tidy(doc.title), "title")
    h1 = _h1(doc, heads, names, [t for t in (data, meta, title) if t])
    said = [t for t in (h1, data, meta, title) if t]
    if said and all(names_no_article(t.text, doc) for t in said) and (node := heading_below(doc)):
        h1, data, meta, title = replace(_below(node, doc, names), alone=True), None, None, None
    news = "news_keywords" in doc.meta or (bool(article) and any(map(_NEWS.search, jsonld.types(article))))
    return _Titles(h1, data, meta, title, news)


def _title(doc: Document, names: frozenset[str], raw: str, path: str) -> Title | None:
    """A declared title as a candidate; None where it is empty or only the site's name."""
    known: dict[str, tuple[str, str]] = doc.memo.setdefault("headline_texts", {})  # most pages say one text three times
    if raw not in known:
        text = "" if "{{" in raw else _without_section(without_site(raw, doc, names), doc)[:LONGEST]
        text = _without_day(text, doc) if text[-4:].isdigit() else text
        known[raw] = text, "" if is_site(text, names, host_label(doc)) else squash(text)
    text, key = known[raw]
    return Title(text, key, raw, path) if key else None


def _without_day(text: str, doc: Document) -> str:
    """`text` without a day at its end that a system put there: "Bridge opens - 17 November 2022"."""
    head, dash, last = text.rpartition(" - ")
    when = datekinds.read(doc, last) if dash and is_sentence(head) and not is_printed(text, doc) else None
    return head.rstrip() if when and when.date and datetext.is_bare(last) else text


def _without_section(text: str, doc: Document) -> str:
    """`text` without a section's name at its end: "Bridge opens | Politics" once the site's name is off."""
    parts = segments(text)
    named = len(parts) > 1 and squash(parts[-1]) in sections(doc) and text.endswith(parts[-1])
    if named and not is_printed(text, doc):  # printed, it is a headline
        return text[: -len(parts[-1])].rstrip(" |-–—·•:/»ㅣ｜")
    return text


def _h1(doc: Document, heads: Sequence[LexborNode], names: frozenset[str], declared: Sequence[Title]) -> Title | None:
    """The heading that a declared title names too, whole or with the site's name around it; else the likeliest h1."""
    readings = [(node, texts(node)) for node in heads]
    keys = frozenset(t.key for t in declared) | {squash(t.raw) for t in declared}
    for node, said in readings:
        if named := next((text for text in said if squash(text) in keys), None):
            packed = "".join(named.split())
            # Where the two differ in blanks alone, the declared text stands: "Fire : two hurt" is markup's doing.
            told = next((text for t in declared for text in (t.text, t.raw) if "".join(text.split()) == packed), named)
            if told is said[0] and len(said) > 1:
                told = without_glued(said, declared) or with_seam(told, declared)
            return _from_heading(node, told.lstrip(_BEHIND_KICKER) or told, doc, names)
    told_by = Told(declared)
    plain = [(n, text) for n, said in readings if (text := _plain(n, said, told_by, doc, names))]
    plain = [(n, text) for n, text in plain if not hidden(n) and not leads_away(n, doc)] or plain
    # A page may print its site's name as an h1 too, and a site may not say its name: the longer one is the article's.
    inside = [(n, text) for n, text in plain if told_by.names(text)]
    likely = inside or [(n, text) for n, text in plain if spelled(text, doc)]
    likely = likely or [(n, text) for n, text in plain if likeness(text, declared, least=_SHARED) >= _MUCH_ALIKE]
    best = max(inside, key=lambda pair: len(pair[1]), default=None) or next(iter(likely or plain), None)
    found = _from_heading(*best, doc, names) if best else None
    if found and spelled(found.text, doc):
        return found
    trusted = found is not None and _trusted(found, declared, doc)
    if not trusted and (marked := _marked(doc, names)):
        return marked
    keys |= within(declared, colons=not inside)
    smaller = _smaller(doc, keys, "" if best else "\0".join(told_by.wholes), names)
    if smaller is None and found and len(plain) == 1 and is_sentence(found.text):
        return replace(found, alone=True)
    if smaller is None or (found and trusted and len(found.key) >= len(smaller.key)):
        return found
    if found and best and trusted and inside and len(found.text.split()) >= _WHOLE and is_under(smaller.raw, best[0]):
        return found  # right under a heading of its own, the other one is its standfirst
    # What is shared is punctuated for readers, more than the data are.
    shared_first = sorted(declared, key=lambda t: not t.path.startswith("meta"))
    return next((replace(smaller, text=t.text) for t in shared_first if t.key == smaller.key), smaller)


def _marked(doc: Document, names: frozenset[str]) -> Title | None:
    """The one heading of lower rank that calls itself the entry's title, by hAtom's class or schema.org's property."""
    sought = (doc.css(selector) for selector in _MARKED)
    nodes = next((nodes for nodes in sought if len(nodes) == 1), [])
    text = without_kicker(nodes[0]) or clean(nodes[0].text()) if nodes else ""
    found = _from_heading(nodes[0], text, doc, names) if text and is_sentence(text) else None
    return found and replace(found, alone=True)


def _plain(node: LexborNode, said: list[str], told_by: Told, doc: Document, names: frozenset[str]) -> str | None:
    """The reading of a heading that may be the article's; None for a logo, a template, one in a menu or a margin."""
    text = next(filter(told_by.names, said), None) or without_kicker(node) or said[0]
    if not squash(text) or "{{" in text or is_logo(node, doc) or is_site(text, names, host_label(doc)):
        return None
    return None if outside(node) and not told_by.holds(text) else text


def _trusted(h1: Title, declared: Sequence[Title], doc: Document) -> bool:
    """Whether an h1 is the article's: a title or the address says the like, or only <title> speaks against it.

    <title> alone is written for search engines; a page's one heading is for its readers.
    """
    if not declared or likeness(h1.text, declared) >= _ALIKE or spelled(h1.text, doc):
        return True
    return h1.alone and all(t.path == "title" and not spelled(t.text, doc) for t in declared)


def _smaller(doc: Document, keys: frozenset[str], whole: str, names: frozenset[str]) -> Title | None:
    """The longest heading below h1 that is, squashed, among `keys`, or a long one within `whole`.

    Themes print the site's name as the h1.
    """
    nodes = doc.tree.css("h2, h3, h4")[:_MAX_SMALLER]
    heads = [(node, text) for node in nodes for text in (clean(node.text()), without_first(node)) if text]
    told = [(node, text) for node, text in heads if len(key := squash(text)) >= SPELLED and told_in(key, keys, whole)]
    fit = [(n, text) for n, text in told if not is_whole_site(text, names, host_label(doc)) and not outside(n)]
    return _from_heading(*max(fit, key=lambda pair: len(pair[1])), doc, names) if fit else None


def _from_heading(node: LexborNode, raw: str, doc: Document, names: frozenset[str]) -> Title:
    text = without_site(raw, doc, names)
    if tidy(raw) == tidy(doc.title):  # a heading that repeats <title> carries all that titles carry
        text = _without_section(text, doc)
    name = (node.attributes.get("class") or "").split()
    return Title(text, squash(text), raw, f"{node.tag}.{name[0]}" if name else str(node.tag))


def _below(node: LexborNode, doc: Document, names: frozenset[str]) -> Title:
    return _from_heading(node, without_kicker(node) or clean(node.text()), doc, names)


def _same(one: Title | None, other: Title | None) -> bool:
    return one is not None and other is not None and one.key == other.key


def from_story(doc: Document) -> Found | None:
    """The headline that a news article's data give, where it was written apart from the page's h1.

    Newsrooms keep the story's own headline in its data; the h1 of a live page changes by the hour. A value that is the
    same as <title> while the other source agrees with the h1 was written for search engines, and is passed over.
    """
    titles = _titles(doc)
    if not titles.news or titles.h1 is None:
        return None
    pairs: tuple[tuple[Title | None, Title | None, Source], ...] = (
        (titles.data, titles.meta, "json-ld"),
        (titles.meta, titles.data, "meta"),
    )
    for mine, other, source in pairs:
        if mine is None or mine.key == titles.h1.key:
            continue
        if mine is titles.meta and any(_says(doc, key, titles.h1) for key in table("metadata.toml")["headline"]):
            continue
        if _same(mine, titles.title) and (other is None or _same(other, titles.h1)):
            continue
        if _is_boxed(titles.h1, mine) or not (is_sentence(mine.text) or alike(mine.text, titles.h1.text)):
            continue  # "Valley | Bridge opens", or what a system calls its pages
        if _is_cut(mine, titles.h1):
            return None
        if mine is titles.data and titles.meta is not None and _same(mine, titles.meta):
            mine = titles.meta  # the same words; what is shared is punctuated for readers
        return Found(mine.text, source, mine.raw, mine.path)
    return None


def _says(doc: Document, key: str, h1: Title) -> bool:
    return any(squash(value) in (h1.key, squash(h1.raw)) for value in doc.meta.get(key, ())[:1])


def _is_boxed(h1: Title, title: Title) -> bool:
    """Whether a title is the h1 with names before or behind it, set apart by bars."""
    return h1.key in map(squash, _BAR.split(title.text)) and is_sentence(h1.text)


def _is_cut(title: Title, whole: Title) -> bool:
    """Whether a title is another one's beginning, cut for its length as search engines once asked for."""
    return whole.key.startswith(title.key) and (title.text.endswith(("...", "…")) or len(title.text) >= _CUT)


def from_jsonld(doc: Document) -> Found | None:
    """The JSON-LD headline, where the page's h1 says the same: as the h1 prints it."""
    return _agreed(_titles(doc), _titles(doc).data, "json-ld")


def from_meta(doc: Document) -> Found | None:
    return _agreed(_titles(doc), _titles(doc).meta, "meta")


def _agreed(titles: _Titles, title: Title | None, source: Source) -> Found | None:
    if title is None or titles.h1 is None or not _same(title, titles.h1):
        return None
    return Found(_cased(titles.h1, title), source, title.raw, title.path)


def _cased(h1: Title, title: Title) -> str:
    """The heading's text. Capitals throughout are its look: who wrote the same words as a title kept the case."""
    shouted = h1.text.isupper() and not title.text.isupper() and " " in title.text
    return title.text if shouted else h1.text


def from_h1(doc: Document) -> Found | None:
    """The page's h1, where no declared title speaks against it."""
    titles = _titles(doc)
    if titles.h1 is None:
        return None
    if not _trusted(titles.h1, [t for t in (titles.data, titles.meta, titles.title) if t], doc):
        return None
    h1, title = titles.h1, titles.title  # <title> is written with less care: "Lamps vs Rain" for "LAMPS VS. RAIN"
    text = _cased(h1, title) if title and title.text.casefold() == h1.text.casefold() else h1.text
    return Found(text, "markup", h1.raw, h1.path)


def from_declared(doc: Document) -> Found | None:
    """What the data or <meta> say, where no h1 can be trusted."""
    titles = _titles(doc)
    data, meta = titles.data, titles.meta
    whole = data and next((t for t in (meta, titles.title) if t and _completes(data, t)), None)
    if data and whole:
        return Found(whole.text, "meta" if whole is meta else "markup", whole.raw, whole.path)
    if data:
        return Found(data.text, "json-ld", data.raw, data.path)
    return Found(meta.text, "meta", meta.raw, meta.path) if meta else None


def _completes(cut: Title, title: Title) -> bool:
    """Whether a title is the whole of another that was cut at 110 characters, as search engines once asked for."""
    if title.key == cut.key or not title.key.startswith(cut.key) or _is_boxed(cut, title):
        return False
    return title.path != "title" or cut.text.endswith(("...", "…"))


def from_title(doc: Document) -> Found | None:
    title = _titles(doc).title
    if title is None:
        return None
    text = _spelled_part(title.text, doc)
    text = text or without_likely_site(without_site(title.text, doc, logo_names(doc)), doc)
    return Found(text, "markup", title.raw, title.path)


def _spelled_part(text: str, doc: Document) -> str | None:
    """A title's beginning up to a bar or dash, where the address spells just that out: what follows names the site.

    The longest one: "Bridge opens – crowds cheer" is spelled out whole as well as to its dash.
    """
    longest_first = (text, *reversed(starts(text)))
    return next((start for start in longest_first if len(start) >= SPELLED and spelled(start, doc)), None)


def from_site_like(doc: Document) -> Found | None:
    """A title with the site's name within, where nothing better is said: "We are Valley" on valley.example."""
    declared = doc.first_meta(*table("metadata.toml")["headline"])
    candidates: tuple[tuple[str | None, Source, str], ...] = (
        (declared and declared[1], "meta", f"meta {declared and declared[0]}"),
        (doc.title, "markup", "title"),
    )
    names, label = site_names(doc), host_label(doc)
    for raw, source, path in candidates:
        text = without_site(tidy(raw), doc, names)[:LONGEST]
        if squash(text) and not is_whole_site(text, names, label):
            return Found(text, source, tidy(raw), path)
    return None


def from_below(doc: Document) -> Found | None:
    """A heading below h1, where no title says anything but the site's name."""
    titles = _titles(doc)
    silent = not any((titles.h1, titles.data, titles.meta, titles.title))
    node = heading_below(doc) if silent else None
    found = _below(node, doc, site_names(doc)) if node else None
    return Found(found.text, "markup", found.raw, found.path) if found else None


STEPS: tuple[Step, ...] = (
    from_story,
    from_jsonld,
    from_meta,
    from_h1,
    from_declared,
    from_title,
    from_site_like,
    from_below,
)


def headline(doc: Document) -> Found | None:
    """The headline, or None for a page that has no title at all or only the site's name. Found once."""
    if "headline_found" not in doc.memo:
        doc.memo["headline_found"] = climb(doc, STEPS)
    found: Found | None = doc.memo["headline_found"]
    return found
