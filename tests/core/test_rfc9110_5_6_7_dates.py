"""RFC 9110 section 5.6.7: dates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.core.clock import http_date
from hendrix.core.dates import parse_http_date

#: The example of the section, in its three forms.
EXAMPLE = 784111777
NOW = datetime(2026, 11, 24, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text", [b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994"]
)
def test_all_three_forms_are_read(text) -> None:
    assert parse_http_date(text, NOW) == EXAMPLE


@given(st.integers(0, 4102444800))
def test_what_is_written_can_be_read(seconds) -> None:
    assert parse_http_date(http_date(seconds), NOW) == seconds


def test_a_leap_second_is_a_second() -> None:
    assert parse_http_date(b"Sat, 31 Dec 2016 23:59:60 GMT", NOW) == 1483228800


@pytest.mark.parametrize(("digits", "year"), [(b"94", 1994), (b"26", 2026), (b"76", 2076), (b"77", 1977)])
def test_two_digits_are_at_most_fifty_years_ahead(digits, year) -> None:
    seconds = parse_http_date(b"Sunday, 06-Nov-" + digits + b" 08:49:37 GMT", NOW)
    assert seconds is not None and datetime.fromtimestamp(seconds, UTC).year == year


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"yesterday",
        b"784111777",
        b"sun, 06 nov 1994 08:49:37 gmt",  # case-sensitive
        b"Sun, 06 Nov 1994 08:49:37",
        b"Sun, 06 Nov 1994 08:49:37 +0000",
        b"Sun, 6 Nov 1994 08:49:37 GMT",
        b"Sun,  06 Nov 1994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 08:49:37 GMT; length=5",
        b"Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        b"Sun, 31 Feb 1994 08:49:37 GMT",
        b"Sun, 06 Nof 1994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 24:49:37 GMT",
        b"Sun, 06 Nov 1994 08:60:37 GMT",
        b"Sun, 06 Nov 1994 08:49:61 GMT",
        b"Sun, 06 Nov 0000 08:49:37 GMT",
    ],
)
def test_anything_else_is_no_date(text) -> None:
    assert parse_http_date(text, NOW) is None


@given(st.binary(max_size=60))
def test_nothing_makes_it_fail(text) -> None:
    parse_http_date(text, NOW)
