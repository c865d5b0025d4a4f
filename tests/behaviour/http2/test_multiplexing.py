"""Many requests on one connection: a real server, and a client in frames."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.behaviour.conftest import APPS
from tests.kit import frames as ws
from tests.kit import http2_frames as f
from tests.kit.client import Truncated
from tests.kit.http2_client import Http2Client
from tests.kit.live import Server, serve, until

MEGABYTE = 1024 * 1024
WEBSOCKET = [
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "http"),
    (":authority", "test.example"),
    ("sec-websocket-version", "13"),
]


@pytest.fixture(scope="session")
def multiplexed() -> Iterator[Server]:
    options = ("--client-max-body-size", "8MB", "--limit-streams", "20", "--access-log", "combined")
    with serve("multiplexed:app", *options, directory=APPS, kind="asgi") as server:
        yield server
    assert "Traceback" not in server.log_at_end.replace("RuntimeError: broken off", "").partition("Traceback")[0]


@pytest.fixture
def client(multiplexed: Server) -> Iterator[Http2Client]:
    with multiplexed.http2() as client:
        yield client


def notes(client: Http2Client) -> list[str]:
    return client.get("/notes").text.split("\n")


def test_facts(client: Http2Client) -> None:
    answer = client.get("/facts?x", "X-Test: 1", "Cookie: a=b")
    assert answer.status == 200
    assert answer["x-kind"] == "test"
    assert answer["server"] == "hendrix"
    assert answer["x-request-id"]
    assert answer["date"].endswith("GMT")
    lines = answer.text.split("\n")
    assert lines[0] == "2 http GET"
    assert set(lines[1:]) >= {"host: test.example", "x-test: 1", "cookie: a=b"}


def test_a_hundred_at_once_answer_in_any_order(client: Http2Client) -> None:
    for turn in range(5):
        for number in range(20):
            client.begin("GET", f"/size?n={turn * 1000 + number}")
        sizes = sorted(len(client.answer().body) for _ in range(20))
        assert sizes == [turn * 1000 + number for number in range(20)]


def test_one_that_waits_holds_up_no_other(client: Http2Client) -> None:
    client.begin("GET", "/gate?key=g1")
    assert client.head().status == 200
    assert client.chunk() == b"begun"
    gated = client._at
    assert client.get("/size?n=5").body == b"xxxxx"
    assert client.get("/open_gate?key=g1").body == b"opened"
    client._at = gated
    assert client.rest_of_body() == b"ended"


def test_small_answers_pass_large_downloads(multiplexed: Server) -> None:
    """The large one's window is wide open, and it is not read meanwhile."""
    with multiplexed.http2(window=200 * MEGABYTE) as client:
        client.begin("GET", "/stream?n=30&key=large")
        client.head()
        assert len(client.exactly(MEGABYTE)) == MEGABYTE
        large = client._at
        before = len(large.pieces)
        assert client.get("/size?n=100").body == b"x" * 100
        arrived = sum(map(len, large.pieces))
        # What the kernel held on the way could not be overtaken; the rest of 30 MB was.
        assert arrived < 20 * MEGABYTE, (before, arrived)
        client._at = large
        assert len(client.rest_of_body()) + MEGABYTE == 30 * MEGABYTE


def test_a_download_is_made_no_faster_than_it_is_taken(multiplexed: Server) -> None:
    with multiplexed.http2() as client:
        client.begin("GET", "/stream?n=20&key=slow")
        client.head()
        with multiplexed.http2() as other:
            for _ in range(10):
                made = sum(note.startswith("slow") for note in notes(other))
                assert made <= 3
        assert len(client.rest_of_body()) == 20 * MEGABYTE


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 3 * MEGABYTE])
def test_uploads(client: Http2Client, size: int) -> None:
    for _ in range(2):
        assert client.request("POST", "/echo", body=b"z" * size).body == b"z" * size


def test_an_upload_without_a_length(client: Http2Client) -> None:
    fields = [(":method", "POST"), (":scheme", "http"), (":path", "/echo"), (":authority", "a")]
    client._waiting.clear()
    number = client.open(fields, end=False)
    client.upload(number, b"q" * 2 * MEGABYTE)
    assert client.answer().body == b"q" * 2 * MEGABYTE


