"""A request's body on its way in: to memory, past a threshold to an unnamed temporary file.

All bodies of a worker share one budget of memory, so that many uploads at once cannot fill it.
"""

from __future__ import annotations

import tempfile
import time
from collections import deque
from io import BytesIO
from typing import BinaryIO, cast

from hendrix.worker.collector import Collector

#: A body stays in memory up to this many bytes,
IN_MEMORY = 1024 * 1024
#: and while all bodies in memory are together below this.
BUDGET = 64 * 1024 * 1024


class Budget:
    """Bytes of bodies that one worker holds in memory. ``collector`` is told of every body that is complete."""

    __slots__ = ("_returned", "_used", "collector")

    def __init__(self, collector: Collector | None = None) -> None:
        self._used = 0
        #: Given back on whichever thread drops a body last, the collector's finds included: so there is no lock.
        self._returned: deque[int] = deque()
        self.collector = collector or Collector(time.monotonic)

    @property
    def used(self) -> int:
        """On the loop's thread, as ``take``."""
        while self._returned:
            self._used -= self._returned.popleft()
        return self._used

    def take(self, count: int) -> bool:
        """Reserve ``count`` bytes; False where they are not to be had."""
        if self.used + count > BUDGET:
            return False
        self._used += count
        return True

    def give_back(self, count: int) -> None:
        """The reverse of ``take``, from any thread."""
        self._returned.append(count)


class _InMemory(BytesIO):
    """A body in memory, which gives its share of the budget back when it is closed or nobody holds it any more."""

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self.budget = budget
        self.held = 0

    def give_back(self) -> None:
        held, self.held = self.held, 0
        if held:
            self.budget.give_back(held)

    def close(self) -> None:
        super().close()
        self.give_back()

    def __del__(self) -> None:
        self.give_back()


class Body:
    """Takes the pieces of one body; ``file()`` is the whole."""

    __slots__ = ("_collector", "_file", "size")

    def __init__(self, budget: Budget) -> None:
        self._collector = budget.collector
        self._file: BinaryIO = _InMemory(budget)
        self.size = 0

    def write(self, data: bytes) -> None:
        """Take a piece. Raises ``OSError`` where the disk is full."""
        self.size += len(data)
        file = self._file
        if isinstance(file, _InMemory):
            if self.size <= IN_MEMORY and file.budget.take(len(data)):
                file.held += len(data)
            else:
                self._file = _spooled(file)
        self._file.write(data)

    def file(self) -> BinaryIO:
        """The whole body, at its start. It is freed when it is closed, or its last holder drops it."""
        file = self._file
        if isinstance(file, _InMemory):
            # Makes its buffer as large as the body is: whoever reads the whole then gets that, and no copy of it.
            file.getvalue()
        self._collector.took(self.size)
        file.seek(0)
        return file


def _spooled(memory: _InMemory) -> BinaryIO:
    file = cast("BinaryIO", tempfile.TemporaryFile(prefix="hendrix-body-"))  # noqa: SIM115 - its holder closes it
    file.write(memory.getbuffer())
    memory.give_back()
    return file
