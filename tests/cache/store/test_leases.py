"""Claims among workers: one holder, a deadline, and an end with the holder's process."""

from __future__ import annotations

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
