"""The article's text: its paragraphs, subheads, lists and quotes, in page order, and nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from selectolax.lexbor import LexborNode

from scraper.data import table
from scraper.model import Found
from scraper.parse import islands, jsonld, paywall, prune
from scraper.parse.access import THIN, declared
from scraper.parse.beginnings import kickers, without_head
from scraper.parse.blocks import Block, Context, read
from scraper.parse.boxes import contents, without_boxes
from scraper.parse.document import Document
from scraper.parse.endings import within_main, without_cards, without_comments, without_end, without_footers
from scraper.parse.leads import EDGES, leads
from scraper.parse.scorer import score
from scraper.parse.survey import Evidence
from scraper.parse.text import clean, fold, one_of
from scraper.parse.traits import GROUPS, HEADING

_DATA_BODY = 300  # characters of articleBody below which it is a teaser
_PREVIEW = 3000  # characters; more is no preview
_STOCK = 200  # characters; no stock line is longer
_LETTERS, _LEAST = 4, 2  # by which they are looked up: those in Chinese begin with two
_LINE, _LABEL = 50, 60  # characters; no label of the table is longer
# Over each entry of a live blog: when it was posted, and by whom: "21:22Ada Lind", "18:16 (IST), Oct 02".
_STAMP = re.compile(r"\d{1,2}[:.]\d\d(?: ?[ap]m)?\s*(?:\(?[A-Z]{2,4}\)?[^.!?]{0,16}|[^\d.!?]{0,30})", re.IGNORECASE)
_COUNT = re.compile(r"\d+(?:[.,'’\s]\d{3})*")
# Where a press release or an agency's message ends, in Canada and in Latin America: "- 30 -", "--- o0o ---", "-0-".
_ENDED = re.compile(r"[–—*=-][–—*=\s-]{0,11}(?:30|[oO0]{1,9})[–—*=\s-]{0,11}[–—*=-]")
# What a system leaves in the text where it does not know what to put there: "[gallery ids=3,4]", "[CTA_MODULE]",
# "[button link=/tips]Send us a tip[/button]"; but "[quote by=1]" is around text.
_SHORTCODE = re.compile(
    r"\[/?([A-Za-z][\w-]*)(?:_[A-Za-z0-9]+\]"
    r"|\s[^\[\]=]*=[^\[\]]*\](?:[^\[\]]{1,100}\[/(?!\w*(?:quote|highlight|colou?r)\])\1\])?)$"
)
_CAPTION, _TAIL = 350, 90  # characters: no caption is longer; its end with who took the picture
_SIGN = re.compile(r"[:：©/(\[]")  # a credit has one, most lines have none
# "Fig. 3: ", "Image 1 of 13"
_NUMBERED = re.compile(
    r"[(\[]?([^\W\d_]{1,12})\.?\s?\d{1,3}(?:[.-]\d+)?[a-z]?"
    r"(?:[.:|]\s|：|\s[–—-]\s|\s(?:of|/|von|sur|de|di|van|av|z|из)\s\d+$)"
)
_STOPS = frozenset(".!?…。！？؟۔।")
_REPEATED = 100  # characters; a shorter line may come back, as in a song or an interview
_NOTICE = 400  # characters; what stands in place of a film is longer than other stock lines
_QUOTES = frozenset(["<blockquote>", "<aside>", "<figure>"])
_PULLED = 24  # characters; fewer are said again by chance
_PICTURED = frozenset(["media", "caption"])
_MARKS = " \"'“”„«»‘’‹›.…,:;"
# What plugins print under a post in feeds: "The post TITLE appeared first on SITE."
_FEED = re.compile(r"The (?:post|article) .+ (?:appeared first|first appeared) on .+")
# A document's name with its size: "Report.pdf (1.2 MB)", "보도자료.hwpx [1.2 MB] 바로보기"
_FILE = re.compile(
    r"\.(?:pdf|docx?|hwpx?|xlsx?|pptx?|odt)\s*([\[(]?\s*[\d.,]+\s?[KkMm][Bb]\b)?.{0,12}$"
    r"|PDF\s?[|,]\s?([\d.,]+\s?[KkMm][Bb])\b.{0,50}$"  # with whether the blind can read it
)
_RIGHTS = re.compile(r"(?:Copyright\b|.{0,30}©).{0,80}\ball rights reserved\b", re.IGNORECASE)
_MARKUP = re.compile(r"<[a-zA-Z/!][^<>]{0,2000}>")
_BLOCK_ENDS = re.compile(r"</(?:p|div|li|h[1-6]|blockquote|ul|ol|section)>|<br\s*/?>\s*<br\s*/?>", re.IGNORECASE)
_UTF8 = (("content-type", "text/html; charset=utf-8"),)
# What PHP prints into the page with display_errors on (php_error_cb in its main.c): "Warning: ... in FILE on line 3".
_PHP = re.compile(r"(?:Warning|Notice|Deprecated|Strict Standards|Fatal error|Parse error): .+ on line \d+$")


def body(doc: Document, headline: str | None) -> Found | None:
    """Paragraphs joined by blank lines, None for a page without any. Takes the tree apart: call it last."""
    found = _from_markup(doc, headline)
    shown = len(found.value) if found else 0
    data = _paragraphs(jsonld.text(doc.article_data.get("articleBody")) or "")
    # What is printed at length is the article; its data may have all boxes too. A preview is short, or says so.
    if sum(map(len, data)) > max(_DATA_BODY, 2 * shown) and (shown < _PREVIEW or declared(doc) == "paid"):
        return Found("\n\n".join(data), "json-ld", data[0], "json-ld articleBody")
    if shown < THIN and (island := _from_islands(Document(doc.page, doc.rules), headline)):
        return island
    return found


def _from_markup(doc: Document, headline: str | None) -> Found | None:
    gathered = gather(doc, headline)
    if gathered is None:
        return None
    blocks, core, evidence, path = gathered
    scores = score(blocks, core, evidence)
    live = "LiveBlogPosting" in jsonld.types(doc.article_data)
    news = evidence.news or live or _says_news(doc)
    jumps = contents(blocks) | leads(blocks, news) | kickers(blocks, scores, headline)
    marked = (block for i, block in enumerate(blocks) if scores[i] > 0 and i not in jumps)
    marked = (block for block in marked if not (live and _STAMP.fullmatch(block.text)))
    free = without_boxes([block for block in marked if block.text != headline], core)
    shown = within_main(without_footers(without_cards(without_comments(free)), blocks))
    if all(GROUPS.get(block.tag) == HEADING for block in shown):  # of boxes beside an article that has no text
        return None
    left_out = _captions(doc, shown) | _pullquotes(shown)
    told = (block for block in shown if block.text not in left_out)
    lines = (text for block in told for text in block.lines or (block.text,))
    texts = list(_without_repeats(text for text in lines if any(map(str.isalnum, text))))
    asked = _may_ask(texts)
    kept = [text for text in texts if not (_is_label(text) or (asked and _asks(text)))]
    kept = without_end(doc, without_head(doc, kept))
    return Found("\n\n".join(kept), "markup", kept[0], path) if kept else None


def _says_news(doc: Document) -> bool:
    """Whether the page marks one article as news in its elements, by schema.org's word, and not in its data alone."""
    return b"/NewsArticle" in doc.html and len(doc.tree.css("[itemtype$='schema.org/NewsArticle']")[:2]) == 1


