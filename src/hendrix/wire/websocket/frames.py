"""Frames as bytes: headers out, close payloads both ways (RFC 6455 sections 5.2, 5.5.1 and 7.4)."""

from __future__ import annotations

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN = 0x80
#: RFC 7692 section 6: the first frame of a compressed message carries it.
RSV1 = 0x40

#: RFC 6455 section 7.4.1.
NORMAL, GOING_AWAY, PROTOCOL_ERROR, UNSUPPORTED = 1000, 1001, 1002, 1003
NO_CODE, ABNORMAL, INVALID_DATA, POLICY, TOO_BIG = 1005, 1006, 1007, 1008, 1009
INTERNAL_ERROR, SERVICE_RESTART = 1011, 1012

#: RFC 6455 section 7.4.1 and the registry of section 11.7: what may stand in a close frame, besides section 7.4.2's.
_SENDABLE = frozenset((1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014))
_MOST_REASON = 123

#: The headers of short, whole, unmasked frames, by first byte and length: made once.
_SHORT = {
    first: tuple(bytes((first, length)) for length in range(126))
    for first in (FIN | TEXT, FIN | BINARY, FIN | CLOSE, FIN | PING, FIN | PONG)
}
WHOLE_TEXT, WHOLE_BINARY = _SHORT[FIN | TEXT], _SHORT[FIN | BINARY]


class Failure(Exception):
    """The peer broke a rule: the connection fails with ``code`` (RFC 6455 section 7.1.7)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


def frame(first: int, payload: bytes) -> bytes:
    """An unmasked frame that begins with the byte ``first`` (RFC 6455 section 5.1: a server never masks)."""
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 65536:
        return b"%c\x7e%b%b" % (first, length.to_bytes(2, "big"), payload)
    return b"%c\x7f%b%b" % (first, length.to_bytes(8, "big"), payload)


def control(opcode: int, payload: bytes) -> bytes:
    """A control frame; ``payload`` has at most 125 bytes (RFC 6455 section 5.5)."""
    return _SHORT[FIN | opcode][len(payload)] + payload


def may_send(code: int) -> bool:
    """May ``code`` stand in a close frame (RFC 6455 section 7.4)?"""
    return code in _SENDABLE or 3000 <= code <= 4999


def close_payload(code: int, reason: str) -> bytes:
    """The payload of a close frame; a reason that is too long is cut between characters."""
    if code == NO_CODE:
        return b""
    cut = reason.encode("utf-8", "replace")[:_MOST_REASON].decode("utf-8", "ignore")
    return code.to_bytes(2, "big") + cut.encode()


def read_close(payload: bytes) -> tuple[int, str]:
    """Code and reason of the peer's close frame (RFC 6455 section 5.5.1). Raises ``Failure``."""
    if not payload:
        return NO_CODE, ""
    if len(payload) == 1:
        raise Failure(PROTOCOL_ERROR, "half a close code")
    code = int.from_bytes(payload[:2], "big")
    if not may_send(code):
        raise Failure(PROTOCOL_ERROR, "a close code that may not be sent")
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError:
        raise Failure(INVALID_DATA, "the close reason is not UTF-8") from None
