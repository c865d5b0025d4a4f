"""How much of a processor this process wants: what it gets, and what it waits in line for."""

from __future__ import annotations

import contextlib
import os
import time


class Pressure:
    """Measures from ``begin`` to ``share``.

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
        """Processors wanted since ``begin``: 1.0 is one, all the time."""
        seconds = time.monotonic() - self._began
        got = time.process_time() - self._got
        # Thread by thread, for one that ended meanwhile takes its count with it; and only the longest wait, for
        # threads that come back from I/O together mostly wait for each other.
        before = self._in_line
        waited = max((nanoseconds - before.get(task, 0) for task, nanoseconds in _in_line().items()), default=0)
        self.last = (got + waited / 1e9) / seconds if seconds > 0 else 0.0
        return self.last


def _in_line() -> dict[str, int]:
    """Nanoseconds that each live thread of this process has spent runnable without running; empty where unknown."""
    waited: dict[str, int] = {}
    with contextlib.suppress(OSError):
        for task in os.listdir("/proc/self/task"):
            with (
                contextlib.suppress(OSError, IndexError, ValueError),
                open(f"/proc/self/task/{task}/schedstat") as file,
            ):
                waited[task] = int(file.read().split()[1])
    return waited
