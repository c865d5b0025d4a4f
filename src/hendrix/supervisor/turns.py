"""Which worker runs the services that run once: one at a time, and another as soon as it is gone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hendrix.supervisor.entries import Worker


@dataclass(slots=True)
class Turns:
    """``holder`` has them; ``waiting`` would like to."""

    holder: int | None = None
    waiting: set[int] = field(default_factory=set)

    def ask(self, worker: int) -> None:
        """``worker`` would like to."""
        self.waiting.add(worker)

    def end(self, worker: int) -> None:
        """It no longer has them."""
        if self.holder == worker:
            self.holder = None
        self.waiting.discard(worker)

    def look(self, workers: Mapping[int, Worker], serving: int) -> int | None:
        """Who has them from now on, if that changes.

        Not one that is about to leave. One of the generation that serves comes before one of a generation that may
        be given up, and the first place before the second.
        """
        if self.holder is not None and self.holder not in workers:
            self.holder = None
        self.waiting = {one for one in self.waiting if one in workers and not workers[one].told}
        if self.holder is not None or not self.waiting:
            return None
        heirs = [workers[one] for one in self.waiting]
        self.holder = min(heirs, key=lambda one: (one.generation != serving, one.place, one.id)).id
        self.waiting.discard(self.holder)
        return self.holder
