"""The PROXY line that a load balancer may put before a connection (HAProxy's proxy-protocol.txt, v1 and v2)."""

from __future__ import annotations

import ipaddress
import re
import struct
from dataclasses import dataclass

from hendrix.core.errors import PeerError

_V1 = re.compile(
    rb"PROXY (?:UNKNOWN[^\r\n]*|TCP([46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) ([0-9]{1,5}) ([0-9]{1,5}))\r\n"
)
_V1_LONGEST = 107
_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
#: Addresses and extensions behind the header of version 2; senders stay far below.
_V2_LONGEST = 4096
#: TCP over IPv4 and IPv6: how the addresses are laid out.
_FAMILIES = {0x11: "!4s4sHH", 0x21: "!16s16sHH"}


@dataclass(frozen=True, slots=True)
class Source:
    """Who the balancer speaks for: ``(host, port)`` of the client, and where it had connected to."""

    client: tuple[str, int]
    server: tuple[str, int]


class ProxyLine:
    """Reads one PROXY header. ``complete`` once it is all there."""

    def __init__(self, versions: str) -> None:
        """``versions`` is ``v1``, ``v2`` or ``on`` for both."""
        self._v1 = versions in ("v1", "on")
        self._v2 = versions in ("v2", "on")
        self._buffer = b""
        self.complete = False

    def feed(self, data: bytes) -> tuple[Source | None, bytes]:
        """Take bytes; return the source (None: unknown or not yet) and what is behind the header.

        Raises ``PeerError``.
        """
        self._buffer += data
        if self._v2 and _SIGNATURE.startswith(self._buffer[:12]):
            return self._feed_v2()
        if self._v1 and b"PROXY ".startswith(self._buffer[:6]):
            return self._feed_v1()
        raise PeerError(400, "no PROXY header")

    def _feed_v1(self) -> tuple[Source | None, bytes]:
        end = self._buffer.find(b"\r\n", 0, _V1_LONGEST)
        if end < 0:
            if len(self._buffer) >= _V1_LONGEST:
                raise PeerError(400, "the PROXY line is too long")
            return None, b""
        match = _V1.match(self._buffer)
        if match is None:
            raise PeerError(400, "malformed PROXY line")
        self.complete = True
        rest = self._buffer[match.end() :]
        if match[1] is None:
            return None, rest
        version = int(match[1])
        client = _address(match[2].decode(), version), _port(int(match[4]))
        server = _address(match[3].decode(), version), _port(int(match[5]))
        return Source(client, server), rest

    def _feed_v2(self) -> tuple[Source | None, bytes]:
        if len(self._buffer) < 16:
            return None, b""
        command, family, length = struct.unpack("!BBH", self._buffer[12:16])
        if command not in (0x20, 0x21) or length > _V2_LONGEST:
            raise PeerError(400, "malformed PROXY header")
        if len(self._buffer) < 16 + length:
            return None, b""
        self.complete = True
        facts, rest = self._buffer[16 : 16 + length], self._buffer[16 + length :]
        # 0x20 is LOCAL: the balancer itself, asking after our health.
        if command == 0x20 or family not in _FAMILIES:
            return None, rest
        layout = _FAMILIES[family]
        if length < struct.calcsize(layout):
            raise PeerError(400, "malformed PROXY header")
        source, destination, source_port, port = struct.unpack_from(layout, facts)
        client = str(ipaddress.ip_address(source)), source_port
        return Source(client, (str(ipaddress.ip_address(destination)), port)), rest


def _address(text: str, version: int) -> str:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise PeerError(400, "malformed PROXY line") from None
    if found.version != version:
        raise PeerError(400, "malformed PROXY line")
    return str(found)


def _port(port: int) -> int:
    if port > 65535:
        raise PeerError(400, "malformed PROXY line")
    return port
