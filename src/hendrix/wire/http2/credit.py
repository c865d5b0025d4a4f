"""Flow control of what the peer sends (RFC 9113 section 6.9), and the deadlines of bodies.

The window of the connection is opened again as bytes arrive: one body that nobody takes must not hold up the others.
What a body may hold back is bounded by its own window, which opens as it is taken.
"""

from __future__ import annotations

from math import inf

from hendrix.wire.http2.faults import FLOW_CONTROL_ERROR, ConnectionFault, StreamFault
from hendrix.wire.http2.frames import window_update
from hendrix.wire.http2.limits import Http2Limits
from hendrix.wire.http2.outflow import Outflow
from hendrix.wire.http2.stream import Stream

_INITIAL = 65_535


class Credit:
    """What the peer of one connection may send."""

    __slots__ = ("_left", "_limits", "_out", "_owed")

    def __init__(self, limits: Http2Limits, out: Outflow) -> None:
        self._limits = limits
        self._out = out
        self._left = limits.connection_window
        self._owed = 0
        if limits.connection_window > _INITIAL:
            out.put(window_update(0, limits.connection_window - _INITIAL))

    def spend(self, size: int) -> None:
        """``size`` bytes have come on this connection. Raises ``ConnectionFault``."""
        self._left -= size
        if self._left < 0:
            raise ConnectionFault(FLOW_CONTROL_ERROR, "more came than the connection has room for")
        self._owed += size
        if self._owed * 2 >= self._limits.connection_window:
            self._out.put(window_update(0, self._owed))
            self._left += self._owed
            self._owed = 0

    def spend_of(self, stream: Stream, size: int) -> None:
        """The same of a stream. Raises ``StreamFault``."""
        stream.credit -= size
        if stream.credit < 0:
            raise StreamFault(FLOW_CONTROL_ERROR, "more came than the stream has room for")
        stream.owed += size

    def give(self, stream: Stream) -> None:
        """What has come was taken: the peer may send more, once that is worth a frame."""
        if stream.owed * 2 >= stream.target and stream.receiving and stream.held_since < 0 and not stream.discarding:
            self._out.put(window_update(stream.id, stream.owed))
            stream.credit += stream.owed
            stream.owed = 0

    def widen(self, stream: Stream, target: int) -> None:
        """Whoever reads the body takes up to ``target`` bytes at once."""
        if target > stream.target and stream.receiving and not 0 <= stream.expected <= stream.credit:
            stream.owed += target - stream.target
            stream.target = target
            self.give(stream)

    # --- time ----------------------------------------------------------------------------------------------

    def time(self, stream: Stream, now: float) -> float:
        """A body must keep its minimum rate on the whole, and what came early is no credit to stand still on."""
        if not stream.timed:
            return inf
        limits = self._limits.http
        due = now + limits.body_timeout
        if limits.min_rate:
            due = min(due, stream.began + limits.body_timeout + stream.received / limits.min_rate)
        stream.deadline = due
        return due

    def hold(self, stream: Stream, now: float) -> None:
        """Nobody takes what has come: that the rest does not is no delay of the peer's."""
        if stream.held_since < 0 and not stream.discarding:
            stream.held_since = now
            stream.deadline = inf

    def release(self, stream: Stream, now: float) -> float:
        """The reverse of ``hold``; safe to call without it."""
        if stream.held_since >= 0 and stream.receiving:
            stream.began += now - stream.held_since
            stream.held_since = -1.0
            self.give(stream)
            return self.time(stream, now)
        return inf
