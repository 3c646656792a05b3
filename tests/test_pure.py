"""Parsing saved pages opens no socket, reads no clock and depends on nothing around it."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = Path(__file__).parent.parent / "fixtures" / "newsroom" / "pages"

AUDITED = """
import sys
def hook(event, args):
    if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "urllib.", "os.remove")):
        raise SystemExit(f"forbidden: {event} {args}")
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise SystemExit(f"forbidden: written {args}")
sys.addaudithook(hook)
from scraper.cli import main
main(["parse", *sys.argv[1:]])
"""

# Moves the wall clock: whatever reads it gives another output.
SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <sys/time.h>
static long shift(void) { const char *s = getenv("CLOCK_SHIFT"); return s ? atol(s) : 0; }
int clock_gettime(clockid_t id, struct timespec *t) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int r = real(id, t);
  if (id == CLOCK_REALTIME) t->tv_sec += shift();
  return r;
}
time_t time(time_t *out) {
  struct timespec t; clock_gettime(CLOCK_REALTIME, &t);
  if (out) *out = t.tv_sec;
  return t.tv_sec;
}
int gettimeofday(struct timeval *v, void *z) {
  struct timespec t; clock_gettime(CLOCK_REALTIME, &t);
  v->tv_sec = t.tv_sec; v->tv_usec = t.tv_nsec / 1000; return 0;
}
"""


def parse(
    *, code: str = "from scraper.cli import main; import sys; main(['parse', *sys.argv[1:]])", **env: str
) -> bytes:
    command = [sys.executable, "-c", code, str(PAGES)]
    done = subprocess.run(command, capture_output=True, env={**os.environ, **env}, timeout=60)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def reference() -> bytes:
    return parse()


def test_no_socket_no_process_no_file_written(reference: bytes) -> None:
    assert parse(code=AUDITED) == reference


SURROUNDINGS = list(
    itertools.product(("UTC", "Asia/Kabul", "America/St_Johns"), ("C.UTF-8", "tr_TR.UTF-8"), ("0", "1", "4711"))
)


@pytest.mark.parametrize(("zone", "locale", "seed"), SURROUNDINGS)
def test_same_bytes_everywhere(zone: str, locale: str, seed: str, reference: bytes) -> None:
    assert parse(TZ=zone, LC_ALL=locale, PYTHONHASHSEED=seed) == reference


@pytest.mark.parametrize("shift", [-800_000_000, 900_000_000], ids=["past", "future"])
def test_no_clock(shift: int, reference: bytes, tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("NOT RUN: needs a C compiler and Linux")
    source, library = tmp_path / "shim.c", tmp_path / "shim.so"
    source.write_text(SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    proof = subprocess.run(
        [sys.executable, "-c", "import time; print(int(time.time()))"],
        env={**os.environ, "LD_PRELOAD": str(library), "CLOCK_SHIFT": str(shift)},
        capture_output=True,
        check=True,
    )
    moved = abs(int(proof.stdout) - int(__import__("time").time())) > 1_000_000
    shifted = parse(LD_PRELOAD=str(library), CLOCK_SHIFT=str(shift))
    assert (moved, shifted == reference) == (True, True)
