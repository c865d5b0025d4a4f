"""Twisted's threads (``deferToThread``, ``callInThread``) in a worker: no database connection is left behind by a job.

Django closes a connection that is broken or too old at the begin and the end of a request. A job in one of these
threads has neither, so both are done around it, and a thread that ends closes what it has.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from twisted.python.threadpool import ThreadPool

from hendrix.core.events import WARNING, emit

#: Seconds that jobs under way have to finish when the process ends; a thread cannot be ended.
_LAST_WORDS = 1.0


class _Thread(threading.Thread):
    """Ends without a connection. A daemon: one that hangs does not hold the process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "daemon": True})

    def run(self) -> None:
        try:
            super().run()
        finally:
            _close_all()


class Threads(ThreadPool):
    """As many threads as the project asks for by ``suggestThreadPoolSize``, 10 where it does not."""

    threadFactory = _Thread  # noqa: N815

    def callInThreadWithCallback(self, onResult: Any, func: Any, *args: Any, **kw: Any) -> None:  # noqa: N803
        """See ``ThreadPool``."""
        super().callInThreadWithCallback(onResult, _tidied, func, *args, **kw)

    def stop(self) -> None:
        """Start no more jobs, and wait a moment for those under way. See ``ThreadPool``."""
        self.joined = True
        self.started = False
        threads, self.threads = self.threads, []
        self._team.quit()
        deadline = time.monotonic() + _LAST_WORDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if hung := [thread.name for thread in threads if thread.is_alive()]:
            emit("threads.left_behind", WARNING, threads=len(hung), advice="jobs of deferToThread did not finish")


def _tidied(func: Callable[..., Any], *args: Any, **kw: Any) -> Any:
    _close_old()
    try:
        return func(*args, **kw)
    finally:
        _close_old()


def _close_old() -> None:
    if _has_databases():
        from django.db import close_old_connections  # noqa: PLC0415 - not every project has Django

        close_old_connections()


def _close_all() -> None:
    if _has_databases():
        from django.db import connections  # noqa: PLC0415

        connections.close_all()


def _has_databases() -> bool:
    """Without settings, though a library may have imported it, Django has none, and says so by raising."""
    return "django.db" in sys.modules and bool(sys.modules["django.conf"].settings.configured)
