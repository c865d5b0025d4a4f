"""Pipelined requests over a connection whose loop and transport are the test's (RFC 9112 section 9.3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hendrix.core.config import Config
from hendrix.worker.connection import Connection
from hendrix.worker.site import build_site

FIRST = b"GET /first HTTP/1.1\r\nHost: a\r\n\r\n"
SECOND = b"POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"


class Loop:
    def __init__(self) -> None:
        self.soon: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    def call_soon(self, call: Callable[..., None], *args: Any) -> None:
        self.soon.append((call, args))

    def turn(self) -> None:
        calls, self.soon = self.soon, []
        for call, args in calls:
            call(*args)


class Transport:
    def __init__(self) -> None:
        self.sent = b""
        self.closing = False

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.closing = True

    abort = close

    def is_closing(self) -> bool:
        return self.closing

    def get_extra_info(self, name: str) -> object:
        return ("127.0.0.1", 1234) if name in ("peername", "sockname") else None

    def set_write_buffer_limits(self, high: int) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0


class Peer:
    """Sends bytes to a connection whose answers are given by hand."""

    def __init__(self) -> None:
        self.exchanges: list[Any] = []
        self.bodies: list[bytes] = []
        self.loop = Loop()
        self.transport = Transport()
        site = build_site(Config(), self._answer)
        self.connection = Connection(site, self.loop, b"x-request-id", None)  # type: ignore[arg-type]
        self.connection.connection_made(self.transport)  # type: ignore[arg-type]

    def _answer(self, exchange: Any) -> None:
        self.exchanges.append(exchange)
        exchange.collect(lambda body: self.bodies.append(body.read()))

    def send(self, data: bytes) -> None:
        self.connection.get_buffer(-1)[: len(data)] = data
        self.connection.buffer_updated(len(data))

    def respond(self, number: int) -> None:
        self.exchanges[number].respond("200 OK", [], b"%d" % number)


def test_answers_go_out_in_order_and_one_request_at_a_time() -> None:
    peer = Peer()
    peer.send(FIRST + SECOND)
    assert [exchange.request.path for exchange in peer.exchanges] == [b"/first"]
    peer.respond(0)
    peer.loop.turn()
    assert [exchange.request.path for exchange in peer.exchanges] == [b"/first", b"/second"]
    peer.respond(1)
    assert peer.transport.sent.index(b"\r\n\r\n0") < peer.transport.sent.index(b"\r\n\r\n1")


def test_bytes_that_arrive_before_the_next_turn_stay_behind_those_before_them() -> None:
    peer = Peer()
    peer.send(FIRST + SECOND[:-3])
    peer.respond(0)
    peer.send(SECOND[-3:])
    peer.loop.turn()
    assert peer.bodies == [b"", b"hello"]
    assert not peer.transport.closing


def test_an_end_of_input_before_the_next_turn_waits_its_turn() -> None:
    peer = Peer()
    peer.send(FIRST + SECOND)
    peer.respond(0)
    peer.connection.eof_received()
    peer.loop.turn()
    peer.respond(1)
    assert peer.transport.sent.endswith(b"1")


def test_a_thousand_pipelined_requests_do_not_deepen_the_stack() -> None:
    peer = Peer()
    peer.send(FIRST * 1000)
    for number in range(1000):
        peer.respond(number)
        peer.loop.turn()
    assert peer.transport.sent.count(b"HTTP/1.1 200 OK") == 1000


@pytest.mark.parametrize("head", [b"HEAD / HTTP/1.1\r\n\r\n", b"HEAD / HTTP/1.1\r\nHost: a\n"])
def test_a_head_request_that_is_refused_is_sent_no_content(head: bytes) -> None:
    """RFC 9110 section 9.3.2."""
    peer, transport = Peer(), Leaving()
    peer.connection.connection_made(transport)  # type: ignore[arg-type]
    peer.send(head)
    assert transport.sent.startswith(b"HTTP/1.1 400 ")
    assert transport.sent.endswith(b"\r\n\r\n")


class Leaving(Transport):
    """One whose peer takes what it holds as slowly as the test wants."""

    held = 0

    def get_write_buffer_size(self) -> int:
        return self.held

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None: ...
    def resume_reading(self) -> None: ...


def answered_early(held: int) -> tuple[Peer, Leaving, float]:
    """A peer that was answered before its request had ended; ``held`` bytes of that wait for it. And when that was."""
    peer, transport = Peer(), Leaving()
    peer.transport = transport
    peer.connection.connection_made(transport)  # type: ignore[arg-type]
    peer.send(SECOND[:-3])
    peer.exchanges[0].respond("200 OK", [], b"x" * held)
    transport.held = held
    return peer, transport, peer.connection.closes_at - 2


def test_a_peer_that_was_answered_early_gets_all_of_a_long_answer() -> None:
    """RFC 9112 section 9.6: the connection is not closed before the peer has had the last response."""
    peer, transport, now = answered_early(100_000)
    for _ in range(140):
        now += 0.5
        peer.connection.check(now)
        assert not transport.closing
        transport.held -= 600
    transport.held = 100
    peer.connection.check(now + 3)
    assert transport.closing


def test_one_that_takes_nothing_of_it_is_cut_off() -> None:
    peer, transport, now = answered_early(100_000)
    for second in range(1, 36):
        peer.connection.check(now + second)
    assert transport.closing
