"""Peers that send a body slowly: no thread is taken and the application is not entered until all of it is there."""

from contextlib import ExitStack

import pytest

from tests.hostile.conftest import HERE
from tests.hostile.crowd import Crowd
from tests.hostile.vitals import entered, unharmed, worker
from tests.kit.live import serve, until

SOON = 6
FIXED = b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
CHUNKED = b"POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("opening", "drip"), [(FIXED, b"x"), (CHUNKED, b"1\r\nx\r\n"), (CHUNKED + b"fffff\r\n", b"x")]
)
def test_three_hundred_slow_bodies(server, opening, drip):
    vitals = worker(server)
    with unharmed(server), Crowd(server, 300, opening) as crowd:
        assert vitals.threads <= 8
        crowd.until_dropped(SOON, drip, every=1.0)
    assert crowd.statuses() == [b"408"] * 300
    assert entered(server) == []


def test_a_body_that_waits_after_a_quick_beginning(server):
    with unharmed(server), Crowd(server, 20, FIXED + b"x" * 50_000) as crowd:
        crowd.until_dropped(SOON)
    assert crowd.statuses() == [b"408"] * 20
    assert entered(server) == []


def test_a_peer_that_waits_for_100_and_then_sends_nothing(server):
    with unharmed(server), Crowd(server, 20, FIXED.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")) as crowd:
        crowd.until_dropped(SOON)
    assert all(b"100 Continue" in data and b"HTTP/1.1 408" in data for data in crowd.received.values())
    assert entered(server) == []


def test_slow_peers_of_every_kind_with_the_defaults():
    """Nothing to configure: a crowd of every kind takes no thread, little memory, and no time of others."""
    kinds = (b"", b"GET /half HTTP/1.1\r\nHost: a\r\nX-", FIXED, FIXED + b"x" * 50_000, CHUNKED)
    with serve("apps:app", directory=HERE) as server, unharmed(server, megabytes=60), ExitStack() as stack:
        vitals = worker(server)
        memory = vitals.memory
        for opening in kinds:
            stack.enter_context(Crowd(server, 200, opening))
        until(lambda: vitals.descriptors >= 1000, "all to be accepted")
        assert vitals.threads <= 4
        assert vitals.memory < memory + 60
        assert entered(server) == []