def test_an_upload_that_nobody_reads_is_held(client: Http2Client) -> None:
    fields = [(":method", "POST"), (":scheme", "http"), (":path", "/deaf?key=deaf"), (":authority", "a")]
    number = client.open(fields, end=False)
    client.upload(number, b"q" * 60_000, end=False)
    sent = 60_000
    client._waiting.clear()
    client.get("/size?n=1")  # by now it has read a piece, and its window is as wide as it gets
    while client._stream_windows[number] > 0 and sent < 4 * MEGABYTE:
        count = min(client._stream_windows[number], 16384)
        client.upload(number, b"q" * count, end=False)
        sent += count
        client.get("/size?n=1")
    assert sent < MEGABYTE
    client.get("/open_gate?key=deaf")
    client._waiting.append(client._streams[number])
    client.upload(number, b"q" * 100_000)
    assert client.answer().body == str(sent + 100_000).encode()


def test_too_large_a_body(client: Http2Client) -> None:
    number = client.begin("POST", "/echo", "Content-Length: 9000000")
    assert client.answer().status == 413
    assert client.await_frame(f.RST_STREAM, number).code == f.NO_ERROR
    assert client.get("/size?n=1").status == 200


def test_too_many_streams(client: Http2Client) -> None:
    for number in range(20):
        client.begin("GET", f"/wait?key=many{number}")
    number = client.begin("GET", "/size?n=1")
    assert client.await_frame(f.RST_STREAM, number).code == f.REFUSED_STREAM


def test_too_large_a_head(client: Http2Client) -> None:
    assert client.get("/size?n=1", "X-Large: " + "x" * 16385).status == 431
    assert client.get("/size?n=1", "X-Large: " + "x" * 16000).status == 200


def test_early_hints(client: Http2Client) -> None:
    client.begin("GET", "/hints")
    hint = client.head()
    assert (hint.status, hint["link"]) == (103, "</a.css>; rel=preload")
    assert client.answer().body == b"hinted"


def test_continue(client: Http2Client) -> None:
    number = client.begin("POST", "/echo", "Expect: 100-continue", "Content-Length: 5")
    assert client.head().status == 100
    client.upload(number, b"after")
    assert client.answer().body == b"after"


def test_trailers(client: Http2Client) -> None:
    assert client.get("/trailers", "TE: trailers").body == b"content"
    assert client.trailers == [("x-sum", "7")]


def test_an_answer_that_breaks_off(client: Http2Client) -> None:
    number = client.begin("GET", "/broken")
    client.head()
    with pytest.raises(Truncated):
        client.rest_of_body()
    assert client._streams[number].reset != f.NO_ERROR
    assert client.get("/size?n=1").status == 200


def test_whoever_cancels_is_noticed(client: Http2Client) -> None:
    number = client.begin("GET", "/wait?key=cancelled")
    client._waiting.clear()
    until(lambda: "cancelled waits" in notes(client), "the view to begin")
    client.write(f.rst_stream(number))
    until(lambda: "cancelled left" in notes(client), "the view to hear of it")


def test_whoever_leaves_is_noticed(multiplexed: Server, client: Http2Client) -> None:
    with multiplexed.http2() as other:
        other.begin("GET", "/wait?key=gone")
        until(lambda: "gone waits" in notes(client), "the view to begin")
    until(lambda: "gone left" in notes(client), "the view to hear of it")


def test_head(client: Http2Client) -> None:
    answer = client.request("HEAD", "/size?n=1000")
    assert answer.body == b""
    assert client._at is not None
    assert client._at.ended


def test_the_access_log(multiplexed: Server, client: Http2Client) -> None:
    client.get("/size?n=123")
    until(lambda: '"GET /size?n=123 HTTP/2" 200 123' in multiplexed.output(), "the line")


