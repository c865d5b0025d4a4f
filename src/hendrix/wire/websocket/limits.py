"""The bounds on what one peer of a WebSocket may do, as numbers the machine obeys."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """Sizes in bytes, times in seconds, ``min_rate`` in bytes per second.

    0 is no limit for ``max_size``, and no pings for ``ping_interval``; without a ``ping_timeout`` pings are sent, and
    nobody waits for the answer.
    """

    max_size: int = 16 * 1024**2
    ping_interval: float = 20.0
    ping_timeout: float = 20.0
    close_timeout: float = 10.0
    min_rate: int = 500
