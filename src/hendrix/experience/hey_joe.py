"""``send`` and ``broadcast`` of old: to the clients of ``/messages/main/websocket``, in all workers.

from hendrix.experience import hey_joe

hey_joe.send({"state": "paid"}, topic="orders")      # clients of the topic hear ["orders", {"state": "paid"}]
hey_joe.broadcast("closing in five minutes")         # all hear ["BROADCAST", "closing in five minutes"]

``WebSocketService(host, port)`` is the same at a port of its own: see ``hendrix.contrib.concurrency.service``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hendrix.contrib.concurrency.messaging import PAIR
from hendrix.hub.door import publish

if TYPE_CHECKING:
    from hendrix.contrib.concurrency.service import WebSocketService

__all__ = ["WebSocketService", "broadcast", "send"]


def __getattr__(name: str) -> Any:
    if name != "WebSocketService":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from hendrix.contrib.concurrency.service import WebSocketService  # noqa: PLC0415 - a library others do without
    except ModuleNotFoundError as error:
        if error.name != "autobahn":
            raise
        raise ImportError("WebSocketService needs another package: pip install autobahn") from error
    return WebSocketService


def send(payload: Any, topic: str | Iterable[str]) -> None:
    """``payload``, anything that becomes JSON, to all clients that have subscribed to a topic, or to several."""
    topics = [topic] if isinstance(topic, str) else list(topic)
    publish([PAIR + one for one in topics], payload)


def broadcast(payload: Any) -> None:
    """To all clients."""
    publish(PAIR + "BROADCAST", payload)
