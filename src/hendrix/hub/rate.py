"""How many a second, of late. Pure: time is an argument."""

from __future__ import annotations

from collections import deque

_WINDOW = 10.0


class Rate:
    """Of a number that only grows, told now and then: its growth per second over the last ten or so."""

    def __init__(self, now: float) -> None:
        self._seen: deque[tuple[float, int]] = deque([(now, 0)])

    def note(self, total: int, now: float) -> None:
        """It has come to ``total``."""
        self._seen.append((now, total))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _WINDOW:
            self._seen.popleft()

    @property
    def value(self) -> float:
        """Per second."""
        (since, before), (until, after) = self._seen[0], self._seen[-1]
        return (after - before) / (until - since) if until > since else 0.0