def _captions(doc: Document, blocks: list[Block]) -> frozenset[str]:
    """The texts that stand with a picture in an element named for it, except where `blocks` are little else: they are
    what a gallery has to say. Looked for where one of `blocks` may be such.
    """
    found = prune.figcaptions(doc) if any(block.tag == "figcaption" for block in blocks) else frozenset()
    short = [block for block in blocks if len(block.text) <= prune.CAPTION]
    if any(not _PICTURED.isdisjoint(block.own | block.context.above) for block in short):
        found |= prune.captions(doc)
    called = any("caption" in block.own and block.tag in ("p", "div") for block in short)
    found |= prune.captions_below(doc) if called else frozenset()
    if not found:
        return found
    return found if sum(len(block.text) for block in blocks if block.text not in found) > THIN else frozenset()


def _pullquotes(blocks: list[Block]) -> frozenset[str]:
    """The texts of quotes, <aside>s and <figure>s that a longer paragraph has too, in any case: it is printed twice."""
    said = {b.text for b in blocks if b.tag == "blockquote" or _is_quote(b)}
    found = said.union(b.text for b in blocks if b.tag == "aside" or not _QUOTES.isdisjoint(b.context.above))
    if not found:
        return frozenset()
    prose = "\n".join(block.text for block in blocks if block.text not in found).casefold()
    inner = {text: text.strip(_MARKS).casefold() for text in found}
    least = {text: _PULLED if text in said else _LINE for text in found}
    return frozenset(text for text, words in inner.items() if len(words) > least[text] and words in prose)


