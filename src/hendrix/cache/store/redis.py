"""A cache for several machines, in a Redis or Valkey server; and a front of each worker's own.

**Purges.** What is purged on this machine is in its journal first, so that no worker here gives it from its front. A
worker tells Redis what is new in the journal before it asks for anything, so that none gets it from there either, even
if Redis was away when it was purged, or another process has noted it. Other machines are told by Redis, within a
moment; whoever does not hear Redis has no front. What they purge is noted in the journal here, too, so that tickets
count for it.

**Tickets** are of this machine's journal, and Redis has generations of its own. For each generation of the journal it
is known which one of Redis was seen first with it. That is not later than what a ticket stands for.

**Faults.** A Redis that is away is a cache that is empty: see ``line``.
"""

from __future__ import annotations

import asyncio
import secrets
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from hashlib import blake2b
from typing import Any, Final

from hendrix.cache.entry import Entry, Fork, Stored
from hendrix.cache.journal import GONE, STALE, VALID, SharedJournal
from hendrix.cache.purges import Purge
from hendrix.cache.store.front import Front
from hendrix.cache.store.interface import Counts, Fetched
from hendrix.cache.store.line import Away, Line
from hendrix.cache.store.packing import Damaged, pack, unpack
from hendrix.cache.store.scripts import LOOK, PUT, RELEASE, TELL
from hendrix.core.clock import steady

#: Milliseconds: nothing is kept longer, and what cannot be served stale stays a while to be validated.
_LONGEST: Final = 7 * 24 * 3_600_000
_TO_VALIDATE: Final = 3_600_000
_FOR_EVER: Final = 1 << 50
#: Of the limit: the largest entry.
_LARGEST = 8
#: Questions under way at once, and bytes on their way to Redis; what is more is done without.
_MOST_ASKED = 512
_MOST_BYTES = 64 << 20
#: Generations of the journal for which it is known what Redis had.
_KNOWN = 256
#: Seconds after which a silent Redis is asked whether it is there.
_BEAT = 1.0


class Seat:
    """An entry in the front: its version in Redis, and the generation at which it was last known not to be purged."""

    __slots__ = ("checked", "size", "stored", "version")

    def __init__(self, stored: Stored, version: bytes, checked: int) -> None:
        self.stored, self.version, self.checked = stored, version, checked
        self.size = stored.size


