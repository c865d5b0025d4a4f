"""A WebSocket machine in a test's hands: cases sent whole, byte by byte, and followed by another message."""

from __future__ import annotations

import pytest

from hendrix.wire.websocket.deflate import Agreement
from hendrix.wire.websocket.limits import SocketLimits
from hendrix.wire.websocket.machine import Closed, WebSocket
from tests.kit.frames import CLOSE, Frame, read, text

LIMITS = SocketLimits()
WAYS = ("whole", "byte by byte", "followed")
in_all_ways = pytest.mark.parametrize("way", WAYS)
#: What is sent behind a case.
NEXT = text("next")


class Socket:
    """One connection, and what came of it."""

    def __init__(self, limits: SocketLimits = LIMITS, agreement: Agreement | None = None, now: float = 0.0) -> None:
        self.machine = WebSocket(limits, agreement, now)
        self.messages: list[str | bytes] = []
        self.closed: Closed | None = None
        self.sent: list[Frame] = []
        #: Bytes that had been sent when it was closed.
        self.taken = 0
        self._out = b""

    def send(self, data: bytes, *, piece: int = 0) -> Socket:
        """Send bytes, in pieces of ``piece`` where it is given."""
        for at in range(0, len(data), piece or len(data) or 1):
            self._take(data[at : at + (piece or len(data))])
            while self.machine.behind:
                self._take(b"")
        return self

    def _take(self, data: bytes) -> None:
        if self.closed is None:
            self.taken += len(data)
        self.act(self.machine.receive(data))

    def act(self, events: list[str | bytes | Closed]) -> None:
        """Act on events."""
        for event in events:
            assert self.closed is None, f"{event!r} after {self.closed}"
            if isinstance(event, Closed):
                self.closed = event
            else:
                self.messages.append(event)
        self.hear(self.machine.output)
        self.machine.output = b""

    def hear(self, data: bytes) -> None:
        """Bytes of the server."""
        frames, self._out = read(self._out + data)
        for frame in frames:
            assert not [sent for sent in self.sent if sent.opcode == CLOSE], "something was sent after a close frame"
            self.sent.append(frame)

    def expire(self, now: float) -> Socket:
        """Time has come to ``now``."""
        while now >= self.machine.deadline:
            self.act(self.machine.expire(now))
        return self


def converse(data: bytes, way: str, limits: SocketLimits = LIMITS, agreement: Agreement | None = None) -> Socket:
    """Send a case in one of ``WAYS``."""
    if way == "followed":
        data += NEXT
    return Socket(limits, agreement).send(data, piece=1 if way == "byte by byte" else 0)


def good(data: bytes, way: str, *messages: str | bytes, **setting: object) -> Socket:
    """``data`` are these messages, and what follows is read right."""
    socket = converse(data, way, **setting)  # type: ignore[arg-type]
    assert socket.closed is None, socket.closed
    assert socket.messages == [*messages, *(["next"] if way == "followed" else [])]
    return socket


def bad(data: bytes, code: int, way: str, *messages: str | bytes, **setting: object) -> Socket:
    """``data`` breaks a rule: it fails with ``code`` (7.1.7) after these messages, and nothing more is read."""
    socket = converse(data, way, **setting)  # type: ignore[arg-type]
    assert socket.closed is not None, f"not refused: {socket.messages}"
    assert socket.closed.code == code, socket.closed
    assert socket.closed.linger
    assert socket.messages == list(messages)
    assert [frame.code for frame in socket.sent if frame.opcode == CLOSE] == [code]
    assert socket.machine.receive(NEXT) == []
    return socket


def fails_at(data: bytes, code: int, last: int, **setting: object) -> None:
    """It fails when byte ``last`` (from 0) arrives, and not before."""
    socket = bad(data, code, "byte by byte", **setting)
    assert socket.taken == last + 1, f"failed after {socket.taken} bytes, not {last + 1}"
