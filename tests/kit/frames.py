"""WebSocket frames as a client makes and reads them (RFC 6455 section 5.2), right or wrong, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x37\xfa\x21\x3d"


def masked(payload: bytes, mask: bytes = MASK) -> bytes:
    """``payload`` under ``mask`` (section 5.3)."""
    return bytes(byte ^ key for byte, key in zip(payload, cycle(mask), strict=False))


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    reserved: int = 0,
    mask: bytes | None = MASK,
    size: int | None = None,
    stated: int | None = None,
) -> bytes:
    """One frame. ``reserved`` are the three bits as a number, ``mask`` None leaves it unmasked; ``size`` is the width
    of the length in bytes (0, 2, 8), ``stated`` the length to state, where they are not the right ones."""
    length = len(payload) if stated is None else stated
    if size is None:
        size = 0 if length < 126 else 2 if length < 65536 else 8
    bit = 0x80 if mask is not None else 0
    first = (0x80 if fin else 0) | reserved << 4 | opcode
    second = bit | (length if size == 0 else 126 if size == 2 else 127)
    head = bytes((first, second)) + (length.to_bytes(size, "big") if size else b"")
    return head + (mask + masked(payload, mask) if mask is not None else payload)


def text(words: str, **how: object) -> bytes:
    """A text message in one frame."""
    return frame(TEXT, words.encode(), **how)  # type: ignore[arg-type]


def close(code: int | None = None, reason: bytes = b"") -> bytes:
    """A close frame."""
    return frame(CLOSE, code.to_bytes(2, "big") + reason if code is not None else b"")


@dataclass(frozen=True)
class Frame:
    """One frame of the server."""

    opcode: int
    payload: bytes
    fin: bool = True
    reserved: int = 0

    @property
    def code(self) -> int:
        """Of a close frame; 1005 where it has none."""
        return int.from_bytes(self.payload[:2], "big") if self.payload else 1005


def read(data: bytes) -> tuple[list[Frame], bytes]:
    """Whole frames of a server, and what is left. They must be unmasked, with the shortest length (section 5.2)."""
    frames = []
    while (found := _read_one(data)) is not None:
        one, data = found
        frames.append(one)
    return frames, data


def _read_one(data: bytes) -> tuple[Frame, bytes] | None:
    if len(data) < 2:
        return None
    first, second = data[0], data[1]
    assert second < 0x80, "a server's frame is masked"
    size = {126: 2, 127: 8}.get(second, 0)
    length = int.from_bytes(data[2 : 2 + size], "big") if size else second
    if len(data) < 2 + size + length:
        return None
    assert not size or length >= (126 if size == 2 else 65536), "a length that is not in its shortest form"
    payload = data[2 + size : 2 + size + length]
    return Frame(first & 15, payload, bool(first & 0x80), first >> 4 & 7), data[2 + size + length :]
