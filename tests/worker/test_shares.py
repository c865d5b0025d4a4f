"""Who may accept the next connection, decided from a table."""

from __future__ import annotations

import random

import pytest

from hendrix.worker.shares import Share


@pytest.fixture
def table() -> memoryview[int]:
    return memoryview(bytearray(16 * 64)).cast("q")


def test_alone_it_accepts_whatever_comes(table) -> None:
    share = Share(1, 0.0, table)
    share.have(10_000)
    assert not share.over(0.0)


def test_one_more_than_the_least_is_no_more_than_a_share(table) -> None:
    one, two, three = (Share(number, 0.0, table) for number in (1, 2, 3))
    two.have(5)
    for count, over in ((0, False), (1, False), (2, True)):
        one.have(count)
        assert one.over(0.0) is over
    three.have(1)
    assert not one.over(0.0)


def test_of_many_a_part_more(table) -> None:
    one, two = Share(1, 0.0, table), Share(2, 0.0, table)
    two.have(80)
    one.have(90)
    assert not one.over(0.0)
    one.have(91)
    assert one.over(0.0)


def test_those_who_come_and_go_count_at_once(table) -> None:
    one = Share(1, 0.0, table)
    one.have(9)
    assert not one.over(0.0)
    two = Share(2, 0.1, table)
    assert one.over(0.1)
    two.leave()
    assert not one.over(0.1)


def test_who_was_killed_is_forgotten_soon(table) -> None:
    one = Share(1, 0.0, table)
    Share(2, 0.0, table)
    one.have(9)
    assert one.over(0.1)
    one.beat(1.0)
    assert one.over(1.0)
    one.beat(2.0)
    assert not one.over(2.0)


def test_a_row_is_used_again(table) -> None:
    one = Share(1, 0.0, table)
    for number in range(2, 500):
        share = Share(number, 0.0, table)
        share.have(number)
        share.leave()
    one.have(3)
    assert not one.over(0.0)


@pytest.mark.parametrize("seed", range(5))
def test_whoever_the_kernel_wakes_the_shares_are_even(table, seed) -> None:
    chance = random.Random(seed)
    shares = [Share(number, 0.0, table) for number in range(4)]
    for _ in range(64):
        order = sorted(shares, key=lambda share: chance.random() * (1 + 5 * shares.index(share)))
        taker = next(share for share in order if not share.over(0.0))
        taker.have(taker.count + 1)
        if chance.random() < 0.2:
            leaver = chance.choice(shares)
            leaver.have(max(0, leaver.count - 1))
    counts = [share.count for share in shares]
    assert max(counts) - min(counts) <= 4, counts