def _is_quote(block: Block) -> bool:
    """Whether a block stands in a quote by its tag, or is a short one by its names."""
    return "<blockquote>" in block.context.above or (len(block.text) <= 2 * _LINE and "quote" in block.own)


def _without_repeats(texts: Iterable[str]) -> Iterator[str]:
    """`texts` without paragraphs that were there before: pages print a box for wide screens and for narrow ones.

    The lines between such paragraphs, as subheads are, go with them.
    """
    seen, again = set[str](), False
    for text in texts:
        again = text in seen and (again or len(text) >= _REPEATED)
        if not again:
            yield text
        seen.add(text)


def gather(doc: Document, headline: str | None) -> tuple[list[Block], Context, Evidence, str] | None:
    """The page's candidate blocks, the element with most of the prose, what else is known, and that element's path.

    Public for scripts/train_body.py, which learns from just what is judged here.
    """
    for node in {node.mem_id: node for label in doc.labels for node in label.nodes}.values():
        node.decompose()
    evidence = _evidence(doc, headline)
    prune.cut(doc)
    page = doc.tree.body
    if page is None:
        return None
    title = prune.title_of(page, headline)
    core, mass = prune.container(page, title)
    path = path_of(core)
    blocks, context = read(core, title, mass)
    blocks = [block for block in blocks if any(map(str.isalnum, block.text)) and not _is_furniture(block)]
    return (blocks, context, evidence, path) if blocks else None


def _is_furniture(block: Block) -> bool:
    """Whether a line is one that sites print on every page, a system's error, or a picture's or a film's caption."""
    text = block.text
    if (text[-1].isdigit() and _PHP.match(text)) or is_caption(text) or _is_numbered(block) or _names_media(block):
        return True
    if (text[0] == "[" and _SHORTCODE.match(text)) or (text.startswith("The ") and _FEED.match(text)):
        return True
    if len(text) >= _NOTICE:
        return False
    if "ights reserved" in text and _RIGHTS.match(text):
        return True
    stock, head = _stock(len(text) < _STOCK), text[:_LETTERS].casefold()
    return text.casefold().startswith((*stock.get(head, ()), *stock.get(head[:_LEAST], ())))


def _names_media(block: Block) -> bool:
    """Whether a block is a file to take along, or what Vimeo prints under a film that others show: links to the film,
    its maker and itself.
    """
    file = _FILE.search(block.text) if len(block.text) < _STOCK else None
    if file and (file[1] or file[2] or 4 * block.links > 3 * len(block.text)):
        return True
    return block.links * 2 > len(block.text) and block.text.rstrip(".").endswith(" Vimeo")


def is_caption(text: str) -> bool:
    """Whether a text ends with who took a picture."""
    start = len(text) - _TAIL
    if len(text) <= prune.CAPTION and (text.endswith(_credited()) or (len(text) < _LINE and _signed().match(text))):
        return True
    if len(text) <= prune.CAPTION and text[-1] == "." and _stopped().search(text, max(0, start)):
        return True
    ended = len(text) >= _CAPTION or text[-1] in _STOPS
    return not ended and _SIGN.search(text, start) is not None and _credit().search(text, start) is not None


def _is_numbered(block: Block) -> bool:
    """Whether a block begins with the number of a picture, and is no entry in a list of them."""
    found = _NUMBERED.match(block.text) if block.tag != "li" else None
    return found is not None and fold(found[1]) in table("boilerplate.toml")["credit"]["numbered"]


