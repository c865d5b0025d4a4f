"""What was said lately, under each topic: for who comes late, or comes back. Pure: time is an argument.

Each topic keeps its last messages, by number and by age; all together keep so many bytes and so many topics. What has
to go is the oldest: of the topic itself where it has much, else of all. Of each topic it is remembered up to where it
has been forgotten, so that who asks for what came after some id learns whether that is all of it.

Numbers do not count while the history is *patient*: when a relay has died, its successor is told by the journal, and
by other machines, of more than any topic keeps, and those who were cut off with it are still to come and ask for it.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from hendrix.hub.message import NOTHING, Id, Message

#: Bytes that a message takes besides its payload, about.
OVERHEAD = 300
#: The part of all bytes that a topic may have without regard to others.
_SHARE = 16


class Keep(NamedTuple):
    """How much a topic keeps: the last ``last`` messages, of the last ``seconds``. 0 of either: nothing."""

    last: int = 100
    seconds: float = 300.0


def check_keep(keep: Keep) -> Keep:
    """``keep`` if it can be kept to. Raises ``ValueError``."""
    last, seconds = keep
    if not isinstance(last, int) or not 0 <= last < 1 << 32 or not seconds >= 0:
        raise ValueError(f"{keep!r} cannot be kept: give a whole number of messages and of seconds, 0 or more of each")
    return Keep(last, seconds)


class Kept(NamedTuple):
    """A message in the history, and when it was published."""

    at: float
    message: Message


class Since(NamedTuple):
    """What came after an id. ``gap``: something between is forgotten."""

    messages: list[Message]
    gap: bool


class _Topic:
    __slots__ = ("bytes", "forgotten", "keep", "kept", "latest")

    def __init__(self, forgotten: Id, keep: Keep) -> None:
        #: When each was published, and the message.
        self.kept: deque[tuple[float, Message]] = deque()
        self.keep = keep
        #: The last message of this topic that is no longer kept.
        self.forgotten = forgotten
        self.latest = forgotten
        self.bytes = 0


class History:
    """The messages of all topics. Ids must grow from call to call."""

    def __init__(self, most_bytes: int = 16 << 20, most_topics: int = 100_000) -> None:
        self._most_bytes, self._most_topics = most_bytes, most_topics
        #: Least lately published first.
        self._topics: OrderedDict[str, _Topic] = OrderedDict()
        #: All messages that are kept, oldest first.
        self._order: OrderedDict[Id, Message] = OrderedDict()
        self.bytes = 0
        #: What was published before then is kept whatever number of messages its topic keeps.
        self.patient_until = -math.inf
        #: What is known of topics that are not in the table: they may have had messages up to here.
        self.floor = NOTHING

    def __len__(self) -> int:
        return len(self._order)

    def add(self, message: Message, at: float, keep: Keep) -> None:
        """``message`` was published."""
        topic = self._topics.get(message.topic)
        if topic is None:
            topic = self._topics[message.topic] = _Topic(self.floor, keep)
        else:
            self._topics.move_to_end(message.topic)
            topic.keep = keep
        topic.latest = message.id
        if keep.last <= 0 or keep.seconds <= 0:
            while topic.kept:
                self._forget(topic)
            topic.forgotten = message.id
        else:
            self._append(topic, message, at)
        if len(self._topics) > self._most_topics:
            self._drop_topic()

    def _append(self, topic: _Topic, message: Message, at: float) -> None:
        topic.kept.append((at, message))
        self._order[message.id] = message
        weight = len(message.payload) + OVERHEAD
        topic.bytes += weight
        self.bytes += weight
        if len(topic.kept) > topic.keep.last:
            self._trim(topic, at)
        if topic.kept[0][0] < at - topic.keep.seconds:
            self._expire(topic, at)
        while self.bytes > self._most_bytes:
            # Who takes much pays: a loud topic does not cost the quiet ones their history.
            loud = topic.bytes > self._most_bytes // _SHARE
            self._forget(topic if loud else self._topics[next(iter(self._order.values())).topic])

    def before(self, topic: str) -> Id:
        """The last message of this topic, as far as is known."""
        found = self._topics.get(topic)
        return found.latest if found else self.floor

    def restore(self, message: Message, at: float, keep: Keep, before: Id) -> None:
        """As ``add``, of a message that was kept by somebody else; ``before`` is what was before it in its topic."""
        if message.topic not in self._topics:
            self._topics[message.topic] = _Topic(before, keep)
        self.add(message, at, keep)

    def since(self, topic: str, id: Id, now: float) -> Since:
        """What was published after ``id``."""
        found = self._topics.get(topic)
        if found is None:
            return Since([], id < self.floor)
        self._expire(found, now)
        messages: list[Message] = []
        for _, message in reversed(found.kept):
            if message.id <= id:
                break
            messages.append(message)
        messages.reverse()
        gap = id < found.forgotten
        # Who misses some anyway has what the topic promises, and no more.
        return Since(messages[-found.keep.last :] if gap else messages, gap)

    def last(self, topic: str, count: int, now: float) -> list[Message]:
        """The last ``count`` messages, oldest first."""
        found = self._topics.get(topic)
        if found is None or count <= 0:
            return []
        self._expire(found, now)
        count = min(count, found.keep.last)
        return [message for _, message in islice(found.kept, max(0, len(found.kept) - count), None)]

    def holds(self, id: tuple[int, int]) -> bool:
        """Is that message still kept?"""
        return id in self._order

    def expire(self, now: float) -> None:
        """From time to time: forget what is too old, in topics where nothing happens any more too."""
        for topic in list(self._topics.values()):
            self._trim(topic, now)
            self._expire(topic, now)

    def all(self) -> Iterator[tuple[Kept, Keep]]:
        """Everything that is kept, topic by topic."""
        for topic in self._topics.values():
            for kept in topic.kept:
                yield Kept(*kept), topic.keep

    def lost(self, id: Id) -> None:
        """Up to there messages are missing that nobody here has seen: of any topic."""
        self.floor = max(self.floor, id)
        for topic in self._topics.values():
            topic.forgotten = max(topic.forgotten, id)

    def _trim(self, topic: _Topic, now: float) -> None:
        if now >= self.patient_until:
            while len(topic.kept) > topic.keep.last:
                self._forget(topic)

    def _expire(self, topic: _Topic, now: float) -> None:
        oldest = now - topic.keep.seconds
        while topic.kept and topic.kept[0][0] < oldest:
            self._forget(topic)

    def _forget(self, topic: _Topic) -> None:
        message = topic.kept.popleft()[1]
        topic.forgotten = max(topic.forgotten, message.id)
        del self._order[message.id]
        weight = len(message.payload) + OVERHEAD
        topic.bytes -= weight
        self.bytes -= weight

    def _drop_topic(self) -> None:
        """The topic that has been silent for longest is forgotten as if it had never been."""
        _, topic = self._topics.popitem(last=False)
        while topic.kept:
            self._forget(topic)
        self.floor = max(self.floor, topic.latest)
