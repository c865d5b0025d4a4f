"""ASGI 3, "HTTP & WebSocket ASGI Message Format": HTTP, against a real process."""

from __future__ import annotations

import hashlib
import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.behaviour.conftest import APPS, Stage
from tests.kit.client import Client, Truncated
from tests.kit.live import until

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="session")
def stage(asgi: Stage) -> Stage:
    return asgi


class TestScope:
    def scope(self, client: Client, target: str, *lines: str) -> dict[str, Any]:
        return json.loads(client.get(target, *lines).body)["scope"]

    def test_types(self, client: Client) -> None:
        told = json.loads(client.get("/scope").body)
        assert told["kinds"] == {
            "type": "str", "asgi": "dict", "http_version": "str", "method": "str", "scheme": "str", "path": "str",
            "raw_path": "bytes", "query_string": "bytes", "root_path": "str", "headers": "list", "client": "tuple",
            "server": "tuple", "state": "dict", "extensions": "dict",
        }  # fmt: skip
        assert told["scope"]["asgi"]["version"] == "3.0"

    def test_values(self, client: Client, asgi: Stage) -> None:
        scope = self.scope(client, "/scope/caf%C3%A9%20x?a=b%20c", "X-Twice: 1", "X-Other: o", "X-Twice: 2")
        assert scope["path"] == "/scope/café x"
        assert scope["raw_path"] == "b'/scope/caf%C3%A9%20x'"
        assert scope["query_string"] == "b'a=b%20c'"
        version = asgi.server.protocol.removeprefix("HTTP/")
        assert (scope["http_version"], scope["method"], scope["scheme"]) == (version, "GET", "http")
        assert scope["client"] == list(client.sock.getsockname())
        assert scope["server"] == [asgi.server.host, asgi.server.port]
        pairs = [pair for pair in scope["headers"] if "x-t" in pair[0] or "x-o" in pair[0]]
        assert pairs == [["b'x-twice'", "b'1'"], ["b'x-other'", "b'o'"], ["b'x-twice'", "b'2'"]]

    def test_not_utf8(self, client: Client) -> None:
        assert self.scope(client, "/scope/%ff")["path"] == "/scope/�"

    def test_absolute_form(self, client: Client) -> None:
        assert self.scope(client, "http://other.example/scope/x?y")["path"] == "/scope/x"

    def test_state_is_a_copy_for_each_request(self, client: Client) -> None:
        for _ in range(2):
            assert json.loads(client.get("/state").body) == {"began": ["once"]}

    def test_extensions(self, client: Client) -> None:
        known = {"http.response.pathsend", "http.response.trailers", "http.response.early_hint"}
        assert set(self.scope(client, "/scope")["extensions"]) == known

    def test_the_requests_id(self, client: Client) -> None:
        answer = client.get("/scope")
        assert ["b'x-request-id'", repr(answer["x-request-id"].encode())] in json.loads(answer.body)["scope"][
            "headers"
        ]


class TestAnswers:
    def test_hello(self, client: Client) -> None:
        answer = client.get("/hello")
        assert (answer.status, answer.body, answer["content-length"]) == (200, b"hello", "5")
        assert answer["content-type"] == "text/plain"

    def test_without_headers_and_body(self, client: Client) -> None:
        answer = client.get("/bare")
        assert (answer.status, answer.body, answer["content-length"]) == (200, b"", "0")

    @pytest.mark.parametrize("target", ["/hello", "/stream", "/stream/sized", "/path"])
    def test_head(self, client: Client, target: str) -> None:
        assert client.request("HEAD", target).body == b""
        assert client.get("/hello").body == b"hello"

    def test_head_of_an_endless_stream(self, client: Client, asgi: Stage, key: str) -> None:
        """Nobody would ever stop it by not reading."""
        assert client.request("HEAD", f"/endless?{key}").status == 200
        asgi.await_noted(key, ["failed", 1, "PeerGone"])
        assert client.get("/hello").body == b"hello"

    def test_stream(self, client: Client) -> None:
        answer = client.get("/stream")
        assert (answer.body, answer.all("content-length")) == (b"onetwoend", [])
        answer = client.get("/stream/sized")
        assert (answer.body, answer["content-length"]) == (b"onetwoend", "9")

    def test_stream_to_http_1_0(self, client: Client) -> None:
        answer = client.request("GET", "/stream", version="1.0")
        assert (answer.body, answer["connection"]) == (b"onetwoend", "close")

    def test_fields_of_the_connection_are_the_servers(self, client: Client) -> None:
        answer = client.get("/connection")
        assert "transfer-encoding" not in answer
        assert "connection" not in answer
        assert answer["x-one"] == "ä"

    def test_pipelined(self, client: Client) -> None:
        for target in ("/hello", "/stream", "/bare", "/hello"):
            client.begin("GET", target)
        assert [client.answer().body for _ in range(4)] == [b"hello", b"onetwoend", b"", b"hello"]


