"""From an exchange that is over to the lines that tell of it."""

from __future__ import annotations

import os
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable

from hendrix.core.config import Config
from hendrix.observe.access import AccessLog, Entry
from hendrix.observe.brief import brief_log
from hendrix.observe.loud import loud_log
from hendrix.worker.receiving import Receiving

#: A line waits this long (seconds) for others to be written with.
_DELAY = 0.25
#: Who develops looks at the terminal meanwhile.
_SHORT_DELAY = 0.02


class Recorder:
    """The access log and the loud line, where they are wanted."""

    def __init__(self, config: Config, loop: AbstractEventLoop) -> None:
        self._pid = os.getpid()
        self._logs: list[AccessLog] = []

        def schedule(call: Callable[[], None]) -> None:
            loop.call_later(_SHORT_DELAY if config.dev else _DELAY, call)

        if config.access_log != "off":
            self._logs.append(AccessLog(config.access_log, config.access_logfile, schedule))
        if config.loud:
            self._logs.append((brief_log if config.dev else loud_log)(schedule))

    @property
    def wanted(self) -> bool:
        """Does anybody ask? Otherwise exchanges need not be told of."""
        return bool(self._logs)

    def record(self, exchange: Receiving, now: float) -> None:
        """``exchange`` was completed at ``now`` (monotonic)."""
        entry = Entry(
            request=exchange.request,
            origin=exchange.origin,
            status=int(exchange.status[:3]),
            sent=exchange.sent,
            finished=time.time(),
            seconds=now - exchange.began,
            request_id=exchange.request_id,
            headers=exchange.headers,
            pid=self._pid,
        )
        for log in self._logs:
            log.record(entry)

    def reopen(self) -> None:
        """The files were moved away."""
        for log in self._logs:
            log.reopen()

    def close(self) -> None:
        """Lose nothing."""
        for log in self._logs:
            log.close()
