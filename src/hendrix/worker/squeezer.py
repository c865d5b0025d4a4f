"""Static files compressed in the background, each once: by one thread that gives way to everything else."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol

from hendrix.answer.files.entry import Entry
from hendrix.answer.files.opening import identity, open_file
from hendrix.answer.files.place import Kept
from hendrix.answer.files.sibling import LARGEST
from hendrix.answer.files.squeeze import SMALLEST, coders, squeezed, store, stored
from hendrix.core.events import DEBUG, INFO, emit

_MOST_WAITING = 1000
#: Names that are remembered, so that none is tried twice.
_MOST_TRIED = 100_000
#: Bytes of what cannot be stored beside its file.
_MOST_KEPT = 16 * 1024 * 1024


class Loop(Protocol):
    def call_soon_threadsafe(self, callback: Callable[..., object], *args: object) -> object: ...


class Squeezer:
    """Called on the loop with an entry, and with what is to be called there once it has siblings."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._jobs: SimpleQueue[tuple[Entry, Callable[[], None]]] = SimpleQueue()
        self._tried: set[tuple[str, tuple[int, int, int, int]]] = set()
        self._waiting = 0
        self._kept = 0
        self._thread: threading.Thread | None = None

    def __call__(self, entry: Entry, done: Callable[[], None]) -> None:
        state = (entry.path, entry.seen[0][1])
        if state in self._tried or self._waiting >= _MOST_WAITING or len(self._tried) >= _MOST_TRIED:
            return
        self._tried.add(state)
        self._waiting += 1
        self._jobs.put((entry, done))
        if self._thread is None:
            thread = threading.Thread(target=self._live, name="hendrix-squeezer", daemon=True)
            # Else a limit of the system's: another file is asked for some time, and all are done then.
            with contextlib.suppress(RuntimeError):
                thread.start()
                self._thread = thread

    def _live(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            # On Linux each thread has a priority of its own.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        while True:
            self._one()

    def _one(self) -> None:
        """Wait for one, and compress it. Nothing of it is held while the next is waited for: it may be deleted."""
        entry, done = self._jobs.get()
        made = False
        try:
            made = self._squeeze(entry)
        except Exception as error:
            emit("static.not_compressed", DEBUG, path=entry.path, reason=str(error))
        self._loop.call_soon_threadsafe(self._on_done, done if made else None)

    def _on_done(self, done: Callable[[], None] | None) -> None:
        self._waiting -= 1
        if done is not None:
            done()

    def _squeeze(self, entry: Entry) -> bool:
        file = open_file(entry.path)
        if file is None or not SMALLEST <= file.stat.st_size <= LARGEST:
            return False
        made = False
        storable = os.access(os.path.dirname(entry.path), os.W_OK)
        for coding, coder in coders().items():
            if stored(entry.path, coding, file):  # by another worker, meanwhile
                made = True
                continue
            data = squeezed(file, coder)
            if data is None:
                continue
            if storable:
                with contextlib.suppress(OSError):
                    made = store(entry.path, coding, data, file.stat) or made
                    continue
            made = self._keep(entry, coding, Kept(data, identity(file.stat))) or made
        if made:
            emit("static.compressed", DEBUG if storable else INFO, path=entry.path, stored=storable)
        return made

    def _keep(self, entry: Entry, coding: str, kept: Kept) -> bool:
        """In memory, as the directory is not ours to write to."""
        before = entry.place.kept.get((entry.name, coding))
        size = self._kept + len(kept.data) - (len(before.data) if before else 0)
        if size > _MOST_KEPT:
            return False
        self._kept = size
        entry.place.kept[entry.name, coding] = kept
        return True
