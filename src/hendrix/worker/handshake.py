"""A connection that is to be secure, until it is: the PROXY line, the client's hello, the handshake.

It is cheap until the hello is there as a whole, for it may never come; and hellos wait for each other in ``Queue``,
as each costs a signature. Whoever takes too long is cut off.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from hendrix.core.events import DEBUG, emit
from hendrix.tls import hello
from hendrix.wire.proxy_line import ProxyLine
from hendrix.worker.proxied import may_speak_for_others, unwrap
from hendrix.worker.secure import SecureTransport
from hendrix.worker.shown import secured
from hendrix.worker.site import Site

if TYPE_CHECKING:
    from hendrix.tls.keyring import Keyring

#: Seconds of one turn of the loop that handshakes may have; then it is the others' turn.
_TURN = 0.005
#: Seconds that one has left when the worker drains.
_LAST = 1.0
_PLAIN = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 29\r\nConnection: close\r\n\r\n"
_PLAIN += b"This port speaks HTTPS only.\n"
#: RFC 7301 section 3.2: what the client wants to speak is not spoken here.
_NO_PROTOCOL = b"\x15\x03\x03\x00\x02\x02\x78"
_METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"OPTIONS ", b"DELETE ", b"PATCH ")

#: What is spoken behind the handshake, in the order of preference.
ALPN = ("h2", "http/1.1")
Protocols = Mapping[str, Callable[[], asyncio.BufferedProtocol]]
"""What speaks each protocol of ALPN. ``http/1.1`` is for those who name none."""


class Queue:
    """Hellos in the order in which they came, and no more of them in one turn of the loop than others can bear."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Callable[[], None]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, work: Callable[[], None]) -> None:
        """Have ``work`` done in its turn."""
        self._waiting.append(work)
        if len(self._waiting) == 1:
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        until = time.monotonic() + _TURN
        waiting = self._waiting
        try:
            while waiting and time.monotonic() < until:
                self._next()
        finally:
            # Whatever one of them has met, the others have their turn.
            if waiting:
                self._loop.call_soon(self._turn)

    def _next(self) -> None:
        try:
            self._waiting[0]()
        finally:
            self._waiting.popleft()


class Handshake(asyncio.BufferedProtocol):
    """The protocol of a plain transport, until it makes way for a ``SecureTransport``."""

    __slots__ = (
        "_asked",
        "_channel",
        "_context",
        "_data",
        "_extra",
        "_hello",
        "_incoming",
        "_keyring",
        "_outgoing",
        "_protocols",
        "_proxy",
        "_queue",
        "_site",
        "_transport",
        "closes_at",
    )

    kind = "handshake"
    #: No request is.
    under_way = 0

    def __init__(
        self, site: Site, keyring: Keyring, queue: Queue, protocols: Protocols, proxy: ProxyLine | None
    ) -> None:
        self._site = site
        site.arriving += 1
        self._keyring = keyring
        self._queue = queue
        self._protocols = protocols
        self._proxy = proxy
        self._data = b""
        self._hello = hello.Arriving()
        #: Its hello is complete, and waits for its turn or has had it.
        self._asked = False
        self._channel: ssl.SSLObject | None = None
        self.closes_at = time.monotonic() + site.config.head_timeout

    # --- called by the transport ------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        names = ("peername", "sockname")
        self._extra: dict[str, Any] = {name: transport.get_extra_info(name) for name in names}
        self._site.arriving -= 1
        self._site.connections.add(self)
        if self._proxy is not None and not may_speak_for_others(self._site, self._peer):
            self._transport.abort()

    @property
    def _peer(self) -> str:
        """Its address; empty for a unix socket."""
        name = self._extra["peername"]
        return str(name[0]).removeprefix("::ffff:") if isinstance(name, tuple) else ""

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._site.ciphers

    def buffer_updated(self, nbytes: int) -> None:
        if self._transport.is_closing():
            return
        if self._channel is not None:
            self._incoming.write(self._site.ciphers[:nbytes])
            self._go_on()
            return
        data = bytes(self._site.ciphers[:nbytes])
        if self._proxy is not None:
            data = self._unwrap(data)
        self._data += data
        if self._asked or not self._data:
            if len(self._data) > 2 * hello.LONGEST:
                self._transport.abort()
            return
        message = self._hello.read(self._data)
        if message is None and len(self._data) < hello.LONGEST:
            return
        self._asked = True
        if not self._keyring.speaks(message or b""):
            self._transport.write(_NO_PROTOCOL)
            self._transport.close()
            return
        self._context = self._keyring.choose(message or b"")
        self._queue.add(self._begin)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._site.connections.discard(self)
        self._site.on_close()

    def _unwrap(self, data: bytes) -> bytes:
        """Take the PROXY line off the front, which is not encrypted; it says who the peer really is."""
        assert self._proxy is not None
        found = unwrap(self._proxy, data, self._peer)
        if found is None:
            self._transport.abort()
            return b""
        source, rest = found
        if self._proxy.complete:
            self._proxy = None
        if source is not None:
            self._extra.update(peername=source.client, sockname=source.server)
        return rest

    # --- the handshake ----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Its turn has come."""
        if self._transport.is_closing():
            return
        if self._data.startswith(_METHODS):
            self._transport.write(_PLAIN)
            self._transport.close()
            return
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._channel = self._context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._incoming.write(self._data)
        self._data = b""
        self._go_on()

    def _go_on(self) -> None:
        assert self._channel is not None
        try:
            self._channel.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLError as error:
            emit("peer.tls_fault", DEBUG, reason=_reason(error), peer=self._peer)
            self._flush()
            self._transport.close()
            return
        self._flush()
        self._done(self._channel)

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._transport.write(self._outgoing.read())

    def _done(self, channel: ssl.SSLObject) -> None:
        site = self._site
        extra = {
            **self._extra,
            "sslcontext": self._context,
            "ssl_object": channel,
            "hendrix.secured": secured(channel),
        }
        secure = SecureTransport(site, self._transport, channel, self._incoming, self._outgoing, extra)
        protocol = self._protocols[channel.selected_alpn_protocol() or "http/1.1"]()
        site.connections.discard(self)
        self._transport.set_protocol(secure)
        secure.serve(protocol)
        if site.draining:
            # It came before the drain began, and its request is most likely on its way.
            asyncio.get_running_loop().call_later(_LAST, _leave, site, protocol)

    # --- the end, and time ------------------------------------------------------------------------------------

    def leave(self) -> None:
        """The worker drains."""
        self.closes_at = min(self.closes_at, time.monotonic() + _LAST)

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def check(self, now: float) -> None:
        """Twice a second: has it taken too long?"""
        if now >= self.closes_at:
            emit("peer.slow_handshake", DEBUG, peer=self._peer)
            self._transport.abort()


def _leave(site: Site, protocol: Any) -> None:
    if protocol in site.connections:
        protocol.leave()


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).lower().replace("_", " ")
