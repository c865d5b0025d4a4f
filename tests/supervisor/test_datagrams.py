"""The UDP sockets of HTTP/3 beside those of HTTPS."""

from __future__ import annotations

import socket

import pytest

from hendrix.core.errors import UsageError
from hendrix.supervisor import datagrams, sockets


def test_one_beside_each_that_speaks_https():
    held = sockets.bind(["127.0.0.1:0"], 8, (), ["127.0.0.1:0"])
    plain, secure = datagrams.beside(held, wanted=True)
    assert plain.datagrams is None
    assert secure.datagrams.type == socket.SOCK_DGRAM
    assert secure.datagrams.getsockname() == secure.socket.getsockname()
    # A reload keeps it, and takes it away where it is not wanted any more.
    again = datagrams.beside([plain, secure], wanted=True)
    assert again[1].datagrams is secure.datagrams
    _plain, without = datagrams.beside(again, wanted=False)
    assert without.datagrams is None
    assert secure.datagrams.fileno() == -1
    sockets.close([plain, without], clean=True)


def test_a_port_that_is_in_use():
    held = sockets.bind([], 8, (), ["127.0.0.1:0"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(held[0].socket.getsockname())
        with pytest.raises(UsageError, match=r"^HTTP/3 \(UDP\): cannot listen at 127\.0\.0\.1:\d+: the port is in"):
            datagrams.beside(held, wanted=True)
    sockets.close(held, clean=True)
