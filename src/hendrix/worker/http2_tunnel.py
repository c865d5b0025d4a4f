"""A WebSocket within a stream of HTTP/2 (RFC 8441): what a connection's transport is to it, the stream is.

So the same class serves it as serves one that has a connection of its own.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from hendrix.wire.http2.stream import Stream
from hendrix.wire.websocket.deflate import Agreement
from hendrix.worker.websocket import WebSocketConnection

if TYPE_CHECKING:
    from hendrix.worker.http2_connection import Http2Connection


class Tunnel(asyncio.Transport):
    """The transport of ``socket``, and the owner of its stream."""

    def __init__(self, connection: Http2Connection, stream: Stream, agreement: Agreement | None, early: bytes) -> None:
        super().__init__()
        self._connection = connection
        self._stream = stream
        self._closing = False
        self._lost = False
        stream.owner = self
        connection.machine.untime(stream)
        connection.machine.widen(stream, connection.limits.wide_window)
        connection.tunnels.add(self)
        connection.touch()
        self.socket = WebSocketConnection(connection.site, connection.loop, self, agreement, writable=True)
        if early:
            connection.loop.call_soon(self.take, early)

    # --- what the stream's owner is told ---------------------------------------------------------------------

    def take(self, data: bytes) -> None:
        """The peer has sent something."""
        if not self._lost:
            self.socket.take(data)

    def end(self) -> None:
        """It sends no more."""
        if not self._lost and not self.socket.eof_received():
            self.close()

    def drained(self) -> None:
        """Little waits for the peer any more."""
        if not self._lost:
            self.socket.resume_writing()

    def fail(self, _code: int, _reason: str) -> None:
        """A limit was broken."""
        self.abort()

    def leave(self) -> None:
        """The worker drains."""
        if not self._lost:
            self.socket.leave()

    def lose(self) -> None:
        """The stream is over."""
        if not self._lost:
            self._lost = self._closing = True
            self._connection.tunnels.discard(self)
            # Neither the stream nor the socket is to wait in a circle for the collector.
            self._stream.owner = None
            socket = self.socket
            del self.socket
            socket.connection_lost(None)

    def check(self, now: float) -> None:
        """Twice a second."""
        if not self._lost:
            self.socket.check(now)

    # --- what the socket asks of its transport ---------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """See ``asyncio.Transport``."""
        if self._closing:
            return
        stream = self._stream
        self._connection.machine.answers.piece(stream, bytes(data))
        self._connection.touch()
        if stream.full and self.socket.writable:
            self.socket.pause_writing()

    def get_write_buffer_size(self) -> int:
        """See ``asyncio.Transport``."""
        return self._stream.queued

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """The stream has its own."""

    def is_closing(self) -> bool:
        """See ``asyncio.Transport``."""
        return self._closing

    def can_write_eof(self) -> bool:
        """Not without an end to what the peer may send."""
        return False

    def pause_reading(self) -> None:
        """See ``asyncio.Transport``."""
        self._connection.machine.hold(self._stream, time.monotonic())

    def resume_reading(self) -> None:
        """See ``asyncio.Transport``."""
        self._connection.machine.release(self._stream, time.monotonic())
        self._connection.touch()

    def close(self) -> None:
        """RFC 8441 section 5: what closes a connection is the end of the stream."""
        if not self._closing:
            self._closing = True
            self._connection.machine.answers.end(self._stream, None)
            self._connection.settle(self._stream)
            self._connection.loop.call_soon(self.lose)

    def abort(self) -> None:
        """And what cuts it is a reset."""
        if not self._lost:
            self._closing = True
            self._connection.abort_stream(self._stream)
            self._connection.loop.call_soon(self.lose)
