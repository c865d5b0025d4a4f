"""A flood of different URLs: the memory of the cache stays at its limit (``python -m tests.cache.flood [URLS]``).

By default 10,000,000 answers of up to 2 kB are put into a cache of 64 MB, which takes some minutes. Exit status 1
where the process grew by more than the limit and a quarter.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from hendrix.cache.entry import Entry
from hendrix.cache.journal import SharedJournal
from hendrix.cache.purges import labels_of
from hendrix.cache.store.memory import MemoryStore

LIMIT = 64 << 20
URLS = 10_000_000


def page(number: int) -> Entry:
    path = b"/page/%d" % number
    place = b"example.org" + path
    return Entry(
        key=b"http://" + place,
        url=b"http://" + place,
        status="200 OK",
        headers=[("Content-Type", "text/html"), ("Cache-Control", "max-age=60"), ("X-Number", str(number))],
        bodies={"identity": bytes(number % 2000)},
        born=0.0,
        lifetime=60.0,
        labels=labels_of(b"example.org", path, b"", [b"tag-%d" % number]),
        place=place,
    )


def resident() -> int:
    """Bytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def flood(urls: int, limit: int, directory: str) -> int:
    """By how many bytes the process grew at most."""
    store = MemoryStore(limit, SharedJournal(f"{directory}/journal"))
    before = most = resident()
    began = time.monotonic()
    for number in range(urls):
        store.put(page(number))
        if number % 100_000 == 99_999:
            most = max(most, resident())
            if sys.stdout.isatty():
                print(f"{number + 1:,} in {time.monotonic() - began:.0f} s, {(most - before) >> 20} MB", end="\r")
    most = max(most, resident())
    assert store.counts().size <= limit
    return most - before


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        wanted = int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else URLS
        grown = flood(wanted, LIMIT, folder)
    print(f"{wanted:,} URLs: the process grew by {grown >> 20} MB with a cache of {LIMIT >> 20} MB")
    sys.exit(grown > LIMIT * 5 // 4)
