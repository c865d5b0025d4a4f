"""How much of a processor this process wants: what it gets, and what it waits in line for."""

from __future__ import annotations

import contextlib
import os
import time

#: Threads whose wait is read, for each costs two system calls: the oldest, among them the loop's.
_SAMPLE = 16


class Pressure:
    """Measures from ``begin`` to ``share``, and from there to the next ``share``.

    Time spent runnable but waiting for a processor (Linux, ``/proc/PID/task/*/schedstat``) counts as wanted: on a
    crowded machine a computing process would otherwise look as if it waited for I/O.
    """

    def __init__(self) -> None:
        self._began = 0.0
        self._got = 0.0
        self._in_line: dict[str, int] = {}
        #: The share that was found last.
        self.last = 0.0

    def begin(self) -> None:
        """Measure from now on."""
        self._began = time.monotonic()
        self._got = time.process_time()
        self._in_line = _in_line()

    def share(self) -> float:
        """Processors wanted since ``begin`` or the last ``share``: 1.0 is one, all the time."""
        began, got, before = self._began, self._got, self._in_line
        self.begin()
        seconds = self._began - began
        # Thread by thread, for one that ended meanwhile takes its count with it; and only the longest wait, for
        # threads that come back from I/O together mostly wait for each other.
        waited = max((nanoseconds - before.get(task, 0) for task, nanoseconds in self._in_line.items()), default=0)
        self.last = (self._got - got + waited / 1e9) / seconds if seconds > 0 else 0.0
        return self.last


def _in_line() -> dict[str, int]:
    """Nanoseconds that the oldest threads of this process have been runnable without running; empty where unknown."""
    waited: dict[str, int] = {}
    with contextlib.suppress(OSError):
        for task in os.listdir("/proc/self/task")[:_SAMPLE]:
            with (
                contextlib.suppress(OSError, IndexError, ValueError),
                open(f"/proc/self/task/{task}/schedstat") as file,
            ):
                waited[task] = int(file.read().split()[1])
    return waited
