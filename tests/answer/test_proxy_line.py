"""PROXY headers, versions 1 and 2, by the text of HAProxy's proxy-protocol.txt."""

from __future__ import annotations

import socket
import struct

import pytest

from hendrix.core.errors import PeerError
from hendrix.wire.proxy_line import ProxyLine, Source

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
REST = b"GET / HTTP/1.1\r\n"
V4 = Source(("192.0.2.1", 5000), ("198.51.100.1", 443))
V6 = Source(("2001:db8::1", 5000), ("2001:db8::2", 443))


def v2(command: int, family: int, facts: bytes, length: int | None = None) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(facts) if length is None else length) + facts


def packed(source: Source, family: int) -> bytes:
    hosts = b"".join(socket.inet_pton(family, host) for host in (source.client[0], source.server[0]))
    return hosts + struct.pack("!HH", source.client[1], source.server[1])


V4_FACTS, V6_FACTS = packed(V4, socket.AF_INET), packed(V6, socket.AF_INET6)

GOOD = {
    # Section 2.1: human-readable.
    "v1 TCP4": (b"PROXY TCP4 192.0.2.1 198.51.100.1 5000 443\r\n", V4),
    "v1 TCP6": (b"PROXY TCP6 2001:db8::1 2001:db8::2 5000 443\r\n", V6),
    "v1 UNKNOWN": (b"PROXY UNKNOWN\r\n", None),
    "v1 UNKNOWN with words": (b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", None),
    "v1 longest": (b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n", None),
    # Section 2.2: binary.
    "v2 TCP over IPv4": (v2(0x21, 0x11, V4_FACTS), V4),
    "v2 TCP over IPv6": (v2(0x21, 0x21, V6_FACTS), V6),
    "v2 with extensions": (v2(0x21, 0x11, V4_FACTS + b"\x04\x00\x03abc"), V4),
    "v2 LOCAL": (v2(0x20, 0x00, b""), None),
    "v2 LOCAL with addresses": (v2(0x20, 0x11, V4_FACTS), None),
    "v2 UNSPEC": (v2(0x21, 0x00, b"anything"), None),
    "v2 UDP": (v2(0x21, 0x12, V4_FACTS), None),
    "v2 unix": (v2(0x21, 0x31, b"\0" * 216), None),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_headers_whole(name) -> None:
    header, source = GOOD[name]
    line = ProxyLine("on")
    assert line.feed(header + REST) == (source, REST)
    assert line.complete


@pytest.mark.parametrize("name", GOOD)
def test_good_headers_byte_by_byte(name) -> None:
    header, source = GOOD[name]
    line = ProxyLine("on")
    for at in range(len(header) - 1):
        assert line.feed(header[at : at + 1]) == (None, b"")
        assert not line.complete
    assert line.feed(header[-1:] + REST) == (source, REST)
    assert line.complete


BAD = {
    "no header": REST,
    "small letters": b"proxy TCP4 192.0.2.1 198.51.100.1 5000 443\r\n",
    "v1 too long": b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n",
    "v1 without end": b"PROXY " + b"x" * 200,
    "v1 LF": b"PROXY TCP4 192.0.2.1 198.51.100.1 5000 443\n" + b" " * 107,
    "v1 family": b"PROXY TCP5 192.0.2.1 198.51.100.1 5000 443\r\n",
    "v1 mixed families": b"PROXY TCP4 2001:db8::1 198.51.100.1 5000 443\r\n",
    "v1 other family": b"PROXY TCP6 192.0.2.1 198.51.100.1 5000 443\r\n",
    "v1 address": b"PROXY TCP4 192.0.2.999 198.51.100.1 5000 443\r\n",
    "v1 port": b"PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n",
    "v1 negative port": b"PROXY TCP4 192.0.2.1 198.51.100.1 -1 443\r\n",
    "v1 two spaces": b"PROXY TCP4  192.0.2.1 198.51.100.1 5000 443\r\n",
    "v1 missing port": b"PROXY TCP4 192.0.2.1 198.51.100.1 5000\r\n",
    "v1 more words": b"PROXY TCP4 192.0.2.1 198.51.100.1 5000 443 1\r\n",
    "v1 CR within": b"PROXY UNKNOWN a\rb\r\n",
    "v2 version": v2(0x11, 0x11, V4_FACTS),
    "v2 command": v2(0x22, 0x11, V4_FACTS),
    "v2 too long": v2(0x21, 0x11, b"", 65535),
    "v2 too short": v2(0x21, 0x11, V4_FACTS[:11]),
    "v2 too short for IPv6": v2(0x21, 0x21, V4_FACTS),
    "v2 signature": SIGNATURE[:-1] + b"X" + b"\x21\x11\0\0",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_headers(name) -> None:
    with pytest.raises(PeerError) as refused:
        ProxyLine("on").feed(BAD[name])
    assert refused.value.status == 400


@pytest.mark.parametrize("name", BAD)
def test_bad_headers_byte_by_byte(name) -> None:
    line = ProxyLine("on")
    with pytest.raises(PeerError):
        for byte in BAD[name]:
            assert line.feed(bytes([byte])) == (None, b"")


@pytest.mark.parametrize(("versions", "name"), [("v1", "v2 TCP over IPv4"), ("v2", "v1 TCP4")])
def test_only_the_version_that_was_asked_for(versions, name) -> None:
    with pytest.raises(PeerError):
        ProxyLine(versions).feed(GOOD[name][0])


@pytest.mark.parametrize(("versions", "name"), [("v1", "v1 TCP4"), ("v2", "v2 TCP over IPv4")])
def test_one_version_suffices(versions, name) -> None:
    assert ProxyLine(versions).feed(GOOD[name][0]) == (V4, b"")
