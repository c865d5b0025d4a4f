"""A loop's connection to the relay: a ``Bus``. It is made when it is first needed, and again whenever it breaks.

All that was asked and not answered is kept, and asked again on the next connection: publishes under their old numbers,
by which the relay knows those that it has already. Ids are counted over all topics and come in order; so the highest
one that was seen says for every topic how far it has been heard.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, cast

from hendrix.core.events import DEBUG, WARNING, emit
from hendrix.hub import frames, place
from hendrix.hub.bus import Counted, Hearer, Started
from hendrix.hub.frames import Nonsense, Splitter
from hendrix.hub.history import Keep
from hendrix.hub.message import NOTHING, HubError, Id, Message, read_id
from hendrix.hub.presence import Change
from hendrix.hub.switch import Start

#: Of publishes that wait for their confirmation.
MOST_UNCONFIRMED = 10_000
MOST_UNCONFIRMED_BYTES = 32 << 20
PATIENCE = 10.0
"""Seconds that a publish waits for its confirmation."""
_FIRST_REST, _LONGEST_REST = 0.02, 1.0

Answered = Callable[[Any, list[Message]], None]


class Link(asyncio.Protocol):
    """See ``bus.Bus``."""

    def __init__(self, path: str, hearer: Hearer, loop: asyncio.AbstractEventLoop) -> None:
        self._path = path
        self._hearer = hearer
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._splitter = Splitter(frames.LARGEST_REPLY)
        self._connecting: asyncio.Task[None] | None = None
        self._rest = 0.0
        self._closed = False
        self._been_here = False
        self._out: list[bytes] = []
        self._name = os.urandom(8)
        self._number = 0
        #: Publishes: frame, and who waits.
        self._unconfirmed: dict[int, tuple[bytes, asyncio.Future[Id]]] = {}
        self._unconfirmed_bytes = 0
        self._overdue: asyncio.TimerHandle | None = None
        #: Other requests: frame, and what is done with the reply. Those without have been answered.
        self._asked: dict[int, tuple[bytes, Answered]] = {}
        self._replayed: dict[int, list[Message]] = {}
        #: What is to be said again on the next connection.
        self._subscribed: dict[str, None] = {}
        #: Of those: where they were when the connection broke, until they are there again.
        self._behind: dict[str, Id] = {}
        self._watched: dict[str, None] = {}
        self._vouched: dict[tuple[str, str], Any] = {}
        #: The highest id that was seen: everything before it has been heard.
        self.latest = NOTHING

    # --- publishing ---------------------------------------------------------------------------------------

    def publish(self, topic: str, payload: bytes, *, binary: bool, keep: Keep | None) -> asyncio.Future[Id]:
        """See ``Bus``."""
        future: asyncio.Future[Id] = self._loop.create_future()
        if len(self._unconfirmed) >= MOST_UNCONFIRMED or self._unconfirmed_bytes > MOST_UNCONFIRMED_BYTES:
            future.set_exception(HubError("too many messages wait for the relay: is its process stopped?"))
            return future
        number = self._next()
        data = frames.publish(number, topic, payload, binary=binary, keep=keep)
        self._unconfirmed[number] = data, future
        self._unconfirmed_bytes += len(data)
        if self._overdue is None:
            self._overdue = self._loop.call_later(PATIENCE, self._judge, number)
        self._say(data)
        return future

    def _confirmed(self, number: int, id: Id) -> None:
        found = self._unconfirmed.pop(number, None)
        if found is not None:
            data, future = found
            self._unconfirmed_bytes -= len(data)
            self.latest = max(self.latest, id)
            if not future.done():
                future.set_result(id)

    def _judge(self, last: int) -> None:
        """``last`` and those before it have had their time."""
        self._overdue = None
        for number in list(self._unconfirmed):
            if number > last:
                break
            self._refused(number, "the relay did not confirm the message in time; it may have been delivered")
        if self._unconfirmed:
            self._overdue = self._loop.call_later(PATIENCE, self._judge, next(reversed(self._unconfirmed)))

    def _refused(self, number: int, reason: str) -> None:
        found = self._unconfirmed.pop(number, None)
        if found is not None:
            data, future = found
            self._unconfirmed_bytes -= len(data)
            if not future.done():
                future.set_exception(HubError(reason))

    # --- everything else ----------------------------------------------------------------------------------

    def subscribe(self, topic: str, since: Id | None, done: Started) -> None:
        """See ``Bus``."""
        self._subscribed[topic] = None
        facts = {"topic": topic} if since is None else {"topic": topic, "since": str(since)}

        def answered(reply: Any, messages: list[Message]) -> None:
            if isinstance(reply, Exception):
                done(reply)
                return
            position = read_id(reply["position"]) or NOTHING
            self.latest = max(self.latest, position)
            done(Start(position, messages, bool(reply["gap"])))

        self._ask(frames.SUBSCRIBE, facts, answered)

    def unsubscribe(self, topic: str) -> None:
        """See ``Bus``."""
        self._behind.pop(topic, None)
        if self._subscribed.pop(topic, self) is None:
            self._tell(frames.UNSUBSCRIBE, {"topic": topic})

    def last(self, topic: str, count: int) -> asyncio.Future[list[Message]]:
        """See ``Bus``."""
        future: asyncio.Future[list[Message]] = self._loop.create_future()
        self._ask(frames.LAST, {"topic": topic, "count": count}, lambda reply, found: _settle(future, reply, found))
        return future

    def join(self, topic: str, member: str, about: Any) -> None:
        """See ``Bus``."""
        self._vouched[topic, member] = about
        self._tell(frames.JOIN, {"topic": topic, "member": member, "about": about})

    def leave(self, topic: str, member: str) -> None:
        """See ``Bus``."""
        self._vouched.pop((topic, member), None)
        self._tell(frames.LEAVE, {"topic": topic, "member": member})

    def watch(self, topic: str, done: Counted) -> None:
        """See ``Bus``."""
        self._watched[topic] = None
        self._ask(frames.WATCH, {"topic": topic}, lambda reply, _: done(reply))

    def unwatch(self, topic: str) -> None:
        """See ``Bus``."""
        if self._watched.pop(topic, self) is None:
            self._tell(frames.UNWATCH, {"topic": topic})

    def members(self, topic: str) -> asyncio.Future[dict[str, Any]]:
        """See ``Bus``."""
        future: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._ask(frames.MEMBERS, {"topic": topic}, lambda reply, _: _settle(future, reply, reply))
        return future

    def call(self, kind: int, request: bytes) -> asyncio.Future[bytes]:
        """See ``Bus``."""
        future: asyncio.Future[bytes] = self._loop.create_future()
        number = self._next()
        data = frames.numbered(kind, number, request)
        self._asked[number] = data, lambda reply, _: _settle(future, reply, reply)
        self._say(data)
        return future

    async def settle(self) -> None:
        """See ``Bus``."""
        if self._unconfirmed:
            self._connect()
            await asyncio.wait([future for _, future in self._unconfirmed.values()], timeout=PATIENCE)

    def close(self) -> None:
        """See ``Bus``. What waits for an answer has none."""
        self._closed = True
        if self._overdue is not None:
            self._overdue.cancel()
        if self._connecting is not None:
            self._connecting.cancel()
        if self._transport is not None:
            self._flush()
            self._transport.close()
        for number in list(self._unconfirmed):
            self._refused(number, "the process ends")
        for _, answered in list(self._asked.values()):
            answered(HubError("the process ends"), [])
        self._asked.clear()

    def _next(self) -> int:
        self._number = self._number % 0xFFFFFFFF + 1
        return self._number

    def _ask(self, kind: int, facts: Any, answered: Answered) -> None:
        number = self._next()
        data = frames.told(kind, number, facts)
        self._asked[number] = data, answered
        self._say(data)

    def _tell(self, kind: int, facts: Any) -> None:
        """What the introduction says too, if there is no connection."""
        self._say(frames.told(kind, 0, facts))

    def _say(self, data: bytes) -> None:
        if self._transport is None:
            self._connect()
            return  # it is said once the connection is there
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(data)

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._transport is not None and out:
            self._transport.write(b"".join(out))

    # --- the connection -----------------------------------------------------------------------------------

    def _connect(self) -> None:
        # One that is done was cancelled, with all tasks of a loop that ends.
        connects = self._connecting is not None and not self._connecting.done()
        if not connects and self._transport is None and not self._closed:
            self._connecting = self._loop.create_task(self._try())

    async def _try(self) -> None:
        while not self._closed:
            if self._rest:
                await asyncio.sleep(self._rest)
            self._rest = min(max(2 * self._rest, _FIRST_REST), _LONGEST_REST)
            try:
                sock = place.connect(self._path, blocking=False)
                await self._loop.create_unix_connection(lambda: self, sock=sock)
            except OSError as error:
                emit("hub.unreachable", DEBUG, path=self._path, reason=str(error))
                continue
            break
        self._connecting = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is none of asyncio's classes.
        transport = self._transport = cast("asyncio.Transport", transport)
        self._splitter = Splitter(frames.LARGEST_REPLY)
        self._replayed.clear()
        self._out.clear()
        transport.write(b"".join(self._introduction()))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        for topic in self._subscribed:
            # One that is still behind stays where it was.
            self._behind.setdefault(topic, self.latest)
        # What is asked by the introduction is asked by the next one.
        for number in [number for number, (data, _) in self._asked.items() if not data]:
            del self._asked[number]
        if not self._closed:
            emit("hub.lost", WARNING, path=self._path)
            self._connect()

    def _introduction(self) -> list[bytes]:
        """Who we are, where we were, what was not answered."""
        said = [frames.told(frames.HELLO, 0, {"name": self._name.hex()})]
        said += [self._again(topic, since) for topic, since in self._behind.items()]
        said += [frames.told(frames.WATCH, 0, {"topic": topic}) for topic in self._watched]
        for (topic, member), about in self._vouched.items():
            said.append(frames.told(frames.JOIN, 0, {"topic": topic, "member": member, "about": about}))
        said += [data for data, _ in self._asked.values() if data]
        said += [data for data, _ in self._unconfirmed.values()]
        return said

    def _again(self, topic: str, since: Id) -> bytes:
        number = self._next()

        def answered(reply: Any, messages: list[Message]) -> None:
            if topic not in self._behind or isinstance(reply, Exception):
                return
            del self._behind[topic]
            position = read_id(reply["position"]) or NOTHING
            if reply["gap"]:
                self._hearer.missed(topic, position)
            for message in messages:
                self._hearer.arrived(message)
            self.latest = position if reply["gap"] else max(self.latest, position)

        self._asked[number] = b"", answered
        return frames.told(frames.SUBSCRIBE, number, {"topic": topic, "since": str(since)})

    def data_received(self, data: bytes) -> None:
        try:
            for kind, body in self._splitter.feed(data):
                self._take(kind, body)
        except (Nonsense, KeyError, TypeError) as error:
            emit("hub.nonsense", WARNING, path=self._path, reason=str(error))
            if self._transport is not None:
                self._transport.abort()

    def _take(self, kind: int, body: bytes) -> None:
        if kind == frames.DELIVER:
            message = frames.read_message(body)
            self.latest = message.id
            self._hearer.arrived(message)
        elif kind == frames.OK:
            self._confirmed(*frames.read_ok(body))
        elif kind == frames.REPLAYED:
            self._replayed.setdefault(int.from_bytes(body[:4]), []).append(frames.read_message(body, 4))
        elif kind == frames.CHANGED:
            _, facts = frames.read_told(body)
            self._hearer.changed(Change(facts["topic"], facts["member"], facts["joined"], facts["about"]))
        elif kind >= frames.SERVICE:
            number, reply = frames.read_numbered(body)
            if found := self._asked.pop(number, None):
                found[1](reply, [])
        else:
            self._answered(kind, *frames.read_told(body))

    def _answered(self, kind: int, number: int, reply: Any) -> None:
        if kind == frames.WELCOME:
            self._rest = 0.0
            if self._been_here:
                self._hearer.resumed()
            self._been_here = True
            return
        messages = self._replayed.pop(number, [])
        if kind == frames.ERROR and not number:
            emit("hub.refused", WARNING, reason=reply)
        if kind == frames.ERROR and number in self._unconfirmed:
            self._refused(number, reply)
        elif found := self._asked.pop(number, None):
            found[1](HubError(reply) if kind == frames.ERROR else reply, messages)


def _settle(future: asyncio.Future[Any], reply: Any, result: Any) -> None:
    if future.done():
        return
    if isinstance(reply, Exception):
        future.set_exception(reply)
    else:
        future.set_result(result)
