"""Accepting, and not accepting, over a loop that opens no real server."""

from __future__ import annotations

import os
import resource
import select
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from hendrix.worker import listen as room
from hendrix.worker.listen import Listener, descriptor_limit
from hendrix.worker.shares import Share
from tests.kit.live import until
from tests.worker.loops import FakeLoop, heard


class Loop(FakeLoop):
    """Knows what is watched."""

    def __init__(self) -> None:
        super().__init__()
        self.watched: dict[int, Any] = {}
        self.welcomed: list[socket.socket] = []
        self.fails = False

    def add_reader(self, fd: int, call: Any, *args: Any) -> None:
        if self.fails:
            raise OSError("no")
        self.watched[fd] = lambda: call(*args)

    def remove_reader(self, fd: int) -> None:
        self.watched.pop(fd, None)

    def time(self) -> float:
        return self.now

    def create_task(self, sock: Any) -> Any:
        return self

    def add_done_callback(self, call: Any) -> None:
        pass

    def connect_accepted_socket(self, factory: Any, sock: socket.socket) -> None:
        self.welcomed.append(sock)


class Case:
    def __init__(self, limit: int = 100) -> None:
        self.loop = Loop()
        self.sockets = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
        self.table = memoryview(bytearray(64 * 16)).cast("q")
        self.share = Share(1, self.loop.now, self.table)
        self.listener = Listener(self.loop, [(sock, lambda: None) for sock in self.sockets], self.share, limit=limit)  # type: ignore[arg-type, return-value]
        with pytest.raises(StopIteration):  # it waits for nothing
            self.listener.open().send(None)

    def accepting(self, connections: int) -> bool:
        """With so many connections, are all sockets accepted on (or none)?"""
        self.listener.check(connections)
        assert len(self.loop.watched) in (0, 2)
        return len(self.loop.watched) == 2

    def connect(self, count: int) -> list[socket.socket]:
        """Clients, in line."""
        clients = [socket.create_connection(self.sockets[0].getsockname()) for _ in range(count)]
        until(lambda: select.select([self.sockets[0]], [], [], 0)[0], "the first to be in line")
        return clients

    def wake(self) -> int:
        """The loop finds the socket readable, if it looks at it. How many were accepted by now?"""
        if call := self.loop.watched.get(self.sockets[0].fileno()):
            call()
        return len(self.loop.welcomed)


@pytest.fixture
def case() -> Iterator[Case]:
    case = Case()
    yield case
    case.listener.close()
    for sock in (*case.sockets, *case.loop.welcomed):
        sock.close()


def test_it_stops_at_the_limit_and_goes_on_below_it(case) -> None:
    with heard() as events:
        assert [case.accepting(count) for count in (1, 99, 100, 101, 99, 95, 94, 95, 99)] == [
            *(True, True, False, False, False, False),
            *(True, True, True),
        ]
    assert [name for name, _ in events] == ["accept.paused", "accept.resumed"]
    assert events[0][1]["limit"] == 100


@pytest.mark.parametrize("limit", [1, 2, 3, 8])
def test_small_limits_go_on_too(limit) -> None:
    case = Case(limit)
    assert not case.accepting(limit)
    assert case.accepting(0)
    case.listener.close()


def test_it_tells_once_a_minute(case) -> None:
    with heard() as events:
        for _ in range(5):
            assert not case.accepting(100)
            assert case.accepting(0)
        assert len(events) == 2
        case.loop.advance(61)
        assert not case.accepting(100)
        assert case.accepting(0)
    assert [name for name, _ in events] == ["accept.paused", "accept.resumed"] * 2


def test_it_tries_again_when_it_cannot_go_on(case) -> None:
    assert not case.accepting(100)
    case.loop.fails = True
    with heard() as events:
        assert not case.accepting(0)
        assert not case.accepting(0)
    assert {name for name, _ in events} == {"accept.cannot_resume"}
    case.loop.fails = False
    assert case.accepting(0)


def test_closed_is_for_good(case) -> None:
    case.listener.close()
    assert not case.accepting(0)
    assert not case.accepting(100)
    assert not case.accepting(0)


