"""What the tests of this room share."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from hendrix.core import events
from tests.observe.entries import MakeEntry, make


@pytest.fixture
def entry() -> MakeEntry:
    return make


@pytest.fixture(autouse=True)
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time with an offset, so that a time stamp in UTC would be seen."""
    monkeypatch.setenv("TZ", "EST5EDT,M4.1.0,M10.5.0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def heard() -> Iterator[list[tuple[str, dict[str, object]]]]:
    """Events that were emitted meanwhile."""
    found: list[tuple[str, dict[str, object]]] = []

    def listener(name: str, level: int, facts: dict[str, object]) -> None:
        found.append((name, facts))

    events.listen(listener)
    yield found
    events.forget(listener)
