"""5.0's service for websockets at a port of its own: what ``/messages/main/websocket`` is to those whose clients know
that port. It needs autobahn.

    service = hey_joe.WebSocketService("127.0.0.1", 9000)
    deployer.add_non_tls_websocket_service(service)

What clients say: ``{"hx_subscribe": topic}``, which is answered with ``Subscribed to topic``, or by what was given to
``register_followup``. What they hear: ``[topic, payload]`` and ``["BROADCAST", payload]`` of ``hey_joe``, of all
workers. Everything that they say is sent to ``message_signal``, too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.types import ConnectionDeny
from django.db import close_old_connections
from django.http import HttpRequest
from twisted.internet import threads

from hendrix.answer.sockets.admission import origin_is_ours
from hendrix.contrib.concurrency.messaging import PAIR, PRIVATE, hxdispatcher
from hendrix.contrib.concurrency.signals import message_signal
from hendrix.contrib.concurrency.sockets import RESERVED, is_room, said
from hendrix.core.events import ERROR, emit
from hendrix.hub.door import hub_of, publish
from hendrix.hub.local import Ear, Hub
from hendrix.hub.message import HubError, Id, Message

_LARGEST = 1 << 20
_MOST_WAITING = 4 << 20
"""Bytes that may wait for a client that reads slowly; past that it is cut off."""
_MOST_TOPICS = 100
_PING = 20


class Participant(WebSocketServerProtocol):
    """One client."""

    factory: WebSocketService
    _hub: Hub

    def __init__(self) -> None:
        super().__init__()
        self._ears: dict[str, Ear] = {}
        #: Bytes that wait since the transport has had enough.
        self._waiting: int | None = None

    def onConnect(self, request: Any) -> None:
        """Pages of other sites are refused, as by any socket of ours."""
        asked = HttpRequest()
        asked.META = {"HTTP_HOST": request.headers.get("host", ""), "SERVER_NAME": "", "SERVER_PORT": "80"}
        if request.origin:
            asked.META["HTTP_ORIGIN"] = request.origin
        if not origin_is_ours(asked):
            raise ConnectionDeny(ConnectionDeny.FORBIDDEN, "the connection was refused")

    def onOpen(self) -> None:
        """It hears what is said to all."""
        self._hub = hub_of(asyncio.get_running_loop())
        assert self.transport is not None
        self.transport.registerProducer(self, True)
        self._ears["BROADCAST"] = self._hub.listen(PAIR + "BROADCAST", partial(self._hear, "BROADCAST"))

    def onMessage(self, payload: bytes, binary: bool) -> None:
        """See ``said``."""
        value = said(payload)
        if value is None:
            return
        if "hx_subscribe" in value:
            self._subscribe(value["hx_subscribe"])
        elif "address" in value:
            self._pass_on(value["address"], value)
        threads.deferToThread(_signal, value).addErrback(_tell)

    def onClose(self, clean: bool, code: int | None, reason: str | None) -> None:
        """It hears nothing any more."""
        ears, self._ears = self._ears, {}
        for ear in ears.values():
            self._hub.ignore(ear)

    def _pass_on(self, topic: Any, value: dict[str, Any]) -> None:
        if is_room(topic) and self.factory.may_publish(self, topic, value):
            threads.deferToThread(publish, PAIR + topic, value).addErrback(_tell)

    def _subscribe(self, topic: Any) -> None:
        if topic in RESERVED or not is_room(topic) or topic in self._ears or len(self._ears) > _MOST_TOPICS:
            return
        if self.factory.may_subscribe(self, topic):
            started = partial(self._started, topic)
            self._ears[topic] = self._hub.listen(PAIR + topic, partial(self._hear, topic), on_start=started)

    def _started(self, topic: str, position: Id | Exception) -> None:
        if isinstance(position, HubError):
            self.sendClose(self.CLOSE_STATUS_CODE_INTERNAL_ERROR)
        elif (followup := self.factory.followups.get(topic)) is not None:
            followup(self)
        else:
            self.sendMessage(f"Subscribed to {topic}".encode())

    def _hear(self, topic: str, message: Message) -> None:
        data = f"[{json.dumps(topic)}, {message.text}]".encode()
        if self._waiting is not None:
            self._waiting += len(data)
            if self._waiting > _MOST_WAITING:
                self.dropConnection(abort=True)
                return
        self.sendMessage(data)

    # --- of the transport: see ``IPushProducer`` ----------------------------------------------------------

    def pauseProducing(self) -> None:
        """What is sent from now on waits."""
        self._waiting = 0

    def resumeProducing(self) -> None:
        """All of it has been taken."""
        self._waiting = None

    def stopProducing(self) -> None:
        """The connection ends."""


class WebSocketService(WebSocketServerFactory):
    """Derive from it to say who may do what; further arguments are those of autobahn's factory."""

    def __init__(self, host_address: str, port: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(f"ws://{host_address}:{port}", *args, **kwargs)
        self.protocol = Participant
        self.followups: dict[str, Callable[[Participant], Any]] = {}
        bounds = {"maxFramePayloadSize": _LARGEST, "maxMessagePayloadSize": _LARGEST}
        self.setProtocolOptions(**bounds, autoPingInterval=_PING, autoPingTimeout=_PING)

    def register_followup(self, topic: str, followup: Callable[[Participant], Any]) -> None:
        """Have ``followup(participant)`` called, on the loop, when somebody has subscribed to ``topic``."""
        self.followups[topic] = followup

    def may_subscribe(self, participant: Participant, topic: str) -> bool:
        """May it hear the topic? On the loop: without waiting."""
        return not topic.startswith(PRIVATE)

    def may_publish(self, participant: Participant, topic: str, data: dict[str, Any]) -> bool:
        """May it have ``data`` (``{"address": topic, ...}``) relayed to the topic? On the loop: without waiting."""
        return False


def _signal(value: dict[str, Any]) -> None:
    close_old_connections()
    try:
        message_signal.send(sender=None, data=value, dispatcher=hxdispatcher)
    finally:
        close_old_connections()


def _tell(failure: Any) -> None:
    emit("application.failed", ERROR, request="a message of a WebSocketService", exc=failure.value)
