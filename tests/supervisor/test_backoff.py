"""At once the first time, then 0.1 s doubling to 5 s, forgiven after 10 s of life."""

import pytest

from hendrix.supervisor.backoff import Backoff


def test_delays_double_up_to_five_seconds():
    backoff = Backoff()
    delays = [backoff.fail(born=0.0, now=1.0) for _ in range(9)]
    assert delays == pytest.approx([0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])


def test_never_overflows():
    backoff = Backoff()
    assert [backoff.fail(0.0, 1.0) for _ in range(5000)][-1] == 5.0


def test_a_life_of_ten_seconds_forgives():
    backoff = Backoff()
    for _ in range(4):
        backoff.fail(born=0.0, now=1.0)
    assert backoff.fail(born=1.0, now=10.9) > 0.0
    assert backoff.fail(born=1.0, now=11.0) == 0.0
    assert backoff.fail(born=11.0, now=12.0) == pytest.approx(0.1)


def test_due_at_the_moment_and_after():
    backoff = Backoff()
    assert backoff.due(0.0)
    backoff.fail(0.0, 1.0)
    backoff.fail(1.0, 2.0)
    assert not backoff.due(2.09)
    assert backoff.due(2.1)
