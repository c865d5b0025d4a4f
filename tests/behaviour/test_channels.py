"""A project on Channels runs unchanged: HTTP, sessions, consumers of each kind, a channel layer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.behaviour.conftest import APPS
from tests.kit.client import Client
from tests.kit.frames import BINARY, Frame, close, frame
from tests.kit.live import Server, serve
from tests.kit.websocket import WebSocketClient, refused

ORIGIN = "Origin: http://test.example"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    database: Path = tmp_path_factory.mktemp("chat") / "db.sqlite3"
    environ = {"CHAT_DATABASE": str(database)}
    with serve("chat.settings", "--interface", "asgi", directory=APPS, kind="settings", environ=environ) as server:
        yield server


@pytest.fixture
def client(chat: Server) -> Iterator[Client]:
    with chat.client() as client:
        yield client


def test_views(client: Client) -> None:
    client.get("/enter/")
    assert json.loads(client.get("/hello/").body) == {"user": "AnonymousUser", "root": "", "method": "GET"}
    assert client.get("/later/").body == b"later"
    assert client.get("/nowhere/").status == 404


def test_a_room_hears_what_one_says_and_who(chat: Server, client: Client) -> None:
    answer = client.get("/enter/")
    cookie = next(line for line in answer.all("set-cookie") if line.startswith("sessionid=")).split(";")[0]
    with chat.client() as one, chat.client() as two, chat.client() as other:
        jimi = WebSocketClient(one, "/room/blue/", ORIGIN, f"Cookie: {cookie}")
        guest = WebSocketClient(two, "/room/blue/", ORIGIN)
        elsewhere = WebSocketClient(other, "/room/red/", ORIGIN)
        jimi.send(json.dumps({"words": "hey"}))
        for ws in (jimi, guest):
            assert json.loads(ws.text()) == {"who": "jimi", "words": "hey"}
        guest.send(json.dumps({"words": "joe"}))
        for ws in (jimi, guest):
            assert json.loads(ws.text()) == {"who": "AnonymousUser", "words": "joe"}
        assert json.loads(elsewhere.ask(json.dumps({"words": "alone"})))["words"] == "alone"
        for ws in (jimi, guest, elsewhere):
            ws.close()


def test_a_synchronous_consumer(client: Client) -> None:
    ws = WebSocketClient(client, "/echo/", ORIGIN)
    assert ws.ask("hello") == "hello"
    ws.send(frame(BINARY, b"\xff"))
    assert ws.next() == Frame(BINARY, b"\xff")
    ws.send("leave")
    assert ws.closed() == (4001, "as you wish")
    client.send(close(4001))
    assert client.closed()


def test_refusals(chat: Server) -> None:
    with chat.client() as client:
        assert refused(client, "/closed/", ORIGIN).status == 403


def test_no_route(client: Client) -> None:
    assert refused(client, "/nowhere/", ORIGIN).status == 500


def test_static_files_in_development(tmp_path: Path) -> None:
    environ = {"CHAT_DATABASE": str(tmp_path / "db.sqlite3"), "CHAT_STATIC": "yes"}
    options = ("--interface", "asgi", "--dev")
    with (
        serve("chat.settings", *options, directory=APPS, kind="settings", environ=environ) as server,
        server.client() as client,
    ):
        assert client.get("/static/admin/css/base.css").status == 200
        assert WebSocketClient(client, "/echo/", ORIGIN).ask("hello") == "hello"
