"""RFC 6455 section 7: closing; and the deadlines that the RFC leaves to implementations."""

from __future__ import annotations

from math import inf

import pytest

from hendrix.wire.websocket.frames import may_send
from hendrix.wire.websocket.limits import SocketLimits
from hendrix.wire.websocket.machine import Closed
from tests.kit.frames import BINARY, CLOSE, PING, PONG, TEXT, Frame, close, frame, text
from tests.kit.sockets import Socket, bad, in_all_ways


@in_all_ways
class Test_7_1_Closing:
    def test_the_peers_close_is_answered_with_its_code(self, way: str) -> None:
        piece = 1 if way == "byte by byte" else 0
        socket = Socket().send(text("one") + close(1000, b"bye") + text("two"), piece=piece)
        assert socket.messages == ["one"]
        assert socket.closed == Closed(1000, "bye")
        assert socket.sent == [Frame(CLOSE, b"\x03\xe8")]
        assert socket.machine.deadline == inf

    def test_7_1_5_no_code(self, way: str) -> None:
        socket = Socket().send(close())
        assert socket.closed == Closed(1005)
        assert socket.sent == [Frame(CLOSE, b"")]

    def test_7_1_5_no_close_frame(self, way: str) -> None:
        socket = Socket()
        socket.act(socket.machine.eof())
        assert socket.closed == Closed(1006)
        assert socket.machine.eof() == []

    def test_7_1_2_ours_is_answered(self, way: str) -> None:
        socket = Socket()
        socket.hear(socket.machine.close(1001, "going", 5.0))
        assert socket.sent == [Frame(CLOSE, b"\x03\xe9going")]
        assert not socket.machine.open
        assert socket.machine.close(1000, "", 5.0) == b""
        socket.send(text("late") + frame(BINARY, b"late") + frame(PING, b"late"))
        assert socket.messages == []
        socket.send(close(1001))
        assert socket.closed == Closed(1001)
        assert len(socket.sent) == 1

    def test_7_1_2_ours_is_not_answered(self, way: str) -> None:
        socket = Socket(SocketLimits(close_timeout=10))
        socket.hear(socket.machine.close(1000, "", 5.0))
        assert socket.machine.deadline == 15.0
        assert socket.expire(14.9).closed is None
        assert socket.expire(15.0).closed == Closed(1006, "the peer did not answer")

    def test_a_fault_while_closing_says_nothing_more(self, way: str) -> None:
        socket = Socket()
        socket.hear(socket.machine.close(1000, "", 0.0))
        socket.send(frame(3))
        assert socket.closed is not None
        assert not socket.closed.linger
        assert len(socket.sent) == 1

    def test_5_5_1_half_a_code_fails(self, way: str) -> None:
        bad(frame(CLOSE, b"\x03"), 1002, way)

    @pytest.mark.parametrize("reason", [b"\xff", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80", b"\xc3"])
    def test_5_5_1_the_reason_must_be_utf8(self, way: str, reason: bytes) -> None:
        bad(close(1000, reason), 1007, way)

    def test_the_longest_reason(self, way: str) -> None:
        assert Socket().send(close(1000, b"*" * 123)).closed == Closed(1000, "*" * 123)
        bad(close(1000, b"*" * 124), 1002, way)

    def test_a_reason_of_ours_is_cut_between_characters(self, way: str) -> None:
        socket = Socket()
        socket.hear(socket.machine.close(1000, "é" * 100, 0.0))
        assert socket.sent == [Frame(CLOSE, b"\x03\xe8" + "é".encode() * 61)]


GOOD_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
BAD_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]


@in_all_ways
class Test_7_4_Codes:
    @pytest.mark.parametrize("code", GOOD_CODES)
    def test_good(self, way: str, code: int) -> None:
        socket = Socket().send(close(code, b"why"), piece=1 if way == "byte by byte" else 0)
        assert socket.closed == Closed(code, "why")
        assert socket.sent == [Frame(CLOSE, code.to_bytes(2, "big"))]
        assert may_send(code)

    @pytest.mark.parametrize("code", BAD_CODES)
    def test_bad(self, way: str, code: int) -> None:
        bad(close(code), 1002, way)
        bad(close(code, b"why"), 1002, way)
        assert not may_send(code)


PINGS = SocketLimits(ping_interval=20, ping_timeout=15, min_rate=100)


class TestDeadlines:
    def test_a_ping_after_the_interval_and_again(self) -> None:
        socket = Socket(PINGS).expire(19.9)
        assert socket.sent == []
        socket.expire(20.0)
        (ping,) = socket.sent
        assert ping.opcode == PING
        socket.send(frame(PONG, ping.payload))
        assert socket.machine.deadline == 40.0
        assert len(socket.expire(40.0).sent) == 2

    def test_no_pong(self) -> None:
        socket = Socket(PINGS).expire(20.0)
        socket.send(text("I am here") + frame(PONG, b"other"))
        socket.expire(35.0)
        assert socket.closed == Closed(1006, "the peer did not answer")
        assert socket.sent[-1].code == 1011

    def test_a_pong_cannot_overtake_the_frame_under_way(self) -> None:
        socket = Socket(PINGS)
        data = frame(BINARY, b"x" * 10_000)
        socket.send(data[:100]).expire(20.0)
        socket.send(data[100:1700]).expire(35.0)
        assert socket.closed is None
        socket.send(data[1700:1800]).expire(50.0)
        assert socket.closed is not None, "slower than the least rate"

    def test_excused(self) -> None:
        socket = Socket(PINGS).expire(20.0)
        socket.machine.excuse(35.0)
        assert socket.machine.deadline == 50.0
        socket.send(frame(PONG, socket.sent[0].payload))
        assert socket.closed is None

    def test_no_pings(self) -> None:
        assert Socket(SocketLimits(ping_interval=0)).machine.deadline == inf

    def test_pings_that_nobody_waits_for(self) -> None:
        socket = Socket(SocketLimits(ping_interval=20, ping_timeout=0))
        for turn in range(1, 5):
            socket.expire(20.0 * turn)
        assert [sent.opcode for sent in socket.sent] == [PING] * 4
        assert socket.closed is None

    def test_nothing_is_due_after_the_end(self) -> None:
        socket = Socket(PINGS).send(frame(TEXT, b"x", mask=None))
        assert socket.machine.deadline == inf


class TestTheEndComesATurnLater:
    """What was said before a close, or a fault, is still answered: the shell gives it a turn of the loop."""

    @pytest.mark.parametrize(("end", "code"), [(close(1000), 1000), (frame(3), 1002), (frame(TEXT, b"\xff"), 1007)])
    def test_behind_messages(self, end: bytes, code: int) -> None:
        machine = Socket().machine
        assert machine.receive(text("one") + text("two") + end + text("three")) == ["one", "two"]
        assert machine.behind
        assert machine.open
        (closed,) = machine.receive(b"")
        assert isinstance(closed, Closed)
        assert closed.code == code
        assert not machine.behind

    def test_the_peer_leaves_in_that_turn(self) -> None:
        machine = Socket().machine
        machine.receive(text("one") + close(3000, b"done"))
        assert machine.eof() == [Closed(3000, "done")]

    def test_we_close_in_that_turn(self) -> None:
        machine = Socket().machine
        machine.receive(text("one") + close(3000))
        assert machine.close(1001, "", 0.0) == b"\x88\x02\x03\xe9"
        assert machine.receive(b"") == [Closed(3000)]
        assert machine.output == b""
