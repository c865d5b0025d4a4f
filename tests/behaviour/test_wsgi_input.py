"""PEP 3333, section "Input and Error Streams"."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

from tests.behaviour.conftest import APPS
from tests.kit.client import Client
from tests.kit.live import serve, until

LINES = b"one\ntwo\r\n\nlast"
MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(
    ("how", "pieces"),
    [
        ("read", ["one\ntwo\r\n\nlast", ""]),
        ("some", ["one\ntwo", "\r\n\nlast"]),
        ("readline", ["one\n", "two\r\n", "\n", "last"]),
        ("readline_n", ["one", "\n", "two", "\r\n", "\n", "las", "t"]),
        ("readlines", ["one\n", "two\r\n", "\n", "last"]),
        ("hint", ["one\n"]),
        ("iterate", ["one\n", "two\r\n", "\n", "last"]),
    ],
)
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_ways_to_read(client, how, pieces, framing) -> None:
    if framing == "length":
        answer = client.request("POST", f"/input/{how}", body=LINES)
    else:
        client.begin("POST", f"/input/{how}", "Transfer-Encoding: chunked")
        client.send(b"".join(b"1\r\n%c\r\n" % byte for byte in LINES) + b"0\r\n\r\n")
        answer = client.answer()
    assert json.loads(answer.body) == pieces


@pytest.mark.parametrize("how", ["read", "some", "readline", "readlines", "iterate"])
def test_no_body_is_an_empty_one(client, how) -> None:
    assert "".join(json.loads(client.get(f"/input/{how}").body)) == ""


def weighed(client: Client, size: int) -> dict[str, object]:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    told = json.loads(client.request("POST", "/weigh", body=body).body)
    assert (told["size"], told["length"]) == (size, str(size))
    assert told["digest"] == hashlib.sha256(body).hexdigest()
    return told


@pytest.mark.parametrize("size", [1, 65536, MEGABYTE - 1, MEGABYTE])
def test_a_small_body_stays_in_memory(client, size) -> None:
    assert weighed(client, size)["file"] is None


@pytest.mark.parametrize("size", [MEGABYTE + 1, 3 * MEGABYTE + 7])
def test_a_large_body_is_in_a_file_without_a_name(client, size) -> None:
    links, path = weighed(client, size)["file"]
    assert links == 0
    assert path.endswith("(deleted)")


def test_a_large_chunked_body_is_in_a_file_too(client) -> None:
    client.begin("POST", "/weigh", "Transfer-Encoding: chunked")
    for _ in range(32):
        client.send(b"10000\r\n" + b"y" * 65536 + b"\r\n")
    client.send(b"0\r\n\r\n")
    told = json.loads(client.answer().body)
    assert (told["size"], told["length"]) == (2 * MEGABYTE, str(2 * MEGABYTE))
    assert told["digest"] == hashlib.sha256(b"y" * 2 * MEGABYTE).hexdigest()
    assert told["file"][0] == 0


def test_files_of_bodies_are_closed(stage, client) -> None:
    (worker,) = stage.server.workers()

    def spooled() -> list[str]:
        links = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{worker}/fd") if os.path.lexists(entry.path)]
        return [link for link in links if "hendrix-body-" in link or link.startswith("/tmp/#")]

    weighed(client, 2 * MEGABYTE)
    client.begin("POST", "/weigh", f"Content-Length: {3 * MEGABYTE}")
    client.send(b"z" * 2 * MEGABYTE)
    until(spooled, "the body to go to a file")
    client.close()
    until(lambda: not spooled(), "files of bodies to be closed")


def test_an_unread_body_is_not_the_next_request(client) -> None:
    smuggled = b"GET /environ HTTP/1.1\r\nHost: x\r\n\r\n"
    assert client.request("POST", "/hello", body=smuggled).body == b"hello"
    assert client.get("/hello").body == b"hello"


def test_errors_go_to_the_log_line_by_line(client, logged) -> None:
    assert client.get("/complains").body == b"hello"
    text = logged("second line")
    assert "half a line, the other half" in text


# --- the size that is allowed ------------------------------------------------------------------------------------


def test_413_by_the_stated_length_before_the_body_is_sent(client) -> None:
    client.begin("POST", "/weigh", f"Content-Length: {8 * MEGABYTE + 1}", "Expect: 100-continue")
    answer = client.head()  # 100 Continue would be first
    assert answer.status == 413
    assert answer["Connection"] == "close"


def test_413_while_the_body_is_sent_is_seen_by_the_peer(client) -> None:
    client.begin("POST", "/weigh", f"Content-Length: {9 * MEGABYTE}")
    client.send(b"x" * MEGABYTE)
    assert client.answer().status == 413
    assert client.closed()


def test_413_by_chunks(client) -> None:
    client.begin("POST", "/weigh", "Transfer-Encoding: chunked", "Accept: application/json")
    chunk = b"100000\r\n" + b"x" * MEGABYTE + b"\r\n"
    for _ in range(8):
        client.send(chunk)
    client.send(b"1\r\nx\r\n")
    answer = client.answer()
    assert answer.status == 413
    assert json.loads(answer.body)["status"] == 413


def test_a_body_of_the_very_size_is_taken(client) -> None:
    assert weighed(client, 8 * MEGABYTE)["file"] is not None


def test_no_limit() -> None:
    with serve("suite:app", "--client-max-body-size", "0", directory=APPS) as server:
        assert weighed(server.client(), 9 * MEGABYTE)["file"] is not None


def test_a_slow_body_takes_no_thread() -> None:
    with serve("suite:app", "--threads", "1", directory=APPS) as server:
        slow = [server.client() for _ in range(20)]
        for client in slow:
            client.begin("POST", "/echo", "Content-Length: 4")
            client.send(b"ab")
        assert server.client().get("/hello").body == b"hello"
        for client in slow:
            client.send(b"cd")
        assert {client.answer().body for client in slow} == {b"abcd"}
