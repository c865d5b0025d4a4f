"""What Twisted's ``Request`` takes for its HTTP channel: an exchange, as ``twisted.web._http2.H2Stream`` is one.

What a resource writes is held until the turn of the loop ends, or the resource has returned: most answers are whole
by then, and go out in one piece.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextvars import copy_context
from functools import lru_cache
from typing import Any, cast

from twisted.internet import interfaces
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost, TimeoutError
from twisted.python.failure import Failure
from zope.interface import implementer

from hendrix.answer.failure import failure
from hendrix.answer.mounts import Mount
from hendrix.answer.producer import Flow
from hendrix.answer.resource_headers import AnswerHeaders, status_line
from hendrix.answer.resource_transport import Transport
from hendrix.core.errors import AnswerError
from hendrix.core.events import ERROR, emit
from hendrix.core.exchange import NO_MORE, Exchange, Raw
from hendrix.core.http import ResponseHeaders
from hendrix.core.request_id import named

#: Bytes that are held at the most.
_MOST_HELD = 64 * 1024
Address = IPv4Address | IPv6Address | UNIXAddress


@implementer(interfaces.ITransport, interfaces.IConsumer, interfaces.IPushProducer)
class Channel:
    """One request's."""

    #: Twisted's own access log is not kept; ours is.
    factory = None
    _request: Any = None
    #: The head, once the resource has said it, and until it is sent; what it has written meanwhile.
    _status = ""
    _headers: ResponseHeaders = NO_MORE
    _held: list[bytes] | None = None
    _held_size = 0
    _flushing = False
    #: The resource runs: what it writes is held until it returns.
    rendering = False
    _flow: Flow | None = None
    _transport: Transport | None = None
    _transport_taken = False
    #: The peer's form makes no sense.
    is_bad = False

    def __init__(self, exchange: Exchange, site: Any, mount: Mount) -> None:
        self.exchange = exchange
        self.site = site
        #: The resource that is asked.
        self.mount = mount

    # --- from the layer ------------------------------------------------------------------------------------

    def serve(self, request: Any, begin: Callable[[], object] | None = None) -> None:
        """Have ``request``, which has this channel, begin (by ``process``), and see what it leaves for later."""
        self._request = request
        self.rendering = True
        context = copy_context()
        context.run(named.set, self.request_id)
        context.run(begin or request.process)
        self.rendering = False
        if self._request is not None and not self._transport_taken:
            self._wait()

    def _wait(self) -> None:
        """It goes on later: ``NOT_DONE_YET``."""
        self._flush()
        exchange = self.exchange
        exchange.on_gone, exchange.on_eof, exchange.on_drained = self._on_gone, self._on_eof, self._on_drained
        self.site.tasks.attend(self)
        if exchange.gone:
            self._on_gone()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The worker's."""
        return cast("asyncio.AbstractEventLoop", self.site.tasks.loop)

    @property
    def request_id(self) -> str:
        """See ``Exchange.request_id``."""
        return self.exchange.request_id

    # --- from the request ----------------------------------------------------------------------------------

    def writeHeaders(self, version: bytes, code: bytes, reason: bytes, headers: AnswerHeaders) -> None:
        """The head of the answer."""
        self._status = status_line(int(code), reason)
        self._headers = headers.told()
        self._held = []

    def answer(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """The whole answer, while the resource runs."""
        self._request = None
        if self._transport is not None:
            self._transport = None
        try:
            self.exchange.respond(status, headers, body)
        except AnswerError as error:
            self._refused(error)

    def write(self, data: bytes) -> None:
        """A piece of the body."""
        held = self._held
        if held is None:
            more = self.exchange.write(data)
        else:
            held.append(data)
            self._held_size += len(data)
            more = True
            if self._held_size > _MOST_HELD:
                more = self._flush()
            elif not self.rendering and not self._flushing:
                self._flushing = True
                self.loop.call_soon(self._flush)
        if self._flow is not None:
            self._flow.wrote(more=more)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Pieces of the body."""
        for piece in data:
            self.write(piece)

    def _flush(self) -> bool:
        """Send what is held. Does the peer take more?"""
        self._flushing = False
        held, self._held = self._held, None
        exchange = self.exchange
        if held is None:
            return exchange.writable
        try:
            exchange.start(self._status, self._headers)
        except AnswerError as error:
            self._refused(error)
            return True
        self._held_size = 0
        return exchange.write(b"".join(held))

    def requestDone(self, request: Any) -> None:
        """The answer is complete."""
        self._let_go()
        held, self._held = self._held, None
        try:
            if held is None:
                self.exchange.finish()
            else:
                self.exchange.respond(self._status, self._headers, held[0] if len(held) == 1 else b"".join(held))
        except AnswerError as error:
            self._refused(error)

    def _refused(self, error: AnswerError) -> None:
        """HTTP cannot carry what the resource said."""
        emit("application.bad_answer", ERROR, request=self.describe(), reason=str(error), id=self.request_id)
        self._break_off(ConnectionAborted(str(error)), 500, "the application failed")

    def answer_failure(self, code: int, reason: str) -> None:
        """An error page in the resource's place, or the connection cut where its answer has begun."""
        exchange = self.exchange
        self._held = None
        if exchange.started:
            exchange.abort()
        else:
            exchange.respond(*failure(code, reason, exchange.request.fields.get(b"accept", b"")))

    def say_instead(self, status: str, headers: ResponseHeaders, body: bytes) -> bool:
        """To be called before the request ends: it ends with this. False where its answer has been sent in part."""
        if self.exchange.started:
            return False
        self._status, self._headers, self._held = status, headers, [body]
        return True

    def _respondToBadRequestAndDisconnect(self) -> None:
        """Twisted's ``Request`` cannot read its form, and says no more."""
        self.is_bad = True

    def refuse(self, code: int, reason: str) -> None:
        """The request does not come to its resource."""
        self._let_go()
        self.answer_failure(code, reason)

    def loseConnection(self) -> None:
        """The answer, or the connection, ends here."""
        self._flush()
        self.exchange.abort()

    def abortConnection(self) -> None:
        """The same, at once."""
        self.exchange.abort()

    def setTimeout(self, seconds: float | None) -> None:
        """Of ``TimeoutMixin``. Idle connections are ours, and a request in progress is not idle."""

    # --- who and where -------------------------------------------------------------------------------------

    def getPeer(self) -> Address:
        """The client, as trusted proxies tell it."""
        return address(self.exchange.origin.client)

    def getHost(self) -> Address:
        """Our address."""
        return address(self.exchange.origin.server)

    def isSecure(self) -> bool:
        """Was it sent by HTTPS, to us or to a trusted proxy?"""
        return self.exchange.origin.scheme == "https"

    # --- producers -----------------------------------------------------------------------------------------

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """See ``IConsumer.registerProducer``."""
        if self._flow is None:
            self._flow = Flow(self.loop, self._writable, self._failed)
        self._flow.register(producer, streaming)

    def unregisterProducer(self) -> None:
        """See ``IConsumer.unregisterProducer``."""
        if self._flow is not None:
            self._flow.unregister()

    def _writable(self) -> bool:
        return self._held_size <= _MOST_HELD if self._held is not None else self.exchange.writable

    def _failed(self, error: Exception) -> None:
        """The producer raised."""
        emit("application.failed", ERROR, request=self.describe(), id=self.request_id, exc=error)
        self._break_off(ConnectionAborted(str(error)), 500, "the application failed")

    def pauseProducing(self) -> None:
        """Of the request's body, all of which has arrived."""

    def resumeProducing(self) -> None:
        """The reverse of ``pauseProducing``."""

    def stopProducing(self) -> None:
        """See ``IProducer.stopProducing``."""
        self.loseConnection()

    # --- the peer, and time --------------------------------------------------------------------------------

    def _on_drained(self) -> None:
        if self._flow is not None:
            self._flow.drained()

    def _on_gone(self) -> None:
        self._lose(ConnectionLost())

    def _on_eof(self) -> None:
        """As with Twisted, a peer that sends no more has left."""
        self._lose(ConnectionDone())
        self.exchange.abort()

    def _lose(self, error: Exception) -> None:
        flow, request = self._flow, self._let_go()
        self._held = None
        if flow is not None:
            flow.stop()
        if request is not None:
            self._call(request.connectionLost, Failure(error))

    def _call(self, method: Callable[..., object], *args: object) -> None:
        try:
            method(*args)
        except Exception as error:
            emit("application.failed", ERROR, request=self.describe(), id=self.request_id, exc=error)

    def _break_off(self, error: Exception, code: int, reason: str) -> None:
        flow, request = self._flow, self._let_go()
        self.answer_failure(code, reason)
        if flow is not None:
            flow.stop()
        if request is not None:
            self._call(request.connectionLost, Failure(error))

    @property
    def answering(self) -> bool:
        """See ``Watched.answering``."""
        return self.exchange.started

    def expire(self, seconds: float) -> None:
        """See ``Watched.expire``."""
        self._break_off(TimeoutError(f"no answer within {seconds:.0f} s"), 504, "the application took too long")

    def describe(self) -> str:
        """See ``Watched.describe``."""
        return self.exchange.request.described

    def _let_go(self) -> Any:
        """Nothing of the exchange is for this request any more."""
        request, self._request = self._request, None
        # It knows this one: a circle that only the collector would break.
        self._flow = None
        if not self.rendering:
            exchange = self.exchange
            exchange.on_gone = exchange.on_eof = exchange.on_drained = None
            self.site.tasks.dismiss(self)
        if not self._transport_taken:
            self._transport = None
        return request

    # --- taking the connection over ------------------------------------------------------------------------

    @property
    def transport(self) -> Transport | None:
        """What may be taken over; None where the connection has other requests too (HTTP/2), and once it was."""
        if self._request is None or self.exchange.request.version[:1] != "1":
            return None
        if self._transport is None:
            self._transport = Transport(self)
        return self._transport

    @transport.setter
    def transport(self, transport: Transport | None) -> None:
        """How autobahn says that it is not to be used any more; that is seen by what it does with it."""
        self._transport = transport or self._transport

    def take_over(self) -> Raw:
        """For the transport. Raises ``AnswerError``."""
        raw = self.exchange.take_over()
        self._transport_taken = True
        self._let_go()
        return raw

    def _protocolUpgradeForWebsockets(self, protocol: Any) -> None:
        """How ``twisted.web.websocket`` takes a connection over."""
        transport = self.transport
        assert transport is not None
        transport.protocol = protocol
        protocol.makeConnection(transport)


class _Unix(UNIXAddress):
    """A peer at a unix socket. ``WSGIResource`` asks every peer for these."""

    host = ""
    port = 0


@lru_cache(maxsize=4096)
def address(place: tuple[str, int]) -> Address:
    """``(host, port)`` as Twisted has it; a unix socket has no host."""
    host, port = place
    if not host:
        return _Unix(None)
    return IPv6Address("TCP", host, port) if ":" in host else IPv4Address("TCP", host, port)
