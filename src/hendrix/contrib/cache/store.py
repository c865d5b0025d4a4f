"""A store of today with a backend of the old kind behind it: memory first, and what that lacks is asked for there.

Backends may take their time, so they are called in threads of Twisted's.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet.threads import deferToThread

from hendrix.cache.entry import IDENTITY, Entry, Stored
from hendrix.cache.journal import GONE, STALE, SharedJournal
from hendrix.cache.purges import Purge
from hendrix.cache.store.interface import Counts, Fetched, Store
from hendrix.cache.store.packing import Damaged, pack, unpack
from hendrix.contrib.cache import CachedResource
from hendrix.contrib.cache.backends import CacheBackend
from hendrix.core.clock import steady
from hendrix.core.events import WARNING, emit

InThread = Callable[..., Any]


class BackendStore:
    """See ``cache.store.interface.Store``."""

    far = True

    def __init__(
        self, near: Store, backend: CacheBackend, journal: SharedJournal, in_thread: InThread = deferToThread
    ) -> None:
        self._near = near
        self._backend = backend
        self._journal = journal
        self._in_thread = in_thread

    def get(self, key: bytes) -> Stored | None:
        """See ``Store.get``."""
        return self._near.get(key)

    def fetch(self, key: bytes, lease: float, done: Fetched) -> None:
        """See ``Store.fetch``."""
        began = self._journal.generation

        def near(stored: Stored | None, ours: bool) -> None:
            if stored is not None or not ours:
                done(stored, ours)
                return
            asked = self._in_thread(self._backend.getResource, _uri(key))
            asked.addCallback(lambda found: self._taken(key, found, began))
            asked.addCallbacks(lambda told: done(*told), lambda failure: self._failed(failure, done))

        self._near.fetch(key, lease, near)

    def _taken(self, key: bytes, found: CachedResource | None, began: int) -> tuple[Stored | None, bool]:
        """What the backend had goes into memory, unless it was purged.

        The backend may be of this worker alone, and has not heard then of what others have purged.
        """
        stored = None if found is None else _unpacked(key, found)
        if found is not None and isinstance(stored, Entry):
            verdict = self._verdict(stored, began if found.journal != self._journal.identity else stored.ticket)
            stored.soft = stored.soft or verdict == STALE
            stored.ticket = began
            if verdict == GONE or not self._near.put(stored):
                stored = None
        elif stored is not None:
            self._near.put(stored)
        return stored, stored is None

    def _verdict(self, entry: Entry, ticket: int) -> int:
        return self._journal.verdict(entry.labels, entry.place, ticket)

    def _failed(self, failure: Any, done: Fetched) -> None:
        emit("cache.backend_failed", WARNING, reason=failure.getErrorMessage())
        done(None, True)

    def put(self, entry: Stored) -> bool:
        """See ``Store.put``."""
        if not self._near.put(entry):
            return False
        if isinstance(entry, Entry):
            content, headers = entry.bodies.get(IDENTITY, b""), {name.lower(): value for name, value in entry.headers}
        else:
            content, headers = b"", {}
        self._in_thread(self._add, entry, pack(entry), content, headers).addErrback(_told)
        return True

    def _add(self, entry: Stored, packed: bytes, content: bytes, headers: dict[str, str]) -> None:
        """In a thread."""
        uri = _uri(entry.key)
        found = self._backend.addResource(content, uri, headers)
        resource = found if isinstance(found, CachedResource) else self._backend.getResource(uri)
        if resource is not None:
            resource.packed = packed
            resource.packed_at = (steady(), time.time())
            resource.journal = self._journal.identity
            with contextlib.suppress(NotImplementedError):
                # Again: what goes to a disk or over a network has gone without.
                self._backend.cache[uri] = resource
        if isinstance(entry, Entry) and self._verdict(entry, entry.ticket) == GONE:
            self._backend.removeResource(uri)  # it was purged before it was here to be removed

    def release(self, key: bytes) -> None:
        """See ``Store.release``."""
        self._near.release(key)

    def amend(self, entry: Entry, coding: str, body: bytes) -> None:
        """See ``Store.amend``."""
        self._near.amend(entry, coding, body)

    def remove(self, key: bytes) -> None:
        """See ``Store.remove``."""
        self._near.remove(key)
        self._in_thread(self._backend.removeResource, _uri(key)).addErrback(_told)

    def purge(self, purge: Purge) -> int:
        """See ``Store.purge``. The backend is emptied first: what is asked of it now is refused by the journal."""
        count = self._near.purge(purge)
        for uri, found in list(self._backend.cache.items()):
            entry = _unpacked(uri.encode("latin-1"), found)
            if isinstance(entry, Entry) and purge.touches(entry.labels, entry.place):
                self._backend.removeResource(uri)
                count += 1
        return count

    def listing(self, most: int) -> Iterator[Entry]:
        """See ``Store.listing``."""
        return self._near.listing(most)

    def counts(self) -> Counts:
        """See ``Store.counts``."""
        return self._near.counts()

    def close(self) -> None:
        """See ``Store.close``."""
        self._near.close()


def _uri(key: bytes) -> str:
    return key.decode("latin-1")


def _unpacked(key: bytes, found: CachedResource) -> Stored | None:
    """Times were those of the machine that packed it; by the wall clock they are ours."""
    try:
        stored = unpack(found.packed) if found.packed else None
    except Damaged:
        return None
    if stored is None or stored.key != key:
        return None
    if isinstance(stored, Entry):
        then, wall = found.packed_at
        stored.born = steady() - (then - stored.born) - max(0.0, time.time() - wall)
    return stored


def _told(failure: Any) -> None:
    emit("cache.backend_failed", WARNING, reason=failure.getErrorMessage())
