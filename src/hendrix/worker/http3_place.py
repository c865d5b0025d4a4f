"""Where a datagram came from, and at which of our sockets and addresses: what an answer has to be sent with."""

from __future__ import annotations

import socket
import struct
from typing import Any, NamedTuple

from hendrix.core.http import Origin, Secured

_PACKED = struct.Struct("!BB16sHII16s")
SIZE = _PACKED.size


class Place(NamedTuple):
    """An address of a peer as aioquic takes it (it looks at the first two), and our end of the way.

    ``local`` is our address as it is packed; empty where the socket is bound to it.
    """

    host: str
    port: int
    flow: int
    scope: int
    door: int
    local: bytes
    server: tuple[str, int]

    @property
    def address(self) -> tuple[Any, ...]:
        """As ``sendto`` takes it."""
        return (self.host, self.port, self.flow, self.scope) if ":" in self.host else (self.host, self.port)

    def origin(self, secured: Secured | None) -> Origin:
        """As requests are told of it."""
        host = self.host.removeprefix("::ffff:") if "." in self.host else self.host
        return Origin((host, self.port), self.server, "https", secured=secured, door=self.server[1])

    def packed(self) -> bytes:
        """For another worker, which has the same sockets."""
        host = socket.inet_pton(socket.AF_INET6 if ":" in self.host else socket.AF_INET, self.host)
        local = len(self.local)
        return _PACKED.pack(self.door, len(host) << 3 | local >> 2, host, self.port, self.flow, self.scope, self.local)


def place(address: tuple[Any, ...], door: int, local: bytes, bound: tuple[Any, ...]) -> Place:
    """Of a datagram that came from ``address`` to a socket that is ``bound`` there."""
    host = str(address[0]).partition("%")[0]
    flow, scope = (int(address[2]), int(address[3])) if len(address) > 2 else (0, 0)
    server = (
        socket.inet_ntop(socket.AF_INET if len(local) == 4 else socket.AF_INET6, local) if local else str(bound[0])
    )
    return Place(host, int(address[1]), flow, scope, door, local, (server, int(bound[1])))


def unpack(data: bytes, bound: list[tuple[Any, ...]]) -> Place:
    """The reverse of ``Place.packed``. Raises ``ValueError``."""
    try:
        door, sizes, host, port, flow, scope, local = _PACKED.unpack_from(data)
        size, local = sizes >> 3, local[: (sizes & 7) << 2]
        name = socket.inet_ntop(socket.AF_INET6 if size == 16 else socket.AF_INET, host[:size])
        return place((name, port, flow, scope) if size == 16 else (name, port), door, local, bound[door])
    except (struct.error, OSError, IndexError) as error:
        raise ValueError(str(error)) from None
