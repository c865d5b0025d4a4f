"""The hub of one loop: who in this process wants which topic, and who of it is present where.

However many listen here, the others send each message once. Everything is called on the loop's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from hendrix.core.events import ERROR, emit
from hendrix.hub.bus import Bus
from hendrix.hub.history import Keep
from hendrix.hub.message import NOTHING, HubError, Id, Message, check_topic
from hendrix.hub.presence import LINGER, Change
from hendrix.hub.switch import Start
from hendrix.hub.topics import Topics

_AFTER_RESUME = LINGER + 0.5


class Ear:
    """Hears one topic. ``on_gap`` is told up to where something is lost; ``on_start`` that it hears from now on,
    once it was given what it had missed."""

    __slots__ = ("live", "on_gap", "on_message", "on_start", "position", "topic")

    def __init__(
        self,
        topic: str,
        on_message: Callable[[Message], None],
        on_gap: Callable[[Id], None],
        on_start: Callable[[Id | Exception], None],
    ) -> None:
        self.topic = topic
        self.on_message = on_message
        self.on_gap = on_gap
        self.on_start = on_start
        self.position = NOTHING
        self.live = False


class Watch:
    """Who is present in one topic, as far as is known, and who is told of changes."""

    __slots__ = ("callbacks", "known", "members", "waiting")

    def __init__(self) -> None:
        self.members: dict[str, Any] = {}
        self.callbacks: list[Callable[[Change], None]] = []
        self.waiting: list[Callable[[dict[str, Any]], None]] = []
        self.known = False


class Hub:
    """See above. ``connect`` makes the bus, when it is first needed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connect: Callable[[Hub], Bus]) -> None:
        self.loop = loop
        self._connect = connect
        self._made: Bus | None = None
        self._topics = Topics[Ear]()
        #: Topics of which the bus said that they arrive, and the last id of each that did.
        self._settled: dict[str, Id] = {}
        self._watches: dict[str, Watch] = {}
        #: How often each member is vouched for here.
        self._present: dict[tuple[str, str], int] = {}
        self._about: dict[tuple[str, str], Any] = {}
        self._checking: asyncio.TimerHandle | None = None

    @property
    def _bus(self) -> Bus:
        if self._made is None:
            self._made = self._connect(self)
        return self._made

    # --- messages -----------------------------------------------------------------------------------------

    def publish(self, topic: str, payload: bytes, *, binary: bool, keep: Keep | None) -> asyncio.Future[Id]:
        """See ``Bus.publish``."""
        return self._bus.publish(topic, payload, binary=binary, keep=keep)

    def last(self, topic: str, count: int) -> asyncio.Future[list[Message]]:
        """See ``Bus.last``."""
        return self._bus.last(check_topic(topic), count)

    def call(self, kind: int, request: bytes) -> asyncio.Future[bytes]:
        """See ``Bus.call``."""
        return self._bus.call(kind, request)

    def listen(
        self,
        topic: str,
        on_message: Callable[[Message], None],
        on_gap: Callable[[Id], None] = lambda position: None,
        on_start: Callable[[Id | Exception], None] = lambda position: None,
        since: Id | None = None,
    ) -> Ear:
        """Hear ``topic`` from now on, or from what came after ``since``. Raises ``HubError``."""
        ear = Ear(check_topic(topic), on_message, on_gap, on_start)
        self._topics.subscribe(topic, ear)
        settled = self._settled.get(topic)
        if settled is not None and since is None:
            ear.position, ear.live = settled, True
            on_start(settled)
            return ear
        try:
            self._bus.subscribe(topic, since, lambda start: self._started(ear, start))
        except BaseException:
            self._topics.unsubscribe(topic, ear)
            raise
        return ear

    def ignore(self, ear: Ear) -> None:
        """Hear it no more."""
        ear.live = False
        if self._topics.unsubscribe(ear.topic, ear):
            self._settled.pop(ear.topic, None)
            self._bus.unsubscribe(ear.topic)

    def _started(self, ear: Ear, start: Start | Exception) -> None:
        if ear.topic not in self._topics or ear not in self._topics.subscribers(ear.topic):
            return  # it was ignored meanwhile
        if isinstance(start, Exception):
            self.ignore(ear)
            _call(ear.on_start, start)
            return
        self._settled[ear.topic] = max(start.position, self._settled.get(ear.topic, NOTHING))
        ear.live = True
        if start.gap:
            _call(ear.on_gap, start.position)
        for message in start.messages:
            if ear.live:
                _call(ear.on_message, message)
        ear.position = max(ear.position, start.position)
        _call(ear.on_start, start.position)

    def arrived(self, message: Message) -> None:
        """See ``Hearer``."""
        topic, id = message.topic, message.id
        if topic in self._settled:
            self._settled[topic] = id
        for ear in tuple(self._topics.subscribers(topic)):
            if ear.live and id > ear.position:
                ear.position = id
                try:  # as in ``_call``, which a thousand ears would feel
                    ear.on_message(message)
                except Exception as error:
                    emit("hub.callback_failed", ERROR, exc=error)

    def missed(self, topic: str, position: Id) -> None:
        """See ``Hearer``."""
        if topic in self._settled:
            self._settled[topic] = position
        for ear in tuple(self._topics.subscribers(topic)):
            if ear.live:
                if position < ear.position:
                    ear.position = NOTHING  # of another hub, whose ids say nothing any more
                _call(ear.on_gap, position)

    # --- presence -----------------------------------------------------------------------------------------

    def join(self, topic: str, member: str, about: Any = None) -> None:
        """``member`` is here, once more."""
        key = check_topic(topic), member
        count = self._present.get(key, 0)
        if count and about != self._about[key]:
            self._bus.leave(topic, member)
        if not count or about != self._about[key]:
            self._bus.join(topic, member, about)
        self._present[key], self._about[key] = count + 1, about

    def leave(self, topic: str, member: str) -> None:
        """Once less."""
        key = topic, member
        count = self._present.get(key, 0)
        if count > 1:
            self._present[key] = count - 1
        elif count:
            del self._present[key], self._about[key]
            self._bus.leave(topic, member)

    def members(self, topic: str) -> asyncio.Future[dict[str, Any]]:
        """Who is there, wherever."""
        return self._bus.members(check_topic(topic))

    def watch(
        self,
        topic: str,
        on_change: Callable[[Change], None],
        on_start: Callable[[dict[str, Any]], None] = lambda members: None,
    ) -> None:
        """Be told who is there, and of every change from then on."""
        watch = self._watches.get(check_topic(topic))
        if watch is None:
            watch = self._watches[topic] = Watch()
            self._bus.watch(topic, lambda members: self._know(topic, members))
        if watch.known:
            watch.callbacks.append(on_change)
            on_start(dict(watch.members))
            return

        def start(members: dict[str, Any]) -> None:
            watch.callbacks.append(on_change)
            on_start(members)

        start.__dict__["change"] = on_change
        watch.waiting.append(start)

    def unwatch(self, topic: str, on_change: Callable[[Change], None]) -> None:
        """No more."""
        watch = self._watches.get(topic)
        if watch is None:
            return
        watch.waiting = [start for start in watch.waiting if start.__dict__["change"] != on_change]
        if on_change in watch.callbacks:
            watch.callbacks.remove(on_change)
        if not watch.callbacks and not watch.waiting:
            del self._watches[topic]
            self._bus.unwatch(topic)

    def _know(self, topic: str, members: dict[str, Any] | Exception) -> None:
        watch = self._watches.get(topic)
        if watch is None or isinstance(members, Exception):
            return
        self._compare(topic, watch, members)
        watch.known = True
        waiting, watch.waiting = watch.waiting, []
        for start in waiting:
            _call(start, dict(members))

    def _compare(self, topic: str, watch: Watch, members: dict[str, Any]) -> None:
        for member in [member for member in watch.members if member not in members]:
            self.changed(Change(topic, member, joined=False))
        for member, about in members.items():
            self.changed(Change(topic, member, joined=True, about=about))

    def changed(self, change: Change) -> None:
        """See ``Hearer``. What is known already is told nobody."""
        watch = self._watches.get(change.topic)
        if watch is None:
            return
        known = change.member in watch.members
        if change.joined:
            if known and watch.members[change.member] == change.about:
                return
            watch.members[change.member] = change.about
        elif not known:
            return
        else:
            del watch.members[change.member]
        for callback in tuple(watch.callbacks):
            _call(callback, change)

    def resumed(self) -> None:
        """See ``Hearer``. All the others come back as we did: who is missing then has left."""
        if self._watches and self._checking is None:
            self._checking = self.loop.call_later(_AFTER_RESUME, self._check)

    def _check(self) -> None:
        self._checking = None
        for topic in list(self._watches):
            self._bus.members(topic).add_done_callback(partial(self._checked, topic))

    def _checked(self, topic: str, future: asyncio.Future[dict[str, Any]]) -> None:
        if not future.cancelled() and future.exception() is None:
            self._know(topic, future.result())

    def move(self, bus: Bus) -> None:
        """There is a way to others now: what is wanted here is wanted of it, from now on."""
        if self._made is not None:
            self._made.close()
        self._made = bus
        self._settled.clear()
        for topic in self._topics.all():
            bus.subscribe(topic, None, partial(self._arrived_at, topic))
        for topic, member in self._present:
            bus.join(topic, member, self._about[topic, member])
        for topic in self._watches:
            bus.watch(topic, partial(self._know, topic))

    def _arrived_at(self, topic: str, start: Start | Exception) -> None:
        if isinstance(start, Exception):
            emit("hub.refused", ERROR, reason=str(start))
            return
        if topic in self._topics:
            self._settled[topic] = start.position
        for ear in self._topics.subscribers(topic):
            ear.position = start.position  # of another hub: what it was says nothing any more

    async def settle(self) -> None:
        """See ``Bus.settle``."""
        if self._made is not None:
            await self._made.settle()

    def close(self) -> None:
        """Leave."""
        if self._checking is not None:
            self._checking.cancel()
        if self._made is not None:
            self._made.close()


def _call(callback: Callable[[Any], None], what: Any) -> None:
    """One that fails must not keep it from the others."""
    try:
        callback(what)
    except Exception as error:
        emit("hub.callback_failed", ERROR, exc=error)


__all__ = ["Ear", "Hub", "HubError"]
