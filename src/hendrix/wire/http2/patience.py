"""How much of what serves nobody a peer may do: a bucket that each such act takes from, and time fills again."""

from __future__ import annotations

#: A browser that leaves a page cancels all of it at once; an impatient user does so again and again.
_BUCKET = 1000.0
_PER_SECOND = 100.0

#: What an act takes: so 1,000 needless frames at once, 200 of our own resets caused by faults, 250 requests that were
#: cancelled before they were answered.
FRAME = 1.0
ANSWERED_FRAME = 2.0
RESET = 4.0
FAULT = 5.0
#: At the most, of a head so many times as large as it may be: ten that are made to be work end a connection.
LARGEST_HEAD = 100.0


class Patience:
    """Of one connection."""

    __slots__ = ("_left", "_since")

    def __init__(self, now: float) -> None:
        self._left = _BUCKET
        self._since = now

    def lose(self, cost: float, now: float) -> bool:
        """An act that takes ``cost``. True: that was too much."""
        self._left = min(_BUCKET, self._left + (now - self._since) * _PER_SECOND) - cost
        self._since = now
        return self._left < 0

    def earn(self, count: float) -> None:
        """Something useful has been done, which explains some of the frames that come with it."""
        if self._left < _BUCKET:
            self._left = min(_BUCKET, self._left + count)
