"""Static files and uploads, before the application: no thread, no Django, and no middleware sees them.

A path that is at hand costs one look-up and one write. Whatever may block goes to a thread of its own kind: the first
look at a file, and one after a long time. What is no file here is the application's to answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from hendrix.answer.failure import shed
from hendrix.answer.files.entry import Entry, build
from hendrix.answer.files.names import name_of, path_of
from hendrix.answer.files.place import Place
from hendrix.answer.files.serving import serve
from hendrix.answer.files.shelf import Shelf
from hendrix.answer.files.table import Unread
from hendrix.answer.late import answer_late, fail
from hendrix.core.events import ERROR, emit
from hendrix.core.exchange import Answer, Exchange

#: A file that was looked at within this time (seconds) is known to the kernel: another look waits for no disk.
_WARM = 60.0
#: Seconds that such a look took, after all: from then on the loop does not look itself.
_SLOW = 0.02


class Disk(Protocol):
    """Threads for what may wait for a disk, or takes long."""

    def run(self, work: Callable[[], object], done: Callable[[object], None]) -> bool:
        """``done(work())`` on the loop, where ``work`` ran elsewhere; with the exception where it raised one.

        False: too much is waiting already.
        """

    def each_tick(self, call: Callable[[float], None]) -> None:
        """From now on, call it on the loop now and then, with the time (monotonic seconds)."""

    def squeeze(self, entry: Entry, done: Callable[[], None]) -> None:
        """Make compressed siblings of a file that has none, some time; then ``done()`` on the loop."""


def serve_files(places: Sequence[Place], disk: Disk, memory: int, inner: Answer) -> Answer:
    """The files of ``places``; all else is for ``inner``. ``memory`` bounds the bytes of what is at hand."""
    return Files(places, disk, memory, inner).answer if places else inner


class Files:
    """See ``serve_files``."""

    def __init__(self, places: Sequence[Place], disk: Disk, memory: int, inner: Answer) -> None:
        pairs = [(prefix, place) for place in places for prefix in place.prefixes]
        #: The longest first: one place may be within another.
        self._pairs = sorted(pairs, key=lambda pair: -len(pair[0]))
        self._prefixes = tuple(prefix for prefix, _ in self._pairs)
        self._disk = disk
        self._inner = inner
        self._shelf = Shelf(memory)
        self._at_hand = self._shelf.entries
        #: Who waits for which file.
        self._waiting: dict[bytes, list[Exchange]] = {}
        self._looks = True
        disk.each_tick(lambda now: self._shelf.sweep(now - _WARM))

    def answer(self, exchange: Exchange) -> None:
        """See ``core.exchange.Answer``."""
        path = exchange.request.path
        entry = self._at_hand.get(path)
        if entry is not None and self._is_good(path, entry, time.monotonic()):
            serve(exchange, entry)
            return
        if path.startswith(self._prefixes):
            self._find(exchange, path)
        else:
            self._inner(exchange)

    def _is_good(self, path: bytes, entry: Entry, now: float) -> bool:
        """Was it looked at a moment ago, or has it not changed since?"""
        looked = now - entry.checked < entry.place.interval and (not entry.files or entry.is_whole)
        return looked or self._is_true(path, entry, now)

    def _is_true(self, path: bytes, entry: Entry, now: float) -> bool:
        """Look whether it has changed, if that is quick."""
        if not self._looks or now - entry.checked > _WARM:
            return False
        try:
            found = entry.is_true(now, reading=False)
        except Unread:
            return False
        self._looks = time.monotonic() - now < _SLOW
        if found:
            entry.checked = now
            self._shelf.renew(path, entry)
        return found

    # --- not at hand -----------------------------------------------------------------------------------------

    def _find(self, exchange: Exchange, path: bytes) -> None:
        """In the places that the path may be in, unless it is certain that none has it."""
        now = time.monotonic()
        named = [
            (place, name, prefix)
            for prefix, place in self._pairs
            if path.startswith(prefix) and (name := name_of(path[len(prefix) :])) is not None
        ]
        wanted = [(place, name) for place, name, _ in named if not place.surely_lacks(name, now)]
        if not wanted:
            self._inner(exchange)
            return
        usual = named[0][2] + path_of(named[0][1])
        if usual != path and self._serve_at_hand(exchange, usual, now):
            return
        self._await(exchange, usual, wanted)

    def _serve_at_hand(self, exchange: Exchange, usual: bytes, now: float) -> bool:
        """Another spelling of what is at hand is no reason to read it again."""
        entry = self._at_hand.get(usual)
        if entry is None or not self._is_good(usual, entry, now):
            return False
        serve(exchange, entry)
        return True

    def _await(self, exchange: Exchange, path: bytes, wanted: list[tuple[Place, str]]) -> None:
        """Have it found in a thread."""
        waiting = self._waiting.get(path)
        if waiting is not None:
            waiting.append(exchange)
            return
        self._waiting[path] = [exchange]
        if not self._disk.run(lambda: self._load(path, wanted), lambda found: self._on_loaded(path, found)):
            del self._waiting[path]
            shed(exchange)

    def _load(self, path: bytes, wanted: list[tuple[Place, str]]) -> Entry | None:
        """In a thread."""
        now = time.monotonic()
        known = self._at_hand.get(path)
        if known is not None and known.is_true(now, reading=True):
            known.checked = now
            return known
        for place, name in wanted:
            if place.claimed(place.shown + name):
                continue
            entry = build(place, name, now)
            if entry is not None:
                return entry
        return None

    def _on_loaded(self, path: bytes, found: object) -> None:
        waiting = self._waiting.pop(path)
        if isinstance(found, Entry):
            self._keep(path, found)
        else:
            self._shelf.drop(path)
            if isinstance(found, BaseException):
                emit("file.failed", ERROR, path=path.decode("latin-1"), exc=found)
        for exchange in waiting:
            self._answer_late(exchange, found)

    def _keep(self, path: bytes, entry: Entry) -> None:
        """``path`` is the usual spelling, so that nobody fills the memory with others of the same."""
        if path.endswith(path_of(entry.name)):
            self._shelf.put(path, entry)
        if entry.squeezable:
            self._disk.squeeze(entry, lambda: self._shelf.drop(path))

    def _answer_late(self, exchange: Exchange, found: object) -> None:
        if exchange.gone:
            return
        if isinstance(found, Entry):
            answer_late(exchange, lambda: serve(exchange, found))
        elif found is None:
            answer_late(exchange, lambda: self._inner(exchange))
        else:
            answer_late(exchange, lambda: fail(exchange, 500, "the file cannot be read"))
