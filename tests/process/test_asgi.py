"""The end of a worker that serves ASGI: WebSockets, requests under way, and the lifespan."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.kit.client import Truncated
from tests.kit.frames import close
from tests.kit.live import Server, serve, until
from tests.kit.websocket import WebSocketClient

HERE = Path(__file__).parent
APP = "asgi_app:app"


def start(*options: str):
    return serve(APP, *options, directory=HERE, kind="asgi")


def test_sockets_are_told_to_come_back() -> None:
    with start() as server, server.client() as client:
        ws = WebSocketClient(client, "/")
        assert ws.text() == "hello"
        server.signal(signal.SIGTERM)
        assert ws.closed() == (1012, "service restart")
        client.send(close(1012))
        assert client.closed()
    assert server.last_output.split("\n")[-3:-1] == ["disconnected 1012", "shutdown"]


def test_a_socket_that_does_not_answer_holds_nothing_up() -> None:
    with start("--graceful-timeout", "2") as server, server.client() as client:
        WebSocketClient(client, "/").text()
        server.signal(signal.SIGTERM)
        began = time.monotonic()
        server.process.wait(10)
        assert time.monotonic() - began < 8
    assert "disconnected 1006" in server.last_output
    assert "shutdown" in server.last_output


def test_requests_under_way_are_finished() -> None:
    with start() as server, server.client() as client:
        client.begin("GET", "/?1")
        client.head()
        server.signal(signal.SIGTERM)
        assert client.chunk() + client.chunk() == b"begun\nended\n"
        assert client.chunk() == b""
    assert server.last_output.split("\n")[-3:-1] == ["cleaned up", "shutdown"]


def test_at_the_deadline_they_are_cancelled_and_may_clean_up() -> None:
    with start("--graceful-timeout", "1") as server, server.client() as client:
        client.begin("GET", "/?100")
        client.head()
        server.signal(signal.SIGTERM)
        with pytest.raises(Truncated):
            while client.chunk():
                pass
    assert server.last_output.split("\n")[-4:-1] == ["cancelled", "cleaned up", "shutdown"]
    assert "Traceback" not in server.log_at_end


def test_a_reload_moves_sockets() -> None:
    with start() as server, server.client() as client:
        ws = WebSocketClient(client, "/")
        ws.text()
        (old,) = server.workers()
        server.signal(signal.SIGHUP)
        assert ws.closed()[0] == 1012
        client.send(close(1012))
        server.await_new_worker(old)
        with server.client() as again:
            assert WebSocketClient(again, "/").text() == "hello"


def test_a_startup_that_fails_at_a_reload_leaves_the_old_one() -> None:
    with start() as server:
        (old,) = server.workers()
        (server.home / "broken").touch()
        server.signal(signal.SIGHUP)
        server.await_log("it is broken")
        assert answers(server)
        until(lambda: server.workers() == [old], "only the old worker to be there")
        (server.home / "broken").unlink()
        server.signal(signal.SIGHUP)
        server.await_new_worker(old)
        assert answers(server)


def answers(server: Server) -> bool:
    with server.client() as client:
        return client.get("/").status == 200
