"""Views that do not return: reported, answered 504 in their place, and their worker is replaced; others are served."""

import contextlib
import re
import time

import pytest

from tests.hostile.conftest import HERE
from tests.hostile.vitals import Probe
from tests.kit.live import serve, until


@pytest.mark.parametrize("hanging", [1, 4], ids=["one", "every thread"])
def test_a_view_that_hangs(tmp_path, hanging):
    limits = ("--slow-request", "0.5", "--timeout", "2", "--threads", "4")
    with serve("apps:app", *limits, directory=HERE) as server, contextlib.ExitStack() as stack:
        (before,) = server.workers()
        clients = [stack.enter_context(server.client()) for _ in range(hanging)]
        began = time.monotonic()
        for client in clients:
            client.begin("GET", f"/wait?{tmp_path / 'never'}")
        if hanging == 1:
            stack.enter_context(Probe(server))
        else:
            late = stack.enter_context(server.client())
            late.begin("GET", "/probe")
        for client in clients:
            assert client.answer().status == 504
        assert 1.5 < time.monotonic() - began < 6
        if hanging > 1:
            # It waited in the queue behind them, and is served once they are given up.
            assert late.answer().status == 200
        until(lambda: server.workers() and before not in server.workers(), "the worker to be replaced")
        with server.client() as client:
            assert client.get("/probe").status == 200
        log = server.log()
    assert log.count("request.slow") == log.count("request.hung") == hanging
    assert re.search(r'request\.slow request="GET /wait\S*" id=\S+ seconds=\d', log)
    assert "GET /wait" in log and "in wait" in log and "time.sleep" in log, "the stack of the view"
    assert log.count("worker.retiring") == 1
    assert "worker.killed" not in log


def test_one_blocked_thread_does_not_hold_up_the_next_request(server):
    """The pool may be at one thread when a view blocks in it."""
    with server.client() as blocked, server.client() as other:
        blocked.begin("GET", "/block?2")
        began = time.monotonic()
        assert other.get("/plain").status == 200
        assert time.monotonic() - began < 1
        assert blocked.answer().body == b"slept"


def test_requests_under_way_are_finished_when_the_worker_is_replaced(tmp_path):
    gate = tmp_path / "gate"
    with serve("apps:app", "--timeout", "1", "--threads", "4", directory=HERE) as server:
        (before,) = server.workers()
        with server.client() as hung, server.client() as late:
            hung.begin("GET", f"/wait?{tmp_path / 'never'}")
            assert hung.answer().status == 504
            late.begin("GET", f"/wait?{gate}")
            # It may have reached the old worker or its successor: either sees it through.
            until(lambda: before not in server.workers() or len(server.workers()) == 2, "a successor")
            gate.touch()
            assert late.answer().body == b"waited"
        until(lambda: before not in server.workers(), "the old worker to leave")
