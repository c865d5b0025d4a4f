"""Very many distinct URLs, each stored once and never asked for again: the cache must stay as large as it may be.

python -m tests.cache.soak --store shared --count 10000000 --limit 32
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from hendrix.answer.caching.building import cookies_of, rules_of
from hendrix.answer.caching.codings import Codings
from hendrix.answer.caching.keeping import Keeping, Settings
from hendrix.answer.caching.layer import Cached, never
from hendrix.answer.caching.recording import record
from hendrix.cache.journal import SharedJournal
from hendrix.cache.store.interface import Store
from hendrix.cache.store.memory import MemoryStore
from hendrix.cache.store.shared import SharedStore
from hendrix.core.clock import steady
from hendrix.core.config import Config
from tests.kit.stage import FakeExchange, request

#: What Python takes besides, of a store in its own memory: objects are larger than their bytes.
SLACK = 1.6
_OTHER = 24 << 20


class Crew:
    """Does at once what others do in threads."""

    def run(self, work, done) -> bool:
        done(work())
        return True


def site(store: Store, journal: SharedJournal) -> Cached:
    """A cache around an application that has a page at every URL."""

    def application(exchange) -> None:
        body = exchange.request.path * 40
        exchange.respond("200 OK", [("Content-Type", "text/plain"), ("Cache-Control", "max-age=600")], body)

    config = Config(cache=True)
    settings = Settings(config.cache_largest, config.cache_wait, config.cache_obey)
    keeping = Keeping(settings, store, journal, rules_of(config), cookies_of(config), Codings([], Crew()))
    return Cached(keeping, record(keeping, application), never)


def resident() -> int:
    """Bytes of memory that this process has, those that it shares with others among them."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def soak(kind: str, count: int, limit: int) -> int:
    """Send ``count`` requests. Returns how many bytes of memory were taken at most."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        journal = SharedJournal(f"{folder}/journal")
        store: Store = MemoryStore(limit, journal) if kind == "memory" else SharedStore(folder, limit, journal)
        cached, began, most, base = site(store, journal), time.monotonic(), 0, resident()
        for number in range(count):
            exchange = FakeExchange(request(b"/%d" % number))
            cached.answer(exchange)
            assert exchange.status == "200 OK"
            if number % 10_000 == 0:
                cached.tick(steady())
                most = max(most, resident() - base)
                size = store.counts().size
                assert size <= limit, f"{size} bytes after {number}"
        most = max(most, resident() - base)
        assert most <= limit * SLACK + _OTHER, f"{most} bytes of memory"
        assert store.counts().size > limit // 2, "it was not full"
        pace = (time.monotonic() - began) / count * 1e6
        print(f"{kind}: {count} URLs, {pace:.0f} us each; {most >> 20} MB taken of a limit of {limit >> 20} MB")
        store.close()
    return most


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=["memory", "shared"], action="append")
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument("--limit", type=int, default=32, help="megabytes")
    given = parser.parse_args()
    for kind in given.store or ["memory", "shared"]:
        soak(kind, given.count, given.limit << 20)
    return 0


if __name__ == "__main__":
    sys.exit(main())
