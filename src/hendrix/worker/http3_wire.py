"""One UDP socket of HTTP/3: what arrives with the address that it was sent to, and what leaves from that address.

A socket that is bound to all addresses would answer from whichever the way back begins with; a peer takes nothing from
another address than it has sent to.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import Any

from hendrix.worker.http3_place import Place, place

LARGEST = 65535
#: Of <linux/in.h> and <linux/in6.h>; Python's socket module has only some of them.
_IP_PKTINFO, _IP_MTU_DISCOVER, _PROBE = 8, 10, 3
_IPV6_RECVPKTINFO, _IPV6_PKTINFO, _IPV6_MTU_DISCOVER = 49, 50, 23
_V4, _V6 = struct.Struct("=i4s4s"), struct.Struct("=16si")
_SPACE = socket.CMSG_SPACE(20)
#: What may wait in the kernel while the loop is busy.
_BUFFER = 2 * 1024 * 1024


class Wire:
    """``number`` says which of the server's it is."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.socket = sock
        self._number = number
        self.bound: tuple[Any, ...] = sock.getsockname()
        self._v6 = sock.family == socket.AF_INET6
        self._anywhere = self.bound[0] in ("0.0.0.0", "::")
        sock.setblocking(False)
        self._prepare()

    def _prepare(self) -> None:
        sock, level = self.socket, socket.IPPROTO_IPV6 if self._v6 else socket.IPPROTO_IP
        with contextlib.suppress(OSError):
            # RFC 9000 section 14: datagrams are not to be taken apart on their way.
            sock.setsockopt(level, _IPV6_MTU_DISCOVER if self._v6 else _IP_MTU_DISCOVER, _PROBE)
        for name in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, name, _BUFFER)
        if self._anywhere:
            with contextlib.suppress(OSError):
                sock.setsockopt(level, _IPV6_RECVPKTINFO if self._v6 else _IP_PKTINFO, 1)

    def receive(self) -> tuple[bytes, Place] | None:
        """The next datagram, if there is one. Raises ``BlockingIOError`` where there is none."""
        if not self._anywhere:
            data, address = self.socket.recvfrom(LARGEST)
            return data, place(address, self._number, b"", self.bound)
        data, told, _flags, address = self.socket.recvmsg(LARGEST, _SPACE)
        return data, place(address, self._number, self._local(told), self.bound)

    def _local(self, told: list[tuple[int, int, bytes]]) -> bytes:
        for level, kind, data in told:
            if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO) and len(data) >= _V4.size:
                return data[8:12]
            if (level, kind) == (socket.IPPROTO_IPV6, _IPV6_PKTINFO) and len(data) >= _V6.size:
                return data[:16]
        return b""

    def send(self, data: bytes, to: Place) -> None:
        """What cannot be sent now is lost, as datagrams are."""
        with contextlib.suppress(OSError):
            if not to.local:
                self.socket.sendto(data, to.address)
            elif len(to.local) == 4:
                told = (socket.IPPROTO_IP, _IP_PKTINFO, _V4.pack(0, to.local, bytes(4)))
                self.socket.sendmsg([data], [told], 0, to.address)
            else:
                told = (socket.IPPROTO_IPV6, _IPV6_PKTINFO, _V6.pack(to.local, 0))
                self.socket.sendmsg([data], [told], 0, to.address)
