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
    assert set(LANGUAGES[language]) >= {"date", "modified", "time", "category", "number", "author"}


TEXT = "".join(f"<p>{p}</p>" for p in PARAGRAPHS)
HEAD = "<h1>Aralia rebuilds its northern pier</h1>"
MENU = "".join(f"<a href='/{name}'>{name}</a>" for name in ("sea", "sky", "town", "hills", "roads", "boats", "nets"))
WIDE = "\u00a0\u00a0 "


@pytest.mark.parametrize(
    ("language", "printed", "wanted"),
    [
        pytest.param(
            "zh",
            f"{HEAD}<i>作者：张三\u00a0\u00a0\u00a0时间：2021年7月6日 12:36\u00a0\u00a0\u00a0点击数：312</i>{TEXT}",
            {"authors": ["张三"], "date": "2021-07-06", "time": "12:36:00"},
            id="a bar of blanks, a time that is a date, a counter",
        ),
        pytest.param(
            "en",
            f"{HEAD}<p>Published: 6 July 2021{WIDE}Time: 12:36{WIDE}Section: Local{WIDE}Story No: 18200</p>{TEXT}",
            {"date": "2021-07-06", "time": "12:36:00", "category": "Local", "number": "18200"},
            id="a bar of blanks",
        ),
        pytest.param(
            "en",
            f"{HEAD}<p>Author: Ada Lind | Sightings: 1204</p><p>Category: Rail | Sightings: 12</p>{TEXT}",
            {"authors": ["Ada Lind"], "category": "Rail"},
            id="labels that nobody knows",
        ),
        pytest.param(
            "en",
            f"{HEAD}<p>Date: 6 July 2021</p><p>Category: Rail</p><p>Views: 1204</p>{TEXT}",
            {"date": "2021-07-06", "category": "Rail"},
            id="a counter on a line of its own",
        ),
        pytest.param(
            "en",
            f"<p>6 July 2021 | Press release no. 12/2021</p>{HEAD}{TEXT}",
            {"date": "2021-07-06", "number": "12/2021"},
            id="the number of a press release in a bar",
        ),
        pytest.param(
            "it",
            f"<p>Comunicato stampa n. 112 del 6 luglio 2021</p>{HEAD}{TEXT}",
            {"number": "112"},
            id="a number with its date",
        ),
        pytest.param(
            "fr",
            f"{HEAD}<p>Publié le 06/07/2021 à 12h36 – Communiqué n° 145 – Rubrique : Environnement</p>{TEXT}",
            {"date": "2021-07-06", "time": "12:36:00", "category": "Environnement", "number": "145"},
            id="a bar whose first colon comes late",
        ),
        pytest.param(
            "en",
            f"{HEAD}<p>Posted: 6 July 2021</p>{TEXT}<p>News ID: 1733078</p>",
            {"date": "2021-07-06", "number": "1733078"},
            id="the number behind the text",
        ),
        pytest.param(
            "en",
            f"{HEAD}<p>Posted: 6 July 2021</p>{TEXT}<footer>{MENU}<p>Ref no: 1733078</p></footer>",
            {"date": "2021-07-06", "number": None},
            id="a number that does not say of what",
        ),
        pytest.param(
            "en",
            f"{HEAD}<p>July 6, 2021</p><ul><li>Time: 12:36</li><li>Category: Rail</li></ul>{TEXT}",
            {"date": "2021-07-06", "time": "12:36:00", "category": "Rail"},
            id="a time without a labelled date",
        ),
        pytest.param(
            "hy",
            f"{HEAD}<p>Ամսաթիվ՝ 06.07.2021 | Ժամ՝ 12:36 | Բաժին՝ Մշակույթ</p>{TEXT}",
            {"date": "2021-07-06", "time": "12:36:00", "category": "Մշակույթ"},
            id="Armenian colons",
        ),
        pytest.param(
            "ckb",
            f"{HEAD}<p>بەروار: 06-07-2021</p><p>بەش: ئابووری</p>{TEXT}",
            {"date": "2021-07-06"},
            id="the year last where it stands first",
        ),
    ],
)
def test_bars_and_numbers(language: str, printed: str, wanted: dict[str, object]) -> None:
    page = f"<html lang={language}><head><title>Aralia rebuilds its northern pier</title></head><body>{printed}</body>"
    record = parse(page.encode(), url="https://post.example/news/pier").to_dict()
    body = "\n\n".join(PARAGRAPHS)
    assert {"body": record["body"], **{key: record[key] for key in wanted}} == {"body": body, **wanted}


FOUR = {"date": "2021-07-06", "time": "12:36:00", "category": "Rail", "number": "18200"}
OTHER = "<h3><a href='/a/snow'>Snow closes the pass at Grey Rock</a></h3>"
ICONS = ("\U0001f4c5", "\ufe0f\u25aa", "\uf07b", "\ufeff")


