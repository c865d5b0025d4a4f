"""Threads that wait for the loop: sync code that called ``async_to_sync``.

What they wait for may itself want a thread (``sync_to_async``, ``asyncio.to_thread``). Where every thread waits so,
none is left to go on with, so others have to stand in for them. asgiref tells nobody that it waits, but it shows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import FrameType

from hendrix.worker.jobs import Slot

#: Of asgiref's ``CurrentThreadExecutor``, and how many frames of ``queue`` and ``threading`` may be above it.
_WAITS = "run_until_future"
_DEEPEST = 4


def count_stalled(slots: Iterable[Slot]) -> int:
    """How many of them wait for the loop, at this moment."""
    frames = sys._current_frames()
    return sum(_is_stalled(frames.get(slot.ident)) for slot in list(slots) if slot.job is not None)


def _is_stalled(frame: FrameType | None) -> bool:
    for _ in range(_DEEPEST):
        if frame is None:
            return False
        if frame.f_code.co_name == _WAITS:
            return True
        frame = frame.f_back
    return False
