"""A connection's deadlines and the way it ends, over a transport and with a time that the test gives."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from hendrix.core.config import Config
from hendrix.wire.proxy_line import ProxyLine
from hendrix.worker.connection import Connection
from hendrix.worker.site import Site, build_site
from tests.worker.loops import FakeLoop

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
BIG = b"x" * 1_000_000


class Transport:
    """Holds what it was given until the peer takes it."""

    def __init__(self, connection: Connection, peer: str = "192.0.2.1") -> None:
        self._connection = connection
        self._peer = peer
        self._high = 65536
        self._full = False
        self.held = b""
        self.taken = b""
        self.closing = self.aborted = self.ended = self.paused = False

    def write(self, data: bytes) -> None:
        self.held += data
        if len(self.held) > self._high and not self._full:
            self._full = True
            self._connection.pause_writing()

    def take(self, count: int = 1 << 40) -> bytes:
        """The peer takes some bytes."""
        data, self.held = self.held[:count], self.held[count:]
        self.taken += data
        if self._full and len(self.held) <= self._high // 4:
            self._full = False
            self._connection.resume_writing()
        if self.closing and not self.held:
            self.abort()
        return data

    def set_write_buffer_limits(self, high: int) -> None:
        self._high = high

    def get_write_buffer_size(self) -> int:
        return len(self.held)

    def get_extra_info(self, name: str) -> object:
        return {"peername": (self._peer, 1234), "sockname": ("198.51.100.1", 80)}.get(name)

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True
        if not self.held:
            self.abort()

    def abort(self) -> None:
        self.closing = True
        if not self.aborted:
            self.aborted = True
            self._connection.connection_lost(None)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


class Peer:
    """One connection; ``answer`` is what the server does with a request."""

    def __init__(self, answer: Callable[[Any], None] | None = None, *, proxy: str = "", **options: Any) -> None:
        self.exchanges: list[Any] = []
        self.began = time.monotonic()
        self.loop = FakeLoop()
        self.site: Site = build_site(Config(**options), answer or self._keep)
        line = ProxyLine(proxy) if proxy else None
        self.connection = Connection(self.site, self.loop, b"x-request-id", line)  # type: ignore[arg-type]
        self.transport = Transport(self.connection)

    def connect(self) -> Peer:
        self.connection.connection_made(self.transport)  # type: ignore[arg-type]
        return self

    def _keep(self, exchange: Any) -> None:
        self.exchanges.append(exchange)
        exchange.collect(lambda _body: None)

    def send(self, data: bytes) -> None:
        for at in range(0, len(data), 65536):
            piece = data[at : at + 65536]
            self.connection.get_buffer(-1)[: len(piece)] = piece
            self.connection.buffer_updated(len(piece))
        self.loop.turn()

    def after(self, seconds: float) -> bytes:
        """What the peer has taken once so much time has passed since it connected."""
        self.connection.check(self.began + seconds)
        self.loop.turn()
        return self.transport.taken + self.transport.held


def big(exchange: Any) -> None:
    exchange.respond("200 OK", [], BIG)


def small(exchange: Any) -> None:
    exchange.respond("200 OK", [], b"small")


# --- a peer that is slow to ask ----------------------------------------------------------------------------------


def test_who_says_nothing_is_hung_up_on() -> None:
    peer = Peer().connect()
    assert peer.after(9) == b"" and not peer.transport.closing
    assert peer.after(11) == b"" and peer.transport.closing


def test_who_drips_a_head_gets_408() -> None:
    peer = Peer().connect()
    peer.send(GET[:-2])
    assert peer.after(11).startswith(b"HTTP/1.1 408 ")


def test_who_drips_a_body_gets_408_and_no_thread() -> None:
    peer = Peer().connect()
    peer.send(POST + b"x")
    assert peer.after(19) == b""
    assert peer.after(21).startswith(b"HTTP/1.1 408 ")
    assert peer.exchanges[0].complete


def test_an_idle_connection_is_kept_for_a_while() -> None:
    peer = Peer(small).connect()
    peer.send(GET)
    sent = peer.after(60)
    assert not peer.transport.closing
    assert peer.after(70) == sent, "closed without a word"
    assert peer.transport.closing


def test_a_request_under_way_has_no_deadline_of_the_wire() -> None:
    peer = Peer().connect()
    peer.send(GET)
    peer.after(10_000)
    assert not peer.transport.closing


# --- a peer that is slow to take ---------------------------------------------------------------------------------


def test_who_takes_nothing_is_cut_off() -> None:
    peer = Peer(big).connect()
    peer.send(GET)
    peer.after(29)
    assert not peer.transport.aborted
    peer.after(31)
    assert peer.transport.aborted


def test_who_takes_too_little_is_cut_off() -> None:
    peer = Peer(big).connect()
    peer.send(GET)
    peer.transport.take(10_000)
    peer.after(31)
    assert peer.transport.aborted


@pytest.mark.parametrize("line", [b"", b"Connection: close\r\n"])
def test_who_takes_slowly_but_steadily_gets_all(line) -> None:
    peer = Peer(big).connect()
    peer.send(GET[:-2] + line + b"\r\n")
    seconds = 0.0
    while peer.transport.held:
        peer.transport.take(50_000)
        seconds += 31
        # The next period begins when the last was judged.
        if peer.connection._taking.since != float("inf"):
            peer.connection._taking.since = peer.began + seconds - 31
        if peer.transport.held:
            peer.after(seconds)
    assert peer.transport.taken.endswith(BIG)


def test_the_next_request_waits_until_large_answers_are_taken() -> None:
    seen: list[int] = []

    def counted(exchange: Any) -> None:
        seen.append(1)
        big(exchange)

    peer = Peer(counted).connect()
    peer.send(GET * 10)
    assert len(seen) == 1
    peer.transport.take()
    peer.loop.turn()
    assert len(seen) == 2
    while peer.transport.held:
        peer.transport.take()
        peer.loop.turn()
    assert peer.transport.taken.count(b"HTTP/1.1 200 OK") == 10


def test_reading_stops_while_much_is_pipelined() -> None:
    peer = Peer().connect()
    peer.send(GET + GET * 5000)
    assert peer.transport.paused
    while peer.transport.paused:
        peer.exchanges[-1].respond("200 OK", [], b"")
        peer.transport.take()
        peer.loop.turn()
    assert len(peer.exchanges) > 1000


# --- the end -----------------------------------------------------------------------------------------------------


def test_an_early_answer_is_seen_before_the_connection_closes() -> None:
    peer = Peer(small).connect()
    peer.send(POST)
    assert b"Connection: close" in peer.after(0)
    assert peer.transport.ended and not peer.transport.closing, "RFC 9112 section 9.6"
    peer.send(b"x" * 1000)
    peer.after(3)
    assert peer.transport.aborted


def test_it_lingers_for_so_many_bytes_only() -> None:
    peer = Peer(small).connect()
    peer.send(POST)
    for _ in range(70):
        if not peer.transport.paused:
            peer.send(b"x" * 65536)
    assert peer.transport.paused, "nothing more is read"
    peer.after(3)
    assert peer.transport.aborted


def test_a_peer_that_leaves_is_told_of_once() -> None:
    gone: list[str] = []
    peer = Peer().connect()
    peer.send(GET)
    (exchange,) = peer.exchanges
    exchange.on_gone = lambda: gone.append("gone")
    peer.transport.abort()
    assert (gone, exchange.gone) == (["gone"], True)
    exchange.respond("200 OK", [], b"to nobody")
    exchange.write(b"to nobody")
    exchange.finish()
    assert peer.transport.taken + peer.transport.held == b""
    assert not peer.site.connections


def test_a_drain_closes_idle_connections_and_busy_ones_with_their_answer() -> None:
    idle, busy = Peer(small).connect(), Peer().connect()
    busy.send(GET)
    for peer in (idle, busy):
        peer.site.draining = True
        peer.connection.leave()
    assert idle.transport.closing and not busy.transport.closing
    busy.exchanges[0].respond("200 OK", [], b"last")
    assert busy.transport.closing
    assert b"Connection: close" in busy.transport.take()


def test_a_drain_ends_event_streams_and_no_other_answer() -> None:
    gone: list[str] = []
    events, page = Peer().connect(), Peer().connect()
    for peer, kind in (events, "text/event-stream; charset=utf-8"), (page, "text/html"):
        peer.send(GET)
        exchange = peer.exchanges[0]
        exchange.on_gone = lambda kind=kind: gone.append(kind)
        exchange.start("200 OK", [("Content-Type", kind)])
        exchange.write(b"data: 1\n\n")
        peer.site.draining = True
        peer.connection.leave()
    assert gone == ["text/event-stream; charset=utf-8"]
    assert events.transport.take().endswith(b"\r\n0\r\n\r\n") and events.transport.closing
    assert not page.transport.closing
    events.exchanges[0].write(b"to nobody")
    page.exchanges[0].write(b"last")
    page.exchanges[0].finish()
    assert not events.transport.take() and page.transport.take().endswith(b"last\r\n0\r\n\r\n")


def test_a_bug_in_an_answer_is_500() -> None:
    def broken(_exchange: Any) -> None:
        raise ZeroDivisionError

    peer = Peer(broken).connect()
    peer.send(GET)
    assert peer.transport.take().startswith(b"HTTP/1.1 500 ")
    assert not peer.transport.closing


# --- the PROXY line ----------------------------------------------------------------------------------------------


def test_it_says_who_the_peer_is() -> None:
    peer = Peer(proxy="on").connect()
    peer.send(b"PROXY TCP4 203.0.113.9 198.51.100.7 5000 443\r\n" + GET)
    origin = peer.exchanges[0].origin
    assert (origin.client, origin.server) == (("203.0.113.9", 5000), ("198.51.100.7", 443))


def test_without_one_the_connection_is_cut() -> None:
    peer = Peer(proxy="on").connect()
    peer.send(GET)
    assert peer.transport.aborted and not peer.exchanges


def test_one_that_is_dripped_has_the_deadline_of_a_head() -> None:
    peer = Peer(proxy="on").connect()
    peer.send(b"PROXY ")
    peer.after(11)
    assert peer.transport.closing and not peer.exchanges


def test_a_stranger_may_not_speak_for_others() -> None:
    peer = Peer(proxy="on")
    peer.site.trusts = lambda address: address == "10.0.0.1"
    peer.connect()
    assert peer.transport.aborted
    friend = Peer(proxy="on")
    friend.site.trusts = lambda address: address == "192.0.2.1"
    assert not friend.connect().transport.aborted