def _lines(*lines: str) -> str:
    return "".join(f"<div>{line}</div>" for line in lines)


@pytest.mark.parametrize(
    ("language", "printed", "wanted"),
    [
        pytest.param(
            "en",
            _lines(
                *map(
                    " ".join,
                    zip(ICONS, ("Date: 6 July 2021", "Time: 12:36", "Category: Rail", "No: 18200"), strict=True),
                )
            ),
            FOUR,
            id="pictures in front of the labels",
        ),
        pytest.param(
            "en",
            "<p>Date: 6 July 2021 :: Time: 12:36 :: Category: Rail :: No: 18200</p>",
            FOUR,
            id="a bar of two colons",
        ),
        pytest.param(
            "de",
            _lines("Datum\u202f: 06.07.2021", "Uhrzeit\u061c: 12:36", "Rubrik\u2060: Rail", "Nr.\u202f: 18200"),
            FOUR,
            id="narrow blanks and unseen marks",
        ),
        pytest.param(
            "tr",
            _lines("YAYIN TAR\u0130H\u0130: 06.07.2021", "SAAT: 12:36", "B\u00d6L\u00dcM: Rail", "SAYI: 18200"),
            FOUR,
            id="Turkish capitals",
        ),
        pytest.param(
            "el",
            _lines("ΗΜΕΡΟΜΗΝΙΑ: 06/07/2021", "ΩΡΑ: 12:36", "ΚΑΤΗΓΟΡΙΑ: Rail", "ΑΡΙΘΜΟΣ: 18200"),
            FOUR,
            id="Greek capitals have no accents",
        ),
        pytest.param(
            "es",
            _lines("Publicacion: 06/07/2021", "Hora: 12:36", "Seccion: Rail", "N.\u00ba 18200"),
            FOUR,
            id="accents left away",
        ),
        pytest.param(
            "fa",
            _lines("تاریخ: ۱۵ سرطان ۱۴۰۰", "زمان نشر: ۱۲:۳۶", "دسته\u200cها: Rail", "شماره\u200cی خبر: ۱۸۲۰۰"),
            FOUR,
            id="a time of publication, and a number with its ezafe",
        ),
        pytest.param(
            "ps",
            _lines("نېټه: ۱۵ چنګاښ ۱۴۰۰", "وخت: ۱۲:۳۶", "کټګورۍ: Rail", "خبر ګڼه: ۱۸۲۰۰"),
            FOUR,
            id="Pashto letters of one sound",
        ),
        pytest.param(
            "bn",
            _lines("প্রকাশঃ ৬ জুলাই ২০২১", "সময়ঃ ১২:৩৬", "বিভাগঃ Rail", "নংঃ ১৮২০০"),
            FOUR,
            id="a Bengali letter for the colon",
        ),
        pytest.param(
            "en",
            _lines("Date: 6 July 2021", "Published: 12:36 pm", "Category: Rail", "Article #18200"),
            FOUR,
            id="published at a time",
        ),
        pytest.param(
            "ru",
            _lines("Дата: 06.07.2021", "Время: 12:36", "В рубрике: Rail", "Новость № 18200"),
            FOUR,
            id="what the number is of",
        ),
        pytest.param(
            "en",
            _lines("Date: 6 July 2021", "Time: 12:36", "Category: Rail", "No. 18,200"),
            {**FOUR, "number": "18,200"},
            id="thousands without a colon",
        ),
        pytest.param(
            "en",
            _lines("Date: 6 July 2021", "Updated: 7 July 2021 1:15 pm", "Time: 12:36", "Category: Rail", "No: 18200"),
            FOUR,
            id="a change with a time of its own",
        ),
        pytest.param(
            "en",
            2 * _lines("Date: 6 July 2021", "Time: 12:36", "Category: Rail", "No: 18200"),
            FOUR,
            id="the lines again for small screens",
        ),
        pytest.param(
            "en",
            "<form><label>Category</label><select><option>All</option></select></form>"
            + _lines("Date: 6 July 2021", "Time: 12:36", "Category: Rail", "No: 18200"),
            FOUR,
            id="a label over a menu",
        ),
        pytest.param(
            "ckb",
            _lines("به\u200cروار: 2021-07-06", "کات: 12:36", "به\u200cش: Rail", "ژماره\u200cی هه\u200cواڵ: ١٨٢٠٠"),
            FOUR,
            id="Kurdish e written with two signs",
        ),
        pytest.param(
            "he",
            _lines("פורסמה ב: 6 ביולי 2021", "בשעה: 12:36", "מדור: Rail", "מס\u05f3 כתבה: 18200"),
            FOUR,
            id="a Hebrew word cut short",
        ),
        pytest.param(
            "ug",
            _lines("ۋاقتى: 2021-يىلى 7-ئاينىڭ 6-كۈنى", "سائەت: 12:36", "تۈرى: Rail", "نومۇرى: 18200", "كۆرۈش سانى: 12"),
            FOUR,
            id="Uyghur, with the day's number behind the month's",
        ),
        pytest.param(
            "fa",
            _lines("سال هجدهم - شماره ۴۹۸۱", "تاریخ: ۱۵/۴/۱۴۰۰ ۱۲:۳۶", "گروه خبری: Rail", "کد خبر: ۱۸۲۰۰"),
            FOUR,
            id="the number of the paper's issue before that of the news",
        ),
        pytest.param(
            "en",
            _lines("Date: 6 July 2021", "Time: 12:36", "Category: Rail", "No: 18200", "Document no: 77"),
            FOUR,
            id="what refers to anything comes after the number",
        ),
        pytest.param(
            "fa",
            _lines("تاریخ: ۱۵/۴/۱۴۰۰ ۱۲:۳۶", "دسته\u200cبندی: Rail", "کد خبر: 18200", "خبرنگار: 71451"),
            FOUR,
            id="a reporter who is a number",
        ),
        pytest.param(
            "ru",
            _lines("Просмотров: 1204", "Рубрика: Rail"),
            {"date": None, "time": None, "category": "Rail", "number": None},
            id="a lone label behind a counter",
        ),
        pytest.param(
            "kk",
            "<p>06 шілде 2021 Қаралды: 1,215</p>",
            {"date": "2021-07-06", "time": None, "category": None, "number": None},
            id="a counter on the date's line",
        ),
        pytest.param(
            "ar",
            _lines("<span>6 يوليو 2021 - 12:36</span> <span>المشاهدات: 1,204</span>"),
            {"date": "2021-07-06", "time": "12:36:00", "category": None, "number": None},
            id="a counter beside the date and its time",
        ),
    ],
)
def test_spellings(language: str, printed: str, wanted: dict[str, object]) -> None:
    head = f"<html lang={language}><head><title>Aralia rebuilds its northern pier</title></head>"
    page = f"{head}<body>{HEAD}{printed}{TEXT}"
    assert _seen(parse(page.encode(), url="https://post.example/news/pier")) == {
        **wanted,
        "body": "\n\n".join(PARAGRAPHS),
    }


