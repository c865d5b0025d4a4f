"""What is over is freed at once: a circle would keep it for Python's collector, which in a worker comes seldom.

A closed connection of TLS holds some 25 kB in OpenSSL, of which the collector knows nothing.
"""

from __future__ import annotations

import gc
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from hendrix.core.config import Config
from hendrix.core.http import Origin
from hendrix.wire.framing import ChunkedBody
from hendrix.wire.http2.machine import Http2
from hendrix.wire.http2.stream import Stream
from hendrix.worker.connection import Connection
from hendrix.worker.exchange import HttpExchange
from hendrix.worker.http2_connection import Http2Connection
from hendrix.worker.http2_exchange import Http2Exchange
from hendrix.worker.http2_tunnel import Tunnel
from hendrix.worker.secure import SecureTransport
from hendrix.worker.site import Site, build_site
from hendrix.worker.websocket import WebSocketConnection
from tests.kit import http2_frames as f
from tests.worker.test_pipelining import FIRST, Leaving, Loop, Transport

_KINDS = (
    ChunkedBody,
    Connection,
    Http2,
    Http2Connection,
    Http2Exchange,
    HttpExchange,
    SecureTransport,
    Stream,
    Tunnel,
    WebSocketConnection,
)
SOCKET = [
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    *f.GET[1:],
    ("sec-websocket-version", "13"),
]


class Plain(Transport):
    """What a transport of TLS stands on."""

    def get_extra_info(self, name: str, default: object = None) -> object:
        return super().get_extra_info(name) or default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...


def left_of(step: Callable[[], None]) -> set[str]:
    """The kinds of what ``step`` leaves behind."""
    gc.collect()
    before = {id(one) for one in gc.get_objects() if type(one) in _KINDS}
    gc.disable()
    try:
        step()
        return {type(one).__name__ for one in gc.get_objects() if type(one) in _KINDS and id(one) not in before}
    finally:
        gc.enable()


def head(fields: list[tuple[str, str]]) -> bytes:
    """Literals, none of them kept."""
    pairs = [(name.encode(), value.encode()) for name, value in fields]
    return b"".join(bytes((0, len(name))) + name + bytes((len(value),)) + value for name, value in pairs)


def answered(exchange: Any) -> None:
    exchange.respond("200 OK", [], b"hello")


def streamed(exchange: Any) -> None:
    exchange.on_gone = lambda: exchange.request
    exchange.on_drained = lambda: exchange.request
    exchange.start("200 OK", [])
    exchange.write(b"x" * 300_000)


def ended(exchange: Any) -> None:
    streamed(exchange)
    exchange.finish()


def failed(exchange: Any) -> None:
    streamed(exchange)
    exchange.abort()


def joined(exchange: Any) -> None:
    socket = exchange.upgrade([], "")
    socket.on_message = lambda _message: socket
    socket.send("hello")


def left(exchange: Any) -> None:
    exchange.upgrade([], "").close(1000, "")


def site(answer: Callable[[Any], None]) -> Site:
    built = build_site(Config(), answer)
    built.buffer[: len(FIRST)] = FIRST
    return built


ANSWERS = [answered, streamed, ended, failed]


@pytest.mark.parametrize("answer", ANSWERS)
def test_http1(answer: Callable[[Any], None]) -> None:
    def step() -> None:
        loop, transport = Loop(), Transport()
        connection = Connection(site(answer), loop, b"x-request-id", None)  # type: ignore[arg-type]
        connection.connection_made(transport)  # type: ignore[arg-type]
        connection.buffer_updated(len(FIRST))
        loop.turn()
        connection.connection_lost(None)
        loop.turn()

    assert left_of(step) == set()


@pytest.mark.parametrize("rest", [b"5\r\nhel", b"what?\r\n", b"0\r\nX: y\r\n"])
def test_a_chunked_body_that_breaks_off(rest: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    def step() -> None:
        loop, transport = Loop(), Leaving()
        served = site(lambda exchange: exchange.collect(answered))
        connection = Connection(served, loop, b"x-request-id", None)  # type: ignore[arg-type]
        connection.connection_made(transport)  # type: ignore[arg-type]
        served.buffer[: len(head + rest)] = head + rest
        connection.buffer_updated(len(head + rest))
        connection.connection_lost(None)
        loop.turn()

    assert left_of(step) == set()


@pytest.mark.parametrize("answer", [*ANSWERS, joined, left])
def test_http2(answer: Callable[[Any], None]) -> None:
    def step() -> None:
        loop, transport = Loop(), Transport()
        origin = Origin(("127.0.0.1", 1234), ("127.0.0.1", 80), "http")
        connection = Http2Connection(site(answer), loop, transport, origin, b"x-request-id")  # type: ignore[arg-type]
        fields, flags = (SOCKET, f.END_HEADERS) if answer in (joined, left) else (f.GET, f.END_HEADERS | f.END_STREAM)
        connection.receive(f.PREFACE + f.settings() + f.frame(f.HEADERS, flags, 1, head(fields)))
        for _ in range(3):
            loop.turn()
        connection.connection_lost(None)
        loop.turn()

    assert left_of(step) == set()


@pytest.mark.parametrize("answer", [answered, ended, failed])
def test_a_request_of_an_http2_connection_that_goes_on(answer: Callable[[Any], None]) -> None:
    loop, transport = Loop(), Transport()
    origin = Origin(("127.0.0.1", 1234), ("127.0.0.1", 80), "http")
    connection = Http2Connection(site(answer), loop, transport, origin, b"x-request-id")  # type: ignore[arg-type]
    wide = f.settings((f.INITIAL_WINDOW_SIZE, 1 << 24)) + f.window_update(0, 1 << 24)
    connection.receive(f.PREFACE + wide)

    def step() -> None:
        connection.receive(f.frame(f.HEADERS, f.END_HEADERS | f.END_STREAM, 1, head(f.GET)))
        for _ in range(5):
            loop.turn()
        # The events of the last call are kept until the next.
        connection.receive(f.ping())

    assert left_of(step) == set()
    assert connection.machine.idle


def test_tls() -> None:
    def step() -> None:
        plain, loop = Plain(), Loop()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        channel = context.wrap_bio(incoming, outgoing, server_side=True)
        served = site(answered)
        secure = SecureTransport(served, plain, channel, incoming, outgoing, {})  # type: ignore[arg-type]
        secure.serve(Connection(served, loop, b"x-request-id", None))  # type: ignore[arg-type]
        secure.connection_lost(None)

    assert left_of(step) == set()
