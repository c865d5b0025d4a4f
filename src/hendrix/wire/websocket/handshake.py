"""The opening handshake over HTTP/1.1 (RFC 6455 section 4.2): is the request a good one, and what is the answer.

Whether a request asks for a WebSocket at all is decided in ``wire.head``, with the rest of its head.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from hendrix.core.errors import PeerError
from hendrix.core.http import Request, ResponseHeaders
from hendrix.wire.websocket.deflate import Agreement

VERSION = "13"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#: Sixteen bytes in base 64 (RFC 6455 section 4.1): the last of 22 digits holds two bits.
_KEY = re.compile(rb"[A-Za-z0-9+/]{21}[AQgw]==")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Handshake:
    """What the peer asks for."""

    key: bytes
    subprotocols: list[str]


def read_handshake(request: Request) -> Handshake:
    """Raises ``PeerError``: 400, or 426 for another version (RFC 6455 section 4.4), to be answered with ours."""
    fields = request.fields
    version = fields.get(b"sec-websocket-version", b"")
    if version != VERSION.encode():
        raise PeerError(426, "only version 13 of the WebSocket protocol is served")
    key = fields.get(b"sec-websocket-key", b"")
    # RFC 8441 section 5: over HTTP/2 the key is not used.
    if request.version != "2" and not _KEY.fullmatch(key):
        raise PeerError(400, "the Sec-WebSocket-Key is not 16 bytes in base 64")
    return Handshake(key, _subprotocols(fields.get(b"sec-websocket-protocol")))


def _subprotocols(value: bytes | None) -> list[str]:
    """RFC 6455 section 4.1: a list of tokens, each once, the preferred first."""
    if value is None:
        return []
    names = [name.strip(" \t") for name in value.decode("latin-1").split(",")]
    names = [name for name in names if name]
    if not names or len(set(names)) != len(names) or not all(map(_TOKEN.fullmatch, names)):
        raise PeerError(400, "the Sec-WebSocket-Protocol is not a list of tokens")
    return names


def accept_headers(key: bytes, subprotocol: str, agreement: Agreement | None) -> ResponseHeaders:
    """The fields of the 101 besides those of the connection (RFC 6455 section 4.2.2)."""
    digest = hashlib.sha1(key + _GUID, usedforsecurity=False).digest()
    return [("Sec-WebSocket-Accept", base64.b64encode(digest).decode()), *agreed_headers(subprotocol, agreement)]


def agreed_headers(subprotocol: str, agreement: Agreement | None) -> ResponseHeaders:
    """What was agreed on, over HTTP/1.1 and HTTP/2 (RFC 8441 section 5) alike."""
    headers = []
    if subprotocol:
        headers.append(("Sec-WebSocket-Protocol", subprotocol))
    if agreement is not None:
        headers.append(("Sec-WebSocket-Extensions", agreement.header()))
    return headers
