"""Threads that may wait for a disk, so that the loop need not, and Django's threads neither."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol

from hendrix.worker.squeezer import Squeezer

#: They mostly wait, and a dead network disk should not stop all of them at once.
_THREADS = 4
_MOST_WAITING = 2000


class Loop(Protocol):
    def call_soon_threadsafe(self, callback: Callable[..., object], *args: object) -> object: ...


class DiskThreads:
    """See ``answer.static.Disk``. The threads come with work, and end with the process."""

    kind = "disk"
    most = _THREADS

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._jobs: SimpleQueue[tuple[Callable[[], object], Callable[[object], None]] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.squeeze = Squeezer(loop)
        self._ticks: list[Callable[[float], None]] = []
        #: Jobs that have not come back.
        self.pending = 0

    def run(self, work: Callable[[], object], done: Callable[[object], None]) -> bool:
        """See ``Disk.run``."""
        if self.pending >= _MOST_WAITING:
            return False
        self.pending += 1
        if len(self._threads) < min(self.pending, self.most):
            name = f"hendrix-{self.kind}-{len(self._threads) + 1}"
            self._threads.append(threading.Thread(target=self._live, name=name, daemon=True))
            self._threads[-1].start()
        self._jobs.put((work, done))
        return True

    def each_tick(self, call: Callable[[float], None]) -> None:
        """See ``Disk.each_tick``."""
        self._ticks.append(call)

    def tick(self, now: float) -> None:
        """Twice a second."""
        for call in self._ticks:
            call(now)

    def close(self) -> None:
        """Let the threads go, where the process goes on."""
        for _ in self._threads:
            self._jobs.put(None)

    @property
    def alive(self) -> bool:
        """Are there threads?"""
        return any(thread.is_alive() for thread in self._threads)

    def _live(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, done = job
            found: object
            try:
                found = work()
            except Exception as error:
                found = error
            self._loop.call_soon_threadsafe(self._on_done, done, found)

    def _on_done(self, done: Callable[[object], None], found: object) -> None:
        self.pending -= 1
        done(found)
