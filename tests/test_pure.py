"""Reading saved pages opens no socket, reads no clock, touches no other file, depends on nothing around: P01, P09."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import scraper
import surroundings
from scraper.parse import scorer
from surroundings import FIXTURES, said

TESTS = Path(__file__).resolve().parent
SITE = [["parse", str(FIXTURES / "newsroom" / "pages")], ["replay", str(FIXTURES)]]

# Twice in one process: imports read a clock (logging keeps when it was loaded), so the second time is the bare one.
WATCHED = """
import json, os, sys, watch
commands, places, library = json.loads(sys.argv[1])
watch.audit(*places)
from scraper.cli import main
def run():
    for command in commands:
        try:
            main(command)
        except SystemExit as end:
            print("exit", end.code, flush=True)
run()
if library:
    os.environ["CLOCK_FORBIDDEN"] = "1"
else:
    watch.clocks()
run()
os.environ.pop("CLOCK_FORBIDDEN", None)  # Python reads one as it ends
"""

# Moves the wall clock, so that whatever reads it gives another output; or forbids it, from C code too. The monotonic
# one is free: Python's locks read it, and no date comes of it.
SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <sys/time.h>
static long shift(void) { const char *s = getenv("CLOCK_SHIFT"); return s ? atol(s) : 0; }
int clock_gettime(clockid_t id, struct timespec *t) {
  static int (*real)(clockid_t, struct timespec *);
  if (id != CLOCK_MONOTONIC && getenv("CLOCK_FORBIDDEN")) abort();
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


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """All that reads saved pages: the newsroom, and its pages as folders, as a WARC file, and by a site's rules."""
    home = tmp_path_factory.mktemp("surroundings")
    surroundings.locales(home / "locales")
    return surroundings.room(home / "room")


