"""A connection after its upgrade, over a loop and a transport of the test's: reading, writing, deadlines, the end."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from hendrix.core.config import Config
from hendrix.core.errors import AnswerError
from hendrix.worker.site import build_site
from hendrix.worker.websocket import WebSocketConnection
from tests.kit.frames import CLOSE, PING, PONG, TEXT, Frame, close, frame, read, text


class Loop:
    """Each turn has a time of its own."""

    def __init__(self) -> None:
        self.soon: list[tuple[Any, tuple[Any, ...]]] = []
        self.turns = 1.0

    def call_soon(self, call: Any, *args: Any) -> None:
        self.soon.append((call, args))

    def time(self) -> float:
        return self.turns

    def turn(self) -> None:
        self.turns += 1
        calls, self.soon = self.soon, []
        for call, args in calls:
            call(*args)


class Transport:
    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.reading = True
        self.closed = self.aborted = self.half = False
        self.waiting = 0

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.half = True

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def set_write_buffer_limits(self, high: int) -> None: ...

    def get_write_buffer_size(self) -> int:
        return self.waiting


class Peer:
    """The other end, and the answer at ours."""

    def __init__(self, **options: Any) -> None:
        self.loop, self.transport = Loop(), Transport()
        self.site = build_site(Config(**options), lambda _exchange: None)
        self.socket = WebSocketConnection(self.site, self.loop, self.transport, None, writable=True)  # type: ignore[arg-type]
        self.site.connections.add(self.socket)
        self.heard: list[Any] = []
        self.socket.on_message = self.heard.append
        self.socket.on_closed = lambda *how: self.heard.append(how)

    def send(self, data: bytes) -> None:
        self.site.buffer[: len(data)] = data
        self.socket.buffer_updated(len(data))

    @property
    def frames(self) -> list[Frame]:
        return read(b"".join(self.transport.writes))[0]

    def leave(self) -> None:
        self.transport.closed = True
        self.socket.connection_lost(None)


class TestReading:
    def test_messages(self) -> None:
        peer = Peer()
        peer.send(text("one") + text("two"))
        assert peer.heard == ["one", "two"]

    def test_paused(self) -> None:
        peer = Peer()
        peer.socket.on_message = lambda data: (peer.heard.append(data), peer.socket.pause())
        peer.send(text("one") + text("two") + text("three"))
        assert (peer.heard, peer.transport.reading) == (["one"], False)
        peer.socket.resume()
        assert peer.heard == ["one", "two"]
        peer.socket.on_message = peer.heard.append
        peer.socket.resume()
        peer.loop.turn()
        assert (peer.heard, peer.transport.reading) == (["one", "two", "three"], True)

    def test_a_flood_leaves_the_loop_to_others(self) -> None:
        peer = Peer()
        peer.send(text("x") * 5000)
        assert 0 < len(peer.heard) < 1000
        assert not peer.transport.reading
        for _ in range(100):
            peer.loop.turn()
        assert len(peer.heard) == 5000
        assert peer.transport.reading

    def test_what_waits_when_the_peer_leaves_is_given(self) -> None:
        peer = Peer()
        peer.socket.pause()
        peer.send(text("one") + text("two"))
        peer.leave()
        assert peer.heard == ["one", "two", (1006, "")]
        assert peer.site.connections == set()


class TestWriting:
    def test_the_answers_to_one_read_are_one_write(self) -> None:
        peer = Peer()
        peer.socket.on_message = lambda data: peer.loop.call_soon(peer.socket.send, data)
        peer.send(text("one") + text("two") + text("three"))
        peer.loop.turn()
        peer.loop.turn()
        assert [frame.payload for frame in peer.frames] == [b"one", b"two", b"three"]
        assert len(peer.transport.writes) == 1

    def test_many_in_one_turn_are_few_writes(self) -> None:
        peer = Peer()
        for number in range(1000):
            peer.socket.send(str(number))
        peer.loop.turn()
        assert [frame.payload for frame in peer.frames] == [b"%d" % number for number in range(1000)]
        assert len(peer.transport.writes) < 40

    def test_a_close_stands_behind_what_was_sent(self) -> None:
        peer = Peer()
        for words in ("one", "two", "three"):
            peer.socket.send(words)
        peer.socket.close(1000, "")
        assert peer.socket.send("late") is True
        peer.send(close(1000))
        assert [frame.opcode for frame in peer.frames] == [TEXT, TEXT, TEXT, CLOSE]
        assert peer.transport.closed

    def test_codes(self) -> None:
        peer = Peer()
        with pytest.raises(AnswerError):
            peer.socket.close(1006, "")
        assert peer.socket.open
        peer.socket.close(1005, "")
        assert peer.frames == [Frame(CLOSE, b"")]

    def test_back_pressure(self) -> None:
        peer = Peer()
        drained: list[bool] = []
        peer.socket.on_drained = lambda: drained.append(True)
        peer.socket.pause_writing()
        assert peer.socket.send("x") is False
        for number in range(5):
            peer.send(frame(PING, b"%d" % number))
        assert [frame.opcode for frame in peer.frames] == [TEXT]
        peer.socket.resume_writing()
        assert drained == [True]
        assert peer.frames[1:] == [Frame(PONG, b"4")]


class TestDeadlines:
    def due(self, peer: Peer) -> float:
        return peer.socket._machine.deadline

    def test_ping_and_no_pong(self) -> None:
        peer = Peer(ws_ping_interval=20.0, ws_ping_timeout=10.0)
        peer.socket.check(self.due(peer) - 0.1)
        assert peer.frames == []
        peer.socket.check(self.due(peer))
        assert [frame.opcode for frame in peer.frames] == [PING]
        peer.socket.check(self.due(peer))
        assert peer.heard == [(1006, "the peer did not answer")]
        assert peer.transport.closed

    @pytest.mark.parametrize("how", ["paused", "unwritable"])
    def test_excused_while_we_do_not_read_or_cannot_write(self, how: str) -> None:
        peer = Peer()
        peer.socket.check(self.due(peer))
        if how == "paused":
            peer.socket.pause()
        else:
            peer.socket.pause_writing()
        for _ in range(5):
            peer.socket.check(self.due(peer))
        assert peer.heard == []

    def test_who_takes_nothing_is_cut_off(self) -> None:
        peer = Peer(write_timeout=30.0)
        peer.transport.waiting = 100_000
        peer.socket.pause_writing()
        began = peer.socket._taking.since
        peer.socket.check(began + 29)
        assert not peer.transport.aborted
        peer.socket.check(began + 30)
        assert peer.transport.aborted

    def test_a_fault_lingers_for_a_while(self) -> None:
        peer = Peer()
        peer.send(frame(3))
        assert peer.transport.half
        assert not peer.transport.closed
        assert peer.heard == [(1002, "the opcode is reserved")]
        peer.send(text("ignored"))
        peer.socket.check(peer.socket.closes_at)
        assert peer.transport.aborted
        assert len(peer.heard) == 1

    def test_a_drain_asks_to_come_back(self) -> None:
        peer = Peer()
        peer.socket.leave()
        assert peer.frames == [Frame(CLOSE, (1012).to_bytes(2, "big") + b"service restart")]
        peer.socket.check(self.due(peer))
        assert peer.heard == [(1006, "the peer did not answer")]

    def test_nothing_is_due_afterwards(self) -> None:
        peer = Peer()
        peer.leave()
        assert self.due(peer) == peer.socket.closes_at == inf
