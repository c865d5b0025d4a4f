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


def whole(data: bytes) -> bytes | None:
    """The first handshake message, put together from its records; None while more is to come.

    Empty where there is no such message: nothing better will come.
    """
    message = b""
    while len(data) >= 5:
        size = int.from_bytes(data[3:5], "big")
        if data[0] != HANDSHAKE or not 0 < size <= _LONGEST_RECORD:
            return b""
        message += data[5 : 5 + size]
        if len(message) >= 4:
            needed = 4 + int.from_bytes(message[1:4], "big")
            if message[0] != _CLIENT_HELLO or needed > LONGEST:
                return b""
            if len(message) >= needed:
                return message[:needed]
        data = data[5 + size :]
    return b"" if data and data[0] != HANDSHAKE else None


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
