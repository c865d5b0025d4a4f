"""ASGI 3, "WebSocket", and the handshake of RFC 6455 section 4, against a real process."""

from __future__ import annotations

import json
import socket as sockets
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.behaviour.conftest import Stage
from tests.kit.client import Client, Truncated
from tests.kit.frames import BINARY, CONTINUATION, PING, PONG, TEXT, Frame, close, frame
from tests.kit.live import until
from tests.kit.websocket import KEY, UPGRADE, WebSocketClient, refused


@pytest.fixture(scope="session")
def stage(asgi: Stage) -> Stage:
    return asgi


def buffered_by_the_kernel() -> int:
    """Bytes that it may hold of a connection which nobody reads: more or less as it sees fit, up to this."""
    rows = [Path(f"/proc/sys/net/ipv4/tcp_{name}").read_text().split() for name in ("rmem", "wmem")]
    return sum(int(most) for _, _, most in rows)


class Test_4_2_Handshake:
    def test_good(self, client: Client) -> None:
        assert WebSocketClient(client, "/echo").ask("hello") == "hello"

    def test_what_it_logs_has_the_id_of_the_handshake(self, client: Client) -> None:
        client.begin("GET", "/logged", *UPGRADE, "X-Request-ID: from-the-proxy")
        assert client.head().status == 101
        text = b"from-the-proxy from-the-proxy"
        assert client.exactly(2 + len(text)) == frame(TEXT, text, mask=None)

    def test_in_other_cases_and_lists(self, client: Client) -> None:
        lines = (f"sec-websocket-key: {KEY}", "sec-websocket-version: 13")
        client.begin("GET", "/echo", "connection: keep-alive, UPGRADE", "upgrade: other, WebSocket", *lines)
        assert client.head().status == 101

    def test_frames_right_behind_it(self, client: Client) -> None:
        head = "\r\n".join(("GET /echo HTTP/1.1", "Host: a", *UPGRADE, "", "")).encode()
        client.send(head + frame(TEXT, b"at once"))
        assert client.head().status == 101
        assert client.exactly(9) == b"\x81\x07at once"

    @pytest.mark.parametrize("version", ["12", "14", "8", "13, 8", "", "x"])
    def test_another_version(self, client: Client, version: str) -> None:
        lines = (UPGRADE[0], UPGRADE[1], UPGRADE[2], f"Sec-WebSocket-Version: {version}")
        answer = client.get("/echo", *lines)
        assert (answer.status, answer["sec-websocket-version"], answer["upgrade"]) == (426, "13", "websocket")

    @pytest.mark.parametrize("key", ["", "x", KEY[:-2], KEY + "=", "!" * 24, KEY[:-3] + "B=="])
    def test_bad_key(self, client: Client, key: str) -> None:
        lines = (UPGRADE[0], UPGRADE[1], f"Sec-WebSocket-Key: {key}", UPGRADE[3])
        assert client.get("/echo", *lines).status == 400

    def test_two_keys(self, client: Client) -> None:
        assert client.get("/echo", *UPGRADE, f"Sec-WebSocket-Key: {KEY}").status == 400

    @pytest.mark.parametrize(
        ("method", "version", "lines"),
        [
            ("POST", "1.1", UPGRADE),
            ("GET", "1.0", UPGRADE),
            ("GET", "1.1", UPGRADE[1:]),
            ("GET", "1.1", (UPGRADE[0], *UPGRADE[2:])),
            ("GET", "1.1", (UPGRADE[0], "Upgrade: h2c", *UPGRADE[2:])),
        ],
    )
    def test_what_asks_for_none_is_plain_http(
        self, client: Client, method: str, version: str, lines: tuple[str, ...]
    ) -> None:
        """RFC 9110 section 7.8: an upgrade may be ignored."""
        assert client.request(method, "/hello", *lines, version=version).body == b"hello"

    @pytest.mark.parametrize("offer", ["a b", "a,a", ",", "a;b"])
    def test_bad_subprotocols(self, client: Client, offer: str) -> None:
        assert refused(client, "/accept", f"Sec-WebSocket-Protocol: {offer}").status == 400

    def test_subprotocol_and_headers(self, client: Client) -> None:
        lines = ("Sec-WebSocket-Protocol: one, two", "Sec-WebSocket-Protocol: three")
        answer = WebSocketClient(client, "/accept", *lines).answer
        assert answer["sec-websocket-protocol"] == "three"
        assert answer.all("x-one") == ["1", "2"]

    def test_unasked_subprotocol(self, client: Client, logged: Callable[[str], str]) -> None:
        assert refused(client, "/accept").status == 500
        logged("is none that the peer named")

    def test_deflate(self, client: Client) -> None:
        ws = WebSocketClient(client, "/echo", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        assert ws.answer["sec-websocket-extensions"].startswith("permessage-deflate; ")
        ws.send(frame(TEXT, b"\xf2\x48\xcd\xc9\xc9\x07\x00", reserved=4))
        assert ws.text() == "Hello"
        ws.send("x" * 1000)
        found = ws.next()
        assert (found.reserved, len(found.payload) < 50) == (4, True)

    def test_unknown_extension(self, client: Client) -> None:
        assert (
            "sec-websocket-extensions"
            not in WebSocketClient(client, "/echo", "Sec-WebSocket-Extensions: permessage-bzip2").answer
        )


class TestMessages:
    def test_text_and_binary(self, client: Client) -> None:
        ws = WebSocketClient(client, "/echo")
        for words in ("", "héllo", "x" * 125, "x" * 126, "y" * 70_000):
            assert ws.ask(words) == words
        for data in (b"", b"\xff\x00", b"z" * 70_000):
            ws.send(frame(BINARY, data))
            assert ws.next() == Frame(BINARY, data)

    def test_in_fragments_and_single_bytes(self, client: Client) -> None:
        ws = WebSocketClient(client, "/echo")
        client.sock.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
        data = frame(TEXT, "hé".encode(), fin=False) + frame(PING, b"p") + frame(CONTINUATION, b"llo")
        for at in range(len(data)):
            client.send(data[at : at + 1])
        assert ws.next() == Frame(PONG, b"p")
        assert ws.text() == "héllo"

    def test_many_at_once(self, client: Client) -> None:
        ws = WebSocketClient(client, "/echo")
        ws.send(b"".join(frame(TEXT, b"%d" % number) for number in range(2000)))
        assert [ws.text() for _ in range(2000)] == [str(number) for number in range(2000)]

    def test_a_receive_that_was_given_up_loses_nothing(self, client: Client) -> None:
        ws = WebSocketClient(client, "/patient")
        for number in range(300):
            assert ws.ask(str(number)) == str(number)

    def test_no_faster_than_they_are_read(self, asgi: Stage, key: str) -> None:
        with asgi.client(timeout=1.0) as client:
            ws = WebSocketClient(client, f"/slow?{key}")
            message, sent = frame(TEXT, b"x" * 16384), 0
            with pytest.raises(TimeoutError):
                while sent < buffered_by_the_kernel() + 2 * 1024 * 1024:
                    begun = sent % len(message)
                    sent += client.sock.send((message * 5)[begun : begun + 65536])
            asgi.open(key)
            client.sock.settimeout(20)
            client.send(message[sent % len(message) :])
            count = sent // len(message) + 1
            assert json.loads(ws.ask("")) == [count, count * 16384]

    def test_small_ones_no_faster_than_they_are_read(self, asgi: Stage, key: str) -> None:
        with asgi.client() as client:
            ws = WebSocketClient(client, f"/slow?{key}")
            ws.send(frame(TEXT, b"x") * 5000)
            asgi.open(key)
            assert json.loads(ws.ask("")) == [5000, 5000]

    def test_a_peer_that_reads_nothing_holds_the_application(self, asgi: Stage, key: str) -> None:
        with asgi.client(receive_buffer=4096) as client:
            ws = WebSocketClient(client, f"/flood?{key}")
            ws.next()
        (found,) = until(lambda: asgi.journal(key), "the flood to end")  # type: ignore[misc]
        assert found[0] == "OSError"
        assert found[1] < 16


class TestEnd:
    def test_the_peer_closes(self, client: Client, asgi: Stage, key: str) -> None:
        WebSocketClient(client, f"/echo?{key}").close(3001, b"done")
        asgi.await_noted(key, "OSError")
        assert asgi.journal(key)[0] == {"type": "websocket.disconnect", "code": 3001, "reason": "done"}

    def test_without_a_code(self, client: Client, asgi: Stage, key: str) -> None:
        ws = WebSocketClient(client, f"/echo?{key}")
        client.send(close())
        assert ws.closed() == (1005, "")
        assert asgi.await_noted(key, "OSError")[0]["code"] == 1005

    @pytest.mark.parametrize("reset", [False, True])
    def test_without_a_close(self, asgi: Stage, key: str, reset: bool) -> None:
        with asgi.client() as client:
            WebSocketClient(client, f"/echo?{key}").ask("hi")
            if reset:
                client.sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        assert asgi.await_noted(key, "OSError")[0]["code"] == 1006

    def test_a_fault_of_the_peer(self, client: Client, asgi: Stage, key: str) -> None:
        ws = WebSocketClient(client, f"/echo?{key}")
        ws.send("before")
        ws.send(frame(TEXT, b"\xff"))
        assert ws.text() == "before"
        assert ws.closed() == (1007, "the text is not UTF-8")
        assert client.closed()
        assert asgi.await_noted(key, "OSError")[0]["code"] == 1007

    def test_a_message_that_is_too_large(self, client: Client) -> None:
        ws = WebSocketClient(client, "/echo")
        client.send(frame(BINARY, b"x" * (3 * 1024 * 1024)))
        assert ws.closed()[0] == 1009
        assert client.closed()

    @pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
    def test_the_application_closes(self, client: Client, asgi: Stage, key: str, code: int) -> None:
        ws = WebSocketClient(client, f"/close/{code}?{key}")
        assert ws.closed() == (code, "enough")
        client.send(close(code))
        assert client.closed()
        until(lambda: asgi.journal(key), "the disconnect")
        assert asgi.journal(key)[0]["code"] == code

    @pytest.mark.parametrize("code", [1006, 1015, 999, 5000])
    def test_with_a_code_that_may_not_be_sent(self, client: Client, logged: Callable[[str], str], code: int) -> None:
        assert WebSocketClient(client, f"/close/{code}").closed()[0] == 1011
        logged("may not be sent")

    def test_it_returns(self, client: Client) -> None:
        assert WebSocketClient(client, "/leaves").closed() == (1000, "")

    def test_it_raises(self, client: Client, logged: Callable[[str], str]) -> None:
        assert WebSocketClient(client, "/raises/late").closed() == (1011, "")
        assert "asgi_sockets.py" in logged("the secret of the application")

    def test_it_breaks_the_protocol(self, client: Client, logged: Callable[[str], str]) -> None:
        assert WebSocketClient(client, "/wrong/late").closed()[0] == 1011
        logged("'websocket.accept' may not be sent now")


class TestRefusal:
    def test_close_before_accept(self, client: Client, asgi: Stage, key: str) -> None:
        assert refused(client, f"/refuse?{key}").status == 403
        until(lambda: asgi.journal(key), "the disconnect")
        assert asgi.journal(key)[0]["code"] == 1006
        assert client.get("/hello").body == b"hello"

    @pytest.mark.parametrize(("target", "body"), [("/deny", b"no! "), ("/deny/stream", b"no! no! no! ")])
    def test_by_an_answer_of_its_own(self, client: Client, target: str, body: bytes) -> None:
        answer = refused(client, target)
        assert (answer.status, answer.body, answer["x-why"]) == (401, body, "because")
        assert client.get("/hello").body == b"hello"

    @pytest.mark.parametrize("target", ["/silent", "/raises/early", "/wrong/early"])
    def test_faults(self, client: Client, target: str, logged: Callable[[str], str]) -> None:
        answer = refused(client, target)
        assert (answer.status, b"secret" in answer.body) == (500, False)
        logged(f"WEBSOCKET {target}")

    def test_the_peer_leaves_before_it_is_accepted(self, asgi: Stage, key: str) -> None:
        with asgi.client() as client:
            client.begin("GET", f"/gate?{key}", *UPGRADE)
            asgi.await_noted(key, "called")
            client.sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        asgi.client().get("/hello")
        asgi.open(key)
        until(lambda: len(asgi.journal(key)) == 3, "the application to end")
        assert asgi.journal(key)[1] == "OSError"
        assert asgi.journal(key)[2]["code"] == 1006


class TestScope:
    def test_values(self, client: Client, asgi: Stage) -> None:
        ws = WebSocketClient(client, "/scope/caf%C3%A9?a=b", "Sec-WebSocket-Protocol: x, y")
        scope = json.loads(ws.text())
        assert (scope["type"], scope["scheme"], scope["http_version"]) == ("websocket", "ws", "1.1")
        assert (scope["path"], scope["subprotocols"]) == ("/scope/café", ["x", "y"])
        assert "method" not in scope
        assert scope["extensions"] == {"websocket.http.response": {}}
        assert scope["state"] == {"began": ["once"]}
        assert scope["client"] == list(client.sock.getsockname())
        assert ws.closed()[0] == 1000


def test_truncated_handshake_is_none(client: Client) -> None:
    client.send(b"GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n")
    client.end_sending()
    with pytest.raises(Truncated):
        client.head()
