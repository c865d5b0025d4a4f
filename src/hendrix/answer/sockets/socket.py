"""What a project derives its sockets from.

    class Chat(WebSocket):
        def authorize(self, request, room):
            return request.user.is_authenticated

        def connect(self, room):
            self.room = f"chat.{room}"
            self.subscribe(self.room)

        def receive(self, data):
            hendrix.publish(self.room, {"by": self.user.username, "text": data["text"]})

Every handler may be ``def`` (it runs in a thread, with the ORM) or ``async def`` (on the event loop). Of one socket
one runs at a time, in the order of what happened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hendrix.answer.sockets.codec import CODECS, Codec
from hendrix.hub.message import Id, Message
from hendrix.hub.presence import Change
from hendrix.hub.subscription import DROP_OLDEST
from hendrix.wire.websocket.shared import Shared

if TYPE_CHECKING:
    from hendrix.answer.sockets.session import Session


class WebSocket:
    """One client. Attributes of the class say how it is served.

    ``codec`` is ``json``, ``text``, ``binary``, ``raw`` or an object with ``decode`` and ``encode``; ``subprotocols``
    are those that are spoken, the preferred one first; ``rate`` is how much a client may send (``20/s``, past that it
    is closed with 1008), ``""``: as much as it likes; ``queue`` how many messages may wait for a client that reads
    slowly, and ``on_full`` what then happens: ``drop-oldest`` or ``close`` (1013). ``check_origin`` off lets in pages
    of other sites. ``topics`` on lets clients subscribe and publish by themselves, where ``may_subscribe`` and
    ``may_publish`` say so; it is what ``hendrix.js`` speaks.
    """

    codec: str | Codec = "json"
    subprotocols: tuple[str, ...] | list[str] = ()
    rate: str = ""
    queue: int = 256
    on_full: str = DROP_OLDEST
    check_origin: bool = True
    topics: bool = False
    most_topics: int = 100

    #: The request of the handshake, its user, and what the path holds.
    request: Any
    kwargs: dict[str, Any]
    #: The one that was agreed on, or empty.
    subprotocol: str = ""

    _session: Session

    @property
    def user(self) -> Any:
        """As ``request.user``."""
        return self.request.user

    # --- to be overridden ---------------------------------------------------------------------------------

    def authorize(self, request: Any, **kwargs: Any) -> Any:
        """May this client connect? Asked before the handshake is accepted: False, or an exception as of a view, and
        it is answered 403; an ``HttpResponse`` is the answer itself. ``kwargs`` are what the path holds."""
        return True

    def connect(self, **kwargs: Any) -> Any:
        """It is connected."""

    def receive(self, data: Any) -> Any:
        """It has sent ``data``, as the codec reads it."""

    def disconnect(self, code: int) -> Any:
        """It is gone. Its subscriptions end by themselves, and so does its presence."""

    def deliver(self, message: Message) -> Any:
        """A message of a topic that this socket has subscribed to; on the loop, in a hurry: override it by ``def``
        without waiting. By itself it sends ``{"topic": ..., "id": ..., "data": ...}``."""
        self._session.send_text(envelope(message))

    def missed(self, topic: str, position: Id) -> Any:
        """Messages of ``topic`` are gone for this client, up to that id. It is told ``{"gap": topic, "id": ...}``."""
        self._session.send_value({"gap": topic, "id": str(position)})

    def changed(self, change: Change) -> Any:
        """Somebody came or left in a topic that is watched. It is told ``{"presence": topic, "joined": name,
        "about": ...}``, or ``"left"``."""
        if change.joined:
            self._session.send_value({"presence": change.topic, "joined": change.member, "about": change.about})
        else:
            self._session.send_value({"presence": change.topic, "left": change.member})

    def may_subscribe(self, topic: str) -> Any:
        """May the client have this topic, if it asks by itself? (``topics``)"""
        return False

    def may_publish(self, topic: str, data: Any) -> Any:
        """May the client publish ``data`` there, by itself? (``topics``)"""
        return False

    def _left(self) -> None:
        """The client is gone; handlers may be at work yet, or wait for their turn. Not for projects."""

    # --- to be called, from anywhere ----------------------------------------------------------------------

    def send(self, value: Any) -> None:
        """Send it, as the codec writes it. It never waits: see ``queue`` and ``on_full``."""
        self._session.call(self._session.send_value, value)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection."""
        self._session.call(self._session.close, code, reason)

    def subscribe(self, topic: str, since: str | None = None) -> None:
        """Have messages of ``topic`` delivered: from now on, or what came after ``since``. A client that comes back
        (``?since=ID`` in its address, as ``hendrix.js`` has it) goes on where it was by itself; not so with ``""``."""
        self._session.call(self._session.subscribe, topic, since)

    def unsubscribe(self, topic: str) -> None:
        """No more."""
        self._session.call(self._session.unsubscribe, topic)

    def join(self, topic: str, member: str, about: Any = None) -> None:
        """Be present in ``topic`` as ``member``, as long as this client is connected."""
        self._session.call(self._session.join, topic, member, about)

    def leave(self, topic: str, member: str) -> None:
        """No more."""
        self._session.call(self._session.leave, topic, member)

    def watch(self, topic: str) -> None:
        """Tell the client who is present in ``topic``: ``{"presence": topic, "members": {...}}`` now, and changes."""
        self._session.call(self._session.watch, topic)

    def unwatch(self, topic: str) -> None:
        """No more."""
        self._session.call(self._session.unwatch, topic)

    @classmethod
    def find_codec(cls) -> Codec:
        """The codec itself. Raises ``ValueError``."""
        if isinstance(cls.codec, str):
            if cls.codec not in CODECS:
                raise ValueError(f"the codec {cls.codec!r} of {cls.__name__} is none of {', '.join(CODECS)}")
            return CODECS[cls.codec]
        return cls.codec


def envelope(message: Message) -> Shared:
    """A message as clients have it: made once for all of them."""
    made: Shared | None = message.__dict__.get("_envelope")
    if made is None:
        from hendrix.hub.door import to_json  # noqa: PLC0415

        data = to_json(message.data.hex() if message.binary else message.topic).decode()
        topic = to_json(message.topic).decode()
        payload = f'"hex":{data}' if message.binary else f'"data":{message.text}'
        made = message.__dict__["_envelope"] = Shared(f'{{"topic":{topic},"id":"{message.id}",{payload}}}')
    return made


def websocket(handler: Callable[..., Any] | None = None, **options: Any) -> Any:
    """A function as a socket: ``@websocket``, or with attributes of the class, ``@websocket(codec="text")``.

    An ``async def`` is called once for each client and iterates over what it sends: ``async for data in socket``. One
    that does something else instead is cancelled ten seconds after its client has gone. Any other is called for each
    message: ``def echo(socket, data): socket.send(data)``.
    """
    if handler is None:
        return lambda function: websocket(function, **options)
    from hendrix.answer.sockets.function import made_of  # noqa: PLC0415 - it derives from the class above

    return made_of(handler, options)