class TestBodies:
    def test_echo(self, client: Client) -> None:
        for body in (b"", b"x", b"y" * 100_000):
            assert client.request("POST", "/echo", body=body).body == body

    def test_chunked(self, client: Client) -> None:
        client.begin("POST", "/echo", "Transfer-Encoding: chunked")
        client.send(b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
        assert client.answer("POST").body == b"onetwo"
        client.begin("POST", "/echo", "Transfer-Encoding: chunked")
        client.send(b"0\r\n\r\n")
        assert client.answer("POST").body == b""

    def test_answering_while_reading(self, client: Client) -> None:
        client.begin("POST", "/mirror", "Transfer-Encoding: chunked")
        client.send(b"5\r\nfirst\r\n")
        assert client.head().status == 200
        assert client.chunk() == b"first"
        client.send(b"6\r\nsecond\r\n0\r\n\r\n")
        assert client.chunk() == b"second"
        assert client.chunk() == b""
        assert client.get("/hello").body == b"hello"

    def test_100_continue_comes_with_the_first_receive(self, client: Client) -> None:
        client.begin("POST", "/echo", "Expect: 100-continue", "Content-Length: 5")
        assert client.head().status == 100
        client.send(b"hello")
        assert client.answer("POST").body == b"hello"

    def test_no_100_where_nothing_is_received(self, client: Client) -> None:
        client.begin("POST", "/early", "Expect: 100-continue", "Content-Length: 5")
        head = client.head()
        assert (head.status, head["connection"]) == (200, "close")

    def test_early_answer_to_a_large_body(self, asgi: Stage) -> None:
        with asgi.client() as client:
            client.begin("POST", "/early", f"Content-Length: {4 * MEGABYTE}")
            client.send(b"x" * 100_000)
            answer = client.answer("POST")
            assert (answer.body, answer["connection"]) == (b"early", "close")

    def test_no_faster_than_it_is_read(self, asgi: Stage, key: str) -> None:
        """What is sent while nobody receives stays with the peer."""
        data = bytes(range(256)) * 4096 * 6
        with asgi.client(timeout=1.0) as client:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)  # the kernel would take megabytes
            client.begin("POST", f"/weigh?{key}", f"Content-Length: {len(data)}")
            sent = 0
            with pytest.raises(TimeoutError):
                while sent < len(data):
                    sent += client.sock.send(data[sent : sent + 65536])
            assert sent < len(data) - MEGABYTE // 2
            asgi.open(key)
            client.sock.settimeout(20)
            client.send(data[sent:])
            told = json.loads(client.answer("POST").body)
        assert (told["size"], told["digest"]) == (len(data), hashlib.sha256(data).hexdigest())
        assert told["largest"] <= MEGABYTE

    def test_too_large(self, client: Client) -> None:
        client.begin("POST", "/echo", f"Content-Length: {9 * MEGABYTE}")
        assert client.answer("POST").status == 413

    def test_too_large_in_chunks(self, client: Client) -> None:
        client.begin("POST", "/echo", "Transfer-Encoding: chunked")
        chunk = b"80000\r\n" + b"x" * 0x80000 + b"\r\n"
        for _ in range(17):
            client.send(chunk)
        assert client.answer("POST").status == 413

    def test_broken_chunk(self, client: Client) -> None:
        client.begin("POST", "/echo", "Transfer-Encoding: chunked")
        client.send(b"3\r\none\r\nnonsense\r\n")
        assert client.answer("POST").status == 400

    def test_a_receive_that_was_given_up(self, asgi: Stage) -> None:
        with asgi.client() as client:
            client.begin("POST", "/cancelled", "Content-Length: 5")
            for byte in (b"h", b"e", b"l", b"l", b"o"):
                asgi.client().get("/hello")
                client.send(byte)
            assert client.answer("POST").body == b"hello"


