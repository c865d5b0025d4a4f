"""Threads that wait for what only another thread could do.

Sync code that called ``async_to_sync`` waits for the loop, and the coroutine may want a thread (``sync_to_async``,
``asyncio.to_thread``). Where every thread waits so none is left to go on with, so others have to stand in for them.
asgiref tells nobody that it waits, but it shows.

Other waits do not show: all threads may wait for a lock, or for a connection of a pool, that requests hold which are
about to go on in a thread. That looks like a standstill, and ends with a thread more.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from types import FrameType

from hendrix.worker.jobs import Jobs, Slot

#: Of asgiref's ``CurrentThreadExecutor``, and how many frames of ``queue`` and ``threading`` may be above it.
_WAITS = "run_until_future"
_DEEPEST = 4
#: Looks (of 5 ms) without any job taken that make a standstill: threads that merely work take one now and then.
_LOOKS = 20
_MOST_EXTRA = 100


class Standstill:
    """Notices that nothing goes on although there are jobs which go on with a request."""

    def __init__(self) -> None:
        #: Threads that there may be beyond the limit.
        self.extra = 0
        self._taken = -1
        self._looks = 0

    def look(self, jobs: Jobs) -> None:
        """At ``jobs`` that wait although there are all threads that there may be."""
        if jobs.taken_so_far == self._taken and jobs.first_wait:
            self._looks += 1
        else:
            self._looks = 0
        self._taken = jobs.taken_so_far
        if self._looks >= _LOOKS and self.extra < _MOST_EXTRA:
            self._looks = 0
            self.extra += 1


def count_stalled(slots: Iterable[Slot]) -> int:
    """How many of them wait for the loop, at this moment."""
    frames = sys._current_frames()
    # Our own frame holds them, so with it they would hold each other, and what requests have left, for a long time.
    frames.pop(threading.get_ident())
    return sum(_is_stalled(frames.get(slot.ident)) for slot in list(slots) if slot.job is not None)


def _is_stalled(frame: FrameType | None) -> bool:
    for _ in range(_DEEPEST):
        if frame is None:
            return False
        if frame.f_code.co_name == _WAITS:
            return True
        frame = frame.f_back
    return False
