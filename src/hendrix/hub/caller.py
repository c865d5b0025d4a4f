"""The relay for code that waits: threads, commands, tasks. A few connections, used by one thread at a time.

A request that was not answered because the relay died is said again to its successor; a publish under its old number,
so that it is not heard twice.
"""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from typing import Any

from hendrix.hub import frames, place
from hendrix.hub.frames import Nonsense, Splitter
from hendrix.hub.history import Keep
from hendrix.hub.message import HubError, Id, Message

PATIENCE = 5.0
"""Seconds that a caller waits, a relay that has to be started again included."""
MOST_IDLE = 8
_CHUNK = 65536
_FIRST_REST, _LONGEST_REST = 0.01, 0.2


class _Line:
    """One connection. ``name`` and the numbers outlive it, for publishes that are said again."""

    def __init__(self, path: str, patience: float) -> None:
        self._path = path
        self._patience = patience
        self._name = os.urandom(8)
        self._numbers = itertools.count(1)
        self._socket: socket.socket | None = None
        self._splitter = Splitter(frames.LARGEST_REPLY)

    def next(self) -> int:
        return next(self._numbers)

    def ask(self, number: int, data: bytes) -> tuple[int, bytes, list[Message]]:
        """Say it, wait for the answer to it. Raises ``HubError``."""
        deadline, rest = time.monotonic() + self._patience, 0.0
        while True:
            try:
                return self._try(number, data, deadline)
            except (OSError, Nonsense) as error:
                self.close()
                rest = min(max(2 * rest, _FIRST_REST), _LONGEST_REST)
                if time.monotonic() + rest >= deadline:
                    raise HubError(f"the relay at {self._path} does not answer: {error}") from None
                time.sleep(rest)

    def _try(self, number: int, data: bytes, deadline: float) -> tuple[int, bytes, list[Message]]:
        sock = self._socket
        if sock is None:
            sock = self._socket = place.connect(self._path, blocking=True)
            self._splitter = Splitter(frames.LARGEST_REPLY)
            data = frames.told(frames.HELLO, 0, {"name": self._name.hex()}) + data
        sock.settimeout(max(0.01, deadline - time.monotonic()))
        sock.sendall(data)
        replayed: list[Message] = []
        while True:
            received = sock.recv(_CHUNK)
            if not received:
                raise ConnectionResetError("it hung up")
            for kind, body in self._splitter.feed(received):
                if kind == frames.REPLAYED:
                    replayed.append(frames.read_message(body, 4))
                elif kind != frames.WELCOME and int.from_bytes(body[:4]) == number:
                    return kind, body, replayed

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Caller:
    """The relay at ``path``. Any thread may call."""

    def __init__(self, path: str, *, patience: float = PATIENCE) -> None:
        self._path = path
        self._patience = patience
        self._idle: list[_Line] = []
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def publish(self, topic: str, payload: bytes, *, binary: bool = False, keep: Keep | None = None) -> Id:
        """Returns once the message is known for good. Raises ``HubError``."""
        line = self._take()
        number = line.next()
        kind, body, _ = line.ask(number, frames.publish(number, topic, payload, binary=binary, keep=keep))
        self._give_back(line)
        if kind != frames.OK:
            raise HubError(str(frames.read_told(body)[1]))
        return frames.read_ok(body)[1]

    def last(self, topic: str, count: int) -> list[Message]:
        """The last so many messages, oldest first. Raises ``HubError``."""
        return self._ask(frames.LAST, {"topic": topic, "count": count})[1]

    def members(self, topic: str) -> dict[str, Any]:
        """Who is there. Raises ``HubError``."""
        found: dict[str, Any] = self._ask(frames.MEMBERS, {"topic": topic})[0]
        return found

    def facts(self) -> dict[str, Any]:
        """What the relay says of itself. Raises ``HubError``."""
        found: dict[str, Any] = self._ask(frames.FACTS, {})[0]
        return found

    def call(self, kind: int, request: bytes) -> bytes:
        """Ask a service that lives in the relay. It may be asked twice. Raises ``HubError``."""
        line = self._take()
        number = line.next()
        answered, body, _ = line.ask(number, frames.numbered(kind, number, request))
        self._give_back(line)
        if answered != kind:
            raise HubError(str(frames.read_told(body)[1]))
        return body[4:]

    def close(self) -> None:
        """Let idle connections go."""
        with self._lock:
            lines, self._idle = self._idle, []
        for line in lines:
            line.close()

    def _ask(self, kind: int, facts: Any) -> tuple[Any, list[Message]]:
        line = self._take()
        number = line.next()
        answered, body, messages = line.ask(number, frames.told(kind, number, facts))
        self._give_back(line)
        _, reply = frames.read_told(body)
        if answered == frames.ERROR:
            raise HubError(str(reply))
        return reply, messages

    def _take(self) -> _Line:
        with self._lock:
            if self._pid != os.getpid():  # forked: those are our parent's
                self._idle, self._pid = [], os.getpid()
            return self._idle.pop() if self._idle else _Line(self._path, self._patience)

    def _give_back(self, line: _Line) -> None:
        with self._lock:
            if len(self._idle) < MOST_IDLE:
                self._idle.append(line)
                return
        line.close()
