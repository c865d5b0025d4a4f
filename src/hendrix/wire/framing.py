"""Where a request's body ends (RFC 9112 sections 6 and 7): by its length, or by its last chunk."""

from __future__ import annotations

from collections.abc import Callable

from hendrix.core.errors import PeerError
from hendrix.core.http import RequestHeaders
from hendrix.wire.fields import CHUNK_LINE, TRAILER_LINE
from hendrix.wire.limits import Limits

#: RFC 9110 section 6.5.1: what frames, routes, authenticates or modifies a request, or says what its content is, has
#: no meaning behind its body.
NOT_TRAILERS = frozenset(
    (
        b"authorization",
        b"cache-control",
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-range",
        b"content-type",
        b"cookie",
        b"expect",
        b"forwarded",
        b"host",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-range",
        b"if-unmodified-since",
        b"keep-alive",
        b"max-forwards",
        b"pragma",
        b"proxy-authorization",
        b"proxy-connection",
        b"range",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)


class FixedBody:
    """A body of ``length`` bytes."""

    __slots__ = ("_left", "trailers")

    def __init__(self, length: int) -> None:
        self._left = length
        self.trailers: RequestHeaders = []

    def feed(self, data: bytes) -> tuple[bytes, bytes, bool]:
        """Take bytes; return those of the body, those behind it, and whether the body is complete."""
        if len(data) < self._left:
            self._left -= len(data)
            return data, b"", False
        left, self._left = self._left, 0
        return data[:left], data[left:], True


class ChunkedBody:
    """A chunked body with its trailers. Raises ``PeerError`` at the first byte that cannot be right."""

    __slots__ = (
        "_extensions",
        "_extensions_allowed",
        "_left",
        "_limits",
        "_read",
        "_rest",
        "_trailer_lines",
        "_trailers_size",
        "trailers",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._rest = b""
        self._left = 0
        self._extensions = 0
        self._extensions_allowed = limits.chunk_extensions
        self._trailer_lines = 0
        self._trailers_size = 0
        #: Not a method of this object, which would hold itself: a body that breaks off would wait for the collector.
        self._read: Callable[[ChunkedBody, bytes, int, list[bytes]], int] | None = ChunkedBody._size_line
        self.trailers: list[tuple[bytes, bytes]] = []

    def feed(self, data: bytes) -> tuple[bytes, bytes, bool]:
        """Take bytes; return those of the body, those behind it, and whether the body is complete."""
        data = self._rest + data if self._rest else data
        parts: list[bytes] = []
        at = 0
        while self._read is not None:
            step = self._read(self, data, at, parts)
            if step < 0:
                break
            at = step
        else:
            return b"".join(parts), data[at:], True
        self._rest = data[at:] if self._left == 0 else b""
        return b"".join(parts), b"", False

    # Each reader takes what it can at ``at`` and returns where it stopped, or -1 where more bytes are needed.

    def _size_line(self, data: bytes, at: int, _parts: list[bytes]) -> int:
        match = CHUNK_LINE.match(data, at)
        if match is None:
            self._refuse_bad_line(data, at)
            return -1
        self._extensions += len(match[2])
        if len(match[0]) > self._limits.chunk_line or self._extensions > self._extensions_allowed:
            raise PeerError(400, "too many chunk extensions")
        self._left = int(match[1], 16)
        # Signed uploads carry about a hundred bytes of them with each chunk of many thousands.
        self._extensions_allowed += self._left // 64
        self._read = ChunkedBody._chunk if self._left else ChunkedBody._trailers
        return match.end()

    def _refuse_bad_line(self, data: bytes, at: int) -> None:
        if data.find(b"\n", at) >= 0:
            raise PeerError(400, "malformed chunk size")
        if len(data) - at > self._limits.chunk_line:
            raise PeerError(400, "the chunk size line is too long")
        if len(data) > at and data[at] not in b"0123456789abcdefABCDEF":
            raise PeerError(400, "malformed chunk size")

    def _chunk(self, data: bytes, at: int, parts: list[bytes]) -> int:
        piece = data[at : at + self._left]
        if piece:
            parts.append(piece)
            self._left -= len(piece)
        if self._left:
            return -1
        self._read = ChunkedBody._chunk_end
        return at + len(piece)

    def _chunk_end(self, data: bytes, at: int, _parts: list[bytes]) -> int:
        end = data[at : at + 2]
        if end == b"\r\n":
            self._read = ChunkedBody._size_line
            return at + 2
        if not b"\r\n".startswith(end):
            raise PeerError(400, "a chunk does not end with CRLF")
        return -1

    def _trailers(self, data: bytes, at: int, _parts: list[bytes]) -> int:
        """One line: what is dripped in is not searched again from its beginning with each byte."""
        end = data.find(b"\n", at) + 1
        size = self._trailers_size + (end or len(data)) - at
        if size > self._limits.trailers:
            raise PeerError(431, "the trailers are too large")
        if not end:
            return -1
        if not TRAILER_LINE.fullmatch(data, at, end):
            raise PeerError(400, "malformed trailer")
        self._trailers_size = size
        if end - at == len(b"\r\n"):
            self._read = None
            return end
        self._trailer_lines += 1
        if self._trailer_lines > self._limits.fields:
            raise PeerError(431, "too many trailers")
        name, value = _field(data[at:end])
        if name not in NOT_TRAILERS:
            self.trailers.append((name, value))
        return end


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.lower(), value.strip(b" \t\r\n")
