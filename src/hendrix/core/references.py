"""What a list in settings names or holds, as text by which another process finds it again.

``(("chat", "app.Chat"), "app.Ticker", service)`` becomes ``chat=app.Chat``, ``app.Ticker`` and, for the object,
``django.conf:settings.HENDRIX_SERVICES.2``: attributes, keys and indices from a module on. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def described(value: Any, place: str) -> list[str]:
    """The entries of ``value``, which is at ``place``: a list or tuple of them, a dict by name, or a single one.

    An entry is a dotted path, a thing itself, or a pair of a name and either.
    """
    if isinstance(value, Mapping):
        return [_named(str(name), thing, f"{place}.{name}") for name, thing in value.items()]
    if isinstance(value, str) or not isinstance(value, Sequence):
        return [_entry(value, place)]
    return [_entry(entry, f"{place}.{number}") for number, entry in enumerate(value)]


def _entry(entry: Any, place: str) -> str:
    if isinstance(entry, tuple | list) and len(entry) == 2 and isinstance(entry[0], str):
        return _named(entry[0], entry[1], f"{place}.1")
    return _path(entry, place)


def _named(name: str, thing: Any, place: str) -> str:
    return f"{name}={_path(thing, place)}"


def _path(thing: Any, place: str) -> str:
    return thing if isinstance(thing, str) else place


def found(start: Any, path: str) -> Any:
    """What is at ``path`` from ``start`` on. Raises ``AttributeError``, ``KeyError`` or ``IndexError``."""
    for part in path.split("."):
        if isinstance(start, Mapping):
            start = start[part]
        elif isinstance(start, Sequence) and part.isdigit():
            start = start[int(part)]
        else:
            start = getattr(start, part)
    return start
