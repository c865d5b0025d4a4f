"""An entry of systemd's journal as bytes (https://systemd.io/JOURNAL_NATIVE_PROTOCOL, "Data Format").

Each field is ``NAME=value`` and a newline, or, where the value has a newline in it, the name, a newline, the size of
the value in eight bytes, the value and a newline. So nothing that a value holds can be taken for a field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_LONGEST_NAME = 64
#: Bytes of one value, which is cut there.
LONGEST_VALUE = 256 * 1024
MOST_FIELDS = 128
_UNFIT = re.compile(r"[^A-Z0-9_]")


def encode(fields: Iterable[tuple[str, str]]) -> bytes:
    """One entry; fields whose names the journal does not take from clients are left out."""
    parts: list[bytes] = []
    for name, value in fields:
        if (known := field_name(name)) and len(parts) < MOST_FIELDS:
            parts.append(_field(known.encode(), _bytes(value)))
    return b"".join(parts)


def field_name(name: str) -> str:
    """``name`` as the journal takes it: capitals, digits and ``_``, no digit or ``_`` first; empty: it does not."""
    return _UNFIT.sub("_", name.upper()).lstrip("_0123456789")[:_LONGEST_NAME]


def _bytes(value: str) -> bytes:
    data = value[:LONGEST_VALUE].encode("utf-8", "backslashreplace")
    return data if len(data) <= LONGEST_VALUE else data[:LONGEST_VALUE]


def _field(name: bytes, value: bytes) -> bytes:
    if b"\n" in value:
        return name + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
    return name + b"=" + value + b"\n"
