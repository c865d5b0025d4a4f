"""How many a second, of late."""

from __future__ import annotations

import pytest

from hendrix.hub.rate import Rate


def test_over_the_time_that_it_was_told_of():
    rate = Rate(100.0)
    assert rate.value == 0
    rate.note(0, 100.0)
    assert rate.value == 0
    rate.note(30, 102.0)
    assert rate.value == 15


def test_what_is_long_ago_does_not_count():
    rate = Rate(0.0)
    for tick in range(1, 201):
        rate.note(min(tick, 100) * 50, tick / 2)
    assert rate.value == 0
    rate.note(5000 + 1000, 100.5)
    assert rate.value == pytest.approx(100, rel=0.1)
    assert len(rate._seen) < 30
