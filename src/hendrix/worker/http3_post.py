"""Datagrams between workers: one that came to the wrong one goes on to the one that has the connection.

All workers read the same sockets, so which of them gets a datagram is up to the kernel, and after a reload it may be
one of another generation. Each has a mailbox, an abstract unix socket whose name holds its number; the number stands
in each connection id. Nothing is kept in the file system, and nothing is believed that another user has sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections import deque
from collections.abc import Callable

_CREDENTIALS = struct.Struct("3i")
#: Datagrams that wait because a mailbox is full (the kernel holds ten), and seconds until it is looked at again.
_MOST_WAITING = 512
_AGAIN = 0.001
#: Datagrams that are taken out in one turn of the loop.
_AT_ONCE = 32
_LARGEST = 65536 + 64
#: As Linux has them; Python's socket module names them on Linux only.
_PASSCRED = getattr(socket, "SO_PASSCRED", 16)
_SCM_CREDENTIALS = getattr(socket, "SCM_CREDENTIALS", 2)

Taken = Callable[[bytes], None]


class Post:
    """The mailbox of one worker. ``realm`` is what the workers of one server have in common."""

    def __init__(self, loop: asyncio.AbstractEventLoop, realm: int, taken: Taken) -> None:
        self._loop = loop
        self._realm = realm
        self._taken = taken
        self._uid = os.geteuid()
        self._waiting: deque[tuple[bytes, bytes]] = deque()
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.setblocking(False)
        self._sock.setsockopt(socket.SOL_SOCKET, _PASSCRED, 1)
        self.number = self._take_number()
        loop.add_reader(self._sock.fileno(), self._arrived)

    def _take_number(self) -> int:
        while True:
            number = int.from_bytes(os.urandom(4), "big")
            with contextlib.suppress(FileExistsError, OSError):
                self._sock.bind(self._name(number))
                return number

    def _name(self, number: int) -> bytes:
        return b"\0hendrix-http3-%d-%08x" % (self._realm, number)

    def send(self, number: int, data: bytes) -> bool:
        """False: there is no such worker."""
        name = self._name(number)
        if self._waiting:
            self._wait(data, name)
            return True
        try:
            self._sock.sendto(data, name)
        except BlockingIOError:
            self._wait(data, name)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            pass  # it is lost. Nobody may take that for a worker that has gone: its connections would be reset
        return True

    def _wait(self, data: bytes, name: bytes) -> None:
        if not self._waiting:
            self._loop.call_later(_AGAIN, self._try_again)
        if len(self._waiting) < _MOST_WAITING:  # else it is lost, as datagrams are
            self._waiting.append((data, name))

    def _try_again(self) -> None:
        while self._waiting:
            try:
                self._sock.sendto(*self._waiting[0])
            except BlockingIOError:
                self._loop.call_later(_AGAIN, self._try_again)
                return
            except OSError:
                pass  # it has left meanwhile
            self._waiting.popleft()

    def _arrived(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                data, told, _flags, _from = self._sock.recvmsg(_LARGEST, socket.CMSG_SPACE(_CREDENTIALS.size))
            except (BlockingIOError, InterruptedError):
                return
            if self._is_ours(told):
                self._taken(data)

    def _is_ours(self, told: list[tuple[int, int, bytes]]) -> bool:
        for level, kind, data in told:
            if (level, kind) == (socket.SOL_SOCKET, _SCM_CREDENTIALS) and len(data) >= _CREDENTIALS.size:
                return bool(_CREDENTIALS.unpack_from(data)[1] == self._uid)
        return False

    def close(self) -> None:
        """Nothing is taken any more."""
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()
