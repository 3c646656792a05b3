"""Standard streams that are closed, broken or full: a command ends as if they were /dev/null."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PYTHON_M = [sys.executable, "-m", "scraper"]


def test_python_m_is_the_command(tmp_path: Path) -> None:
    ran = subprocess.run([*PYTHON_M, "--version"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout.split()[0], ran.stderr) == (0, "scraper", "")
