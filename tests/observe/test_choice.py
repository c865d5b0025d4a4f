"""The share of requests that the access log has."""

from __future__ import annotations

import hashlib

import pytest

from hendrix.observe.choice import choice

IDS = [f"1f3-8c9e0a41-{number:x}" for number in range(20_000)]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5])
def test_it_is_as_large_as_was_asked_for(share: float) -> None:
    wants = choice(share, 10.0)
    assert wants is not None
    found = sum(wants(name, 200, 0.1) for name in IDS) / len(IDS)
    assert abs(found - share) < 0.01
    assert found or not share


def test_machines_agree() -> None:
    """By the rule of the documentation: the first 8 bytes of the SHA-256 of the id, as a part of all there are."""
    wants = choice(0.25, 10.0)
    assert wants is not None
    for name in IDS[:200]:
        part = int(hashlib.sha256(name.encode()).hexdigest()[:16], 16) / 2**64
        assert wants(name, 200, 0.1) is (part < 0.25)


def test_a_larger_share_has_all_of_a_smaller_one() -> None:
    small, large = choice(0.1, 0), choice(0.3, 0)
    assert small is not None and large is not None
    assert all(large(name, 200, 0.0) for name in IDS if small(name, 200, 0.0))


def test_what_failed_or_was_slow_is_always_there() -> None:
    wants = choice(0.0, 2.0)
    assert wants is not None
    assert wants("a", 500, 0.1) and wants("a", 503, 0.1) and wants("a", 200, 2.5)
    assert not wants("a", 499, 0.1) and not wants("a", 404, 1.9)


def test_without_a_limit_nothing_is_slow() -> None:
    wants = choice(0.0, 0.0)
    assert wants is not None and not wants("a", 200, 1000.0)


def test_all_is_no_choice() -> None:
    assert choice(1.0, 10.0) is None
