"""RFC 9112 section 9: how long a connection lasts, and what goes over it in which order."""

from __future__ import annotations

import pytest

from hendrix.wire.machine import Hangup
from tests.kit.wire import SECOND, Peer, accepted, common, get, in_all_ways, post, refused


def _answer(peer: Peer) -> bytes:
    return peer.machine.whole("200 OK", [], b"x", common(), "")


def _answer_in_pieces(peer: Peer) -> bytes:
    machine = peer.machine
    return machine.head("200 OK", [], common(), "") + machine.piece(b"x") + machine.end()


@in_all_ways
class Test_9_3_Persistence:
    @pytest.mark.parametrize(
        ("version", "lines", "stays"),
        [
            (b"HTTP/1.1", (), True),
            (b"HTTP/1.1", (b"Connection: keep-alive",), True),
            (b"HTTP/1.1", (b"Connection: close",), False),
            (b"HTTP/1.1", (b"Connection: Close",), False),
            (b"HTTP/1.1", (b"CONNECTION: CLOSE",), False),
            (b"HTTP/1.1", (b"Connection: close\t",), False),
            (b"HTTP/1.1", (b"Connection: keep-alive, close",), False),
            (b"HTTP/1.1", (b"Connection: close, keep-alive",), False),
            (b"HTTP/1.1", (b"Connection: x,close",), False),
            (b"HTTP/1.1", (b"Connection: x ,\tclose\t, y",), False),
            (b"HTTP/1.1", (b"Connection: , ,close",), False),
            (b"HTTP/1.1", (b"Connection: x", b"Connection: close"), False),
            (b"HTTP/1.1", (b"Connection: close", b"Connection: keep-alive"), False),
            (b"HTTP/1.1", (b"Connection: keep-alive", b"X: 1", b"connection: x, close"), False),
            (b"HTTP/1.1", (b"Connection:",), True),
            (b"HTTP/1.1", (b"Connection: closed",), True),
            (b"HTTP/1.1", (b"Connection: xclose",), True),
            (b"HTTP/1.1", (b"Connection: close-not",), True),
            (b"HTTP/1.1", (b'Connection: "close"',), True),
            (b"HTTP/1.1", (b"Connection: not close",), True),
            (b"HTTP/1.1", (b"X-Connection: close",), True),
            (b"HTTP/1.1", (b"Proxy-Connection: close",), True),
            (b"HTTP/1.1", (b"Keep-Alive: timeout=0",), True),
            (b"HTTP/1.0", (), False),
            (b"HTTP/1.0", (b"Connection: keep-alive",), True),
            (b"HTTP/1.0", (b"Connection: Keep-Alive",), True),
            (b"HTTP/1.0", (b"Connection: x, keep-alive",), True),
            (b"HTTP/1.0", (b"Connection: x", b"Connection: keep-alive"), True),
            (b"HTTP/1.0", (b"Connection: keep-alive, close",), False),
            (b"HTTP/1.0", (b"Connection: keep-alive-not",), False),
            (b"HTTP/1.0", (b"Proxy-Connection: keep-alive",), False),
            (b"HTTP/1.0", (b"Keep-Alive: 300",), False),
        ],
    )
    def test_by_version_and_connection_options(
        self, way: str, version: bytes, lines: tuple[bytes, ...], stays: bool
    ) -> None:
        assert accepted(get(b"Host: a", *lines, version=version), way).request.keep_alive is stays

    @pytest.mark.parametrize("lines", [(b"Connection: close",), (b"Connection: x", b"Connection: close")])
    def test_with_a_body(self, way: str, lines: tuple[bytes, ...]) -> None:
        message = accepted(post(*lines, b"Content-Length: 5", body=b"hello"), way)
        assert (message.body, message.request.keep_alive) == (b"hello", False)


class Test_9_3_Answers:
    """Each answer says what becomes of the connection, where the peer could not know."""

    @pytest.mark.parametrize("answer", [_answer, _answer_in_pieces])
    @pytest.mark.parametrize(
        ("request_", "said"),
        [
            (get(), b""),
            (get(b"Host: a", b"Connection: keep-alive"), b""),
            (get(b"Host: a", b"Connection: close"), b"Connection: close"),
            (get(version=b"HTTP/1.0"), b"Connection: close"),
        ],
    )
    def test_connection_field(self, answer: object, request_: bytes, said: bytes) -> None:
        sent = answer(Peer(answers=False).send(request_))  # type: ignore[operator]
        assert [line for line in sent.split(b"\r\n") if line.startswith(b"Connection:")] == ([said] if said else [])

    def test_http_1_0_is_told_that_it_stays(self) -> None:
        peer = Peer(answers=False).send(get(b"Connection: keep-alive", version=b"HTTP/1.0"))
        assert b"\r\nConnection: keep-alive\r\n" in _answer(peer)
        assert peer.machine.keep_alive

    def test_http_1_0_has_no_chunks_so_the_end_is_the_end(self) -> None:
        peer = Peer(answers=False).send(get(b"Connection: keep-alive", version=b"HTTP/1.0"))
        sent = _answer_in_pieces(peer)
        assert b"Transfer-Encoding" not in sent
        assert b"\r\nConnection: close\r\n" in sent
        assert sent.endswith(b"\r\n\r\nx")
        assert not peer.machine.keep_alive

    def test_the_shell_may_end_it(self) -> None:
        peer = Peer(answers=False).send(get())
        peer.machine.keep_alive = False
        assert b"\r\nConnection: close\r\n" in _answer(peer)

    def test_an_answer_shorter_than_it_said_ends_it(self) -> None:
        peer = Peer(answers=False).send(get())
        sent = peer.machine.whole("200 OK", [("Content-Length", "5")], b"abc", common(), "")
        assert b"\r\nContent-Length: 5\r\n" in sent
        assert b"\r\nConnection: close\r\n" in sent
        assert not peer.machine.keep_alive

    def test_so_does_one_in_pieces(self) -> None:
        peer = Peer(answers=False).send(get() + SECOND)
        machine = peer.machine
        machine.head("200 OK", [("Content-Length", "5")], common(), "")
        machine.piece(b"abc")
        assert machine.keep_alive
        machine.end()
        assert not machine.keep_alive
        assert [type(event) for event in machine.next_request(0.0)] == [Hangup]


