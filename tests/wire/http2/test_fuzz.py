"""Invariant: whatever a peer sends, the machine raises nothing, sends whole frames, and what it holds is bounded."""

from __future__ import annotations

import random

import pytest

from tests.kit import http2_frames as f
from tests.kit.http2_peer import Peer

KINDS = [*range(10), 0x0B, f.PRIORITY_UPDATE, 0xFF]
FIELDS = [
    ("x-test", "1"),
    ("cookie", "a=b"),
    ("content-length", "3"),
    ("te", "trailers"),
    ("host", "a.example"),
    ("priority", "u=1, i"),
    ("expect", "100-continue"),
    ("X", "1"),
    (":path", "/x"),
    ("connection", "close"),
]


def some_frame(peer: Peer, chance: random.Random) -> bytes:
    number = chance.choice((0, 1, 2, 3, 5, 7, 9, 11, chance.randrange(1, 200)))
    draw = chance.random()
    if draw < 0.45:
        fields = [*chance.choice((f.GET, f.POST)), *chance.choices(FIELDS, k=chance.randrange(3))]
        block = peer.block(fields)
        cut = chance.randrange(len(block) + 1)
        if chance.random() < 0.2:
            end = f.frame(f.CONTINUATION, f.END_HEADERS, number, block[cut:])
            return f.frame(f.HEADERS, chance.choice((0, 1)), number, block[:cut]) + end
        return f.frame(f.HEADERS, chance.choice((4, 5)), number, block)
    if draw < 0.65:
        return f.data(number, b"x" * chance.randrange(2000), end=chance.random() < 0.4)
    if draw < 0.75:
        return f.window_update(number, chance.choice((0, 1, 1000, 2**31 - 1)))
    if draw < 0.8:
        return f.rst_stream(number)
    if draw < 0.9:
        return chance.choice((f.ping(), f.settings((f.INITIAL_WINDOW_SIZE, chance.randrange(2**17))), f.goaway()))
    return f.frame(chance.choice(KINDS), chance.randrange(256), number, chance.randbytes(chance.randrange(40)))


@pytest.mark.parametrize("seed", range(40))
def test_frames_at_random(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(25):
        peer = Peer(answers=chance.random() < 0.7)
        for _ in range(60):
            sent = some_frame(peer, chance)
            if chance.random() < 0.05:
                at = chance.randrange(len(sent))
                sent = sent[:at] + bytes((chance.randrange(256),)) + sent[at + 1 :]
            pieces = [sent]
            if chance.random() < 0.3:
                at = chance.randrange(len(sent))
                pieces = [sent[:at], sent[at:]]
            peer.send(*pieces)
            if chance.random() < 0.1:
                peer.at(peer.now + chance.random() * 10)
            answer_some(peer, chance)
            assert_bounded(peer)
            if peer.machine.over is not None:
                break


def answer_some(peer: Peer, chance: random.Random) -> None:
    for number, exchange in peer.exchanges.items():
        stream = exchange.stream
        if stream.sending and not stream.started and not exchange.lost and chance.random() < 0.3:
            peer.answer(number, b"y" * chance.randrange(100_000))
    peer.flush()


def assert_bounded(peer: Peer) -> None:
    machine = peer.machine
    table = machine._table
    assert len(table.live) <= 128
    assert len(machine._buffer) < 16384 + 9
    assert machine.out.frames == []
    assert machine.out.waiting == sum(bool(s.queued and s.window > 0) for s in table.live.values())
    for stream in table.live.values():
        assert stream.receiving or stream.sending
        assert stream.queued == sum(map(len, stream.pending))
        assert stream.credit <= 65535
    if machine.over is None:
        due = [stream.deadline for stream in table.live.values() if stream.receiving]
        assert machine.deadline <= min(due, default=machine.deadline)


@pytest.mark.parametrize("seed", range(20))
def test_bytes_at_random(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        peer = Peer()
        peer.send(chance.randbytes(chance.randrange(300)))
        for _ in range(5):
            blob = bytearray(
                f.frame(chance.choice(KINDS), chance.randrange(256), chance.randrange(6), chance.randbytes(30))
            )
            blob[chance.randrange(len(blob))] = chance.randrange(256)
            peer.send(bytes(blob))
        assert_bounded(peer)
