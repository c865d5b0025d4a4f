"""One connection of HTTP/2: the only writer to its transport.

Many exchanges share it. What they write in one turn of the loop goes out as one piece, at the end of that turn; bodies
become frames only as far as the transport has room, so that a small answer need not wait behind a large one.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time
from math import inf
from typing import TYPE_CHECKING, Protocol, cast

from hendrix.answer.failure import failure
from hendrix.core.events import DEBUG, emit
from hendrix.core.http import Origin, Request
from hendrix.wire.http2.events import Body, Drained, Ended, Event, Lost, Opened, Refused, Repeated
from hendrix.wire.http2.heads import copied
from hendrix.wire.http2.hoard import Hoard
from hendrix.wire.http2.known import Known
from hendrix.wire.http2.machine import Http2
from hendrix.wire.http2.stream import Stream
from hendrix.worker.http2_exchange import Http2Exchange
from hendrix.worker.parting import Parting, takes_on
from hendrix.worker.site import Site
from hendrix.worker.taking import Taking

if TYPE_CHECKING:
    from hendrix.worker.http2_tunnel import Tunnel

#: The transport is to hold no more than this of bodies.
_ROOM = 256 * 1024
#: Below that: a transport that has no room has always said so, and tells when it has. (At the limit itself, and not
#: paused, every turn of the loop would look in vain whether there is room.)
_HIGH_WATER = _ROOM - 1
#: While it holds more than this, the peer is not read.
_MOST_UNREAD = 512 * 1024
#: So much may wait in the kernel: what has gone there can be overtaken by nothing.
_UNSENT = 256 * 1024
#: Of <linux/tcp.h>; Python's socket module has it since 3.12 only.
_NOTSENT_LOWAT = 25
#: Seconds that the peer is still read after the last word (see ``parting``): after a fault, and after a good end,
#: where it mostly closes at once.
_LINGER_AFTER_FAULT = 2.0
_LINGER = 1.0


class Owner(Protocol):
    """Whoever a stream belongs to."""

    def take(self, data: bytes) -> None: ...
    def end(self) -> None: ...
    def drained(self) -> None: ...
    def fail(self, code: int, reason: str) -> None: ...
    def leave(self) -> None: ...
    def lose(self) -> None: ...


class Http2Connection(asyncio.BufferedProtocol):
    """Reads, dispatches and writes for one peer."""

    kind = "http2"

    def __init__(
        self,
        site: Site,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        origin: Origin,
        id_field: bytes,
    ) -> None:
        self.site = site
        self.loop = loop
        self.origin = origin
        self.id_field = id_field
        self.limits = site.http2.limits
        self.id_name = site.http2.id_name
        self._transport = transport
        self._trusted = site.trusts(origin.client[0])
        common = site.secure_common if origin.secured else site.common
        now = time.monotonic()
        self.machine = Http2(site.http2.limits, site.http2.fields, common, now)
        self._hoard = Hoard(site.http2.hoards, site.config.min_rate, now)
        self.tunnels: set[Tunnel] = set()
        self._taking = Taking()
        self._reading = True
        self._scheduled = False
        self._parting = Parting(transport)
        #: Nothing more is answered here.
        self._over = False
        self._at_eof = False
        self.closes_at = inf
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        _keep_little_unsent(transport.get_extra_info("socket"))

    @property
    def under_way(self) -> int:
        """Requests that wait for the end of their answer."""
        return len(self.exchanges)

    @property
    def exchanges(self) -> list[Http2Exchange]:
        """Those under way."""
        return [stream.owner for stream in self.machine.streams if isinstance(stream.owner, Http2Exchange)]

    # --- called by the transport ---------------------------------------------------------------------------

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.site.buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._over:
            self._parting.discard(nbytes)
        else:
            self.receive(bytes(self.site.buffer[:nbytes]))

    def receive(self, data: bytes) -> None:
        """Bytes of the peer."""
        # What is answered at once goes out at the end of this, not of the turn.
        self._scheduled = True
        self._act(self.machine.receive(data, time.monotonic()))
        self._flush()
        if self.machine.out.congested and self._transport.get_write_buffer_size() > _MOST_UNREAD:
            # One that asks without end and takes nothing must not fill the memory with answers.
            self._reading = False
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        self._at_eof = True
        if self._over:
            return False
        now = time.monotonic()
        self._act(self.machine.eof(now))
        self._act(self.machine.watch(now))
        for stream in self.machine.streams:
            if isinstance(stream.owner, Http2Exchange) and stream.owner.on_eof is not None:
                stream.owner.on_eof()
        self._flush()
        return not self._transport.is_closing()

    def connection_lost(self, exc: Exception | None) -> None:
        self.site.connections.discard(self)
        self.closes_at = inf
        self._taking.stop()
        self._hoard.leave()
        self._over = True
        for stream in self.machine.streams:
            if stream.owner is not None:
                cast("Owner", stream.owner).lose()
        self.machine.cut()
        for tunnel in list(self.tunnels):
            tunnel.lose()
        self.site.on_close()

    def pause_writing(self) -> None:
        self.machine.out.congested = True
        self._taking.watch(self._transport.get_write_buffer_size(), time.monotonic())

    def resume_writing(self) -> None:
        self.machine.out.congested = False
        if self._transport.is_closing():
            return
        self._taking.stop()
        self._flush()
        if not self._reading:
            self._reading = True
            self._transport.resume_reading()

    # --- events of the machine -----------------------------------------------------------------------------

    def _act(self, events: list[Event]) -> None:
        for event in events:
            stream = event.stream
            if isinstance(event, Opened):
                if stream.sending:
                    self._begin(stream, event.request)
            elif isinstance(event, Repeated):
                if stream.sending:
                    self._repeat(stream, event.known)
            elif isinstance(event, Refused):
                self._refuse(stream, event.status, event.reason)
            elif stream.owner is not None:
                owner = cast("Owner", stream.owner)
                if isinstance(event, Body):
                    owner.take(event.data)
                elif isinstance(event, Ended):
                    owner.end()
                elif isinstance(event, Drained):
                    owner.drained()
                else:
                    assert isinstance(event, Lost)
                    owner.lose()

    def _repeat(self, stream: Stream, known: Known) -> None:
        """Answer a request that is known as it was answered before, if that still holds."""
        now = time.monotonic()
        answers = self.machine.answers
        still = known.still
        if now >= known.until or known.made_of is not answers.made_of or (still is not None and not still()):
            self._begin(stream, copied(known.request))
            return
        self.site.requests += 1
        answers.again(stream, known.head, known.body)
        self.machine.settle(stream, now)

    def _begin(self, stream: Stream, request: Request) -> None:
        if self._trusted or request.target_scheme == b"http":
            # A proxy tells of the scheme that it was asked with in fields of its own.
            request.target_scheme = b""
        exchange = stream.owner = Http2Exchange(self, stream, request, self.origin, time.monotonic())
        self.site.begin(exchange)

    def _refuse(self, stream: Stream, code: int, reason: str) -> None:
        """A request that breaks a limit: answer if no answer has begun."""
        emit("peer.fault", DEBUG, status=code, reason=reason, peer=self.origin.client[0])
        if stream.owner is not None:
            cast("Owner", stream.owner).fail(code, reason)
        elif stream.sending and not stream.started:
            status, headers, body = failure(code, reason, b"")
            self.machine.answers.whole(stream, status, headers, body, b"")
            self.settle(stream)

    # --- what exchanges ask for ----------------------------------------------------------------------------

    def touch(self) -> None:
        """There is something to be sent by the end of this turn."""
        if not self._scheduled:
            self._scheduled = True
            self.loop.call_soon(self._flush)

    def settle(self, stream: Stream) -> None:
        """The answer on ``stream`` is complete."""
        self.machine.settle(stream, time.monotonic())
        self.touch()

    def abort_stream(self, stream: Stream) -> None:
        """The answer on ``stream`` breaks off."""
        self.machine.abort(stream, time.monotonic())
        self.touch()

    # --- writing -------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        self._scheduled = False
        transport = self._transport
        if self._over or transport.is_closing():
            return
        machine = self.machine
        out = machine.out
        if out.waiting and not out.congested:
            self._act(machine.pump(_ROOM - transport.get_write_buffer_size()))
        data = out.take()
        if data:
            self._taking.queued += len(data)
            transport.write(data)
        if machine.over is not None:
            self._end()
        elif out.waiting and not (out.congested or out.blocked):
            self.touch()

    # --- the end -------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """The worker drains: what is under way is the last."""
        self._act(self.machine.leave(time.monotonic()))
        for stream in self.machine.streams:
            if stream.owner is not None:
                cast("Owner", stream.owner).leave()
        self._flush()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def _end(self) -> None:
        """Nothing more is answered here."""
        over = self.machine.over
        assert over is not None
        if over.fault:
            emit("peer.fault", DEBUG, status=over.code, reason=over.fault, peer=self.origin.client[0])
        self._over = True
        self._hoard.leave()
        if self._at_eof or self.machine.silent:
            self._taking.watch(self._transport.get_write_buffer_size(), time.monotonic())
            self._transport.close()
            return
        self._taking.stop()
        seconds = _LINGER_AFTER_FAULT if over.fault else _LINGER
        self.closes_at = self._parting.begin(seconds, reading=self._reading)

    # --- time ------------------------------------------------------------------------------------------------

    def check(self, now: float) -> None:
        """Twice a second: has the peer missed a deadline?"""
        if self.closes_at != inf:
            if now >= self.closes_at:
                self._part(now)
            return
        machine = self.machine
        machine.forget()
        if now >= machine.deadline:
            self._act(machine.expire(now))
            self._flush()
        if machine.idle:
            self._hoard.leave()
        else:
            self._act(machine.watch(now))
            self._weigh(now)
            self._flush()
        for tunnel in list(self.tunnels):
            tunnel.check(now)
        if self._taking.since != inf and self._stalls(self._transport.get_write_buffer_size(), now):
            emit("peer.stalled", DEBUG, peer=self.origin.client[0])
            self._transport.abort()

    def _stalls(self, waiting: int, now: float) -> bool:
        config = self.site.config
        return self._taking.stalled(waiting, now, seconds=config.write_timeout, rate=config.min_rate)

    def _part(self, now: float) -> None:
        """Close the whole, unless the peer is still taking what it was answered in good order."""
        over = self.machine.over
        if over is not None and not over.fault and takes_on(self._transport, self._taking, now, self.site.config):
            self.closes_at = now + _LINGER
        else:
            self._transport.abort()

    def _weigh(self, now: float) -> None:
        """Does too much wait for peers that do not take it?"""
        out = self.machine.out
        waiting = [stream.queued for stream in self.machine.streams if stream.queued]
        taken = out.sent - self._transport.get_write_buffer_size()
        if self._hoard.weigh(waiting, taken, now, stuck=out.congested):
            self._act(self.machine.give_up(now))


def _keep_little_unsent(sock: socket.socket | None) -> None:
    """Whoever wants a small answer while he gets a large one would wait for all that the kernel holds of that."""
    if sock is not None and sys.platform == "linux" and sock.family != socket.AF_UNIX:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, _UNSENT)
