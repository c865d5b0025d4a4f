"""Two machines behind HAProxy: a deploy of one after the other loses no request."""

from __future__ import annotations

import contextlib
import os
import signal
import socket

import pytest

from tests.kit.haproxy import haproxy
from tests.kit.live import until
from tests.process.console import ask
from tests.process.load import load

HERE, THERE = "127.0.0.2", "127.0.0.3"


def free_port(host: str) -> int:
    with socket.socket() as free:
        free.bind((host, 0))
        return free.getsockname()[1]


@pytest.fixture
def places():
    return [f"{host}:{free_port(host)}" for host in (HERE, THERE)]


def test_one_after_the_other_is_stopped_and_started_again(project, tmp_path, places):
    """With some 200 requests a second all the while; besides a reload, and workers that are killed."""
    names, options = ("one", "two"), ("-w", "2", "--drain-delay", "4s", "--forwarded-allow-ips", "127.0.0.1")
    with haproxy(tmp_path, places) as front, contextlib.ExitStack() as machines:
        stacks = {}
        for name, place in zip(names, places, strict=True):
            stacks[name] = machines.enter_context(contextlib.ExitStack())
            stacks[name].enter_context(project.serve(*options, bind=place))
        for name in names:
            front.await_state(name, "UP")
        with load(front) as running:
            running.more()
            for name, place in zip(names, places, strict=True):
                stacks[name].close()  # told to stop; returns when it has left
                assert front.states()[name].startswith("DOWN"), "it was left alone before its port was closed"
                running.more()
                server = stacks[name].enter_context(project.serve(*options, bind=place))
                front.await_state(name, "UP")
                theirs = set(server.workers())
                until(lambda theirs=theirs: theirs & set(running.pids[-20:]), "the new one to be asked")
                assert ask(server, "reload")["done"] == 0
                victim = server.workers()[0]
                os.kill(victim, signal.SIGKILL)
                server.await_new_worker(victim)
                running.more()
        assert running.failures == []
