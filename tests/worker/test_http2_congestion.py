"""What is written while the transport of a connection of HTTP/2 holds more than it should."""

from __future__ import annotations

import time
from typing import Any

import pytest

from hendrix.core.config import Config
from hendrix.core.http import Origin
from hendrix.worker.http2_connection import Http2Connection
from hendrix.worker.site import build_site
from tests.kit import http2_frames as f
from tests.worker.test_pipelining import Loop, Transport

PIECE = b"x" * 32 * 1024
WIDE = f.settings((f.INITIAL_WINDOW_SIZE, 1 << 24)) + f.window_update(0, 1 << 24)


class Brimful(Transport):
    """The kernel takes what is above ``held`` bytes, and not one more."""

    def __init__(self, held: int) -> None:
        super().__init__()
        self._most, self._held = held, 0
        self.paused = False
        self.peer: Any = None

    def set_write_buffer_limits(self, high: int) -> None:
        self._high = high

    def get_write_buffer_size(self) -> int:
        return self._held

    def write(self, data: bytes) -> None:
        super().write(data)
        self._held = min(self._most, self._held + len(data))
        if self._held > self._high and not self.paused:
            self.paused = True
            self.peer.pause_writing()


class Peer:
    """A connection with one request, which is answered by hand."""

    def __init__(self, settings: bytes = WIDE, transport: Any = None) -> None:
        self.exchanges: list[Any] = []
        self.loop, self.transport = Loop(), transport or Transport()
        origin = Origin(("127.0.0.1", 1234), ("127.0.0.1", 80), "http")
        site = build_site(Config(), self.exchanges.append)
        self.connection = Http2Connection(site, self.loop, self.transport, origin, b"x-request-id")  # type: ignore[arg-type]
        self.transport.peer = self.connection
        fields = [(name.encode(), value.encode()) for name, value in f.GET]
        head = b"".join(bytes((0, len(name))) + name + bytes((len(value),)) + value for name, value in fields)
        self.connection.receive(f.PREFACE + settings + f.frame(f.HEADERS, f.END_HEADERS | f.END_STREAM, 1, head))
        (self.exchange,) = self.exchanges
        self.exchange.start("200 OK", [])
        self.loop.turn()

    def sent(self) -> bytes:
        frames, _rest = f.read_frames(self.transport.sent)
        return b"".join(frame.payload for frame in frames if frame.kind == f.DATA)


@pytest.mark.parametrize("pieces", [1, 2, 3, 4, 5])
def test_whoever_is_to_wait_is_told_to_go_on(pieces: int) -> None:
    """Whether it goes by what ``write`` gave or by ``writable``: each that says to wait is followed by a call."""
    peer = Peer()
    exchange, told = peer.exchange, []
    exchange.on_drained = lambda: told.append("drained")
    peer.connection.pause_writing()
    goes_on = [exchange.write(PIECE) for _ in range(pieces)]
    assert goes_on[-1] == exchange.writable
    waits = not exchange.writable
    peer.loop.turn()
    assert told == []
    assert peer.sent() == b""
    peer.connection.resume_writing()
    peer.loop.turn()
    assert told == (["drained"] if waits else [])
    assert exchange.writable
    assert peer.sent() == PIECE * pieces


def test_what_waits_is_bounded() -> None:
    peer = Peer()
    peer.connection.pause_writing()
    written = 0
    while peer.exchange.writable:
        peer.exchange.write(PIECE)
        written += len(PIECE)
    assert written <= 128 * 1024


@pytest.mark.parametrize("how", ["reset", "fault", "stalled"])
def test_what_is_to_follow_an_answer_follows_one_that_is_not_taken_too(how: str) -> None:
    """The answer is complete and waits for the peer, which is not to have it: work after it is done all the same."""
    peer, told = Peer(f.settings()), []
    peer.transport.can_write_eof = lambda: False  # type: ignore[attr-defined]
    peer.exchange.when_sent(lambda: told.append("over"))
    for _ in range(6):
        peer.exchange.write(PIECE)
    peer.exchange.finish()
    peer.loop.turn()
    assert told == []
    if how == "stalled":
        peer.connection.eof_received()  # it opens no window any more
    else:
        peer.connection.receive(f.rst_stream(1) if how == "reset" else f.window_update(0, 0))
    peer.loop.turn()
    assert told == ["over"]


