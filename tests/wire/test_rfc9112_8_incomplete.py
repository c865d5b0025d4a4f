"""RFC 9112 section 8: requests that end too early."""

from __future__ import annotations

import pytest

from tests.kit.wire import LIMITS, Peer, chunked, common, get, post

HEADS = [b"G", b"GET / HTTP/1.1", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n", get()[:-1]]
BODIES = [
    post(b"Content-Length: 5"),
    post(b"Content-Length: 5", body=b"hell"),
    chunked(b""),
    chunked(b"5"),
    chunked(b"5\r\n"),
    chunked(b"5\r\nhello"),
    chunked(b"5\r\nhello\r\n"),
    chunked(b"5\r\nhello\r\n0\r\n"),
    chunked(b"5\r\nhello\r\n0\r\nX: 1\r\n"),
    chunked(b"5\r\nhello\r\n0\r\nX: 1\r\n\r"),
]


class Test_8_IncompleteMessages:
    @pytest.mark.parametrize("start", [b"", *HEADS, *BODIES])
    def test_the_end_of_sending_is_the_end_of_the_connection(self, start: bytes) -> None:
        peer = Peer().send(start)
        peer.take(peer.machine.eof())
        assert peer.hung_up
        assert not any(message.complete for message in peer.messages)

    @pytest.mark.parametrize("start", [*HEADS, *BODIES])
    def test_a_deadline_is_answered_with_408(self, start: bytes) -> None:
        peer = Peer().send(start)
        peer.take(peer.machine.expire())
        assert peer.fault is not None
        assert peer.fault.status == 408
        assert not any(message.complete for message in peer.messages)

    @pytest.mark.parametrize("start", [*HEADS, *BODIES])
    def test_nothing_is_read_after_either(self, start: bytes) -> None:
        for end in ("eof", "expire"):
            peer = Peer().send(start)
            peer.take(getattr(peer.machine, end)())
            assert peer.machine.receive(b"x\r\n\r\n" + get(), 0.0) == []
            assert peer.machine.buffered == 0

    @pytest.mark.parametrize("start", [*HEADS, *BODIES])
    def test_behind_a_whole_request(self, start: bytes) -> None:
        """Half a request is pipelined, then the peer stops sending: the whole one is answered, the half never is."""
        peer = Peer(answers=False).send(get(target=b"/whole") + start)
        assert peer.targets == [b"/whole"]
        peer.take(peer.machine.eof())
        assert not peer.hung_up
        assert b"Connection: close" not in _answer(peer)
        peer.take(peer.machine.next_request(1.0))
        assert peer.hung_up
        assert peer.targets == [b"/whole"]

    def test_an_empty_connection_is_owed_nothing(self) -> None:
        peer = Peer(now=5.0)
        assert peer.machine.deadline == 5.0 + LIMITS.head_timeout
        peer.take(peer.machine.expire())
        assert peer.hung_up


def _answer(peer: Peer) -> bytes:

    return peer.machine.whole("200 OK", [], b"x", common(), "")
