"""Four workers at the same sockets: each has its share of the connections."""

import contextlib
import os
import signal
from collections import Counter

import pytest

from tests.kit.live import until
from tests.process.load import load


def connections_by_worker(clients):
    """Who answers each. The connections are kept."""
    for client in clients:
        client.begin("GET", "/pid")
    return Counter(int(client.answer().body) for client in clients)


@pytest.mark.parametrize("count", [64, 200])
@pytest.mark.parametrize("busy", [True, False], ids=["under load", "idle"])
def test_connections_are_shared_evenly(project, count, busy):
    with project.serve("-w", "4") as server, load(server) if busy else contextlib.nullcontext() as running:
        clients = [server.client() for _ in range(count)]
        found = connections_by_worker(clients)
        assert set(found) == set(server.workers())
        assert max(found.values()) / min(found.values()) <= 1.5, found
        for client in clients:
            client.close()
    assert not running or running.failures == []


def test_new_connections_go_to_a_new_worker(project):
    with project.serve("-w", "2") as server:
        clients = [server.client() for _ in range(20)]
        assert len(connections_by_worker(clients)) == 2
        victim, _ = server.workers()
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in server.workers() and len(server.workers()) == 2, "full strength")
        more, found = [], Counter()
        for _ in range(9):  # one after the other: the new one is awake for each
            more.append(server.client())
            found += connections_by_worker(more[-1:])
        # Not all where the machine is so busy that it comes late.
        assert found.most_common()[0][0] == max(server.workers()), found
        for client in (*clients, *more):
            client.close()


def test_a_worker_that_stands_still_delays_nobody_for_long(project):
    with project.serve("-w", "2") as server:
        victim, other = server.workers()
        os.kill(victim, signal.SIGSTOP)
        clients = [server.client(timeout=5) for _ in range(40)]
        try:
            assert connections_by_worker(clients) == {other: 40}
        finally:
            os.kill(victim, signal.SIGCONT)
            for client in clients:
                client.close()
