"""Medians and pairwise ratios."""

import pytest

from bench.figures import Spread, middle, pairwise, ratio, spread, valid
from bench.rounds import Plan, Sample
from bench.workloads import WORKLOADS


def sample(server: str, number: int, cpu_us: float, errors: str = "") -> Sample:
    return Sample("hello", server, number, 1000, cpu_us, rate=1e6 / cpu_us, errors=errors)


def test_spread_is_low_median_high() -> None:
    assert spread([3.0, 1.0, 10.0]) == Spread(1.0, 3.0, 10.0)
    assert spread([4.0, 2.0]) == Spread(2.0, 3.0, 4.0)


def test_nothing_has_no_median() -> None:
    assert spread([]) is None
    assert middle([]) is None


def test_pairwise_compares_within_a_round() -> None:
    slow_machine_in_round_2 = {1: 100.0, 2: 300.0, 3: 110.0}
    other = {1: 200.0, 2: 600.0, 3: 220.0}
    assert pairwise(slow_machine_in_round_2, other) == Spread(0.5, 0.5, 0.5)


def test_pairwise_leaves_out_rounds_that_one_lacks() -> None:
    assert pairwise({1: 2.0, 2: 9.0}, {1: 1.0, 3: 1.0}) == Spread(2.0, 2.0, 2.0)
    assert pairwise({1: 2.0}, {2: 1.0}) is None


def test_a_zero_divides_nothing() -> None:
    assert pairwise({1: 2.0}, {1: 0.0}) is None


def test_rounds_with_errors_do_not_count() -> None:
    samples = [sample("a", 1, 100), sample("a", 2, 5, errors="9 read errors"), sample("b", 1, 50), sample("b", 2, 50)]
    assert [one.round for one in valid(samples, "hello", "a")] == [1]
    found = ratio(samples, "hello", "a", "b")
    assert found is not None
    assert found.median == pytest.approx(2.0)


def test_a_workload_may_have_its_own_number_of_connections() -> None:
    plan = Plan(connections=100)
    assert plan.connections_of(WORKLOADS["hello"]) == 100
    assert plan.connections_of(WORKLOADS["upload"]) == 8
