"""Garbage that cannot wait: what is left of requests that had large bodies.

A Django request is part of circles (its user, its messages), so a body that it has read (``request.body``) is freed by
Python's collector only. That counts objects, and in a worker it comes seldom: a few hundred objects, nothing to it,
may hold as many megabytes. So bodies count by their bytes.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

_YOUNG = 16 * 1024 * 1024
#: Requests that are under way in a collection are old by the next, and are found by one of everything only.
_ALL = 128 * 1024 * 1024
#: Collections of everything may take this part of the time: where a project holds a million objects one is dear.
_SHARE = 1 / 50


class Collector:
    """Told how much has come in, it collects now and then. ``clock`` in seconds."""

    __slots__ = ("_all", "_clock", "_rest_until", "_young")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._young = self._all = 0
        self._rest_until = 0.0

    def took(self, count: int) -> None:
        """A body of ``count`` bytes is on its way to the application."""
        self._young += count
        if self._young >= _YOUNG and gc.isenabled():
            self._all += self._young
            self._young = 0
            self._collect()

    def _collect(self) -> None:
        now = self._clock()
        if self._all < _ALL or now < self._rest_until:
            gc.collect(1)
            return
        self._all = 0
        gc.collect()
        self._rest_until = self._clock() + (self._clock() - now) / _SHARE