def test_who_has_more_than_its_share_leaves_connections_to_others(case) -> None:
    other = Share(2, 0.0, case.table)
    case.share.have(5)
    clients = case.connect(3)
    assert case.wake() == 0
    assert case.sockets[0].fileno() not in case.loop.watched, "it would be readable all the time"
    other.have(5)
    case.loop.advance(0.01)
    assert case.wake() == 2, "one more than the other"
    other.have(6)
    case.loop.advance(0.01)
    assert case.wake() == 3
    for client in clients:
        client.close()


def test_who_stands_still_is_not_waited_for(case) -> None:
    Share(2, 0.0, case.table)
    case.share.have(5)
    clients = case.connect(1)
    began = case.loop.now
    until(lambda: case.wake() or case.loop.advance(0.001), "the connection to be accepted")
    assert 0.04 < case.loop.now - began < 0.06
    clients[0].close()


def test_who_comes_late_finds_something_left(case) -> None:
    """Whether the other stands still is known only later, so not all is taken at once."""
    Share(2, 0.0, case.table)
    case.share.have(5)
    clients = case.connect(15)
    taken = {}
    while case.wake() < 15:
        case.loop.advance(0.001)
        taken[round(case.loop.now, 3)] = len(case.loop.welcomed)
    assert [taken[moment] for moment in (0.06, 0.12, 0.17)] == [1, 3, 7]
    assert case.loop.now < 0.3
    for client in clients:
        client.close()


def test_a_connection_that_another_has_taken_is_not_waited_for(case) -> None:
    Share(2, 0.0, case.table)
    case.share.have(5)
    for _ in range(100):  # one after the other, and the other takes each
        (client,) = case.connect(1)
        assert case.wake() == 0
        case.sockets[0].accept()[0].close()
        client.close()
        case.loop.advance(0.002)
    assert case.wake() == 0


def test_a_system_that_cannot_accept_is_asked_again_later(case, monkeypatch) -> None:
    (client,) = case.connect(1)

    class Poor:
        def accept(self) -> None:
            raise OSError(24, "Too many open files")

        def __getattr__(self, name: str) -> Any:
            return getattr(case.sockets[0], name)

    with heard() as events:
        case.listener._knock(Poor(), lambda: None)
    assert [name for name, _ in events] == ["accept.failed"]
    assert case.sockets[0].fileno() not in case.loop.watched
    case.loop.advance(0.2)
    case.loop.watched[case.sockets[0].fileno()] = lambda: case.listener._knock(case.sockets[0], lambda: None)
    assert case.wake() == 1
    client.close()


def test_it_does_not_accept_with_the_last_descriptors(case, monkeypatch) -> None:
    """Files and databases take descriptors too, so the number of connections alone does not tell."""
    monkeypatch.setattr(case.listener, "_room", 40)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    monkeypatch.setattr(case.listener, "_highest", lowest_free)
    assert case.accepting(9)
    assert not case.accepting(11)
    monkeypatch.setattr(case.listener, "_highest", lowest_free + 1000)
    assert case.accepting(11)


def test_the_limit_of_descriptors(monkeypatch) -> None:
    in_use = len(os.listdir("/dev/fd"))
    limits = {"now": (1024, 4096)}
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits["now"])
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: limits.update(now=new))
    assert descriptor_limit() == pytest.approx(4096 - in_use - 64, abs=3)
    assert limits["now"] == (4096, 4096), "the soft limit was raised"
    limits["now"] = (20, 20)
    assert descriptor_limit() == 8
    limits["now"] = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    assert descriptor_limit() > 1_000_000


def test_a_limit_beyond_the_descriptors_is_cut(monkeypatch) -> None:
    monkeypatch.setattr(room, "descriptor_limit", lambda: 50)
    for given, effective in ((0, 50), (10, 10), (1000, 50)):
        assert Listener(FakeLoop(), [], Share(1, 0.0), limit=given).limit == effective  # type: ignore[arg-type, return-value]
