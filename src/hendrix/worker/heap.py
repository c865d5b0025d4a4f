"""Memory that large answers leave behind, given back to the system.

glibc keeps freed blocks in the heap of the thread that made them: after some large downloads that were broken off a
process stays as large as it was at its worst. Asking for it at each block (``M_MMAP_THRESHOLD``) was measured to make
an answer of 8 MiB three times as dear, so it is asked for now and then, where the process has grown.
"""

from __future__ import annotations

import ctypes
import resource
from collections.abc import Callable

_EVERY = 5.0
#: Growth (bytes) since memory was last given back that makes it worth while.
_GROWN = 48 * 1024 * 1024


class Heap:
    """Of this process."""

    def __init__(self, now: float) -> None:
        self._trim = _find_trim()
        self._next = now + _EVERY
        self._settled = resident()

    def tick(self, now: float) -> None:
        """Every so often: has it grown?"""
        if now < self._next or self._trim is None:
            return
        self._next = now + _EVERY
        taken = resident()
        if taken > self._settled + _GROWN:
            self._trim(0)
            taken = resident()
            self._settled = taken
        # What has become smaller by itself may grow again.
        self._settled = min(self._settled, taken)


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
