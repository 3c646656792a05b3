"""State and output of one folder, written exactly once."""

from scraper.store.outbox import Append
from scraper.store.state import Run
from scraper.store.verify import Report, verify
from scraper.store.writer import Done, Hosts, Result, Store, Writer

__all__ = ["Append", "Done", "Hosts", "Report", "Result", "Run", "Store", "Writer", "verify"]
