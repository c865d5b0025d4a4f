"""How much of a processor this process wants: what it gets, and what it waits in line for."""

from __future__ import annotations

import os
import time


class Pressure:
    """Measures from ``begin`` to ``share``.

    Time spent runnable but waiting for a processor (Linux, ``/proc/PID/task/*/schedstat``) counts as wanted: on a
    crowded machine a computing process would otherwise look as if it waited for I/O.
    """

    def __init__(self) -> None:
        self._began = 0.0
        self._wanted = 0.0
        #: The share that was found last.
        self.last = 0.0

    def begin(self) -> None:
        """Measure from now on."""
        self._began = time.monotonic()
        self._wanted = time.process_time() + _waited_in_line()

    def share(self) -> float:
        """Processors wanted since ``begin``: 1.0 is one, all the time."""
        seconds = time.monotonic() - self._began
        wanted = time.process_time() + _waited_in_line() - self._wanted
        self.last = wanted / seconds if seconds > 0 else 0.0
        return self.last


def _waited_in_line() -> float:
    """Seconds that the live threads of this process have spent runnable without running."""
    waited = 0
    try:
        for task in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{task}/schedstat", "rb") as file:
                waited += int(file.read().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0  # not Linux, or a thread that ended meanwhile: what it got is all that is known
    return waited / 1e9
