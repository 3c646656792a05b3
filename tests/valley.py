"""An invented site on disk, and the installed command, for the tests of what runs keep."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from archived import TIME, TYPE
from scraper.archive import saved, warcwrite
from scraper.archive.entry import Entry
from scraper.fetch.decode import decode
from scraper.model import Page

SCRAPER = str(Path(sys.executable).parent / "scraper")
# The section stands where no step of the parser looks for it: only a site's own rule finds it.
RULE = '[sites.valley.fields]\ncategory = "i.desk"\n'
BROKEN = '[sites.valley.fields]\ncategory = "i.desks"\n'


def html(number: int, desk: str = "Water") -> bytes:
    text = f"The council of Mirzhol met {number} people on the old bridge and heard what the river had done. " * 4
    return (
        f"<!doctype html><html lang=en><title>Bridge {number} opens - Valley</title><body><article><h1>Bridge {number}"
        f" opens</h1><p>Published: 6 July 2021</p><p>No: {18200 + number}</p><i class='desk n{number}'>{desk}</i>"
        f"<p>{text}</p><p>{text}</p><p>{text}</p></article></body></html>"
    ).encode()


def page(number: int, body: bytes | None = None, status: int = 200, kind: str = TYPE[1]) -> Page:
    url = f"https://valley.example/{number}/"
    headers = (("Content-Type", kind), ("ETag", f'"{number}"'))
    return Page(url, url, status, headers, body or html(number), TIME + timedelta(seconds=number))


def warc(file: Path, pages: Iterable[Page]) -> Path:
    file.write_bytes(b"".join(map(warcwrite.records, pages)))
    return file


def configure(folder: Path, start: str | Path = "pages.warc.gz", extra: str = "", name: str = "config.toml") -> Path:
    path = folder / name
    path.write_text(f'[run]\nfolder = "data"\nworkers = 0\n[sites.valley]\nstart = ["{start}"]\n{extra}')
    return path


def scraper(folder: Path, *arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[bytes]:
    command = [SCRAPER, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, env={**os.environ, **environ}, timeout=120)


def last(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode().strip().splitlines()[-1]


def lines(folder: Path) -> list[bytes]:
    files = sorted((folder / "data" / "out").rglob("*.jsonl"))
    return [line for file in files for line in file.read_bytes().splitlines(keepends=True)]


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(folder)]


def kept(folder: Path) -> list[Entry]:
    """The pages that the runs of a folder kept."""
    return list(
        saved.entries(str(folder / "data" / "pages"), lambda body, codings: decode(body, codings, 1 << 26).body)
    )
