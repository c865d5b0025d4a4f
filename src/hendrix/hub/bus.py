"""What a process's hub asks of whatever connects it to others: nothing (``alone``), the relay (``link``), ``redis``.

Everything is called on the loop's thread, in order: after ``done`` of a subscription every later message arrives, and
none before. A bus that loses its connection gets it back by itself, subscribes again from where it was, and publishes
again what was not confirmed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from hendrix.hub.history import Keep
from hendrix.hub.message import Id, Message
from hendrix.hub.presence import Change
from hendrix.hub.switch import Start

Started = Callable[[Start | Exception], None]
Counted = Callable[[dict[str, Any] | Exception], None]


class Hearer(Protocol):
    """The hub, as its bus sees it."""

    def arrived(self, message: Message) -> None:
        """A message of a topic that is subscribed to. It may come twice."""

    def missed(self, topic: str, position: Id) -> None:
        """Messages of this topic are lost to us, up to ``position``."""

    def changed(self, change: Change) -> None:
        """Somebody came or left."""

    def resumed(self) -> None:
        """The connection is there again: who is present may have changed meanwhile."""


class Bus(Protocol):
    """One process's way to the others."""

    def publish(self, topic: str, payload: bytes, *, binary: bool, keep: Keep | None) -> asyncio.Future[Id]:
        """The future has the id once the message is known for good; ``HubError`` where it could not be."""

    def subscribe(self, topic: str, since: Id | None, done: Started) -> None:
        """Have messages arrive. ``done`` has those since an id, or why it cannot be."""

    def unsubscribe(self, topic: str) -> None:
        """No more of it."""

    def last(self, topic: str, count: int) -> asyncio.Future[list[Message]]:
        """The last so many messages, oldest first."""

    def join(self, topic: str, member: str, about: Any) -> None:
        """This process vouches for ``member``."""

    def leave(self, topic: str, member: str) -> None:
        """It does not any more."""

    def watch(self, topic: str, done: Counted) -> None:
        """Have changes told. ``done`` has who is there."""

    def unwatch(self, topic: str) -> None:
        """No more of it."""

    def members(self, topic: str) -> asyncio.Future[dict[str, Any]]:
        """Who is there."""

    def call(self, kind: int, request: bytes) -> asyncio.Future[bytes]:
        """Ask a service that all share (``services``). It may be asked twice."""

    async def settle(self) -> None:
        """Wait until what was published is known for good, or cannot be."""

    def close(self) -> None:
        """Hear and say nothing more."""


class Outgoing(NamedTuple):
    """What is to be published, ready for any bus."""

    topic: str
    payload: bytes
    binary: bool
    keep: Keep | None
