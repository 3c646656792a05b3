"""`scraper init`: what it finds out about a site, the section it drafts, and rules proven on other pages."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from scraper import cli, config, parse
from scraper.draft import candidates, findings, section
from scraper.draft.marks import Sample, read, same, value_of
from scraper.draft.propose import Proposal, propose
from scraper.draft.selectors import is_lasting
from scraper.draft.survey import linked_feeds, survey
from scraper.errors import ConfigError, FetchError, StoreError
from scraper.files import put
from scraper.model import FieldRule, Page, Rules

NEWSROOM = Path(__file__).resolve().parent.parent / "fixtures" / "newsroom"
HEADLINES = (
    "Ferry to Kaveran runs twice a day again",
    "Orchard keepers ask for a later frost warning",
    "Old mill at Selkut turns into a music school",
    "Two bears seen close to the Dashtak station",
    "Winter market moves behind the town hall",
)
TEXT = (
    "The council of the valley met on Tuesday and talked for three hours about what is to be done before the winter. "
)


def page(facts: str, number: int) -> Page:
    """An invented article with a line of its own facts, a menu, and a margin that prints facts of other articles."""
    headline = HEADLINES[number]
    body = (
        f'<!DOCTYPE html><html lang="en"><head><title>{headline} - Orvan Herald</title></head><body>'
        '<nav><a href="/p/">Politics</a><a href="/c/">Culture</a></nav>'
        f"<article><h1>{headline}</h1>{facts}<div class='story'>{f'<p>{TEXT}</p>' * 6}</div></article>"
        '<aside><p>Most read</p><a href="/x">Bridge at Mirzhol opens</a> <i>1 of 12</i></aside></body></html>'
    )
    url = f"https://orvan.example/{'abcde'[number]}/"
    return Page(url, url, 200, (), body.encode(), None)


# Name: field, what the page prints, and the value of each of five pages (as printed, and after = as recorded).
CASES: Mapping[str, tuple[str, str, Sequence[str]]] = {
    "number behind a word of the site's own": (
        "number",
        '<p class="vorgang">Vorgang {0}, Blatt 2</p>',
        ("18200", "18204", "07331", "18377", "18402"),
    ),
    "number in an attribute": ("number", '<div data-vorgang="{0}"></div>', ("4411", "4502", "4519", "4600", "4731")),
    "number with a year": (
        "number",
        "<p class=akte>Akte {0}</p>",
        ("2021/17", "2021/18", "2022/1", "2022/40", "2023/2"),
    ),
    "category in a span of its own": (
        "category",
        '<span class="sparte">{0}</span>',
        ("Politics", "Culture", "Sport", "Weather", "Culture"),
    ),
    "category behind a label among others": (
        "category",
        "<ul class=fakten><li>Ort: Kaveran</li><li>Fach: {0}</li><li>Blatt: 2</li></ul>",
        ("Politics", "Culture", "Sport", "Weather", "Music and Stage"),
    ),
    "category under a style sheet's hash": (
        "category",
        '<b class="Kopf_sparte__x8Za1">{0}</b><b class="Kopf_ort__k2Pq9">Kaveran</b>',
        ("Politics", "Culture", "Sport", "Weather", "Local"),
    ),
    "category in a table": (
        "category",
        "<table class=kopf><tr><th>Ort<td>Kaveran<tr><th>Fach<td>{0}</table>",
        ("Politics", "Culture", "Sport", "Weather", "Local"),
    ),
    "author behind a word of the site's own": (
        "authors",
        '<p class="feder">Feder: {0}</p>',
        ("Ada Lind", "Ben Ott", "Parwin Sohal", "Ruth Ambrose", "Selin Karatepe"),
    ),
    "date with the month first": (
        "date",
        '<p class="stand">{0}</p>',
        (
            "03/04/2021=2021-03-04",
            "05/06/2021=2021-05-06",
            "11/12/2021=2021-11-12",
            "01/02/2022=2022-01-02",
            "07/08/2022=2022-07-08",
        ),
    ),
    "date with the day first": (
        "date",
        '<p class="stand">{0}</p>',
        (
            "03/04/2021=2021-04-03",
            "05/06/2021=2021-06-05",
            "11/12/2021=2021-12-11",
            "01/02/2022=2022-02-01",
            "07/08/2022=2022-08-07",
        ),
    ),
}


def samples(name: str, marked: Sequence[int]) -> tuple[list[Sample], list[str]]:
    """The first four pages of a case, marked where wanted, and the values of all five."""
    field, facts, values = CASES[name]
    printed = [value.partition("=")[0] for value in values]
    wanted = [value.rpartition("=")[2] for value in values]
    made = [Sample(f"page {i}", page(facts.format(printed[i]), i)) for i in range(4)]
    for i in marked:
        made[i].marks = {field: wanted[i]}
    return made, wanted


def drafted(lines: Sequence[str], folder: Path) -> Rules:
    """The rules of a drafted section, read as any configuration is."""
    file = folder / "config.toml"
    file.write_text("\n".join(lines), "utf-8")
    [site] = config.load(file).sites.values()
    return site.rules()


@pytest.mark.parametrize("marked", [(0, 1), (0, 1, 2)], ids=["two pages marked", "three pages marked"])
@pytest.mark.parametrize("name", CASES)
def test_a_rule_is_right_on_the_page_kept_out(name: str, marked: Sequence[int], tmp_path: Path) -> None:
    field, facts, values = CASES[name]
    made, wanted = samples(name, marked)
    proposals = propose(made)
    rules = drafted(section.lines("orvan", ["https://orvan.example/"], proposals), tmp_path)
    kept = parse(page(facts.format(values[4].partition("=")[0]), 4), rules=rules)
    assert same(field, wanted[4], value_of(kept, field)), f"{name}: {proposals} gives {value_of(kept, field)!r}"


@pytest.mark.parametrize("name", CASES)
def test_a_proof_is_a_page_that_was_not_used(name: str) -> None:
    [found] = propose(samples(name, (0, 1))[0])
    assert (found.rule is not None, found.sure, found.others) == (True, True, 3)


def test_one_marked_page_proves_nothing() -> None:
    [found] = propose(samples("category in a span of its own", (0,))[0])
    assert (found.rule and found.rule.css, found.sure, found.shaped) == (("span.sparte",), False, 3)


def test_no_rule_where_the_parser_is_right() -> None:
    made = [
        Sample(str(i), page(f"<p>category: {word}</p>", i), {"category": word})
        for i, word in enumerate(("Sport", "Local"))
    ]
    [found] = propose(made)
    assert (found.built_in, found.rule) == (True, None)


def test_no_rule_where_nothing_holds() -> None:
    made = [Sample(str(i), page("<p class=x>Kaveran</p>", i), {"number": "99"}) for i in range(2)]
    assert [(each.rule, each.built_in) for each in propose(made)] == [(None, False)]


def test_odd_markup_is_passed_over() -> None:
    """Names that CSS cannot spell, numbers everywhere, no head, cut off."""
    odd = b"<o:p class='1 a:b' id='#x'>18200</o:p><x-y data-@n=18200 data-n:m=18200 n='18200'>"
    text = odd + b"<p><o:q><b>18200</b>18200<div"
    made = [Sample(str(i), Page("", "", 200, (), text.replace(b"00", str(i).encode() * 2), None)) for i in range(2)]
    for i, sample in enumerate(made):
        sample.marks = {"number": f"182{i}{i}", "category": f"182{i}{i}", "date": "2021-07-06", "authors": "Ada; Ben"}
    assert [each.field for each in propose(made, built_in=False)] == ["number", "category", "date", "authors"]


def test_the_menu_is_no_category() -> None:
    """The word stands in the menu of every page and in a place of its own; the menu's is the wrong one."""
    found = candidates.candidates("category", "Culture", samples("category in a span of its own", ())[0][1])
    assert found[0].rule == FieldRule(("span.sparte",))


