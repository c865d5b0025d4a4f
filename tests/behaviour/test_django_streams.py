"""Streams of both kinds from views of both kinds (ref/request-response.html "StreamingHttpResponse")."""

from __future__ import annotations

import gzip

import pytest

from tests.behaviour import django_stage
from tests.behaviour.django_stage import new_key, query
from tests.kit.client import Truncated
from tests.kit.live import until

#: Pieces of 64 KiB that may be in the sockets' and the server's buffers (the kernel lets a socket grow).
AHEAD = 160


@pytest.fixture(
    params=[f"/{kind}/{stream}" for kind in ("sync", "async") for stream in ("sync_stream", "async_stream")]
)
def path(request) -> str:
    return request.param


@pytest.fixture
def key() -> str:
    return new_key()


@pytest.fixture(scope="session")
def zipping():
    names = ["django.middleware.gzip.GZipMiddleware", "project.middleware.Marks"]
    with django_stage.site(MIDDLEWARE=names) as served:
        yield served


@pytest.fixture(scope="session")
def narrow_stream():
    with django_stage.site("--threads", "1") as served:
        yield served


def test_pieces_go_out_as_they_are_made(site, key, path) -> None:
    client = site.begin(path + query(key=key, how="gated", gate=key))
    assert "content-length" not in client.head()
    assert client.chunk() == b"first "
    site.open(key)
    assert client.chunk() == b"second"
    assert client.chunk() == b""


def test_not_faster_than_they_are_taken(site, key, path) -> None:
    client = site.begin(path + query(key=key, how="endless"), receive_buffer=65536)
    client.head()
    for taken in range(0, 60, 20):
        left = 20 * 65536
        while left > 0:
            left -= len(client.chunk())
        assert left == 0
        for _ in range(5):
            assert site.journal(key).count("piece") <= taken + 20 + AHEAD
    client.close()
    assert site.await_finished(key).count("closed") == 1


def test_others_are_served_meanwhile(narrow_stream, key, path) -> None:
    """Also by one thread, while a peer takes nothing and another all it can get."""
    slow = narrow_stream.begin(path + query(key=key, how="endless"), receive_buffer=65536)
    slow.head()
    fast = narrow_stream.begin(path + query(key=key + "fast", how="endless"))
    fast.head()
    for _ in range(5):
        for _ in range(20):
            fast.chunk()
        assert narrow_stream.get("/sync/hello").body == b"hello"
        assert narrow_stream.get("/async/hello").body == b"hello"
    slow.close()
    fast.close()
    narrow_stream.await_finished(key)
    narrow_stream.await_finished(key + "fast")


def test_heads_alone(site, key, path) -> None:
    with site.client() as client:
        assert client.request("HEAD", path + query(key=key, how="endless")).status == 200
        assert client.get("/sync/hello").body == b"hello", "on the same connection"
    noted = site.await_finished(key)
    if path.endswith("/sync_stream"):
        assert "closed" in noted


def test_to_http_1_0(site, key, path) -> None:
    with site.client() as client:
        assert client.request("GET", path + query(key=key), version="1.0").body == b"first second"


def test_through_gzip(zipping, key, path) -> None:
    with zipping.client() as client:
        answer = client.get(path + query(key=key), "Accept-Encoding: gzip")
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.body) == b"first second"
    assert "closed" in zipping.await_finished(key)


def test_through_gzip_and_left(zipping, key, path) -> None:
    client = zipping.client(receive_buffer=4096)
    client.begin("GET", path + query(key=key, how="gated", gate=key), "Accept-Encoding: gzip")
    client.head()
    client.close()
    zipping.open(key)
    zipping.await_noted(key, "closed")
    zipping.await_finished(key)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_orm_in_an_async_stream(site, key, kind) -> None:
    site.get("/async/add_word" + query(text=key))
    body = site.get(f"/{kind}/async_stream" + query(key=key, how="data")).text
    count = len(site.read("/sync/words"))
    assert body == f"first {count}{count}second"


def test_a_broken_stream_is_seen_by_the_peer(site, key, path) -> None:
    client = site.begin(path + query(key=key, how="raises"))
    with pytest.raises(Truncated) as caught:
        client.answer()
    assert caught.value.data in (b"", b"first ")
    site.await_finished(key)


@pytest.mark.parametrize("size", [1, 5000, 3_000_000])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_files(site, key, kind, size) -> None:
    answer = site.get(f"/{kind}/file" + query(key=key, size=size))
    assert answer.body == b"f" * size
    assert answer["Content-Length"] == str(size)
    assert "closed" in site.await_finished(key)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_file_that_is_left(site, key, kind) -> None:
    client = site.begin(f"/{kind}/file" + query(key=key, size=50_000_000), receive_buffer=65536)
    client.head()
    client.close()
    assert "closed" in site.await_finished(key)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_files_through_gzip(zipping, kind) -> None:
    with zipping.client() as client:
        answer = client.get(f"/{kind}/file" + query(size=100_000), "Accept-Encoding: gzip")
    assert gzip.decompress(answer.body) == b"f" * 100_000


def test_many_async_streams_hold_no_thread(narrow_stream) -> None:
    keys = [new_key() for _ in range(30)]
    clients = [narrow_stream.begin("/async/async_stream" + query(key=key, how="gated", gate=keys[0])) for key in keys]
    for client in clients:
        client.head()
        assert client.chunk() == b"first "
    threads = [name for name in narrow_stream.read("/census") if name.startswith("hendrix-")]
    assert len(threads) <= 5, threads
    narrow_stream.open(keys[0])
    for client in clients:
        assert client.chunk() == b"second"
    until(lambda: all("finished by Handler" in narrow_stream.journal(key) for key in keys), "all to be over")
