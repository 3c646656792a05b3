"""`scraper save` and `scraper replay`: what counts as a difference, how it is told, what is accepted, what is refused."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scraper import cli, parse, replay
from scraper.archive import folder
from scraper.config import load
from scraper.errors import StoreError
from scraper.model import Page

ROOT = Path(cli.__file__).parents[2]
NEWSROOM = ROOT / "fixtures" / "newsroom"
SCRAPER = [sys.executable, "-c", "from scraper.cli import main; main()"]
ENVIRON = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])}
PARAGRAPHS = [
    "The old wooden bridge over the Mirzhol was opened again on Tuesday after eleven weeks of repairs.",
    "Two hundred people walked across it in the first hour, and the baker handed out warm rolls on the far bank.",
    "Carts and lorries stay on the detour until the spring, because the new beams have to settle first.",
]


def html(number: int, headline: str) -> bytes:
    story = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    labels = f"<p>publish: 6 July 2021</p><p>time: 12:36 pm</p><p>category: Politics</p><p>No: {number}</p>"
    return f"<html lang=en><title>{headline}</title><body>{labels}<h1>{headline}</h1>{story}</body></html>".encode()


def page(number: int = 18200, headline: str = "Bridge opens again") -> Page:
    url = f"https://valley.example/{number}/"
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Set-Cookie", "id=planted-secret; Path=/"))
    return Page(url, url, 200, headers, html(number, headline), datetime(2021, 7, 6, 8, 6, tzinfo=UTC))
