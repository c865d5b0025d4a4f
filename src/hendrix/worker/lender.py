"""Listening sockets for the project's own ports, borrowed from the parent process."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable, Sequence

from hendrix.core.control import Borrow, GiveBack, Message
from hendrix.core.record import record

#: Seconds to wait for the parent process, which answers within a turn of its loop.
_PATIENCE = 10.0
_ANSWER = 4096

Send = Callable[[Message, Sequence[int]], object]


@record(frozen=True)
class Place:
    """Where to listen: "tcp" or "udp" at an IP address and a port."""

    kind: str
    host: str
    port: int


def lendable(kind: str, interface: str, port: int) -> Place | None:
    """The place as the parent knows it. None: a port of the system's choice, which nobody could find again, or an
    interface by name."""
    if not isinstance(port, int) or port == 0:
        return None
    try:
        return Place(kind, str(ipaddress.ip_address(interface or "0.0.0.0")), port)
    except ValueError:
        return None


class Lender:
    """``send`` tells the parent, with descriptors."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def borrow(self, place: Place, backlog: int) -> socket.socket:
        """The listening socket. Raises ``OSError`` as ``bind`` would."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                self._send(Borrow(place.kind, place.host, place.port, backlog), [theirs.fileno()])
            ours.settimeout(_PATIENCE)
            said, fds, _flags, _address = socket.recv_fds(ours, _ANSWER, 1)
        if fds:
            os.set_inheritable(fds[0], False)
            return socket.socket(fileno=fds[0])
        number, _, reason = said.decode(errors="replace").partition(" ")
        raise OSError(int(number or 0), reason or "the parent process is gone")

    def give_back(self, place: Place) -> None:
        """It is no longer used here."""
        self._send(GiveBack(place.kind, place.host, place.port), ())
