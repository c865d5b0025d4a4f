"""The same cases run against each kind of store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hendrix.cache.journal import SharedJournal
from hendrix.cache.store.interface import Store
from hendrix.cache.store.memory import MemoryStore
from hendrix.cache.store.shared import SharedStore
from tests.cache.store.machine import Machine
from tests.cache.store.stage import LIMIT, Clock, Stage
from tests.kit.redis import Redis, Unavailable, redis_server


@pytest.fixture(scope="session")
def server() -> Iterator[Redis]:
    try:
        with redis_server() as running:
            yield running
    except Unavailable as reason:
        pytest.skip(f"no Redis: {reason}")


@pytest.fixture(params=["memory", "shared", "redis"])
def stage(request, tmp_path) -> Iterator[Stage]:
    if request.param == "redis":
        machine = Machine(request.getfixturevalue("server").url, request.node.name, tmp_path / "journal")
        yield machine.stage
        machine.close()
        return
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
