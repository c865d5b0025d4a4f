"""A connection after its upgrade: ``core.exchange.WebSocket`` for real, now the only writer to its transport.

Messages that nobody takes stop the reading; a peer that takes nothing is cut off as on any other connection. The
transport makes a system call of each write, so frames that are made in one turn of the loop are written as one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from math import inf

from hendrix.core.errors import AnswerError
from hendrix.core.events import DEBUG, emit
from hendrix.core.exchange import unheard
from hendrix.wire.websocket.deflate import Agreement
from hendrix.wire.websocket.frames import NO_CODE, SERVICE_RESTART, may_send
from hendrix.wire.websocket.machine import Closed, SocketEvent, WebSocket
from hendrix.worker.site import Site
from hendrix.worker.taking import Taking

#: After a fault of the peer's: how long (seconds) it is still read, so that it sees why and not a reset.
_LINGER = 2.0
_HIGH_WATER = 64 * 1024
#: Frames that wait for the end of a turn at the most.
_MOST_HELD = 64


class WebSocketConnection(asyncio.BufferedProtocol):
    """See ``core.exchange.WebSocket``."""

    __slots__ = (
        "_events",
        "_held",
        "_loop",
        "_machine",
        "_paused",
        "_reading",
        "_sent_at",
        "_site",
        "_taking",
        "_transport",
        "closes_at",
        "farewell",
        "on_closed",
        "on_drained",
        "on_message",
        "writable",
    )

    kind = "websocket"
    #: No request is.
    under_way = 0

    def __init__(
        self,
        site: Site,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        agreement: Agreement | None,
        *,
        writable: bool,
    ) -> None:
        self._site = site
        self._loop = loop
        self._transport = transport
        self._machine = WebSocket(site.socket_limits, agreement, time.monotonic())
        self._taking = Taking()
        #: What was received while nobody wants it.
        self._events: list[SocketEvent] = []
        self._paused = False
        self._reading = True
        #: What is written at the end of this turn; when the last write was, if nothing was received since.
        self._held: list[bytes] | None = None
        self._sent_at = 0.0
        self.writable = writable
        self.closes_at = inf
        self.on_message: Callable[[str | bytes], None] = unheard
        self.on_closed: Callable[[int, str], None] = unheard
        self.on_drained: Callable[[], None] | None = None
        self.farewell: Callable[[], str] = _farewell
        transport.set_write_buffer_limits(high=_HIGH_WATER)

    # --- called by the transport ---------------------------------------------------------------------------

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._site.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.take(bytes(self._site.buffer[:nbytes]))

    def take(self, data: bytes) -> None:
        """Bytes of the peer."""
        machine = self._machine
        events = machine.receive(data)
        self._sent_at = 0.0
        if machine.output:
            self._write_output()
        if events:
            self._deliver(events)
            if len(events) > 1 and self._held is None:
                # The answers to all of them come in one turn, most likely: before this one's end.
                self._hold()
        if machine.behind:
            # A flood of small frames must leave the loop to others in between.
            self._stop_reading()
            if not self._paused:
                self._loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        if self._paused or self._transport.is_closing():
            return
        if self._machine.behind:
            self.take(b"")
        if not self._machine.behind and not self._paused:
            self._start_reading()

    def eof_received(self) -> bool:
        self._deliver(self._machine.eof())
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._site.connections.discard(self)
        self.closes_at = inf
        self._taking.stop()
        # The last words of a queue that nobody has read come behind it.
        self._paused = False
        events, self._events = self._events, []
        self._deliver([*events, *self._machine.eof()])
        self._let_go()
        self._site.on_close()

    def pause_writing(self) -> None:
        self.writable = False
        self._machine.quiet = True
        self._taking.watch(self._transport.get_write_buffer_size(), time.monotonic())

    def resume_writing(self) -> None:
        self.writable = True
        self._machine.quiet = False
        if not self._transport.is_closing():
            self._taking.stop()
        if self._machine.output:
            self._write_output()
        if self.on_drained is not None:
            self.on_drained()

    # --- reading -------------------------------------------------------------------------------------------

    def _deliver(self, events: list[SocketEvent]) -> None:
        if self._events:
            self._events += events
            return
        for number, event in enumerate(events):
            if isinstance(event, Closed):
                self._closed(event)
            elif self._paused:
                self._events = events[number:]
                return
            else:
                self.on_message(event)

    def _closed(self, closed: Closed) -> None:
        on_closed, self.on_closed = self.on_closed, unheard
        if closed.linger:
            emit("peer.fault", DEBUG, status=closed.code, reason=closed.reason)
        # The end of a stream (RFC 8441 section 5) overtakes nothing that was written before.
        if closed.linger and self._transport.can_write_eof():
            self.closes_at = time.monotonic() + _LINGER
            self._start_reading()
            self._flush()
            self._transport.write_eof()
        else:
            self._close()
        on_closed(closed.code, closed.reason)

    def pause(self) -> None:
        """See ``WebSocket.pause``."""
        self._paused = True
        self._stop_reading()

    def resume(self) -> None:
        """See ``WebSocket.resume``."""
        self._paused = False
        events, self._events = self._events, []
        if events:
            self._deliver(events)
        if not self._paused:
            self._loop.call_soon(self._read_on)

    def _stop_reading(self) -> None:
        if self._reading and not self._transport.is_closing():
            self._reading = False
            self._transport.pause_reading()

    def _start_reading(self) -> None:
        if not self._reading and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()

    # --- writing -------------------------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        """See ``WebSocket.open``."""
        return self._machine.open and not self._transport.is_closing()

    def send(self, data: str | bytes) -> bool:
        """See ``WebSocket.send``."""
        machine = self._machine
        if machine.open:
            self._write(machine.text(data) if isinstance(data, str) else machine.binary(data))
            if self._held is not None and len(self._held) > _MOST_HELD:
                self._flush()
        return self.writable

    def _write(self, data: bytes) -> None:
        if self._held is not None:
            self._held.append(data)
            return
        now = self._loop.time()
        if now == self._sent_at:
            self._hold().append(data)
            return
        self._sent_at = now
        self._taking.queued += len(data)
        self._transport.write(data)

    def _hold(self) -> list[bytes]:
        """From here on, and until the turn of the loop ends, only gather."""
        self._held = []
        self._loop.call_soon(self._flush)
        return self._held

    def _flush(self) -> None:
        held, self._held = self._held, None
        if held and not self._transport.is_closing():
            data = held[0] if len(held) == 1 else b"".join(held)
            self._taking.queued += len(data)
            self._transport.write(data)

    def _write_output(self) -> None:
        machine = self._machine
        if self.writable or not machine.quiet or not machine.open:
            data, machine.output = machine.output, b""
            self._write(data)

    def close(self, code: int, reason: str) -> None:
        """See ``WebSocket.close``."""
        if code != NO_CODE and not may_send(code):
            raise AnswerError(f"the close code {code} may not be sent (RFC 6455 section 7.4)")
        data = self._machine.close(code, reason, time.monotonic())
        if data:
            self._write(data)
            # The peer's close may stand behind what nobody takes any more.
            self.on_message = unheard
            self.resume()

    # --- the end -------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """The worker drains: the peer is to come back, to another one."""
        self.close(SERVICE_RESTART, self.farewell())

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def _close(self) -> None:
        self._flush()
        self._taking.watch(self._transport.get_write_buffer_size(), time.monotonic())
        self._transport.close()

    def _let_go(self) -> None:
        """Whoever answered is not needed any more."""
        self.on_message = self.on_closed = unheard
        self.on_drained = None
        self.farewell = _farewell

    # --- time ----------------------------------------------------------------------------------------------

    def check(self, now: float) -> None:
        """Twice a second: has the peer missed a deadline?"""
        if now >= self._machine.deadline:
            self._expire(now)
        if now >= self.closes_at:
            self._transport.abort()
        elif self._taking.since != inf:
            config = self._site.config
            waiting = self._transport.get_write_buffer_size()
            if self._taking.stalled(waiting, now, seconds=config.write_timeout, rate=config.min_rate):
                emit("peer.stalled", DEBUG)
                self._transport.abort()

    def _expire(self, now: float) -> None:
        machine = self._machine
        if machine.open and not (self._reading and self.writable):
            # Its pong may wait unread, or our ping unsent: that is for others to judge.
            machine.excuse(now)
            return
        events = machine.expire(now)
        if machine.output:
            self._write_output()
        self._deliver(events)


def _farewell() -> str:
    return "service restart"
