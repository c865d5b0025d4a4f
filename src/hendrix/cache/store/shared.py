"""One cache for all workers of a machine: content in a log that all have in memory, and a front of each worker's own.

The *front* keeps answers as they were last used here, so that a hit costs two looks at words that all share: is it
still what is stored, and has anybody purged anything? Only then is more to be done. What is stored is thus seen in all
workers at once, and so is what was replaced, purged, or had to make room.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from hashlib import blake2b

from hendrix.cache.entry import Entry, Fork, Stored
from hendrix.cache.journal import GONE, STALE, SharedJournal
from hendrix.cache.purges import Purge
from hendrix.cache.store.front import Front
from hendrix.cache.store.interface import Counts, Fetched
from hendrix.cache.store.leases import Leases
from hendrix.cache.store.log import Found, Log
from hendrix.cache.store.packing import Damaged, pack, unpack
from hendrix.core.clock import steady
from hendrix.core.events import WARNING, emit

_WORD = 8
#: Of the limit: for the fronts of all workers together.
_FRONTS = 4
#: Of the limit: the largest entry.
_LARGEST = 8
#: Of the bytes in the files. Files of another size or version are not touched.
_VERSION = 1
#: Most that a purge in one go takes away under the lock.
_BATCH = 64


class Seat:
    """An entry in the front: where it is stored, and the generation at which it was last known not to be purged."""

    __slots__ = ("checked", "place", "position", "size", "stored")

    def __init__(self, stored: Stored, found: Found, checked: int) -> None:
        self.stored, self.place, self.position, self.checked = stored, found.place, found.position, checked
        self.size = stored.size


class SharedStore:
    """See ``cache.store.interface.Store``. ``limit`` is in bytes, for all ``workers`` together.

    The files are in ``folder``, which is ours alone. Raises ``OSError`` where they cannot be.
    """

    far = True

    def __init__(
        self,
        folder: str,
        limit: int,
        journal: SharedJournal,
        workers: int = 1,
        clock: Callable[[], float] = steady,
    ) -> None:
        self._limit, self._clock, self._journal = limit, clock, journal
        size = limit - limit // _FRONTS
        name = f"log-{_VERSION}-{size}"
        self._log = Log(os.path.join(folder, name), size)
        _leave_only(folder, name)
        self._leases = Leases(os.path.join(folder, f"leases-{_VERSION}"), clock)
        self._front: Front[Seat] = Front(limit // _FRONTS // workers)
        self._stuck = False

    # --- looking -------------------------------------------------------------------------------------------

    def get(self, key: bytes) -> Stored | None:
        """See ``Store.get``."""
        seat = self._front.seats.get(key)
        if seat is not None:
            log = self._log
            if log.positions[seat.place] == seat.position and self._journal.generation == seat.checked:
                log.used[seat.place] = 1
                self._front.seats.move_to_end(key)
                return seat.stored
            if not self._still(seat):
                self._front.leave(key)
                seat = None
        if seat is None:
            seat = self._look(key)
        return None if seat is None else seat.stored

    def fetch(self, key: bytes, lease: float, done: Fetched) -> None:
        """See ``Store.fetch``; calls back at once."""
        stored = self.get(key)
        if self._wants_none(stored):
            done(stored, False)
            return
        digest = _digest(key)
        ours = self._leases.claim(digest, lease)
        if ours and self._wants_none(again := self.get(key)):
            # Between our look and our claim somebody has stored it.
            self._leases.release(digest)
            done(again, False)
            return
        done(stored, ours)

    def _wants_none(self, stored: Stored | None) -> bool:
        """Is it of use without the application?"""
        if stored is None or isinstance(stored, Fork):
            return stored is not None
        return stored.freshness(self._clock()) > 0 and not stored.no_cache

    def _still(self, seat: Seat) -> bool:
        """Is it what is stored, and not purged?"""
        if self._log.positions[seat.place] != seat.position:
            return False
        seat.checked, known = self._journal.generation, self._verdict(seat.stored)
        return known != GONE

    def _look(self, key: bytes) -> Seat | None:
        generation, found = self._journal.generation, self._log.read(_digest(key))
        if found is None:
            return None
        stored = _unpacked(found.payload)
        if stored is None or stored.key != key or self._verdict(stored) == GONE:
            return None
        return self._front.take(Seat(stored, found, generation))

    def _verdict(self, stored: Stored) -> int:
        """By the journal; the entry is marked where it was purged softly."""
        if isinstance(stored, Fork):
            return 0
        known = self._journal.verdict(stored.labels, stored.place, stored.ticket)
        if known == STALE:
            stored.soft = True
        return known

    # --- changing ------------------------------------------------------------------------------------------

    def put(self, entry: Stored) -> bool:
        """See ``Store.put``."""
        digest = _digest(entry.key)
        try:
            return self._put(digest, entry)
        finally:
            self._leases.release(digest)

    def _put(self, digest: int, entry: Stored) -> bool:
        generation = self._journal.generation
        self._front.leave(entry.key)
        if entry.size > self._limit // _LARGEST or self._verdict(entry) == GONE:
            self.remove(entry.key)
            return False
        found = self._write(digest, entry)
        if found is None:
            return False
        # A purge since then means what is in the log, too: it is younger than the ticket.
        self._front.take(Seat(entry, found, generation))
        return True

    def _write(self, digest: int, stored: Stored) -> Found | None:
        payload = pack(stored)
        with self._log.file.lock() as held:
            found = self._log.write(digest, payload, _marks(stored)) if held else None
            if found is None:
                # What is there goes, even without the lock: at worst a record that another writes now is lost.
                self._log.drop(digest)
        if (found is None) != self._stuck:
            self._stuck = found is None
            if self._stuck:
                emit("cache.cannot_store", WARNING, path=self._log.file.path, reason=_why(held))
        return found

    def release(self, key: bytes) -> None:
        """See ``Store.release``."""
        self._leases.release(_digest(key))

    def amend(self, entry: Entry, coding: str, body: bytes) -> None:
        """See ``Store.amend``."""
        seat = self._front.seats.get(entry.key)
        entry.bodies[coding] = body
        if seat is None or seat.stored is not entry or entry.size > self._limit // _LARGEST:
            return
        if not self._still(seat):
            self._front.leave(entry.key)
            return
        payload, digest = pack(entry), _digest(entry.key)
        with self._log.file.lock() as held:
            # As long as we hold the lock nobody else writes; so this is still the same entry, if it is now.
            if not held or self._log.positions[seat.place] != seat.position:
                return
            found = self._log.write(digest, payload, _marks(entry))
        if found is not None:
            self._front.take(Seat(entry, found, seat.checked))

    def remove(self, key: bytes) -> None:
        """See ``Store.remove``."""
        self._front.leave(key)
        with self._log.file.lock():
            self._log.drop(_digest(key))  # without the lock, too; see ``_write``

    def purge(self, purge: Purge) -> int:
        """See ``Store.purge``. From any thread: it leaves the front alone, as its entries will be looked at anyway."""
        generation = self._journal.note(purge)
        marks = _bits(purge.label) if purge.label is not None else 0
        means = [found for found in self._log.marked(marks) if self._means(purge, generation, *found)]
        if not purge.soft:
            for at in range(0, len(means), _BATCH):
                with self._log.file.lock():
                    for digest, position in means[at : at + _BATCH]:
                        self._log.drop(digest, position)
        return len(means)

    def _means(self, purge: Purge, generation: int, digest: int, position: int) -> bool:
        payload = self._log.payload(digest, position)
        stored = None if payload is None else _unpacked(payload)
        if not isinstance(stored, Entry) or stored.ticket >= generation:
            return False
        return purge.touches(stored.labels, stored.place)

    # --- to look at ----------------------------------------------------------------------------------------

    def listing(self, most: int) -> Iterator[Entry]:
        """See ``Store.listing``: those of this worker's front, then the others, the newest first."""
        shown = set[bytes]()
        front = (seat.stored for seat in reversed(list(self._front.seats.values())) if self._still(seat))
        others = (_unpacked(found.payload) for found in self._log.newest())
        for source in (front, others):
            for stored in source:
                if isinstance(stored, Entry) and stored.key not in shown and self._verdict(stored) != GONE:
                    if len(shown) >= most:
                        return
                    shown.add(stored.key)
                    yield stored

    def counts(self) -> Counts:
        """See ``Store.counts``; the evicted ones are those of all workers. A fork has no labels, and is no page."""
        return Counts(self._log.marked_count, self._log.size + self._front.size, self._limit, self._log.evicted)

    def close(self) -> None:
        """See ``Store.close``."""
        self._front.clear()
        self._leases.close()
        self._log.file.close()


def _digest(key: bytes) -> int:
    return int.from_bytes(blake2b(key, digest_size=_WORD).digest(), "little") or 1


def _bits(label: bytes) -> int:
    """Two of 64, by which a record is found that may have this label."""
    number = int.from_bytes(blake2b(label, digest_size=2).digest(), "little")
    return 1 << (number & 63) | 1 << (number >> 6 & 63)


def _marks(stored: Stored) -> int:
    marks = 0
    if isinstance(stored, Entry):
        for label in stored.labels:
            marks |= _bits(label)
    return marks


def _unpacked(payload: bytes) -> Stored | None:
    try:
        return unpack(payload)
    except Damaged:
        return None


def _why(held: bool) -> str:
    return "the system has no more memory for it" if held else "another process holds its lock"


def _leave_only(folder: str, name: str) -> None:
    """Files of another size are left from before a reload: who still uses one has it without its name."""
    for other in os.listdir(folder):
        if other.startswith("log-") and other != name:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder, other))
