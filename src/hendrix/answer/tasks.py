"""The asyncio tasks of applications: one per request. Whoever ends a worker must know of them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """Runs coroutines on one loop, and holds them: the loop itself would let them be collected."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._running: set[asyncio.Task[None]] = set()
        #: Their time is over.
        self.cancelled = False

    def __len__(self) -> int:
        return len(self._running)

    def start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin it soon. It must end with ``leave``, and must not raise."""
        task = self.loop.create_task(coroutine)
        self._running.add(task)
        return task

    def leave(self, task: asyncio.Task[None]) -> None:
        """From within ``task``: it is about to end."""
        self._running.discard(task)

    async def settled(self) -> None:
        """Wait until none is left."""
        while self._running:
            await asyncio.wait(self._running)

    def cancel(self) -> None:
        """The deadline has passed: whoever still runs is to clean up now."""
        self.cancelled = True
        for task in list(self._running):
            task.cancel()
