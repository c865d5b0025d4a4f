"""``hxdispatcher`` and its kin: messages to whoever listens at an address, in all workers.

An address is a room that clients have subscribed to (``{"hx_subscribe": room}``), or the private one that a client was
told when it connected (``{"setup_connection": address}``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hendrix.hub.door import publish

#: Of topics that hold messages in the form of 0.1 (the dict itself), and of 5.0 (``[topic, payload]``).
DICT, PAIR = "hx:", "hey:"
PRIVATE = "private:"


class MessageDispatcher:
    """Sends to addresses; who listens there is known to the sockets themselves."""

    def send(self, address: str | Iterable[str], data_dict: Any) -> None:
        """``data_dict`` to one address, or to several."""
        addresses = [address] if isinstance(address, str) else list(address)
        publish([DICT + one for one in addresses], data_dict)


hxdispatcher = MessageDispatcher()


def send_json_message(address: str, message: Any, **kwargs: Any) -> None:
    """``{"message": message, "subject_id": address, ...}``; ``kwargs`` may name another subject."""
    hxdispatcher.send(address, {"message": message, "subject_id": kwargs.pop("subject_id", None) or address, **kwargs})


def send_callback_json_message(value: Any, *args: Any, **kwargs: Any) -> Any:
    """As ``send_json_message`` with ``result``: for a callback of a Deferred, whose value goes on."""
    send_json_message(*args, result=value, **kwargs)
    return value


def send_errback_json_message(error: Any, *args: Any, **kwargs: Any) -> None:
    """As ``send_json_message`` with ``error``: for an errback of a Deferred."""
    message = error.getErrorMessage() if hasattr(error, "getErrorMessage") else str(error)
    send_json_message(*args, error=message, **kwargs)
