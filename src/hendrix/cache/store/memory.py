"""A store in a worker's own memory: what was not used longest goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from hendrix.cache.entry import Entry, Stored
from hendrix.cache.purges import Purge
from hendrix.cache.store.interface import Counts, Fetched, Journal

#: The part of the limit that one entry may take.
LARGEST_PART = 8


class MemoryStore:
    """See ``store.interface.Store``."""

    far = False

    def __init__(self, limit: int, journal: Journal) -> None:
        self._limit = limit
        self._journal = journal
        self._seen = journal.generation
        self._entries: OrderedDict[bytes, Stored] = OrderedDict()
        self._sizes: dict[bytes, int] = {}
        self._labels: dict[bytes, set[bytes]] = {}
        self._size = 0
        self._evicted = 0

    def get(self, key: bytes) -> Stored | None:
        """See ``Store.get``."""
        if self._journal.generation != self._seen:
            self._catch_up()
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def fetch(self, key: bytes, lease: float, done: Fetched) -> None:
        """See ``Store.fetch``. There is nothing further, and the layer itself knows who is at work on what."""
        done(self.get(key), True)

    def put(self, entry: Stored) -> bool:
        """See ``Store.put``."""
        if self._journal.generation != self._seen:
            self._catch_up()
        size = entry.size
        if size > self._limit // LARGEST_PART or (isinstance(entry, Entry) and not self._survives(entry)):
            return False
        self.remove(entry.key)
        self._entries[entry.key] = entry
        self._sizes[entry.key] = size
        self._size += size
        if isinstance(entry, Entry):
            for label in entry.labels:
                self._labels.setdefault(label, set()).add(entry.key)
        self._make_room()
        return True

    def release(self, key: bytes) -> None:
        """See ``Store.release``."""

    def amend(self, entry: Entry, coding: str, body: bytes) -> None:
        """See ``Store.amend``."""
        entry.bodies[coding] = body
        if self._entries.get(entry.key) is entry:
            self._size -= self._sizes[entry.key]
            self._sizes[entry.key] = entry.size
            self._size += entry.size
            self._make_room()

    def remove(self, key: bytes) -> None:
        """See ``Store.remove``."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self._size -= self._sizes.pop(key)
        if isinstance(entry, Entry):
            for label in entry.labels:
                keys = self._labels.get(label)
                if keys is not None:
                    keys.discard(key)
                    if not keys:
                        del self._labels[label]

    def purge(self, purge: Purge) -> int:
        """See ``Store.purge``. From any thread: it is applied by the loop, before anything else is asked."""
        count = self._count(purge)
        self._journal.note(purge)
        return count

    def _count(self, purge: Purge) -> int:
        if purge.label is not None:
            return len(self._labels.get(purge.label, ()))
        entries = [entry for entry in list(self._entries.values()) if isinstance(entry, Entry)]
        return sum(purge.touches(entry.labels, entry.place) for entry in entries)

    def listing(self, most: int) -> Iterator[Entry]:
        """See ``Store.listing``."""
        if self._journal.generation != self._seen:
            self._catch_up()
        entries = [entry for entry in reversed(self._entries.values()) if isinstance(entry, Entry)]
        return iter(entries[:most])

    def counts(self) -> Counts:
        """See ``Store.counts``."""
        entries = sum(isinstance(entry, Entry) for entry in self._entries.values())
        return Counts(entries, self._size, self._limit, self._evicted)

    def tick(self) -> None:
        """Now and then, so that a worker with nothing to do does not miss so much that it must begin anew."""
        if self._journal.generation != self._seen:
            self._catch_up()

    def close(self) -> None:
        """See ``Store.close``."""

    def _make_room(self) -> None:
        while self._size > self._limit:
            self.remove(next(iter(self._entries)))
            self._evicted += 1

    def _survives(self, entry: Entry) -> bool:
        """Has nothing that it is made of been purged since it was asked for?"""
        purges = self._journal.since(entry.ticket)
        if purges is None:
            return False
        for purge in purges:
            if purge.touches(entry.labels, entry.place):
                if not purge.soft:
                    return False
                entry.soft = True
        return True

    def _catch_up(self) -> None:
        """Apply the purges that are new."""
        now = self._journal.generation
        purges = self._journal.since(self._seen)
        self._seen = now
        if purges is None:
            self._clear()
            return
        for purge in purges:
            self._apply(purge)

    def _apply(self, purge: Purge) -> None:
        if purge.kind == "all" and not purge.soft:
            self._clear()
            return
        for key in self._meant(purge):
            entry = self._entries[key]
            if not purge.soft:
                self.remove(key)
            elif isinstance(entry, Entry):
                entry.soft = True
                entry.made = None

    def _meant(self, purge: Purge) -> list[bytes]:
        if purge.label is not None:
            return list(self._labels.get(purge.label, ()))
        return [
            key
            for key, entry in self._entries.items()
            if isinstance(entry, Entry) and purge.touches(entry.labels, entry.place)
        ]

    def _clear(self) -> None:
        self._entries.clear()
        self._sizes.clear()
        self._labels.clear()
        self._size = 0
