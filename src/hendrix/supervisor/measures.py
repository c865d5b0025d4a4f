"""What all workers have counted, added up. Sums only grow: over the ends of workers, reloads and restarts.

What a worker tells is looked at before it is believed: its memory is the project's.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from hendrix.core.control import Measured, Message, Vitals
from hendrix.core.measure import CLASSES, LONGEST_VIEW, MOST_VIEWS, OTHERS, SIZE, SPREADS, empty
from hendrix.supervisor.crew import Crew
from hendrix.supervisor.fleet import Fleet

_MOST_LEVELS = 50
#: What workers have counted so far, and ask the cache for, by the names in ``Vitals``.
_COUNTED = ("requests", "asked", "hits")


class Measures:
    """``heard`` is told what workers say once a second."""

    def __init__(self, fleet: Fleet, crew: Crew) -> None:
        self._fleet, self._crew = fleet, crew
        self.counts: Counter[str] = Counter()
        self._series: dict[str, list[float]] = {}
        self._spreads: dict[str, list[float]] = {}
        self._views: set[str] = set()
        self._last: dict[int, Vitals] = {}
        self._levels: dict[int, dict[str, float]] = {}

    def heard(self, worker: int, message: Message) -> None:
        """``worker`` says how it is."""
        if isinstance(message, Vitals):
            self._count(worker, message)
        elif isinstance(message, Measured):
            self._add(worker, message)

    def facts(self) -> dict[str, Any]:
        """All sums, and the levels of the workers that live."""
        living = self._crew.workers.keys()
        for known in (self._last, self._levels):
            for worker in known.keys() - living:
                del known[worker]
        levels: Counter[str] = Counter()
        for told in self._levels.values():
            for name, value in told.items():
                # What is shared is the same for all of them.
                levels[name] = max(levels[name], value) if "shared" in name else levels[name] + value  # type: ignore[assignment]
        return {**self.rows(), "levels": dict(levels)}

    def rows(self) -> dict[str, Any]:
        """For a successor in the same process."""
        last = {str(worker): {name: getattr(said, name) for name in _COUNTED} for worker, said in self._last.items()}
        return {"counts": dict(self.counts), "series": self._series, "spreads": self._spreads, "last": last}

    def adopt(self, rows: dict[str, Any] | None) -> None:
        """The reverse of ``rows``."""
        if rows is not None:
            self.counts.update(rows["counts"])
            self._spreads.update(rows["spreads"])
            for key, spread in rows["series"].items():
                self._put(self._series, self._bounded(key), spread)
            for worker, said in rows["last"].items():
                self._last[int(worker)] = Vitals(said["requests"], 0, 0, 0, 0, said["asked"], said["hits"])

    def _count(self, worker: int, said: Vitals) -> None:
        before = self._last.get(worker)
        self._last[worker] = said
        row = self._fleet.workers.get(worker)
        names = ("tasks",) if row is not None and row.is_for_tasks else _COUNTED
        for name in names:
            of = "requests" if name == "tasks" else name
            now, then = getattr(said, of), 0 if before is None else getattr(before, of)
            if _is_number(now) and now > then:
                self.counts[name] += int(now - then)

    def _add(self, worker: int, said: Measured) -> None:
        for key, spread in said.series.items():
            if key[:1] in CLASSES and len(key) <= LONGEST_VIEW + 1:
                self._put(self._series, self._bounded(key), spread)
        for name, spread in said.spreads.items():
            if name in SPREADS:
                self._put(self._spreads, name, spread)
        if len(said.levels) <= _MOST_LEVELS:
            self._levels[worker] = {name: value for name, value in said.levels.items() if _is_number(value)}

    def _bounded(self, key: str) -> str:
        view = key[1:]
        if view not in self._views:
            if len(self._views) >= MOST_VIEWS:
                return key[0] + OTHERS
            self._views.add(view)
        return key

    def _put(self, spreads: dict[str, list[float]], name: str, more: list[float]) -> None:
        if isinstance(more, list) and len(more) == SIZE and all(_is_number(part) for part in more):
            known = spreads.setdefault(name, empty())
            known[:] = [old + new for old, new in zip(known, more, strict=True)]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < math.inf
