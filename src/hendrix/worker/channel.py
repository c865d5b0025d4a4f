"""A worker's and a template's end of the conversation with the supervisor."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Sequence

from hendrix.core.control import Decoder, Message, encode

_READ = 65536
_MOST_FDS = 64


def _send(sock: socket.socket, data: bytes, fds: Sequence[int]) -> None:
    if fds:
        data = data[socket.send_fds(sock, [data], list(fds)) :]
    sock.sendall(data)


class BlockingChannel:
    """The template's end: it has nothing else to do than to wait for the next message."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.setblocking(True)
        self._decoder = Decoder()
        self._messages: list[tuple[Message, list[int]]] = []

    def send(self, message: Message, fds: Sequence[int] = ()) -> None:
        """Raises ``OSError`` where the supervisor is gone."""
        _send(self.sock, encode(message), fds)

    def receive(self) -> tuple[Message, list[int]] | None:
        """The next message with its descriptors; None at the end of the conversation."""
        while not self._messages:
            data, fds, _flags, _address = socket.recv_fds(self.sock, _READ, _MOST_FDS)
            if not data:
                return None
            for fd in fds:
                os.set_inheritable(fd, False)
            self._messages += self._decoder.feed(data, list(fds))
        return self._messages.pop(0)


class LoopChannel:
    """A worker's end, on its event loop. ``on_message`` is given descriptors to close."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        on_message: Callable[[Message, list[int]], None],
        on_end: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._decoder = Decoder()
        self._rest = b""
        self._on_message = on_message
        self._on_end = on_end
        sock.setblocking(False)
        loop.add_reader(sock.fileno(), self._read)

    def send(self, message: Message, fds: Sequence[int] = ()) -> bool:
        """Tell the supervisor. What it cannot take now is not worth waiting for: False, it will not hear it.

        A message of which it has taken a part is completed before the next one.
        """
        try:
            if self._rest:
                self._rest = self._rest[self._sock.send(self._rest) :]
            if self._rest:
                return False
            data = encode(message)
            sent = socket.send_fds(self._sock, [data], list(fds)) if fds else self._sock.send(data)
            self._rest = data[sent:]
        except OSError:
            return False
        return True

    def _read(self) -> None:
        try:
            data, fds, _flags, _address = socket.recv_fds(self._sock, _READ, _MOST_FDS)
        except BlockingIOError:
            return
        except OSError:
            data, fds = b"", []
        if not data:
            self.close()
            self._on_end()
            return
        for message, extra in self._decoder.feed(data, list(fds)):
            for fd in extra:
                os.set_inheritable(fd, False)
            self._on_message(message, extra)

    def close(self) -> None:
        """Say and hear nothing more."""
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()
