"""From an exchange that is over to the lines that tell of it."""

from __future__ import annotations

import os
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable

from hendrix.core.config import Config
from hendrix.observe.access import AccessLog, Entry
from hendrix.observe.brief import brief_log
from hendrix.observe.choice import choice
from hendrix.observe.journal_access import JournalAccess, goes_there
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
        self._logs: list[AccessLog | JournalAccess] = []
        self._access: AccessLog | JournalAccess | None = None
        #: Which lines the access log is to have; None: all.
        self._wants = choice(config.access_log_sample, config.slow_request)
        self._health = b"" if config.access_log_health else config.health_path.encode()

        def schedule(call: Callable[[], None]) -> None:
            loop.call_later(_SHORT_DELAY if config.dev else _DELAY, call)

        if config.access_log != "off":
            lines = AccessLog(config.access_log, config.access_logfile, schedule)
            there = goes_there(config.access_logfile, config.log_format)
            self._access = JournalAccess(lines) if there else lines
            self._logs.append(self._access)
        if config.loud:
            self._logs.append((brief_log if config.dev else loud_log)(schedule))

    @property
    def wanted(self) -> bool:
        """Does anybody ask? Otherwise exchanges need not be told of."""
        return bool(self._logs)

    def record(self, exchange: Receiving, now: float) -> None:
        """``exchange`` was completed at ``now`` (monotonic)."""
        seconds, status = now - exchange.began, int(exchange.status[:3])
        if exchange.request.path == self._health and status < 500:
            return
        dropped = self._wants is not None and not self._wants(exchange.request_id, status, seconds)
        if dropped and len(self._logs) == 1 and self._access is not None:
            return
        entry = Entry(
            request=exchange.request,
            origin=exchange.origin,
            status=status,
            sent=exchange.sent,
            finished=time.time(),
            seconds=seconds,
            request_id=exchange.request_id,
            headers=exchange.headers,
            pid=self._pid,
        )
        for log in self._logs:
            if log is not self._access or not dropped:
                log.record(entry)

    def reopen(self) -> None:
        """The files were moved away."""
        for log in self._logs:
            log.reopen()

    def close(self) -> None:
        """Lose nothing."""
        for log in self._logs:
            log.close()
