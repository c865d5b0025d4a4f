"""The signals around requests: every receiver as Django would call it, and Django's own doing what they do."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator

import pytest
from django.core.cache import caches
from django.core.signals import request_finished, request_started
from django.db import connections
from django.dispatch import Signal

from hendrix.answer import housekeeping
from hendrix.answer.housekeeping import QuickSend, here

housekeeping.install()


@pytest.fixture(autouse=True)
def no_connections() -> Iterator[None]:
    yield
    for alias in list(connections):
        connections[alias].close()
        del connections[alias]
    here.connections.clear()


@pytest.fixture
def signal() -> Signal:
    made = Signal()
    made.send = QuickSend(made, {})
    return made


def in_thread(call: Callable[[], object]) -> object:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join()
    return found[0]


# --- receivers ---------------------------------------------------------------------------------------------------


def test_receivers_are_called_in_their_order_with_all_that_is_sent(signal) -> None:
    calls: list[object] = []

    def first(sender: object, **named: object) -> str:
        calls.append(("first", sender, named["environ"], named["signal"]))
        return "a"

    def second(sender: object, **named: object) -> str:
        calls.append(("second", sender, named["environ"], named["signal"]))
        return "b"

    signal.connect(first)
    signal.connect(second)
    for _ in range(2):
        calls.clear()
        assert signal.send(sender=int, environ=1) == [(first, "a"), (second, "b")]
        assert calls == [("first", int, 1, signal), ("second", int, 1, signal)]


def test_who_comes_later_is_called_and_who_left_is_not(signal) -> None:
    calls: list[int] = []

    def one(**_: object) -> None:
        calls.append(1)

    def two(**_: object) -> None:
        calls.append(2)

    signal.connect(one)
    signal.send(sender=None)
    signal.connect(two)
    signal.send(sender=None)
    signal.disconnect(one)
    signal.send(sender=None)
    assert calls == [1, 1, 2, 2]


def test_receivers_of_one_sender_hear_of_no_other(signal) -> None:
    calls: list[object] = []

    def of_int(sender: object, **_: object) -> None:
        calls.append(sender)

    signal.connect(of_int, sender=int)
    for sender in (int, str, int):
        signal.send(sender=sender)
    assert calls == [int, int]


def test_nobody_is_kept_alive_by_it(signal) -> None:
    calls: list[int] = []

    class Owner:
        def receive(self, **_: object) -> None:
            calls.append(1)

    owner = Owner()
    signal.connect(owner.receive)
    signal.send(sender=None)
    del owner
    gc.collect()
    assert signal.send(sender=None) == []
    assert calls == [1]


def test_an_async_receiver_is_awaited_as_ever(signal) -> None:
    async def receive(**_: object) -> str:
        return "awaited"

    signal.connect(receive)
    assert [response for _, response in signal.send(sender=None)] == ["awaited"]


def test_an_exception_ends_the_sending(signal) -> None:
    def fails(**_: object) -> None:
        raise ValueError("a bug")

    signal.connect(fails)
    with pytest.raises(ValueError, match="a bug"):
        signal.send(sender=None)


# --- Django's own ------------------------------------------------------------------------------------------------


def test_queries_are_forgotten_when_a_request_begins() -> None:
    connections["default"].queries_log.append({"sql": "", "time": 0})
    request_started.send(sender=None)
    assert not connections["default"].queries_log


@pytest.mark.parametrize("signal", [request_started, request_finished])
def test_connections_past_their_age_are_closed(signal) -> None:
    connection = connections["default"]
    connection.ensure_connection()
    signal.send(sender=None)
    assert connection.connection is not None, "it has no age yet"
    connection.close_at = 0.0
    connection.in_memory_db = False
    closed: list[int] = []
    connection.close = lambda: closed.append(1)
    signal.send(sender=None)
    del connection.close
    assert closed


def test_each_thread_looks_after_its_own() -> None:
    def age() -> float:
        connections["default"].close_at = 0.0
        mine = here.connections[:]
        connections["default"].close()
        return len(mine)

    assert in_thread(age) == 1
    assert not here.connections


def test_caches_are_closed_when_a_request_ends() -> None:
    closed: list[int] = []
    caches["default"].close = lambda **_: closed.append(1)
    request_finished.send(sender=None)
    assert closed == [1]
    del caches["default"]
