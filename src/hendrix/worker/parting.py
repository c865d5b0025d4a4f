"""The end of a connection whose peer still sends.

Closing with bytes unread would reset the connection, and the peer would not see what it was answered (RFC 9112
section 9.6): so our half is closed, and what comes is read for a while and thrown away. Who takes his time for what he
was answered says so all the while (WINDOW_UPDATE), so the while must not end before he has it (see ``untaken``).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import time

from hendrix.core.config import Config
from hendrix.worker.taking import Taking

if sys.platform == "linux":
    import fcntl
    import termios

_MOST = 4 * 1024 * 1024
#: Bytes that may wait at the end without being an answer: nobody is waited for because of them.
_LAST_WORDS = 4096


class Parting:
    """Of one connection. Nothing more is answered there."""

    __slots__ = ("_discarded", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._discarded = 0

    def begin(self, seconds: float, *, reading: bool) -> float:
        """Close our half. ``reading``: the transport is read already. Returns when to close the whole."""
        if not reading:
            self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        return time.monotonic() + seconds

    def discard(self, nbytes: int) -> None:
        """So many bytes have come."""
        self._discarded += nbytes
        if self._discarded > _MOST:
            # Not cut off here: the answer may still wait for this turn of the loop to end.
            self._transport.pause_reading()


def takes_on(transport: asyncio.Transport, taking: Taking, now: float, config: Config) -> bool:
    """Is the peer still taking what it was answered, in good order? Then it is to have the time for that."""
    waiting = untaken(transport)
    if waiting <= _LAST_WORDS:
        return False
    taking.watch(waiting, now)
    return not taking.stalled(waiting, now, seconds=config.write_timeout, rate=config.min_rate)


def be_incomplete(transport: asyncio.Transport) -> None:
    """Have the end of the connection seen as a fault, not as that of the answer (RFC 9112 section 8): it is reset."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def untaken(transport: asyncio.Transport) -> int:
    """Bytes that the peer has yet to take: in the transport, and in the kernel where that tells (tcp(7), SIOCOUTQ)."""
    waiting = transport.get_write_buffer_size()
    sock = transport.get_extra_info("socket")
    if sock is not None and sys.platform == "linux":
        with contextlib.suppress(OSError, ValueError):
            waiting += int.from_bytes(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)
    return waiting
