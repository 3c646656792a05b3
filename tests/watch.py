"""Ends the process, with exit code 99 and a line on stderr, at the first thing that a replay may not do.

`audit` sees what Python and its C modules tell the audit hooks: sockets, processes, files that are written, moved or
removed, and files and folders that are read outside given places. It does not see a look at whether a file exists, nor
what a C library opens by itself. `clocks` sees every call of a clock from Python code; what C code reads is for the
library of tests/test_pure.py.
"""

from __future__ import annotations

import datetime
import os
import sys
import time
import zoneinfo
from types import FrameType
from typing import Any, NoReturn

FORBIDDEN = (
    *("socket.", "ssl.", "urllib.", "http.", "ftplib.", "smtplib.", "subprocess.", "pty.", "ctypes.", "sqlite3."),
    *("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile"),
    *("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown"),
    *("os.utime", "os.setxattr", "os.removexattr", "shutil.", "tempfile."),
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
READING = ("open", "os.listdir", "os.scandir")
CLOCKS = {getattr(time, name) for name in dir(time) if name.startswith(("time", "monotonic", "perf_", "clock_get"))}
CLOCKS |= {time.localtime, time.gmtime, time.ctime, time.strftime, time.asctime, time.process_time, time.thread_time}
NOW = {"now", "utcnow", "today"}


def end(said: str) -> NoReturn:
    os.write(2, f"forbidden: {said}\n".encode("utf-8", "backslashreplace"))
    os._exit(99)


def audit(*places: str) -> None:
    """From now on, files are read below `places`, in Python's installation and in time zone data alone."""
    below = [os.path.realpath(each) for each in (*places, sys.prefix, sys.base_prefix, *zoneinfo.TZPATH)]
    searched = {os.path.realpath(each) for each in sys.path}  # import lists these folders

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event.startswith(FORBIDDEN):
            end(f"{event} {args}")
        if event not in READING or isinstance(args[0], int):
            return
        if event == "open" and isinstance(args[2], int) and args[2] & WRITING:
            end(f"{event} {args}")
        place = os.path.realpath(os.fsdecode(args[0] or "."))
        if event == "os.listdir" and place in searched:
            return
        if not any(place == each or place.startswith(each + os.sep) for each in below):
            end(f"{event} {args}")

    sys.addaudithook(hook)


def clocks() -> None:
    """From now on, no clock is read."""

    def profile(frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call":
            return
        owner = getattr(called, "__self__", None)
        is_now = isinstance(owner, type) and issubclass(owner, datetime.date) and called.__name__ in NOW
        if is_now or called in CLOCKS:
            end(f"clock {called.__qualname__}")

    sys.setprofile(profile)
