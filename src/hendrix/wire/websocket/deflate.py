"""permessage-deflate (RFC 7692): what is agreed upon, and the two directions of a connection.

A direction takes memory only once a message was compressed in it. Windows are smaller than they may be, because a
server has many connections: 4 kB find most of what 32 kB find in messages, for an eighth of the memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from websockets.exceptions import InvalidHeader
from websockets.headers import parse_extension

from hendrix.wire.websocket.frames import INVALID_DATA, TOO_BIG, Failure

#: RFC 7692 section 7.2.1: what a sender leaves out at the end of each message.
_TAIL = b"\x00\x00\xff\xff"
_WINDOW = 12
_MEMORY_LEVEL = 5
#: zlib cannot compress with the smallest window that the RFC knows.
_LEAST_WINDOW = 9
#: A shorter message gains nothing worth the time.
WORTH = 128
#: Blocks that say they are the last, in one piece of a message. There is no use for more than one, and each is work.
_MOST_FINAL = 4

_NAME = "permessage-deflate"
_FLAGS = frozenset(("server_no_context_takeover", "client_no_context_takeover"))
_BITS = frozenset(("server_max_window_bits", "client_max_window_bits"))
_VALUES = {str(bits): bits for bits in range(8, 16)}


@dataclass(frozen=True, slots=True)
class Agreement:
    """The parameters that both sides keep to (RFC 7692 section 7.1)."""

    server_forgets: bool = False
    client_forgets: bool = False
    server_bits: int = _WINDOW
    client_bits: int = 15
    #: Did the offer let us say ``client_max_window_bits``?
    client_bits_told: bool = False

    def header(self) -> str:
        """The value of Sec-WebSocket-Extensions in the answer."""
        parts = [_NAME]
        if self.server_forgets:
            parts.append("server_no_context_takeover")
        if self.client_forgets:
            parts.append("client_no_context_takeover")
        parts.append(f"server_max_window_bits={self.server_bits}")
        if self.client_bits_told:
            parts.append(f"client_max_window_bits={self.client_bits}")
        return "; ".join(parts)


def negotiate(offers: bytes) -> Agreement | None:
    """The first offer of Sec-WebSocket-Extensions that can be kept (RFC 7692 section 5.1); None: no compression.

    A field that is not in the grammar is as good as none: the peer goes on uncompressed.
    """
    try:
        parsed = parse_extension(offers.decode("latin-1"))
    except InvalidHeader:
        return None
    for name, parameters in parsed:
        if name == _NAME and (agreement := _accept(parameters)) is not None:
            return agreement
    return None


def _accept(parameters: Sequence[tuple[str, str | None]]) -> Agreement | None:
    """One offer. RFC 7692 section 7.1: unknown, repeated or malformed parameters decline it."""
    given = dict(parameters)
    if len(given) != len(parameters) or not _well_formed(given):
        return None
    server_bits = _VALUES.get(given.get("server_max_window_bits") or "15", 0)
    if server_bits < _LEAST_WINDOW:
        return None
    told = "client_max_window_bits" in given
    client_bits = _VALUES[given.get("client_max_window_bits") or "15"]
    return Agreement(
        server_forgets="server_no_context_takeover" in given,
        client_forgets="client_no_context_takeover" in given,
        server_bits=min(server_bits, _WINDOW),
        client_bits=min(client_bits, _WINDOW) if told else client_bits,
        client_bits_told=told,
    )


def _well_formed(given: dict[str, str | None]) -> bool:
    for name, value in given.items():
        if name in _FLAGS:
            if value is not None:
                return False
        elif name not in _BITS or not (value in _VALUES or (value is None and name == "client_max_window_bits")):
            return False
    return True


class Deflater:
    """Compresses whole messages on their way out."""

    __slots__ = ("_agreement", "_stream")

    def __init__(self, agreement: Agreement) -> None:
        self._agreement = agreement
        self._stream: zlib._Compress | None = None

    def compress(self, data: bytes) -> bytes:
        """The payload of a compressed message (RFC 7692 section 7.2.1)."""
        stream = self._stream
        if stream is None:
            stream = zlib.compressobj(wbits=-self._agreement.server_bits, memLevel=_MEMORY_LEVEL)
            if not self._agreement.server_forgets:
                self._stream = stream
        return (stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH))[: -len(_TAIL)]


class Inflater:
    """Decompresses what arrives, piece by piece, and never more than is asked for."""

    __slots__ = ("_agreement", "_stream")

    def __init__(self, agreement: Agreement) -> None:
        self._agreement = agreement
        self._stream: zlib._Decompress | None = None

    def feed(self, data: bytes, most: int, *, last: bool) -> bytes:
        """Decompress a piece of a message (RFC 7692 section 7.2.2). Raises ``Failure`` past ``most`` bytes."""
        out = self._inflate(data, most)
        if last:
            out += self._inflate(_TAIL, most - len(out))
            if self._agreement.client_forgets:
                self._stream = None
        return out

    def _inflate(self, data: bytes, most: int) -> bytes:
        parts: list[bytes] = []
        final = 0
        while data:
            stream = self._stream
            if stream is None:
                stream = self._stream = zlib.decompressobj(wbits=-self._agreement.client_bits)
            try:
                # One byte more than is allowed shows that there are too many.
                part = stream.decompress(data, most + 1)
            except zlib.error:
                raise Failure(INVALID_DATA, "the compressed data is broken") from None
            most -= len(part)
            if most < 0:
                raise Failure(TOO_BIG, "the message is too large")
            parts.append(part)
            data = stream.unconsumed_tail
            if stream.eof:
                # RFC 7692 section 7.2.3.4: a block may say that it is the last, and others still follow.
                data = stream.unused_data
                self._stream = None
                final += 1
                if final > _MOST_FINAL:
                    raise Failure(INVALID_DATA, "the compressed data ends again and again")
        return parts[0] if len(parts) == 1 else b"".join(parts)
