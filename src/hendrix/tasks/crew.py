"""The threads of what follows responses: a few, in every process that needs them, none where nobody does."""

from __future__ import annotations

import atexit
import os
import queue
import threading
import time
from collections.abc import Callable

from hendrix.core.events import ERROR, emit
from hendrix.tasks.duty import leave

#: Seconds that a thread waits for work before it ends.
_IDLE = 10.0
#: Seconds that a process which is no worker of ours waits at its end.
_PATIENCE = 30.0
_LOOK = 0.01


class Crew:
    """At most ``most`` threads for at most ``limit`` jobs; a job is all that follows one response."""

    def __init__(self, most: int = 8, limit: int = 1000) -> None:
        self.most, self.limit = most, limit
        self._begin_anew()

    def _begin_anew(self) -> None:
        """In a process that was forked: its parent has the threads, and the jobs."""
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[tuple[int, Callable[[], None]]] = queue.SimpleQueue()
        self._names: dict[int, list[str]] = {}
        self._numbers = 0
        self._threads = self._idle = 0
        self._waits_at_exit = False
        #: Jobs that have a place, until they are done.
        self.pending = 0

    def size(self, most: int, limit: int) -> None:
        """As a server's options say."""
        self.most, self.limit = most, limit

    def reserve(self) -> bool:
        """A place for one job, which must follow. False: all are taken."""
        with self._lock:
            if self.pending >= self.limit:
                return False
            self.pending += 1
        return True

    def put(self, names: list[str], job: Callable[[], None]) -> None:
        """The job whose place was reserved; from any thread."""
        with self._lock:
            self._numbers += 1
            number = self._numbers
            self._names[number] = names
            starts = self._threads < self.most and self._idle < len(self._names)
            self._threads += starts
            # Within the lock: a thread that was idle may be about to go.
            self._jobs.put((number, job))
        if starts:
            threading.Thread(target=self._live, name=f"hendrix-background-{number}", daemon=True).start()
        if not self._waits_at_exit:
            self._waits_at_exit = True
            _at_exit(self.finish, _PATIENCE)

    def left(self) -> list[str]:
        """What is not done."""
        with self._lock:
            return [name for names in self._names.values() for name in names]

    def finish(self, seconds: float) -> bool:
        """Wait until all is done. What is not done in ``seconds`` is told, and lost with the process."""
        until = time.monotonic() + seconds
        while self.pending and time.monotonic() < until:
            time.sleep(_LOOK)
        return not self.give_up()

    def give_up(self) -> int:
        """The process ends: tell what it takes along."""
        if lost := self.left():
            emit("background.lost", ERROR, tasks=", ".join(lost[:20]), count=len(lost))
            with self._lock:
                self._names.clear()
                self.pending = 0
        return len(lost)

    def _live(self) -> None:
        try:
            while self._one():
                pass
        finally:
            leave()

    def _one(self) -> bool:
        """One job. False: there was none for so long that the thread may go."""
        with self._lock:
            self._idle += 1
        try:
            number, job = self._jobs.get(timeout=_IDLE)
        except queue.Empty:
            with self._lock:
                self._idle -= 1
                if self._jobs.empty():
                    self._threads -= 1
                    return False
            return True
        with self._lock:
            self._idle -= 1
        try:
            job()
        except BaseException as error:
            # SystemExit and the like end a job, not the thread of the others.
            emit("background.failed", ERROR, task="", id="", exc=error)
        with self._lock:
            if self._names.pop(number, None) is not None:
                self.pending -= 1
        return True


def _at_exit(call: Callable[..., object], *args: object) -> None:
    """Before the pools of ``concurrent.futures`` refuse work, which async functions need: ``atexit`` is too late."""
    register = getattr(threading, "_register_atexit", atexit.register)
    try:
        register(call, *args)
    except RuntimeError:
        pass  # it is ending already


#: Of this process.
crew = Crew()
os.register_at_fork(after_in_child=crew._begin_anew)
