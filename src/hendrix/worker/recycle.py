"""When a worker has served long enough, and should be replaced."""

from __future__ import annotations

import random

from hendrix.core.config import Config
from hendrix.worker.heap import resident

#: Memory is read so often, in seconds.
_EVERY = 5.0


class Recycle:
    """The limits of one worker: requests, age, memory. 0 is no limit."""

    def __init__(self, config: Config, now: float) -> None:
        # Not the same for all: they would go at once.
        jitter = random.randint(0, config.max_requests_jitter)  # noqa: S311 - no secret
        self._most_requests = config.max_requests + jitter if config.max_requests else 0
        self._until = now + config.max_lifetime * random.uniform(0.9, 1.0) if config.max_lifetime else 0.0  # noqa: S311
        self._most_memory = config.max_rss
        self._next_look = now + _EVERY

    def reason(self, now: float, requests: int) -> str:
        """Why the worker should go, or nothing."""
        if self._most_requests and requests >= self._most_requests:
            return f"it answered {requests} requests (--max-requests)"
        if self._until and now >= self._until:
            return "it is old (--max-lifetime)"
        if self._most_memory and now >= self._next_look:
            self._next_look = now + _EVERY
            taken = resident()
            if taken >= self._most_memory:
                return f"it takes {taken // 1024**2} MB (--max-rss)"
        return ""
