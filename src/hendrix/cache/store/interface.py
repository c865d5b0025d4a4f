"""What every store of the cache promises.

**Purging.** Once ``purge`` has returned, no store of any worker of this machine gives what it meant: not what was
stored before, nor what was being computed when the purge came. Two things see to that:

* the *journal*, which all workers of a server share: a purge is written there first, and that raises its generation.
  Whatever a store does (``get``, ``fetch``, ``put``), it first compares the journal's generation with the one that it
  has seen, and applies what is new (``Journal.since``). So a purge needs no message to anybody;
* *tickets*: whoever sends a request on to the application takes ``Journal.generation`` as its ticket before. ``put``
  refuses an answer that any purge since that ticket means. A store whose content is shared compares within the same
  transaction as it writes.

A purge means what ``Purge.touches`` says. A soft one sets ``Entry.soft`` of what is stored, and refuses nothing; but
an answer under way is stored with ``soft`` set.

**Threads.** ``purge`` may be called from any thread and may block; everything else is called on the loop's thread and
does not wait for anything but memory (``fetch`` waits elsewhere and calls back).

**Bounds.** A store never holds more than its limit of ``size`` in all; it makes room by what was not used longest.
An entry larger than an eighth of the limit is refused. A ``Fork`` counts as well.

**Faults.** A store that cannot do its work (full disk, lost server, damaged content) behaves as if it were empty and
emits one event; it never raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from hendrix.cache.entry import Entry, Stored
from hendrix.cache.purges import Purge


class Journal(Protocol):
    """The purges of a server, in order, shared by all its workers. Safe to use from any thread and process."""

    @property
    def generation(self) -> int:
        """How many there have been. Costs next to nothing: it is asked for every hit."""

    def since(self, generation: int) -> Sequence[Purge] | None:
        """Those behind ``generation``, the oldest first. None: that is too long ago, take it as everything."""

    def verdict(self, labels: Iterable[bytes], place: bytes, ticket: int) -> int:
        """What has become, by purges since ``ticket``, of an answer with these labels that is at ``place``.

        One of ``cache.journal``'s ``VALID``, ``STALE`` and ``GONE``.
        """

    def note(self, purge: Purge) -> int:
        """Write it down; from now on the generation is the one returned, or above."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a store, as it is now. ``entries`` are pages, and no forks; ``limit`` and ``size`` are bytes.

    ``evicted`` counts since the process began.
    """

    entries: int
    size: int
    limit: int
    evicted: int


#: What ``fetch`` tells: what was found, and if nothing was: is it ours to make?
Fetched = Callable[[Stored | None, bool], None]


class Store(Protocol):
    """See the module's text."""

    #: Must it be asked by ``fetch`` before the application is? False where ``get`` knows all that there is and nobody
    #: else can be at work on the same.
    far: bool

    def get(self, key: bytes) -> Stored | None:
        """What is at ``key`` and at hand, fresh or stale. It counts as a use of it."""

    def fetch(self, key: bytes, lease: float, done: Fetched) -> None:
        """Look further than ``get``; then call ``done(stored, False)``, ``done(None, True)`` or ``done(None, False)``.

        ``True``: nobody else (no other worker, no other machine) is at work on it, and for ``lease`` seconds, or until
        ``put`` or ``release``, others are told that somebody is. ``False``: somebody is; ask again in a while. What is
        found stale is given with True to the one that is to renew it, and with False to others. ``done`` is called
        once, at once or later, whatever happens; where the store is out of order, with ``(None, True)``.
        """

    def put(self, entry: Stored) -> bool:
        """Store it at its key, in place of what is there. False: it was refused.

        ``entry.ticket`` tells since when purges count. Gives up a claim on the key.
        """

    def release(self, key: bytes) -> None:
        """Nothing is to come for a key that was claimed."""

    def amend(self, entry: Entry, coding: str, body: bytes) -> None:
        """One more coding of the same content, if that very entry is still there. ``entry`` gets it in any case."""

    def remove(self, key: bytes) -> None:
        """Forget what is at ``key``."""

    def purge(self, purge: Purge) -> int:
        """Write it into the journal and apply it; see the module's text.

        How many this store has let go, or made stale; 0 says nothing of other workers' own stores.
        """

    def listing(self, most: int) -> Iterator[Entry]:
        """Up to ``most`` entries, those used last first."""

    def counts(self) -> Counts:
        """How much there is."""

    def close(self) -> None:
        """Let go of files and connections; what is shared stays for others."""