class RedisStore:
    """See ``cache.store.interface.Store``. ``limit`` is of the front, in bytes; Redis has a limit of its own.

    ``name`` is the same on all machines that share it, and different for different sites. Raises ``UsageError``.
    """

    far = True

    def __init__(
        self,
        url: str,
        name: str,
        limit: int,
        journal: SharedJournal,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float] = steady,
    ) -> None:
        self._limit, self._journal, self._loop, self._clock = limit, journal, loop, clock
        self._line = Line(url, steady)
        self._prefix = f"{{hendrix:{name}}}"
        self._channel = f"{self._prefix}:news"
        self._books = [f"{self._prefix}:{word}" for word in ("journal", "hard", "soft", "prefixes")]
        self._me = secrets.token_hex(8).encode()
        self._front: Front[Seat] = Front(limit)
        self._hears = False
        #: The name of Redis's journal, and (generation here, generation there) as they were first seen together.
        self._name = b""
        self._known: deque[tuple[int, int]] = deque(maxlen=_KNOWN)
        #: The generation up to which Redis has been told; below 0: that is not known.
        self._told = -1
        self._tasks: set[asyncio.Task[None]] = set()
        self._bytes = 0
        self._listening = loop.create_task(self._listen())
        self._telling = loop.create_task(self._keep_telling())

    # --- looking -------------------------------------------------------------------------------------------

    def get(self, key: bytes) -> Stored | None:
        """See ``Store.get``: what is in the front."""
        seat = self._front.seats.get(key)
        if seat is None:
            return None
        if self._hears:
            if self._journal.generation == seat.checked:
                self._front.seats.move_to_end(key)
                return seat.stored
            if self._still(seat):
                return seat.stored
        self._front.leave(key)
        return None

    def _still(self, seat: Seat) -> bool:
        seat.checked = self._journal.generation
        return self._verdict(seat.stored) != GONE

    def _verdict(self, stored: Stored) -> int:
        """By the journal here; the entry is marked where it was purged softly."""
        if isinstance(stored, Fork):
            return VALID
        known = self._journal.verdict(stored.labels, stored.place, stored.ticket)
        if known == STALE:
            stored.soft = True
        return known

    def fetch(self, key: bytes, lease: float, done: Fetched) -> None:
        """See ``Store.fetch``."""
        if len(self._tasks) >= _MOST_ASKED or not self._line.open:
            done(None, True)
        else:
            self._begin(self._fetch(key, lease, done))

    async def _fetch(self, key: bytes, lease: float, done: Fetched) -> None:
        stored: Stored | None = None
        ours = True
        with suppress(Away):
            stored, ours = await self._look(key, lease)
        done(stored, ours)

    async def _look(self, key: bytes, lease: float) -> tuple[Stored | None, bool]:
        generation = self._journal.generation
        if generation != self._told:
            await self._tell()
        words = (secrets.token_hex(8), self._me, max(1, int(lease * 1000)))
        found = await self._line.ask(LOOK, self._keys(key), words)
        data, version, age, state, claimed, theirs, name = found
        self._learn(generation, theirs, name)
        stored = self._unpacked(key, data, age) if data else None
        if stored is not None:
            if isinstance(stored, Entry):
                stored.ticket, stored.soft = generation, state == STALE
            if self._verdict(stored) == GONE:
                stored = None  # while we asked
            elif self._hears:
                self._front.take(Seat(stored, version, generation))
        # What Redis had and we cannot use is ours to make, although there is no claim.
        return stored, bool(claimed) or (stored is None and bool(data))

    def _unpacked(self, key: bytes, data: bytes, age: int) -> Stored | None:
        try:
            stored = unpack(data)
        except Damaged:
            return None
        if isinstance(stored, Entry):
            stored.born = self._clock() - age / 1000
        return stored if stored.key == key else None

    def _learn(self, generation: int, theirs: int, name: bytes) -> None:
        if name != self._name:
            # Another Redis, or it was emptied: what we had of it counts for nothing.
            self._name = name
            self._known.clear()
            self._front.clear()
        if not self._known or self._known[-1][0] < generation:
            self._known.append((generation, theirs))

    # --- changing ------------------------------------------------------------------------------------------

    def put(self, entry: Stored) -> bool:
        """See ``Store.put``. It is on its way to Redis then."""
        generation = self._journal.generation
        self._front.leave(entry.key)
        if entry.size > self._limit // _LARGEST or self._verdict(entry) == GONE:
            self.remove(entry.key)
            return False
        theirs = self._generation_of(entry.ticket if isinstance(entry, Entry) else generation)
        if theirs is None:
            self.release(entry.key)
            return False
        seat = Seat(entry, secrets.token_hex(8).encode(), generation)
        if not self._write(entry, theirs, b"", seat.version):
            self.release(entry.key)
            return False
        if self._hears:
            self._front.take(seat)
        return True

    def _generation_of(self, ticket: int) -> int | None:
        """Of Redis, not later than what the ticket of this machine stands for. None: that is not known."""
        at = bisect_right(self._known, ticket, key=lambda pair: pair[0])
        return self._known[at - 1][1] if at else None

    def _write(self, stored: Stored, ticket: int, only: bytes, version: bytes) -> bool:
        """Begin to. False: there is too much on its way already, or nobody to take it."""
        data = pack(stored)
        if self._bytes + len(data) > _MOST_BYTES or len(self._tasks) >= _MOST_ASKED or not self._line.open:
            return False
        words: list[bytes | str | int]
        words = [secrets.token_hex(8), self._me, self._channel, stored.key, self._name, ticket, only, data]
        words += [version, *self._fields(stored)]
        self._bytes += len(data)
        self._begin(self._send(stored.key, version, len(data), words))
        return True

    async def _send(self, key: bytes, version: bytes, size: int, words: list[bytes | str | int]) -> None:
        stored = 0
        try:
            stored = await self._line.ask(PUT, self._keys(key), words)
        except Away:
            pass
        finally:
            self._bytes -= size
            seat = self._front.seats.get(key)
            if not stored and seat is not None and seat.version == version:
                self._front.leave(key)

    def _fields(self, stored: Stored) -> list[bytes | str | int]:
        """Labels, place, milliseconds to keep it, its age, its lifetime (0 where it is to be validated each time)."""
        if isinstance(stored, Fork):
            return [b"", b"", _LONGEST, 0, _FOR_EVER]
        now = self._clock()
        left = int((stored.useful_until - now) * 1000) + _TO_VALIDATE
        lifetime = 0 if stored.no_cache or stored.soft else int(max(0.0, min(stored.lifetime, 1e9)) * 1000)
        labels = b"\n".join(stored.labels)
        return [labels, stored.place, max(1, min(left, _LONGEST)), int(stored.age(now) * 1000), lifetime]

    def release(self, key: bytes) -> None:
        """See ``Store.release``."""
        self._give_up(key, 0)

    def remove(self, key: bytes) -> None:
        """See ``Store.remove``."""
        self._front.leave(key)
        self._give_up(key, 1)

    def _give_up(self, key: bytes, whole: int) -> None:
        if self._line.open and len(self._tasks) < 2 * _MOST_ASKED:
            self._begin(self._say(RELEASE, self._keys(key)[4:], (self._me, self._channel, key, whole)))

    def amend(self, entry: Entry, coding: str, body: bytes) -> None:
        """See ``Store.amend``."""
        seat = self._front.seats.get(entry.key)
        entry.bodies[coding] = body
        if seat is None or seat.stored is not entry or entry.size > self._limit // _LARGEST:
            return
        version, checked = secrets.token_hex(8).encode(), seat.checked
        theirs = self._generation_of(entry.ticket)
        if theirs is not None and self._write(entry, theirs, seat.version, version):
            self._front.take(Seat(entry, version, checked))

    # --- purging -------------------------------------------------------------------------------------------

    def purge(self, purge: Purge) -> int:
        """See ``Store.purge``. Redis is told at once, if it can be; how many it had is not known."""
        self._journal.note(purge)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            with suppress(Away):
                self._tell_from_thread()
        else:
            self._begin(self._tell_soon())
        return 0

    async def _tell_soon(self) -> None:
        with suppress(Away):
            await self._tell()

    async def _keep_telling(self) -> None:
        """What other processes of this machine have purged is for other machines, even if nobody here asks Redis."""
        while True:
            await asyncio.sleep(_BEAT)
            if self._told != self._journal.generation and self._line.open:
                await self._tell_soon()

    async def _tell(self) -> None:
        """Have Redis know all purges of this machine. Raises ``Away``."""
        told = self._told
        while (words := self._untold(told)) is not None:
            keys = [*self._books, self._key_of_told()]
            self._told = told = int(await self._line.ask(TELL, keys, words))

    def _tell_from_thread(self) -> None:
        told = self._told
        while (words := self._untold(told)) is not None:
            told = int(self._line.ask_from_thread(TELL, [*self._books, self._key_of_told()], words))

    def _untold(self, told: int) -> list[bytes | str | int] | None:
        """The words of ``TELL``; None where there is nothing to tell."""
        words: list[bytes | str | int] = [secrets.token_hex(8), self._journal.identity, self._channel, _LONGEST]
        if told < 0:
            return [*words, 1]  # which asks how much has been told
        latest = self._journal.generation
        if told == latest:
            return None
        purges = self._journal.since(told)
        if purges is None:
            return [*words, latest, "everything", 0, b""]
        words.append(told + 1)
        for purge in purges:
            words += ["" if purge.foreign else purge.kind, int(purge.soft), purge.subject]
        return words

    def _key_of_told(self) -> str:
        return f"{self._prefix}:told:{self._journal.identity:x}"

    # --- what others do ------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            with suppress(Away):
                await self._line.hear(self._channel, self._begin_to_hear, self._on_news, _BEAT)
            self._hears = False
            self._front.clear()
            await asyncio.sleep(max(self._line.rest, _BEAT))

    async def _begin_to_hear(self) -> None:
        """From now on we are told of everything. What we have missed has a generation that we ask for."""
        await self._tell()
        found = await self._line.ask(LOOK, self._keys(b""), (secrets.token_hex(8), self._me, 1))
        self._front.clear()
        # One that means nothing: tickets from before stand for what was known before.
        generation = self._journal.note(Purge("tag", secrets.token_hex(8).encode(), foreign=True))
        self._learn(generation, found[5], found[6])
        self._hears = True

    def _on_news(self, news: bytes) -> None:
        kind, _, said = news.partition(b"\n")
        if kind == b"w":
            writer, _, key = said.partition(b"\n")
            if writer != self._me:
                self._front.leave(key)
        elif kind == b"p":
            machine, generation, what, soft, subject = said.split(b"\n", 4)
            if machine != b"%d" % self._journal.identity:
                purge = Purge(what.decode("latin-1"), subject, soft == b"1", foreign=True)
                self._learn(self._journal.note(purge), int(generation), self._name)

    # --- to look at ----------------------------------------------------------------------------------------

    def listing(self, most: int) -> Iterator[Entry]:
        """See ``Store.listing``: of the front only, as nobody waits for Redis here."""
        seats = [seat for seat in reversed(self._front.seats.values()) if self._still(seat)]
        entries = [seat.stored for seat in seats if isinstance(seat.stored, Entry)]
        return iter(entries[:most])

    def counts(self) -> Counts:
        """See ``Store.counts``: of the front."""
        front = self._front
        pages = sum(isinstance(seat.stored, Entry) for seat in front.seats.values())
        return Counts(pages, front.size, self._limit, front.evicted)

    def close(self) -> None:
        """See ``Store.close``. Claims that are left end at their deadlines."""
        self._hears = False
        for task in (self._listening, self._telling, *self._tasks):
            task.cancel()
        self._front.clear()
        if not self._loop.is_closed():
            self._closing = self._loop.create_task(self._line.close())

    # --- tasks and names -----------------------------------------------------------------------------------

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _say(self, script: str, keys: list[str], words: tuple[bytes | str | int, ...]) -> None:
        with suppress(Away):
            await self._line.ask(script, keys, words)

    def _keys(self, key: bytes) -> list[str]:
        digest = _digest(key)
        return [*self._books, f"{self._prefix}:answer:{digest}", f"{self._prefix}:claim:{digest}"]


def _digest(key: bytes) -> str:
    return blake2b(key, digest_size=16).hexdigest()