def _is_label(text: str) -> bool:
    """Whether a line is a button or the heading of something else. To the scorer it tells where that begins.

    Or what is left of a line whose name was read as a label: ", Springfield".
    """
    if len(text) >= _LABEL:
        return False
    if text[0] in ",;" or fold(text.strip(EDGES)) in _lines() or _ENDED.fullmatch(text) or paywall.says(text):
        return True
    without = _COUNT.sub("", text, count=1)
    return without != text and fold(without.strip(EDGES)) in _counters()


def _may_ask(texts: list[str]) -> bool:
    """Whether a line names a platform or letters. Most pages have none, and need not be read for what they ask."""
    short = "\n".join([text for text in texts if len(text) < _STOCK]).casefold()
    return any(map(short.__contains__, _asked_for()))


@cache
def _asked_for() -> tuple[str, ...]:
    rows = table("boilerplate.toml")
    return tuple(word.casefold() for word in (*rows["follow"]["platforms"], *rows["letters"]["names"]))


def _asks(text: str) -> bool:
    """Whether a line asks readers to follow the site on a platform, or to sign up for its letters."""
    if len(text) >= _STOCK:
        return False
    asks = _asks_first().match(text) or _following("within").search(text)
    follows = bool(asks and _following("platforms").search(text)) or _asks_on_platform().search(text) is not None
    return follows or bool(_letters("names").search(text) and _letters("asks").search(text))


@cache
def _letters(name: str) -> re.Pattern[str]:
    """The words of one list about letters to readers, anywhere in a text."""
    return one_of(table("boilerplate.toml")["letters"][name])


@cache
def _asks_first() -> re.Pattern[str]:
    starts = "|".join(map(re.escape, table("boilerplate.toml")["follow"]["starts"]))
    return re.compile(rf"[^\w“„«‘\"']{{0,4}}(?:{starts})(?!\w)", re.IGNORECASE)  # what is quoted was said by somebody


@cache
def _asks_on_platform() -> re.Pattern[str]:
    """A request with a platform right behind it, wherever it stands; or one to follow somebody, at the beginning."""
    words = table("boilerplate.toml")["follow"]
    rows = {name: "|".join(map(re.escape, words[name])) for name in ("on", "platforms", "named", "near")}
    return re.compile(
        rf"(?<!\w)(?:{rows['on']})\s+(?:{rows['platforms']})"
        rf"|^(?:{rows['named']}) (?-i:[A-Z0-9@])[\w.&’'-]*(?: [\w.&’'-]+){{0,3}}"
        rf" (?:{rows['near']}) (?:{rows['platforms']})",
        re.IGNORECASE,
    )


@cache
def _following(name: str) -> re.Pattern[str]:
    """The words of one list about following, anywhere in a text."""
    return one_of(table("boilerplate.toml")["follow"][name])


@cache
def _counters() -> frozenset[str]:
    return frozenset(map(fold, table("boilerplate.toml")["counters"]["words"]))


@cache
def _lines() -> frozenset[str]:
    labels = (fold(line) for lines in table("boilerplate.toml")["lines"].values() for line in lines)
    return paywall.marked_lines().union(labels)


@cache
def _credited() -> tuple[str, ...]:
    return tuple(table("boilerplate.toml")["credit"]["ends"])


@cache
def _signed() -> re.Pattern[str]:
    """Who took a picture, in a line of its own without a colon: "fot. Ada Lind", "Photo by Ada Lind"."""
    rows = table("boilerplate.toml")["credit"]
    words, short = ("|".join(map(re.escape, rows[name])) for name in ("words", "short"))
    names = r"(?:[A-ZÀ-ÖØ-ÞА-ЯΑ-Ω][\w.’'-]+(?: |$)){2,4}$"
    return re.compile(rf"(?:(?i:{short})\.?|(?i:{words}) (?i:by|von|par|di|de|door|av)) {names}")


