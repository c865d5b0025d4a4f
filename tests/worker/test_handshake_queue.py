"""Hellos have their turns, whatever becomes of one of them."""

from __future__ import annotations

import pytest

from hendrix.worker import handshake
from hendrix.worker.handshake import Queue
from tests.worker.test_pipelining import Loop


def queue() -> tuple[Queue, Loop]:
    loop = Loop()
    return Queue(loop), loop  # type: ignore[arg-type]


def test_they_come_in_their_order() -> None:
    hellos, loop = queue()
    done: list[int] = []
    for number in range(3):
        hellos.add(lambda number=number: done.append(number))  # type: ignore[misc]
    assert (done, len(hellos), len(loop.soon)) == ([], 3, 1)
    loop.turn()
    assert (done, len(hellos), loop.soon) == ([0, 1, 2], 0, [])


def test_one_that_takes_long_has_the_others_wait_for_the_next_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(handshake.time, "monotonic", lambda: clock[0])
    hellos, loop = queue()
    done: list[int] = []
    hellos.add(lambda: clock.__setitem__(0, 0.006))
    hellos.add(lambda: done.append(1))
    loop.turn()
    assert (done, len(loop.soon)) == ([], 1)
    loop.turn()
    assert done == [1]


def test_one_that_fails_stops_no_other() -> None:
    hellos, loop = queue()
    done: list[int] = []
    hellos.add(lambda: done.append(1 // 0))
    hellos.add(lambda: done.append(1))
    with pytest.raises(ZeroDivisionError):
        loop.turn()
    assert len(hellos) == 1
    loop.turn()
    assert (done, len(hellos)) == ([1], 0)
    hellos.add(lambda: done.append(2))
    loop.turn()
    assert done == [1, 2]
