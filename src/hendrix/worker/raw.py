"""A connection that an answer has taken over: ``core.exchange.Raw`` for real, now the only writer to its transport.

What is said on it is the answer's matter. Ours is that it ends: a peer that takes nothing is cut off as on any other
connection, one that is gone without a word is found by the kernel's probes, and one that is far behind is not sent
more.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from math import inf

from hendrix.core.events import DEBUG, WARNING, emit
from hendrix.core.exchange import unheard
from hendrix.worker.site import Site
from hendrix.worker.taking import MOST_WAITING, Taking

_HIGH_WATER = 64 * 1024
#: Seconds of silence until the kernel asks whether the peer is there, between its probes, and how many are in vain.
_PROBES = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3))


class RawConnection(asyncio.BufferedProtocol):
    """See ``core.exchange.Raw``. ``tell`` is called with the first bytes that are written."""

    __slots__ = (
        "_early",
        "_lost",
        "_reading",
        "_site",
        "_taking",
        "_tell",
        "_transport",
        "closes_at",
        "on_data",
        "on_drained",
        "on_leave",
        "on_lost",
        "writable",
    )

    kind = "raw"
    #: No request is.
    under_way = 0

    def __init__(
        self,
        site: Site,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        tell: Callable[[bytes], None],
        *,
        writable: bool,
    ) -> None:
        self._site = site
        self._transport = transport
        self._tell: Callable[[bytes], None] | None = tell
        self._taking = Taking()
        self._reading = True
        #: What came while nobody was to be given any.
        self._early: list[bytes] = []
        self._lost = False
        self.writable = writable
        self.closes_at = inf
        self.on_data: Callable[[bytes], None] = unheard
        self.on_lost: Callable[[bool], None] = unheard
        self.on_drained: Callable[[], None] | None = None
        self.on_leave: Callable[[], None] = self.close
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        _probe(transport.get_extra_info("socket"))
        if site.closed:
            loop.call_soon(self.leave)

    # --- called by the transport ---------------------------------------------------------------------------

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._site.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.take(bytes(self._site.buffer[:nbytes]))

    def take(self, data: bytes) -> None:
        """Bytes of the peer."""
        if self._reading:
            self.on_data(data)
        else:
            self._early.append(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._site.connections.discard(self)
        self.closes_at = inf
        self._taking.stop()
        on_lost, self._lost = self.on_lost, True
        # Whoever answered is not needed any more.
        self.on_data = self.on_lost = self.on_leave = unheard
        self.on_drained = self._tell = None
        on_lost(exc is None)
        self._site.on_close()

    def pause_writing(self) -> None:
        self.writable = False
        self._watch_taking()

    def resume_writing(self) -> None:
        self.writable = True
        if not self._transport.is_closing():
            self._taking.stop()
        if self.on_drained is not None:
            self.on_drained()

    # --- called by the answer ------------------------------------------------------------------------------

    def write(self, data: bytes) -> bool:
        """See ``Raw.write``."""
        if self._transport.is_closing():
            return True
        if self._tell is not None:
            tell, self._tell = self._tell, None
            tell(data)
        if not self.writable and self._transport.get_write_buffer_size() > MOST_WAITING:
            emit("peer.too_far_behind", WARNING, bytes=self._transport.get_write_buffer_size())
            self._transport.abort()
            return False
        self._taking.queued += len(data)
        self._transport.write(data)
        return self.writable

    def pause(self) -> None:
        """See ``Raw.pause``."""
        if self._reading and not self._transport.is_closing():
            self._reading = False
            self._transport.pause_reading()

    def resume(self) -> None:
        """See ``Raw.resume``."""
        if self._reading or self._transport.is_closing():
            return
        self._reading = True
        early, self._early = self._early, []
        for data in early:
            self.take(data)
        if self._reading:
            self._transport.resume_reading()

    def close(self) -> None:
        """See ``Raw.close``."""
        if not self._transport.is_closing():
            self._watch_taking()
            self._transport.close()

    def abort(self) -> None:
        """See ``Raw.abort``."""
        self._transport.abort()

    # --- the end, and time ---------------------------------------------------------------------------------

    def leave(self) -> None:
        """The worker drains."""
        self.on_leave()

    def check(self, now: float) -> None:
        """Twice a second: has the peer missed a deadline?"""
        if self._taking.since == inf:
            return
        config = self._site.config
        waiting = self._transport.get_write_buffer_size()
        if self._taking.stalled(waiting, now, seconds=config.write_timeout, rate=config.min_rate):
            emit("peer.stalled", DEBUG)
            self._transport.abort()

    def _watch_taking(self) -> None:
        self._taking.watch(self._transport.get_write_buffer_size(), time.monotonic())


def _probe(sock: socket.socket | None) -> None:
    """A peer that vanished would hold the connection for ever, for nobody may ever write to it."""
    with contextlib.suppress(OSError, AttributeError):
        assert sock is not None
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _PROBES:
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
