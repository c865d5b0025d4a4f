"""By when a peer must have moved. Time is an argument: nothing here waits."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from hendrix.wire.limits import Limits
from hendrix.wire.machine import Event, Fault, Hangup
from tests.kit.wire import Peer, chunked, common, get, post, single

LIMITS = Limits(head_timeout=10.0, body_timeout=20.0, min_rate=100, keep_alive=65.0)


def _peer(now: float = 1000.0) -> Peer:
    return Peer(LIMITS, now=now)


def _kinds(events: list[Event]) -> list[tuple[type, int]]:
    return [(type(event), event.status if isinstance(event, Fault) else 0) for event in events]


class TestHead:
    def test_the_first_is_timed_from_the_opening(self) -> None:
        peer = _peer()
        assert peer.machine.deadline == 1010.0
        peer.now = 1009.0
        assert peer.send(b"GET / HT").machine.deadline == 1010.0

    def test_no_byte_of_it_extends_its_time(self) -> None:
        peer = _peer()
        for byte in single(get()[:-1]):
            peer.now += 0.1
            assert peer.send(byte).machine.deadline == 1010.0

    def test_the_others_are_timed_from_their_first_byte(self) -> None:
        peer = _peer().send(get())
        assert peer.machine.deadline == 1065.0
        peer.now = 1060.0
        assert peer.send(b"G").machine.deadline == 1070.0
        peer.now = 1069.0
        assert peer.send(b"ET / HTTP").machine.deadline == 1070.0

    def test_a_pipelined_one_is_timed_from_its_turn(self) -> None:
        peer = Peer(LIMITS, answers=False, now=1000.0).send(get() + b"GET / HT")
        assert peer.machine.deadline == inf
        peer.take(peer.machine.next_request(1500.0))
        assert peer.machine.deadline == 1510.0

    @pytest.mark.parametrize("served", [False, True])
    def test_dripped_empty_lines_do_not_extend_it(self, served: bool) -> None:
        peer = _peer()
        if served:
            peer.send(get())
        peer.now = 1001.0
        first = peer.send(b"\r").machine.deadline
        assert first <= 1011.0
        for byte in b"\n\r\n\r\n\r\n\r\nGET":
            peer.now += 1.0
            assert peer.send(bytes([byte])).machine.deadline == first

    def test_empty_lines_are_no_head(self) -> None:
        peer = _peer().send(b"\r\n\r\n")
        assert _kinds(peer.machine.expire()) == [(Hangup, 0)]

    def test_half_a_head_is_answered(self) -> None:
        assert _kinds(_peer().send(b"\r\nG").machine.expire()) == [(Fault, 408)]


class TestIdle:
    def test_it_begins_with_the_end_of_the_answer(self) -> None:
        peer = Peer(LIMITS, answers=False, now=1000.0).send(get())
        assert peer.machine.next_request(1300.0) == []
        assert peer.machine.deadline == 1365.0
        assert peer.machine.idle
        assert _kinds(peer.machine.expire()) == [(Hangup, 0)]
        assert peer.machine.deadline == inf


class TestBody:
    def test_it_begins_with_the_head(self) -> None:
        peer = _peer()
        peer.now = 1005.0
        assert peer.send(post(b"Content-Length: 10000")).machine.deadline == 1025.0

    def test_its_rate_counts_from_then_on(self) -> None:
        peer = _peer().send(post(b"Content-Length: 10000"))
        peer.now = 1010.0
        # At 100 bytes a second, 300 bytes are worth 3 seconds.
        assert peer.send(b"x" * 300).machine.deadline == 1023.0
        peer.now = 1022.0
        assert peer.send(b"x").machine.deadline == 1023.01

    @pytest.mark.parametrize("head", [post(b"Content-Length: 100000"), chunked(b"fffff\r\n")])
    def test_a_dripped_body_ends(self, head: bytes) -> None:
        peer = _peer().send(head)
        while peer.now < peer.machine.deadline:
            peer.now += 0.5
            peer.send(b"x")
        assert peer.now < 1021.0
        assert _kinds(peer.machine.expire()) == [(Fault, 408)]

    def test_what_came_early_is_no_credit_to_stand_still_on(self) -> None:
        peer = _peer().send(post(b"Content-Length: 10000000"), b"x" * 9_000_000)
        assert peer.machine.deadline == 1020.0
        peer.now = 1019.0
        assert peer.send(b"x").machine.deadline == 1039.0

    def test_framing_is_no_body(self) -> None:
        peer = _peer().send(chunked(b""))
        for _ in range(100):
            peer.now += 0.1
            peer.send(b"1;" + b"a" * 100)
            assert peer.machine.deadline < 1021.0
            peer.send(b"\r\nx\r\n")
        assert peer.machine.deadline == 1021.0

    def test_trailers_neither(self) -> None:
        peer = _peer().send(chunked(b"0\r\n"))
        for _ in range(10):
            peer.now += 1.0
            assert peer.send(b"X: 1\r\n").machine.deadline <= 1020.0

    def test_a_steady_body_may_take_long(self) -> None:
        peer = _peer().send(post(b"Content-Length: 100000"))
        for _ in range(999):
            peer.now += 1.0
            assert peer.send(b"x" * 100).machine.deadline > peer.now
        assert peer.send(b"x" * 100).messages[0].complete

    def test_without_a_rate_only_standing_still_counts(self) -> None:
        peer = Peer(replace(LIMITS, min_rate=0), now=0.0).send(post(b"Content-Length: 1000"))
        for _ in range(100):
            peer.now += 19.0
            assert peer.send(b"x").machine.deadline == peer.now + 20.0

    def test_a_complete_request_owes_nothing(self) -> None:
        peer = Peer(LIMITS, answers=False).send(post(b"Content-Length: 1", body=b"x"))
        assert peer.machine.deadline == inf
        assert peer.machine.expire() == []
        assert peer.machine.whole("200 OK", [], b"", common(), "").startswith(b"HTTP/1.1 200 OK")
        assert peer.machine.keep_alive


class TestAfterTheEnd:
    def test_nothing_is_due(self) -> None:
        for bad in (b"\0", get(b"Host: a b"), chunked(b"x")):
            peer = _peer().send(bad)
            assert peer.machine.deadline == inf
            assert peer.machine.expire() == []
            assert peer.machine.eof() == []


class TestHeld:
    """The shell stops reading a body that nobody takes: that is no delay of the peer's."""

    LIMITS = Limits(body_timeout=10, min_rate=100)

    def peer(self) -> Peer:
        return Peer(self.LIMITS).send(post(b"Content-Length: 100000"))

    def test_no_deadline_while_held(self) -> None:
        machine = self.peer().machine
        machine.hold(5.0)
        assert machine.deadline == inf
        machine.go_on(500.0)
        assert machine.deadline == 505.0

    def test_the_rate_counts_from_where_it_stood(self) -> None:
        machine = self.peer().machine
        machine.hold(5.0)
        machine.go_on(500.0)
        machine.receive(b"x" * 400, 501.0)
        assert machine.deadline == 509.0

    def test_what_was_not_held_does_not_go_on(self) -> None:
        """A shell may hold pipelined bytes behind one request, and go on when the next has begun."""
        peer = Peer(self.LIMITS, answers=False).send(get(b"Host: a"))
        machine = peer.machine
        machine.hold(1.0)
        machine.receive(post(b"Content-Length: 100000"), 2.0)
        machine.next_request(3.0)
        machine.go_on(400.0)
        assert machine.deadline == 13.0
