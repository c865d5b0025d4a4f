"""Accepting, and not accepting, over a loop that opens no real server."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from hendrix.worker import listen as room
from hendrix.worker.listen import Listener, descriptor_limit
from tests.worker.loops import FakeLoop, heard


class FakeServer:
    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def close(self) -> None:
        self.sock.close()


class Loop(FakeLoop):
    """Counts the servers that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.servers: list[FakeServer] = []
        self.fails = False

    async def create_server(self, _factory: Any, *, sock: socket.socket, backlog: int) -> FakeServer:
        if self.fails:
            raise OSError("no")
        self.servers.append(FakeServer(sock))
        return self.servers[-1]

    create_unix_server = create_server

    @property
    def open(self) -> int:
        return sum(server.sock.fileno() >= 0 for server in self.servers)


class Case:
    def __init__(self, limit: int = 100) -> None:
        self.loop = Loop()
        self.sockets = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
        self.listener = Listener(self.loop, list(self.sockets), lambda: None, limit=limit, backlog=7)  # type: ignore[arg-type, return-value]
        self.loop.create_task(self.listener.open())

    def accepting(self, connections: int) -> bool:
        """With so many connections, are all sockets accepted on (or none)?"""
        self.listener.check(connections)
        assert self.loop.open in (0, 2)
        return self.loop.open == 2


@pytest.fixture
def case() -> Iterator[Case]:
    case = Case()
    yield case
    case.listener.close()
    for sock in case.sockets:
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


def test_closed_while_it_is_about_to_go_on(case, monkeypatch) -> None:
    assert not case.accepting(100)
    begin = case.loop.create_server

    async def close_meanwhile(*args: Any, **keywords: Any) -> FakeServer:
        case.listener.close()
        return await begin(*args, **keywords)

    monkeypatch.setattr(case.loop, "create_server", close_meanwhile)
    monkeypatch.setattr(case.loop, "create_unix_server", begin)
    assert not case.accepting(0)


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
        assert Listener(FakeLoop(), [], lambda: None, limit=given, backlog=1).limit == effective  # type: ignore[arg-type, return-value]
