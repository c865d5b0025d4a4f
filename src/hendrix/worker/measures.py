"""What a worker counts, where it is to (``--metrics``): a few additions for each request, told once a second.

Only what has come since the last report is told, so that a worker's end takes nothing back.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from hendrix.core.control import Measured
from hendrix.core.measure import ABORTED, BOUNDS, LAG, LONGEST_VIEW, MOST_VIEWS, OTHERS, QUEUE, UNSEEN, empty
from hendrix.tasks.crew import crew
from hendrix.worker.http2_connection import Http2Connection

if TYPE_CHECKING:
    from hendrix.worker.engine import Engine
    from hendrix.worker.receiving import Receiving

#: By class of status.
_Cells = dict[str, list[float]]


class Measures:
    """Everything is called on the loop."""

    def __init__(self) -> None:
        self._views: dict[str, _Cells] = {}
        self._queue, self._lag = empty(), empty()

    def over(self, exchange: Receiving) -> None:
        """``exchange`` is, in whatever way."""
        request = exchange.request
        noted = request.noted
        view = UNSEEN
        if noted is not None:
            request.noted = None  # it may know the exchange
            view = noted.view
            waited = noted.waited
            if waited >= 0.0:
                queue = self._queue
                queue[bisect_left(BOUNDS, waited)] += 1
                queue[-1] += waited
        seconds = monotonic() - exchange.began
        kind = exchange.status[0] if exchange.complete else ABORTED
        try:
            cell = self._views[view][kind]
        except KeyError:
            cell = self._new(view, kind)
        cell[bisect_left(BOUNDS, seconds)] += 1
        cell[-1] += seconds

    def _new(self, view: str, kind: str) -> list[float]:
        """The cell of a view that is met for the first time with this class of status, or of too many."""
        name = view[:LONGEST_VIEW] or UNSEEN
        if name not in self._views and len(self._views) >= MOST_VIEWS:
            name = OTHERS
        return self._views.setdefault(name, {}).setdefault(kind, empty())

    def repeats(self, exchange: Receiving, still: Callable[[], bool] | None) -> Callable[[], bool]:
        """``still`` (see ``Exchange.send``) for an answer that is given again without an exchange: that counts too."""
        noted = exchange.request.noted
        cell = self._new(UNSEEN if noted is None else noted.view, exchange.status[0])

        def counted() -> bool:
            if still is not None and not still():
                return False
            cell[0] += 1
            return True

        return counted

    def late(self, seconds: float) -> None:
        """The loop came so much later than it should."""
        self._lag[bisect_left(BOUNDS, seconds)] += 1
        self._lag[-1] += seconds

    # --- once a second ---------------------------------------------------------------------------------------

    def report(self, engine: Engine) -> Measured:
        """What is new, and how it is just now."""
        series = {
            f"{kind}{view}": [*cell]
            for view, cells in self._views.items()
            for kind, cell in cells.items()
            if any(cell)
        }
        spreads = {name: [*cell] for name, cell in ((QUEUE, self._queue), (LAG, self._lag)) if any(cell)}
        return Measured(series, spreads, _levels(engine))

    def told(self) -> None:
        """The last report has gone out."""
        for cells in self._views.values():
            for cell in cells.values():
                if any(cell):
                    cell[:] = empty()
        self._queue[:], self._lag[:] = empty(), empty()


def forget(exchange: Receiving) -> None:
    """Where nobody counts: what was noted knows the exchange, which knows it."""
    exchange.request.noted = None


def _levels(engine: Engine) -> dict[str, float]:
    connections = engine.site.connections
    kinds = Counter(connection.kind for connection in connections)
    kinds["websocket"] += sum(len(one.tunnels) for one in connections if isinstance(one, Http2Connection))
    levels: dict[str, float] = {f"sockets_{kind}": count for kind, count in kinds.items()}
    levels["in_flight"] = sum(connection.under_way for connection in connections)
    levels["background"] = crew.pending
    if engine.cache is not None:
        counts = engine.cache.store.counts()
        shared = "shared_" if engine.cache.store.far else ""
        levels[f"cache_{shared}entries"], levels[f"cache_{shared}bytes"] = counts.entries, counts.size
    return levels
