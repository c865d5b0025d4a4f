"""The cache of this process, for whoever throws pages away: a worker has one, other processes have none."""

from __future__ import annotations

from typing import Any

from hendrix.cache.store.interface import Store

_here: list[Any] = []


def store() -> Store | None:
    """The store of this worker."""
    found: Store | None = _here[0].store if _here else None
    return found


def owner() -> Any:
    """What the store belongs to (``answer.caching.keeping.Keeping``); None in a process that is no worker."""
    return _here[0] if _here else None


def use(owner: Any) -> None:
    """From now on it is this one; None: none."""
    _here[:] = [] if owner is None else [owner]
