"""One connection: the only writer to its transport.

Bytes go to the protocol machine, its events to an exchange, the exchange's answer back to the transport. Reading
stops while a peer sends faster than it is answered; a peer that takes nothing of its answer is cut off.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from math import inf
from typing import cast

from hendrix.answer.failure import failure
from hendrix.core.events import DEBUG, emit
from hendrix.core.http import Origin, Request, ResponseHeaders
from hendrix.core.prepared import Descriptor
from hendrix.wire.http1 import Http1
from hendrix.wire.http2.frames import PREFACE
from hendrix.wire.machine import Data, End, Event, Fault
from hendrix.wire.proxy_line import ProxyLine
from hendrix.wire.websocket.deflate import Agreement
from hendrix.worker.exchange import HttpExchange
from hendrix.worker.file_output import FileOutput
from hendrix.worker.http2_connection import Http2Connection
from hendrix.worker.known import JOINED, LONGEST_HEAD, Known
from hendrix.worker.origin import origin_of
from hendrix.worker.parting import Parting, be_incomplete, takes_on
from hendrix.worker.proxied import may_speak_for_others, unwrap
from hendrix.worker.raw import RawConnection
from hendrix.worker.site import RECEIVE_BUFFER, Site
from hendrix.worker.taking import Taking
from hendrix.worker.websocket import WebSocketConnection

#: Pipelined bytes that may wait behind the request at hand.
_MOST_PIPELINED = 64 * 1024
_HIGH_WATER = 256 * 1024
#: Seconds that a peer is still read after a refusal (see ``parting``).
_LINGER = 2.0


class Connection(asyncio.BufferedProtocol):
    """Reads, dispatches and writes for one peer."""

    __slots__ = (
        "_early",
        "_exchange",
        "_file",
        "_held",
        "_loop",
        "_must_linger",
        "_parting",
        "_paused_reading",
        "_pending",
        "_proxy",
        "_taking",
        "_transport",
        "_when_written",
        "closes_at",
        "common",
        "id_field",
        "known",
        "machine",
        "origin",
        "site",
        "writable",
    )

    #: What it is called where sockets are counted.
    kind = "http1"

    def __init__(self, site: Site, loop: asyncio.AbstractEventLoop, id_field: bytes, proxy: ProxyLine | None) -> None:
        self.site = site
        site.arriving += 1
        self.id_field = id_field
        self._loop = loop
        self._proxy = proxy
        self.machine = Http1(site.limits, site.parser, time.monotonic())
        #: What came first, until it is told which protocol that is; None: it is.
        self._early: bytes | None = b"" if site.config.http2 != "off" else None
        self._exchange: HttpExchange | None = None
        #: Events of pipelined requests, which wait for the next turn of the loop. Later ones stand behind them.
        self._pending: list[Event] = []
        self._file: FileOutput | None = None
        self.writable = True
        self._paused_reading = False
        #: Its answers wait for the peer, and the next request waits for that.
        self._held = False
        self._must_linger = False
        #: Nothing more is answered here.
        self._parting: Parting | None = None
        self._taking = Taking()
        #: Calls that wait until what was answered has left us.
        self._when_written: list[Callable[[], None]] | None = None
        self.closes_at = inf

    @property
    def under_way(self) -> int:
        """Requests that wait for the end of their answer."""
        return 0 if self._exchange is None else 1

    @property
    def exchanges(self) -> list[HttpExchange]:
        """Those under way."""
        return [] if self._exchange is None else [self._exchange]

    # --- called by the transport ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_HIGH_WATER)
        self.origin = origin_of(self._transport)
        self.common = self.site.secure_common if self.origin.secured else self.site.common
        self.known = self.site.known_to(self.origin)
        self.site.arriving -= 1
        self.site.connections.add(self)
        if self._proxy is not None and not may_speak_for_others(self.site, self.origin.client[0]):
            self._transport.abort()
        channel = transport.get_extra_info("ssl_object")
        if channel is not None and channel.selected_alpn_protocol() == "h2":
            self.become_http2()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.site.buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._parting is not None:
            self._parting.discard(nbytes)
            return
        data = bytes(self.site.buffer[:nbytes])
        if self._proxy is not None:
            data = self._unwrap(data)
            if not data:
                return
        if self._early is not None:
            data = self._told_apart(data)
            if not data:
                return
        if nbytes <= LONGEST_HEAD and (known := self.known.get(data)) is not None and self._repeat(known):
            return
        events = self.machine.receive(data, time.monotonic())
        if events:
            self._take(events)
        elif self.machine.buffered > _MOST_PIPELINED and (self._exchange is not None or self._held):
            self.hold_reading()
        if nbytes == RECEIVE_BUFFER:
            self._take_turns()

    def _repeat(self, known: Known) -> bool:
        """Answer a head that is known as it was answered before. False: not now."""
        site = self.site
        now = time.monotonic()
        still = known.still
        if now >= known.until or site.draining or not self.writable or (still is not None and not still()):
            return False
        if not self.machine.repeat(now):
            return False
        site.requests += 1
        whole = known.whole or self.known.join(known)
        if whole:
            self.send(whole)
        else:
            self.send_parts(known.head, known.body)
        return True

    def _take_turns(self) -> None:
        """A body in tiny chunks takes long to read, and uvloop would read on as long as there is more."""
        exchange = self._exchange
        if exchange is not None and exchange.request.length < 0 and not self._paused_reading:
            self._transport.pause_reading()
            self._loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        if not self._paused_reading and not self._transport.is_closing():
            self._transport.resume_reading()

    def eof_received(self) -> bool:
        if self._parting is not None or self._proxy is not None:
            return False
        self._take(self.machine.eof())
        # Half open: what the peer asked for before it stopped sending is still answered.
        exchange = self._exchange
        if exchange is not None and exchange.on_eof is not None:
            exchange.on_eof()
        return not self._transport.is_closing()

    def connection_lost(self, exc: Exception | None) -> None:
        self.site.connections.discard(self)
        self.closes_at = inf
        self._taking.stop()
        if self._file is not None:
            self._file.cancel()
            self._file = None
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.lose()
        self.machine.refuse()
        self._tell_written()
        self.site.on_close()

    def pause_writing(self) -> None:
        self.writable = False
        self._watch_taking()

    def resume_writing(self) -> None:
        if self._file is None:
            self._drained()
        else:
            self._file.on_empty()

    # --- events of the machine -----------------------------------------------------------------------------

    def _take(self, events: list[Event]) -> None:
        if self._pending:
            self._pending += events
        else:
            self._act(events)

    def _act(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Request):
                self._begin(event)
            elif isinstance(event, Data):
                if self._exchange is not None:
                    self._exchange.take(event.data)
            elif isinstance(event, End):
                if self._exchange is not None:
                    self._exchange.end()
            elif isinstance(event, Fault):
                self._refuse(event)
            else:
                self._hang_up()

    def _begin(self, request: Request) -> None:
        exchange = self._exchange = HttpExchange(self, request, self.origin, time.monotonic())
        self.site.begin(exchange)

    def _refuse(self, fault: Fault) -> None:
        """The framing is in doubt: answer if no answer has begun, then close."""
        emit("peer.fault", DEBUG, status=fault.status, reason=fault.reason, peer=self.origin.client[0])
        self._must_linger = True
        if self._exchange is not None:
            self._exchange.fail(fault.status, fault.reason)
            return
        status, headers, body = failure(fault.status, fault.reason, b"")
        data = self.machine.whole(status, headers, body, self.common, "")
        self.send(data.removesuffix(body) if fault.head_only else data)
        self._end()

    def _hang_up(self) -> None:
        if self._exchange is not None:
            self._transport.abort()
        else:
            self._close()

    def _unwrap(self, data: bytes) -> bytes:
        """Take the PROXY line off the front; it says who the peer really is."""
        assert self._proxy is not None
        found = unwrap(self._proxy, data, self.origin.client[0])
        if found is None:
            self._transport.abort()
            return b""
        source, rest = found
        if self._proxy.complete:
            self._proxy = None
        if source is not None:
            self.origin = Origin(source.client, source.server, self.origin.scheme, door=self.origin.door)
        return rest

    def _told_apart(self, data: bytes) -> bytes:
        """The first bytes of HTTP/1.1; nothing where they may be, or are, the preface of HTTP/2."""
        data, self._early = (self._early or b"") + data, None
        if not data.startswith(PREFACE[: len(data)]):
            return data
        if self.site.config.http2 == "auto" and not self.site.trusts(self.origin.client[0]):
            return data
        if len(data) < len(PREFACE):
            self._early = data
        else:
            self.become_http2(data)
        return b""

    def become_http2(self, data: bytes = b"") -> None:
        """Another protocol has the transport from here on. ``data`` is what has come of it."""
        self.machine.refuse()
        connection = Http2Connection(self.site, self._loop, self._transport, self.origin, self.id_field)
        self.site.connections ^= {self, connection}
        self._transport.set_protocol(connection)
        if data:
            connection.receive(data)
        else:
            connection.touch()
        if self.site.draining:
            # It came before the drain began, and its request is most likely on its way.
            self._loop.call_later(_LINGER, connection.leave)

    def hold_reading(self) -> None:
        """What was received is more than is wanted for now."""
        self._paused_reading = True
        self._transport.pause_reading()
        self.machine.hold(time.monotonic())

    def go_on_reading(self) -> None:
        """The reverse of ``hold_reading``; safe to call without it."""
        if self._paused_reading and not self._transport.is_closing():
            self._paused_reading = False
            self._transport.resume_reading()
            self.machine.go_on(time.monotonic())

    # --- writing -------------------------------------------------------------------------------------------

    @property
    def takes_more(self) -> bool:
        """Not one that is lost already: who writes on without a pause would keep the loop from telling him."""
        return self.writable and not self._transport.is_closing()

    def send(self, data: bytes) -> None:
        """Queue ``data`` for the peer."""
        self._taking.queued += len(data)
        self._transport.write(data)

    def send_parts(self, head: bytes, body: bytes) -> None:
        """Queue both for the peer; what is large is not copied for it."""
        if len(body) < JOINED:
            self.send(head + body)
        else:
            self._taking.queued += len(head) + len(body)
            self._transport.writelines((head, body))

    def send_file(
        self,
        file: Descriptor,
        offset: int,
        count: int,
        before: bytes,
        behind: bytes,
        done: Callable[[], None] | None = None,
    ) -> None:
        """Send ``before``, a piece of ``file`` and ``behind``; then call ``done``, or else the exchange is drained."""
        self.writable = False
        # What stands before the file leaves at once, as the file waits for that.
        self._transport.set_write_buffer_limits(high=0)
        sent = partial(self._file_sent, behind, done)
        self._file = output = FileOutput(self._loop, self._transport, self.origin.client[0], file, offset, count, sent)
        self._taking.queued += count
        self._watch_taking()
        if before:
            self.send(before)
        output.begin()

    def _file_sent(self, behind: bytes, done: Callable[[], None] | None) -> None:
        self._file = None
        self._transport.set_write_buffer_limits(high=_HIGH_WATER)
        if behind:
            self.send(behind)
        if done is None:
            # Not from within the call that began the file: its caller has yet to learn that it must wait.
            self._loop.call_soon(self._drained)
            return
        self.writable = not self._transport.get_write_buffer_size()
        if self.writable and not self._transport.is_closing():
            self._taking.stop()
        done()

    def when_written(self, call: Callable[[], None]) -> None:
        """Have ``call()`` made when few bytes wait for the peer, or it is gone."""
        if self.writable or self._transport.is_closing():
            self._loop.call_soon(call)
        else:
            self._when_written = [*(self._when_written or ()), call]

    def _tell_written(self) -> None:
        calls, self._when_written = self._when_written, None
        for call in calls or ():
            call()

    def _drained(self) -> None:
        self.writable = True
        if self._when_written is not None:
            self._tell_written()
        if not self._transport.is_closing():
            self._taking.stop()
        exchange = self._exchange
        if exchange is not None and exchange.on_drained is not None:
            exchange.on_drained()
        elif self._held:
            self._held = False
            self.answered()

    # --- the end of an answer, and of the connection ---------------------------------------------------------

    def finish_here(self) -> None:
        """The answer at hand is this connection's last."""
        if self.machine.receiving:
            self._must_linger = True
            self.machine.refuse()
        self.machine.keep_alive = False

    def answered(self) -> None:
        """The exchange is complete: on to the next request, or close."""
        self._exchange = None
        if not self.machine.keep_alive or self.site.draining:
            self._end()
            return
        if not self.writable:
            # One that asks without end and takes nothing must not fill the memory with answers; nor does the time
            # that it takes to take a large one count as idle.
            self._held = True
            return
        events = self.machine.next_request(time.monotonic())
        if self.machine.buffered <= _MOST_PIPELINED:
            self.go_on_reading()
        if events:
            # Not from within the answer that just ended: a pipelining peer must not deepen the stack.
            self._pending = events
            self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        events, self._pending = self._pending, []
        if not self._transport.is_closing():
            self._act(events)

    def upgrade(self, headers: ResponseHeaders, agreement: Agreement | None) -> WebSocketConnection:
        """Become a WebSocket; another protocol takes over the transport. Raises ``AnswerError``."""
        head, rest = self.machine.switch(headers, "websocket")
        self.send(head)
        self._exchange = None
        self.go_on_reading()
        socket = WebSocketConnection(self.site, self._loop, self._transport, agreement, writable=self.writable)
        self.site.connections ^= {self, socket}
        self._transport.set_protocol(socket)
        if rest:
            self._loop.call_soon(socket.take, rest)
        return socket

    def take_over(self, tell: Callable[[bytes], None]) -> RawConnection:
        """Another protocol has the transport from here on; ``tell`` hears its first bytes. Raises ``AnswerError``."""
        rest = self.machine.hand_over()
        self._exchange = None
        self.go_on_reading()
        raw = RawConnection(self.site, self._loop, self._transport, tell, writable=self.writable)
        self.site.connections ^= {self, raw}
        self._transport.set_protocol(raw)
        if rest:
            self._loop.call_soon(raw.take, rest)
        return raw

    def leave(self) -> None:
        """The worker drains: an idle connection closes now, a busy one with its answer."""
        if self._exchange is not None:
            self._exchange.leave()
        elif self.machine.idle:
            self._close()

    def abort(self) -> None:
        """Cut the connection."""
        if self.machine.ends_with_connection:
            be_incomplete(self._transport)
        self._transport.abort()

    def _end(self) -> None:
        if not self._must_linger:
            self._close()
            return
        self.machine.refuse()
        self._taking.stop()
        self._parting = Parting(self._transport)
        self.closes_at = self._parting.begin(_LINGER, reading=not self._paused_reading)

    def _close(self) -> None:
        self.machine.refuse()
        self._watch_taking()
        self._transport.close()

    # --- time ------------------------------------------------------------------------------------------------

    def check(self, now: float) -> None:
        """Twice a second: has the peer missed a deadline?"""
        if self._parting is not None:
            if now >= self.closes_at:
                self._part(now)
        elif now >= self.machine.deadline:
            self._take(self.machine.expire())
        elif self._taking.since != inf:
            config = self.site.config
            if self._taking.stalled(self.waiting, now, seconds=config.write_timeout, rate=config.min_rate):
                emit("peer.stalled", DEBUG, peer=self.origin.client[0])
                self._transport.abort()

    def _part(self, now: float) -> None:
        """Close the whole, unless the peer is still taking what it was answered."""
        if takes_on(self._transport, self._taking, now, self.site.config):
            self.closes_at = now + _LINGER
        else:
            self._transport.abort()

    def _watch_taking(self) -> None:
        self._taking.watch(self.waiting, time.monotonic())

    @property
    def waiting(self) -> int:
        """Bytes that the peer has yet to take."""
        return self._transport.get_write_buffer_size() + (self._file.left if self._file is not None else 0)