# --- the small parts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("number=18200", (None, "number", "18200")),
        ("https://a.example/?x=1:category=Politics", ("https://a.example/?x=1", "category", "Politics")),
        ("saved/a.html:headline=One: two = three", ("saved/a.html", "headline", "One: two = three")),
        ("date= 6 July 2021 ", (None, "date", "6 July 2021")),
    ],
)
def test_marks(text: str, wanted: tuple[str | None, str, str]) -> None:
    mark = read(text)
    assert (mark.page, mark.field, mark.value) == wanted


@pytest.mark.parametrize("text", ["", "number", "number=", "colour=red", "body=Once", "date=soon", "time=never"])
def test_bad_marks(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|has no value|cannot be marked|not read"):
        read(text)


@pytest.mark.parametrize(
    ("field", "mark", "value", "right"),
    [
        ("number", "18200", "۱۸۲۰۰", True),
        ("number", "18200", "18201", False),
        ("headline", "It’s  here", "it's here", True),
        ("date", "6 July 2021", "2021-07-06", True),
        ("date", "۱۵ سرطان ۱۴۰۰", "2021-07-06", True),
        ("time", "12:36 pm", "12:36:00", True),
        ("time", "12:36 am", "12:36:00", False),
        ("modified_at", "2021-07-06T12:00:00+02:00", "2021-07-06T10:00:00Z", True),
        ("authors", "Ada Lind; Ben Ott", ("Ben Ott", "Ada Lind"), True),
        ("authors", "Ada Lind", ("Ada Lind", "Ben Ott"), False),
        ("image", "https://a.example/media/x.png", "https://a.example/media/x.png?w=300", True),
        ("category", "Sport", None, False),
    ],
)
def test_same(field: str, mark: str, value: Any, right: bool) -> None:
    assert same(field, mark, value, "en") is right


@pytest.mark.parametrize(
    ("name", "lasting"),
    [
        *((name, True) for name in ("entry-title", "byline", "articleHead", "post_info", "NEWS")),
        *((name, False) for name in ("post-18200", "css-1x2y", "fOvGzk", "jss12", "x", "a b", "tbdnx-xrqkl")),
    ],
)
def test_lasting_names(name: str, lasting: bool) -> None:
    assert is_lasting(name) is lasting


TRICKY = ("\u202eabc\u200c\U000e0041", "a\\b", 'say "no"', "it's \\d+", "back\\", "\u06f1\u2028", "\x7f")


@pytest.mark.parametrize("text", TRICKY, ids=ascii)
def test_quoted_text_reads_back(text: str) -> None:
    import tomllib

    assert tomllib.loads(f"a = {section.quoted(text)}") == {"a": text}


def test_a_full_section_has_at_most_20_lines() -> None:
    proposals = [Proposal(name, FieldRule(("p", "b"), regex=r"\d+")) for name in config.FIELDS if name != "body"]
    lines = section.lines("a.b", ["https://a.example/"] * 6, proposals, ["one", "two"])
    assert (len(lines) <= 20, lines[-1].startswith("image = {"), lines[0]) == (True, True, '[sites."a.b"]')


def test_comment_feeds_are_not_the_sites_own() -> None:
    links = (
        '<link rel="alternate" type="application/rss+xml" href="/feed/">'
        '<link rel="alternate" type="application/rss+xml" href="/comments/feed/">'
        '<link rel="alternate" type="application/rss+xml" href="/2021/bridge/feed/">'
        '<link rel="alternate" type="application/json" href="/api">'
    )
    url = "https://a.example/2021/bridge/"
    assert linked_feeds(Page(url, url, 200, (), links.encode(), None)) == ["https://a.example/feed/"]


def test_doubts() -> None:
    """A field that is missing somewhere or the same everywhere cannot be relied on."""
    made = [Sample(str(i), page(f"<p>No: 77</p>{'<p>category: Sport</p>' * i}", i)) for i in range(2)]
    rows = {row.field: row.doubt for row in findings.rows(made, Rules())}
    expected = {
        "headline": "",
        "number": "the same on every page",
        "category": "missing on 1 of 2 pages",
        "image": "missing",
    }
    assert {name: rows[name] for name in expected} == expected


# --- a look at a site -----------------------------------------------------------------------------------------------

ROOT = "https://orvan.example/"
FEED = "<rss><channel>{}</channel></rss>".format(
    "".join(f"<item><link>{ROOT}{slug}/</link></item>" for slug in "abcde")
)
ALTERNATE = '<html><link rel="alternate" type="application/rss+xml" href="/news.rss">'
MAPS = "".join(f"<sitemap><loc>{ROOT}{name}.xml</loc></sitemap>" for name in ("old", "news"))
INDEX = f"<sitemapindex>{MAPS}</sitemapindex>"
URLSET = f"<urlset><url><loc>{ROOT}b/</loc></url><url><loc>https://other.example/c/</loc></url></urlset>"
# Name: the URL given, what the site has besides its articles, sitemaps in robots.txt, starts and articles to be found.
LOOKS: Mapping[str, tuple[str, Mapping[str, str], Sequence[str], Sequence[str], str]] = {
    "a linked feed": ("", {"": ALTERNATE, "news.rss": FEED}, (), ("news.rss",), "abc"),
    "a feed at a usual place": ("", {"": "<html>", "rss.xml": FEED}, (), ("rss.xml",), "abc"),
    "a feed that was given": ("news.rss", {"news.rss": FEED}, (), ("news.rss",), "abc"),
    "an article that was given": ("d/", {"": ALTERNATE, "news.rss": FEED}, (), ("news.rss",), "dab"),
    "an index of sitemaps": ("", {"": "<html>", "map.xml": INDEX, "news.xml": URLSET}, ("map.xml",), ("map.xml",), "b"),
    "a home page alone": ("", {"": f"<html><a href=/c/>{HEADLINES[2]}</a>"}, (), ("",), "c"),
    "a broken feed": ("", {"": ALTERNATE, "news.rss": "<html>gone", "feed/": FEED}, (), ("feed/",), "abc"),
}


@pytest.mark.parametrize("name", LOOKS)
def test_survey(name: str) -> None:
    given, lists, maps, starts, articles = LOOKS[name]
    bodies = {slug + "/": page(f"<p>publish: {i + 1} July 2021</p>", i).body for i, slug in enumerate("abcde")}
    bodies |= {path: text.encode() for path, text in lists.items()}
    asked = []

    def ask(url: str) -> Page:
        asked.append(url)
        if (path := url.removeprefix(ROOT)) not in bodies:
            raise FetchError("http_404", url=url)
        return Page(url, url, 200, (), bodies[path], None)

    found = survey(ROOT + given, ask, lambda url: [ROOT + path for path in maps], 3, lambda line: None)
    read_there = [sample.page.url.removeprefix(ROOT).strip("/") for sample in found.samples]
    assert (found.start, read_there) == ([ROOT + path for path in starts], list(articles))
    assert len(asked) <= 20


def test_a_site_of_listings_is_not_asked_for_ever() -> None:
    feed = "".join(f"<item><link>{ROOT}{i}/</link></item>" for i in range(500))
    asked = []

    def ask(url: str) -> Page:
        asked.append(url)
        return Page(url, url, 200, (), (f"<rss>{feed}</rss>" if url == ROOT else "<html><p>nothing").encode(), None)

    assert (survey(ROOT, ask, lambda url: [], 3, lambda line: None).samples, len(asked)) == ([], 10)


# --- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("newsroom_serve", NEWSROOM / "serve.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    with module.serving() as site:
        yield site


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "config.toml"
    made.write_text('[fetch]\ndelay = 0.0\nallow_networks = ["127.0.0.0/8"]\n')
    return made


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "saved"
    folder.mkdir()
    _, facts, values = CASES["category in a span of its own"]
    for i in range(4):
        link = f'<link rel="canonical" href="https://orvan.example/{i}/"></head>'
        text = (
            page(f"{facts.format(values[i])}<p>publish: {i + 1} July 2021</p>", i)
            .body.decode()
            .replace("</head>", link)
        )
        (folder / f"{i}.html").write_text(text)
    return folder


def test_a_site(newsroom: Any, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sitemap by robots.txt, feed by the home page's link; the page under /members/ is not asked for."""
    code = cli.outcome(["init", f"{newsroom.url}/", "--to", str(file), "--name", "orvan"])
    site = config.load(file).sites["orvan"]
    told = capsys.readouterr().err
    sure = {line.split()[0] for line in told.splitlines() if line.endswith(" sure")}
    assert (code, site.start) == (0, (f"{newsroom.url}/feed.xml", f"{newsroom.url}/sitemap.xml")), told
    assert sure >= {"number", "category", "headline", "date", "time", "body"}
    assert [asked for asked in newsroom.seen if "/members/" in asked] == []
    assert len(newsroom.seen) < 25


def test_the_draft_passes_check_and_stays_the_only_one(
    file: Path, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["init", str(saved), "--to", str(file), "--mark", "category=Politics", "--mark", "1.html:category=Culture"]
    codes = [cli.outcome(words), cli.outcome(["check", "-c", str(file)])]
    before = file.read_text()
    codes.append(cli.outcome(words))
    told = capsys.readouterr().err
    assert (codes, file.read_text() == before) == ([0, 0, 2], True), told
    assert "has a section [sites.orvan]" in told
    assert re.search(r'category = "span.sparte"  <- 3 pages .* right on 1 .* plausible on 2\n', told)
    [site] = config.load(file).sites.values()
    assert (site.start, site.fields) == (("https://orvan.example/",), {"category": FieldRule(("span.sparte",))})


def test_without_to_the_section_goes_to_stdout(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.outcome(["init", str(saved), "--name", "valley"])
    printed = capsys.readouterr().out
    assert (code, drafted(printed.splitlines(), tmp_path).site, printed[-1]) == (0, "valley", "\n")


def test_saved_pages_open_no_socket(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket", lambda *args, **more: pytest.fail("a socket was opened"))
    assert cli.outcome(["init", str(saved)]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "No such file or folder"),
        (["{saved}", "--mark", "colour=red"], "expected FIELD=VALUE"),
        (["{saved}", "--mark", "9.html:number=1"], "no page is called '9.html'"),
        (["ftp://a.example/"], "http:// or https://"),
    ],
)
def test_wrong_usage(words: list[str], said: str, saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.outcome(["init", *(word.format(saved=saved) for word in words)])
    assert (code, said in capsys.readouterr().err) == (2, True)


FILES = {
    "sites are no table": ("sites = 3\n", "{to}:1: sites: expected a table, found 3"),
    "sites are one value": (
        'sites = { a = { start = ["https://a.example/"] } }\n',
        "{to}: its sites are one value, to which no section can be added; write each as a section [sites.NAME].",
    ),
    "a mistake of its own": ('[sites.a]\nstart = ["https://a.example/"]\ndelay = "x"\n', "{to}:3: sites.a.delay: "),
    "no folder": (None, "--to: no such folder: {to.parent}; make it first"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_takes_no_section(
    case: str, saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named before anything is looked at."""
    monkeypatch.setattr("scraper.draft.gather.gather", lambda *args: pytest.fail("looked at pages first"))
    text, said = FILES[case]
    to = tmp_path / ("none" if text is None else "") / "c.toml"
    if text is not None:
        to.write_text(text)
    code = cli.outcome(["init", str(saved), "--to", str(to), "--name", "v"])
    assert (code, said.format(to=to) in capsys.readouterr().err) == (2, True)


@pytest.mark.parametrize("name", ["www.orvan.example", "~saved"])
def test_a_folder_whose_name_reads_as_something_else(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pages declare no address, so that it is the start itself."""
    (tmp_path / name).mkdir()
    for i in range(3):
        (tmp_path / name / f"{i}.html").write_bytes(page("<p>publish: 6 July 2021</p>", i).body)
    monkeypatch.chdir(tmp_path)
    code = cli.outcome(["init", f"./{name}", "--to", "c.toml", "--name", "v"])
    assert (code, config.load("c.toml").sites["v"].start) == (0, (tmp_path / name,))


def test_a_broken_file_is_left_alone(tmp_path: Path, saved: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[fetch\n")
    assert (cli.outcome(["init", str(saved), "--to", str(broken)]), broken.read_text()) == (2, "[fetch\n")


def test_a_text_is_read_as_its_file_will_be(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config.toml:3: sites.a.colour: unknown key"):
        config.loads('[sites.a]\nstart = ["https://a.example/"]\ncolour = 1\n', tmp_path / "config.toml")


def test_a_file_that_cannot_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written: File name too long"):
        put(tmp_path / ("n" * 250), b"")


def test_a_file_keeps_its_bytes_its_mode_and_the_link_to_it(saved: Path, tmp_path: Path) -> None:
    file, link = tmp_path / "real.toml", tmp_path / "c.toml"
    file.write_bytes(b"\xef\xbb\xbf[run]\r\ncontact = 'https://a.example/'\r\n")
    before = file.read_bytes()
    file.chmod(0o640)
    link.symlink_to(file)
    assert cli.outcome(["init", str(saved), "--to", str(link), "--name", "v"]) == 0
    assert (file.read_bytes().startswith(before), file.stat().st_mode & 0o777, link.is_symlink()) == (True, 0o640, True)
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []
