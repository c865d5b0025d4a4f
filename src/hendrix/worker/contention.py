"""Is the interpreter lock fought for?

The loop tells: woken by a thread, or due by a timer, it runs at once where threads are blocked on I/O. Where they
compute it waits for the lock, up to ``sys.getswitchinterval()`` (5 ms) for each of them. That costs nothing to
measure, and unlike a count of processor time it means the same on a crowded machine.
"""

from __future__ import annotations

#: Seconds: more than half of the interpreter's switch interval.
_LATE = 0.003
_WEIGHT = 0.4


class Contention:
    """A moving share of the times that the loop came late."""

    __slots__ = ("_share",)

    def __init__(self) -> None:
        self._share = 0.0

    def note(self, seconds: float) -> None:
        """The loop ran ``seconds`` after it should have."""
        self._share += ((seconds > _LATE) - self._share) * _WEIGHT

    @property
    def high(self) -> bool:
        """Was it late more often than not?"""
        return self._share > 0.5
