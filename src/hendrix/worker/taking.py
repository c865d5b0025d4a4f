"""Does a peer take what it is sent? One that takes nothing of it, or next to nothing, is cut off."""

from __future__ import annotations

from math import inf

#: Bytes that may wait for a peer where whoever writes pays no heed to it. Then it is cut off.
MOST_WAITING = 64 * 1024 * 1024


class Taking:
    """Counts the bytes of one connection. ``waiting`` are those that its peer has yet to take."""

    __slots__ = ("_taken", "queued", "since")

    def __init__(self) -> None:
        #: Bytes given to the peer so far, those it had taken when it was last watched, and since when that is.
        self.queued = 0
        self._taken = 0
        self.since = inf

    def watch(self, waiting: int, now: float) -> None:
        """Bytes have begun to wait."""
        if self.since == inf:
            self.since = now
            self._taken = self.queued - waiting

    def stop(self) -> None:
        """It has taken them."""
        self.since = inf

    def stalled(self, waiting: int, now: float, *, seconds: float, rate: int) -> bool:
        """Has it let bytes wait for ``seconds`` without taking some at the slowest allowed rate (bytes a second)?"""
        if now - self.since < seconds:
            return False
        taken = self.queued - waiting
        if taken - self._taken < max(1, rate * seconds):
            return True
        self._taken = taken
        self.since = now
        return False
