"""``send`` and ``broadcast`` of old: to the clients of ``/messages/main/websocket``, in all workers.

from hendrix.experience import hey_joe

hey_joe.send({"state": "paid"}, topic="orders")      # clients of the topic hear ["orders", {"state": "paid"}]
hey_joe.broadcast("closing in five minutes")         # all hear ["BROADCAST", "closing in five minutes"]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hendrix.contrib.concurrency.messaging import PAIR
from hendrix.hub.door import publish

__all__ = ["broadcast", "send"]


def send(payload: Any, topic: str | Iterable[str]) -> None:
    """``payload``, anything that becomes JSON, to all clients that have subscribed to a topic, or to several."""
    topics = [topic] if isinstance(topic, str) else list(topic)
    publish([PAIR + one for one in topics], payload)


def broadcast(payload: Any) -> None:
    """To all clients."""
    publish(PAIR + "BROADCAST", payload)
