"""Sums over all workers: they only grow, are bounded, and believe no nonsense."""

from __future__ import annotations

import json
import selectors
from types import SimpleNamespace
from typing import Any

import pytest

from hendrix.core.control import Measured, Vitals
from hendrix.core.measure import MOST_VIEWS, OTHERS, QUEUE, SIZE, empty
from hendrix.supervisor.crew import Crew
from hendrix.supervisor.measures import Measures


def spread(count: float) -> list[float]:
    return [count, *empty()[:-2], count / 2]


class Stage:
    def __init__(self) -> None:
        self.crew = Crew(selectors.DefaultSelector())
        self.rows: dict[int, Any] = {}
        self.measures = Measures(SimpleNamespace(workers=self.rows), self.crew)  # type: ignore[arg-type]

    def join(self, worker: int, *, tasks: bool = False) -> None:
        self.rows[worker] = SimpleNamespace(is_for_tasks=tasks)
        self.crew.workers[worker] = SimpleNamespace()  # type: ignore[assignment]

    def leave(self, worker: int) -> None:
        del self.rows[worker], self.crew.workers[worker]

    def vitals(self, worker: int, requests: int, asked: int = 0, hits: int = 0) -> None:
        self.measures.heard(worker, Vitals(requests, 0, 0, 0, 0, asked, hits))

    def measured(self, worker: int, series: Any = None, spreads: Any = None, **levels: Any) -> None:
        self.measures.heard(worker, Measured(series or {}, spreads or {}, levels))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_what_workers_count_is_added_up_and_outlives_them(stage) -> None:
    stage.join(1)
    stage.join(2)
    stage.vitals(1, 5, asked=2, hits=1)
    stage.vitals(2, 7)
    stage.vitals(1, 6, asked=2, hits=1)
    assert stage.measures.facts()["counts"] == {"requests": 13, "asked": 2, "hits": 1}
    stage.leave(1)
    stage.join(3)
    stage.vitals(3, 2)
    assert stage.measures.facts()["counts"]["requests"] == 15


def test_tasks_are_not_requests(stage) -> None:
    stage.join(1, tasks=True)
    stage.vitals(1, 3)
    assert stage.measures.facts()["counts"] == {"tasks": 3}


def test_spreads_are_added(stage) -> None:
    for worker in (1, 2):
        stage.join(worker)
        stage.measured(worker, {"2home": spread(1)}, {QUEUE: spread(2)})
    found = stage.measures.facts()
    assert found["series"] == {"2home": spread(2)}
    assert found["spreads"] == {QUEUE: spread(4)}


def test_levels_are_of_those_who_live(stage) -> None:
    for worker in (1, 2):
        stage.join(worker)
        stage.measured(worker, in_flight=worker, cache_shared_bytes=10 * worker)
    assert stage.measures.facts()["levels"] == {"in_flight": 3, "cache_shared_bytes": 20}
    stage.leave(2)
    assert stage.measures.facts()["levels"] == {"in_flight": 1, "cache_shared_bytes": 10}


def test_a_successor_goes_on(stage) -> None:
    stage.join(1)
    stage.vitals(1, 5)
    stage.measured(1, {"2home": spread(1)}, {QUEUE: spread(1)})
    after = Stage()
    after.join(1)
    after.measures.adopt(json.loads(json.dumps(stage.measures.rows())))
    after.vitals(1, 6)  # not six more
    after.measured(1, {"2home": spread(1)})
    found = after.measures.facts()
    assert found["counts"]["requests"] == 6
    assert found["series"] == {"2home": spread(2)}
    assert found["spreads"] == {QUEUE: spread(1)}
    after.measures.adopt(None)  # of a version that had none


def test_views_are_bounded(stage) -> None:
    stage.join(1)
    for number in range(MOST_VIEWS + 20):
        stage.measured(1, {f"2view{number}": spread(1), f"5view{number}": spread(1)})
    series = stage.measures.facts()["series"]
    assert series[f"2{OTHERS}"] == spread(20)
    assert len(series) == 2 * MOST_VIEWS + 2


@pytest.mark.parametrize(
    "nonsense",
    [
        [1] * (SIZE - 1),
        [-1] * SIZE,
        [float("nan")] * SIZE,
        [float("inf")] * SIZE,
        ["1"] * SIZE,
        "x" * SIZE,
        None,
    ],
)
def test_nonsense_is_not_believed(stage, nonsense) -> None:
    stage.join(1)
    stage.measured(1, {"2home": nonsense, "9home": spread(1), "2" + "x" * 500: spread(1)}, {"else": spread(1)})
    stage.vitals(1, -5)
    found = stage.measures.facts()
    assert (found["series"], found["spreads"], found["counts"]) == ({}, {}, {})
