"""Resources that others have written: Twisted's files, proxy and WSGI, and klein."""

from __future__ import annotations

import gzip
import json
import socket

import pytest

from tests.behaviour.conftest import APPS
from tests.kit.client import Client, Truncated
from tests.kit.live import serve_django


@pytest.fixture
def client(beside):
    with beside.client() as client:
        yield client


# --- static.File (MediaResource) -------------------------------------------------------------------------------------


@pytest.fixture
def film(beside) -> bytes:
    data = bytes(range(256)) * 4096
    (beside.files / "film.mp4").write_bytes(data)
    (beside.files / "page.txt").write_text("a page")
    (beside.files / "sub").mkdir(exist_ok=True)
    (beside.files / "sub" / "below.txt").write_text("below")
    return data


def test_a_file(client, film) -> None:
    answer = client.get("/files/film.mp4")
    assert answer.body == film
    assert (answer["content-type"], answer["content-length"]) == ("video/mp4", str(len(film)))
    assert "last-modified" in answer
    assert client.get("/files/page.txt").text == "a page"
    assert client.get("/files/sub/below.txt").text == "below"


def test_one_range(client, film) -> None:
    answer = client.get("/files/film.mp4", "Range: bytes=1000-1999")
    assert (answer.status, answer.body) == (206, film[1000:2000])
    assert answer["content-range"] == f"bytes 1000-1999/{len(film)}"
    assert client.get("/files/film.mp4", "Range: bytes=-7").body == film[-7:]
    assert client.get("/files/film.mp4", f"Range: bytes={len(film)}-").status == 416


def test_several_ranges(client, film) -> None:
    answer = client.get("/files/film.mp4", "Range: bytes=0-1,5-6")
    assert answer.status == 206
    assert answer["content-type"].startswith("multipart/byteranges")
    assert film[0:2] in answer.body and film[5:7] in answer.body


def test_a_file_that_has_not_changed(client, film) -> None:
    since = client.get("/files/page.txt")["last-modified"]
    assert client.get("/files/page.txt", f"If-Modified-Since: {since}").status == 304


def test_the_head_of_a_file(client, film) -> None:
    answer = client.request("HEAD", "/files/film.mp4")
    assert (answer.status, answer["content-length"]) == (200, str(len(film)))
    assert client.get("/files/page.txt").text == "a page"


def test_directories_are_not_listed(client, film) -> None:
    assert client.get("/files/").status == 403
    assert client.get("/files/sub/").status == 403


@pytest.mark.parametrize(
    "path", ["../secret", "%2e%2e/secret", "..%2fsecret", "sub/%2e%2e/%2e%2e/secret", "%00", "none"]
)
def test_nothing_outside_is_served(client, film, path) -> None:
    assert client.get(f"/files/{path}").status in (400, 404)


# --- proxy.ReverseProxyResource --------------------------------------------------------------------------------------


def test_an_upstream(client) -> None:
    answer = client.get("/proxied/hello")
    assert (answer.status, answer.text) == (200, "hello")
    assert len(answer.all("date")) == len(answer.all("server")) == 1


def test_an_upstream_gets_the_body(client) -> None:
    answer = client.request("POST", "/proxied/echo", body=b"x" * 100_000)
    assert answer.status == 200
    assert client.get("/proxied/hello").text == "hello", "and the connection goes on"


# --- wsgi.WSGIResource -----------------------------------------------------------------------------------------------


def test_a_wsgi_resource(client) -> None:
    assert client.get("/wsgi/a/b").text == "/wsgi\n/a/b\nGET\n"
    assert client.request("POST", "/wsgi", body=b"the body").text == "/wsgi\n\nPOST\nthe body"
    assert client.get("/wsgi/a")["content-type"] == "text/plain"


def test_at_a_unix_socket() -> None:
    """Where peers have no address."""
    with (
        serve_django("beside.settings", "--bind", "unix:resources.sock", directory=APPS) as server,
        server.client() as tcp,
        Client(unix(server)) as client,
    ):
        assert client.get("/wsgi/a").text == tcp.get("/wsgi/a").text
        assert client.get("/klein/items/7").text == "item 7"
        assert json.loads(client.get("/res/told").body)["client"] == ""


def unix(server) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    sock.connect(str(server.home / "resources.sock"))
    return sock


# --- klein -----------------------------------------------------------------------------------------------------------


def test_klein_routes(client) -> None:
    assert client.get("/klein/items/7").text == "item 7"
    assert client.get("/klein/items/seven").status == 404
    assert client.get("/klein/form").status == 405


def test_klein_deferreds_and_coroutines(client) -> None:
    assert client.get("/klein/later").text == "from a Deferred"
    assert client.get("/klein/awaited").text == "from a coroutine"


def test_klein_forms(client) -> None:
    form = "Content-Type: application/x-www-form-urlencoded"
    assert client.request("POST", "/klein/form", form, body=b"word=said").text == "said"


def test_klein_knows_where_it_is(client) -> None:
    assert client.get("/klein/url").text == "http://test.example/klein/url"


def test_klein_raises(beside, client) -> None:
    since = beside.server.mark()
    assert client.get("/klein/raising").status == 500
    beside.server.await_log("klein raises", since)
    assert client.get("/klein/items/1").text == "item 1"


def test_what_leaves_in_the_middle_of_a_file(beside, film) -> None:
    """The next one is served as if nothing had been."""
    with beside.client(receive_buffer=4096) as client:
        client.begin("GET", "/files/film.mp4")
        client.head()
    with beside.client() as client:
        try:
            assert client.get("/files/film.mp4").body == film
        except Truncated:
            pytest.fail("the file was cut off")


# --- and all of them compressed --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["push", "pull"])
def test_producers_whose_bytes_are_compressed(kind) -> None:
    """Their peer is the compression, which has its own pace."""
    with serve_django("beside.settings", "--compress", "gzip", directory=APPS) as server, server.client() as client:
        for _ in range(2):
            answer = client.get(f"/res/{kind}?count=300&key=coded", "Accept-Encoding: gzip")
            body = gzip.decompress(answer.body)
            numbers = [int(body[at : at + 7]) for at in range(0, len(body), 8192)]
            assert numbers == [number for number in range(1, 301) if kind == "push" or number % 7]
