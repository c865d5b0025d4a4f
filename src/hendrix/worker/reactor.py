"""Twisted's reactor on our loop.

Projects import ``twisted.internet.reactor`` at module level, so a reactor must be installed before the project is
imported, in the template, where no loop runs. After the fork each worker gives *the same object* a loop of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import Any, cast

from twisted.internet import asyncioreactor, main

# Here and not at the first use, which is in the workers: what is imported before the fork is shared by all.
_loops: Any = asyncio
with contextlib.suppress(ImportError):
    import uvloop as _loops


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's, or asyncio's own where uvloop is not to be had."""
    return cast("asyncio.AbstractEventLoop", _loops.new_event_loop())


class Reactor(asyncioreactor.AsyncioSelectorReactor):
    """Twisted's asyncio reactor, able to move to another loop, and to see its children exit under uvloop."""

    def adopt(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a forked worker: go on with ``loop``, which nobody else has used.

        What the project asked for at import (``callWhenRunning``, ``callLater``, open ports) is kept.
        """
        readers, writers = list(self._readers), list(self._writers)
        self._readers.clear()
        self._writers.clear()
        self._internalReaders.clear()
        self.waker = None
        stale, self._asyncioEventloop = self._asyncioEventloop, loop
        self._scheduledAt = self._timerHandle = None
        self.installWaker()
        for reader in readers:
            if reader.__class__.__name__ != "_UnixWaker":
                self.addReader(reader)
        for writer in writers:
            self.addWriter(writer)
        # The timer of what was scheduled at import stood on the loop that never ran.
        self._reschedule()
        stale.close()

    def spawnProcess(self, *args: Any, **kwargs: Any) -> Any:
        """See ``IReactorProcess``. uvloop keeps SIGCHLD to itself, so the child is watched by a pidfd (Linux)."""
        process = super().spawnProcess(*args, **kwargs)
        pid = getattr(process, "pid", None)
        if pid and hasattr(os, "pidfd_open"):
            self._watch_child(pid, process.reapProcess)
        return process

    def _watch_child(self, pid: int, reap: Callable[[], None]) -> None:
        loop = self._asyncioEventloop
        fd = os.pidfd_open(pid)

        def exited() -> None:
            loop.remove_reader(fd)
            os.close(fd)
            reap()

        loop.add_reader(fd, exited)


def install() -> Reactor:
    """In the template: install a reactor on a loop that never runs."""
    reactor = Reactor(asyncio.new_event_loop())
    main.installReactor(reactor)
    return reactor
