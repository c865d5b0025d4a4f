"""Whatever frames a peer puts into its packets: nothing raises, and what is over is over."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from aioquic.buffer import encode_uint_var as number
from aioquic.quic.packet import QuicPacketType
from aioquic.quic.packet_builder import QuicPacketBuilder
from aioquic.tls import Epoch

from hendrix.wire.http3.events import Opened, Refused
from tests.kit.http3_pair import Pair

#: Of streams: a body, heads that are good, cut off or noise, settings, frames that may not be.
PIECES = [
    b"\x00\x03abc",
    b"\x01\x0b\x00\x00\xd1\xd7\xc1\x50\x01a",
    b"\x01\x09\x00\x00\xd1\xd7\xc1\x50\x01a",
    b"\x01\x20\x00\x00",
    b"\x00",
    b"\x04\x00",
    b"\x02",
    b"\x03",
    b"\x21\x02xx",
]


def frame(chance: random.Random) -> bytes:
    stream = number(chance.choice((0, 4, 8, 12, 2, 6, 10, 14)))
    kind = chance.randrange(12)
    if kind < 6:
        data = chance.choice([*PIECES, chance.randbytes(chance.randrange(30))])
        offset = chance.choice((0, 0, 0, len(data), chance.randrange(50)))
        return bytes((0x0E | chance.choice((0, 0, 1)),)) + stream + number(offset) + number(len(data)) + data
    others = (
        b"\x04" + stream + number(0x10C) + number(chance.choice((0, 10, 100))),
        b"\x05" + number(chance.choice((0, 4, 8))) + number(0x10C),
        b"\x11" + number(chance.choice((0, 4, 8))) + number(chance.randrange(1 << 20)),
        b"\x1a" + chance.randbytes(8),
        b"\x18" + number(chance.randrange(1, 8)) + b"\x00\x08" + chance.randbytes(24),
        chance.choice((b"\x01", b"\x19" + number(chance.randrange(4)), chance.randbytes(9))),
    )
    return others[kind - 6]


def packets(pair: Pair, chance: random.Random) -> Iterator[bytes]:
    quic = pair.client.quic
    for _ in range(30):
        builder = QuicPacketBuilder(
            host_cid=quic.host_cid,
            is_client=True,
            max_datagram_size=1200,
            packet_number=quic._packet_number,
            peer_cid=quic._peer_cid.cid,
            version=quic._version,
        )
        builder.start_packet(QuicPacketType.ONE_RTT, quic._cryptos[Epoch.ONE_RTT])
        payload = b"".join(frame(chance) for _ in range(chance.randrange(1, 4)))
        builder.start_frame(payload[0], capacity=len(payload)).push_bytes(payload[1:])
        found, _sent = builder.flush()
        quic._packet_number = builder.packet_number
        yield from found


@pytest.mark.parametrize("seed", range(40))
def test_frames(seed: int) -> None:
    chance, pair = random.Random(seed), Pair()
    for data in packets(pair, chance):
        pair.give(data)
        for event in pair.told():
            stream = event.stream
            if isinstance(event, Opened | Refused) and stream.sending and not stream.started:
                pair.machine.answers.whole(stream, "200 OK", [], b"x" * chance.choice((0, 10, 100_000)), "")
                pair.machine.settle(stream, pair.now)
            elif chance.random() < 0.1:
                pair.machine.abort(stream, pair.now)
        pair.machine.send(pair.now)
        pair.now += 0.01
        pair.machine.expire(pair.now)
        pair.machine.watch(pair.now)
    assert pair.machine.live <= len(pair.machine.streams) <= pair.limits.streams
    if pair.machine.over:
        assert pair.machine.receive(b"\x40" * 50, ("192.0.2.1", 1234), pair.now) == []
        assert pair.machine.send(pair.now) == []
