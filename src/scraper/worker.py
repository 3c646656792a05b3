"""A parse worker: reads pages from standard input, writes what they hold to standard output, until its input ends.

Frames are a length (4 bytes, big-endian) and MessagePack; nothing that a page could make the worker send is executed.
Its own memory and processor time are limited, so that a hostile page costs one worker and not the run.
"""

from __future__ import annotations

import os
import resource
import sys
from typing import BinaryIO

import msgspec

from scraper.discover.found import Links
from scraper.discover.start import read
from scraper.model import Article, Page, Rules
from scraper.parse.article import parse

Job = tuple[Page, Rules | None]  # a page's article is wanted, by the site's rules; without rules the links of a start
Reply = tuple[str, Article | Links | None]  # ("", what was wanted) or (reason, None)


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next frame, None at the end of input."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    return stream.read(int.from_bytes(head, "big"))


def frame(payload: bytes) -> bytes:
    """`payload` with its length in front."""
    return len(payload).to_bytes(4, "big") + payload


def lower(which: int, limit: int, *, hard: bool = False) -> None:
    """Set a limit of this process to `limit`, or to the lower one that it was given; a `hard` one stays."""
    most = resource.getrlimit(which)[1]
    limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
    resource.setrlimit(which, (limit, limit if hard else most))


def main(memory: int, cpu: int) -> None:
    """Serve until input ends; `memory` bytes of address space, `cpu` seconds for each page."""
    lower(resource.RLIMIT_AS, memory, hard=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints by mistake must not break the frames
    jobs = msgspec.msgpack.Decoder(Job)
    while (payload := read_frame(source)) is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = int(used.ru_utime + used.ru_stime)
        lower(resource.RLIMIT_CPU, spent + cpu + 1)
        reply: Reply
        try:
            page, rules = jobs.decode(payload)
            reply = ("", read(page) if rules is None else parse(page, rules))
        except MemoryError:
            reply = ("parse_memory", None)
        try:
            sink.write(frame(msgspec.msgpack.encode(reply)))
            sink.flush()
        except BrokenPipeError:  # the run is gone: there is nobody to tell, and nothing to clean up
            os._exit(0)
        if reply[0]:  # the heap may be in any state after running out
            return


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
