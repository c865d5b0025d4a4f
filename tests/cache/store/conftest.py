"""The same cases run against each kind of store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hendrix.cache.store.shared import SharedStore
from tests.cache.store.stage import LIMIT, Clock, ListJournal, Stage


@pytest.fixture(params=["shared"])
def stage(request, tmp_path) -> Iterator[Stage]:
    clock, opened, journal = Clock(), [], ListJournal()

    def open_shared(limit: int = LIMIT) -> SharedStore:
        opened.append(SharedStore(str(tmp_path), limit, journal, 2, clock))
        return opened[-1]

    yield Stage("shared", open_shared, journal, clock)
    for store in opened:
        store.close()
