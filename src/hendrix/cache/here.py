"""The cache of this process, for whoever throws pages away: a worker has one, other processes have none."""

from __future__ import annotations

from hendrix.cache.store.interface import Store

_here: list[Store] = []


def store() -> Store | None:
    """That of this worker."""
    return _here[0] if _here else None


def use(store: Store | None) -> None:
    """From now on it is this one."""
    _here[:] = [] if store is None else [store]