class TestWebSockets:
    """RFC 8441."""

    def open(self, client: Http2Client, path: str = "/", *more: tuple[str, str]) -> int:
        return client.open([*WEBSOCKET[:4], (":path", path), WEBSOCKET[4], *more], end=False)

    def next(self, client: Http2Client) -> ws.Frame:
        """The next frame of the socket."""
        data = getattr(self, "rest", b"")
        while True:
            found, data = ws.read(data)
            if found:
                self.rest = b"".join([data])
                return found[0]
            data += client.chunk()

    def send(self, client: Http2Client, number: int, data: bytes) -> None:
        client.upload(number, data, end=False)

    def test_echo(self, client: Http2Client) -> None:
        number = self.open(client)
        head = client.head()
        assert head.status == 200
        assert "sec-websocket-accept" not in head
        for text in (b"one", b"two", b"z" * 200_000):
            self.send(client, number, ws.frame(ws.TEXT, text))
            assert self.next(client).payload == text

    def test_beside_requests(self, client: Http2Client) -> None:
        number = self.open(client)
        client.head()
        socket = client._at
        assert client.get("/size?n=7").body == b"x" * 7
        client._at = socket
        self.send(client, number, ws.frame(ws.TEXT, b"still here"))
        assert self.next(client).payload == b"still here"

    def test_subprotocols_and_compression(self, client: Http2Client) -> None:
        fields = [("sec-websocket-protocol", "a, b"), ("sec-websocket-extensions", "permessage-deflate")]
        self.open(client, "/", *fields)
        head = client.head()
        assert head["sec-websocket-protocol"] == "a"
        assert head["sec-websocket-extensions"].startswith("permessage-deflate")

    def test_the_server_closes(self, client: Http2Client) -> None:
        number = self.open(client)
        client.head()
        self.send(client, number, ws.frame(ws.TEXT, b"close"))
        assert self.next(client).payload == (4000).to_bytes(2, "big") + b"asked for"
        self.send(client, number, ws.close(4000))
        assert client.rest_of_body() == b""
        assert client.get("/size?n=1").status == 200

    def test_the_client_closes(self, client: Http2Client) -> None:
        number = self.open(client)
        client.head()
        self.send(client, number, ws.close(1001))
        assert self.next(client).opcode == ws.CLOSE
        assert client.rest_of_body() == b""
        until(lambda: "socket 1001" in notes(client), "the application to hear of it")

    @pytest.mark.parametrize("how", ["reset", "end"])
    def test_the_client_leaves(self, client: Http2Client, how: str) -> None:
        before = notes(client).count("socket 1006")
        number = self.open(client)
        client.head()
        client.write(f.rst_stream(number) if how == "reset" else f.data(number, end=True))
        until(lambda: notes(client).count("socket 1006") == before + 1, "the application to hear of it")

    def test_a_message_larger_than_the_window(self, multiplexed: Server) -> None:
        with multiplexed.http2(window=70_000) as client:
            number = self.open(client)
            client.head()
            for _ in range(3):
                self.send(client, number, ws.frame(ws.TEXT, b"much"))
            for _ in range(3):
                assert len(self.next(client).payload) == MEGABYTE

    def test_a_fault(self, client: Http2Client) -> None:
        number = self.open(client)
        client.head()
        self.send(client, number, ws.frame(ws.TEXT, b"unmasked", mask=None))
        assert self.next(client).payload[:2] == (1002).to_bytes(2, "big")
        assert client.rest_of_body() == b"", "section 5: what closes a connection is the end of its stream"
        assert client.get("/size?n=1").status == 200

    def test_refused(self, client: Http2Client) -> None:
        self.open(client, "/refused")
        assert client.answer().status == 403

    def test_another_version(self, client: Http2Client) -> None:
        fields = [pair if pair[0] != "sec-websocket-version" else (pair[0], "12") for pair in WEBSOCKET]
        client.open([*fields[:4], (":path", "/"), fields[4]], end=False)
        answer = client.answer()
        assert (answer.status, answer["sec-websocket-version"]) == (426, "13")

    def test_where_nobody_serves_them(self) -> None:
        """A 200 of a view would be taken for a WebSocket."""
        with serve("suite:app", directory=APPS) as server, server.http2() as client:
            self.open(client, "/hello")
            assert client.answer().status == 501
