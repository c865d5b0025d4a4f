"""WebSockets that take the connection over: autobahn's, and Twisted's own."""

from __future__ import annotations

from typing import Any

from autobahn.twisted.resource import WebSocketResource
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.web import websocket

from beside.resources import journal


class Echo(WebSocketServerProtocol):
    def onConnect(self, request: Any) -> None:
        journal["autobahn"].append(request.path)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if payload == b"raise":
            raise RuntimeError("a message that raises")
        if payload.startswith(b"flood"):
            for _ in range(int(payload[5:])):
                self.sendMessage(b"x" * 1_000_000, True)
        else:
            self.sendMessage(payload, isBinary)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        journal["autobahn"].append([wasClean, code])


factory = WebSocketServerFactory()
factory.protocol = Echo
echo = WebSocketResource(factory)
echo.namespace = "sockets/echo"


class TwistedEcho:
    """See ``twisted.web.websocket.WebSocketProtocol``."""

    @classmethod
    def buildProtocol(cls, request: Any) -> TwistedEcho:
        return cls()

    def negotiationStarted(self, transport: Any) -> None:
        self.transport = transport

    def negotiationFinished(self) -> None: ...

    def textMessageReceived(self, message: str) -> None:
        self.transport.sendTextMessage(message)

    def bytesMessageReceived(self, message: bytes) -> None:
        self.transport.sendBytesMessage(message)

    def pongReceived(self, payload: bytes) -> None: ...

    def connectionLost(self, reason: Any) -> None:
        journal["twisted"].append(reason.type.__name__)


twisted_echo = websocket.WebSocketResource(TwistedEcho)
twisted_echo.namespace = "sockets/twisted"
