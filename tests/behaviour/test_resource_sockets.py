"""WebSockets of autobahn's and of Twisted's, which take the connection over."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.behaviour.conftest import APPS
from tests.kit.client import Truncated
from tests.kit.frames import BINARY, CLOSE, TEXT, close, frame
from tests.kit.live import serve_django, until
from tests.kit.websocket import UPGRADE, WebSocketClient

PLACES = ["/sockets/echo", "/sockets/twisted"]


@pytest.mark.parametrize("place", PLACES)
def test_messages_both_ways(beside, place) -> None:
    with beside.client() as client:
        client.begin("GET", place, *UPGRADE)
        assert client.head().status == 101
        client.send(frame(TEXT, b"one") + frame(BINARY, b"\x00\xff"))
        client.send(frame(TEXT, b"x" * 70_000))
        assert client.exactly(5) == b"\x81\x03one"
        assert client.exactly(4) == b"\x82\x02\x00\xff"
        assert client.exactly(10) == b"\x81\x7f" + (70_000).to_bytes(8, "big")
        assert client.exactly(70_000) == b"x" * 70_000
        client.send(close(1000))
        assert client.rest().startswith(b"\x88")


def test_what_comes_with_the_handshake_is_not_lost(beside) -> None:
    head = "\r\n".join(["GET /sockets/echo HTTP/1.1", "Host: test.example", *UPGRADE, "", ""]).encode()
    with beside.client() as client:
        client.send(head + frame(TEXT, b"early"))
        assert client.head().status == 101
        assert client.exactly(7) == b"\x81\x05early"


def test_a_close_is_clean(beside) -> None:
    with beside.client() as client:
        socket = WebSocketClient(client, "/sockets/echo")
        socket.send(close(3000, b"enough"))
        assert socket.next().code == 1000, "autobahn says that it is content, whatever the peer said"
        assert client.rest() == b""
    assert beside.await_noted("autobahn", [True, 3000])


def test_a_peer_that_is_gone(beside) -> None:
    with beside.client() as client:
        WebSocketClient(client, "/sockets/twisted")
    assert beside.await_noted("twisted", "ConnectionDone")


def test_a_protocol_that_raises_ends_its_connection(beside) -> None:
    since = beside.server.mark()
    with beside.client() as client:
        socket = WebSocketClient(client, "/sockets/echo")
        socket.send("raise")
        with pytest.raises((Truncated, ConnectionResetError, AssertionError)):
            while True:
                assert socket.next().opcode == CLOSE
    beside.server.await_log("a message that raises", since)


def test_a_peer_that_takes_nothing_is_waited_for_and_then_not_sent_more(beside) -> None:
    """64 MB wait for it at the most, as autobahn does not wait for its peers."""
    since = beside.server.mark()
    with beside.client(receive_buffer=8192) as client:
        socket = WebSocketClient(client, "/sockets/echo")
        socket.send("flood200")
        beside.server.await_log("peer.too_far_behind", since)


def test_no_websocket_is_told_so(beside) -> None:
    with beside.client() as client:
        client.begin("GET", "/sockets/echo?bad", "Connection: Upgrade", "Upgrade: websocket")
        assert client.head().status == 400


def test_the_access_log_says_what_was_answered(beside) -> None:
    with beside.client() as client:
        WebSocketClient(client, "/sockets/echo?good")
    with beside.client() as client:
        client.begin("GET", "/sockets/echo?worse", "Connection: Upgrade", "Upgrade: websocket")
        client.head()
    for line in ('"GET /sockets/echo?good HTTP/1.1" 101', '"GET /sockets/echo?worse HTTP/1.1" 400'):
        until(lambda line=line: line in beside.server.output(), line)


def test_djangos_paths_beside_them(beside) -> None:
    with beside.client() as client:
        assert client.get("/sockets/other").text == "Django has /sockets/other"


CLIENT = """
import sys
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet import reactor

class Protocol(WebSocketClientProtocol):
    def onOpen(self):
        self.sendMessage("hällo".encode(), False)
    def onMessage(self, payload, isBinary):
        print(payload.decode(), isBinary, flush=True)
        self.sendClose(1000)
    def onClose(self, wasClean, code, reason):
        print(wasClean, code, flush=True)
        reactor.stop()

factory = WebSocketClientFactory(f"ws://127.0.0.1:{sys.argv[1]}/sockets/echo")
factory.protocol = Protocol
reactor.connectTCP("127.0.0.1", int(sys.argv[1]), factory)
reactor.callLater(20, reactor.stop)
reactor.run()
"""


def test_autobahns_own_client(beside) -> None:
    command = [sys.executable, "-c", CLIENT, str(beside.server.port)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert said.stdout.splitlines() == ["hällo False", "True 1000"], said.stderr


@pytest.mark.parametrize("place", PLACES)
def test_a_drain_says_1012(place) -> None:
    """RFC 6455 section 7.4.1 and its registry: service restart. While it is only announced they go on, and begin."""
    options = ("--graceful-timeout", "5", "--drain-delay", "300")
    with (
        serve_django("beside.settings", *options, directory=APPS) as server,
        server.client() as before,
        server.client() as meanwhile,
    ):
        first = WebSocketClient(before, place)
        server.signal(15)
        until(lambda: announced(server), "the stop to be announced")
        second = WebSocketClient(meanwhile, place)
        for socket in (first, second):
            socket.send("one")
            assert socket.next().payload == b"one"
        server.signal(15)
        for socket in (first, second):
            assert socket.next().code == 1012
            socket.send(close(1012))
            assert socket.client.rest() == b""


def announced(server) -> bool:
    with server.client() as client:
        return client.get("/up").status == 503


def test_a_reload_leaves_none_behind() -> None:
    with (
        serve_django("beside.settings", "--graceful-timeout", "2", directory=APPS) as server,
        server.client() as client,
    ):
        socket = WebSocketClient(client, PLACES[0])
        (old,) = server.workers()
        server.signal(1)
        server.await_new_worker(old)
        assert socket.next().code == 1012
        with server.client() as another:
            assert another.get("/res/text").text == "a resource"
        until(lambda: old not in server.workers(), "the old worker to leave")
