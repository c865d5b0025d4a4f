"""A reader of event streams, written from WHATWG HTML section 9.2.6, "Interpreting an event stream"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Read:
    """An event as a script gets it."""

    data: str
    type: str = "message"
    last_event_id: str = ""


@dataclass
class Parser:
    """What an ``EventSource`` does with the bytes of a stream."""

    events: list[Read] = field(default_factory=list)
    comments: int = 0
    last_event_id: str = ""
    retry: int | None = None
    _data: str = ""
    _type: str = ""
    _id: str = ""

    def feed(self, stream: bytes) -> Parser:
        """Whole lines only."""
        text = stream.decode("utf-8", "replace")
        lines = re.split("\r\n|\r|\n", text.removeprefix("\ufeff"))
        assert lines.pop() == "", "the stream ends within a line"
        for line in lines:
            self._line(line)
        return self

    def _line(self, line: str) -> None:
        if line == "":
            self._dispatch()
        elif line.startswith(":"):
            self.comments += 1
        else:
            name, _, value = line.partition(":")
            self._field(name, value.removeprefix(" "))

    def _field(self, name: str, value: str) -> None:
        if name == "event":
            self._type = value
        elif name == "data":
            self._data += value + "\n"
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and re.fullmatch("[0-9]+", value):
            self.retry = int(value)

    def _dispatch(self) -> None:
        self.last_event_id = self._id
        data, kind, self._data, self._type = self._data, self._type, "", ""
        if data:
            self.events.append(Read(data.removesuffix("\n"), kind or "message", self.last_event_id))


def read(stream: bytes) -> list[Read]:
    """The events of a stream."""
    return Parser().feed(stream).events
