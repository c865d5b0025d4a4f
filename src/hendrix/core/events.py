"""Rooms emit events; whoever listens (``observe``) may write them down.

An event is a dotted name, a level of ``logging`` and named facts. Emitting with no listener costs one
loop over an empty list, so rooms emit freely and never import a logger.
"""

from __future__ import annotations

from collections.abc import Callable
from logging import DEBUG, ERROR, INFO, WARNING

Listener = Callable[[str, int, dict[str, object]], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call ``listener(name, level, facts)`` for every event from now on."""
    _listeners.append(listener)


def forget(listener: Listener) -> None:
    """Stop calling ``listener``."""
    _listeners.remove(listener)


def heard() -> bool:
    """Does anybody listen?"""
    return bool(_listeners)


def emit(name: str, level: int = INFO, /, **facts: object) -> None:
    """Tell every listener that ``name`` happened. A fact named ``exc`` is an exception with its traceback."""
    for listener in _listeners:
        listener(name, level, facts)


__all__ = ["DEBUG", "ERROR", "INFO", "WARNING", "Listener", "emit", "forget", "heard", "listen"]
