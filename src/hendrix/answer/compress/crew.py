"""Whoever compresses what takes too long for the loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Crew(Protocol):
    """Threads for that, as many as there are processors for them."""

    def run(self, work: Callable[[], object], done: Callable[[object], None]) -> bool:
        """``done(work())`` on the loop, where ``work`` ran elsewhere; with the exception where it raised one.

        False: too much is waiting already.
        """
