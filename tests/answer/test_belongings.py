"""Connections go with their request from thread to thread, and are in one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connections

from hendrix.answer import belongings as room
from hendrix.answer import housekeeping
from hendrix.answer.belongings import Belongings


class Thread:
    """Runs what it is told, one after the other."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self._results: SimpleQueue[Any] = SimpleQueue()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                self._results.put(call())
            except BaseException as error:
                self._results.put(error)
        connections.close_all()

    def __call__(self, call: Callable[[], Any]) -> Any:
        """Its result; what it raises is raised."""
        self._calls.put(call)
        result = self._results.get(timeout=20)
        if isinstance(result, BaseException):
            raise result
        return result

    def end(self) -> None:
        self._calls.put(None)
        self._thread.join()


@pytest.fixture(autouse=True)
def watched() -> Iterator[None]:
    housekeeping.install()
    room._shelf.clear()
    yield
    for found in room._shelf:
        room._close(found)
    room._shelf.clear()


@pytest.fixture
def thread() -> Iterator[Callable[[], Thread]]:
    made: list[Thread] = []

    def make() -> Thread:
        made.append(Thread())
        return made[-1]

    yield make
    for each in made:
        each.end()


def used(alias: str = "default") -> Any:
    """The connection of this thread, in use."""
    connection = connections[alias]
    connection.ensure_connection()
    return connection


def here() -> dict[str, Any]:
    return {connection.alias: connection for connection in connections.all(initialized_only=True)}


def is_open(connection: Any) -> bool:
    return connection.connection is not None


def test_they_go_along(thread) -> None:
    first, second = thread(), thread()
    belongings = Belongings()
    default, other = first(used), first(lambda: used("other"))
    first(belongings.depart)
    assert first(here) == {}
    had = second(belongings.enter)
    assert had == {}
    assert second(here) == {"default": default, "other": other}
    assert second(used) is default, "and may be used there"
    second(lambda: belongings.stay(had))
    assert second(here) == {"default": default, "other": other}


def test_the_next_thread_gets_its_own_back(thread) -> None:
    first, second = thread(), thread()
    belongings = Belongings()
    mine, own = first(used), second(used)
    first(belongings.depart)
    seen = second(lambda: visit(belongings, lambda: here()["default"]))
    assert seen is mine
    assert second(here) == {"default": own}


def visit(belongings: Belongings, call: Callable[[], Any]) -> Any:
    seen: list[Any] = []
    belongings.visit(lambda: seen.append(call()))
    return seen[0]


def test_what_a_thread_had_is_shelved_for_one_that_has_none(thread) -> None:
    first, second = thread(), thread()
    belongings = Belongings()
    first(used)
    own = second(used)
    first(belongings.depart)
    second(lambda: belongings.stay(belongings.enter()))
    assert is_open(own)
    third = Belongings()
    first(used)
    first(third.depart)
    assert first(here) == {"default": own}, "of the shelf"


def test_a_connection_that_is_made_in_a_visit_is_kept(thread) -> None:
    first, second = thread(), thread()
    belongings = Belongings()
    first(belongings.depart)
    made = first(lambda: visit(belongings, used))
    assert first(here) == {}
    assert second(lambda: visit(belongings, used)) is made


def test_a_visit_that_raises(thread) -> None:
    first = thread()
    belongings = Belongings()
    own = first(used)

    def fail() -> None:
        used("other")
        raise LookupError

    with pytest.raises(LookupError):
        first(lambda: belongings.visit(fail))
    assert first(here) == {"default": own}


def test_two_visits_at_once_never_share(thread) -> None:
    first, second = thread(), thread()
    belongings = Belongings()
    first(belongings.depart)
    first(lambda: visit(belongings, used))
    had = first(belongings.enter)
    other = second(lambda: visit(belongings, used))
    assert first(used) is not other
    mine = first(used)
    first(lambda: belongings.leave(had))
    assert is_open(belongings._connections["default"])
    assert [is_open(mine), is_open(other)].count(True) == 1, "one of the two is closed"


def test_what_comes_back_after_the_end_is_closed(thread) -> None:
    first, second = thread(), thread()
    belongings = Belongings()
    first(belongings.depart)
    had = first(belongings.enter)
    late = first(lambda: used("other"))
    second(lambda: belongings.stay(belongings.enter()))
    first(lambda: belongings.leave(had))
    assert not is_open(late)


def test_a_task_that_outlives_its_request_uses_the_threads_own(thread) -> None:
    first = thread()
    belongings = Belongings()
    own = first(used)
    first(lambda: belongings.stay(belongings.enter()))
    first(room._refill)
    own = first(used)
    assert first(lambda: visit(belongings, used)) is own


def test_a_long_stream_leaves_no_connection_open(thread) -> None:
    first, second = thread(), thread()
    mine = first(used)
    belongings = Belongings(lingers=True)
    first(belongings.depart)
    assert not is_open(mine)
    assert second(lambda: visit(belongings, lambda: is_open(used())))
    assert not is_open(mine)


def test_but_one_in_a_transaction(thread) -> None:
    first = thread()
    mine = first(used)
    mine.in_atomic_block = True
    try:
        belongings = Belongings(lingers=True)
        first(belongings.depart)
        assert is_open(mine)
    finally:
        mine.in_atomic_block = False
        first(lambda: belongings.stay(belongings.enter()))


def test_the_shelf_has_an_end(thread) -> None:
    first = thread()
    seen = []
    for _ in range(room._MOST_SHELVED + 5):
        belongings = Belongings()
        seen.append(first(used))
        first(lambda b=belongings: b.stay(b.enter() or {}))
        first(lambda: None)
    assert len(room._shelf) <= room._MOST_SHELVED
    assert sum(map(is_open, seen)) <= room._MOST_SHELVED + 1


def test_what_is_too_old_does_not_stay_on_the_shelf(thread) -> None:
    first = thread()
    old = first(used)
    old.close_at = 0.0
    first(lambda: Belongings().stay(room._remove()))
    assert not is_open(old)
    assert len(room._shelf) == 0


def test_caches_stay_in_their_thread_unless_a_request_takes_them(thread) -> None:
    import contextvars

    first = thread()

    def request() -> Any:
        context = contextvars.copy_context()
        cache = context.run(lambda: caches["default"])
        room.keep_caches(context)
        return cache

    cache = first(request)
    assert first(request) is cache
    first(room.give_caches_away)
    assert first(request) is not cache
