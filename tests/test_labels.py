"""Labelled metadata lines: every layout in every language of the table, before and after the headline."""

from __future__ import annotations

import html
from collections.abc import Iterator

import pytest

from scraper import Article, parse
from scraper.data import table

LANGUAGES = table("labels.toml")
FIELDS = ("date", "time", "category", "number")
VALUES = {"date": "2021-07-06", "time": "12:36", "category": "Aralia", "number": "18200"}
WANTED = {"date": "2021-07-06", "time": "12:36:00", "category": "Aralia", "number": "18200"}

PARAGRAPHS = (
    "The harbour council of Aralia met on Tuesday and agreed to rebuild the northern pier before the winter storms.",
    "Work begins in the second week of September, the harbour master said, and will keep forty men busy until spring.",
    "Fishing boats move to the southern basin for that time, where the town has laid new moorings and a fuel line.",
)


def _list(lines: list[tuple[str, str]]) -> str:
    return "<ul class='meta'>" + "".join(f"<li>{label}: {value}</li>" for label, value in lines) + "</ul>"


def _spans(lines: list[tuple[str, str]]) -> str:
    return "<div>" + " ".join(f"<span>{label}: {value}</span>" for label, value in lines) + "</div>"


def _definitions(lines: list[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{label}</dt><dd>{value}</dd>" for label, value in lines) + "</dl>"


def _table(lines: list[tuple[str, str]]) -> str:
    return "<table>" + "".join(f"<tr><th>{label}</th><td>{value}</td></tr>" for label, value in lines) + "</table>"


def _breaks(lines: list[tuple[str, str]]) -> str:
    return "<div>" + "<br>".join(f"{label}: {value}" for label, value in lines) + "</div>"


def _bar(lines: list[tuple[str, str]]) -> str:
    return "<div>" + " / ".join(f"{label}: {value}" for label, value in lines) + "</div>"


def _pipes(lines: list[tuple[str, str]]) -> str:
    return "<p>" + " | ".join(f"{label}: {value}" for label, value in lines) + "</p>"


def _wide_colon(lines: list[tuple[str, str]]) -> str:
    return "<ul>" + "".join(f"<li>{label}\uff1a{value}</li>" for label, value in lines) + "</ul>"


def _bold(lines: list[tuple[str, str]]) -> str:
    return "<div>" + "".join(f"<div><b>{label}:</b> {value}</div>" for label, value in lines) + "</div>"


def _apart(lines: list[tuple[str, str]]) -> str:
    rows = (f"<div class='row'><span>{label}:</span><span>{value}</span></div>" for label, value in lines)
    return "<div>" + "".join(rows) + "</div>"


LAYOUTS = (_list, _spans, _definitions, _table, _breaks, _bar, _pipes, _wide_colon, _bold, _apart)
RIGHT_TO_LEFT = {"fa", "ps", "ar", "ur", "ckb", "he"}


def page(language: str, layout: object, before: bool, index: int) -> bytes:
    """A page in the manner of a small newsroom; `index` picks which of the language's labels it prints."""
    labels = [LANGUAGES[language][f][index % len(LANGUAGES[language][f])] for f in FIELDS]
    lines = [(html.escape(label), VALUES[f]) for label, f in zip(labels, FIELDS, strict=True)]
    block = layout(lines)  # type: ignore[operator]
    head = "<h1>Aralia rebuilds its northern pier</h1>"
    text = "".join(f"<p>{p}</p>" for p in PARAGRAPHS)
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    return f"""<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">
<title>Aralia rebuilds its northern pier</title></head><body><nav><a href="/">Home</a> <a href="/news/">News</a></nav>
<main><article>{block + head if before else head + block}<div class="entry-content">{text}</div></article>
<form id="commentform"><label>Name</label><input name="author"><label>Comment</label><textarea></textarea></form>
</main><footer>Aralia Post</footer></body></html>""".encode()


def rows() -> Iterator[object]:
    for language in LANGUAGES:
        for layout in LAYOUTS:
            for before in (True, False):
                place = "before" if before else "after"
                yield pytest.param(language, layout, before, id=f"{language}-{layout.__name__[1:]}-{place}")


def _seen(article: Article) -> dict[str, object]:
    record = article.to_dict()
    return {**{f: record[f] for f in FIELDS}, "body": record["body"]}


@pytest.mark.parametrize(("language", "layout", "before"), list(rows()))
def test_layout(language: str, layout: object, before: bool) -> None:
    article = parse(page(language, layout, before, 0), url="https://post.example/news/pier")
    assert _seen(article) == {**WANTED, "body": "\n\n".join(PARAGRAPHS)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_labels_for_all_fields(language: str) -> None:
    assert set(LANGUAGES[language]) == {"date", "modified", "time", "category", "number", "author"}
