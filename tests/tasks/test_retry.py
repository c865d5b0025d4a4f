"""When a failed task is tried again."""

import pytest

from hendrix.tasks.retry import Retry, policy_of, retry


def test_delays_double_up_to_the_longest() -> None:
    policy = Retry(times=6, backoff=2.0, longest=20.0)
    assert [policy.delay(attempt, ValueError(), 0.5) for attempt in range(1, 8)] == [2, 4, 8, 16, 20, 20, None]


@pytest.mark.parametrize(("chance", "delay"), [(0.0, 9.0), (0.5, 10.0), (1.0, 11.0)])
def test_they_are_spread(chance, delay) -> None:
    assert Retry(times=1, backoff=10.0).delay(1, ValueError(), chance) == pytest.approx(delay)


def test_only_after_errors_of_its_kinds() -> None:
    policy = Retry(times=1, on=(ConnectionError,))
    assert policy.delay(1, ConnectionResetError(), 0.5) is not None
    assert policy.delay(1, ValueError(), 0.5) is None


def test_what_ends_processes_is_not_tried_again() -> None:
    assert Retry(times=1).delay(1, SystemExit(), 0.5) is None


def test_a_function_says_it_or_else_the_backend() -> None:
    @retry(3, backoff=5, on=OSError)
    def own() -> None: ...

    def plain() -> None: ...

    assert policy_of(own, {"RETRIES": 9}) == Retry(3, 5, on=(OSError,))
    assert policy_of(plain, {"RETRIES": 9, "BACKOFF": 2}) == Retry(9, 2.0)
    assert policy_of(None, {}) == Retry()
