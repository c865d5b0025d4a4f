"""One message on its way in: its fragments put together, and found wrong at the first byte that is.

Text is decoded as it arrives, so bad UTF-8 fails in the fragment that holds it (RFC 6455 section 8.1), however the
message is compressed or cut; what is put together takes no more memory for being cut into many fragments.
"""

from __future__ import annotations

from codecs import utf_8_decode
from io import StringIO

from hendrix.wire.websocket.deflate import Inflater
from hendrix.wire.websocket.frames import INVALID_DATA, TOO_BIG, Failure


class Binary:
    """A binary message."""

    __slots__ = ("_data", "_inflater", "_most")

    def __init__(self, most: int, inflater: Inflater | None) -> None:
        self._data = bytearray()
        self._inflater = inflater
        self._most = most

    def room_for(self, count: int) -> bool:
        """May so many bytes still come? Of compressed ones only the decompression can tell."""
        return self._inflater is not None or len(self._data) + count <= self._most

    def add(self, piece: bytes, *, last: bool) -> bytes | None:
        """Take a piece; return the message once it is complete. Raises ``Failure``."""
        if self._inflater is not None:
            piece = self._inflater.feed(piece, self._most - len(self._data), last=last)
        self._data += piece
        return bytes(self._data) if last else None


class Text:
    """A text message."""

    __slots__ = ("_inflater", "_most", "_rest", "_size", "_text")

    def __init__(self, most: int, inflater: Inflater | None) -> None:
        self._text = StringIO()
        #: The first bytes of a character that is not yet whole.
        self._rest = b""
        self._size = 0
        self._inflater = inflater
        self._most = most

    def room_for(self, count: int) -> bool:
        """See ``Binary.room_for``."""
        return self._inflater is not None or self._size + count <= self._most

    def add(self, piece: bytes, *, last: bool) -> str | None:
        """See ``Binary.add``."""
        if self._inflater is not None:
            piece = self._inflater.feed(piece, self._most - self._size, last=last)
        self._size += len(piece)
        if self._rest:
            piece = self._rest + piece
        try:
            text, used = utf_8_decode(piece, "strict", last)
        except UnicodeDecodeError:
            raise Failure(INVALID_DATA, "the text is not UTF-8") from None
        self._rest = piece[used:]
        if self._rest and self._rest >= b"\xed\xa0" and self._rest < b"\xee":
            # Python waits for a surrogate's third byte, lest somebody wants to let it pass.
            raise Failure(INVALID_DATA, "the text is not UTF-8")
        self._text.write(text)
        return self._text.getvalue() if last else None


def too_big() -> Failure:
    """The message would be larger than it may."""
    return Failure(TOO_BIG, "the message is too large")
