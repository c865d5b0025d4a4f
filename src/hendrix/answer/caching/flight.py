"""A page that is being made, and who waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: In place of an entry: who has waited for so long had better go on by itself.
LATE = object()


class Flight:
    """``wait`` takes what is called with the entry, with None where there is none to share, or with ``LATE``.

    ``aside``: in the background, for a page that is served stale meanwhile.
    """

    __slots__ = ("aside", "began", "failed", "key", "landed", "late", "waiting")

    def __init__(self, key: bytes, began: float, *, aside: bool = False) -> None:
        self.key = key
        self.began = began
        self.aside = aside
        self.landed = False
        #: It is under way, but nobody waits for it any more.
        self.late = False
        #: The application has failed: what lands is stale, and better than nothing.
        self.failed = False
        self.waiting: list[Callable[[Any], None]] = []

    def wait(self, call: Callable[[Any], None]) -> None:
        """Be told."""
        self.waiting.append(call)

    def give_up(self) -> None:
        """Let nobody wait for it any more."""
        self.late = True
        self._tell(LATE)

    def land(self, entry: object) -> None:
        """Tell all."""
        self.landed = True
        self._tell(entry)

    def _tell(self, entry: object) -> None:
        waiting, self.waiting = self.waiting, []
        for call in waiting:
            call(entry)
