"""``--compress`` on a running server: each way in which a Django project is called gives the same."""

from __future__ import annotations

import importlib
import itertools
import json
import sys
import threading
import time
import zlib
from pathlib import Path

import brotli
import pytest

from tests.behaviour.conftest import APPS
from tests.kit.client import Answer, Client
from tests.kit.live import Server, serve, until

zstd = importlib.import_module("backports.zstd" if sys.version_info < (3, 14) else "compression.zstd")

PAGE = b"<p>One sentence like another.</p>\n" * 200
DECODERS = {"zstd": zstd.decompress, "br": brotli.decompress, "gzip": lambda data: zlib.decompress(data, 31)}
_keys = (f"key{number}" for number in itertools.count())


@pytest.fixture(scope="module", params=["django", "wsgi", "asgi"])
def server(request):
    words = ("--compress", "on", "--interface", request.param, "--graceful-timeout", "5", "--slow-request", "0")
    with serve("coded", *words, directory=APPS, kind="settings") as started:
        yield started
        assert "Traceback" not in started.log(), started.log()


@pytest.fixture(scope="module")
def twisted():
    words = ("--compress", "on", "--resources", "twisted=coded.twisted")
    with serve("coded", *words, directory=APPS, kind="settings") as started:
        yield started
        assert "Traceback" not in started.log(), started.log()


@pytest.fixture
def streaming(server, request) -> Server:
    """One that does not collect sync streams first, as Django does under ASGI."""
    if "asgi" in request.node.callspec.id:
        pytest.skip("Django reads it to its end")
    return server


@pytest.fixture
def awaiting(server, request) -> Server:
    """One that does not collect async streams first, as Django does under WSGI."""
    if "wsgi" in request.node.callspec.id:
        pytest.skip("Django reads it to its end")
    return server


@pytest.fixture
def key() -> str:
    return next(_keys)


def get(server: Server, path: str, accepted: str = "", *lines: str, method: str = "GET") -> Answer:
    """On a connection of its own."""
    accepted_line = [f"Accept-Encoding: {accepted}"] if accepted else []
    with server.client() as client:
        return client.request(method, path, *accepted_line, *lines)


def read(answer: Answer) -> bytes:
    """The body as a browser reads it."""
    return DECODERS[answer["content-encoding"]](answer.body)


def is_closed(server: Server, key: str) -> bool:
    return json.loads(get(server, f"/closed?{key}").body) == ["closed"]


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
class TestEveryCoding:
    @pytest.mark.parametrize("path", ["/page", "/async_page"])
    def test_pages(self, server, coding, path) -> None:
        answer = get(server, path, coding)
        assert read(answer) == PAGE
        assert answer["vary"] == "Accept-Encoding"
        assert len(answer.body) < 700

    def test_several_on_one_connection(self, server, coding) -> None:
        with server.client() as client:
            for _ in range(5):
                assert read(client.get("/page", f"Accept-Encoding: {coding}")) == PAGE

    def test_large_ones(self, server, coding) -> None:
        answer = get(server, "/big", coding)
        assert len(read(answer)) > 20_000_000
        assert len(answer.body) < 5_000_000

    def test_files(self, server, coding, tmp_path) -> None:
        path = tmp_path / "rows.csv"
        path.write_bytes(PAGE * 100)
        assert read(get(server, "/file", coding, f"X-File: {path}")) == PAGE * 100

    def test_a_stream_arrives_as_it_is_made(self, streaming, coding, key) -> None:
        with streaming.client() as client:
            decode = _decoder(client, f"/rows?{key}", coding)
            assert decode(client.chunk()) == b"first row\n"
            get(streaming, f"/open?{key}")
            assert decode(client.chunk()) == b"second row\n"
            while piece := client.chunk():  # the end, where that did not come along
                assert decode(piece) == b""


class TestNegotiated:
    def test_the_best_of_what_a_browser_accepts(self, server) -> None:
        assert get(server, "/page", "gzip, deflate, br, zstd")["content-encoding"] == "zstd"
        assert get(server, "/page", "gzip, deflate, br")["content-encoding"] == "br"
        assert get(server, "/page", "zstd;q=0, br;q=0.5, gzip")["content-encoding"] == "gzip"

    @pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "deflate", "*;q=0"])
    def test_nothing_of_it(self, server, accepted) -> None:
        answer = get(server, "/page", accepted)
        assert answer.body == PAGE
        assert answer["vary"] == "Accept-Encoding"
        assert "content-encoding" not in answer

    def test_head(self, server) -> None:
        answer = get(server, "/page", "br", method="HEAD")
        assert answer["content-encoding"] == "br"
        assert "content-length" not in answer

    def test_what_sets_a_cookie(self, server) -> None:
        answer = get(server, "/cookie", "gzip")
        assert answer.body == PAGE
        assert "vary" not in answer

    def test_http_1_0(self, server) -> None:
        with server.client() as client:
            assert read(client.request("GET", "/page", "Accept-Encoding: gzip", version="1.0")) == PAGE


