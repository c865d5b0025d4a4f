"""Resources of twisted.web under the same attacks as the rest of the server."""

import time
from contextlib import ExitStack

import pytest

from tests.hostile.conftest import HERE, SHORT
from tests.hostile.crowd import Crowd
from tests.hostile.vitals import unharmed, worker
from tests.kit.live import serve, until

LIMIT = 8 * 1024 * 1024
RESOURCE = ("--resources", "child_resources.Hostage")


def ask(path):
    return f"GET /res/{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def still_open(server):
    with server.client() as client:
        return int(client.get("/res/open").body)


@pytest.fixture(scope="module")
def server():
    with serve("apps:app", *SHORT, *RESOURCE, "--client-max-body-size", "8MB", directory=HERE) as started:
        yield started
        assert "Traceback" not in started.log(), started.log()


def test_forty_that_read_nothing_of_what_a_producer_pushes(server):
    """Each is paused, and then cut off."""
    with unharmed(server, 60), Crowd(server, 40, ask("push"), receive_buffer=4096):
        until(lambda: still_open(server) == 40, "all to begin")
        until(lambda: still_open(server) == 0, "all to be cut off")


def test_one_that_reads_nothing_of_what_is_written_heedlessly(server):
    """So much may wait for it, and no more."""
    with unharmed(server, 60), Crowd(server, 1, ask("heedless"), receive_buffer=4096):
        before, most = worker(server).memory, 0.0
        until(lambda: still_open(server) == 1, "it to begin")
        deadline = time.monotonic() + 20
        while still_open(server):
            most = max(most, worker(server).memory - before)
            assert time.monotonic() < deadline
        assert most < 200


def test_those_that_leave_at_once(server):
    with unharmed(server, 60):
        for path in ("push", "heedless", "never"):
            for _ in range(20):
                with server.client() as client:
                    client.send(ask(path))
        until(lambda: still_open(server) == 0, "all to be noticed")


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=b", "application/x-www-form-urlencoded"]
)
def test_a_body_past_the_limit(server, kind):
    head = f"POST /res/ HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: {LIMIT + 1}\r\n\r\n"
    with unharmed(server), server.client() as client:
        client.send(head.encode())
        assert client.answer().status == 413


@pytest.mark.parametrize(
    ("kind", "piece"),
    [
        ("application/x-www-form-urlencoded", b"a=1&"),
        ("application/x-www-form-urlencoded", b"a=123456789&"),
        ("multipart/form-data; boundary=b", b"\n"),
    ],
)
def test_forms_that_would_fill_the_memory(server, kind, piece):
    """All the while others are answered promptly."""
    body = piece * (LIMIT // len(piece))
    with unharmed(server, 150), ExitStack() as stack:
        clients = [stack.enter_context(server.client()) for _ in range(4)]
        for client in clients:
            client.begin("POST", "/res/", f"Content-Type: {kind}", body=body)
        assert {client.answer().status for client in clients} <= {200, 400, 413}


def test_a_resource_that_does_not_answer():
    with serve("apps:app", *RESOURCE, "--slow-request", "0.5", "--timeout", "1.5", directory=HERE) as server:
        (pid,) = server.workers()
        with server.client() as client:
            client.send(ask("never"))
            answer = client.answer()
            assert answer.status == 504
            assert client.get("/probe").status == 200, "and the connection goes on"
        assert server.workers() == [pid], "nothing was lost with it"
        log = server.log()
        until(lambda: "never: TimeoutError" in server.output(), "the resource to know")
    assert log.count("request.slow") == log.count("request.hung") == 1
    assert "GET /res/never" in log
