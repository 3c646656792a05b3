"""The language: declared, by letters, by words."""

from __future__ import annotations

import pytest

from scraper.data import table
from scraper.model import Rules
from scraper.parse import language
from scraper.parse.document import Document
from scraper.parse.ladder import climb
from snippets import document, rows

BOKMAL = "Og det er en by på kysten med et skip, som har ikke for den. " * 6
PERSIAN = "<p>" + "شورای شهر آرالیا روز سه‌شنبه گرد آمد و پذیرفت که پل شمالی پیش از زمستان ساخته شود. " * 3 + "</p>"
GERMAN = (
    "<p>"
    + "Der Rat der Stadt hat am Dienstag beschlossen, die Brücke im Norden vor dem Winter zu bauen und nicht. " * 2
    + "</p>"
)


@pytest.mark.parametrize(
    ("html", "want"),
    [
        ('<html lang="de-AT"><p>x</p></html>', "de-AT"),
        ('<html lang="de_at"><p>x</p></html>', "de-AT"),
        ('<html lang="zh-hant-tw"><p>x</p></html>', "zh-Hant-TW"),
        ('<meta property="og:locale" content="fa_IR">', "fa-IR"),
        ('<html lang="english"><meta http-equiv="content-language" content="en, de"></html>', "en"),
        (PERSIAN, "fa"),
        (GERMAN, "de"),
        ("<p>橋は長い冬のあとに開通し、町の人々は踊って祝った。</p>", "ja"),
        (f'<html lang="en-US">{PERSIAN}</html>', "fa"),  # what the template came with
        (f'<html lang="en">{GERMAN * 3}</html>', "de"),
        (f'<html lang="en"><p>{"橋は長い冬のあとに開通し、町の人々は踊って祝った。" * 5}</p></html>', "ja"),
        (f'<html lang="en">{GERMAN}</html>', "en"),  # too little text to doubt it
        (f'<html lang="fr">{GERMAN * 3}</html>', "fr"),  # somebody chose that
        (f'<html lang="en"><p>{"ubo lela " * 40}</p></html>', None),  # of a language not known here, but not English
        (f'<html lang="en"><meta name="language" content="de">{GERMAN}</html>', "de"),  # and the text agrees
        (f'<html lang="en"><meta name="language" content="fr">{GERMAN}</html>', "en"),
        ("<p>x</p>", None),
        (GERMAN.replace("<p>", "<div>").replace("</p>", "</div>"), "de"),
        (f'<html lang="en"><p>{BOKMAL * 2}</p></html>', "en"),  # Danish has nearly as many of the words
    ],
)
def test_declared(html: str, want: str | None) -> None:
    found = climb(document(html), language.STEPS)
    assert (found.value if found else None) == want


@pytest.mark.parametrize("row", rows("language"), ids=lambda row: row["want"])
def test_read(row: dict[str, str]) -> None:
    found = climb(document(f"<p>{row['text']}</p>"), language.STEPS)
    assert (found.value if found else None) == row["want"]


def test_every_language_of_the_tables_has_a_row() -> None:
    known = {code for name in ("scripts", "cyrillic") for code in table("letters.toml")[name]}
    assert known - {row["want"] for row in rows("language")} == set()


def test_words_are_lower_case_and_stand_once() -> None:
    lists = table("stopwords.toml")["words"]
    assert [code for code, words in lists.items() if words != [w.lower() for w in dict.fromkeys(words)]] == []


def test_a_configured_language_is_for_pages_that_do_not_say() -> None:
    page = document("<p>Der Rat tagt.</p>").page
    said = document('<html lang="fr"><p>Der Rat tagt.</p>').page
    found = [climb(Document(each, Rules(language="de-AT")), language.STEPS) for each in (page, said)]
    assert [(each.value, each.source) for each in found if each] == [("de-AT", "site"), ("fr", "markup")]
