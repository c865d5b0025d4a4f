"""One peer of the relay: what it says, what it is told, and how much may wait for it.

A peer that does not take what it has subscribed to is cut off when too much waits for it: it comes back, and has the
rest from the history. So a slow subscriber slows nobody. Answers do not count there, however long they are, for it
would only ask again; but one that has much of them to take is not heard until it has taken it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from hendrix.core.events import ERROR, WARNING, emit
from hendrix.hub import frames
from hendrix.hub.frames import Nonsense, Splitter
from hendrix.hub.history import Keep
from hendrix.hub.message import LARGEST_PAYLOAD, NOTHING, HubError, Id, Message, check_topic, read_id
from hendrix.hub.presence import LARGEST_ABOUT, LONGEST_MEMBER, Change
from hendrix.hub.switch import Publisher

if TYPE_CHECKING:
    from hendrix.hub.relay import Relay

MOST_PEERS = 4096
MOST_WAITING = 8 << 20
"""Bytes that may wait for one peer, besides answers."""
_MOST_ANSWERED = 1 << 20
"""Bytes of answers that may wait before it is not heard."""
_LITTLE = 64 << 10
"""No more waits for it than that: see ``set_write_buffer_limits``."""


class Connection(asyncio.Protocol):
    """One peer: a worker, or a thread of one, or any process of the same user."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._switch = relay.switch
        self._transport: asyncio.Transport
        self._splitter = Splitter()
        self._name: bytes | None = None
        self._out: list[bytes] = []
        #: Bytes of answers that may not have been taken, and what was said while these were too many.
        self._answered = 0
        self._unheard: list[tuple[int, bytes]] | None = None
        self._gone = False

    # --- the transport ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is none of asyncio's classes.
        transport = self._transport = cast("asyncio.Transport", transport)
        if len(self._relay.peers) >= MOST_PEERS or not _ours(transport):
            emit("hub.peer_refused", WARNING, peers=len(self._relay.peers))
            transport.abort()
            return
        transport.set_write_buffer_limits(high=_LITTLE)
        self._relay.peers.add(self)

    def data_received(self, data: bytes) -> None:
        try:
            said = self._splitter.feed(data)
            if self._unheard is None:
                self._hear(said)
            else:
                self._unheard += said
        except Nonsense as error:
            self._talks_nonsense(error)

    def _hear(self, said: list[tuple[int, bytes]]) -> None:
        for number, (kind, body) in enumerate(said, 1):
            self._take(kind, body)
            if self._gone:
                return
            if self._answered > _MOST_ANSWERED:
                self._unheard = said[number:]
                if not self._transport.is_closing():
                    self._transport.pause_reading()
                return

    def resume_writing(self) -> None:
        """It has taken nearly all that waited for it."""
        self._answered = 0
        said, self._unheard = self._unheard, None
        if said is None or self._gone:
            return
        try:
            self._hear(said)
        except Nonsense as error:
            self._talks_nonsense(error)
        if self._unheard is None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _talks_nonsense(self, error: Nonsense) -> None:
        emit("hub.peer_nonsense", WARNING, reason=str(error))
        self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True
        self._relay.peers.discard(self)
        self._relay.ahead.forget(self)
        self._switch.lose(self, time.monotonic())

    def _write(self, data: bytes) -> None:
        """At the end of this turn of the loop: many frames are one system call."""
        if not self._out and not self._gone:
            self._relay.loop.call_soon(self._flush)
        self._out.append(data)

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._gone:
            return
        self._transport.write(b"".join(out))
        waiting = self._transport.get_write_buffer_size()
        if waiting > MOST_WAITING + self._answered:
            emit("hub.peer_slow", WARNING, bytes=MOST_WAITING)
            self.drop()
        elif waiting <= _LITTLE and self._answered:
            self.resume_writing()  # nobody says so of what was taken at once

    def _answer(self, data: bytes) -> None:
        self._answered += len(data)
        self._write(data)

    def drop(self) -> None:
        """Hang up."""
        self._gone = True
        self._transport.abort()

    # --- what it is told (see ``switch.Peer``) ------------------------------------------------------------

    def deliver(self, message: Message) -> None:
        """A message for it."""
        self._write(frames.deliver(message))

    def changed(self, change: Change) -> None:
        """Somebody came or left."""
        facts = {"topic": change.topic, "member": change.member, "joined": change.joined, "about": change.about}
        self._write(frames.told(frames.CHANGED, 0, facts))

    # --- what it says -------------------------------------------------------------------------------------

    def _take(self, kind: int, body: bytes) -> None:
        if self._name is None:
            self._hello(kind, body)
        elif kind == frames.PUBLISH:
            self._publish(body)
        elif kind >= frames.SERVICE:
            self._serve(kind, *frames.read_numbered(body))
        elif self._relay.blind and kind != frames.FACTS:
            self._relay.put_off(self, kind, body)
        else:
            self._ask(kind, body)

    def ask_late(self, kind: int, body: bytes) -> None:
        """What was put off."""
        try:
            if not self._gone:
                self._ask(kind, body)
        except Nonsense:
            self.drop()

    def _serve(self, kind: int, number: int, request: bytes) -> None:
        service = self._relay.services.find(kind)
        try:
            reply = service(request, time.monotonic())
        except Exception as error:  # whoever sent it is wrong, or the service is; the others go on
            emit("hub.service_failed", ERROR, kind=kind, exc=error)
            self._write(frames.told(frames.ERROR, number, f"{type(error).__name__}: {error}"))
            return
        self._answer(frames.numbered(kind, number, reply))

    def _hello(self, kind: int, body: bytes) -> None:
        if kind != frames.HELLO:
            raise Nonsense("no HELLO")
        number, facts = frames.read_told(body)
        try:
            self._name = bytes.fromhex(facts["name"])
        except (KeyError, TypeError, ValueError):
            raise Nonsense("no HELLO") from None
        if len(self._name) != 8:
            raise Nonsense("no HELLO")
        latest = str(self._switch.latest)
        self._write(frames.told(frames.WELCOME, number, {"version": frames.VERSION, "latest": latest}))

    def _publish(self, body: bytes) -> None:
        number, topic, payload, binary, keep = frames.read_publish(body)
        assert self._name is not None
        try:
            check_topic(topic)
            if self._relay.across is not None:
                self._publish_across(Publisher(self._name, number), topic, payload, binary=binary, keep=keep)
                return
            said_by, now = (self._name, number), time.monotonic()
            id = self._switch.publish(topic, payload, now, binary=binary, keep=keep, publisher=said_by)
        except HubError as error:
            self._write(frames.told(frames.ERROR, number, str(error)))
            return
        self._write(frames.ok(number, id))

    def _publish_across(
        self, publisher: Publisher, topic: str, payload: bytes, *, binary: bool, keep: Keep | None
    ) -> None:
        across, known = self._relay.across, self._switch.known(publisher)
        if known is not None:
            self._write(frames.ok(publisher.number, known))
            return

        def done(found: Id | HubError) -> None:
            number = publisher.number
            self._write(
                frames.ok(number, found) if isinstance(found, Id) else frames.told(frames.ERROR, number, str(found))
            )

        if len(payload) > LARGEST_PAYLOAD:
            raise HubError(f"a message of {len(payload)} bytes; the most is {LARGEST_PAYLOAD}")
        assert across is not None
        across.publish(publisher, topic, payload, binary=binary, keep=keep, done=done)

    def _ask(self, kind: int, body: bytes) -> None:
        number, facts = frames.read_told(body)
        ask = _ASKS.get(kind)
        if ask is None or not isinstance(facts, dict):
            raise Nonsense(f"a frame of kind {kind}")
        try:
            reply = ask(self, number, facts)
        except HubError as error:
            self._write(frames.told(frames.ERROR, number, str(error)))
            return
        except (KeyError, TypeError, ValueError):
            raise Nonsense(f"a frame of kind {kind} that lacks something") from None
        if reply is not None:
            self._answer(frames.told(frames.REPLY, number, reply))

    def _subscribe(self, number: int, facts: dict[str, Any]) -> dict[str, Any] | None:
        """With ``only``: have what came since, and no more."""
        check_topic(facts["topic"])
        since = NOTHING if facts.get("since") is None else read_id(facts["since"]) or NOTHING
        ahead = self._relay.across is not None and since > self._switch.latest
        if ahead and self._relay.ahead.hold(self, number, facts, since, time.monotonic()):
            return None
        return self._start(number, facts)

    def subscribe_now(self, number: int, facts: dict[str, Any]) -> None:
        """What was held."""
        try:
            self._answer(frames.told(frames.REPLY, number, self._start(number, facts)))
        except HubError as error:
            self._write(frames.told(frames.ERROR, number, str(error)))

    def _start(self, number: int, facts: dict[str, Any]) -> dict[str, Any]:
        topic, since = facts["topic"], facts.get("since")
        now = time.monotonic()
        read = None if since is None else read_id(since) or NOTHING
        if facts.get("only"):
            start = self._switch.since(topic, read or NOTHING, now)
        else:
            start = self._switch.subscribe(topic, self, read, now)
        for message in start.messages:
            self._answer(frames.replayed(number, message))
        return {"position": str(start.position), "gap": start.gap}

    def _last(self, number: int, facts: dict[str, Any]) -> dict[str, Any]:
        for message in self._switch.last(check_topic(facts["topic"]), int(facts["count"]), time.monotonic()):
            self._answer(frames.replayed(number, message))
        return {}

    def _unsubscribe(self, number: int, facts: dict[str, Any]) -> None:
        self._relay.ahead.forget(self, facts["topic"])
        self._switch.unsubscribe(facts["topic"], self)

    def _join(self, number: int, facts: dict[str, Any]) -> None:
        about = facts.get("about")
        size = len(frames.told(0, 0, about))
        if len(facts["member"]) > LONGEST_MEMBER or size > LARGEST_ABOUT:
            raise HubError("the name of a member, or what is told of it, is too long")
        self._switch.join(check_topic(facts["topic"]), str(facts["member"]), self, about)

    def _leave(self, number: int, facts: dict[str, Any]) -> None:
        self._switch.leave(facts["topic"], facts["member"], self, time.monotonic())

    def _watch(self, number: int, facts: dict[str, Any]) -> dict[str, Any]:
        return self._switch.watch(check_topic(facts["topic"]), self)

    def _unwatch(self, number: int, facts: dict[str, Any]) -> None:
        self._switch.unwatch(facts["topic"], self)

    def _members(self, number: int, facts: dict[str, Any]) -> dict[str, Any]:
        return self._switch.members(facts["topic"])

    def _facts(self, number: int, facts: dict[str, Any]) -> dict[str, Any]:
        across = {} if self._relay.across is None else {"across": self._relay.across.facts()}
        return {**self._switch.facts(), **across, "peers": len(self._relay.peers), "pid": os.getpid()}


_ASKS: dict[int, Callable[[Connection, int, dict[str, Any]], dict[str, Any] | None]] = {
    frames.SUBSCRIBE: Connection._subscribe,
    frames.UNSUBSCRIBE: Connection._unsubscribe,
    frames.LAST: Connection._last,
    frames.JOIN: Connection._join,
    frames.LEAVE: Connection._leave,
    frames.WATCH: Connection._watch,
    frames.UNWATCH: Connection._unwatch,
    frames.MEMBERS: Connection._members,
    frames.FACTS: Connection._facts,
}


def _ours(transport: asyncio.Transport) -> bool:
    """Is it a process of our user's, or of root's? The mode of the socket says so too, where systems heed it."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    size = struct.calcsize("3i")
    data = transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return struct.unpack("3i", data)[1] in (0, os.geteuid())
