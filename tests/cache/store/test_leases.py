"""Claims among workers: one holder, a deadline, and an end with the holder's process."""

from __future__ import annotations

import os
import signal

import pytest

from hendrix.cache.store.leases import Leases
from tests.cache.store.stage import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker(tmp_path, clock):
    opened = []

    def another() -> Leases:
        opened.append(Leases(str(tmp_path / "leases"), clock))
        return opened[-1]

    yield another
    for leases in opened:
        leases.close()


def test_one_holder(worker) -> None:
    one, two = worker(), worker()
    assert one.claim(7, 10.0)
    assert not two.claim(7, 10.0)
    assert two.claim(8, 10.0)
    one.release(7)
    assert two.claim(7, 10.0)
    assert not one.claim(7, 10.0)


def test_it_ends_at_its_deadline(worker, clock) -> None:
    one, two = worker(), worker()
    one.claim(7, 10.0)
    clock.now += 9.9
    assert not two.claim(7, 10.0)
    clock.now += 0.2
    assert two.claim(7, 10.0)
    one.release(7)  # which is not its own any more
    assert not one.claim(7, 10.0)


def test_keys_at_the_same_place(worker) -> None:
    one, two = worker(), worker()
    for number in range(4):
        assert one.claim(7 + 1024 * number, 10.0)
        assert not two.claim(7 + 1024 * number, 10.0)
    assert two.claim(7 + 1024 * 4, 10.0), "a full table refuses nobody"
    one.release(7 + 1024)
    assert not two.claim(7 + 1024 * 2, 10.0)


def test_who_closes_gives_up_everything(worker) -> None:
    one, two = worker(), worker()
    one.claim(7, 10.0)
    one.close()
    assert two.claim(7, 10.0)


def test_it_ends_with_its_holder(worker, tmp_path) -> None:
    mine = worker()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        mine.claim(7, 1000.0)  # as itself: it is another holder after the fork
        os.write(writer, b"x")
        signal.pause()
    os.read(reader, 1)
    assert not mine.claim(7, 10.0)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert mine.claim(7, 10.0)
    for fd in (reader, writer):
        os.close(fd)


def test_what_the_killed_leave_behind_is_swept_away(worker, tmp_path) -> None:
    for _ in range(3):
        pid = os.fork()
        if pid == 0:
            worker().claim(7, 1000.0)
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(pid, 0)
    worker().claim(1, 10.0)
    assert len(list(tmp_path.glob("leases.*"))) == 1
