"""One WebSocket, the server's side, without I/O (RFC 6455 sections 5 to 7).

    OPEN -> CLOSING (we said close) -> CLOSED        OPEN -> CLOSED (the peer said it first, or was at fault)

Bytes go in by ``receive``; messages (``str`` and ``bytes``) and the end come out as events. What the machine itself
has to say (pongs, pings, the close frame) stands in ``output`` afterwards. A rule is broken at the first byte that
breaks it, be it in the midst of a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from hendrix.wire.websocket.deflate import WORTH, Agreement, Deflater, Inflater
from hendrix.wire.websocket.frames import (
    ABNORMAL,
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    INTERNAL_ERROR,
    INVALID_DATA,
    NO_CODE,
    PING,
    PONG,
    PROTOCOL_ERROR,
    RSV1,
    TEXT,
    WHOLE_BINARY,
    WHOLE_TEXT,
    Failure,
    close_payload,
    control,
    frame,
    read_close,
)
from hendrix.wire.websocket.limits import SocketLimits
from hendrix.wire.websocket.message import Binary, Text, too_big
from hendrix.wire.websocket.shared import Shared

try:
    from websockets.speedups import apply_mask
except ImportError:  # pragma: no cover - no wheel for this machine
    from websockets.utils import apply_mask

_OPEN, _CLOSING, _CLOSED = range(3)
_WHOLE_TEXT_FRAME = FIN | TEXT
_MASKED = 0x80
_OPCODES = frozenset((CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG))
_KINDS: dict[int, type[Text] | type[Binary]] = {TEXT: Text, BINARY: Binary}
_UNLIMITED = 1 << 62
#: What one call takes at the most, in bytes of messages; a frame counts as some. More would hold up other peers.
_TURN = 64 * 1024
_FRAME_COST = 256


@dataclass(slots=True)
class Closed:
    """Nothing more will come. ``code`` and ``reason`` are the peer's; 1005: it gave none, 1006: it did not close.

    For a peer at fault they are what it was told. ``linger``: the peer may not have read that yet.
    """

    code: int
    reason: str = ""
    linger: bool = False


SocketEvent = str | bytes | Closed


class WebSocket:
    """One connection after its handshake."""

    __slots__ = (
        "_agreement",
        "_buffer",
        "_deflater",
        "_due",
        "_fin",
        "_inflater",
        "_left",
        "_limits",
        "_mask",
        "_message",
        "_ping",
        "_received",
        "_state",
        "_weight",
        "deadline",
        "output",
        "quiet",
    )

    def __init__(self, limits: SocketLimits, agreement: Agreement | None, now: float) -> None:
        self._limits = limits
        self._agreement = agreement
        self._state = _OPEN
        self._buffer = b""
        #: The message under way, and of its frame: what is left, how it is masked, whether it is the last.
        self._message: Text | Binary | None = None
        self._left = 0
        self._mask = b""
        self._fin = False
        self._weight = 0
        #: An end that comes a turn later than the messages before it, so that these are still answered.
        self._due: Failure | Closed | None = None
        self._inflater: Inflater | None = None
        self._deflater: Deflater | None = None
        #: The ping that waits for its pong, and the bytes that had been received when it was sent.
        self._ping = b""
        self._received = 0
        #: What the shell is to send now.
        self.output = b""
        #: Set by the shell while the peer takes nothing: then only the last ping is answered (section 5.5.3).
        self.quiet = False
        self.deadline = now + limits.ping_interval if limits.ping_interval else inf

    # --- bytes in ------------------------------------------------------------------------------------------

    @property
    def behind(self) -> bool:
        """Is there more to be had from what was received? Then call ``receive`` with nothing, in a turn of its own."""
        return self._due is not None or (self._weight >= _TURN and bool(self._buffer))

    def receive(self, data: bytes) -> list[SocketEvent]:
        """Take what arrived."""
        events: list[SocketEvent] = []
        if self._state == _CLOSED:
            return events
        if self._due is not None:
            self._end_with(self._due, events)
            return events
        self._received += len(data)
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        try:
            at = self._read(data, events)
        except Failure as failure:
            self._due = failure
        else:
            self._buffer = data[at:]
        if self._due is not None and not events:
            self._end_with(self._due, events)
        return events

    def _read(self, data: bytes, events: list[SocketEvent]) -> int:
        """Frame by frame; returns where it stopped."""
        at, end = 0, len(data)
        self._weight = 0
        while at < end and self._weight < _TURN and self._due is None:
            if self._left:
                at = self._payload(data, at, events)
                continue
            step = self._short_text(data, at, end, events) if data[at] == _WHOLE_TEXT_FRAME else 0
            if not step:
                step = self._frame(data, at, end, events)
                if step < 0:
                    break
            at = step
        return at

    def _short_text(self, data: bytes, at: int, end: int, events: list[SocketEvent]) -> int:
        """The usual case, a short message in one frame that is all there, read at once; 0 where it is not that."""
        if end - at < 6 or self._message is not None:
            return 0
        length = data[at + 1] - _MASKED
        start = at + 6
        stop = start + length
        if not 0 <= length < 126 or stop > end or length > self._limits.max_size > 0:
            return 0
        try:
            text = apply_mask(data[start:stop], data[at + 2 : start]).decode()
        except UnicodeDecodeError:
            raise Failure(INVALID_DATA, "the text is not UTF-8") from None
        self._weight += length + _FRAME_COST
        if self._state == _OPEN:
            events.append(text)
        return stop

    def _frame(self, data: bytes, at: int, end: int, events: list[SocketEvent]) -> int:
        """The head of a frame (RFC 6455 section 5.2), all of a control frame; -1 where more bytes are needed."""
        first = data[at]
        opcode = first & 0x0F
        self._judge_first(first, opcode)
        if end - at < 2:
            return -1
        second = data[at + 1]
        if second < _MASKED:
            # RFC 6455 section 5.1.
            raise Failure(PROTOCOL_ERROR, "the frame is not masked")
        if opcode >= CLOSE:
            return self._control(first, second & 0x7F, data, at, end)
        start, length = _length(second & 0x7F, data, at + 2, end)
        if start < 0:
            return -1
        message = self._message or self._new_message(first, opcode)
        if not message.room_for(length):
            raise too_big()
        if end - start < 4:
            return -1
        self._message = message
        self._mask = data[start : start + 4]
        self._left = length
        self._fin = first >= FIN
        self._weight += _FRAME_COST
        if not length:
            self._add(b"", last=self._fin, events=events)
        return start + 4

    def _judge_first(self, first: int, opcode: int) -> None:
        """The first byte: reserved bits, opcode, and whether it is its turn (RFC 6455 sections 5.2 and 5.4)."""
        reserved = first & 0x70
        if reserved and (reserved != RSV1 or self._agreement is None or opcode not in _KINDS):
            raise Failure(PROTOCOL_ERROR, "reserved bits are set")
        if opcode not in _OPCODES:
            raise Failure(PROTOCOL_ERROR, "the opcode is reserved")
        if opcode >= CLOSE:
            if first < FIN:
                raise Failure(PROTOCOL_ERROR, "a control frame is fragmented")
        elif (opcode == CONTINUATION) == (self._message is None):
            raise Failure(PROTOCOL_ERROR, "a message begins within another, or goes on where there is none")

    def _new_message(self, first: int, opcode: int) -> Text | Binary:
        inflater = None
        if first & RSV1:
            assert self._agreement is not None
            inflater = self._inflater = self._inflater or Inflater(self._agreement)
        return _KINDS[opcode](self._limits.max_size or _UNLIMITED, inflater)

    def _payload(self, data: bytes, at: int, events: list[SocketEvent]) -> int:
        """What is there of a data frame's payload, a turn's worth at the most."""
        count = min(self._left, len(data) - at, _TURN)
        piece = apply_mask(data[at : at + count], self._mask)
        self._left -= count
        if self._left and count & 3:
            self._mask = self._mask[count & 3 :] + self._mask[: count & 3]
        self._add(piece, last=self._fin and not self._left, events=events)
        return at + count

    def _add(self, piece: bytes, *, last: bool, events: list[SocketEvent]) -> None:
        assert self._message is not None
        whole = self._message.add(piece, last=last)
        self._weight += len(piece)
        if whole is not None:
            self._message = None
            self._weight += len(whole)
            # RFC 6455 section 1.4: whoever has said close is no longer interested.
            if self._state == _OPEN:
                events.append(whole)

    # --- control frames (RFC 6455 section 5.5) -------------------------------------------------------------

    def _control(self, first: int, length: int, data: bytes, at: int, end: int) -> int:
        if length > 125:
            raise Failure(PROTOCOL_ERROR, "a control frame is too long")
        start = at + 6
        if end - start < length:
            return -1
        payload = apply_mask(data[start : start + length], data[at + 2 : start])
        self._weight += _FRAME_COST
        opcode = first & 0x0F
        if opcode == CLOSE:
            # RFC 6455 section 5.5.1: whatever follows is not for us.
            self._due = Closed(*read_close(payload))
            return end
        if opcode == PING:
            self._answer_ping(payload)
        elif payload == self._ping != b"":
            self._ping = b""
            # Its ping was sent when this deadline was set.
            self.deadline += self._limits.ping_interval - self._limits.ping_timeout
        return start + length

    def _answer_ping(self, payload: bytes) -> None:
        if self._state == _OPEN:
            pong = control(PONG, payload)
            self.output = pong if self.quiet else self.output + pong

    def _end_with(self, due: Failure | Closed, events: list[SocketEvent]) -> None:
        """The peer's close is answered once, with its code (RFC 6455 section 5.5.1); so is its fault (7.1.7)."""
        if isinstance(due, Failure):
            due, said = Closed(due.code, due.reason, linger=self._state == _OPEN), due.reason
        else:
            said = ""
        if self._state == _OPEN:
            self.output += control(CLOSE, close_payload(due.code, said))
        self._end()
        events.append(due)

    def _end(self) -> None:
        self._state = _CLOSED
        self._due = None
        self._buffer = b""
        self._left = 0
        self._message = None
        self._inflater = self._deflater = None
        self.deadline = inf

    def eof(self) -> list[SocketEvent]:
        """The peer sends no more, and never said close."""
        events: list[SocketEvent] = []
        if self._due is not None:
            self._end_with(self._due, events)
        elif self._state != _CLOSED:
            self._end()
            events.append(Closed(ABNORMAL))
        return events

    # --- time ----------------------------------------------------------------------------------------------

    def expire(self, now: float) -> list[SocketEvent]:
        """``deadline`` has passed: time for a ping, or for the pong to be there, or for the peer's close."""
        limits = self._limits
        if self._state == _OPEN and not self._ping:
            ping = self._received.to_bytes(8, "big")
            self.output += control(PING, ping)
            if limits.ping_timeout:
                self._ping = ping
            self.deadline = now + (limits.ping_timeout or limits.ping_interval)
            return []
        if self._state == _OPEN and self._is_busy():
            self._ping = self._received.to_bytes(8, "big")
            self.deadline = now + limits.ping_timeout
            return []
        if self._state == _OPEN:
            self.output += control(CLOSE, close_payload(INTERNAL_ERROR, "no pong in time"))
        self._end()
        return [Closed(ABNORMAL, "the peer did not answer")]

    def excuse(self, now: float) -> None:
        """The shell does not read, or cannot write: that the peer is silent says nothing of it."""
        self.deadline = now + (self._limits.ping_timeout or self._limits.ping_interval)

    def _is_busy(self) -> bool:
        """A pong cannot overtake the frame that the peer is sending: is it sending one, at the least rate?"""
        since = self._received - int.from_bytes(self._ping, "big")
        return bool(self._left) and since >= self._limits.min_rate * self._limits.ping_timeout > 0

    # --- bytes out -----------------------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        """May messages still be sent?"""
        return self._state == _OPEN

    def text(self, text: str) -> bytes:
        """A text message. Raises ``UnicodeEncodeError`` for a lone surrogate."""
        if type(text) is Shared and (made := text.frame(self._agreement)):
            if made[0] & RSV1:
                # The peer's window has moved on by what ours has not seen: refer to nothing before this.
                self._deflater = None
            return made
        data = text.encode()
        if len(data) < WORTH and len(data) < 126:
            return WHOLE_TEXT[len(data)] + data
        return self._message_out(FIN | TEXT, data)

    def binary(self, data: bytes) -> bytes:
        """A binary message."""
        if len(data) < WORTH and len(data) < 126:
            return WHOLE_BINARY[len(data)] + data
        return self._message_out(FIN | BINARY, data)

    def _message_out(self, first: int, data: bytes) -> bytes:
        if self._agreement is None or len(data) < WORTH:
            return frame(first, data)
        deflater = self._deflater
        if deflater is None:
            deflater = self._deflater = Deflater(self._agreement)
        return frame(first | RSV1, deflater.compress(data))

    def close(self, code: int, reason: str, now: float) -> bytes:
        """Begin to close (RFC 6455 section 7.1.2); the peer's answer is waited for until ``deadline``."""
        if self._state != _OPEN:
            return b""
        self._state = _CLOSING
        self._ping = b""
        self.deadline = now + self._limits.close_timeout
        return control(CLOSE, close_payload(code, reason) if code != NO_CODE else b"")


def _length(short: int, data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the mask begins and how long the payload is (RFC 6455 section 5.2); -1 where more bytes are needed."""
    if short < 126:
        return at, short
    size = 2 if short == 126 else 8
    if end - at < size:
        if size == 8 and end > at and data[at] >= 0x80:
            raise Failure(PROTOCOL_ERROR, "the length has its highest bit set")
        return -1, 0
    length = int.from_bytes(data[at : at + size], "big")
    if size == 8 and data[at] >= 0x80:
        raise Failure(PROTOCOL_ERROR, "the length has its highest bit set")
    if length < (126 if size == 2 else 65536):
        raise Failure(PROTOCOL_ERROR, "the length is not in its shortest form")
    return at + size, length
