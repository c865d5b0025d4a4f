"""What one client hears and where it is present; and what it may ask for by itself, in the words of ``hendrix.js``.

    {"subscribe": topic, "since": id}   {"unsubscribe": topic}   {"publish": topic, "data": ...}
    {"watch": topic}   {"unwatch": topic}                                               from the client
    {"topic": ..., "id": ..., "data": ...}   {"subscribed": topic, "id": ...}   {"gap": topic, "id": ...}
    {"refused": topic}   {"presence": topic, ...}                                        to it

Ids are counted over all topics: the highest that a client has seen is all that it has to bring along to go on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from hendrix.hub.door import check_member, outgoing
from hendrix.hub.local import Ear, Hub
from hendrix.hub.message import BadTopic, HubError, Id, check_topic, read_id

if TYPE_CHECKING:
    from hendrix.answer.sockets.socket import WebSocket


class Topical:
    """The part of a session that has to do with the hub."""

    _gone: bool

    def __init__(self, hub: Hub, socket: WebSocket, since: str) -> None:
        self._hub = hub
        self._socket = socket
        #: Where a client that comes back was.
        self._since = read_id(since)
        self._ears: dict[str, Ear] = {}
        self._present: list[tuple[str, str]] = []
        self._watched: dict[str, Callable[[Any], None]] = {}

    def send_value(self, value: Any) -> None:
        """See ``Session``."""
        raise NotImplementedError

    def fail(self, error: BaseException) -> None:
        """See ``Session``."""
        raise NotImplementedError

    def handle(self, call: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """See ``Session``."""
        raise NotImplementedError

    # --- for the project ----------------------------------------------------------------------------------

    def subscribe(self, topic: str, since: str | None = None) -> None:
        """See ``WebSocket.subscribe``."""
        if self._gone or topic in self._ears:
            return
        if len(self._ears) >= self._socket.most_topics:
            self.fail(HubError(f"more than {self._socket.most_topics} topics of one client: see most_topics"))
            return
        socket = self._socket
        try:
            self._ears[topic] = self._hub.listen(
                topic,
                socket.deliver,
                partial(socket.missed, topic),
                partial(self._subscribed, topic),
                self._since if since is None else read_id(since),
            )
        except HubError as error:
            self.fail(error)

    def _subscribed(self, topic: str, position: Id | Exception) -> None:
        if isinstance(position, Exception):
            self._ears.pop(topic, None)
            self.fail(position)
        elif self._socket.topics:
            self.send_value({"subscribed": topic, "id": str(position)})

    def unsubscribe(self, topic: str) -> None:
        """See ``WebSocket.unsubscribe``."""
        ear = self._ears.pop(topic, None)
        if ear is not None:
            self._hub.ignore(ear)

    def join(self, topic: str, member: str, about: Any = None) -> None:
        """See ``WebSocket.join``."""
        if self._gone:
            return
        try:
            check_member(member, about)
            self._hub.join(topic, member, about)
        except (HubError, TypeError, ValueError) as error:
            self.fail(error)
        else:
            self._present.append((topic, member))

    def leave(self, topic: str, member: str) -> None:
        """See ``WebSocket.leave``."""
        if (topic, member) in self._present:
            self._present.remove((topic, member))
            self._hub.leave(topic, member)

    def watch(self, topic: str) -> None:
        """See ``WebSocket.watch``."""
        if self._gone or topic in self._watched or len(self._watched) >= self._socket.most_topics:
            return
        changed = self._socket.changed
        try:
            self._hub.watch(topic, changed, lambda members: self.send_value({"presence": topic, "members": members}))
        except HubError as error:
            self.fail(error)
        else:
            self._watched[topic] = changed

    def unwatch(self, topic: str) -> None:
        """See ``WebSocket.unwatch``."""
        changed = self._watched.pop(topic, None)
        if changed is not None:
            self._hub.unwatch(topic, changed)

    @property
    def position(self) -> Id | None:
        """Up to there it was told all that it has subscribed to. None: it has nothing, or that is not known yet."""
        ears = self._ears.values()
        return max((ear.position for ear in ears), default=None) if all(ear.live for ear in ears) else None

    def end_topics(self) -> None:
        """The client is gone."""
        for ear in self._ears.values():
            self._hub.ignore(ear)
        for topic, member in self._present:
            self._hub.leave(topic, member)
        for topic, changed in self._watched.items():
            self._hub.unwatch(topic, changed)
        self._ears.clear()
        self._present.clear()
        self._watched.clear()

    # --- for the client -----------------------------------------------------------------------------------

    def commanded(self, value: Any) -> bool:
        """Is it one of those above? Then it is done, as far as it is permitted."""
        if not isinstance(value, dict):
            return False
        for word, act in _COMMANDS.items():
            if word in value:
                try:
                    topic = check_topic(value[word])
                except BadTopic:
                    self.send_value({"refused": str(value[word])[:80]})
                else:
                    act(self, topic, value)
                return True
        return False

    def _asks_subscribe(self, topic: str, value: dict[str, Any]) -> None:
        since = value.get("since")
        begin = partial(self.subscribe, topic, since if isinstance(since, str) else None)
        room = len(self._ears) < self._socket.most_topics
        self._if_permitted(topic, partial(self._socket.may_subscribe, topic) if room else None, begin)

    def _asks_watch(self, topic: str, value: dict[str, Any]) -> None:
        self._if_permitted(topic, partial(self._socket.may_subscribe, topic), partial(self.watch, topic))

    def _asks_unsubscribe(self, topic: str, value: dict[str, Any]) -> None:
        # In its turn: it may not be known yet whether it may have what it does not want any more.
        self.handle(_nothing, lambda _: self.unsubscribe(topic))

    def _asks_unwatch(self, topic: str, value: dict[str, Any]) -> None:
        self.handle(_nothing, lambda _: self.unwatch(topic))

    def _asks_publish(self, topic: str, value: dict[str, Any]) -> None:
        data = value.get("data")
        self._if_permitted(topic, partial(self._socket.may_publish, topic, data), partial(self._publish, topic, data))

    def _publish(self, topic: str, data: Any) -> None:
        try:
            (one,) = outgoing(topic, data)
        except (HubError, TypeError, ValueError):
            self.send_value({"refused": topic})
            return
        self._hub.publish(one.topic, one.payload, binary=one.binary, keep=one.keep).add_done_callback(
            lambda future: None if future.cancelled() or future.exception() is None else self._not_published(topic)
        )

    def _not_published(self, topic: str) -> None:
        self.send_value({"refused": topic})

    def _if_permitted(self, topic: str, ask: partial[Any] | None, act: Callable[[], None]) -> None:
        def answered(permitted: Any) -> None:
            if permitted:
                act()
            else:
                self.send_value({"refused": topic})

        if ask is None:
            answered(permitted=False)
        else:
            self.handle(_decision(ask), answered)


async def _nothing() -> None:
    """There is nothing to ask."""


def _decision(ask: partial[Any]) -> Callable[[], Any]:
    """Yes or no, decided where it is asked: a queryset has to look into the database for it."""
    if not iscoroutinefunction(ask.func):
        return lambda: bool(ask())

    async def decide() -> bool:
        return bool(await ask())

    return decide


_COMMANDS: dict[str, Callable[[Topical, str, dict[str, Any]], None]] = {
    "subscribe": Topical._asks_subscribe,
    "unsubscribe": Topical._asks_unsubscribe,
    "publish": Topical._asks_publish,
    "watch": Topical._asks_watch,
    "unwatch": Topical._asks_unwatch,
}
