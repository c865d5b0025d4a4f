"""Inputs that are made to cost more than they are worth. The bounds are hundreds of times what they take."""

from __future__ import annotations

import time

import pytest

from hendrix.wire.fields import valid_host
from tests.kit.wire import Peer, chunked, get, post

MIB = 1024 * 1024


def _seconds(*pieces: bytes) -> float:
    peer = Peer()
    began = time.process_time()
    peer.send(*pieces)
    return time.process_time() - began


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n" * (4 * MIB),
        b"\r\n" * MIB + b"\r",
        b"GET /" + b"a" * (8 * MIB),
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * MIB,
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b" " * (8 * MIB) + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"1" * 60_000 + b"\x00\r\n\r\n",
        get(b"Host: " + b"a%2" * 5_000),
        get(b"Host: [v" + b"1" * 15_000),
        get(b"Host: [" + b":" * 15_000 + b"]"),
        get(b"Host: a", b"Connection: " + b"," * 16_000),
        get(b"Host: a", b"Expect: " + b"," * 16_000),
        post(b"Transfer-Encoding: " + b"," * 16_000),
        post(b"Content-Length: " + b"9" * 16_000),
        chunked(b"5" + b";a" * MIB),
        chunked(b"5;a=" + b'"' * MIB),
        chunked(b'5;a="' + b"\\" * MIB),
        chunked(b"5" + b" \t" * MIB + b";"),
        chunked(b"5;a" + b" " * MIB + b"="),
        chunked(b"0\r\n" + b"X: 1\r\n" * MIB),
        chunked(b"0\r\n" + b"X" * (8 * MIB)),
        chunked(b"0\r\nX: " + b" " * (8 * MIB) + b"\r\n\r\n"),
    ],
)
def test_one_large_piece(data: bytes) -> None:
    assert _seconds(data) < 2.0


@pytest.mark.parametrize(
    ("start", "piece", "count"),
    [
        (b"", b"\r\n", 20_000),
        (b"GET / HTTP/1.1\r\n", b"X", 16_000),
        (b"GET / HTTP/1.1\r\nX: ", b"\t", 16_000),
        (chunked(b"0\r\n"), b"X", 16_000),
        (chunked(b"0\r\nX:"), b"\r\nX:", 4_000),
        (chunked(b""), b"1\r\nx\r\n", 20_000),
    ],
)
def test_many_small_pieces(start: bytes, piece: bytes, count: int) -> None:
    assert _seconds(start, *[piece] * count) < 4.0


def test_hosts() -> None:
    began = time.process_time()
    for host in (
        b"a" * MIB,
        b"%41" * MIB,
        b"a" * MIB + b"@",
        b"[" + b":" * MIB,
        b"[v" + b"1" * MIB,
        b"a:" + b"1" * MIB,
    ):
        valid_host(host)
    assert time.process_time() - began < 2.0
