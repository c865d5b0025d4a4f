"""What is said of slow requests: with id and stack, and not of all of a thousand at once."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from hendrix.answer.slow import MOST, WINDOW, Reports
from hendrix.core import events
from hendrix.core.events import WARNING

Heard = list[tuple[str, dict[str, object]]]


@pytest.fixture
def heard() -> Iterator[Heard]:
    found: Heard = []

    def listener(name: str, level: int, facts: dict[str, object]) -> None:
        found.append((name, facts))

    events.listen(listener)
    yield found
    events.forget(listener)


def request(number: int) -> Any:
    return SimpleNamespace(describe=lambda: f"GET /{number}", request_id=f"id-{number}")


def tell(reports: Reports, number: int, now: float, name: str = "request.slow") -> None:
    reports.tell(name, WARNING, request(number), 10.04, lambda: "the stack", now)


def test_a_line_says_which_one_how_long_and_where(heard: Heard) -> None:
    tell(Reports(), 1, 0.0)
    assert heard == [("request.slow", {"request": "GET /1", "id": "id-1", "seconds": 10.0, "stack": "the stack"})]


def test_past_the_limit_they_are_counted(heard: Heard) -> None:
    reports = Reports()
    for number in range(MOST + 990):
        tell(reports, number, 5.0)
    assert len(heard) == MOST
    reports.settle(5.0 + WINDOW - 0.1)
    assert len(heard) == MOST
    reports.settle(5.0 + WINDOW)
    assert heard[MOST:] == [("request.slow.untold", {"requests": 990, "seconds": WINDOW})]
    tell(reports, 7, 6.0 + WINDOW)
    assert heard[-1][1]["id"] == "id-7", "the next window has lines of its own"


def test_each_kind_has_its_own_limit(heard: Heard) -> None:
    reports = Reports()
    for number in range(MOST + 1):
        tell(reports, number, 0.0)
    tell(reports, 99, 0.0, "request.hung")
    assert heard[-1][0] == "request.hung"


def test_where_none_were_left_out_nothing_is_said(heard: Heard) -> None:
    reports = Reports()
    tell(reports, 1, 0.0)
    reports.settle(100.0)
    assert len(heard) == 1