@pytest.fixture(scope="module")
def reference(commands: list[list[str]]) -> bytes:
    return said(commands)


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The library that moves or forbids the clock."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("NOT RUN: needs a C compiler and Linux")
    home = tmp_path_factory.mktemp("shim")
    (home / "shim.c").write_text(SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", home / "shim.so", home / "shim.c", "-ldl"], check=True)
    return str(home / "shim.so")


# --- what is touched --------------------------------------------------------------------------------------------------


def watched(code: str, *arguments: str, home: Path, **env: str) -> tuple[int, bytes, str]:
    """Exit code, stdout and stderr of a process in an empty folder that sees tests/watch.py."""
    path = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        [sys.executable, "-B", "-P", "-c", code, *arguments],
        capture_output=True,
        cwd=home,
        env={**os.environ, "PYTHONPATH": path, "PYTHONFAULTHANDLER": "1", **env},
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


@pytest.mark.parametrize(("what", "by"), [("newsroom", "python"), ("every layout", "library")])
def test_P01_replay_touches_nothing(
    what: str, by: str, commands: list[list[str]], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """No socket, no process, no clock, no file written, none read but the pages, the package and its installation."""
    env = {"LD_PRELOAD": request.getfixturevalue("shim")} if by == "library" else {}
    asked, room = (SITE, []) if what == "newsroom" else (commands, [commands[-1][1]])
    places = [str(FIXTURES), str(Path(scraper.__file__).parent), *room]
    code, out, err = watched(WATCHED, json.dumps([asked, places, bool(env)]), home=tmp_path, **env)
    assert (code, out) == (0, said_out(asked) * 2), err[-3000:]
    assert list(tmp_path.iterdir()) == []


def said_out(commands: list[list[str]]) -> bytes:
    """What is said without being watched, stdout alone."""
    done = subprocess.run(
        [sys.executable, "-c", surroundings.RUN, json.dumps(commands)], capture_output=True, check=True, timeout=120
    )
    return done.stdout


CAUGHT = {
    "a socket": "import socket; socket.socket()",
    "a name": "import socket; socket.getaddrinfo('localhost', 80)",
    "a process": "import subprocess; subprocess.run(['true'])",
    "a fork": "import os; os.fork()",
    "a file outside": "open('/etc/passwd')",
    "a folder outside": "import os; os.listdir('/')",
    "a file outside, by its parents": "open(f'{sys.prefix}/../../../../../../etc/passwd')",
    "a file written": "open('new.txt', 'w')",
    "a file written low down": "import os; os.open('new.txt', os.O_CREAT | os.O_RDWR)",
    "a file written inside": "open(f'{sys.prefix}/new.txt', 'a')",
    "a folder made": "from pathlib import Path; Path('new').mkdir()",
    "a temporary file": "import tempfile; tempfile.mkstemp()",
    "a database": "import sqlite3; sqlite3.connect(':memory:')",
    "the time": "watch.clocks(); import time; time.time()",
    "the monotonic time": "watch.clocks(); import time; time.monotonic()",
    "now": "watch.clocks(); import datetime; datetime.datetime.now(datetime.UTC)",
    "today": "watch.clocks(); import datetime; datetime.date.today()",
    "now of a subclass": "import datetime\nclass Own(datetime.datetime): pass\nwatch.clocks(); Own.now()",
}


@pytest.mark.parametrize("what", CAUGHT)
def test_the_watch_catches(what: str, tmp_path: Path) -> None:
    code, _, err = watched(f"import sys, watch; watch.audit()\n{CAUGHT[what]}", home=tmp_path)
    assert (code, err.startswith("forbidden: "), list(tmp_path.iterdir())) == (99, True, []), err


# --- what is depended on ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", surroundings.PAIRS, ids="-".join)
def test_P09_same_bytes_everywhere(place: surroundings.Place, commands: list[list[str]], reference: bytes) -> None:
    """Every two of a zone, a locale and a hash seed meet; tests/long_replay.py has all 45, and other Pythons."""
    assert said(commands, place) == reference


def test_the_pairs_are_all_pairs() -> None:
    def met(places: list[surroundings.Place]) -> set[tuple[str, str]]:
        return {pair for place in places for pair in itertools.combinations(place, 2)}

    assert (met(surroundings.PAIRS), len(surroundings.ALL)) == (met(surroundings.ALL), 45)


def test_P09_scores_are_added_the_same_by_every_python() -> None:
    """Since 3.12 sum() rounds floats otherwise; where a score is near zero that was a paragraph more or less."""
    weights = [weight for news in (True, False) for weight in scorer._weights(news)]
    numbers = [part for tree in scorer._trees() for part in _flat(tree) if part is not None]  # a leaf has no branches
    assert {type(number) for number in (*weights, *numbers)} == {int}


def _flat(tree: scorer.Tree) -> list[object]:
    return [part for each in tree for part in _flat(each)] if isinstance(tree, tuple) else [tree]


@pytest.mark.parametrize("shift", [-800_000_000, 900_000_000], ids=["past", "future"])
def test_P09_another_clock(shift: int, shim: str, commands: list[list[str]], reference: bytes) -> None:
    env = {**os.environ, "LD_PRELOAD": shim, "CLOCK_SHIFT": str(shift)}
    proof = subprocess.run(
        [sys.executable, "-c", "import time; print(int(time.time()))"], env=env, capture_output=True, check=True
    )
    moved = abs(int(proof.stdout) - int(time.time())) > 1_000_000
    shifted = said(commands, LD_PRELOAD=shim, CLOCK_SHIFT=str(shift))
    assert (moved, shifted == reference) == (True, True)


@pytest.mark.parametrize("clock", ["time.time()", "time.localtime()", "time.process_time()"])
def test_the_library_catches(clock: str, shim: str, tmp_path: Path) -> None:
    code = f"import os, time\nos.environ['CLOCK_FORBIDDEN'] = '1'\n{clock}"
    assert watched(code, home=tmp_path, LD_PRELOAD=shim)[0] == -signal.SIGABRT
