"""PEP 3333, section "Optional Platform-Specific File Handling": files by sendfile, and what only looks like one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.kit.client import Truncated
from tests.kit.live import until

CONTENT = bytes(range(256)) * 4096  # a megabyte
BIG = 16 * 1024 * 1024


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "content"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """More than any socket buffers."""
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(BIG)
    return path


def test_a_regular_file_is_sent_without_being_read(stage, client, key, path) -> None:
    answer = client.get(f"/file?{key}", f"X-File: {path}", f"X-Length: {len(CONTENT)}")
    assert answer.body == CONTENT
    stage.await_closed(key)
    assert stage.journal(key) == ["closed"], "never read"
    assert client.get("/hello").body == b"hello"


def test_without_a_length(stage, client, key, path) -> None:
    answer = client.get(f"/file?{key}", f"X-File: {path}")
    assert answer.body == CONTENT
    assert "Content-Length" not in answer
    assert stage.await_noted(key, "closed") == ["closed"]
    assert client.get("/hello").body == b"hello"


def test_in_http_1_0(client, path) -> None:
    answer = client.request("GET", "/file", f"X-File: {path}", version="1.0")
    assert (answer["Connection"], answer.body) == ("close", CONTENT)


def test_from_where_the_file_stands(client, path) -> None:
    assert client.get("/file", f"X-File: {path}", "X-Offset: 1000000").body == CONTENT[1000000:]
    answer = client.get("/file", f"X-File: {path}", "X-Offset: 10", "X-Length: 20")
    assert answer.body == CONTENT[10:30], "a range"
    assert client.get("/file", f"X-File: {path}", f"X-Offset: {len(CONTENT)}").body == b""
    assert client.get("/hello").body == b"hello"


def test_a_file_that_is_shorter_than_stated(client, path) -> None:
    client.begin("GET", "/file", f"X-File: {path}", f"X-Length: {len(CONTENT) + 1}")
    with pytest.raises(Truncated) as truncated:
        client.answer()
    assert truncated.value.data == CONTENT


@pytest.mark.parametrize("length", ["", f"X-Length: {len(CONTENT)}"])
def test_head(stage, client, key, path, length) -> None:
    answer = client.request("HEAD", f"/file?{key}", f"X-File: {path}", *([length] if length else []))
    assert (answer.status, answer.body) == (200, b"")
    if length:
        assert answer["Content-Length"] == str(len(CONTENT))
    stage.await_closed(key)
    assert client.get("/hello").body == b"hello"


@pytest.mark.parametrize(
    ("which", "body"),
    [
        ("bytes", b"in memory"),
        ("gzip", b"unpacked" * 1000),
        ("named", b"temporary"),
        ("empty", b""),
        ("iterable", b"only read"),
    ],
)
def test_what_only_looks_like_a_regular_file(client, which, body) -> None:
    assert client.get(f"/like_file/{which}").body == body
    assert client.get("/hello").body == b"hello"


def test_pipelined_files_in_order(client, path) -> None:
    for offset in (0, 999, 1000000):
        client.begin("GET", "/file", f"X-File: {path}", f"X-Offset: {offset}", f"X-Length: {len(CONTENT) - offset}")
        client.begin("GET", "/hello")
    for offset in (0, 999, 1000000):
        assert client.answer().body == CONTENT[offset:]
        assert client.answer().body == b"hello"


def test_a_big_file_and_a_slow_peer(stage, key, big) -> None:
    client = stage.client(receive_buffer=65536)
    client.begin("GET", f"/file?{key}", f"X-File: {big}", f"X-Length: {BIG}")
    client.head()
    assert stage.journal(key) == [], "open while it is sent"
    assert client.exactly(BIG) == bytes(BIG)
    stage.await_closed(key)
    assert client.get("/hello").body == b"hello"


def test_a_file_that_is_truncated_while_it_is_sent(stage, key, big) -> None:
    client = stage.client(receive_buffer=65536)
    client.begin("GET", f"/file?{key}", f"X-File: {big}", f"X-Length: {BIG}")
    client.head()
    client.exactly(1000)
    os.truncate(big, 1000000)
    with pytest.raises(Truncated):
        client.exactly(BIG - 1000)
    stage.await_closed(key)


def test_a_peer_that_leaves_midway(stage, key, big) -> None:
    (worker,) = stage.server.workers()

    def descriptors() -> int:
        return len(os.listdir(f"/proc/{worker}/fd"))

    stage.journal(key)
    before = descriptors()
    clients = [stage.client(receive_buffer=65536) for _ in range(5)]
    for client in clients:
        client.begin("GET", f"/file?{key}", f"X-File: {big}", f"X-Length: {BIG}")
        client.head()
    for client in clients:
        client.close()
    until(lambda: stage.journal(key).count("closed") == 5, "the files to be closed")
    until(lambda: descriptors() <= before + 1, "the descriptors to be given back")
