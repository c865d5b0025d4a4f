"""Django's ``FileResponse`` (ref/request-response.html "FileResponse objects") from sync and async views."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from tests.behaviour.conftest import APPS
from tests.kit.client import Answer
from tests.kit.live import Server, serve, until

CONTENT = bytes(range(256)) * 4096
_keys = (f"key{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def server():
    with serve("guarded", "--slow-request", "0", directory=APPS, kind="settings") as started:
        yield started
        assert "Traceback" not in started.log(), started.log()


@pytest.fixture(params=["/file", "/async_file"])
def view(request) -> str:
    return request.param


@pytest.fixture
def key() -> str:
    return next(_keys)


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("files") / "photo.jpg"
    path.write_bytes(CONTENT)
    return path


def get(server: Server, target: str, *lines: str, method: str = "GET") -> Answer:
    with server.client() as client:
        return client.request(method, target, *lines)


def noted(server: Server, key: str) -> list[str]:
    return json.loads(get(server, f"/noted?key={key}").body)


def await_closed(server: Server, key: str) -> None:
    """It must have been once."""
    until(lambda: "closed" in noted(server, key), "the file to be closed")
    assert noted(server, key).count("closed") == 1


@pytest.mark.parametrize("kind", ["buffered", "raw", "field"])
def test_a_file_on_the_disk_is_not_read(server, view, path, key, kind) -> None:
    answer = get(server, f"{view}?key={key}&kind={kind}", f"X-File: {path}")
    assert answer.body == CONTENT
    assert answer["content-length"] == str(len(CONTENT))
    assert answer["content-type"] == "image/jpeg"
    assert answer["content-disposition"] == 'inline; filename="photo.jpg"'
    await_closed(server, key)
    assert noted(server, key) == ["closed"]


def test_a_file_that_reads_otherwise_is_read(server, view, path, key) -> None:
    """A storage that keeps its files encrypted gives such ones."""
    answer = get(server, f"{view}?key={key}&kind=secret", f"X-File: {path}")
    assert answer.body == bytes(sign ^ 1 for sign in CONTENT)
    await_closed(server, key)


def test_as_an_attachment(server, view, path, key) -> None:
    answer = get(server, f"{view}?key={key}&kind=buffered&as=holiday.png", f"X-File: {path}")
    assert answer["content-disposition"] == 'attachment; filename="holiday.png"'
    assert answer["content-type"] == "image/png"
    await_closed(server, key)


def test_from_where_it_was_read_to(server, view, path, key) -> None:
    answer = get(server, f"{view}?key={key}&kind=partly", f"X-File: {path}")
    assert answer.body == CONTENT[10:]
    assert answer["content-length"] == str(len(CONTENT) - 10)
    await_closed(server, key)


def test_an_empty_file(server, view, tmp_path, key) -> None:
    path = tmp_path / "empty"
    path.touch()
    answer = get(server, f"{view}?key={key}&kind=buffered", f"X-File: {path}")
    assert (answer.body, answer["content-length"]) == (b"", "0")
    await_closed(server, key)


def test_in_memory_it_goes_out_as_a_whole(server, view, key) -> None:
    answer = get(server, f"{view}?key={key}&kind=memory")
    assert answer.body == b"in memory " * 1000
    assert answer["content-length"] == "10000"


def test_in_memory_from_where_it_was_read_to(server, view, key) -> None:
    answer = get(server, f"{view}?key={key}&kind=memory_partly")
    assert answer.body == (b"in memory " * 1000)[7:]


def test_a_named_temporary_file(server, view, key) -> None:
    answer = get(server, f"{view}?key={key}&kind=temporary")
    assert answer.body == b"temporary " * 1000
    assert answer["content-length"] == "10000"


def test_head(server, view, path, key) -> None:
    answer = get(server, f"{view}?key={key}&kind=buffered", f"X-File: {path}", method="HEAD")
    assert (answer.body, answer["content-length"]) == (b"", str(len(CONTENT)))
    await_closed(server, key)


def test_the_client_leaves(server, view, tmp_path, key) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    with server.client(receive_buffer=65536) as client:
        client.begin("GET", f"{view}?key={key}&kind=buffered", f"X-File: {path}")
        client.head()
        client.exactly(100_000)
    await_closed(server, key)
    assert noted(server, key) == ["closed"]


def test_several_on_one_connection(server, view, path) -> None:
    with server.client() as client:
        for _ in range(3):
            key = next(_keys)
            assert client.get(f"{view}?key={key}&kind=buffered", f"X-File: {path}").body == CONTENT
            await_closed(server, key)


def test_many_at_once_that_are_read_slowly_hold_nobody_up(server, view, tmp_path, key) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    clients = [server.client(receive_buffer=65536) for _ in range(100)]
    for client in clients:
        client.begin("GET", f"{view}?key={key}&kind=buffered", f"X-File: {path}")
    for client in clients:
        client.head()
    assert get(server, "/noted?key=none").status == 200
    for client in clients:
        client.close()
    until(lambda: noted(server, key).count("closed") == 100, "all files to be closed")
