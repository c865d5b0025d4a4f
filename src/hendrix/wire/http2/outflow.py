"""What goes out on one connection: frames at once, and bodies as the peer's windows and the priorities allow.

Bodies wait in their streams. ``pump`` makes frames of them, no more than the transport has room for: what has become
frames can be overtaken by nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from hendrix.wire.http2.faults import FLOW_CONTROL_ERROR, ConnectionFault, StreamFault
from hendrix.wire.http2.frames import DATA, END_STREAM, FRAME_HEAD, FRAME_SIZE, LARGEST_WINDOW, header_frames
from hendrix.wire.http2.levels import Level
from hendrix.wire.http2.priority import LEAST_URGENT, Priority
from hendrix.wire.http2.stream import HIGH_WATER, LOW_WATER, Stream

#: RFC 9113 section 6.9.2.
_WINDOW = 65_535
#: Who reads in pieces of this size opens two windows for each of them, and is not to be blamed for that.
_PIECE = 4096
#: Bodies up to this size do not wait where nothing else does, and where no more than that is about to be sent.
_DIRECT = 64 * 1024
_AHEAD = 256 * 1024

_pack = FRAME_HEAD.pack


class Outflow:
    """The sending half of a connection."""

    __slots__ = (
        "_levels",
        "_window",
        "begin_block",
        "congested",
        "drained",
        "explained",
        "frames",
        "initial_window",
        "sent",
        "size",
        "waiting",
    )

    def __init__(self) -> None:
        #: What a field block has to begin with when it is sent (RFC 7541 section 4.2).
        self.begin_block: Callable[[], bytes] = bytes
        #: Frames that the shell is to send, and their size in bytes.
        self.frames: list[bytes | memoryview] = []
        self.size = 0
        #: Streams of which so much has been sent that whoever writes may go on.
        self.drained: list[Stream] = []
        #: Set by the shell while the transport holds more than it should.
        self.congested = False
        #: So many WINDOW_UPDATEs of the peer are explained by what was sent of bodies, and have not come yet.
        self.explained = 0
        #: Bytes of bodies that have become frames.
        self.sent = 0
        self.initial_window = _WINDOW
        self._window = _WINDOW
        self._levels = [Level() for _ in range(LEAST_URGENT + 1)]
        #: Streams that are in a level.
        self.waiting = 0

    # --- frames --------------------------------------------------------------------------------------------

    def put(self, frame: bytes) -> None:
        """A frame of its own right, which no window holds up."""
        self.frames.append(frame)
        self.size += len(frame)

    def take(self) -> bytes:
        """All frames so far."""
        frames = self.frames
        if not frames:
            return b""
        data = bytes(frames[0]) if len(frames) == 1 else b"".join(frames)
        frames.clear()
        self.size = 0
        return data

    # --- bodies --------------------------------------------------------------------------------------------

    def write(self, stream: Stream, data: bytes) -> None:
        """A piece of a body, or with ``stream.ends`` the last."""
        size = len(data)
        if (
            size <= _DIRECT
            and not (self.waiting or stream.queued or self.congested)
            and size <= self._window
            and size <= stream.window
            and self.size <= _AHEAD
        ):
            self._write_now(stream, data, size)
            return
        if size:
            stream.pending.append(data if size <= FRAME_SIZE else memoryview(data))
            stream.queued += size
            stream.full = stream.full or stream.queued > HIGH_WATER
        if not stream.queued:
            self._write_now(stream, b"", 0)
        elif stream.window > 0:
            self._wait(stream)

    def _write_now(self, stream: Stream, data: bytes, size: int) -> None:
        self._window -= size
        stream.window -= size
        stream.sent += size
        self.sent += size
        self.explained += 2 + 2 * (size // _PIECE)
        ends = stream.ends and not (stream.ending or stream.trailers)
        frames = self.frames
        if size <= FRAME_SIZE:
            if size or ends:
                frames.append(_pack(size >> 8, size & 0xFF, DATA, ends, stream.id))
                frames.append(data)
        else:
            self._write_frames(stream, data, size, ends=ends)
        self.size += size + FRAME_HEAD.size
        if stream.ends:
            self._end(stream)

    def _write_frames(self, stream: Stream, data: bytes, size: int, *, ends: bool) -> None:
        view = memoryview(data)
        for at in range(0, size, FRAME_SIZE):
            count = min(FRAME_SIZE, size - at)
            flags = END_STREAM if ends and at + count == size else 0
            self.frames.append(_pack(count >> 8, count & 0xFF, DATA, flags, stream.id))
            self.frames.append(view[at : at + count])

    def _end(self, stream: Stream) -> None:
        if stream.ending:
            self.put(stream.ending)
        elif stream.trailers:
            self.put(header_frames(stream.id, self.begin_block() + stream.trailers, END_STREAM))
        stream.sending = False

    def pump(self, room: int) -> list[Stream]:
        """Make frames of what waits, about ``room`` bytes at the most. Returns the streams that are complete now."""
        done: list[Stream] = []
        room -= self.size
        while self.waiting and room > 0 and self._window > 0:
            level = next(level for level in self._levels if level)
            stream = level.next()
            self.waiting -= 1
            room -= self._send_piece(stream)
            if stream.queued and stream.window > 0:
                level.add(stream)
                self.waiting += 1
            elif not stream.sending:
                done.append(stream)
            if stream.full and stream.queued <= LOW_WATER:
                stream.full = False
                self.drained.append(stream)
        return done

    def _send_piece(self, stream: Stream) -> int:
        """One frame. There is something to send, and the windows are open."""
        pending = stream.pending
        piece = pending.popleft()
        size = min(len(piece), FRAME_SIZE, stream.window, self._window)
        if size < len(piece):
            pending.appendleft(memoryview(piece)[size:])
            piece = piece[:size]
        stream.queued -= size
        stream.window -= size
        stream.sent += size
        self._window -= size
        self.sent += size
        self.explained += 2 + 2 * (size // _PIECE)
        last = stream.ends and not stream.queued
        flags = END_STREAM if last and not (stream.ending or stream.trailers) else 0
        self.frames.append(_pack(size >> 8, size & 0xFF, DATA, flags, stream.id))
        self.frames.append(piece)
        self.size += size + FRAME_HEAD.size
        if last:
            self._end(stream)
        return size

    def _wait(self, stream: Stream) -> None:
        level = self._levels[stream.priority[0]]
        self._leave(stream, level)
        level.add(stream)
        self.waiting += 1

    def _leave(self, stream: Stream, level: Level) -> None:
        if level.discard(stream):
            self.waiting -= 1

    def drop(self, stream: Stream) -> None:
        """Nothing more of it is to be sent."""
        self._leave(stream, self._levels[stream.priority[0]])
        stream.pending.clear()
        stream.queued = 0
        stream.sending = False

    def prefer(self, stream: Stream, priority: Priority) -> None:
        """The peer has thought better of it (RFC 9218 section 7)."""
        if stream.priority != priority:
            self._leave(stream, self._levels[stream.priority[0]])
            stream.priority = priority
            if stream.queued and stream.window > 0:
                self._wait(stream)

    # --- windows (RFC 9113 section 6.9) --------------------------------------------------------------------

    @property
    def blocked(self) -> bool:
        """Does the peer take nothing at all?"""
        return self._window <= 0

    def widen(self, count: int) -> None:
        """The peer takes ``count`` bytes more on this connection. Raises ``ConnectionFault``."""
        self._window += count
        if self._window > LARGEST_WINDOW:
            raise ConnectionFault(FLOW_CONTROL_ERROR, "the window of the connection is too large")

    def widen_stream(self, stream: Stream, count: int) -> None:
        """The same of a stream. ``count`` may be negative (section 6.9.2). Raises ``StreamFault``."""
        stream.window += count
        if stream.window > LARGEST_WINDOW:
            raise StreamFault(FLOW_CONTROL_ERROR, "the window of a stream is too large")
        if stream.queued:
            if stream.window > 0:
                self._wait(stream)
            else:
                self._leave(stream, self._levels[stream.priority[0]])
