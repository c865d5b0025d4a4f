"""Our end of a conversation with the template or a worker. It never blocks.

A peer that does not read is given up once ``LIMIT`` bytes wait for it: the supervisor serves all the others,
so it neither waits for one nor keeps an unbounded pile for it. What is ``ended`` says and hears nothing more;
a peer that only closed its end may still have last words in the socket, which are heard first.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from hendrix.core.control import Decoder, Message, encode

LIMIT = 1 << 20
"""Bytes that may wait for a peer that does not read."""
_CHUNK = 1 << 16
_CHUNKS = 16  # of one peer before the others have their turn; more than a socket's buffer holds
_MOST_FDS = 253  # SCM_MAX_FD of Linux


@dataclass(slots=True)
class _Parcel:
    data: bytes
    fds: list[int] = field(default_factory=list)

    def sent(self, count: int) -> None:
        """``count`` bytes are gone, and with the first of them the descriptors."""
        self.data = self.data[count:]
        self.close()

    def close(self) -> None:
        for fd in self.fds:
            os.close(fd)
        self.fds = []


class Channel:
    """One end of a unix stream socket that carries ``hendrix.core.control``. Owns the socket."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.ended = False
        self._socket = sock
        self._decoder = Decoder()
        self._parcels: deque[_Parcel] = deque()
        self._waiting = 0
        self._finishing = False
        self._unheard = False

    def fileno(self) -> int:
        """The descriptor, for a selector."""
        return self._socket.fileno()

    @property
    def wants_write(self) -> bool:
        """Whether ``flush`` should be called once the socket takes bytes."""
        return bool(self._parcels) and not self.ended

    def send(self, message: Message, fds: Iterable[int] = ()) -> bool:
        """Send the message, now or by ``flush``, with copies of ``fds``. ``False``: the peer is lost.

        Raises ``OSError`` when this process is out of descriptors.
        """
        if self.ended or self._finishing or self._unheard:
            return False
        data = encode(message)
        if self._waiting + len(data) > LIMIT:
            return self._give_up()
        self._parcels.append(_Parcel(data, _copies(fds)))
        self._waiting += len(data)
        return self.flush()

    def flush(self) -> bool:
        """Send what waits, as far as the socket takes it. ``False``: the peer is lost."""
        while self.wants_write:
            try:
                self._send(self._parcels[0])
            except BlockingIOError:
                return True
            except (BrokenPipeError, ConnectionResetError):
                self._unheard = True
                return self._drop()
            except OSError:
                return self._give_up()
        if self._finishing:
            self._shut()
        return not self.ended

    def receive(self) -> list[tuple[Message, list[int]]]:
        """The messages that are complete, each with its descriptors (close-on-exec); then see ``ended``."""
        found: list[tuple[Message, list[int]]] = []
        for _ in range(_CHUNKS):
            try:
                data, fds, _, _ = socket.recv_fds(self._socket, _CHUNK, _MOST_FDS)
                if not data:
                    self._give_up()
                    break
                found += self._decoder.feed(data, _private(fds))
            except BlockingIOError:
                break
            except (OSError, ValueError, KeyError, TypeError):
                self._give_up()  # reset, or it talks nonsense: its memory is not to be trusted
                break
        return found

    def finish(self) -> None:
        """Let the peer see the end once it has read everything; it can still speak."""
        self._finishing = True
        self.flush()

    def close(self) -> None:
        """Close the socket and drop what waits."""
        self._give_up()
        self._socket.close()

    def _send(self, parcel: _Parcel) -> None:
        count = socket.send_fds(self._socket, [parcel.data], parcel.fds)
        parcel.sent(count)
        self._waiting -= count
        if not parcel.data:
            self._parcels.popleft()

    def _shut(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def _give_up(self) -> bool:
        self.ended = True
        return self._drop()

    def _drop(self) -> bool:
        self._waiting = 0
        while self._parcels:
            self._parcels.popleft().close()
        return False


def _private(fds: list[int]) -> list[int]:
    for fd in fds:
        os.set_inheritable(fd, False)  # ``recv_fds`` ignores its flags, so MSG_CMSG_CLOEXEC cannot be used
    return fds


def _copies(fds: Iterable[int]) -> list[int]:
    copies: list[int] = []
    try:
        for fd in fds:
            copies.append(os.dup(fd))
    except OSError:
        _Parcel(b"", copies).close()
        raise
    return copies
