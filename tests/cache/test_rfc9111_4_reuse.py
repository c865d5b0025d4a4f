"""RFC 9111 section 4, 5.2.1, and RFC 5861: when a kept answer may be used."""

from __future__ import annotations

import pytest

from hendrix.cache.directives import parse_cache_control
from hendrix.cache.reuse import Use, serves_on_error, use_of
from tests.cache.stage import entry


def used(kept, age: float, wants: str = "") -> Use:
    return use_of(kept, 1000.0 + age, parse_cache_control(wants))


@pytest.mark.parametrize(("age", "use"), [(0, Use.FRESH), (59.9, Use.FRESH), (60, Use.RENEW), (600, Use.RENEW)])
def test_fresh_until_its_lifetime_is_over(age, use) -> None:
    assert used(entry(60), age) is use


def test_no_cache_is_validated_each_time() -> None:
    assert used(entry(60, no_cache=True), 1) is Use.RENEW


@pytest.mark.parametrize(
    ("wants", "use"),
    [
        ("no-cache", Use.RENEW),
        ("max-age=10", Use.FRESH),
        ("max-age=9", Use.RENEW),
        ("max-age=0", Use.RENEW),
        ("max-age=x", Use.FRESH),
        ("min-fresh=50", Use.FRESH),
        ("min-fresh=51", Use.RENEW),
        ("max-stale", Use.FRESH),
        ("no-transform", Use.FRESH),
    ],
)
def test_what_requests_say(wants, use) -> None:
    """Sections 5.2.1.1 to 5.2.1.4."""
    assert used(entry(60), 10, wants) is use


@pytest.mark.parametrize(
    ("wants", "use"),
    [
        ("max-stale", Use.STALE),
        ("max-stale=10", Use.STALE),
        ("max-stale=9", Use.RENEW),
        ("max-stale=x", Use.RENEW),
        ("max-stale=100, max-age=60", Use.RENEW),
    ],
)
def test_max_stale(wants, use) -> None:
    assert used(entry(60), 70, wants) is use


def test_max_stale_does_not_get_what_must_be_revalidated() -> None:
    assert used(entry(60, must_revalidate=True), 70, "max-stale") is Use.RENEW


def test_stale_while_revalidate() -> None:
    """RFC 5861 section 3."""
    kept = entry(60, while_revalidate=30.0)
    assert used(kept, 59) is Use.FRESH
    assert used(kept, 60) is Use.MEANWHILE
    assert used(kept, 89.9) is Use.MEANWHILE
    assert used(kept, 90) is Use.RENEW
    assert used(kept, 70, "no-cache") is Use.RENEW


def test_stale_while_revalidate_yields_to_must_revalidate() -> None:
    assert used(entry(60, while_revalidate=30.0, must_revalidate=True), 70) is Use.RENEW


def test_stale_if_error() -> None:
    """RFC 5861 section 4: the longer one of what answer and request allow."""
    kept = entry(60, if_error=30.0)
    assert serves_on_error(kept, 1089.0, {})
    assert not serves_on_error(kept, 1090.0, {})
    assert serves_on_error(kept, 1100.0, {"stale-if-error": "50"})
    assert not serves_on_error(entry(60, if_error=30.0, must_revalidate=True), 1070.0, {})


def test_after_a_soft_purge_it_is_served_while_it_is_renewed() -> None:
    """As long as it had itself said that it would be good; and not where it must not be stale."""
    assert used(entry(60, soft=True), 1) is Use.MEANWHILE
    assert used(entry(60, soft=True, while_revalidate=5.0), 64) is Use.MEANWHILE
    assert used(entry(60, soft=True), 60) is Use.RENEW
    assert used(entry(60, soft=True, must_revalidate=True), 1) is Use.RENEW
    assert used(entry(60, soft=True), 61, "max-stale=1000") is Use.RENEW


@pytest.mark.parametrize("step", [-1e9, -3600.0, -61.0])
def test_a_clock_that_went_back_makes_nothing_immortal(step) -> None:
    """The clock of a store from another boot may show less than what is written there."""
    assert used(entry(60, while_revalidate=1000.0), step) is Use.RENEW


@pytest.mark.parametrize("step", [3600.0, 1e9])
def test_a_clock_that_went_on_makes_it_stale(step) -> None:
    assert used(entry(60), step) is Use.RENEW


def test_age_is_never_below_nothing() -> None:
    assert entry(60).age(990.0) == 0.0
