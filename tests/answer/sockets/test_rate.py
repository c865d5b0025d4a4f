"""How many messages a client may send."""

from __future__ import annotations

import pytest

from hendrix.answer.sockets.rate import Rate


def count(rate, moments):
    return sum(rate.take(moment) for moment in moments)


def test_no_more_than_that_in_the_long_run():
    rate = Rate("10/s", 0.0)
    assert count(rate, [number / 100 for number in range(1000)]) == pytest.approx(10 + 100, abs=2)


def test_a_burst_and_then_one_by_one():
    rate = Rate("60/m:3", 0.0)
    assert count(rate, [0, 0, 0, 0]) == 3
    assert count(rate, [0.9]) == 0
    assert count(rate, [1.0, 1.0]) == 1
    assert count(rate, [1000] * 10) == 3


@pytest.mark.parametrize("nonsense", ["", "20", "0/s", "20/d", "x/s", "20/s:", "-1/s"])
def test_nonsense(nonsense):
    with pytest.raises(ValueError, match="is none"):
        Rate(nonsense, 0.0)
