"""One connection of HTTP/3: between the machine and the exchanges of one peer.

It has no transport: datagrams come from the door (``http3_door``), and go to it at the end of the turn in which there
is something to be sent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, cast

from hendrix.answer.failure import failure
from hendrix.core.events import DEBUG, ERROR, emit
from hendrix.core.http import Origin, Request, Secured
from hendrix.wire.http3.codes import NO_ERROR
from hendrix.wire.http3.events import Body, Drained, Ended, Event, Lost, Opened, Refused
from hendrix.wire.http3.machine import Http3
from hendrix.wire.http3.stream import Stream
from hendrix.worker.http3_exchange import Http3Exchange
from hendrix.worker.http3_place import Place
from hendrix.worker.site import Site

if TYPE_CHECKING:
    from hendrix.worker.http2_connection import Owner
    from hendrix.worker.http3_door import Http3Door

_TLS13 = 0x0304


class Http3Connection:
    """Reads, dispatches and writes for one peer."""

    #: As it is counted.
    kind = "http3"

    def __init__(self, site: Site, door: Http3Door, machine: Http3, place: Place) -> None:
        self.site = site
        self.loop = door.loop
        self.id_field = door.id_field
        self.limits = site.http2.limits
        self.id_name = b""
        self.machine = machine
        self.origin = place.origin(None)
        self._door = door
        self._place = place
        self._secured: Secured | None = None
        self._scheduled = False
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = inf
        #: Ids by which the door knows it.
        self.cids: set[bytes] = set()
        self._lost = False
        site.connections.add(self)

    @property
    def under_way(self) -> int:
        """Requests that wait for the end of their answer."""
        return self.machine.live

    @property
    def exchanges(self) -> list[Http3Exchange]:
        """Those under way."""
        return [stream.owner for stream in self.machine.streams if isinstance(stream.owner, Http3Exchange)]

    # --- called by the door --------------------------------------------------------------------------------

    def receive(self, data: bytes, place: Place) -> None:
        """A datagram of the peer."""
        self._do(lambda now: self._act(self.machine.receive(data, place, now)))
        self.touch()

    def _expire(self) -> None:
        self._timer, self._wakes_at = None, inf
        self._do(self._be_in_time)
        self._flush()

    def _be_in_time(self, now: float) -> None:
        if now >= self.machine.deadline:
            self._act(self.machine.expire(now))

    def _do(self, step: Callable[[float], None]) -> None:
        """Whatever a peer has found that nobody has thought of ends its connection, not the others."""
        if self._lost:
            return
        try:
            step(time.monotonic())
        except Exception as error:
            emit("http3.failed", ERROR, peer=self.origin.client[0], exc=error)
            self._end()

    # --- events of the machine -----------------------------------------------------------------------------

    def _act(self, events: list[Event]) -> None:
        for event in events:
            stream = event.stream
            if isinstance(event, Opened):
                if stream.sending:
                    self._begin(stream, event.request)
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

    def _begin(self, stream: Stream, request: Request) -> None:
        origin = self._origin()
        if self.site.trusts(origin.client[0]) or request.target_scheme == b"http":
            # A proxy tells of the scheme that it was asked with in fields of its own.
            request.target_scheme = b""
        exchange = stream.owner = Http3Exchange(self, stream, request, origin, time.monotonic())
        self.site.begin(exchange)

    def _origin(self) -> Origin:
        """Who asks: the peer may have moved (RFC 9000 section 9)."""
        quic = self.machine.quic
        place = cast("Place", quic.get_peer_address() or self._place)
        if self._secured is None:
            suite = quic.tls.key_schedule.cipher_suite if quic.tls.key_schedule else None
            if suite is not None:
                self._secured = Secured("TLSv1.3", _TLS13, f"TLS_{suite.name}", int(suite))
                self._place = place
                self.origin = place.origin(self._secured)
        if place is not self._place:
            self._place = place
            self.origin = place.origin(self._secured)
        return self.origin

    def _refuse(self, stream: Stream, code: int, reason: str) -> None:
        """A request that breaks a limit: answer if no answer has begun."""
        emit("peer.fault", DEBUG, status=code, reason=reason, peer=self.origin.client[0])
        if stream.owner is not None:
            cast("Owner", stream.owner).fail(code, reason)
        elif stream.sending:
            status, headers, body = failure(code, reason, b"")
            self.machine.answers.whole(stream, status, headers, body, "")
            self.settle(stream)

    # --- what exchanges ask for ----------------------------------------------------------------------------

    def touch(self) -> None:
        """There is something to be sent by the end of this turn."""
        if not self._scheduled and not self._lost:
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
        self._do(self._send)

    def _send(self, now: float) -> None:
        machine = self.machine
        found = machine.send(now)
        self._door.know(self)
        for data, place in found:
            self._door.send(data, place)
        if machine.over:
            self._end()
        else:
            self._arm(now)

    def _arm(self, now: float) -> None:
        """A timer that comes too early asks again; one is not made anew with each datagram."""
        at = self.machine.deadline
        if at < self._wakes_at:
            if self._timer is not None:
                self._timer.cancel()
            self._wakes_at = at
            self._timer = self.loop.call_later(max(0.001, at - now), self._expire)

    # --- the end -------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """The worker drains: what is under way is the last."""
        self.machine.leave(time.monotonic())
        for stream in self.machine.streams:
            if stream.owner is not None:
                cast("Owner", stream.owner).leave()
        self.touch()

    def abort(self) -> None:
        """End it now."""
        self.machine.close(NO_ERROR, "")
        self._flush()

    def drop(self) -> None:
        """Forget it, without a word."""
        if not self._lost:
            self._end()

    def _end(self) -> None:
        self._lost = True
        if self._timer is not None:
            self._timer.cancel()
        if self.machine.fault:
            emit("peer.fault", DEBUG, reason=self.machine.fault, peer=self.origin.client[0])
        self.site.connections.discard(self)
        self._door.forget(self)
        for stream in self.machine.streams:
            if stream.owner is not None:
                cast("Owner", stream.owner).lose()
        self.site.on_close()

    # --- time ------------------------------------------------------------------------------------------------

    def check(self, now: float) -> None:
        """Twice a second: has the peer missed a deadline?"""
        self._do(lambda _now: self._act(self.machine.watch(now)))
        self.touch()