class Test_9_3_2_Pipelining:
    def test_one_request_at_a_time(self) -> None:
        peer = Peer(answers=False).send(b"".join(get(target=b"/%d" % number) for number in range(3)))
        for number in range(3):
            assert peer.targets[number:] == [b"/%d" % number]
            _answer(peer)
            peer.take(peer.machine.next_request(0.0))
        assert len(peer.messages) == 3
        assert peer.machine.idle

    def test_what_comes_during_an_answer_waits(self) -> None:
        peer = Peer(answers=False).send(get(target=b"/0"))
        peer.send(get(target=b"/1"), get(target=b"/2")[:10], get(target=b"/2")[10:])
        assert peer.targets == [b"/0"]
        assert peer.machine.buffered == 2 * len(get(target=b"/1"))
        for _ in range(2):
            peer.take(peer.machine.next_request(0.0))
        assert peer.targets == [b"/0", b"/1", b"/2"]
        assert peer.machine.buffered == 0

    def test_bodies_between(self) -> None:
        stream = (
            post(b"Content-Length: 5", body=b"hello")
            + post(b"Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\nT: 1\r\n\r\n")
            + b"\r\n"
            + get(b"Host: a", b"Content-Length: 0")
            + SECOND
        )
        for pieces in ([stream], [stream[at : at + 1] for at in range(len(stream))]):
            peer = Peer().send(*pieces)
            assert [message.body for message in peer.messages] == [b"hello", b"abc", b"", b""]
            assert peer.targets[-1] == b"/second?one=1"
            assert all(message.complete for message in peer.messages)

    @pytest.mark.parametrize(
        "bad", [b"\x16\x03\x01", get(b"X: 1"), get(b"Host: a b"), get(b"Host: a", b"Content-Length: x"), b"GET /\n"]
    )
    def test_a_bad_one_comes_after_the_answers_before_it(self, bad: bytes) -> None:
        peer = Peer(answers=False).send(get(target=b"/1") + get(target=b"/2") + bad + SECOND)
        assert peer.fault is None
        peer.take(peer.machine.next_request(0.0))
        assert peer.targets == [b"/1", b"/2"]
        assert peer.fault is None
        peer.take(peer.machine.next_request(0.0))
        assert peer.fault is not None
        assert peer.fault.status == 400
        assert peer.targets == [b"/1", b"/2"]

    @in_all_ways
    def test_a_bad_body_ends_all(self, way: str) -> None:
        refused(post(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\nx\r\n"), 400, way)


class Test_9_5_Timeouts:
    def test_between_requests_nothing_is_owed(self) -> None:
        peer = Peer().send(get())
        assert peer.machine.idle
        peer.take(peer.machine.expire())
        assert peer.hung_up


class Test_9_6_TearDown:
    def test_nothing_is_read_after_close(self) -> None:
        peer = Peer(answers=False).send(get(b"Host: a", b"Connection: close") + SECOND)
        peer.send(SECOND)
        _answer(peer)
        assert [type(event) for event in peer.machine.next_request(0.0)] == [Hangup]
        assert peer.machine.receive(SECOND, 0.0) == []
        assert len(peer.messages) == 1

    def test_a_half_closed_peer_is_answered(self) -> None:
        peer = Peer(answers=False).send(get())
        peer.take(peer.machine.eof())
        assert not peer.hung_up
        assert _answer(peer).endswith(b"x")
        peer.take(peer.machine.next_request(0.0))
        assert peer.hung_up

    def test_all_that_it_pipelined_is_answered(self) -> None:
        peer = Peer(answers=False).send(get(target=b"/1") + get(target=b"/2") + post(b"Content-Length: 1", body=b"x"))
        peer.take(peer.machine.eof())
        for _ in range(2):
            _answer(peer)
            peer.take(peer.machine.next_request(0.0))
            assert not peer.hung_up
        assert [message.complete for message in peer.messages] == [True, True, True]
        peer.take(peer.machine.next_request(0.0))
        assert peer.hung_up

    def test_a_refused_connection_stays_refused(self) -> None:
        peer = Peer(answers=False).send(get() + SECOND)
        peer.machine.refuse()
        assert peer.machine.buffered == 0
        assert b"\r\nConnection: close\r\n" in _answer(peer)
        assert [type(event) for event in peer.machine.next_request(0.0)] == [Hangup]
        assert peer.machine.receive(SECOND, 0.0) == []

    def test_an_unread_body_is_never_the_next_request(self) -> None:
        """The answer was complete before the body was: what is left of the body must not be parsed."""
        peer = Peer(answers=False).send(post(b"Content-Length: 200", body=b"x"))
        assert peer.machine.receiving
        _answer(peer)
        assert [type(event) for event in peer.machine.next_request(0.0)] == [Hangup]
        assert peer.machine.receive(get(target=b"/smuggled"), 0.0) == []

    def test_a_fault_within_a_body_ends_it(self) -> None:
        peer = Peer(answers=False).send(post(b"Transfer-Encoding: chunked", body=b"x"))
        assert peer.fault is not None
        assert b"\r\nConnection: close\r\n" in _answer(peer)
        assert [type(event) for event in peer.machine.next_request(0.0)] == [Hangup]
