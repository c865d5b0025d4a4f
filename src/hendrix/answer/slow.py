"""What is said of requests that take long: each with the stack of its thread or task, but not of all at once.

When a database hangs, so do a thousand requests, and each stack has a hundred lines that say the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hendrix.core.events import WARNING, emit

#: Lines of one kind in so many seconds; the others are counted.
MOST = 10
WINDOW = 10.0


@dataclass(slots=True)
class _Told:
    since: float
    lines: int = 0
    untold: int = 0


class Reports:
    """Those of one worker's threads, or of its tasks."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}

    def tell(self, name: str, level: int, owner: object, seconds: float, stack: Callable[[], str], now: float) -> None:
        """``owner`` is the request: it may ``describe`` itself, and have a ``request_id``. ``now`` is monotonic."""
        self.settle(now)
        told = self._told.setdefault(name, _Told(now))
        if told.lines >= MOST:
            told.untold += 1
            return
        told.lines += 1
        facts: dict[str, object] = {"request": owner.describe() if hasattr(owner, "describe") else ""}
        facts |= {"id": getattr(owner, "request_id", ""), "seconds": round(seconds, 1)}
        if found := stack():
            facts["stack"] = found
        emit(name, level, **facts)

    def settle(self, now: float) -> None:
        """Now and then: say how many were not told of."""
        for name, told in list(self._told.items()):
            if now - told.since >= WINDOW:
                del self._told[name]
                if told.untold:
                    emit(f"{name}.untold", WARNING, requests=told.untold, seconds=round(now - told.since, 1))
