"""One value of one option, together with who gave it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hendrix.core import cache_rule, values
from hendrix.core.config import OPTIONS, Option
from hendrix.core.errors import UsageError
from hendrix.core.record import record

_LONGEST_SHOWN = 80


@record(frozen=True)
class Given:
    """A parsed value and its source, in words that fit an error line: ``--threads``, ``hendrix.toml line 3``."""

    value: Any
    source: str


#: All that one source says: option name -> value.
Level = Mapping[str, Given]


def read(name: str, value: object, source: str) -> Given:
    """Parse ``value``, which is text or what a file holds: a number, a bool, a list. ``UsageError`` if it is bad."""
    option = OPTIONS[name]
    if option.repeat:
        items = value if isinstance(value, list | tuple) else [value]
        items = [_rule(item, source) if isinstance(item, Mapping) else item for item in items]
        return Given(tuple(dict.fromkeys(_parse(option, item, source) for item in items)), source)
    if option.parse is values.networks and isinstance(value, list | tuple):
        value = ",".join(str(item) for item in value)
    return Given(_parse(option, value, source), source)


def _rule(table: Mapping[str, Any], source: str) -> str:
    """Of the cache, which may be a table."""
    try:
        return cache_rule.line_of(table)
    except ValueError as reason:
        raise UsageError(f"{source}: {_shown(dict(table))} {reason}") from None


def _parse(option: Option, value: object, source: str) -> Any:
    try:
        return option.parse(_text(option, value))
    except ValueError as reason:
        raise UsageError(f"{source}: {'the value' if option.secret else _shown(value)} {reason}") from None


def _text(option: Option, value: object) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, bool | int | float):
        raise ValueError("is no value of an option; give text, a number or true or false")
    if option.parse in values.FREE_TEXT:
        raise ValueError("is not text; put it into quotes")
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 3] + "..."


def is_quiet(flags: Level) -> bool:
    """Was ``--quiet`` given with this action? That of a file is about the server."""
    return "quiet" in flags and bool(flags["quiet"].value)
