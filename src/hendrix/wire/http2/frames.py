"""Frames as bytes (RFC 9113 sections 4.1 and 6, RFC 9218 section 7.1)."""

from __future__ import annotations

from struct import Struct

from hendrix.wire.http2.faults import FRAME_SIZE_ERROR, PROTOCOL_ERROR, ConnectionFault

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
PRIORITY_UPDATE = 0x10

END_STREAM = ACK = 0x01
END_HEADERS = 0x04
PADDED = 0x08
WITH_PRIORITY = 0x20

#: Section 4.2: the longest frame that everybody takes, and the longest that we take or send.
FRAME_SIZE = 16_384
#: Section 6.9.1.
LARGEST_WINDOW = 2**31 - 1
LAST_STREAM = 2**31 - 1

#: Length (its high 16 bits, its low 8), type, flags, stream.
FRAME_HEAD = Struct(">HBBBI")
HEAD_SIZE = FRAME_HEAD.size
_pack = FRAME_HEAD.pack
_WORD = Struct(">I")
_TWO_WORDS = Struct(">II")

SETTINGS_ACK = _pack(0, 0, SETTINGS, ACK, 0)


def frame_head(length: int, kind: int, flags: int, stream: int) -> bytes:
    """The nine bytes before a payload."""
    return _pack(length >> 8, length & 0xFF, kind, flags, stream)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A whole frame."""
    return frame_head(len(payload), kind, flags, stream) + payload


def window_update(stream: int, count: int) -> bytes:
    """Section 6.9."""
    return _pack(0, 4, WINDOW_UPDATE, 0, stream) + _WORD.pack(count)


def reset(stream: int, code: int) -> bytes:
    """Section 6.4."""
    return _pack(0, 4, RST_STREAM, 0, stream) + _WORD.pack(code)


def goaway(last: int, code: int, words: str = "") -> bytes:
    """Section 6.8. ``words`` are for whoever debugs the peer."""
    return frame(GOAWAY, 0, 0, _TWO_WORDS.pack(last, code) + words.encode("ascii", "replace"))


def header_frames(stream: int, block: bytes, flags: int = 0) -> bytes:
    """Sections 6.2 and 6.10: a field block in as many frames as it takes."""
    if len(block) <= FRAME_SIZE:
        return _pack(len(block) >> 8, len(block) & 0xFF, HEADERS, flags | END_HEADERS, stream) + block
    parts = [frame(HEADERS, flags, stream, block[:FRAME_SIZE])]
    for at in range(FRAME_SIZE, len(block), FRAME_SIZE):
        last = at + FRAME_SIZE >= len(block)
        parts.append(frame(CONTINUATION, END_HEADERS if last else 0, stream, block[at : at + FRAME_SIZE]))
    return b"".join(parts)


def unpadded(payload: bytes) -> bytes:
    """Sections 6.1 and 6.2: without the padding. Raises ``ConnectionFault``."""
    if not payload:
        raise ConnectionFault(FRAME_SIZE_ERROR, "a padded frame has no padding length")
    padding = payload[0]
    if padding >= len(payload):
        raise ConnectionFault(PROTOCOL_ERROR, "the padding is longer than its frame")
    return payload[1 : len(payload) - padding]
