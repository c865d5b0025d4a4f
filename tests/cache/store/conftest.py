"""The same cases run against each kind of store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hendrix.cache.journal import SharedJournal
from hendrix.cache.store.shared import SharedStore
from tests.cache.store.stage import LIMIT, Clock, Stage


@pytest.fixture(params=["shared"])
def stage(request, tmp_path) -> Iterator[Stage]:
    clock, opened = Clock(), []

    def open_shared(limit: int = LIMIT) -> SharedStore:
        opened.append(SharedStore(str(tmp_path), limit, SharedJournal(str(tmp_path / "journal")), 2, clock))
        return opened[-1]

    journal = SharedJournal(str(tmp_path / "journal"))
    yield Stage("shared", open_shared, lambda: journal, clock)
    for store in opened:
        store.close()
