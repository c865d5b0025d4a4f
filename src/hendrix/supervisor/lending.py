"""Listening sockets of the project's own services, TCP and UDP: bound here, lent to whoever asks.

All workers of all generations have the same socket, so that a reload or a crash refuses no connection and loses no
datagram: what arrives meanwhile waits for the next one. A socket that nobody uses any more is closed, after a while
where its user has died or been replaced, as the successor may be about to ask.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from hendrix.core.record import record

KEPT = 10.0
"""Seconds that a socket without users is kept."""
MOST = 256
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
_PRIVILEGED = 1024


@record(frozen=True)
class Place:
    """Where to listen; ``host`` is an IP address."""

    kind: str
    host: str
    port: int


@dataclass(slots=True)
class Lent:
    """One socket. ``borrowers`` are workers, or a generation as ``-N``; ``unused`` since when there are none."""

    socket: socket.socket
    borrowers: set[int] = field(default_factory=set)
    unused: float | None = None


class Lending:
    """All of them. ``privileged``: may ports below 1024 be bound for the project?"""

    def __init__(self) -> None:
        self._lent: dict[Place, Lent] = {}
        self._closed = False

    def borrow(self, place: Place, backlog: int, borrower: int, *, privileged: bool) -> socket.socket:
        """The socket at ``place``. Raises ``OSError``."""
        lent = self._lent.get(place)
        if lent is None:
            self._refuse(place, privileged)
            lent = self._lent[place] = Lent(_bound(place, backlog))
        lent.borrowers.add(borrower)
        lent.unused = None
        return lent.socket

    def give_back(self, place: Place, borrower: int) -> None:
        """``borrower`` stopped listening by itself: so has the server, if it was the last one."""
        lent = self._lent.get(place)
        if lent and borrower in lent.borrowers:
            lent.borrowers.discard(borrower)
            if not lent.borrowers:
                self._lent.pop(place).socket.close()

    def look(self, now: float, lives: Callable[[int], bool]) -> None:
        """Notice which borrowers are gone; close what has been without them for too long."""
        for place, lent in list(self._lent.items()):
            lent.borrowers = {borrower for borrower in lent.borrowers if lives(borrower)}
            if lent.borrowers:
                continue
            if lent.unused is None:
                lent.unused = now
            elif now >= lent.unused + KEPT:
                self._lent.pop(place).socket.close()

    def deadline(self) -> float | None:
        """When ``look`` matters next."""
        return min((lent.unused + KEPT for lent in self._lent.values() if lent.unused is not None), default=None)

    def close(self) -> None:
        """The server ends: who comes now is refused, and nothing is lent any more."""
        self._closed = True
        self.release()

    def release(self) -> None:
        """Close our copies in a forked child."""
        for lent in self._lent.values():
            lent.socket.close()
        self._lent.clear()

    def rows(self) -> list[dict[str, Any]]:
        """For a successor in the same process."""
        return [
            {
                "kind": place.kind,
                "host": place.host,
                "port": place.port,
                "borrowers": sorted(lent.borrowers),
                "fds": [lent.socket.fileno()],
            }
            for place, lent in self._lent.items()
        ]

    def adopt(self, rows: Iterable[dict[str, Any]]) -> None:
        """The reverse of ``rows``."""
        for row in rows:
            place = Place(row["kind"], row["host"], row["port"])
            self._lent[place] = Lent(socket.socket(fileno=row["fds"][0]), set(row["borrowers"]))

    def _refuse(self, place: Place, privileged: bool) -> None:
        if self._closed:
            raise OSError(errno.ESHUTDOWN, "the server is stopping")
        if len(self._lent) >= MOST:
            raise OSError(errno.EMFILE, f"more than {MOST} ports of services")
        if place.port < _PRIVILEGED and not privileged:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))


def _bound(place: Place, backlog: int) -> socket.socket:
    """As Twisted would have made it."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    sock = socket.socket(family, _KINDS[place.kind])
    try:
        if place.kind == "tcp":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((place.host, place.port))
        if place.kind == "tcp":
            sock.listen(max(1, min(backlog, 65535)))
        sock.setblocking(False)
    except (OSError, OverflowError, UnicodeError) as error:
        sock.close()
        raise error if isinstance(error, OSError) else OSError(errno.EINVAL, str(error)) from None
    return sock
