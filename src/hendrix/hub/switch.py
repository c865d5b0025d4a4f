"""The switchboard: publishes in, deliveries out, with history and presence. No I/O; time is an argument.

It runs in the relay, for the processes of a machine, and in a process that is alone, for itself. A *peer* is whoever
can be delivered to. What is published is written into the journal before anybody is told, so that a successor in the
relay's place knows it; a publisher that was not told may publish again under the same number, and is not heard twice.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable
from mmap import mmap
from typing import Any, NamedTuple, Protocol

from hendrix.hub.history import History, Keep
from hendrix.hub.journal import Journal
from hendrix.hub.message import LARGEST_PAYLOAD, NOTHING, HubError, Id, Message
from hendrix.hub.presence import Change, Presence
from hendrix.hub.rate import Rate
from hendrix.hub.topics import Topics
from hendrix.hub.world import World

#: Of a record in the journal: id, publisher, its number, when, binary, keep, the id before in this topic, topic.
_RECORD = struct.Struct("!QQ8sId?IdQQH")
#: What it begins with.
_ID = struct.Struct("!QQ")
_MOST_PUBLISHERS = 10_000
_MOST_UNCONFIRMED = 10_240
"""Publishes of one publisher that are recognised when they come again."""
_NOBODY = bytes(8), 0
_SWEEP = 10.0
_GRACE = 30.0
"""Seconds in which those who were cut off with a predecessor come back."""


class Peer(Protocol):
    """Somebody at the switchboard. It is hashed by identity."""

    def __hash__(self) -> int: ...

    def deliver(self, message: Message) -> None:
        """A message of a topic that it has subscribed to."""

    def changed(self, change: Change) -> None:
        """Somebody came or left where it watches."""


class Start(NamedTuple):
    """Where a subscription begins: what comes later is delivered. ``gap``: what came before is not all there."""

    position: Id
    messages: list[Message]
    gap: bool


class Publisher(NamedTuple):
    """Who publishes, and the how manieth time. The name is 8 bytes, by chance."""

    name: bytes
    number: int


class Switch:
    """Everything that a hub knows. ``epoch`` must be later than that of any before it which has been forgotten."""

    def __init__(self, epoch: int, now: float, memory: mmap | bytearray | None = None, keep: Keep = Keep()) -> None:  # noqa: B008 - immutable
        self.keep = keep
        self._topics = Topics[Peer]()
        self._watchers = Topics[Peer]()
        self._presence = Presence[Peer]()
        self._history = History(len(memory) // 4) if memory is not None else History()
        self._history.floor = Id(epoch, 0)
        self._publishers: OrderedDict[bytes, OrderedDict[int, Id]] = OrderedDict()
        self.latest = Id(epoch, 0)
        self.published = 0
        self._rate = Rate(now)
        self._swept = now
        #: Where there are other machines: who is present on all of them; and who is told what changes on this one, and
        #: says what that changes in the whole.
        self.world: World | None = None
        self.moved: Callable[[Change], list[Change]] | None = None
        self._journal = Journal(memory, self._wanted) if memory is not None else None
        if self._journal is not None:
            self._remember(self._journal, now)

    # --- messages -----------------------------------------------------------------------------------------

    def publish(
        self,
        topic: str,
        payload: bytes,
        now: float,
        *,
        binary: bool = False,
        keep: Keep | None = None,
        publisher: tuple[bytes, int] | None = None,
    ) -> Id:
        """Once it returns, the message is known for good. Raises ``HubError`` for one that is too large.

        ``publisher`` is a ``Publisher``, or as good as one.
        """
        if len(payload) > LARGEST_PAYLOAD:
            raise HubError(f"a message of {len(payload)} bytes; the most is {LARGEST_PAYLOAD}")
        if publisher and (known := self.known(publisher)) is not None:
            return known
        epoch, number = self.latest
        message = Message(topic, Id(epoch, number + 1), payload, binary=binary)
        self._take(message, now, keep or self.keep, publisher)
        return message.id

    def known(self, publisher: tuple[bytes, int]) -> Id | None:
        """What it has published under that number, if that is so."""
        name, number = publisher
        said = self._publishers.get(name)
        return said.get(number) if said else None

    def accept(self, message: Message, at: float, keep: Keep | None, publisher: Publisher) -> None:
        """A message that was given its id elsewhere, later than all before it. Raises ``ValueError``: too large."""
        self._take(message, at, keep or self.keep, publisher)

    def _take(self, message: Message, at: float, keep: Keep, publisher: tuple[bytes, int] | None) -> None:
        if self._journal is not None:
            self._journal.append(_record(message, publisher, at, keep, self._history.before(message.topic)))
        self.latest = message.id
        self.published += 1
        if publisher:
            name, number = publisher
            _note(self._said_by(name), number, message.id)
        self._history.add(message, at, keep)
        if message.topic in self._topics:
            for peer in tuple(self._topics.subscribers(message.topic)):
                peer.deliver(message)

    def be_patient(self, now: float) -> None:
        """More becomes known at once than a topic keeps; those who were cut off with a predecessor come for it."""
        self._history.patient_until = now + _GRACE

    def lost(self, id: Id) -> None:
        """Messages up to there are missing: who asks for what came since anything before it is told of a gap."""
        self._history.lost(id)
        self.latest = id
        if self._journal is not None:
            self._journal.forget(_ID.pack(*id))

    def subscribe(self, topic: str, peer: Peer, since: Id | None, now: float) -> Start:
        """Deliver to ``peer`` from now on; with ``since``, what came after it too. Raises ``TooMany``."""
        self._topics.subscribe(topic, peer)
        return Start(self.latest, [], gap=False) if since is None else self.since(topic, since, now)

    def since(self, topic: str, since: Id, now: float) -> Start:
        """What came after it."""
        if since > self.latest:
            # Of a hub that was here before the clock was set back: nothing is known of what came after.
            return Start(self.latest, self._history.since(topic, NOTHING, now).messages, gap=True)
        found = self._history.since(topic, since, now)
        return Start(self.latest, found.messages, found.gap and since != NOTHING)

    def unsubscribe(self, topic: str, peer: Peer) -> None:
        """Deliver no more."""
        self._topics.unsubscribe(topic, peer)

    def last(self, topic: str, count: int, now: float) -> list[Message]:
        """The last so many messages, oldest first."""
        return self._history.last(topic, count, now)

    # --- presence -----------------------------------------------------------------------------------------

    def join(self, topic: str, member: str, peer: Peer, about: Any = None) -> None:
        """``peer`` vouches for ``member``. Raises ``Crowded``."""
        if change := self._presence.join(topic, member, peer, about):
            self._announce(change)

    def leave(self, topic: str, member: str, peer: Peer, now: float) -> None:
        """It does so once less."""
        self._presence.leave(topic, member, peer, now)

    def watch(self, topic: str, peer: Peer) -> dict[str, Any]:
        """Tell ``peer`` who comes and leaves; returns who is there. Raises ``TooMany``."""
        self._watchers.subscribe(topic, peer)
        return self.members(topic)

    def unwatch(self, topic: str, peer: Peer) -> None:
        """No more."""
        self._watchers.unsubscribe(topic, peer)

    def members(self, topic: str) -> dict[str, Any]:
        """Who is there."""
        return self.world.members(topic) if self.world else self._presence.members(topic)

    def _announce(self, change: Change) -> None:
        self.tell(self.moved(change) if self.moved else [change])

    def tell(self, changes: list[Change]) -> None:
        """Those who watch."""
        for change in changes:
            for peer in tuple(self._watchers.subscribers(change.topic)):
                peer.changed(change)

    # --- the rest -----------------------------------------------------------------------------------------

    def lose(self, peer: Peer, now: float) -> None:
        """``peer`` is gone."""
        self._topics.leave(peer)
        self._watchers.leave(peer)
        self._presence.lose(peer, now)

    def tick(self, now: float) -> None:
        """A second or so has passed."""
        self._rate.note(self.published, now)
        for change in self._presence.expire(now):
            self._announce(change)
        if now >= self._swept + _SWEEP:
            self._swept = now
            self._history.expire(now)

    def deadline(self) -> float | None:
        """When ``tick`` matters next, for those who want to be exact."""
        return self._presence.deadline()

    def facts(self) -> dict[str, float]:
        """For a status page."""
        return {
            "published": self.published,
            "rate": self._rate.value,
            "topics": len(self._topics),
            "subscriptions": self._topics.subscriptions,
            "kept": len(self._history),
            "bytes": self._history.bytes,
        }

    def name(self, chance: bytes) -> str:
        """Of the memory, for as long as it is there: see ``Journal.name``."""
        return self._journal.name(chance) if self._journal is not None else chance.hex()

    # --- memory -------------------------------------------------------------------------------------------

    def _said_by(self, name: bytes) -> OrderedDict[int, Id]:
        said = self._publishers.get(name)
        if said is None:
            said = self._publishers[name] = OrderedDict()
            if len(self._publishers) > _MOST_PUBLISHERS:
                self._publishers.popitem(last=False)
        else:
            self._publishers.move_to_end(name)
        return said

    def _wanted(self, record: bytes) -> bool:
        return self._history.holds(_ID.unpack_from(record))

    def _remember(self, journal: Journal, now: float) -> None:
        """What was published by way of a predecessor. Written again a message stands behind later ones."""
        found = {Id(*_ID.unpack_from(record)): record for record in journal.records()}
        forgotten = Id(*_ID.unpack(journal.forgotten))
        if self.latest == NOTHING and not found:
            return  # others say where it begins
        if forgotten == NOTHING:
            forgotten = min(found, default=self.latest)
            journal.forget(_ID.pack(*forgotten))
        self.latest = max([forgotten, *found])
        self._history.floor = forgotten
        if found:
            # What it wrote down in its last moment may be more than a topic keeps, and nobody has been told of it.
            self.be_patient(now)
        for id in sorted(found):
            self._recall(id, found[id])
        if self.latest not in found:
            self._history.lost(self.latest)
        self._history.expire(now)

    def _recall(self, id: Id, record: bytes) -> None:
        _, _, name, number, at, binary, last, seconds, *before, length = _RECORD.unpack_from(record)
        start = _RECORD.size + length
        message = Message(_topic_of(record), id, record[start:], binary=binary)
        self._history.restore(message, at, Keep(last, seconds), Id(*before))
        if number:
            _note(self._said_by(name), number, id)


def _record(message: Message, publisher: tuple[bytes, int] | None, now: float, keep: Keep, before: Id) -> bytes:
    topic = message.topic.encode()
    head = _RECORD.pack(*message.id, *(publisher or _NOBODY), now, message.binary, *keep, *before, len(topic))
    return b"".join((head, topic, message.payload))


def _topic_of(record: bytes) -> str:
    length = _RECORD.unpack_from(record)[-1]
    return record[_RECORD.size : _RECORD.size + length].decode()


def _note(said: OrderedDict[int, Id], number: int, id: Id) -> None:
    said[number] = id
    if len(said) > _MOST_UNCONFIRMED:
        said.popitem(last=False)
