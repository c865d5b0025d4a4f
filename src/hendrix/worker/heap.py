"""Memory that large requests and answers leave behind: kept for the next ones, and now and then given back.

By itself glibc gives large blocks back as soon as they are freed, and the next request pays for new ones page by page:
that was measured to be three quarters of the cost of an upload of 1 MB. So it is told to keep them. Then again,
after some large downloads that were broken off, a process would stay as large as it was at its worst: so, where it has
grown, it is asked to give back what is free.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import resource
from collections.abc import Callable

#: Seconds between looks, and at most between those that find everything in use.
_EVERY, _SELDOM = 5.0, 15.0
#: Growth (bytes) over what it once was that makes giving memory back worth while.
_GROWN = 48 * 1024 * 1024


#: Of ``mallopt``, in bytes: larger blocks are given back at once, and what is free at the end of a heap past that.
_M_MMAP_THRESHOLD, _LARGE = -3, 16 * 1024 * 1024
_M_TRIM_THRESHOLD, _FREE = -1, 64 * 1024 * 1024
#: One heap for all threads: of the others ``malloc_trim`` leaves what is free at their end. Threads that hold the
#: interpreter one at a time do not stand in each other's way in it.
_M_ARENA_MAX, _HEAPS = -8, 1


class Heap:
    """Of this process."""

    def __init__(self, now: float) -> None:
        _keep_blocks()
        self._trim = _find_trim()
        self._wait = _EVERY
        self._next = now + _EVERY
        self._least = resident()

    def tick(self, now: float) -> None:
        """Every so often: is it larger than it need be?"""
        if now < self._next or self._trim is None:
            return
        taken = resident()
        if taken > self._least + _GROWN:
            if gc.isenabled():
                # The last large thing may be in a circle, and in a process that has nothing to do the collector does
                # not come by itself. These are the youngest objects only: it takes less than a millisecond.
                gc.collect(0)
            self._trim(0)
            taken = resident()
        # What is in use now may be free later, so it is asked again, but not as soon.
        self._wait = min(2 * self._wait, _SELDOM) if taken > self._least + _GROWN else _EVERY
        self._next = now + self._wait
        self._least = min(self._least, taken)


def _keep_blocks() -> None:
    """glibc's ``mallopt``, where there is one."""
    with contextlib.suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
        mallopt(_M_TRIM_THRESHOLD, _FREE)
        mallopt(_M_ARENA_MAX, _HEAPS)


def _find_trim() -> Callable[[int], int] | None:
    """glibc's ``malloc_trim``, where there is one."""
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return None
    return found


def resident() -> int:
    """Bytes of memory that this process takes."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        return 0
