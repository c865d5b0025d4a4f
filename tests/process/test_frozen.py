"""Workers that stand still, or grow old."""

import os
import signal
import time

from tests.kit.live import until
from tests.process.console import status
from tests.process.load import load

BLOCKS = '''

def blocks(request):
    """The loop itself, which no request should be able to hold."""
    from twisted.internet import reactor

    reactor.callFromThread(stand_still)
    return HttpResponse("it will")


def stand_still():
    time.sleep(1000)


def crash(request):
    import ctypes

    ctypes.string_at(0)
'''
URLS = """
from django.urls import path

from site1 import views

urlpatterns = [path(name, getattr(views, name)) for name in ("pid", "hello", "blocks", "crash")]
"""


def make_fragile(project):
    project.add("views.py", BLOCKS)
    project.write("urls.py", URLS)


def answered_within(server, seconds):
    began = time.monotonic()
    with server.client(timeout=seconds) as client:
        assert client.get("/hello").status == 200
    return time.monotonic() - began < seconds


def test_a_stopped_worker_of_two(project):
    with project.serve("-w", "2", "--worker-timeout", "3") as server:
        victim = server.workers()[0]
        os.kill(victim, signal.SIGSTOP)
        began = time.monotonic()
        while victim in server.workers():
            assert answered_within(server, 1.0)
            assert time.monotonic() - began < 15
            time.sleep(0.02)  # the pace of the probes, not a wait for something
        until(lambda: len(server.workers()) == 2, "full strength")
        assert "worker.frozen" in server.log()
        assert "SIGSTOP" in server.await_log("worker.died")


def test_a_loop_that_stands_still_is_shown_and_replaced(project):
    make_fragile(project)
    with project.serve("--worker-timeout", "2") as server:
        (victim,) = server.workers()
        with server.client() as client:
            assert client.get("/blocks").status == 200
        until(lambda: victim not in server.workers() and server.workers(), "another worker")
        assert "stand_still" in server.await_log("worker.died")
        assert answered_within(server, 1.0)


def test_a_crash_in_c_is_shown(project):
    make_fragile(project)
    with project.serve() as server:
        (victim,) = server.workers()
        with server.client() as client:
            client.begin("GET", "/crash")
            assert client.closed()
        until(lambda: victim not in server.workers() and server.workers(), "another worker")
        log = server.await_log("worker.died")
        assert "SIGSEGV" in log
        assert "string_at" in log
        assert status(server)["last_crash"]["pid"] == victim


def test_the_server_as_a_whole_may_be_stopped_for_a_while(project):
    """Ctrl-Z and fg: everybody was silent, and nobody froze."""
    with project.serve("-w", "2", "--worker-timeout", "2") as server:
        before = server.workers()
        os.killpg(server.pid, signal.SIGSTOP)
        time.sleep(4)
        os.killpg(server.pid, signal.SIGCONT)
        assert answered_within(server, 5.0)
        time.sleep(1.5)
        assert server.workers() == before
        assert "worker.frozen" not in server.log()


def test_recycling_by_requests_under_load(project):
    with project.serve("-w", "2", "--max-requests", "60", "--max-requests-jitter", "20") as server:
        with load(server) as running:
            ready = []
            while server.log().count("worker.replaced") < 6:
                running.more(10)
                ready.append([one["state"] for one in status(server)["workers"]])
            running.more()
        assert running.failures == []
        assert running.slowest < 0.5
        assert all(states.count("ready") + states.count("retiring") >= 2 for states in ready), ready


def test_recycling_by_age_and_by_memory(project):
    with project.serve("--max-lifetime", "2s", log="") as server, load(server) as running:
        server.await_log("--max-lifetime")
        server.await_log("worker.replaced")
        running.more()
    assert running.failures == []
    with project.serve("--max-rss", "10MB") as server, load(server) as running:
        server.await_log("--max-rss")
        server.await_log("worker.replaced")
        running.more()
    assert running.failures == []
