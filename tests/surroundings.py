"""Where saved pages may be read again: time zones, locales, hash seeds; and what the commands print there."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from scraper import pages, replay
from scraper.archive import folder, warcwrite

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
ZONES = ("UTC", "Asia/Kabul", "America/St_Johns")
LATIN = "tr_TR.ISO-8859-9"  # letters that fold in their own way, and an encoding that has none of most news
LOCALES = {
    "C.UTF-8": {"LC_ALL": "C.UTF-8"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},  # ASCII, as Python would rather not have it
    LATIN: {"LC_ALL": LATIN, "PYTHONUTF8": "0"},
}
SEEDS = ("0", "1", "2", "4711", "4294967295")
RUN = """
import json, sys
from scraper.cli import main
for command in json.loads(sys.argv[1]):
    try:
        main(command)
    except SystemExit as end:
        print("exit", end.code, flush=True)
"""
CONFIG = """
[sites.newsroom]
start = ["{origin}/"]
timezone = "Asia/Kabul"
[sites.newsroom.fields]
category = {{ css = "h1", transform = ["lower"] }}
"""


class Place(NamedTuple):
    """One of the surroundings."""

    zone: str
    locale: str
    seed: str


ALL = [Place(*each) for each in itertools.product(ZONES, LOCALES, SEEDS)]
# Every two values of different kinds meet: 15 of 45.
PAIRS = [
    Place(zone, list(LOCALES)[(z + s) % 3], seed)
    for (z, zone), (s, seed) in itertools.product(enumerate(ZONES), enumerate(SEEDS))
]


def room(place: Path) -> list[list[str]]:
    """Saved pages in every layout below `place`, with a few differences; gives the commands that read them all."""
    place.mkdir()
    site = FIXTURES / "newsroom" / "pages"
    (place / "config.toml").write_text(CONFIG.format(origin=replay.served.note(site.parent)["origin"]))
    with (place / "pages.warc.gz").open("wb") as file:
        for number, page in enumerate([lead.page for lead in pages.leads(site) if lead.page][::3]):
            at = datetime(2021, 7, 6, 23, 30, tzinfo=UTC) + timedelta(hours=number)
            file.write(warcwrite.records(fetched := replace(page, fetched_at=at)))
            folder.save(fetched, place / "folders")
    for number, case in enumerate(replay.cases(place)):
        replay.write(case.file, {**replay.current(case), **({"headline": "Мост 橋 پل"} if number % 9 == 0 else {})})
    served = place / "served"
    (served / "pages").mkdir(parents=True)
    shutil.copy(site / "en" / "night-train-returns.html", served / "pages" / "поезд.html")  # its address is its path
    (served / "replay.toml").write_text('origin = "https://newsroom.example"')
    parsed = [["parse", str(site)], ["parse", str(served)], ["parse", str(place), "-c", str(place / "config.toml")]]
    return [*parsed, ["replay", str(FIXTURES)], ["replay", str(place)]]


def locales(place: Path) -> bool:
    """Makes the locale that machines seldom have, in `place`; False where that cannot be done, and ASCII stands in."""
    maker = shutil.which("localedef")
    place.mkdir(exist_ok=True)
    made = maker and subprocess.run([maker, "-i", "tr_TR", "-f", "ISO-8859-9", place / LATIN], capture_output=True)
    if not made or not (place / LATIN).is_dir():
        return False
    LOCALES[LATIN]["LOCPATH"] = str(place)
    return True


def said(commands: list[list[str]], place: Place | None = None, python: str = sys.executable, **env: str) -> bytes:
    """All bytes that the commands print in one process, records and words. AssertionError where it dies."""
    surrounding = {"TZ": place.zone, "PYTHONHASHSEED": place.seed, **LOCALES[place.locale]} if place else {}
    done = subprocess.run(
        [python, "-c", RUN, json.dumps(commands)],
        capture_output=True,
        env={**clean(), **surrounding, **env},
        timeout=600,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
    return done.stdout + done.stderr


def clean() -> dict[str, str]:
    """The environment without what the surroundings are made of."""
    named = ("LC_", "LANG", "TZ", "LOCPATH", "PYTHONHASHSEED", "PYTHONUTF8", "PYTHONCOERCE", "PYTHONIOENCODING")
    return {name: value for name, value in os.environ.items() if not name.startswith(named)}
