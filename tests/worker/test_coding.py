"""Threads that compress."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from hendrix.worker.coding import CodingThreads
from tests.worker.test_squeezer import Loop


def test_no_more_than_there_are_processors() -> None:
    loop, gate, found = Loop(), threading.Event(), []
    threads = CodingThreads(loop)
    at_work = threading.Semaphore(0)

    def work() -> str:
        at_work.release()
        gate.wait()
        return threading.current_thread().name

    for _ in range(20):
        threads.run(work, found.append)
    for _ in range(threads.most):
        assert at_work.acquire(timeout=20)
    assert not at_work.acquire(timeout=0.05)
    gate.set()
    for _ in range(20):
        loop.turn()
    assert len(found) == 20
    assert len(set(found)) <= threads.most
    threads.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only there a thread has a priority of its own")
def test_they_give_way() -> None:
    loop, found = Loop(), []
    threads = CodingThreads(loop)
    threads.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), found.append)
    loop.turn()
    assert found == [min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5)]
    threads.close()
