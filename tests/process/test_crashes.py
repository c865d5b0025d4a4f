"""Processes that are killed, under load."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.kit.live import PATIENCE, until
from tests.process.load import CLIENTS, load
from tests.process.test_signals import gone, waiting

#: A worker is back within a second; the rest is for a busy machine.
BACK = 3.0


def template(server):
    """The pids of its templates: two while a reload is under way, and for a moment after it."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [int(child) for child in children if "template" in server._title(int(child))]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_is_killed(project, workers):
    with project.serve("-w", str(workers)) as server, load(server) as running:
        running.more()
        victim = server.workers()[0]
        began = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in server.workers() and len(server.workers()) == workers, "full strength")
        assert time.monotonic() - began < BACK
        until(lambda: len(set(running.pids[-50:])) == workers and victim not in running.pids[-50:], "all to answer")
        running.more()
        assert len(running.failures) <= CLIENTS, running.failures
        assert running.slowest < BACK
        assert server.log().count("worker.died") == 1


def test_the_template_is_killed(project):
    with project.serve("-w", "2") as server, load(server) as running:
        running.more()
        (before,) = template(server)
        os.kill(before, signal.SIGKILL)
        until(lambda: template(server) not in ([], [before]), "another template")
        running.more()
        assert running.failures == []
        victim = server.workers()[0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in server.workers() and len(server.workers()) == 2, "full strength")
        running.more()
        assert len(running.failures) <= CLIENTS


def test_template_and_worker_are_killed_together(project):
    with project.serve() as server, load(server) as running:
        running.more()
        (victim,) = server.workers()
        os.kill(template(server)[0], signal.SIGKILL)
        os.kill(victim, signal.SIGKILL)
        running.more()
        assert victim not in server.workers()
        assert len(running.failures) <= CLIENTS


def test_the_supervisor_is_killed(project):
    with project.serve("-w", "2", "--graceful-timeout", "10") as server:
        client, go_on = waiting(project, server)
        server.signal(signal.SIGKILL)
        assert server.process.wait(10) == -signal.SIGKILL
        server.await_log("worker.orphaned")
        go_on()
        with client:
            assert client.answer().status == 200
        until(lambda: gone(server), "its processes to end")
        server.stop = lambda: None  # it has left already, and not by TERM


def test_requests_that_hang_do_not_outlive_a_killed_supervisor(project):
    with project.serve("--graceful-timeout", "1") as server:
        client, _ = waiting(project, server)
        server.signal(signal.SIGKILL)
        until(lambda: server.process.poll() is not None and gone(server), "its processes to end", PATIENCE)
        client.close()
        server.stop = lambda: None