@pytest.mark.parametrize("held", [256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1])
def test_a_transport_that_is_full_to_the_brim_is_waited_for(held: int) -> None:
    """Not asked again in every turn of the loop, whichever byte it is that has no room any more."""
    peer = Peer(transport=Brimful(held))
    for _ in range(12):
        peer.exchange.write(PIECE)
        peer.loop.turn()
    while peer.exchange.writable:
        peer.exchange.write(PIECE)
    turns = 0
    while peer.loop.soon and turns < 100:
        peer.loop.turn()
        turns += 1
    assert turns < 100
    assert peer.transport.paused or not peer.connection.machine.out.waiting


class Leaving(Transport):
    """One that knows of its end, and whose peer takes what it holds as slowly as the test wants."""

    held = 0
    half = False

    def get_write_buffer_size(self) -> int:
        return self.held

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.half = True


def leaving(held: int, *, fault: bool = False) -> tuple[Peer, float]:
    """A connection that is over, with ``held`` bytes of its last answer in the transport; and when that was."""
    peer = Peer(transport=Leaving())
    peer.exchange.write(PIECE)
    peer.exchange.finish()
    peer.loop.turn()
    peer.connection.receive(f.window_update(0, 0) if fault else f.goaway())
    peer.loop.turn()
    assert peer.transport.half
    peer.transport.held = held
    return peer, peer.connection.closes_at - 1


def test_a_peer_that_still_takes_the_last_answer_gets_all_of_it() -> None:
    """RFC 9113 section 6.8: after GOAWAY, too, what was begun is completed."""
    peer, now = leaving(len(PIECE))
    for _ in range(40):
        now += 1
        peer.connection.check(now)
        assert not peer.transport.closing
        peer.transport.held -= 600
    peer.transport.held = 100
    peer.connection.check(now + 3)
    assert peer.transport.closing


def test_however_much_of_it_the_kernel_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The transport is empty long before the peer has all of it."""
    peer, now = leaving(0)
    waiting = [4_000_000]
    monkeypatch.setattr("hendrix.worker.parting.untaken", lambda _transport: waiting[0])
    for _ in range(180):
        now += 0.5
        peer.connection.check(now)
        assert not peer.transport.closing
        waiting[0] -= 20_000


def test_one_that_takes_nothing_of_it_is_cut_off() -> None:
    peer, now = leaving(len(PIECE))
    for second in range(1, 34):
        peer.connection.check(now + second)
        assert peer.transport.closing == (second >= 31)


@pytest.mark.parametrize(("held", "fault"), [(100, False), (len(PIECE), True)])
def test_nobody_is_waited_for_where_no_answer_waits(held: int, fault: bool) -> None:
    peer, now = leaving(held, fault=fault)
    peer.connection.check(now + 1.1)
    assert peer.transport.closing


def test_a_late_request_is_not_answered_a_second_time() -> None:
    """Its answer waits for the peer to open the window, and the rest of the request does not come."""
    exchanges: list[Any] = []
    origin = Origin(("127.0.0.1", 1234), ("127.0.0.1", 80), "http")
    transport = Transport()
    connection = Http2Connection(
        build_site(Config(), exchanges.append),
        Loop(),  # type: ignore[arg-type]
        transport,  # type: ignore[arg-type]
        origin,
        b"x-request-id",
    )
    fields = [(name.encode(), value.encode()) for name, value in [*f.POST, ("content-length", "10")]]
    head = b"".join(bytes((0, len(name))) + name + bytes((len(value),)) + value for name, value in fields)
    connection.receive(f.PREFACE + f.settings((f.INITIAL_WINDOW_SIZE, 1)) + f.frame(f.SETTINGS, f.ACK))
    connection.receive(f.frame(f.HEADERS, f.END_HEADERS, 1, head) + f.data(1, b"abc"))
    exchanges[0].respond("200 OK", [], b"hello")
    connection.check(time.monotonic() + 25)
    frames, _rest = f.read_frames(transport.sent)
    assert len([one for one in frames if one.kind == f.HEADERS]) == 1
