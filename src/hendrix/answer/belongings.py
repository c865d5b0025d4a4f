"""What a request takes along when it leaves its thread: its database connections and caches.

Django keeps them by thread (``connections``) and by context (``caches``). A request that waits for an async view holds
no thread, and the next one in that thread must not find its open transaction, its tenant or its search path; nor may
it lose them when it goes on in another thread. So they are taken out of the thread, put into the next one, and left
there in the end. What that thread had before goes to a shelf, from which threads that gave theirs away are filled
again: so persistent connections persist.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any

from django.core.cache import caches
from django.db import connections

from hendrix.answer.housekeeping import caches_in_use, here

#: By alias.
Connections = dict[str, Any]
#: Sets of connections that wait for a thread: no more than there are threads, mostly.
_MOST_SHELVED = 20

_shelf: deque[Connections] = deque()


class _Kept(threading.local):
    """Aliases of the caches that this thread keeps from request to request."""

    def __init__(self) -> None:
        self.caches: tuple[str, ...] = ()


_kept = _Kept()


class Belongings:
    """The connections of a request that comes and goes."""

    __slots__ = ("_connections", "_lock", "_over", "lingers")

    def __init__(self, *, lingers: bool = False) -> None:
        self._connections: Connections = {}
        self._lock = threading.Lock()
        self._over = False
        #: Does the request go on for long (a stream)? Then its connections are closed whenever it leaves a thread.
        self.lingers = lingers

    def depart(self) -> None:
        """Out of the thread where the request began. Others take their place where there are some."""
        taken = _remove()
        if self.lingers:
            _close_idle(taken)
        if taken:
            _refill()
            self._keep(taken)

    def visit(self, call: Callable[[], object]) -> None:
        """Run ``call`` with them in this thread."""
        if self._over:
            call()  # of a task that outlived its request: the thread's own have to do
            return
        had = self.enter()
        try:
            call()
        finally:
            self.leave(had)

    def enter(self) -> Connections:
        """Into this thread; what it had is returned, for ``leave`` or ``stay``."""
        with self._lock:
            taken, self._connections = self._connections, {}
        had = _remove()
        _put(taken)
        return had

    def leave(self, had: Connections) -> None:
        """Out of this thread, which gets back what it ``had``."""
        taken = _remove()
        if self.lingers:
            _close_idle(taken)
        _put(had)
        self._keep(taken)

    def stay(self, had: Connections) -> None:
        """The request is over: they are this thread's from now on, and what it ``had`` is shelved."""
        self._over = True
        if had:
            _shelf.append(had)
            _tidy_shelf()

    def _keep(self, taken: Connections) -> None:
        with self._lock:
            surplus = {} if not self._over else taken
            if not self._over:
                surplus = {alias: taken.pop(alias) for alias in self._connections if alias in taken}
                self._connections.update(taken)
        _close(surplus)


def _refill() -> None:
    try:
        _put(_shelf.pop())
    except IndexError:
        pass


def _tidy_shelf() -> None:
    """The set that nobody wanted for longest is closed once it is too old (``CONN_MAX_AGE``), or one too many."""
    try:
        oldest = _shelf.popleft()
    except IndexError:
        return  # another thread has taken it
    if len(_shelf) >= _MOST_SHELVED:
        _close(oldest)
        return
    ident = threading.get_ident()
    for connection in oldest.values():
        connection._thread_ident = ident
        connection.close_if_unusable_or_obsolete()
    if any(connection.connection is not None for connection in oldest.values()):
        _shelf.appendleft(oldest)


def close_shelved() -> None:
    """Nobody wants them any more: the server has ended, and the process has not."""
    while _shelf:
        _close(_shelf.pop())


def _put(found: Connections) -> None:
    """Into this thread, which has none with these aliases."""
    ident = threading.get_ident()
    for alias, connection in found.items():
        connection._thread_ident = ident
        connections[alias] = connection
        here.connections.append(connection)


def _remove() -> Connections:
    """Out of this thread."""
    if not here.connections:
        return {}
    here.connections.clear()
    found = {connection.alias: connection for connection in connections.all(initialized_only=True)}
    for alias in found:
        del connections[alias]
    return found


def _close_idle(found: Connections) -> None:
    for connection in found.values():
        if connection.connection is not None and not connection.in_atomic_block:
            connection.close()


def _close(found: Connections) -> None:
    ident = threading.get_ident()
    for connection in found.values():
        connection._thread_ident = ident
        connection.close()


def keep_caches(context: Context) -> None:
    """At the end of a request that ran in ``context``: its caches are the thread's from now on.

    Contexts are made for each request, and a cache that is made anew each time opens its connection each time.
    """
    if not caches_in_use() or len(_kept.caches) == len(caches.settings):
        return
    fresh = {alias: cache for alias, cache in context.run(_made_caches).items() if alias not in _kept.caches}
    for alias, cache in fresh.items():
        caches[alias] = cache
    if fresh:
        _kept.caches += tuple(fresh)


def give_caches_away() -> None:
    """The thread's caches belong to a request that leaves it."""
    for alias in _kept.caches:
        del caches[alias]
    _kept.caches = ()


def _made_caches() -> dict[str, Any]:
    return {alias: caches[alias] for alias in caches if hasattr(caches._connections, alias)}
