"""However the bytes of a peer are cut, the same comes of them; and nothing that a peer sends is ever an exception."""

from __future__ import annotations

import random
import zlib

import pytest

from hendrix.wire.websocket.deflate import Agreement
from hendrix.wire.websocket.limits import SocketLimits
from tests.kit.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame
from tests.kit.sockets import Socket

LIMITS = SocketLimits(max_size=5000)
SIZES = (0, 0, 1, 2, 5, 60, 124, 125, 126, 127, 300, 1500)
WORDS = ("", "a", "héllo", "κόσμε", "\U0001f600", "x" * 200)


def stream(chance: random.Random) -> bytes:
    """Messages and control frames, most of them right."""
    parts: list[bytes] = []
    deflater = zlib.compressobj(wbits=-15)
    for _ in range(chance.randint(1, 12)):
        kind = chance.choice((TEXT, BINARY))
        data = chance.choice(WORDS).encode() * chance.randint(1, 9) if kind == TEXT else bytes(chance.choice(SIZES))
        reserved = 0
        if chance.random() < 0.3:
            reserved = 4
            data = (deflater.compress(data) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]
        cuts = sorted(chance.randint(0, len(data)) for _ in range(chance.randint(0, 4)))
        pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        for number, piece in enumerate(pieces):
            mask = chance.randbytes(4)
            last = number == len(pieces) - 1
            parts.append(
                frame(CONTINUATION if number else kind, piece, fin=last, reserved=0 if number else reserved, mask=mask)
            )
            if chance.random() < 0.2:
                parts.append(frame(chance.choice((PING, PONG)), chance.randbytes(chance.randint(0, 125))))
    if chance.random() < 0.3:
        parts.append(
            frame(CLOSE, chance.choice((b"", b"\x03\xe8", b"\x03\xe8bye", b"\x03", b"\0\0", b"\x03\xe8\xff")))
        )
    data = bytearray(b"".join(parts))
    if chance.random() < 0.5:
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def outcome(data: bytes, pieces: list[int], agreement: Agreement | None) -> tuple[object, ...]:
    socket, at = Socket(LIMITS, agreement), 0
    for size in [*pieces, len(data)]:
        socket.send(data[at : at + size])
        at += size
    # Of two things wrong in one message, which is found first (and told) depends on how it is cut.
    sent = [sent.code if sent.opcode == CLOSE else sent for sent in socket.sent]
    return socket.messages, socket.closed and socket.closed.code, sent


@pytest.mark.parametrize("seed", range(300))
def test_cut_in_any_way(seed: int) -> None:
    chance = random.Random(seed)
    agreement = chance.choice((Agreement(), Agreement(client_forgets=True), None))
    data = stream(chance)
    whole = outcome(data, [], agreement)
    assert outcome(data, [1] * len(data), agreement) == whole
    for _ in range(5):
        assert outcome(data, [chance.randint(1, 40) for _ in range(len(data))], agreement) == whole


@pytest.mark.parametrize("seed", range(100))
def test_noise(seed: int) -> None:
    chance = random.Random(seed)
    outcome(chance.randbytes(2000), [chance.randint(1, 99) for _ in range(100)], Agreement())