@pytest.mark.parametrize("tag", ["header", "aside", "div class='comment-form'"])
def test_labels_elsewhere(tag: str) -> None:
    own = _lines("Date: 6 July 2021", "Time: 12:36", "Category: Rail", "No: 18200")
    clock = f"<{tag}><p>Date: 1 March 2023</p><p>Time: 9:15</p></{tag.split()[0]}>"
    page = (
        f"<html lang=en><title>Aralia rebuilds its northern pier</title>{clock}<article>{HEAD}{TEXT * 3}{own}</article>"
    )
    seen = _seen(parse(page.encode(), url="https://post.example/news/pier"))
    assert {field: seen[field] for field in FOUR} == FOUR


def test_labels_of_other_articles() -> None:
    own = _lines("Date: 6 July 2021", "Time: 12:36", "Category: Rail", "No: 18200")
    others = 2 * (OTHER + _lines("Date: 9 May 2020", "Time: 8:10", "Category: Sport", "No: 17999"))
    page = f"<html lang=en><title>Aralia rebuilds its northern pier</title><article>{HEAD}{TEXT}{own}</article>{others}"
    seen = _seen(parse(page.encode(), url="https://post.example/news/pier"))
    assert {field: seen[field] for field in FOUR} == FOUR


def test_when_an_event_is_or_a_book_came_out_is_no_date_of_the_article() -> None:
    lines = "<p>Date and time: 14 September 2024, 19:30</p><p>Pub date: 3 May 2023</p><p>Category: Concert</p>"
    page = (
        f"<h1>Bridge</h1><time datetime='2024-07-06T10:00:00+02:00'></time>{'<p>' + '</p><p>'.join(PARAGRAPHS)}{lines}"
    )
    assert parse(page.encode(), url="https://valley.example/bridge").date == "2024-07-06"


def test_what_the_text_counts_stays() -> None:
    """A line of an event or a picture that begins as a counter does is text, and so is the label in a sentence."""
    texts = [*PARAGRAPHS, "Просмотров: больше, чем прошлым летом.", "Фото: 12 снимков с берега", "Читали: Ада Линд"]
    page = f"<html lang=ru><title>Мост</title><h1>Мост</h1><p>{'</p><p>'.join(texts)}</p>"
    assert parse(page.encode(), url="https://valley.example/bridge").body == "\n\n".join(texts)
