"""The socket behind ``/messages/main/websocket``, in the words of both old Hendrixes.

What clients say: ``{"hx_subscribe": room}``; ``{"address": room, ...}``, which goes to all in the room if
``may_publish`` permits it, and without an address back to the client. Everything is sent to ``message_signal``, too.
What they hear: ``{"setup_connection": address}``, what ``hxdispatcher`` sends, and ``[topic, payload]`` and
``["BROADCAST", payload]`` of ``hendrix.experience.hey_joe``.
"""

from __future__ import annotations

import json
import uuid
from functools import partial
from typing import Any

from hendrix.answer.sockets.socket import WebSocket
from hendrix.contrib.concurrency import tasks
from hendrix.contrib.concurrency.messaging import DICT, PAIR, PRIVATE, hxdispatcher
from hendrix.contrib.concurrency.signals import message_signal
from hendrix.hub.door import publish
from hendrix.hub.message import BadTopic, Message, check_topic

#: They had a meaning in 5.0.
RESERVED = ("YOU", "BROADCAST", "SUBSCRIBED", "UNSUBSCRIBED")


class MessageSocket(WebSocket):
    """Derive from it, and name your class in ``HENDRIX_MESSAGE_SOCKET``, to say who may do what.

    By itself it lets everybody of the site's own pages in, and into any room that is no private address; between
    clients it relays nothing.
    """

    codec = "raw"

    def may_publish(self, topic: str, data: Any) -> Any:
        """May this client have ``data`` relayed to the room ``topic``?"""
        return False

    def may_subscribe(self, topic: str) -> Any:
        """May it hear the room ``topic``?"""
        return not topic.startswith(PRIVATE)

    def connect(self, **kwargs: Any) -> None:
        """Tell the client its private address."""
        tasks.listen()
        # Nobody can guess it, as was possible with the ones of old.
        self.address = PRIVATE + uuid.uuid4().hex
        self.subscribe(DICT + self.address)
        self.subscribe(PAIR + "BROADCAST")
        self.send(json.dumps({"setup_connection": self.address}))

    def deliver(self, message: Message) -> None:
        """See ``WebSocket``."""
        if message.topic.startswith(PAIR):
            topic = json.dumps(message.topic.removeprefix(PAIR))
            self._session.send_text(f"[{topic}, {message.text}]")
        else:
            self._session.send_text(message.text)

    def receive(self, data: Any) -> None:
        """See ``said``."""
        value = said(data)
        if value is None:
            return
        if "hx_subscribe" in value:
            self._enter(value["hx_subscribe"])
        else:
            self._pass_on(value)
        message_signal.send(sender=None, data=value, dispatcher=hxdispatcher, socket=self)

    def _enter(self, room: Any) -> None:
        if room in RESERVED or not is_room(room) or not self.may_subscribe(room):
            return
        self.subscribe(DICT + room)
        self.subscribe(PAIR + room)
        # Behind the subscription, so that it hears it itself, as ever.
        self._session.call(partial(self._session.handle, partial(self._greet, room)))

    def _greet(self, room: str) -> None:
        publish(DICT + room, {"message": f"{self.request.META.get('REMOTE_ADDR', 'somebody')} is listening"})

    def _pass_on(self, value: dict[str, Any]) -> None:
        room = value.get("address")
        if room is None or room == self.address:
            self.send(json.dumps(value))
        elif is_room(room) and self.may_publish(room, value):
            publish(DICT + room, value)


def said(data: Any) -> dict[str, Any] | None:
    """What a client says. What is no JSON object is passed over: it killed the connection once."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def is_room(room: Any) -> bool:
    """Can ``room``, as a client says it, be one?"""
    try:
        check_topic(room)
        check_topic(PAIR + room)
    except (BadTopic, TypeError):
        return False
    return True
