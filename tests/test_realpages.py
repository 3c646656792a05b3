"""The installed command over real pages, served on loopback with a sitemap and a robots.txt."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jsonschema
import orjson
import pytest

CORPUS = Path(__file__).parent.parent.parent / "shared" / "eval" / "corpora" / "newsrooms"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="NOT RUN: the corpus of real pages is not beside this tree")


def _ids() -> list[str]:
    return [json.loads(line)["id"] for line in (CORPUS / "truth.jsonl").read_bytes().splitlines()]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        kind, body = "text/html", b""
        host = f"http://{self.headers['host']}"
        if self.path == "/robots.txt":
            kind, body = "text/plain", b"User-agent: *\nDisallow: /closed/\n"
        elif self.path == "/sitemap.xml":
            urls = "".join(f"<url><loc>{host}/news/{i}.html</loc></url>" for i in _ids())
            kind, body = "application/xml", f"<urlset>{urls}</urlset>".encode()
        else:
            file = CORPUS / "pages" / f"{self.path.removeprefix('/news/')}.gz"
            body = gzip.decompress(file.read_bytes())
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_every_page_has_one_outcome(site: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[run]\nfolder = "data"\n[fetch]\ndelay = 0.0\nallow_networks = ["127.0.0.0/8"]\n'
        f'[sites.real]\nstart = ["{site}/sitemap.xml"]\n'
    )
    command = [str(Path(sys.executable).parent / "scraper")]
    done = subprocess.run([*command, "run", "-c", str(config)], capture_output=True, text=True, timeout=120)
    schema = json.loads(subprocess.run([*command, "schema"], capture_output=True, check=True).stdout)
    lines = [line for f in (tmp_path / "data" / "out").rglob("*.jsonl") for line in f.read_bytes().splitlines()]
    validator = jsonschema.Draft202012Validator(schema)
    invalid = [e.message for line in lines for e in validator.iter_errors(orjson.loads(line))]
    balance = done.stderr.strip().splitlines()[-1]
    ids = len(_ids())
    per_url = Counter(orjson.loads(line)["url"] for line in lines)
    with capsys.disabled():
        print(f"\nreal pages: {ids} served, {len(lines)} stored, {len(invalid)} invalid lines; {balance}")
    assert (
        balance.startswith(f"discovered {ids} = stored {len(lines)} + "),
        len(lines) >= 118,
        invalid,
        max(per_url.values()),
    ) == (True, True, [], 1), done.stderr[-3000:]
