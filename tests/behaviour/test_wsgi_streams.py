"""PEP 3333, section "Buffering and Streaming": pieces go out as they are made, and no faster than they are taken."""

from __future__ import annotations

import signal
import threading

import pytest

from tests.behaviour.conftest import APPS
from tests.kit.client import Client, Truncated
from tests.kit.live import serve, until

MEGABYTE = 1024 * 1024
#: Pieces of a megabyte that may be in the sockets' and the server's buffers (the kernel lets a socket grow).
AHEAD = 10


def test_each_piece_goes_out_before_the_next_is_made(stage, client, key) -> None:
    client.begin("GET", f"/gated?{key}")
    assert client.head().status == 200
    assert client.chunk() == b"first"
    assert stage.journal(key) == []
    stage.open(key)
    assert client.chunk() == b"second"
    assert client.chunk() == b""
    stage.await_closed(key)


def test_without_chunks_too(stage, client, key) -> None:
    client.begin("GET", f"/gated?{key}", version="1.0")
    assert client.head()["Connection"] == "close"
    assert client.exactly(5) == b"first"
    assert stage.journal(key) == []
    stage.open(key)
    assert client.rest() == b"second"


@pytest.mark.parametrize("path", ["/endless", "/endless_write"])
def test_a_stream_is_not_made_faster_than_it_is_taken(stage, key, path) -> None:
    client = stage.client(receive_buffer=65536)
    client.begin("GET", f"{path}?{key}")
    assert client.head().status == 200
    for taken in range(0, 12, 3):
        left = 3 * MEGABYTE
        while left > 0:
            left -= len(client.chunk())
        assert left == 0
        for _ in range(10):
            made = stage.journal(key).count("piece")
            assert made <= taken + 3 + AHEAD
    assert "closed" not in stage.journal(key)
    client.close()
    stage.await_closed(key)
    made = stage.journal(key).count("piece")
    assert made <= 12 + AHEAD


def test_a_peer_that_leaves_at_once(stage, key) -> None:
    client = stage.client()
    client.begin("GET", f"/endless?{key}")
    client.close()
    stage.await_closed(key)


def test_a_peer_that_leaves_between_two_pieces(stage, client, key) -> None:
    client.begin("GET", f"/gated?{key}")
    client.head()
    client.chunk()
    client.close()
    stage.open(key)
    stage.await_closed(key)


@pytest.mark.parametrize("how", ["list", "stream"])
@pytest.mark.parametrize("stated", ["length", "none"])
def test_large_answers_arrive_whole(stage, client, key, how, stated) -> None:
    for _ in range(2):
        answer = client.get(f"/large/{how}/{stated}?{key}")
        assert answer.body == b"m" * 10 * MEGABYTE
    assert client.get("/hello").body == b"hello"


def test_slow_readers_take_no_thread() -> None:
    with serve("suite:app", "--threads", "1", directory=APPS) as server:
        readers = [server.client(receive_buffer=65536) for _ in range(4)]
        for index, reader in enumerate(readers):
            reader.begin("GET", f"/endless?slow{index}")
            assert reader.head().status == 200
        assert server.client().get("/hello").body == b"hello"
        for reader in readers:
            reader.close()


def test_pipelined_large_answers_wait_for_the_peer(stage, key) -> None:
    """One that asks for much and takes nothing must not fill the memory."""
    client = stage.client(receive_buffer=65536)
    client.send(f"GET /counted?{key} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 200)
    stage.await_noted(key, "counted")
    for _ in range(20):
        assert len(stage.journal(key)) <= AHEAD
    for _ in range(200):
        assert len(client.answer().body) == MEGABYTE
    assert len(stage.journal(key)) == 200


def test_a_stream_is_ended_by_the_servers_deadline() -> None:
    with serve("suite:app", "--graceful-timeout", "300ms", directory=APPS) as server:
        client = server.client(receive_buffer=65536)
        client.begin("GET", "/endless?deadline")
        client.head()
        server.signal(signal.SIGTERM)
        with pytest.raises(Truncated):
            client.exactly(1 << 30)


def test_an_answer_under_way_outlives_the_signal_to_leave() -> None:
    with serve("suite:app", directory=APPS) as server:
        client, other, idle = server.client(), server.client(), server.client()
        assert idle.get("/hello").status == 200
        client.begin("GET", "/gated?leave")
        assert client.head().status == 200
        assert client.chunk() == b"first"
        other.begin("GET", "/waits?leave")
        probe = server.client()
        until(lambda: b"waits" in probe.get("/journal?leave").body, "the request to be under way")
        probe.begin("POST", "/open?leave", "Content-Length: 1", "Expect: 100-continue")
        assert probe.head().status == 100, "its head has arrived"
        server.signal(signal.SIGTERM)
        assert idle.closed()
        probe.send(b"x")
        opened = probe.answer()
        assert (opened.status, opened["Connection"]) == (200, "close")
        answer = other.answer()
        assert (answer.body, answer["Connection"]) == (b"hello", "close")
        assert client.chunk() == b"second"
        assert client.chunk() == b""
        assert client.closed()


def test_many_streams_at_once(stage, key) -> None:
    """Each piece is a wake-up; none is lost or doubled when many threads write."""
    clients = [stage.client() for _ in range(8)]
    bodies: list[bytes] = []

    def fetch(client: Client) -> None:
        for _ in range(3):
            bodies.append(client.get(f"/pieces?{key}").body)

    fetchers = [threading.Thread(target=fetch, args=(client,)) for client in clients]
    for fetcher in fetchers:
        fetcher.start()
    for fetcher in fetchers:
        fetcher.join(30)
    assert bodies == [b"".join(b"%d," % number for number in range(500))] * 24
    until(lambda: stage.journal(key).count("closed") == 24, "all streams to be closed")
