"""Threads that compress: no more than there are processors, and each gives way to the loop and to Django."""

from __future__ import annotations

import contextlib
import os
import threading

from hendrix.worker.crew import Crew

#: More than the process has. On Linux each thread has one of its own: a third of the processor where others want it.
_NICENESS = 5


def _usable() -> int:
    with contextlib.suppress(AttributeError):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class CodingThreads(Crew):
    """See ``answer.compress.crew.Crew``."""

    kind = "coding"
    most = max(2, min(8, _usable()))

    def _live(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + _NICENESS)
        super()._live()
