"""How many messages a client may send: a bucket of tokens. Pure: time is an argument."""

from __future__ import annotations

import re

_RATE = re.compile(r"(\d+(?:\.\d+)?)/(s|m|h)(?::(\d+))?")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class Rate:
    """``20/s``, ``100/m``; ``20/s:50`` lets 50 come at once, else as many as in a second, or one."""

    __slots__ = ("_burst", "_left", "_per_second", "_since")

    def __init__(self, text: str, now: float) -> None:
        """Raises ``ValueError``."""
        found = _RATE.fullmatch(text)
        if not found or not float(found[1]):
            raise ValueError(f"the rate {text!r} is none; give 20/s, 100/m, or 20/s:50 for 50 at once")
        self._per_second = float(found[1]) / _SECONDS[found[2]]
        self._burst = float(found[3] or max(1.0, self._per_second))
        self._left, self._since = self._burst, now

    def take(self, now: float) -> bool:
        """May one more come?"""
        self._left = min(self._burst, self._left + (now - self._since) * self._per_second)
        self._since = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
