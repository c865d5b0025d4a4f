"""Messages of Channels as bytes: JSON, in which bytes stand as ``{"\\u0000bytes": "..."}``. Pure."""

from __future__ import annotations

import base64
import json
from typing import Any

_BYTES = "\0bytes"
_MARK = b"\\u0000bytes"


def pack(message: dict[str, Any]) -> bytes:
    """Raises ``TypeError``, ``ValueError`` for what would arrive as something else."""
    _check(message)
    return json.dumps(message, default=_tagged, ensure_ascii=False, separators=(",", ":")).encode()


def unpack(data: bytes) -> dict[str, Any]:
    """The reverse of ``pack``; tuples have become lists."""
    # Most have no bytes, and then nothing is to be looked at.
    found: dict[str, Any] = json.loads(data, object_hook=_untagged) if _MARK in data else json.loads(data)
    return found


def _check(value: Any) -> None:
    """JSON has no keys but text; it would quietly make some of what is none."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a message has the key {key!r:.80}; keys are text")
            _check(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check(inner)


def _tagged(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return {_BYTES: base64.b64encode(value).decode()}
    raise TypeError(f"a message holds a {type(value).__name__}; text, numbers, bytes, lists and dicts are possible")


def _untagged(value: dict[str, Any]) -> Any:
    return base64.b64decode(value[_BYTES]) if len(value) == 1 and _BYTES in value else value
