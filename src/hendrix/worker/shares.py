"""How many connections each worker has, for all workers to see: who has more than its share lets others accept.

A table in memory that the workers of a template share, as it is made before they are forked: one row for each, its
number of connections and the last moment at which it was alive. No lock: each worker writes its own row only, and a
number that is a moment old does no harm.
"""

from __future__ import annotations

import mmap

_ROWS = 1024
_WORD = 8
_COUNT, _BEAT = 0, 1
#: Milliseconds after which a worker that said nothing is not waited for. It beats twice a second.
_SILENT = 1500
#: A worker may have this part more than the one with the fewest, and one more in any case.
_SLACK = 8

# Row 0 is not a worker's: it holds a number that changes whenever somebody comes or goes.
_TABLE = memoryview(mmap.mmap(-1, _ROWS * 2 * _WORD)).cast("q")


class Share:
    """The row of the worker ``number``, and its view of the others. ``now`` is in seconds, monotonic."""

    def __init__(self, number: int, now: float, table: memoryview[int] = _TABLE) -> None:
        self._table = table
        self._row = 2 * (1 + number % (len(table) // 2 - 1))
        self._others: list[int] = []
        self._seen = -1
        self.count = 0
        self.beat(now)
        self._changed()

    def have(self, count: int) -> None:
        """So many connections are ours."""
        self.count = self._table[self._row + _COUNT] = count

    def beat(self, now: float) -> None:
        """We live; and who else does?"""
        table, moment = self._table, int(now * 1000) + 1  # 0 is nobody
        table[self._row + _COUNT], table[self._row + _BEAT] = self.count, moment
        oldest = max(0, moment - _SILENT)
        self._others = [row for row in range(2, len(table), 2) if table[row + _BEAT] > oldest and row != self._row]
        self._seen = table[0]

    def over(self, now: float) -> bool:
        """Have we more than our share, so that the next connection should be somebody else's?"""
        table = self._table
        if table[0] != self._seen:
            self.beat(now)
        if not self._others:
            return False
        least = min([table[row + _COUNT] for row in self._others])
        return self.count > least + max(1, least // _SLACK)

    def leave(self) -> None:
        """We accept nothing more."""
        self._table[self._row + _BEAT] = 0
        self._changed()

    def _changed(self) -> None:
        self._table[0] += 1
