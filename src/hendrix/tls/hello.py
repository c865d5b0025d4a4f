"""What a client says first (RFC 8446 section 4.1.2): only as far as it decides which context answers it.

OpenSSL reads it again and judges it; whatever cannot be read here is left to OpenSSL's opinion.
"""

from __future__ import annotations

from collections.abc import Iterator

HANDSHAKE = 22
_CLIENT_HELLO = 1
_SERVER_NAME, _PROTOCOLS = 0, 16
_LONGEST_RECORD = 16384
#: RFC 8446 has no limit below 16 MB; with post-quantum keys and tickets a few kilobytes are usual.
LONGEST = 32768


class Arriving:
    """The first handshake message, put together from its records as they come; each of them is looked at once."""

    __slots__ = ("_at", "_message")

    def __init__(self) -> None:
        #: Where the next record begins, and what those before it held.
        self._at = 0
        self._message = bytearray()

    def read(self, data: bytes) -> bytes | None:
        """``data`` is all that has come so far. The message; or None while more is to come.

        Empty where there is no such message: nothing better will come.
        """
        at, message = self._at, self._message
        while len(data) - at >= 5:
            size = int.from_bytes(data[at + 3 : at + 5], "big")
            if data[at] != HANDSHAKE or not 0 < size <= _LONGEST_RECORD:
                return b""
            piece = data[at + 5 : at + 5 + size]
            if len(piece) < size:
                return _judged(message + piece)
            message += piece
            at = self._at = at + 5 + size
            if (found := _judged(message)) is not None:
                return found
        return b"" if len(data) > at and data[at] != HANDSHAKE else None


def _judged(message: bytearray) -> bytes | None:
    """As far as it has come; see ``Arriving.read``."""
    if len(message) < 4:
        return None
    needed = 4 + int.from_bytes(message[1:4], "big")
    if message[0] != _CLIENT_HELLO or needed > LONGEST:
        return b""
    return bytes(message[:needed]) if len(message) >= needed else None


def whole(data: bytes) -> bytes | None:
    """What has come at once; see ``Arriving.read``."""
    return Arriving().read(data)


def server_name(message: bytes) -> str:
    """The name that the client wants to speak to (RFC 6066 section 3), in lower case; empty where it tells none."""
    try:
        for kind, content in _extensions(message):
            if kind == _SERVER_NAME:
                size = int.from_bytes(content[3:5], "big")
                name = content[5 : 5 + size]
                return name.decode("ascii").lower().removesuffix(".") if content[2] == 0 and len(name) == size else ""
    except (IndexError, UnicodeDecodeError):
        pass
    return ""


def protocols(message: bytes) -> list[str]:
    """What the client offers to speak (RFC 7301 section 3.1); nothing where it does not say."""
    found: list[str] = []
    try:
        for kind, content in _extensions(message):
            if kind == _PROTOCOLS:
                at = 2
                while at < len(content):
                    found.append(content[at + 1 : at + 1 + content[at]].decode("latin-1"))
                    at += 1 + content[at]
    except IndexError:
        return []
    return found


def _extensions(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Raises ``IndexError`` where it ends too early."""
    at = 4 + 2 + 32  # head, version, random
    at += 1 + message[at]  # session id
    at += 2 + _number(message, at)  # suites
    at += 1 + message[at]  # compression
    end = at + 2 + _number(message, at)
    at += 2
    while at < end:
        kind, size = _number(message, at), _number(message, at + 2)
        yield kind, message[at + 4 : at + 4 + size]
        at += 4 + size


def _number(message: bytes, at: int) -> int:
    return message[at] << 8 | message[at + 1]
