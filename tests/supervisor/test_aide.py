"""The process beside the fleet, without a process."""

import pytest

from hendrix.supervisor.aide import END_WITHIN, LONGEST_DELAY, STEADY_AFTER, Aide, Do


@pytest.fixture
def aide():
    return Aide()


def test_nothing_is_wanted(aide):
    assert aide.tick(0) == [] and aide.deadline() is None
    assert aide.want(None, 0) == []


def test_it_is_started_once(aide):
    assert aide.want("a", 0) == [Do.START]
    assert aide.want("a", 1) == [] and aide.tick(1000) == []
    assert aide.deadline() is None


def test_it_ends_when_it_is_not_wanted_any_more(aide):
    aide.want("a", 0)
    assert aide.want(None, 5) == [Do.END]
    assert aide.deadline() == 5 + END_WITHIN
    assert aide.tick(6) == []
    assert aide.died(7) == [] and aide.deadline() is None


def test_one_that_does_not_end_is_killed_once(aide):
    aide.want("a", 0)
    aide.want(None, 5)
    assert aide.tick(5 + END_WITHIN) == [Do.KILL]
    assert aide.tick(1000) == []
    assert aide.died(1001) == []


def test_another_wish_needs_another_process(aide):
    aide.want("a", 0)
    assert aide.want("b", 5) == [Do.END]
    assert aide.want("c", 5.5) == []
    assert aide.died(6) == [Do.START]
    assert aide.has == "c"


def test_a_wish_that_comes_back_while_it_ends(aide):
    aide.want("a", 0)
    aide.want(None, 5)
    assert aide.want("a", 5.5) == [], "it has been told to end already"
    assert aide.died(6) == [Do.START]


def test_one_that_dies_comes_back_later_each_time(aide):
    aide.want("a", 0)
    now, waits = 0.0, []
    for _ in range(12):
        assert aide.died(now) == []
        waits.append(aide.deadline() - now)
        assert waits[-1] == aide.again_in
        assert aide.tick(aide.deadline() - 0.1) == []
        now = aide.deadline()
        assert aide.tick(now) == [Do.START]
    assert waits[:4] == [1, 2, 4, 8] and waits[-1] == LONGEST_DELAY


def test_a_steady_life_forgives(aide):
    aide.want("a", 0)
    aide.died(1)
    aide.tick(2)
    aide.died(2 + STEADY_AFTER)
    assert aide.deadline() == 3 + STEADY_AFTER


def test_another_wish_is_tried_at_once(aide):
    aide.want("a", 0)
    aide.died(1)
    assert aide.want("b", 1.1) == [Do.START]
