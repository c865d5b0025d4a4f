"""Invariants: how a stream is cut changes nothing; no bytes raise; nothing follows a fault; memory stays bounded."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from hendrix.wire.machine import Hangup
from tests.kit.wire import LIMITS, SECOND, Message, Peer, assert_fit_for_strangers, get, post

REQUESTS = st.sampled_from(
    [
        get(target=b"/a"),
        get(b"Host: b", b"X: 1", b"X: 2", target=b"/b?c"),
        get(b"Connection: keep-alive", version=b"HTTP/1.0"),
        get(b"Host: a", target=b"*", method=b"OPTIONS"),
        get(target=b"http://c/d"),
        get(b"Host: a", b"Connection: Upgrade", b"Upgrade: h2c"),
        b"\r\n\r\n" + get(target=b"/e"),
        post(b"Content-Length: 0"),
        post(b"Content-Length: 11", body=b"\r\n\r\nGET / H"),
        post(b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        post(b"Transfer-Encoding: chunked", body=b'3;a="b;c"\r\n\r\n\r\r\n1\r\n0\r\n0;z\r\nT: 1\r\nHost: x\r\n\r\n'),
        post(b"Expect: 100-continue", b"Transfer-Encoding: Chunked", body=b"a\r\n0123456789\r\n00\r\n\r\n"),
    ]
)
STREAMS = st.lists(REQUESTS, min_size=1, max_size=6)
CUTS = st.lists(st.integers(0, 2_000), max_size=12)


def _pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % len(data) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


def _read(pieces: list[bytes]) -> list[Message]:
    peer = Peer().send(*pieces)
    assert peer.fault is None
    assert peer.machine.idle
    return peer.messages


@settings(max_examples=80)
@given(stream=STREAMS, cuts=CUTS)
def test_cuts_change_nothing(stream: list[bytes], cuts: list[int]) -> None:
    data = b"".join(stream)
    messages = _read(_pieces(data, cuts))
    assert messages == [message for request in stream for message in _read([request])]
    assert all(message.complete for message in messages)


@settings(max_examples=80)
@given(stream=STREAMS, cuts=CUTS)
def test_nor_does_a_shell_that_answers_later(stream: list[bytes], cuts: list[int]) -> None:
    peer = Peer(answers=False)
    for piece in _pieces(b"".join(stream), cuts):
        peer.send(piece)
    while peer.messages and peer.messages[-1].complete and not peer.machine.idle:
        peer.take(peer.machine.next_request(0.0))
    assert peer.messages == [message for request in stream for message in _read([request])]


SMALL = replace(LIMITS, request_line=100, fields=8, field_size=100, head=300, chunk_line=50, trailers=100)
WORDS = st.sampled_from(
    [
        *(b"\r\n", b"\r", b"\n", b" ", b"\t", b"\0", b":", b";", b",", b'"', b"=", b"\\", b"0", b"5", b"a", b"ffff"),
        *(b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.0\r\n", b"Host: a\r\n", b"Content-Length: ", b"Transfer-Encoding: "),
        *(b"chunked", b"\r\n\r\n", b"Connection: ", b"close", b"keep-alive", b"Upgrade: h2c\r\n", b"Expect: "),
        *(b"100-continue", b"5\r\nhello\r\n", b"0\r\n\r\n", b"\xff", b"\xc3\xa9", b"x" * 60, get(), SECOND),
        post(b"Transfer-Encoding: chunked"),
        post(b"Content-Length: 20"),
    ]
)
NOISE = st.lists(st.one_of(WORDS, st.binary(max_size=30)), max_size=25)


@settings(max_examples=80)
@given(noise=NOISE, answers=st.booleans(), ending=st.sampled_from(["eof", "expire", "refuse", "next"]))
def test_noise(noise: list[bytes], answers: bool, ending: str) -> None:
    """``Peer`` itself fails on a request or data after a fault, and on a request within another."""
    peer = Peer(SMALL, answers=answers)
    machine = peer.machine
    sent = 0
    for piece in noise:
        peer.send(piece)
        sent += len(piece)
        if answers:
            assert machine.buffered <= SMALL.head
        assert machine.buffered <= sent
        # What a chunked body keeps between two feeds: a line, or trailers.
        body = machine._body
        assert len(getattr(body, "_rest", b"")) <= max(SMALL.chunk_line, SMALL.trailers)
    if ending == "next":
        events = machine.next_request(1.0)
    elif ending == "refuse":
        events = machine.refuse() or []
    else:
        events = getattr(machine, ending)()
    if peer.fault is not None or peer.hung_up:
        assert [event for event in events if not isinstance(event, Hangup)] == []
        assert machine.buffered == 0
    else:
        peer.take(events)
    assert_fit_for_strangers(peer.parser)


@settings(max_examples=80)
@given(noise=NOISE)
def test_noise_is_read_the_same_in_one_piece_and_byte_by_byte(noise: list[bytes]) -> None:
    """Requests that complete are the same; only how early a fault is seen, and so its status, may differ."""
    data = b"".join(noise)
    whole = Peer(SMALL).send(data)
    single = Peer(SMALL).send(*(data[at : at + 1] for at in range(len(data))))
    assert [message for message in whole.messages if message.complete] == [
        message for message in single.messages if message.complete
    ]
    assert (whole.fault is None) == (single.fault is None)


def test_an_empty_read_is_nothing() -> None:
    for start in (
        b"",
        b"\r",
        b"GET / HT",
        get(),
        post(b"Content-Length: 5"),
        post(b"Transfer-Encoding: chunked"),
        b"\0",
    ):
        peer = Peer(answers=False).send(start)
        before = len(peer.messages)
        peer.send(b"", b"")
        assert len(peer.messages) == before
