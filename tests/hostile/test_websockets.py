"""WebSocket peers that mean harm, against an application that echoes: each is held or dropped, and none held up."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator

import pytest

from tests.behaviour.conftest import APPS
from tests.hostile.vitals import Probe, worker
from tests.kit.client import Client, Truncated
from tests.kit.frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, frame
from tests.kit.live import Server, serve, until
from tests.kit.websocket import UPGRADE, WebSocketClient

SHORT = ("--head-timeout", "1", "--write-timeout", "2", "--ws-ping-interval", "1", "--ws-ping-timeout", "1")
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"
#: A deadline of a second is looked at twice a second; the rest is for busy machines.
SOON = 8.0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve("asgi_suite:app", *SHORT, directory=APPS, kind="asgi") as started:
        yield started
        assert "Traceback" not in started.log(), started.log()


def until_dropped(client: Client) -> float:
    """Seconds until the server ends the connection."""
    began = time.monotonic()
    client.sock.settimeout(2 * SOON)
    client.rest()
    return time.monotonic() - began


def test_a_dripped_handshake(server: Server) -> None:
    with Probe(server, "/hello"), server.client() as client:
        client.send("\r\n".join(("GET /echo HTTP/1.1", "Host: a", *UPGRADE, "X-")).encode())
        assert client.head().status == 408


def test_who_answers_no_ping_is_dropped(server: Server) -> None:
    with Probe(server, "/hello"), server.client() as client:
        ws = WebSocketClient(client, "/echo")
        assert ws.next().opcode == PING
        found = ws.next()
        assert (found.opcode, found.code) == (CLOSE, 1011)
        assert client.closed()


def test_who_never_answers_a_close_is_dropped(server: Server) -> None:
    with server.client(timeout=15) as client:
        ws = WebSocketClient(client, "/leaves")
        assert ws.closed() == (1000, "")
        until_dropped(client)


def test_a_frame_that_drips(server: Server) -> None:
    """It cannot answer the ping, and is too slow to be excused for it."""
    with Probe(server, "/hello"), server.client() as client:
        WebSocketClient(client, "/echo")
        client.send(frame(TEXT, b"x" * 1000)[:10])
        began = time.monotonic()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while time.monotonic() < began + SOON:
                client.send(b"x")
                time.sleep(0.05)
        assert time.monotonic() < began + SOON


def test_a_flood_of_pings(server: Server) -> None:
    vitals = worker(server)
    before = vitals.memory
    with Probe(server, "/hello"), server.client() as client:
        WebSocketClient(client, "/echo")
        # It reads none of the pongs: those for all but its last ping are not kept for it, and then it is cut off.
        began = time.monotonic()
        flood = frame(PING, b"p" * 125) * 1000
        with pytest.raises(OSError):
            while time.monotonic() < began + 2 * SOON:
                client.send(flood)
        assert vitals.memory - before < 32


def test_a_flood_of_small_fragments(server: Server) -> None:
    vitals = worker(server)
    before = vitals.memory
    with Probe(server, "/hello"), server.client() as client:
        ws = WebSocketClient(client, "/echo")
        count = 300_000
        client.send(frame(TEXT, b"x", fin=False))
        for _ in range(count // 1000):
            client.send(frame(CONTINUATION, b"y", fin=False) * 1000)
        client.send(frame(CONTINUATION))
        while (found := ws.next()).opcode == PING:
            client.send(frame(10, found.payload))
        assert len(found.payload) == count + 1
        assert vitals.memory - before < 32


def test_who_reads_nothing_of_its_echoes(server: Server) -> None:
    vitals = worker(server)
    before = vitals.memory
    with Probe(server, "/hello"), server.client(receive_buffer=4096) as client:
        WebSocketClient(client, "/echo")
        client.sock.settimeout(1.0)
        with pytest.raises(OSError):
            for _ in range(1000):
                client.send(frame(BINARY, b"m" * 65536))
        assert vitals.memory - before < 32
        began = time.monotonic()
        until(lambda: descriptors_of_peers(vitals) == 0, "it to be dropped", 15)
        assert time.monotonic() - began < 15


def descriptors_of_peers(vitals: object) -> int:
    """Connections of the worker, but for those of a probe."""
    import os

    pid = vitals.pid  # type: ignore[attr-defined]
    count = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            count += os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:")
        except OSError:
            continue
    return max(0, count - 8)


@pytest.mark.parametrize("kind", [TEXT, BINARY])
def test_a_bomb(server: Server, kind: int) -> None:
    vitals = worker(server)
    before = vitals.memory
    stream = zlib.compressobj(9, wbits=-15)
    bomb = b"".join(stream.compress(b"\0" * 1024 * 1024) for _ in range(300)) + stream.flush(zlib.Z_SYNC_FLUSH)
    with Probe(server, "/hello"), server.client() as client:
        ws = WebSocketClient(client, "/echo", DEFLATE)
        client.send(frame(kind, bomb, reserved=4))
        assert ws.closed()[0] == 1009
        assert vitals.memory - before < 100


def test_a_message_larger_than_allowed(server: Server) -> None:
    with Probe(server, "/hello"), server.client() as client:
        ws = WebSocketClient(client, "/echo")
        client.send(frame(BINARY, b"x", stated=1 << 50, size=8))
        assert ws.closed()[0] == 1009
        assert client.closed()


def test_many_that_leave_in_the_middle(server: Server) -> None:
    with Probe(server, "/hello"):
        for _ in range(100):
            with server.client() as client:
                WebSocketClient(client, "/echo")
                client.send(frame(TEXT, b"x" * 100)[:50])


def test_a_fault_and_no_reading(server: Server) -> None:
    """It lingers for a while and no longer, though the peer goes on sending."""
    with Probe(server, "/hello"), server.client() as client:
        WebSocketClient(client, "/echo")
        began = time.monotonic()
        with pytest.raises((OSError, Truncated)):
            while time.monotonic() < began + SOON:
                client.send(frame(3, b"x" * 100) * 10)
                time.sleep(0.01)
        assert time.monotonic() < began + SOON