@cache
def _stopped() -> re.Pattern[str]:
    """Who took a picture, as a sentence of its own: "The bridge at dusk. Photo: Ada Lind.", "(Photo: Ada Lind)."."""
    words = "|".join(map(re.escape, table("boilerplate.toml")["credit"]["words"]))
    name = r"[A-ZÀ-ÖØ-ÞА-ЯΑ-Ω][\w.’'-]*"
    return re.compile(rf"(?:^|[.!?”»\"] |\()(?i:{words})\s?[:：]\s?{name}(?: {name}){{0,3}}(?:(?<=\.)|\)?\.)$")


@cache
def _credit() -> re.Pattern[str]:
    """What a caption ends with, or a line of nothing but a source."""
    rows = {name: "|".join(map(re.escape, words)) for name, words in table("boilerplate.toml")["credit"].items()}
    who = r"[©@(]?\s?(?=[^\W\d_])[^.:：]{2,60}"  # begins with a letter: "Credits: 3" and "Picture: 4K" are no captions
    return re.compile(
        rf"[(\[]\s*(?:{rows['words']})(?:\s?[:：]|\s)\s*[^()\[\]:]{{2,60}}[)\]]?$"
        rf"|(?<!\w)(?:{rows['words']})(?: by| credit| courtesy)?\s?[:：©]\s?{who}$"
        rf"|^(?:{rows['sources']})\s?[:：]\s?{who}$"
        rf"|©\s?[^.]{{2,60}}$"
        rf"|^[(\[]?(?:{rows['kinds']})[)\]]?$|[(\[](?:{rows['kinds']})[)\]]$"
        rf"|/\s?(?:{rows['agencies']})(?: for [^.]{{2,40}})?[)\]]?$"
        rf"|^(?:{rows['agencies']})\s?/\s?[^.]{{2,60}}$",
        re.IGNORECASE,
    )


@cache
def _stock(short: bool) -> dict[str, tuple[str, ...]]:
    """The stock lines' beginnings, by their first letters: of all of them, or of the longer notices alone."""
    found: dict[str, tuple[str, ...]] = {}
    rows = table("boilerplate.toml")["stock"]
    for start in (*rows["notices"], *(rows["starts"] if short else ())):
        key = start[: _LETTERS if len(start) >= _LETTERS else _LEAST].casefold()
        found[key] = (*found.get(key, ()), start.casefold())
    return found


def path_of(node: LexborNode) -> str:
    """A name for people: "div.entry-content"."""
    look = (node.attributes.get("class") or "").split()
    name = node.attributes.get("id")
    return f"{node.tag}{f'#{name}' if name else ''}{f'.{look[0]}' if look else ''}"


def _evidence(doc: Document, headline: str | None) -> Evidence:
    data = doc.article_data
    people = data.get("author")
    found = [jsonld.text(person) for person in (people if isinstance(people, list) else [people])[:8]]
    declared = doc.first_meta("author")
    authors = {clean(name) for name in (*found, declared and declared[1]) if name and 4 < len(name) < 80}
    text = "".join(_MARKUP.sub(" ", jsonld.text(data.get("articleBody")) or "").split())
    return Evidence(
        headline=headline or "",
        authors=tuple(sorted(authors)),
        news=any("News" in kind for kind in jsonld.types(data)) if data else False,
        data_body=text if len(text) >= _DATA_BODY else "",
    )


def _paragraphs(text: str) -> list[str]:
    """The paragraphs of an articleBody, which may hold markup or plain lines."""
    if "</" in text or "<br" in text:
        text = _MARKUP.sub("", _BLOCK_ENDS.sub("\n", text.replace("\n", " ")))
    return [line for part in text.splitlines() if (line := clean(part))]


def _from_islands(doc: Document, headline: str | None) -> Found | None:
    """The longest prose in the data that a script-rendered page carries; markup in it is read as a page of its own."""
    scripts = (node.text() for node in doc.tree.css("script:not([src])")[:64])
    best = islands.prose(scripts, headline, THIN)
    if "</" in best:
        page = f"<body><h1>{html.escape(headline or '')}</h1><article>{best}</article>"
        inner = _from_markup(Document(replace(doc.page, body=page.encode(), headers=_UTF8), doc.rules), headline)
        best = inner.value if inner else ""
    lines = [line for part in best.splitlines() if (line := clean(part))]
    return Found("\n\n".join(lines), "markup", lines[0], "script data") if sum(map(len, lines)) > THIN else None
