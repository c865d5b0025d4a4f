"""Hostile peers of HTTP/2, each against a real server: it ends them, and serves the others meanwhile.

What ends a connection, and when, is tested by the clock of the tests in ``tests/wire/http2``.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import pytest

from tests.hostile.conftest import HERE
from tests.hostile.vitals import PROMPT, worker
from tests.kit import http2_frames as f
from tests.kit.http2_client import Http2Client
from tests.kit.live import Server, serve, until

GET = [(":method", "GET"), (":scheme", "http"), (":path", "/plain"), (":authority", "a")]
POST = [(":method", "POST"), *GET[1:]]


@pytest.fixture
def honest(shared: Server) -> Iterator[Http2Client]:
    """A peer that asks meanwhile, over the same protocol."""
    with shared.http2() as client:
        yield client


def asks(shared: Server) -> None:
    """Somebody honest is served at once."""
    began = time.monotonic()
    with shared.http2() as client:
        assert client.get("/plain").status == 200
    with shared.client() as client:
        assert client.get("/plain").status == 200
    assert time.monotonic() - began < PROMPT


def flood(shared: Server, frames: Callable[[Http2Client], bytes], *, first: bytes = b"", most: int = 400) -> int:
    """Send until the server ends it; returns the code of its GOAWAY, or -1 where the connection was cut."""
    with shared.http2() as client:
        with contextlib.suppress(OSError, AssertionError):
            client.write(first)
            for _ in range(most):
                client.write(frames(client))
        asks(shared)
        with contextlib.suppress(OSError, TimeoutError):
            client.await_end()
        return client.goaways[-1].code if client.goaways else -1


def opened(client: Http2Client, fields: list[tuple[str, str]], *, end: bool = True) -> tuple[int, bytes]:
    number, client._next = client._next, client._next + 2
    flags = f.END_HEADERS | (f.END_STREAM if end else 0)
    return number, f.frame(f.HEADERS, flags, number, client.block(fields))


def rapid_reset(client: Http2Client) -> bytes:
    """CVE-2023-44487."""
    parts = []
    for _ in range(50):
        number, head = opened(client, GET)
        parts += [head, f.rst_stream(number)]
    return b"".join(parts)


def made_you_reset(client: Http2Client) -> bytes:
    """CVE-2025-8671."""
    parts = []
    for _ in range(50):
        number, head = opened(client, GET)
        parts += [head, f.window_update(number, 0)]
    return b"".join(parts)


def malformed(client: Http2Client) -> bytes:
    return b"".join(opened(client, [*GET, ("Upper", "1")])[1] for _ in range(50))


CONTROL = {
    "settings": f.settings((f.INITIAL_WINDOW_SIZE, 1)),
    "ping": f.ping(),
    "priority": f.priority(1),
    "priority update": f.priority_update(1, b"u=1"),
    "unknown": f.frame(0x42),
    "window update": f.window_update(0, 1),
}


@pytest.mark.parametrize("attack", [rapid_reset, made_you_reset, malformed])
def test_floods_of_requests(shared: Server, attack: Callable[[Http2Client], bytes]) -> None:
    assert flood(shared, attack) in (f.ENHANCE_YOUR_CALM, -1)


@pytest.mark.parametrize("kind", CONTROL)
def test_floods_of_frames(shared: Server, kind: str) -> None:
    assert flood(shared, lambda _client: CONTROL[kind] * 100) in (f.ENHANCE_YOUR_CALM, -1)


def test_empty_frames(shared: Server) -> None:
    with shared.http2() as client:
        _number, head = opened(client, POST, end=False)
    assert flood(shared, lambda _client: f.data(1) * 100, first=head) in (f.ENHANCE_YOUR_CALM, -1)


@pytest.mark.parametrize("size", [0, 1, 16384])
def test_continuations(shared: Server, size: int) -> None:
    """CVE-2024-27316 and others."""
    first = f.frame(f.HEADERS, 0, 1, b"\x82")
    attack = f.frame(f.CONTINUATION, 0, 1, b"\x82" * size)
    assert flood(shared, lambda _client: attack, first=first) in (f.ENHANCE_YOUR_CALM, -1)


def test_header_bombs(shared: Server) -> None:
    vitals = worker(shared)
    before = vitals.memory
    with shared.http2() as client:
        number, _head = opened(client, GET)
        block = client.block(GET) + b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000
        client.write(f.frame(f.HEADERS, 5, number, block))
        for number in range(3, 103, 2):
            client.write(f.frame(f.HEADERS, 5, number, b"\xbe" * 16000))
        asks(shared)
    assert vitals.memory - before < 20


@pytest.mark.parametrize("count", [0, 1])
def test_windows_that_stay_shut(count: int) -> None:
    """A peer that asks for much and takes nothing of it, or next to nothing."""
    options = ("--write-timeout", "1", "--threads", "4")
    with serve("apps:app", *options, directory=HERE) as server, server.http2(window=10) as client:
        number = client.begin("GET", "/page")
        began = time.monotonic()
        while True:
            if any(sent.kind == f.RST_STREAM and sent.stream == number for sent in client.frames):
                break
            assert not client._streams[number].ended
            client.sock.settimeout(0.3)
            with contextlib.suppress(TimeoutError):
                client._more()
            if count:
                client.write(f.window_update(number, count))
                time.sleep(0.2)
            assert time.monotonic() - began < 20
        asks(server)


def test_answers_that_are_asked_for_and_not_taken() -> None:
    """By several peers at once: 120 MB would wait for them, as long as the write timeout lets them."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(serve("apps:app", "--threads", "4", directory=HERE))
        vitals = worker(server)
        before = vitals.memory
        peers = [stack.enter_context(server.http2(window=1)) for _ in range(6)]
        for peer in peers:
            peer.sock.settimeout(0.05)
            for _ in range(100):
                peer.begin("GET", "/page")

        def told(peer: Http2Client) -> bool:
            with contextlib.suppress(TimeoutError):
                peer._more()
            return bool(peer.goaways)

        until(lambda: sum(map(told, peers)) >= 4, "most of them to be told")
        assert {peer.goaways[-1].code for peer in peers if peer.goaways} == {f.ENHANCE_YOUR_CALM}
        until(lambda: vitals.memory - before < 60, "the memory to come back")
        asks(server)


def test_a_peer_that_reads_nothing(shared: Server) -> None:
    """It asks without end; what waits for it is bounded, and it is cut off."""
    vitals = worker(shared)
    before = vitals.memory
    with shared.http2() as client:
        client.sock.settimeout(15)
        with contextlib.suppress(OSError):
            for _ in range(20_000):
                client.write(opened(client, GET)[1] + f.ping())
        asks(shared)
        assert vitals.memory - before < 30


BEGUN = f.PREFACE + f.settings() + f.frame(f.HEADERS, 0, 1, b"\x82")


@pytest.mark.parametrize("sent", [f.PREFACE[:10], f.PREFACE, BEGUN])
def test_beginnings_that_go_no_further(shared: Server, sent: bytes) -> None:
    with shared.client() as client:
        client.send(sent)
        asks(shared)
        client.sock.settimeout(15)
        while client._receive():
            pass


def test_bodies_that_stand_still(shared: Server) -> None:
    with shared.http2() as client:
        for _ in range(10):
            client.open(POST, end=False)
        asks(shared)
        until(lambda: not client._more() or any(sent.kind == f.RST_STREAM for sent in client.frames), "an end")
        asks(shared)


def test_windows_that_overflow(shared: Server) -> None:
    assert flood(shared, lambda _client: f.window_update(0, 2**31 - 1), most=2) == f.FLOW_CONTROL_ERROR
