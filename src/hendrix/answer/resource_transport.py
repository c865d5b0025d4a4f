"""A connection as Twisted's transport, for resources that take it over: WebSockets of autobahn's or of Twisted's.

Until a protocol takes it (``transport.protocol = ...``, as autobahn does, or by the channel's
``_protocolUpgradeForWebsockets``, as ``twisted.web.websocket`` does) it is that of a request. From then on its bytes
go to the protocol, both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from twisted.internet import interfaces
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.python.failure import Failure
from zope.interface import implementer

from hendrix.answer.producer import Flow
from hendrix.core.events import ERROR, emit
from hendrix.core.exchange import Raw
from hendrix.wire.websocket.frames import SERVICE_RESTART

if TYPE_CHECKING:
    from hendrix.answer.resource_channel import Channel

_FAREWELL = "service restart"


@implementer(interfaces.ITCPTransport, interfaces.IConsumer, interfaces.IPushProducer)
class Transport:
    """See ``ITCPTransport``."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._described = channel.describe()
        self._id = channel.request_id
        self._raw: Raw | None = None
        self._protocol: Any = None
        self._flow = Flow(channel.loop, self._writable, self._failed)
        self._more = True
        self.connected = True
        self.disconnected = False
        #: ``loseConnection`` was called; it waits for a producer to end.
        self.disconnecting = False

    # --- taking it over ------------------------------------------------------------------------------------

    @property
    def protocol(self) -> Any:
        """Who has it. To be set, by a protocol that takes it over."""
        return self._protocol

    @protocol.setter
    def protocol(self, protocol: Any) -> None:
        self._protocol = protocol
        self._take()

    def _take(self) -> Raw:
        """Who writes to a transport has taken it over, too."""
        raw = self._raw
        if raw is None:
            raw = self._raw = self._channel.take_over()
            raw.on_data = self._on_data
            raw.on_lost = self._on_lost
            raw.on_drained = self._on_drained
            raw.on_leave = self._on_leave
        return raw

    def _on_data(self, data: bytes) -> None:
        if self._protocol is not None:
            self._call(self._protocol.dataReceived, data)

    def _on_lost(self, cleanly: bool) -> None:
        self.connected, self.disconnected = False, True
        self._flow.stop()
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            self._call(protocol.connectionLost, Failure(ConnectionDone() if cleanly else ConnectionLost()))

    def _on_drained(self) -> None:
        self._more = True
        self._flow.drained()

    def _on_leave(self) -> None:
        """The worker is to end: WebSockets are told so (RFC 6455 section 7.4.1), others see the connection close."""
        protocol = self._protocol
        if hasattr(protocol, "sendCloseFrame"):  # autobahn's, which lets applications send few codes
            self._call(protocol.sendCloseFrame, SERVICE_RESTART, _FAREWELL.encode(), False)
        elif hasattr(protocol, "sendTextMessage"):  # twisted.web.websocket's
            self._call(protocol.loseConnection, SERVICE_RESTART, _FAREWELL)
        else:
            self._end()

    def _call(self, method: Callable[..., object], *args: object) -> None:
        try:
            method(*args)
        except Exception as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        emit("application.failed", ERROR, request=self._described, id=self._id, exc=error)
        self.abortConnection()

    # --- ITransport ----------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """See ``ITransport.write``."""
        if self.disconnected or self.disconnecting or not data:
            return
        self._more = self._take().write(bytes(data))
        self._flow.wrote(more=self._more)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """See ``ITransport.writeSequence``."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """See ``ITransport.loseConnection``."""
        self.disconnecting = True
        if self._flow.producer is None:
            self._end()

    def _end(self) -> None:
        if self._raw is None:
            self._channel.loseConnection()
        else:
            self._raw.close()

    def abortConnection(self) -> None:
        """See ``ITCPTransport.abortConnection``."""
        if self._raw is None:
            self._channel.abortConnection()
        else:
            self._raw.abort()

    def loseWriteConnection(self) -> None:
        """See ``IHalfCloseableProtocol``; both halves close."""
        self.loseConnection()

    def getPeer(self) -> Any:
        """The client, as trusted proxies tell it."""
        return self._channel.getPeer()

    def getHost(self) -> Any:
        """Our address."""
        return self._channel.getHost()

    def getTcpNoDelay(self) -> bool:
        """Always on."""
        return True

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Is on, and stays so."""

    def getTcpKeepAlive(self) -> bool:
        """On, once it was taken over."""
        return self._raw is not None

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """Is on once it was taken over, and stays so."""

    # --- IConsumer, IPushProducer --------------------------------------------------------------------------

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """See ``IConsumer.registerProducer``."""
        if self.disconnected:
            producer.stopProducing()
        else:
            self._take()
            self._flow.register(producer, streaming)

    def unregisterProducer(self) -> None:
        """See ``IConsumer.unregisterProducer``."""
        self._flow.unregister()
        if self.disconnecting and self.connected:
            self._end()

    def _writable(self) -> bool:
        return self._more

    def pauseProducing(self) -> None:
        """Give no more data for now."""
        if self._raw is not None:
            self._raw.pause()

    def resumeProducing(self) -> None:
        """Go on."""
        if self._raw is not None:
            self._raw.resume()

    def stopProducing(self) -> None:
        """See ``IProducer.stopProducing``."""
        self.loseConnection()
