"""A few threads of one kind, for work that the loop and Django's threads are to be spared."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol

from hendrix.core.events import WARNING, emit

_MOST_WAITING = 2000


class Loop(Protocol):
    def call_soon_threadsafe(self, callback: Callable[..., object], *args: object) -> object: ...


class Crew:
    """At most ``most`` threads; they come with work, and end with the process."""

    kind: str
    most: int

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._jobs: SimpleQueue[tuple[Callable[[], object], Callable[[object], None]] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        #: Jobs that have not come back.
        self.pending = 0

    def run(self, work: Callable[[], object], done: Callable[[object], None]) -> bool:
        """``done(work())`` on the loop, where ``work`` ran in a thread; with the exception where it raised one.

        False: too much is waiting already, or the system has no thread for it.
        """
        if self.pending >= _MOST_WAITING:
            return False
        if len(self._threads) <= min(self.pending, self.most - 1):
            self._hire()
        if not self._threads:
            return False
        self.pending += 1
        self._jobs.put((work, done))
        return True

    def _hire(self) -> None:
        thread = threading.Thread(target=self._live, name=f"hendrix-{self.kind}-{len(self._threads) + 1}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # a limit of the system's; those that are there do it
            emit("threads.cannot_start", WARNING, kind=self.kind, reason=str(error))
        else:
            self._threads.append(thread)

    def close(self) -> None:
        """Let the threads go, where the process goes on."""
        for _ in self._threads:
            self._jobs.put(None)

    @property
    def alive(self) -> bool:
        """Are there threads?"""
        return any(thread.is_alive() for thread in self._threads)

    def _live(self) -> None:
        while self._one():
            pass

    def _one(self) -> bool:
        """One job. False: there are no more. What it held (files, bodies) is not held while the next is waited for."""
        job = self._jobs.get()
        if job is None:
            return False
        work, done = job
        found: object
        try:
            found = work()
        except BaseException as error:  # SystemExit of a project's code ends no thread that others wait for
            found = error
        self._loop.call_soon_threadsafe(self._on_done, done, found)
        # An exception knows this frame.
        del found
        return True

    def _on_done(self, done: Callable[[object], None], found: object) -> None:
        self.pending -= 1
        done(found)
