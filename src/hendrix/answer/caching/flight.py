"""A page that is being made, and who waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: In place of an entry: who has waited for so long had better go on by itself.
LATE = object()


class Flight:
    """``wait`` takes what is called with the entry, with None where there is none to share, or with ``LATE``."""

    __slots__ = ("began", "key", "landed", "waiting")

    def __init__(self, key: bytes, began: float) -> None:
        self.key = key
        self.began = began
        self.landed = False
        self.waiting: list[Callable[[Any], None]] = []

    def wait(self, call: Callable[[Any], None]) -> None:
        """Be told."""
        self.waiting.append(call)

    def land(self, entry: object) -> None:
        """Tell all."""
        self.landed = True
        waiting, self.waiting = self.waiting, []
        for call in waiting:
            call(entry)
