"""Hendrix: the application server for Django. One command, ``hx start``, serves a project.

What a project calls stands here too, and is imported when it is first used: ``hendrix.publish(topic, payload)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hendrix.hub.door import ahistory, apresent, apublish, history, on_message, present, publish, subscribe
    from hendrix.hub.history import Keep
    from hendrix.hub.message import HubError, Message
    from hendrix.hub.on_commit import publish_on_commit
    from hendrix.hub.subscription import Gap
    from hendrix.tasks.after_response import after_response

__version__ = "6.0.0.dev0"

__all__ = [
    "Gap",
    "HubError",
    "Keep",
    "Message",
    "after_response",
    "ahistory",
    "apresent",
    "apublish",
    "history",
    "on_message",
    "present",
    "publish",
    "publish_on_commit",
    "subscribe",
]

#: Where each of them is.
_MODULES = {
    "Gap": "hub.subscription",
    "HubError": "hub.message",
    "Keep": "hub.history",
    "Message": "hub.message",
    "after_response": "tasks.after_response",
    "publish_on_commit": "hub.on_commit",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - the supervisor needs none of it

    found = globals()[name] = getattr(import_module(f"hendrix.{_MODULES.get(name, 'hub.door')}"), name)
    return found
