"""SETTINGS, both ways (RFC 9113 section 6.5.2, RFC 8441 section 3, RFC 9218 section 2.1)."""

from __future__ import annotations

from struct import Struct

from hendrix.wire.http2.faults import FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, PROTOCOL_ERROR, ConnectionFault
from hendrix.wire.http2.frames import FRAME_SIZE, LARGEST_WINDOW, SETTINGS, frame
from hendrix.wire.http2.limits import Http2Limits

HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 0x1, 0x2, 0x3, 0x4
MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = 0x5, 0x6
ENABLE_CONNECT_PROTOCOL = 0x8
NO_RFC7540_PRIORITIES = 0x9

_PAIR = Struct(">HI")
_SWITCHES = {ENABLE_PUSH, ENABLE_CONNECT_PROTOCOL, NO_RFC7540_PRIORITIES}


def own_settings(limits: Http2Limits) -> bytes:
    """The frame that opens our side of a connection (section 3.4)."""
    pairs = {
        MAX_CONCURRENT_STREAMS: limits.streams,
        MAX_HEADER_LIST_SIZE: limits.http.head,
        ENABLE_CONNECT_PROTOCOL: 1,
        NO_RFC7540_PRIORITIES: 1,
    }
    return frame(SETTINGS, 0, 0, b"".join(_PAIR.pack(name, value) for name, value in pairs.items()))


def read_settings(payload: bytes) -> dict[int, int]:
    """What a peer sets. Of a value that is set twice the last counts. Raises ``ConnectionFault``."""
    if len(payload) % _PAIR.size:
        raise ConnectionFault(FRAME_SIZE_ERROR, "SETTINGS ends within a value")
    settings = {}
    for name, value in _PAIR.iter_unpack(payload):
        _judge(name, value)
        settings[name] = value
    return settings


def _judge(name: int, value: int) -> None:
    if name in _SWITCHES and value > 1:
        raise ConnectionFault(PROTOCOL_ERROR, f"setting {name} is a switch")
    if name == INITIAL_WINDOW_SIZE and value > LARGEST_WINDOW:
        raise ConnectionFault(FLOW_CONTROL_ERROR, "the initial window is too large")
    if name == MAX_FRAME_SIZE and not FRAME_SIZE <= value < 1 << 24:
        raise ConnectionFault(PROTOCOL_ERROR, "the frame size is out of bounds")
