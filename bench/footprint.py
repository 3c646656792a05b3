"""What the package costs: import time (median of nine fresh processes) and, with --install, packages and size.

python bench/footprint.py
python bench/footprint.py --install     # makes a new virtual environment and installs the package from this tree
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMPORT = "import time; t = time.perf_counter(); import scraper; print(time.perf_counter() - t)"


def import_seconds(python: str, runs: int = 9) -> list[float]:
    """Seconds that `import scraper` takes in each of `runs` new processes, after one that warms the disk."""
    command = [python, "-c", IMPORT]
    return [float(subprocess.check_output(command, cwd="/")) for _ in range(runs + 1)][1:]


def install(folder: Path) -> tuple[str, int, float]:
    """(python of a new environment with the package, number of packages, their megabytes without byte code)."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = str(folder / "bin" / "python")
    before = packages(python)
    subprocess.run([python, "-m", "pip", "install", "-q", str(ROOT)], check=True)
    added = packages(python) - before
    site = next((folder / "lib").glob("python*/site-packages"))
    ours = [p for p in site.iterdir() if not p.name.startswith(("pip", "setuptools", "pkg_resources", "_distutils"))]
    files = [f for p in ours for f in (p.rglob("*") if p.is_dir() else [p]) if f.is_file() and f.suffix != ".pyc"]
    return python, len(added), sum(f.stat().st_size for f in files) / 1e6


def packages(python: str) -> set[str]:
    listed = subprocess.check_output([python, "-m", "pip", "list", "--format=json"], stderr=subprocess.DEVNULL)
    return {p["name"] for p in json.loads(listed)}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--install", action="store_true", help="measure a new installation instead of this one")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        python = sys.executable
        if chosen.install:
            python, count, size = install(Path(folder) / "venv")
            print(f"installed: {count} packages, {size:.1f} MB without byte code (bars: 24 packages, 40 MB)")
        seconds = import_seconds(python)
    print(f"import scraper: median {statistics.median(seconds):.3f} s of {len(seconds)} (bar: 0.3 s)")


if __name__ == "__main__":
    main()
