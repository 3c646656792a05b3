"""The main job on the newsroom, over real HTTP: outcomes, second runs, changes, interruptions, dead hosts."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

ROOT = Path(__file__).parent.parent
SERVE = ROOT / "fixtures" / "newsroom" / "serve.py"
SCRAPER = str(Path(sys.executable).parent / "scraper")


def _serve() -> Any:
    spec = importlib.util.spec_from_file_location("newsroom_serve", SERVE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Any]:
    with _serve().serving(port=0) as site:
        yield site


def configure(folder: Path, url: str, extra: str = "", fetch: str = "delay = 0.0") -> Path:
    path = folder / "config.toml"
    path.write_text(
        f'[run]\nfolder = "data"\n[fetch]\n{fetch}\nretries = 0\nallow_networks = ["127.0.0.0/8"]\n'
        f'[sites.newsroom]\nstart = ["{url}/sitemap.xml"]\n{extra}'
    )
    return path


def run(config: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRAPER, "run", "-c", str(config), *more], capture_output=True, text=True, timeout=60)


def lines(config: Path) -> list[dict[str, Any]]:
    out = config.parent / "data" / "out"
    return [json.loads(line) for file in sorted(out.rglob("*.jsonl")) for line in file.read_bytes().splitlines()]


def balance(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.strip().splitlines()[-1]


def test_twice(newsroom: Any, tmp_path: Path) -> None:
    config = configure(tmp_path, newsroom.url)
    first, second = run(config), run(config)
    assert (first.returncode, balance(first), second.returncode, balance(second), len(lines(config))) == (
        0,
        "discovered 43 = stored 38 + updated 0 + unchanged 0 + skipped 2 + refused 2 + failed 1",
        0,
        "discovered 43 = stored 0 + updated 0 + unchanged 38 + skipped 2 + refused 2 + failed 1",
        38,
    )


def test_changed_article_is_a_revision(newsroom: Any, tmp_path: Path) -> None:
    config = configure(tmp_path, newsroom.url)
    run(config, "--limit", "3")
    changed = configure(tmp_path, newsroom.url, '[sites.newsroom.fields]\ncategory = { constant = "Desk" }\n')
    second = run(changed, "--limit", "3")
    revisions = {}
    for record in lines(config):
        revisions.setdefault(record["id"], []).append((record["revision"], record["category"]))
    assert (balance(second).split(" + ")[1], {tuple(r for r, _ in v) for v in revisions.values()}) == (
        "updated 3",
        {(1, 2)},
    )


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_goes_on(newsroom: Any, tmp_path: Path, sent: signal.Signals) -> None:
    config = configure(tmp_path, newsroom.url, fetch="delay = 0.1")
    command = [SCRAPER, "run", "-c", str(config)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (tmp_path / "data" / "out").is_dir():
        time.sleep(0.05)
    time.sleep(0.7)
    os.killpg(process.pid, sent)  # as a terminal does: the workers are not to hear of it
    said = process.communicate(timeout=20)[1]
    assert ("Traceback" in said, " + pending " in said) == (False, sent != signal.SIGKILL), said
    before = len(lines(config))
    second = run(config)
    ids = [record["id"] for record in lines(config)]
    code = {signal.SIGKILL: -9}.get(sent, 130)
    assert (process.returncode, 0 < before < 38, len(ids), len(set(ids)), balance(second)) == (
        code,
        True,
        38,
        38,
        "discovered 43 = stored 38 + updated 0 + unchanged 0 + skipped 2 + refused 2 + failed 1",
    )


def test_dead_host(tmp_path: Path) -> None:
    done = run(configure(tmp_path, "http://127.0.0.1:9"))
    assert (done.returncode, balance(done).endswith("failed 1"), "http://127.0.0.1:9/sitemap.xml" in done.stderr) == (
        3,
        True,
        True,
    ), done.stderr


def test_an_empty_folder_stops_no_other_site(newsroom: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    config = configure(tmp_path, newsroom.url, '[sites.saved]\nstart = ["empty"]\n')
    done = run(config)
    assert (done.returncode, len(lines(config)), f"{tmp_path}/empty: no saved pages here" in done.stderr) == (
        0,
        38,
        True,
    ), done.stderr


def test_a_file_in_the_folder_s_place(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    done = run(configure(tmp_path, "http://127.0.0.1:9"))
    assert (done.returncode, f"{tmp_path}/data: cannot be a folder" in done.stderr) == (3, True), done.stderr


def test_second_run_at_the_same_time_is_refused(newsroom: Any, tmp_path: Path) -> None:
    config = configure(tmp_path, newsroom.url, fetch="delay = 0.2")
    process = subprocess.Popen([SCRAPER, "run", "-c", str(config)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (tmp_path / "data" / "state.db").exists():
        time.sleep(0.05)
    second = run(config)
    process.terminate()
    process.wait(20)
    assert (second.returncode, str(process.pid) in second.stderr) == (4, True), second.stderr


def test_scrape_from_python_inside_a_running_loop(newsroom: Any, tmp_path: Path) -> None:
    import asyncio

    from scraper import scrape

    config = configure(tmp_path, newsroom.url)

    async def inside() -> int:
        return len(list(scrape(config)))

    assert (asyncio.run(inside()), len(list(scrape(config)))) == (38, 0)


def test_pages_are_read_from_a_folder(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    pages = ROOT / "fixtures" / "newsroom" / "pages"
    config.write_text(f'[run]\nfolder = "data"\n[sites.saved]\nstart = ["{pages}"]\n')
    done = run(config)
    assert (done.returncode, len(lines(config)) >= 36) == (0, True), done.stderr


FORBIDDEN = (
    "http://127.0.0.81:{port}/a",
    "http://2130706513:{port}/b",  # 127.0.0.81 as one number
    "http://0x7f.0.0.0x51:{port}/c",
    "http://0177.0.0.0121:{port}/d",
    "http://127.81:{port}/e",
    "http://[::ffff:127.0.0.81]:{port}/f",
    "http://[::ffff:7f00:51]:{port}/g",
    "http://\uff11\uff12\uff17.0.0.81:{port}/h",
    "http://127.0.0.80@127.0.0.81:{port}/i",
)


@contextlib.contextmanager
def _two_servers(names: int) -> Iterator[tuple[str, list[str]]]:
    """(URL of a server that lists and redirects to a second one, the second one's log)."""
    seen: list[str] = []

    class Second(BaseHTTPRequestHandler):
        def handle(self) -> None:
            seen.append(str(self.client_address))

    class First(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            targets = [target.format(port=second.server_port) for target in FORBIDDEN]
            own = [f"{url}/to/{number}" for number in range(names)]
            kind, number = self.path.strip("/").partition("/")[::2]
            body = "<urlset>" + "".join(f"<url><loc>{u}</loc></url>" for u in (*targets, *own)) + "</urlset>"
            self.send_response(302 if kind == "to" else 404 if kind == "robots.txt" else 200)
            if kind == "to":
                self.send_header("location", quote(targets[int(number)], safe=":/@[]"))
            self.send_header("content-length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            pass

    with (
        ThreadingHTTPServer(("127.0.0.81", 0), Second) as second,
        ThreadingHTTPServer(("127.0.0.80", 0), First) as first,
    ):
        url = f"http://127.0.0.80:{first.server_port}"
        threads = [threading.Thread(target=server.serve_forever) for server in (first, second)]
        for thread in threads:
            thread.start()
        yield url, seen
        for server in (first, second):
            server.shutdown()


def test_sitemaps_and_redirects_never_reach_a_private_server(tmp_path: Path) -> None:
    with _two_servers(len(FORBIDDEN)) as (url, seen):
        config = configure(tmp_path, url)
        config.write_text(config.read_text().replace("127.0.0.0/8", "127.0.0.80/32"))
        done = run(config)
    # Spellings of one address are one URL each of its paths: nine listed, nine redirected to.
    assert (seen, balance(done).endswith(f"failed {2 * len(FORBIDDEN)}")) == ([], True), done.stderr
