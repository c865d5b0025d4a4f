"""More connections, and more requests, than there is room for."""

import time
from contextlib import ExitStack

import pytest

from tests.hostile.conftest import HERE
from tests.hostile.crowd import Crowd
from tests.hostile.vitals import PROMPT, worker
from tests.kit.live import serve, until

GET = b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("options", "environ", "room"),
    [(("--limit-connections", "50"), {}, 50), ((), {"NOFILE": "256"}, 230)],
    ids=["--limit-connections", "descriptors"],
)
def test_a_flood_of_connections(options, environ, room):
    long = ("--head-timeout", "60", "--keep-alive", "60")
    with serve("apps:app", *long, *options, directory=HERE, environ=environ) as server, server.client() as old:
        assert old.get("/plain").status == 200
        vitals = worker(server)
        usual = vitals.descriptors
        for _ in range(2):
            with Crowd(server, 400) as crowd:
                until(lambda: "accept.paused" in server.log(), "accepting to pause")
                assert vitals.load(1.0) < 0.2
                assert vitals.descriptors < usual + room
                assert old.get("/plain").status == 200
                crowd.send(GET)
                # Those that wait are neither refused nor dropped.
                assert len(crowd.open) == 400
            until(lambda: vitals.descriptors <= usual + 1, "the flood to go")
            began = time.monotonic()
            with server.client() as late:
                assert late.get("/plain").status == 200
            assert time.monotonic() - began < PROMPT
        assert server.log().count("accept.paused") == 1
        assert server.log().count("accept.resumed") == 1
        assert "Traceback" not in server.log()


def test_those_that_wait_are_served_when_there_is_room():
    limits = ("--limit-connections", "20", "--keep-alive", "1")
    with serve("apps:app", *limits, directory=HERE) as server, Crowd(server, 60, GET) as crowd:
        crowd.until_dropped(20)
    assert crowd.statuses() == [b"200"] * 60


def test_downloads_that_take_the_last_descriptor():
    """A connection may need several. Those that get none fail alone, and nobody is left hanging."""
    limits = ("--write-timeout", "3", "--keep-alive", "1", "--limit-connections", "1000")
    with serve("apps:app", *limits, directory=HERE, environ={"NOFILE": "128"}) as server:
        vitals = worker(server)
        with server.client() as client:
            client.get("/plain", "Connection: close")
        usual = vitals.descriptors
        ask = GET.replace(b"/plain", b"/file")
        with Crowd(server, 80, ask, receive_buffer=4096):
            until(lambda: vitals.descriptors > 100, "the descriptors to be taken")
            assert vitals.load(1.0) < 0.5
            until(lambda: vitals.descriptors <= usual + 1, "the stalled to be dropped", 15)
        with server.client() as client:
            assert client.get("/plain").status == 200
        assert "callback_failed" not in server.log()


def test_more_blocking_requests_than_threads_and_queue(tmp_path):
    gate = tmp_path / "gate"
    options = ("--threads", "4", "--queue-size", "8")
    with serve("apps:app", *options, directory=HERE) as server, ExitStack() as stack:
        vitals = worker(server)
        clients = [stack.enter_context(server.client()) for _ in range(4)]
        for client in clients:
            client.begin("GET", f"/wait?{gate}")
        until(lambda: vitals.threads >= 5, "four threads to block")
        waiting = [stack.enter_context(server.client()) for _ in range(30)]
        for client in waiting:
            client.begin("GET", f"/wait?{gate}")
        began = time.monotonic()
        with server.client() as late:
            answer = late.get("/plain")
        assert time.monotonic() - began < PROMPT
        assert answer.status == 503
        assert int(answer["retry-after"]) > 0
        gate.touch()
        statuses = [client.answer().status for client in clients + waiting]
        assert sorted(statuses) == [200] * 12 + [503] * 22
        with server.client() as client:
            assert client.get("/plain").status == 200
