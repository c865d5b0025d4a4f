"""Stores for tests: several workers of one machine, a clock that stands still, and entries to put in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from hendrix.cache.entry import Entry, Stored
from hendrix.cache.purges import labels_of
from hendrix.cache.store.interface import Journal, Store

LIMIT = 1 << 20
HOST = b"example.org"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """One kind of store. ``open`` makes one for a further worker; ``turn`` lets what was begun come to its end."""

    kind: str
    open: Callable[[int], Store]
    journal: Callable[[], Journal]
    clock: Clock = field(default_factory=Clock)
    turn: Callable[[], None] = lambda: None
    #: Does a second worker see what the first has stored?
    shared: bool = True

    def fetch(self, store: Store, key: bytes, lease: float = 10.0) -> tuple[Stored | None, bool]:
        told: list[tuple[Stored | None, bool]] = []
        store.fetch(key, lease, lambda stored, ours: told.append((stored, ours)))
        if not told:
            self.turn()
        assert len(told) == 1
        return told[0]

    def look(self, store: Store, key: bytes) -> Stored | None:
        """What a request finds, without a claim left behind."""
        found = store.get(key)
        if found is None and store.far:
            found, ours = self.fetch(store, key)
            if ours:
                store.release(key)
                self.turn()
        return found

    def same(self, found: Stored | None, wanted: Stored | None) -> bool:
        """But for what is a machine's own, and the milliseconds that a network takes."""
        if not isinstance(found, Entry) or not isinstance(wanted, Entry):
            return found == wanted
        return replace(found, ticket=wanted.ticket, born=wanted.born) == wanted and abs(found.born - wanted.born) < 5.0

    def put(self, store: Store, entry: Stored) -> bool:
        stored = store.put(entry)
        self.turn()
        return stored

    def entry(
        self, name: str, body: bytes = b"hello", *, ticket: int | None = None, tags: Sequence[bytes] = (), **more
    ) -> Entry:
        path = b"/" + name.encode()
        return Entry(
            **{
                "key": b"k " + path,
                "url": b"http://" + HOST + path,
                "status": "200 OK",
                "headers": [("Content-Type", "text/html; charset=utf-8"), ("X-Name", "caf\xe9")],
                "bodies": {"identity": body},
                "born": self.clock(),
                "lifetime": 60.0,
                "labels": labels_of(HOST, path, b"", tags),
                "place": HOST + path,
                "ticket": self.journal().generation if ticket is None else ticket,
                **more,
            }
        )
