"""A process beside the fleet: whether it is to be there, and when it is started anew. (state, event, now) -> actions.

What it does is its *wish*: anything that can be compared. With another wish it ends, and is started with that one.

    absent --start--> running --end--> ending --kill, past its deadline--> ending --died--> absent
                         '--died--> absent, and again after a while
"""

from __future__ import annotations

from enum import Enum
from typing import Generic, TypeVar

Wish = TypeVar("Wish")

END_WITHIN = 3.0
"""Seconds to end in peace."""
FIRST_DELAY, LONGEST_DELAY = 1.0, 300.0
STEADY_AFTER = 60.0
"""A life of so many seconds forgives all deaths before."""


class Do(Enum):
    """What to do about the process."""

    START = "start"
    END = "end"
    KILL = "kill"


class Aide(Generic[Wish]):
    """``wish`` is what is wanted, ``has`` what the process was started with; ``None``: nothing, or no process."""

    def __init__(self) -> None:
        self.wish: Wish | None = None
        self.has: Wish | None = None
        self._ending = False
        self._kill_at: float | None = None
        self._born = 0.0
        self._failures = 0
        self._not_before = 0.0

    def want(self, wish: Wish | None, now: float) -> list[Do]:
        """From now on this is wanted."""
        if wish != self.wish:
            self._failures, self._not_before = 0, 0.0  # it may be better
        self.wish = wish
        return self.tick(now)

    def died(self, now: float) -> list[Do]:
        """The process is gone."""
        if not self._ending:
            if now - self._born >= STEADY_AFTER:
                self._failures = 0
            self._not_before = now + min(FIRST_DELAY * 2.0 ** min(self._failures, 16), LONGEST_DELAY)
            self._failures += 1
        self.has, self._ending, self._kill_at = None, False, None
        return self.tick(now)

    def tick(self, now: float) -> list[Do]:
        """Time has passed."""
        if self.has is not None and not self._ending and self.has != self.wish:
            self._ending, self._kill_at = True, now + END_WITHIN
            return [Do.END]
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            return [Do.KILL]
        if self.has is None and self.wish is not None and now >= self._not_before:
            self.has, self._born = self.wish, now
            return [Do.START]
        return []

    def deadline(self) -> float | None:
        """When ``tick`` matters next."""
        if self.has is None and self.wish is not None:
            return self._not_before
        return self._kill_at

    @property
    def again_in(self) -> float:
        """Seconds between the last death and the next start."""
        return min(FIRST_DELAY * 2.0 ** min(max(self._failures - 1, 0), 16), LONGEST_DELAY)
