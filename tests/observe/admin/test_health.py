"""When a server is ready."""

from __future__ import annotations

from typing import Any

import pytest

from hendrix.observe.admin.health import readiness


def facts(*states: str, wanted: int = 2, phase: str = "running", generation: int = 1) -> dict[str, Any]:
    workers = [{"kind": "web", "state": state} for state in states]
    tasks = [{"kind": "tasks", "state": "ready"}]
    return {
        "phase": phase,
        "generation": generation,
        "workers_wanted": wanted,
        "workers": workers + tasks,
    }


@pytest.mark.parametrize(
    ("told", "least", "ready", "reason"),
    [
        (facts("ready", "ready"), None, True, "2 of 2 workers serve"),
        (facts("ready", "ready", "draining"), None, True, "2 of 2 workers serve"),
        (facts("ready", "retiring", "starting"), None, True, "2 of 2 workers serve"),
        (facts("ready", "starting"), None, False, "1 of 2 workers serve; others: starting"),
        (facts("ready", "frozen"), None, False, "1 of 2 workers serve; others: frozen"),
        (facts("ready", "starting"), 1, True, "1 of 2 workers serve"),
        (facts(generation=0), None, False, "the project is loading"),
        (facts("ready", "ready", phase="graceful stop"), 1, False, "the server is about to end (graceful stop)"),
    ],
)
def test_readiness(told: dict[str, Any], least: int | None, ready: bool, reason: str) -> None:
    assert readiness(told, least) == (ready, reason)
