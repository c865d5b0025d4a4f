"""Times and sizes as people read them."""

import pytest

from hendrix.cli.quantity import count, duration, size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0 s"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (10, "10s"),
        (60, "1m"),
        (61, "1m 1s"),
        (3600, "1h"),
        (3600 + 13 * 60 + 5, "1h 13m"),
        (86400 * 4 + 3600 * 2, "4d 2h"),
        (86400, "1d"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "-"), (0, "0K"), (812 << 10, "812K"), (45 << 20, "45.0M"), (1500 << 20, "1.5G"), (2 << 40, "2.0T")],
)
def test_size(count: int | None, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (9_999_999, "9999999"), (12_345_678, "12.3M"), (9_999_900_000, "9999.9M"), (20_000_000_000, "20.0G")],
)
def test_count(number: int, text: str) -> None:
    assert count(number) == text
