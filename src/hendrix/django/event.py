"""A server-sent event and its bytes (WHATWG HTML, section 9.2 "Server-sent events"). Pure.

Whatever an event holds, it cannot become two: newlines in its data are spelled as the standard wants, in any other
field they are refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

#: Section 9.2.5: what ends a line in a stream. ``str.splitlines`` knows of more, which are part of the data here.
_LINE_END = re.compile("\r\n|\n|\r")

#: A line that says nothing, for peers and proxies that take silence for death (section 9.2.7).
HEARTBEAT = b":\n\n"


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    ``data`` is text, or anything that becomes JSON (as Django spells dates and decimals); ``None`` leaves it out, and
    then a browser only remembers ``id`` and ``retry``. ``event`` is its name, ``message`` for browsers unless given.
    ``id`` is what a browser that connects again tells in ``Last-Event-ID``; empty: it forgets. ``retry`` is how many
    milliseconds it waits before that.

    Raises ``ValueError`` for an ``event`` or ``id`` that would break its line, for a negative ``retry`` and for an
    event that says nothing at all; ``TypeError`` where a field is of another type.
    """

    data: Any = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None

    def __post_init__(self) -> None:
        for name in ("event", "id"):
            _check_line(name, getattr(self, name))
        if self.retry is not None and (type(self.retry) is not int or self.retry < 0):
            raise ValueError(f"retry is {self.retry!r}, not a whole number of milliseconds")
        if (self.data, self.id, self.retry) == (None, None, None):
            raise ValueError("an event without data, id and retry says nothing")

    def encode(self) -> bytes:
        """Its bytes in the stream. Raises ``TypeError`` for data that JSON cannot hold."""
        lines = []
        if self.retry is not None:
            lines.append(f"retry: {self.retry}\n")
        if self.id is not None:
            lines.append(f"id: {self.id}\n")
        if self.event:
            lines.append(f"event: {self.event}\n")
        if self.data is not None:
            text = self.data if isinstance(self.data, str) else json.dumps(self.data, cls=DjangoJSONEncoder)
            lines += [f"data: {line}\n" for line in _LINE_END.split(text)]
        lines.append("\n")
        return "".join(lines).encode()


def encode(item: Any) -> bytes:
    """The bytes of an ``Event``, or of one that has ``item`` as its data."""
    return (item if isinstance(item, Event) else Event(item)).encode()


def _check_line(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"{name} is {type(value).__name__}, not text")
    # Section 9.2.6: an id with U+0000 is ignored.
    if _LINE_END.search(value) or "\0" in value:
        raise ValueError(f"{name} holds a line break or a null character: {value!r:.80}")
