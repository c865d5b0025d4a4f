"""What ``hx stop``, ``hx reload`` and the like say to a running server, and what it answers.

Each line is one JSON object. The client says one ``Ask``; the server says any number of ``Say`` and one ``Done``.
The codec is pure; sending and receiving is done in ``supervisor/console.py`` and by the command.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import field, replace
from typing import Any

from hendrix.core.record import record

LIMIT = 1 << 16
"""Most bytes of a line. The facts of hundreds of workers alone may make an answer longer, see ``ANSWER_LIMIT``."""
ANSWER_LIMIT = 1 << 20
"""What a client should be ready to read in one line."""
_LONGEST_SUMMARY = 2000  # characters, where a line is too long
_LEFT_OUT = "\n...\n"


@record(frozen=True)
class Ask:
    """The client wants ``do`` done: ``status``, ``stop``, ``reload`` or ``restart``. ``facts`` say how."""

    do: str
    facts: dict[str, Any] = field(default_factory=dict)


@record(frozen=True)
class Say:
    """Progress, to be shown at once."""

    text: str


@record(frozen=True)
class Done:
    """The end: the exit status of the command (0 to 255), one line about it, the project's own traceback."""

    status: int
    summary: str = ""
    traceback: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


Line = Ask | Say | Done


def encode(line: Line) -> bytes:
    """The line for the wire. Out of texts that are too long for ``LIMIT`` the middle is left out."""
    data = _dump(line)
    return data if len(data) <= LIMIT else _dump(_shortened(line))


class Decoder:
    """Bytes in, lines out. After a ``ValueError`` it is of no more use."""

    def __init__(self, limit: int = ANSWER_LIMIT) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Line]:
        """Take what arrived; return the lines that are complete.

        Raises ``ValueError``, with one line for a person, at a line of more than ``limit`` bytes or of nonsense.
        """
        *ends, rest = data.split(b"\n")
        lines = [_load(self._take(end)) for end in ends]
        self._keep(rest)
        return lines

    def _take(self, end: bytes) -> bytes:
        self._keep(end)
        line = bytes(self._buffer)
        self._buffer.clear()
        return line

    def _keep(self, part: bytes) -> None:
        if len(self._buffer) + len(part) > self._limit:
            raise ValueError(f"a line of more than {self._limit} bytes")
        self._buffer += part


# --- one line ---------------------------------------------------------------------------------------------


def _dump(line: Line) -> bytes:
    return json.dumps(_plain(line)).encode() + b"\n"


def _plain(line: Line) -> dict[str, Any]:
    match line:
        case Ask(do, facts):
            return {**facts, "do": do}
        case Say(text):
            return {"say": text}
        case Done(status, summary, traceback, facts):
            return {"done": status, "summary": summary, "traceback": traceback, "facts": facts}


def _load(line: bytes) -> Line:
    try:
        plain = json.loads(line.decode())
    except (ValueError, RecursionError) as error:  # a thousand brackets are enough for the latter
        raise ValueError("a line that is not JSON") from error
    if not isinstance(plain, dict):
        raise ValueError("a line that is not a JSON object")
    match plain:
        case {"do": str(do)}:
            return Ask(do, {name: fact for name, fact in plain.items() if name != "do"})
        case {"say": str(text)}:
            return Say(text)
        case {"done": status}:
            return _done(status, plain)
    raise ValueError("a line that is none of do, say and done")


def _done(status: object, plain: dict[str, Any]) -> Done:
    done = Done(
        status if type(status) is int else -1,  # and not a bool
        plain.get("summary", ""),
        plain.get("traceback", ""),
        plain.get("facts", {}),
    )
    texts = isinstance(done.summary, str) and isinstance(done.traceback, str)
    if not (0 <= done.status <= 255 and texts and isinstance(done.facts, dict)):
        raise ValueError("a last line with a value of the wrong type")
    return done


# --- lines that are too long ------------------------------------------------------------------------------


def _shortened(line: Line) -> Line:
    match line:
        case Say(text):
            return _fitting(Say, text)
        case Done():
            brief = replace(line, summary=line.summary[:_LONGEST_SUMMARY])
            return _fitting(lambda traceback: replace(brief, traceback=traceback), brief.traceback)
        case _:
            return line


def _fitting(line_with: Callable[[str], Line], text: str) -> Line:
    """The line with as much of both ends of the text, which say the most, as there is room for.

    Tried, as a character takes between one and twelve bytes on the wire.
    """
    line = line_with(text)
    kept = min(len(text), LIMIT) // 2
    while kept and len(_dump(line)) > LIMIT:
        line = line_with(text[:kept] + _LEFT_OUT + text[-kept:])
        kept = kept * 3 // 4
    return line
