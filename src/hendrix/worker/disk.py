"""Threads that may wait for a disk, so that the loop need not, and Django's threads neither."""

from __future__ import annotations

from collections.abc import Callable

from hendrix.worker.crew import Crew, Loop
from hendrix.worker.squeezer import Squeezer


class DiskThreads(Crew):
    """See ``answer.static.Disk``."""

    kind = "disk"
    #: They mostly wait, and a dead network disk should not stop all of them at once.
    most = 4

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop)
        self.squeeze = Squeezer(loop)
        self._ticks: list[Callable[[float], None]] = []

    def each_tick(self, call: Callable[[float], None]) -> None:
        """See ``Disk.each_tick``."""
        self._ticks.append(call)

    def tick(self, now: float) -> None:
        """Twice a second."""
        for call in self._ticks:
            call(now)
