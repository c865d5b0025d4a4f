"""Whether this process itself stood still: stopped by a terminal, or on a machine that has too much to do. Pure.

Then the silence of others means nothing.
"""

from __future__ import annotations

import math

OVERSLEPT = 0.5
"""Seconds later than expected that mean that we stood still."""
LONGEST_SLEEP = 1.0
"""Seconds to sleep at the most while somebody's silence matters: in a longer sleep one cannot tell."""


class Vigil:
    """Knows when we should be awake. To be asked at each look at the clock, before its time is used."""

    def __init__(self, now: float) -> None:
        self._awake_by = now

    def sleep(self, now: float, patience: float | None) -> None:
        """We are about to wait for so many seconds, or for something to happen."""
        if now - self._awake_by > OVERSLEPT:
            return  # since the last look already: to be told at the next
        self._awake_by = math.inf if patience is None else now + patience

    def overslept(self, now: float) -> bool:
        """Whether we should have been awake before, and so could have heard what we did not."""
        late = now - self._awake_by
        self._awake_by = now
        return late > OVERSLEPT
