"""Channels over two workers, with nothing but the hub between them."""

from __future__ import annotations

import json
import tempfile

from tests.behaviour.conftest import APPS
from tests.kit.live import serve, until
from tests.kit.websocket import WebSocketClient

ORIGIN = "Origin: http://test.example"
LAYER = {"CHAT_LAYER": "hendrix.channel_layer.HubChannelLayer"}


def test_rooms_and_common_channels_over_two_workers(tmp_path):
    with tempfile.TemporaryDirectory(prefix="hx-") as runtime:
        environ = {"CHAT_DATABASE": str(tmp_path / "db.sqlite3"), "XDG_RUNTIME_DIR": runtime, **LAYER}
        words = ("--asgi", "chat.asgi:application", "-w", "2")
        with serve("chat.settings", *words, directory=APPS, kind="settings", environ=environ) as server:
            sockets: dict[int, WebSocketClient] = {}

            def both_workers() -> bool:
                ws = WebSocketClient(server.client(), "/whereabouts/", ORIGIN)
                pid = json.loads(ws.ask(json.dumps({"do": "pid"})))["pid"]
                if pid in sockets:
                    ws.close()
                sockets.setdefault(pid, ws)
                return len(sockets) == 2

            until(both_workers, "sockets in both workers", 30)
            one, two = sockets.values()
            one.send(json.dumps({"do": "group", "words": "to all"}))
            assert [json.loads(ws.text())["words"] for ws in (one, two)] == ["to all", "to all"]
            name = json.loads(two.ask(json.dumps({"do": "name"})))["name"]
            one.send(json.dumps({"do": "send", "to": name, "words": "to you"}))
            assert json.loads(two.text())["words"] == "to you"
            # A common channel: the other worker fetches, and a synchronous view sends.
            two.send(json.dumps({"do": "fetch", "from": "jobs"}))
            one.send(json.dumps({"do": "send", "to": "jobs", "words": "to whoever"}))
            assert json.loads(two.text())["words"] == "to whoever"
            with server.client() as client:
                assert client.get("/tell/").status == 200
            assert [json.loads(ws.text())["words"] for ws in (one, two)] == ["by a view"] * 2
