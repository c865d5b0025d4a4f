"""A client's first message, as OpenSSL makes it and as hostile clients may."""

from __future__ import annotations

import functools
import ssl
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hendrix.tls import hello


@functools.cache
def said(name: str | None, *protocols: str) -> bytes:
    """What OpenSSL says first to a server of this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if name is None:
        context.check_hostname = False
    if protocols:
        context.set_alpn_protocols(protocols)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def in_records(message: bytes, size: int) -> bytes:
    """RFC 8446 section 5.1: handshake messages may be split over records."""
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + len(part).to_bytes(2, "big") + part for part in parts)


@pytest.mark.parametrize("name", ["example.org", "a.very.long.name.example.org", "localhost"])
def test_the_name_of_the_server(name: str) -> None:
    message = hello.whole(said(name))
    assert message
    assert hello.server_name(message) == name


def test_without_a_name() -> None:
    message = hello.whole(said(None))
    assert message
    assert hello.server_name(message) == ""


@pytest.mark.parametrize("protocols", [(), ("h2",), ("h2", "http/1.1"), ("x" * 255,)])
def test_what_is_to_be_spoken(protocols: tuple[str, ...]) -> None:
    message = hello.whole(said("example.org", *protocols))
    assert message
    assert hello.protocols(message) == list(protocols)


def test_names_are_compared_in_lower_case() -> None:
    message = hello.whole(said("example.org").replace(b"example.org", b"EXAMPLE.ORG"))
    assert message
    assert hello.server_name(message) == "example.org"


@pytest.mark.parametrize("size", [1, 7, 100, 511])
def test_split_over_records(size: int) -> None:
    message = said("example.org")[5:]
    assert hello.whole(in_records(message, size)) == message


@pytest.mark.parametrize("size", [1, 7, 100, 511])
@pytest.mark.parametrize("step", [1, 5, 1000])
def test_as_it_arrives(size: int, step: int) -> None:
    message = said("example.org")[5:]
    data, arriving = in_records(message, size), hello.Arriving()
    found = [arriving.read(data[: at + step]) for at in range(0, len(data), step)]
    assert set(found[:-1]) <= {None, message}
    assert found[-1] == message


def test_a_peer_that_cuts_it_small_costs_no_more_for_that() -> None:
    """Records of one byte, and not many of them at once."""
    data = in_records(b"\x01" + (30000).to_bytes(3, "big") + bytes(30000), 1)[: hello.LONGEST]
    began, arriving = time.process_time(), hello.Arriving()
    for at in range(0, len(data), 16):
        assert arriving.read(data[:at]) is None
    assert time.process_time() - began < 1


def test_it_is_waited_for_until_it_is_complete() -> None:
    data = said("example.org")
    assert [at for at in range(len(data)) if hello.whole(data[:at]) is not None] == []
    assert hello.whole(data + b"more") == data[5:]


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\xff\xff" + b"\x01" * 100,
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",
    ],
)
def test_what_is_none_is_not_waited_for(data: bytes) -> None:
    assert hello.whole(data) == b""


@given(st.binary(max_size=600))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    hello.whole(data)
    hello.server_name(data)
    hello.protocols(data)


@given(at=st.integers(0, 600), byte=st.integers(0, 255))
def test_any_changed_hello_is_read_without_an_error(at: int, byte: int) -> None:
    data = bytearray(said("example.org", "h2", "http/1.1"))
    data[at % len(data)] = byte
    message = hello.whole(bytes(data))
    if message:
        hello.server_name(message)
        hello.protocols(message)


def test_a_name_that_is_no_ascii_is_none() -> None:
    message = hello.whole(said("example.org").replace(b"example.org", b"exa\xff\xfele.org"))
    assert message
    assert hello.server_name(message) == ""
