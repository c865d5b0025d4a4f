"""How much may come: the windows of a connection and its streams open as what came is used up (RFC 9000 section 4).

What nobody takes of one request holds up that request, and takes part of the window of the connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hendrix.wire.http3.stream import Stream

if TYPE_CHECKING:
    from hendrix.wire.http3.quic import Quic


class Inflow:
    """The receiving half of a connection. ``window`` is that of the connection, in bytes."""

    __slots__ = ("_consumed", "_quic", "_window")

    def __init__(self, quic: Quic, window: int) -> None:
        self._quic = quic
        self._window = window
        self._consumed = 0

    def credit(self, stream: Stream) -> None:
        """What has come of ``stream`` is used up, unless somebody holds it, or it is not yet a request."""
        if (stream.held_since >= 0 and not stream.over) or not (stream.opened or stream.over):
            return
        self.consume(stream.delivered - stream.credited)
        stream.credited = stream.delivered
        self._open(stream)

    def consume(self, count: int) -> None:
        """So many bytes of whatever stream are used up."""
        self._consumed += count
        limit, known = self._consumed + self._window, self._quic._local_max_data
        if limit - known.value >= self._window // 2:
            known.value = limit

    def _open(self, stream: Stream) -> None:
        if stream.over or not stream.receiving:
            return
        limit = stream.credited + stream.window
        if limit - stream.quic.max_stream_data_local >= stream.window // 2:
            stream.quic.max_stream_data_local = limit

    def widen(self, stream: Stream, window: int) -> None:
        """The body is wanted: so much of it may be on its way."""
        if window > stream.window:
            stream.window = window
            self._open(stream)

    def hold(self, stream: Stream, now: float) -> None:
        """Nobody takes what comes: the peer is to wait."""
        if stream.held_since < 0:
            stream.held_since = now

    def release(self, stream: Stream, now: float) -> None:
        """Somebody does again. The time does not count against the peer."""
        if stream.held_since >= 0:
            held, stream.held_since = now - stream.held_since, -1.0
            stream.deadline += held
            stream.began += held
            self.credit(stream)
