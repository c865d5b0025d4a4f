"""What a process wants of a processor, with its threads given."""

from __future__ import annotations

import pytest

from hendrix.worker import pressure as room
from hendrix.worker.pressure import Pressure

SECOND = 1_000_000_000


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """``now``, ``got`` (seconds of processor) and ``line`` (nanoseconds in line, by thread) are the test's."""
    facts: dict[str, object] = {"now": 0.0, "got": 0.0, "line": {}}
    monkeypatch.setattr(room.time, "monotonic", lambda: facts["now"])
    monkeypatch.setattr(room.time, "process_time", lambda: facts["got"])
    monkeypatch.setattr(room, "_in_line", lambda: facts["line"])
    return facts


def share(machine: dict[str, object], *, got: float, line: dict[str, int]) -> float:
    pressure = Pressure()
    pressure.begin()
    machine.update(now=1.0, got=got, line=line)
    return pressure.share()


def test_what_it_gets(machine: dict[str, object]) -> None:
    assert share(machine, got=0.25, line={}) == 0.25


def test_what_it_waits_in_line_for_counts_too(machine: dict[str, object]) -> None:
    machine["line"] = {"1": 5 * SECOND, "2": 0}
    assert share(machine, got=0.5, line={"1": 5 * SECOND + SECOND // 2, "2": 0}) == 1.0


def test_threads_that_wait_for_each_other_count_once(machine: dict[str, object]) -> None:
    machine["line"] = {"1": 0, "2": 0}
    assert share(machine, got=0.5, line={"1": SECOND // 4, "2": SECOND // 4}) == 0.75


def test_a_thread_that_ended_takes_nothing_away(machine: dict[str, object]) -> None:
    machine["line"] = {"1": 0, "2": 90 * SECOND}
    assert share(machine, got=0.5, line={"1": SECOND // 2}) == 1.0


def test_a_thread_that_came_counts_from_its_birth(machine: dict[str, object]) -> None:
    assert share(machine, got=0.0, line={"3": SECOND // 2}) == 0.5


def test_this_very_process_can_be_measured() -> None:
    pressure = Pressure()
    pressure.begin()
    assert pressure.share() >= 0.0
