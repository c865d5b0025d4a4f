"""Peers that ask for much and take little or nothing of it."""

import time
from contextlib import ExitStack

import pytest

from tests.hostile.conftest import HERE
from tests.hostile.crowd import Crowd
from tests.hostile.vitals import unharmed, worker
from tests.kit.live import serve, until

#: Dropped at the second look at the latest, as the kernel's buffers take much at once; the rest is for busy machines.
STALLED = 12
LARGE = 8 * 1024 * 1024


def ask(target, *lines):
    return "\r\n".join([f"GET {target} HTTP/1.1", "Host: a", *lines, "", ""]).encode()


def open_streams(server):
    with server.client() as client:
        return int(client.get("/open-streams").body)


def test_a_hundred_that_read_nothing_of_a_stream():
    """Each holds a thread, and others stand in for those: the server has four."""
    options = ("--threads", "4", "--write-timeout", "3")
    with serve("apps:app", *options, directory=HERE) as server, unharmed(server, 80), ExitStack() as stack:
        began = time.monotonic()
        for count in range(20, 101, 20):
            stack.enter_context(Crowd(server, 20, ask("/stream"), receive_buffer=4096))
            until(lambda count=count: open_streams(server) == count, f"{count} streams to begin")
        until(lambda: open_streams(server) == 0, "the iterators to be closed", began + STALLED - time.monotonic())


def test_a_hundred_that_read_nothing_of_a_file(server):
    with unharmed(server), Crowd(server, 100, ask("/file"), receive_buffer=4096) as crowd:
        dropped(server, crowd)


def dropped(server, crowd):
    """Until the server has let go of all: they do not read, so only the server's side shows it."""
    vitals = worker(server)
    began = time.monotonic()
    most = vitals.descriptors
    while vitals.descriptors > most - len(crowd.sockets) + 10:
        most = max(most, vitals.descriptors)
        assert time.monotonic() < began + STALLED, f"{vitals.descriptors} descriptors are open, {most} at most"
        time.sleep(0.05)


def test_those_that_take_no_answer_of_a_list(server):
    """Such an answer is whole in memory before it is sent, so what they cost is its size."""
    with unharmed(server, 150), Crowd(server, 15, ask("/whole"), receive_buffer=4096) as crowd:
        dropped(server, crowd)


def test_one_that_asks_without_end_and_takes_nothing(server):
    with unharmed(server, 20), Crowd(server, 3, receive_buffer=4096) as crowd:
        vitals = worker(server)
        memory, began = vitals.memory, time.monotonic()
        while crowd.open:
            crowd.send(ask("/page") * 50)
            assert vitals.memory < memory + 20
            assert time.monotonic() < began + STALLED


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
def test_one_that_takes_a_large_answer_for_longer_than_every_deadline(server, connection):
    """It is slow, but it moves: neither the idle nor the write deadline may cut it off."""
    with server.client(receive_buffer=65536) as client:
        client.begin("GET", "/whole", f"Connection: {connection}")
        client.head()
        taken, began = 0, time.monotonic()
        while taken < LARGE:
            taken += len(client.exactly(min(65536, LARGE - taken)))
            # 3 MB/s: nearly 3 s for all of it, and each deadline is 1 s.
            time.sleep(max(0, began + taken / 3e6 - time.monotonic()))


@pytest.mark.parametrize("target", ["/whole", "/stream", "/file"])
def test_aborted_downloads_leave_nothing(server, target):
    with unharmed(server, 60):
        for _ in range(8):
            with Crowd(server, 17, ask(target), receive_buffer=4096) as crowd:
                until(lambda: all_began(crowd), "every answer to begin")
    until(lambda: open_streams(server) == 0, "the iterators to be closed")


def all_began(crowd):
    for sock in crowd.sockets:
        if not crowd.received[sock]:
            try:
                crowd.received[sock] = sock.recv(1000)
            except BlockingIOError:
                return False
    return True