class TestEntityTags:
    def test_round_trip(self, server) -> None:
        answer = get(server, "/state", "gzip")
        tag = answer["etag"]
        assert tag == 'W/"state-1"'
        again = get(server, "/state", "gzip", f"If-None-Match: {tag}")
        assert (again.status, again["etag"], again["vary"]) == (304, tag, "Accept-Encoding")
        assert get(server, "/state", "", f"If-None-Match: {tag}").status == 304
        assert get(server, "/state", "gzip", 'If-None-Match: W/"state-2"').status == 200

    def test_a_change_of_what_was_seen(self, server) -> None:
        """What a browser's script sends back is what it was given."""
        tag = get(server, "/state", "gzip")["etag"]
        assert get(server, "/state", "gzip", f"If-Match: {tag}", method="PUT").status == 200
        assert get(server, "/state", "", f"If-Match: {tag}", method="PUT").status == 200
        assert get(server, "/state", "gzip", 'If-Match: W/"state-0"', method="PUT").status == 412


class TestStreams:
    def test_events(self, awaiting, key) -> None:
        with awaiting.client() as client:
            decode = _decoder(client, f"/events?{key}", "gzip, br, zstd")
            assert decode(client.chunk()) == b"data: first\n\n"
            get(awaiting, f"/open?{key}")
            assert decode(client.chunk()) == b"data: second\n\n"

    def test_the_client_leaves(self, streaming, key) -> None:
        with streaming.client() as client:
            _decoder(client, f"/endless?{key}", "br")
            client.chunk()
        until(lambda: is_closed(streaming, key), "the stream to be closed")

    def test_not_faster_than_it_is_taken(self, streaming, key) -> None:
        with streaming.client(receive_buffer=65536) as client:
            decode = _decoder(client, f"/endless?{key}", "gzip")
            assert decode(client.chunk())
            before = _memory(streaming)
            time.sleep(1)
            assert _memory(streaming) - before < 32 * 1024 * 1024
            for _ in range(50):
                decode(client.chunk())
        until(lambda: is_closed(streaming, key), "the stream to be closed")


def test_a_large_body_holds_nobody_up(server) -> None:
    """Brotli takes half a second for it; meanwhile others are answered, one by one."""
    get(server, "/big")
    done = threading.Event()

    def fetch() -> None:
        get(server, "/big", "br")
        done.set()

    thread = threading.Thread(target=fetch)
    answered = 0
    with server.client() as client:
        client.get("/quick")
        thread.start()
        while not done.is_set():
            client.get("/quick")
            answered += 1
    thread.join()
    assert answered > 2, "held up, it would be one"


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
def test_resources_of_twisted(twisted, coding, key) -> None:
    assert read(get(twisted, "/twisted", coding)) == PAGE
    with twisted.client() as client:
        decode = _decoder(client, f"/twisted?key={key}", coding)
        assert decode(client.chunk()) == b"first"
        get(twisted, f"/open?{key}")
        assert decode(client.chunk()) == b"second"


def test_a_drain_ends_an_event_stream_whole(key) -> None:
    with serve("coded", "--compress", "on", directory=APPS, kind="settings") as server, server.client() as client:
        decode = _decoder(client, f"/events?{key}", "gzip")
        assert decode(client.chunk()) == b"data: first\n\n"
        server.signal(15)
        while piece := client.chunk():
            assert decode(piece) == b""
        assert decode.__self__.eof


def test_off_by_default() -> None:
    with serve("coded", directory=APPS, kind="settings") as server:
        answer = get(server, "/page", "gzip, br, zstd")
        assert answer.body == PAGE
        assert "vary" not in answer


def test_only_what_was_asked_for_and_all_that_is_private() -> None:
    words = ("--compress", "gzip", "--compress-private", "--compress-jitter", "0")
    with serve("coded", *words, directory=APPS, kind="settings") as server:
        first, second = (get(server, "/cookie", "zstd, br, gzip") for _ in range(2))
        assert read(first) == PAGE
        assert first.body == second.body


def _decoder(client: Client, path: str, accepted: str):
    """Begin to read a stream. What is returned takes chunks and gives what can be read of them."""
    client.begin("GET", path, f"Accept-Encoding: {accepted}")
    head = client.head()
    assert "content-length" not in head
    assert head["vary"] == "Accept-Encoding"
    coding = head["content-encoding"]
    if coding == "gzip":
        return zlib.decompressobj(31).decompress
    return brotli.Decompressor().process if coding == "br" else zstd.ZstdDecompressor().decompress


def _memory(server: Server) -> int:
    (worker,) = server.workers()
    return int(Path(f"/proc/{worker}/statm").read_text().split()[1]) * 4096
