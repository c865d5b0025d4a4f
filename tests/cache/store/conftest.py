"""The same cases run against each kind of store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hendrix.cache.journal import SharedJournal
from hendrix.cache.store.interface import Store
from hendrix.cache.store.memory import MemoryStore
from hendrix.cache.store.shared import SharedStore
from tests.cache.store.stage import LIMIT, Clock, Stage


@pytest.fixture(params=["memory", "shared"])
def stage(request, tmp_path) -> Iterator[Stage]:
    clock, opened, journals = Clock(), list[Store](), list[SharedJournal]()

    def journal() -> SharedJournal:
        """Of its own for each worker, as it is in processes of their own."""
        journals.append(SharedJournal(str(tmp_path / "journal")))
        return journals[-1]

    def open_store(limit: int = LIMIT) -> Store:
        if request.param == "memory":
            opened.append(MemoryStore(limit, journal()))
        else:
            opened.append(SharedStore(str(tmp_path), limit, journal(), 2, clock))
        return opened[-1]

    ours = journal()
    yield Stage(request.param, open_store, lambda: ours, clock, shared=request.param != "memory")
    for store in (*opened, *journals):
        store.close()
