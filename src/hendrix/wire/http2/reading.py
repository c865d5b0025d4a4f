"""The frames that a peer sends, one by one (RFC 9113 sections 3.4, 4 and 6).

Each kind of frame has a method, in the order of section 6. A fault is raised where it is found; that of a stream is
caught here, that of the connection by the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from hendrix.wire.hpack.encoder import Encoder
from hendrix.wire.http2.answers import Answers, CommonFields
from hendrix.wire.http2.credit import Credit
from hendrix.wire.http2.events import Body, Over
from hendrix.wire.http2.faults import (
    ENHANCE_YOUR_CALM,
    FRAME_SIZE_ERROR,
    PROTOCOL_ERROR,
    STREAM_CLOSED,
    ConnectionFault,
    Malformed,
    StreamFault,
)
from hendrix.wire.http2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_HEAD,
    FRAME_SIZE,
    GOAWAY,
    HEAD_SIZE,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    PRIORITY,
    PRIORITY_UPDATE,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    SETTINGS_ACK,
    WINDOW_UPDATE,
    WITH_PRIORITY,
    frame,
    unpadded,
)
from hendrix.wire.http2.limits import Http2Limits
from hendrix.wire.http2.outflow import Outflow
from hendrix.wire.http2.patience import ANSWERED_FRAME, FAULT, FRAME, RESET, Patience
from hendrix.wire.http2.priority import read_priority
from hendrix.wire.http2.settings import HEADER_TABLE_SIZE, INITIAL_WINDOW_SIZE, own_settings, read_settings
from hendrix.wire.http2.table import Streams
from hendrix.wire.response import Common

_unpack = FRAME_HEAD.unpack_from
#: The highest bit of a stream's number is reserved, and ignored (RFC 9113 section 4.1).
_NUMBER = 0x7FFF_FFFF
#: The PING that measures how long the first GOAWAY takes to be known.
FAREWELL = b"farewell"


class FrameReader:
    """The receiving half of one connection; the machine is the rest of it."""

    __slots__ = (
        "_block",
        "_block_due",
        "_buffer",
        "_credit",
        "_encoder",
        "_eof",
        "_farewell_due",
        "_idle_since",
        "_limits",
        "_now",
        "_opening_due",
        "_partial_due",
        "_patience",
        "_prefaced",
        "_settings_due",
        "_table",
        "answers",
        "deadline",
        "out",
        "over",
    )

    def __init__(self, limits: Http2Limits, fields: CommonFields, common: Common, now: float) -> None:
        self._limits = limits
        self.out = Outflow()
        self.out.put(own_settings(limits))
        self._credit = Credit(limits, self.out)
        self._encoder = Encoder()
        self.answers = Answers(self.out, self._encoder, fields, common)
        self._table = Streams(limits, self.out, self._credit, now, self._sooner)
        self._patience = Patience(now)
        #: Of a header block that has not ended: its stream, the flags of its HEADERS, its fragments.
        self._block: tuple[int, int, list[bytes]] | None = None
        self._buffer = b""
        #: How much of the preface has been seen: nothing, the words, or the SETTINGS that follow them.
        self._prefaced = 0
        self._now = now
        self._eof = False
        #: Set when nothing is under way and nothing will be: what is in ``out`` is the last.
        self.over: Over | None = None
        self._block_due = self._partial_due = self._farewell_due = inf
        #: When the preface, the acknowledgement of our settings have to be there; since when nothing is under way.
        self._opening_due = now + limits.http.head_timeout
        self._settings_due = now + limits.settings_timeout
        self._idle_since = now
        #: When to call ``expire``; it may be too early, and never is too late.
        self.deadline = min(self._opening_due, self._settings_due)

    # --- bytes in ------------------------------------------------------------------------------------------

    def _preface(self, data: bytes) -> int:
        """Section 3.4."""
        if not data.startswith(PREFACE):
            if not PREFACE.startswith(data):
                raise ConnectionFault(PROTOCOL_ERROR, "this is not HTTP/2")
            return 0
        self._prefaced = 1
        return len(PREFACE)

    def _read(self, data: bytes, at: int) -> int:
        """Frame by frame; returns where it stopped."""
        if not self._prefaced:
            return 0
        end = len(data)
        handlers = _HANDLERS
        while end - at >= HEAD_SIZE:
            high, low, kind, flags, number = _unpack(data, at)
            length = high << 8 | low
            if length > FRAME_SIZE:
                raise ConnectionFault(FRAME_SIZE_ERROR, "the frame is too large")
            if self._prefaced == 1:
                self._judge_first(kind, flags)
            if self._block is not None and (kind != CONTINUATION or number & _NUMBER != self._block[0]):
                raise ConnectionFault(PROTOCOL_ERROR, "a header block is interrupted")
            at += HEAD_SIZE
            if end - at < length:
                return at - HEAD_SIZE
            handler = handlers.get(kind)
            if handler is None:
                # Section 5.5.
                self._lose_patience(FRAME)
            else:
                try:
                    handler(self, number & _NUMBER, flags, data[at : at + length])
                except StreamFault as fault:
                    self._lose_patience(FAULT)
                    self._table.fail(number & _NUMBER, fault)
            at += length
        return at

    def _judge_first(self, kind: int, flags: int) -> None:
        """Section 3.4: the preface ends with SETTINGS."""
        if kind != SETTINGS or flags & ACK:
            raise ConnectionFault(PROTOCOL_ERROR, "the first frame is not SETTINGS")
        self._prefaced = 2
        self._opening_due = inf
        self._idle_since = self._now

    def _keep(self, data: bytes, at: int) -> None:
        """What is not a whole frame yet. A frame of a body has the time that the body has; another, that of a head."""
        rest = self._buffer = data[at:] if at else data
        if not rest:
            self._partial_due = inf
            return
        if len(rest) > HEAD_SIZE and rest[3] == DATA and self._prefaced == 2:
            stream = self._table.live.get(int.from_bytes(rest[5:9], "big") & _NUMBER)
            if stream is not None and stream.deadline != inf:
                received, stream.received = stream.received, stream.received + len(rest) - HEAD_SIZE
                self._credit.time(stream, self._now)
                stream.received = received
                self._partial_due = inf
                return
        if at or self._partial_due == inf:
            self._partial_due = self._now + self._limits.http.head_timeout
            self._sooner(self._partial_due)

    # --- frames (RFC 9113 section 6) -----------------------------------------------------------------------

    def _data(self, number: int, flags: int, payload: bytes) -> None:
        size = len(payload)
        self._credit.spend(size)
        stream = self._table.live.get(number)
        if stream is None:
            self._table.judge_absent(number)
            self._lose_patience(FRAME)
            return
        if not stream.receiving:
            raise StreamFault(STREAM_CLOSED, "data behind the end of a stream")
        self._credit.spend_of(stream, size)
        data = unpadded(payload) if flags & PADDED else payload
        if stream.expected >= 0:
            stream.expected -= len(data)
            if stream.expected < 0 or (flags & END_STREAM and stream.expected):
                raise Malformed("the body is not as long as was stated")
        stream.received += len(data)
        if data:
            self._patience.earn(FRAME)
            if not stream.discarding:
                self._table.events.append(Body(stream, data))
        elif not flags & END_STREAM:
            self._lose_patience(FRAME)
        if flags & END_STREAM:
            self._table.end_receiving(stream, [])
        else:
            self._credit.give(stream)
            if stream.deadline != inf:
                self._credit.time(stream, self._now)

    def _headers(self, number: int, flags: int, payload: bytes) -> None:
        if not number & 1:
            raise ConnectionFault(PROTOCOL_ERROR, "clients open streams with odd numbers")
        fragment = unpadded(payload) if flags & PADDED else payload
        if flags & WITH_PRIORITY:
            if len(fragment) < 5:
                raise ConnectionFault(FRAME_SIZE_ERROR, "HEADERS ends within its priority")
            if int.from_bytes(fragment[:4], "big") & _NUMBER == number:
                # RFC 7540 section 5.3.1. The block behind it is not read, so the tables are lost.
                raise ConnectionFault(PROTOCOL_ERROR, "a stream depends on itself")
            fragment = fragment[5:]
        if flags & END_HEADERS:
            self._take_block(number, flags, fragment)
        else:
            self._block = (number, flags, [fragment])
            self._block_due = self._now + self._limits.http.head_timeout
            self._sooner(self._block_due)

    def _take_block(self, number: int, flags: int, block: bytes) -> None:
        cost = self._table.take_block(number, flags, block)
        if cost:
            self._lose_patience(cost)

    def _priority(self, number: int, _flags: int, payload: bytes) -> None:
        """Section 5.3.2: it is checked, and means nothing any more."""
        self._lose_patience(FRAME)
        if not number:
            raise ConnectionFault(PROTOCOL_ERROR, "PRIORITY without a stream")
        kind = StreamFault if number in self._table.live else ConnectionFault
        if len(payload) != 5:
            raise kind(FRAME_SIZE_ERROR, "PRIORITY has not its size")
        if int.from_bytes(payload[:4], "big") & _NUMBER == number:
            raise kind(PROTOCOL_ERROR, "a stream depends on itself")

    def _rst_stream(self, number: int, _flags: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise ConnectionFault(FRAME_SIZE_ERROR, "RST_STREAM has not its size")
        stream = self._table.live.get(number)
        if stream is None:
            if self._table.is_idle(number):
                raise ConnectionFault(PROTOCOL_ERROR, "RST_STREAM of a stream that is idle")
            self._lose_patience(FRAME)
            return
        self._lose_patience(FRAME if stream.started else RESET)
        self._table.lose(stream, "the peer has cancelled it")

    def _settings(self, number: int, flags: int, payload: bytes) -> None:
        if number:
            raise ConnectionFault(PROTOCOL_ERROR, "SETTINGS of a stream")
        if flags & ACK:
            if payload:
                raise ConnectionFault(FRAME_SIZE_ERROR, "an acknowledgement sets something")
            self._lose_patience(FRAME)
            self._settings_due = inf
            return
        settings = read_settings(payload)
        self._lose_patience(ANSWERED_FRAME + len(payload) / 100)
        if HEADER_TABLE_SIZE in settings:
            self._encoder.limit(settings[HEADER_TABLE_SIZE])
        if INITIAL_WINDOW_SIZE in settings:
            self._set_initial_window(settings[INITIAL_WINDOW_SIZE])
        self.out.put(SETTINGS_ACK)

    def _set_initial_window(self, size: int) -> None:
        """Section 6.9.2."""
        change = size - self.out.initial_window
        self.out.initial_window = size
        self._table.suit(size)
        for stream in self._table.live.values():
            try:
                self.out.widen_stream(stream, change)
            except StreamFault as fault:
                raise ConnectionFault(fault.code, fault.reason) from None

    def _push_promise(self, _number: int, _flags: int, _payload: bytes) -> None:
        raise ConnectionFault(PROTOCOL_ERROR, "clients promise nothing")

    def _ping(self, number: int, flags: int, payload: bytes) -> None:
        if number:
            raise ConnectionFault(PROTOCOL_ERROR, "PING of a stream")
        if len(payload) != 8:
            raise ConnectionFault(FRAME_SIZE_ERROR, "PING has not its size")
        if not flags & ACK:
            self._lose_patience(ANSWERED_FRAME)
            self.out.put(frame(PING, ACK, 0, payload))
            return
        self._lose_patience(FRAME)
        if self._farewell_due != inf and payload == FAREWELL:
            # Whatever was sent before it was known that we leave is here.
            self._farewell_due = self._now
            self._sooner(self._now)

    def _goaway(self, number: int, _flags: int, payload: bytes) -> None:
        """The peer will ask for nothing more."""
        if number:
            raise ConnectionFault(PROTOCOL_ERROR, "GOAWAY of a stream")
        if len(payload) < 8:
            raise ConnectionFault(FRAME_SIZE_ERROR, "GOAWAY has not its size")
        self._lose_patience(FRAME)
        self._table.closed = True

    def _window_update(self, number: int, _flags: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise ConnectionFault(FRAME_SIZE_ERROR, "WINDOW_UPDATE has not its size")
        count = int.from_bytes(payload, "big") & _NUMBER
        if self.out.explained:
            self.out.explained -= 1
        else:
            self._lose_patience(FRAME)
        if not number:
            if not count:
                raise ConnectionFault(PROTOCOL_ERROR, "a window is widened by nothing")
            self.out.widen(count)
            return
        stream = self._table.live.get(number)
        if stream is None:
            if self._table.is_idle(number):
                raise ConnectionFault(PROTOCOL_ERROR, "WINDOW_UPDATE of a stream that is idle")
            return
        if not count:
            raise StreamFault(PROTOCOL_ERROR, "a window is widened by nothing")
        self.out.widen_stream(stream, count)

    def _continuation(self, number: int, flags: int, payload: bytes) -> None:
        if self._block is None:
            raise ConnectionFault(PROTOCOL_ERROR, "CONTINUATION of nothing")
        _number, opening, fragments = self._block
        fragments.append(payload)
        limits = self._limits
        if len(fragments) > limits.fragments or sum(map(len, fragments)) > limits.block * limits.http.head:
            raise ConnectionFault(ENHANCE_YOUR_CALM, "a header block is far too large")
        if flags & END_HEADERS:
            self._block = None
            self._block_due = inf
            self._take_block(number, opening, b"".join(fragments))

    def _priority_update(self, number: int, _flags: int, payload: bytes) -> None:
        """RFC 9218 section 7.1."""
        self._lose_patience(FRAME)
        if number:
            raise ConnectionFault(PROTOCOL_ERROR, "PRIORITY_UPDATE of a stream")
        if len(payload) < 4:
            raise ConnectionFault(FRAME_SIZE_ERROR, "PRIORITY_UPDATE has not its size")
        which = int.from_bytes(payload[:4], "big") & _NUMBER
        if not which & 1:
            raise ConnectionFault(PROTOCOL_ERROR, "PRIORITY_UPDATE of no stream that a client can open")
        self._table.promise(which, read_priority(payload[4:]))

    # --- patience and faults -------------------------------------------------------------------------------

    def _sooner(self, due: float) -> None:
        self.deadline = min(self.deadline, due)

    def _lose_patience(self, cost: float) -> None:
        if self._patience.lose(cost, self._now):
            raise ConnectionFault(ENHANCE_YOUR_CALM, "too many frames that serve nobody")


#: Not of each connection: one that holds methods of its own is in a circle, and is left to the collector at its end.
_HANDLERS: dict[int, Callable[[FrameReader, int, int, bytes], None]] = {
    DATA: FrameReader._data,
    HEADERS: FrameReader._headers,
    PRIORITY: FrameReader._priority,
    RST_STREAM: FrameReader._rst_stream,
    SETTINGS: FrameReader._settings,
    PUSH_PROMISE: FrameReader._push_promise,
    PING: FrameReader._ping,
    GOAWAY: FrameReader._goaway,
    WINDOW_UPDATE: FrameReader._window_update,
    CONTINUATION: FrameReader._continuation,
    PRIORITY_UPDATE: FrameReader._priority_update,
}
