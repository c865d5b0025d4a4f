"""RFC 9211: Cache-Status."""

from __future__ import annotations

import http_sf
import pytest

from hendrix.cache.status import forwarded, hit
from tests.cache.stage import entry


def parsed(value: str):
    [(name, told)] = http_sf.parse(value.encode(), tltype="list")
    return str(name), {key: str(item) if not isinstance(item, bool | int) else item for key, item in told.items()}


def test_a_hit() -> None:
    assert parsed(hit(entry(60), 1010.0)) == ("Hendrix", {"hit": True, "ttl": 50})


def test_a_stale_hit_has_a_lifetime_below_nothing() -> None:
    """Section 2.4: a negative value means that it has been stale for so long."""
    assert parsed(hit(entry(60), 1090.5))[1]["ttl"] == -30


@pytest.mark.parametrize("why", ["bypass", "method", "uri-miss", "vary-miss", "miss", "request", "stale"])
def test_forwarded(why) -> None:
    assert parsed(forwarded(why)) == ("Hendrix", {"fwd": why})


def test_all_that_can_be_said() -> None:
    said = forwarded("stale", "no-freshness", code="304", stored=True, collapsed=True)
    told = parsed(said)[1]
    assert told == {"fwd": "stale", "fwd-status": 304, "stored": True, "collapsed": True, "detail": "no-freshness"}
