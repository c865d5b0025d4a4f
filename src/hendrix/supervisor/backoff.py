"""How long to wait before something that died is started again. Pure: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_DELAY = 0.1
LONGEST_DELAY = 5.0
STEADY_AFTER = 10.0


@dataclass(slots=True)
class Backoff:
    """Starts again at once the first time, then after 0.1 s, doubling up to 5 s; a life of 10 s forgives all."""

    failures: int = 0
    not_before: float = 0.0

    def fail(self, born: float, now: float) -> float:
        """Note that what was started at ``born`` died at ``now``. Returns the seconds to wait."""
        if now - born >= STEADY_AFTER:
            self.failures = 0
        delay = self._delay()
        self.failures += 1
        self.not_before = now + delay
        return delay

    def due(self, now: float) -> bool:
        """Whether it may be started."""
        return now >= self.not_before

    def _delay(self) -> float:
        if not self.failures:
            return 0.0
        doublings = min(self.failures - 1, 16)
        return float(min(FIRST_DELAY * 2**doublings, LONGEST_DELAY))