class TestDisconnect:
    def test_the_peer_leaves(self, asgi: Stage, key: str) -> None:
        with asgi.client() as client:
            client.begin("GET", f"/watch?{key}")
            asgi.await_noted(key, "http.request")
        found = asgi.await_noted(key, "http.disconnect")
        until(lambda: len(asgi.journal(key)) == 4, "the application to end")
        assert found[0] == "http.request"
        assert asgi.journal(key)[:3] == ["http.request", "http.disconnect", "http.disconnect"]

    def test_the_peer_is_reset(self, asgi: Stage, key: str) -> None:
        with asgi.client() as client:
            client.begin("GET", f"/watch?{key}")
            asgi.await_noted(key, "http.request")
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        asgi.await_noted(key, "OSError")
        assert asgi.journal(key) == ["http.request", "http.disconnect", "http.disconnect", "OSError"]

    def test_half_closed_is_told_and_still_answered(self, client: Client, asgi: Stage, key: str) -> None:
        client.begin("GET", f"/watch?{key}")
        client.end_sending()
        assert client.answer().body == b"nobody"
        assert asgi.journal(key) == ["http.request", "http.disconnect", "http.disconnect", "sent"]

    def test_within_the_body(self, asgi: Stage, key: str) -> None:
        with asgi.client() as client:
            client.begin("POST", f"/watch?{key}", "Content-Length: 10")
            client.send(b"12345")
            asgi.await_noted(key, "http.request")
        asgi.await_noted(key, "OSError")
        assert asgi.journal(key) == ["http.request", "http.disconnect", "http.disconnect", "OSError"]

    def test_after_the_answer(self, client: Client, asgi: Stage, key: str) -> None:
        assert client.get(f"/after?{key}").body == b"done"
        asgi.await_noted(key, "RuntimeError")
        assert asgi.journal(key) == ["http.disconnect", "RuntimeError"] or asgi.journal(key)[0] == "http.request"

    def test_while_another_task_answers(self, client: Client, asgi: Stage, key: str) -> None:
        assert client.get(f"/beside?{key}").body == b"done"
        asgi.await_noted(key, "http.disconnect")

    def test_a_stream_that_nobody_reads_is_held(self, asgi: Stage, key: str) -> None:
        with asgi.client(receive_buffer=4096) as client:
            client.begin("GET", f"/endless?{key}")
            client.head()
            client.exactly(100)
        ((what, megabytes, kind),) = until(lambda: asgi.journal(key), "the stream to fail")  # type: ignore[misc]
        assert (what, kind) == ("failed", "PeerGone")
        assert megabytes < 16

    def test_a_peer_that_leaves_is_no_error(self, asgi: Stage, key: str) -> None:
        since = asgi.server.mark()
        with asgi.client() as client:
            client.begin("GET", f"/endless?{key}")
            client.head()
            client.exactly(100)
        until(lambda: asgi.journal(key), "the stream to fail")
        assert "application.failed" not in since()


class TestFaults:
    @pytest.mark.parametrize(
        "how",
        ["nothing", "start_only", "body_first", "start_twice", "unknown", "no_status", "status_text", "status_low",
         "header_text", "header_break", "header_name", "body_text", "too_long", "too_short"],
    )  # fmt: skip
    def test_a_broken_protocol_is_500(self, client: Client, logged: Callable[[str], str], how: str) -> None:
        answer = client.get(f"/wrong/{how}", "Accept: application/json")
        assert answer.status == 500
        assert json.loads(answer.body)["detail"] == "the application failed"
        log = logged(f"/wrong/{how}")
        assert len(re.findall(r"application\.(failed|bad_answer)", log)) == 1
        assert client.get("/hello").body == b"hello"

    @pytest.mark.parametrize("how", ["cut_unfinished", "cut_too_long", "cut_too_short", "cut_trailer"])
    def test_after_the_begin_the_connection_is_cut(
        self, client: Client, logged: Callable[[str], str], how: str
    ) -> None:
        with pytest.raises(Truncated):
            client.get(f"/wrong/{how}")
        logged(f"/wrong/{how}")

    @pytest.mark.parametrize("how", ["error", "exit", "cancel"])
    def test_exceptions(self, client: Client, logged: Callable[[str], str], how: str) -> None:
        answer = client.get(f"/raises/{how}")
        assert (answer.status, b"secret" in answer.body) == (500, False)
        log = logged("the secret of the application")
        assert "asgi_requests.py" in log
        assert client.get("/hello").body == b"hello"

    def test_late_exception(self, client: Client, logged: Callable[[str], str]) -> None:
        with pytest.raises(Truncated):
            client.get("/raises_late")
        logged("too late")


class TestExtensions:
    def test_trailers(self, client: Client) -> None:
        client.begin("GET", "/trailers")
        assert client.head()["transfer-encoding"] == "chunked"
        assert client.chunk() == b"body"
        assert client.until(b"\r\n\r\n") == b"0\r\nx-one: 1\r\nx-two: 2\r\n\r\n"
        assert client.get("/hello").body == b"hello"

    def test_trailers_to_http_1_0(self, client: Client) -> None:
        assert client.request("GET", "/trailers", version="1.0").body == b"body"

    def test_early_hints(self, client: Client) -> None:
        client.begin("GET", "/hints")
        hints = client.head()
        assert (hints.status, hints.all("link")) == (103, ["</a.css>; rel=preload", "</b.js>; rel=preload"])
        assert hints.headers == [("link", "</a.css>; rel=preload"), ("link", "</b.js>; rel=preload")]
        assert client.answer().body == b"late"

    def test_no_early_hints_to_http_1_0(self, client: Client) -> None:
        client.begin("GET", "/hints", version="1.0")
        assert client.head().status == 200

    @pytest.mark.parametrize("target", ["/path", "/path/sized"])
    def test_pathsend(self, client: Client, target: str) -> None:
        content = (Path(APPS) / "asgi_requests.py").read_bytes()
        answer = client.get(target)
        assert (answer.body, answer["content-length"]) == (content, str(len(content)))
        assert client.get("/hello").body == b"hello"

    def test_pathsend_of_nothing(self, client: Client, logged: Callable[[str], str]) -> None:
        assert client.get("/path/missing").status == 500
        logged("FileNotFoundError")
