"""Threads that wait for a disk in the loop's place."""

from __future__ import annotations

import sys
import threading
import weakref

import pytest

from hendrix.worker import crew as module
from hendrix.worker.disk import DiskThreads
from tests.kit.live import until
from tests.worker.test_squeezer import Loop


def test_what_was_found_comes_back_on_the_loop() -> None:
    loop, found = Loop(), []
    threads = DiskThreads(loop)
    assert threads.run(lambda: threading.current_thread().name, found.append)
    loop.turn()
    assert found[0].startswith("hendrix-disk-") and threads.pending == 0


def test_an_exception_comes_back_too_and_the_thread_goes_on() -> None:
    loop, found = Loop(), []
    threads = DiskThreads(loop)
    for _ in range(10):
        threads.run(lambda: 1 / 0, found.append)
    for _ in range(10):
        loop.turn()
    assert [type(each) for each in found] == [ZeroDivisionError] * 10


def test_nor_does_code_of_the_project_that_would_end_the_process() -> None:
    loop, found = Loop(), []
    threads = DiskThreads(loop)
    for _ in range(10):
        threads.run(sys.exit, found.append)
    for _ in range(10):
        loop.turn()
    assert [type(each) for each in found] == [SystemExit] * 10 and threads.pending == 0


class Held:
    """Stands for a file that is open, or a body of many megabytes."""


@pytest.mark.parametrize("fails", [False, True])
def test_a_thread_that_waits_holds_nothing_of_its_last_job(fails) -> None:
    """A file that is deleted keeps its room on the disk for as long as somebody has it open."""
    loop, given, found = Loop(), Held(), []
    threads = DiskThreads(loop)

    def work(held: Held = given) -> Held:
        if fails:
            raise ValueError(held)
        return held

    threads.run(work, lambda result: found.append(type(result)))
    gone = weakref.ref(given)
    del work, given
    loop.turn()
    assert found == [ValueError if fails else Held]
    until(lambda: gone() is None, "the thread to let go of it", 20)


def test_where_no_thread_can_be_had_it_is_said_at_once(monkeypatch) -> None:
    """And nothing is lost of what comes later."""
    loop, found = Loop(), []
    threads = DiskThreads(loop)
    with monkeypatch.context() as limited:
        limited.setattr(threading.Thread, "start", _refuse)
        assert not threads.run(lambda: "never", found.append)
    assert threads.run(lambda: "first", found.append)
    loop.turn()
    with monkeypatch.context() as limited:
        limited.setattr(threading.Thread, "start", _refuse)
        assert threads.run(lambda: "second", found.append) and threads.run(lambda: "third", found.append)
    loop.turn()
    loop.turn()
    assert found == ["first", "second", "third"] and threads.pending == 0


def _refuse(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_some_that_hang_do_not_hold_the_others() -> None:
    loop, found, gate = Loop(), [], threading.Event()
    threads = DiskThreads(loop)
    for _ in range(3):
        threads.run(gate.wait, found.append)
    threads.run(lambda: "through", found.append)
    loop.turn()
    assert found == ["through"]
    gate.set()
    for _ in range(3):
        loop.turn()


def test_what_waits_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(module, "_MOST_WAITING", 10)
    loop, gate = Loop(), threading.Event()
    threads = DiskThreads(loop)
    taken = [threads.run(gate.wait, lambda _found: None) for _ in range(15)]
    assert taken == [True] * 10 + [False] * 5
    gate.set()
    for _ in range(10):
        loop.turn()
    assert threads.run(gate.wait, lambda _found: None)


def test_ticks_are_passed_on() -> None:
    threads, heard = DiskThreads(Loop()), []
    threads.each_tick(heard.append)
    threads.tick(7.0)
    assert heard == [7.0]
