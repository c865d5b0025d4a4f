"""Peers that do not finish a head: dropped at the deadline, whatever they do meanwhile, and no thread is taken."""

import pytest

from tests.hostile.crowd import Crowd
from tests.hostile.vitals import entered, unharmed

#: The deadline is 1 s and is looked at twice a second; the rest is for a busy machine.
SOON = 5

HALF = b"GET /half HTTP/1.1\r\nHost: a\r\nX-"


def test_half_a_head_then_silence(server):
    with unharmed(server), Crowd(server, 1, HALF) as crowd:
        assert crowd.until_dropped(SOON) > 0.5
    assert crowd.statuses() == [b"408"]


def test_a_dripped_head(server):
    with unharmed(server), Crowd(server, 1, b"G") as crowd:
        assert crowd.until_dropped(SOON, drip=b"E", every=0.2) > 0.5
    assert crowd.statuses() == [b"408"]


def test_a_connection_without_a_byte(server):
    with unharmed(server), Crowd(server, 1) as crowd:
        assert crowd.until_dropped(SOON) > 0.5
    assert crowd.statuses() == [b""]


def test_more_half_heads_than_threads(server):
    with unharmed(server), Crowd(server, 200, HALF) as crowd:
        crowd.until_dropped(SOON)
    assert crowd.statuses() == [b"408"] * 200
    assert entered(server) == []


def test_a_dripped_second_head_on_a_connection_that_was_good(server):
    with unharmed(server), Crowd(server, 20, b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n" + HALF) as crowd:
        crowd.until_dropped(SOON, drip=b"y", every=0.2)
    assert all(data.startswith(b"HTTP/1.1 200") and b"HTTP/1.1 408" in data for data in crowd.received.values())
    assert entered(server) == ["GET /good"] * 20


def test_an_idle_connection(server):
    with unharmed(server), Crowd(server, 100, b"GET /idle HTTP/1.1\r\nHost: a\r\n\r\n") as crowd:
        crowd.until_dropped(SOON)
    assert crowd.statuses() == [b"200"] * 100
    assert entered(server) == ["GET /idle"] * 100


@pytest.mark.parametrize("opening", [HALF, b"GET /post HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1"])
def test_peers_that_leave_in_the_middle(server, opening):
    with unharmed(server):
        for _ in range(5):
            with Crowd(server, 40, opening):
                pass
    assert entered(server) == []
