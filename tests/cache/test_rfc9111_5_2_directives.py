"""RFC 9111 sections 5.2 and 1.2.2: the syntax of Cache-Control, sound and malformed."""

from __future__ import annotations

import pytest

from hendrix.cache.directives import FOREVER, delta_seconds, parse_cache_control


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("max-age=60", {"max-age": "60"}),
        ("public, max-age=60", {"public": None, "max-age": "60"}),
        ("public,max-age=60", {"public": None, "max-age": "60"}),
        (", ,public,, max-age=60 ,", {"public": None, "max-age": "60"}),
        ("Max-Age=60, PUBLIC", {"max-age": "60", "public": None}),
        ('max-age="60"', {"max-age": "60"}),
        ('private="set-cookie, x", max-age=1', {"private": "set-cookie, x", "max-age": "1"}),
        ('ext="no-store", max-age=1', {"ext": "no-store", "max-age": "1"}),
        ('ext="a\\", no-store"', {"ext": 'a", no-store'}),
        ("", {}),
        ("x=y, z", {"x": "y", "z": None}),
    ],
)
def test_the_grammar(value, found) -> None:
    assert parse_cache_control(value) == found


@pytest.mark.parametrize("value", ['private="a, b', "private =x", "private x", 'private="a"b'])
def test_who_begins_to_forbid_means_it(value) -> None:
    assert "private" in parse_cache_control(value)


def test_a_malformed_one_does_not_hide_the_next() -> None:
    assert "no-store" in parse_cache_control('private="a, no-store')


@pytest.mark.parametrize("value", ["max-age=60, max-age=5", "max-age=5, max-age=60"])
def test_of_two_lifetimes_the_shorter_one(value) -> None:
    """Section 4.2.1: either the first, or stale."""
    assert parse_cache_control(value)["max-age"] == "5"


def test_of_a_good_and_a_malformed_lifetime_the_malformed_one() -> None:
    assert delta_seconds(parse_cache_control("max-age=60, max-age=x")["max-age"]) is None


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("60", 60), ("007", 7), ("2147483648", FOREVER), ("9" * 5000, FOREVER)]
)
def test_delta_seconds(text, seconds) -> None:
    """Section 1.2.2: what is too large is 2^31."""
    assert delta_seconds(text) == seconds


@pytest.mark.parametrize("text", [None, "", "-1", "1.5", "1 ", "x", "0x10", "+5", "٣"])
def test_what_is_no_number(text) -> None:
    assert delta_seconds(text) is None


def test_a_hostile_value_is_read_in_time() -> None:
    for value in ("a" * 100_000, 'a="' * 50_000, "," * 100_000, 'x="\\' * 20_000):
        parse_cache_control(value)
