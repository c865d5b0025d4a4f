"""Who has subscribed to what. Pure: a table, bounded on both sides.

A topic is a name and nothing else. There are no wildcards: a message is delivered by one look into a dict, however
many subscriptions there are; a permission is asked for a topic that is known, not for whatever a pattern may match one
day; and history and presence belong to a topic. Who wants to hear all orders publishes to ``orders`` besides
``orders.17``, in one call.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Generic, TypeVar

from hendrix.hub.message import HubError

Subscriber = TypeVar("Subscriber")


class TooMany(HubError):
    """A bound is reached: topics in all, or topics of one subscriber."""


class Topics(Generic[Subscriber]):
    """Topics and their subscribers, both ways."""

    def __init__(self, most_topics: int = 1_000_000, most_each: int = 100_000) -> None:
        self._most_topics, self._most_each = most_topics, most_each
        #: Dicts without values: sets that keep the order.
        self._subscribers: dict[str, dict[Subscriber, None]] = {}
        self._topics: dict[Subscriber, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._subscribers)

    def __contains__(self, topic: str) -> bool:
        return topic in self._subscribers

    def subscribe(self, topic: str, subscriber: Subscriber) -> bool:
        """True: the topic has its first subscriber. Twice is once. Raises ``TooMany``, with nothing changed."""
        subscribers = self._subscribers.get(topic)
        if subscribers is not None and subscriber in subscribers:
            return False
        own = self._topics.get(subscriber, ())
        if len(own) >= self._most_each:
            raise TooMany(f"more than {self._most_each} topics for one subscriber")
        if subscribers is None and len(self._subscribers) >= self._most_topics:
            raise TooMany(f"more than {self._most_topics} topics")
        self._subscribers.setdefault(topic, {})[subscriber] = None
        self._topics.setdefault(subscriber, {})[topic] = None
        return subscribers is None

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> bool:
        """True: it was the last one."""
        subscribers = self._subscribers.get(topic)
        if subscribers is None or subscriber not in subscribers:
            return False
        del subscribers[subscriber]
        own = self._topics[subscriber]
        del own[topic]
        if not own:
            del self._topics[subscriber]
        if subscribers:
            return False
        del self._subscribers[topic]
        return True

    def leave(self, subscriber: Subscriber) -> list[str]:
        """It is gone, from everything. Returns the topics whose last subscriber it was."""
        return [topic for topic in list(self._topics.get(subscriber, ())) if self.unsubscribe(topic, subscriber)]

    @property
    def subscriptions(self) -> int:
        """How many there are in all."""
        return sum(map(len, self._topics.values()))

    def of(self, subscriber: Subscriber) -> Collection[str]:
        """What it has subscribed to."""
        return self._topics.get(subscriber, {}).keys()

    def subscribers(self, topic: str) -> Collection[Subscriber]:
        """To whom a message is delivered, in the order in which they came. Copy it if they may leave meanwhile."""
        return self._subscribers.get(topic, {}).keys()

    def all(self) -> list[str]:
        """Every topic that somebody has subscribed to."""
        return list(self._subscribers)
