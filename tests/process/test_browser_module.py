"""``hendrix.js`` against a real server: it comes back by itself, and goes on where it was. And topics by SSE."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

import hendrix
from tests.kit.live import until

MODULE = Path(hendrix.__file__).parent / "static" / "hendrix" / "hendrix.js"

CODE = """
from django.http import HttpResponse
from django.urls import path

import hendrix
from hendrix.django.topics import TopicStream
from hendrix.websockets import WebSocket


class Live(WebSocket):
    topics = True

    def may_subscribe(self, topic):
        return topic != "secret"

    def may_publish(self, topic, data):
        return topic == "open"

    def receive(self, data):
        self.send({"echo": data})


def publish(request):
    return HttpResponse(hendrix.publish(request.GET["topic"], request.GET["say"]))


def events(request):
    return TopicStream(request, *request.GET.getlist("topic"))


urlpatterns = [path("publish", publish), path("events", events)]
websocket_urlpatterns = [path("live/", Live)]
"""

CLIENT = """
import { connect, later, rest } from "MODULE";
const assert = (fact, what) => { if (!fact) { console.log(JSON.stringify({ failed: what })); process.exit(1); } };
assert(later("1-10", "1-9") && later("2-1", "1-99") && !later("1-9", "1-9") && later("1-1", undefined), "later");
assert(rest(0, () => 0) === 125 && rest(0, () => 1) === 250 && rest(50, () => 1) === 30000, "rest");
const say = (what) => console.log(JSON.stringify(what));
const live = connect(process.argv[2]);
live.onstate = (state) => say({ state });
live.onmessage = (value) => say(value);
live.onrefused = (topic) => say({ refused: topic });
live.ongap = (topic) => say({ gap: topic });
live.subscribe("news", (data, message) => say({ news: data, id: message.id }));
live.subscribe("secret", () => say({ leaked: true }));
live.subscribe("open", (data) => say({ open: data }));
live.publish("open", { from: "a browser" });
live.send("hello");
"""

#: A browser whose sockets and timers do what the test says.
ALONE = """
const sockets = [], sources = [], timers = [];
globalThis.WebSocket = class { readyState = 0; sent = []; constructor(url) { this.url = url; sockets.push(this); }
  send(text) { this.sent.push(JSON.parse(text)); } close() {} };
globalThis.EventSource = class { readyState = 1; constructor(url) { this.url = url; sources.push(this); }
  addEventListener() {} close() { this.readyState = 2; } };
globalThis.setTimeout = (call) => timers.push(call);
const { connect } = await import("./hendrix.mjs");
const lost = (code = 1006) => { sockets.at(-1).readyState = 3; sockets.at(-1).onclose({ code }); timers.pop()(); };
const open = () => { sockets.at(-1).readyState = 1; sockets.at(-1).onopen(); };
const hear = (value) => sockets.at(-1).onmessage({ data: JSON.stringify(value) });

const closed = connect("http://x/live/", { events: "http://x/events/" });
closed.subscribe("a", () => {});
for (let times = 0; times < 3; times++) lost();
const first = sources.length;
lost(); lost();
const later = sources.length;
sources[0].readyState = 2;  // answered 503
lost();
const told = [];
closed.subscribe("a", (data, message) => told.push([data ?? null, message.hex ?? null]));
sources.at(-1).onmessage({ lastEventId: "1-1", data: "00ff" });
sources.at(-1).onmessage({ lastEventId: "1-2", data: '{"a":1}' });

const members = [];
const live = connect("http://x/live/");
open();
const end = live.presence("room", (found) => members.push(Object.keys(found)));
hear({ presence: "room", members: { ann: null } });
end();
hear({ presence: "room", left: "ann" });
live.presence("room", (found) => members.push(Object.keys(found)));
hear({ presence: "room", members: { bob: null } });
live.subscribe("old", () => {});
hear({ topic: "old", id: "1-5", data: 1 });
const { sent } = sockets.at(-1);
lost(1012);
open();
live.subscribe("new", () => {});
const again = sockets.at(-1);
const counts = [first, later, sources.length];
console.log(JSON.stringify({ sources: counts, told, members, sent, url: String(again.url), again: again.sent }));
"""


def run_alone(tmp_path):
    """What the module does in such a browser."""
    shutil.copy(MODULE, tmp_path / "hendrix.mjs")
    (tmp_path / "alone.mjs").write_text(ALONE)
    done = subprocess.run(["node", "alone.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed (Debian: apt-get install nodejs)")
def test_what_a_page_opens_it_opens_once_and_what_it_ends_has_an_end(tmp_path):
    said = run_alone(tmp_path)
    # One stream of events for a topic, however often no socket can be had; another one where it was closed for good.
    assert said["sources"] == [1, 1, 2]
    assert said["told"] == [[None, "00ff"], [{"a": 1}, None]]
    # Who watches anew is told who is there.
    assert said["members"] == [["ann"], ["bob"]]
    watch, unwatch = {"watch": "room"}, {"unwatch": "room"}
    assert said["sent"] == [watch, unwatch, watch, {"subscribe": "old", "since": ""}]
    # A topic that was heard goes on where it was, a new one begins now.
    assert said["url"].endswith("?since=1-5")
    old, new = {"subscribe": "old", "since": "1-5"}, {"subscribe": "new", "since": ""}
    assert said["again"] == [old, watch, new]


@pytest.fixture
def served(project):
    project.write("urls.py", CODE)
    with (
        tempfile.TemporaryDirectory(prefix="hx-") as folder,
        project.serve("-w", "2", XDG_RUNTIME_DIR=folder) as server,
    ):
        yield server


class Node:
    """The module in a process of its own."""

    def __init__(self, server, tmp_path):
        shutil.copy(MODULE, tmp_path / "hendrix.mjs")
        script = tmp_path / "client.mjs"
        script.write_text(CLIENT.replace("MODULE", "./hendrix.mjs"))
        command = ["node", "--experimental-websocket", str(script), f"http://127.0.0.1:{server.port}/live/"]
        self.process = subprocess.Popen(command, stdout=(tmp_path / "said").open("w"), stderr=subprocess.STDOUT)
        self._said = tmp_path / "said"

    def said(self):
        lines = [line for line in self._said.read_text().splitlines() if line.startswith("{")]
        return [json.loads(line) for line in lines]

    def await_said(self, what):
        until(lambda: what in self.said(), f"{what} of {self._said.read_text()}")

    def news(self):
        return [one["news"] for one in self.said() if "news" in one]


@pytest.fixture
def node(served, tmp_path):
    if shutil.which("node") is None:
        pytest.skip("node is not installed (Debian: apt-get install nodejs)")
    running = Node(served, tmp_path)
    yield running
    running.process.kill()
    running.process.wait()


def publish(server, topic, say):
    with server.client() as client:
        return client.get(f"/publish?topic={topic}&say={say}").body.decode()


def test_a_browser_misses_nothing_while_the_server_is_reloaded(served, node):
    node.await_said({"open": {"from": "a browser"}})
    node.await_said({"refused": "secret"})
    node.await_said({"echo": "hello"})
    for number in range(5):
        publish(served, "news", number)
    until(lambda: len(node.news()) == 5, "the first news")
    os.kill(served.pid, signal.SIGHUP)
    for number in range(5, 60):
        publish(served, "news", number)
    node.await_said({"state": "waiting"})
    publish(served, "news", "last")
    until(lambda: node.news()[-1:] == ["last"], "the last news")
    assert node.news() == [*(str(number) for number in range(60)), "last"]
    assert {"leaked": True} not in node.said()
    assert not any("gap" in one for one in node.said())


def test_topics_as_server_sent_events(served):
    first = publish(served, "orders", "one")
    second = publish(served, "orders", "two")
    with served.client() as client:
        client.begin("GET", "/events?topic=orders", f"Last-Event-ID: {first}")
        until_text(client, f'id: {second}\ndata: "two"\n\n')
        third = publish(served, "orders", "three")
        until_text(client, f'id: {third}\ndata: "three"\n\n')
    with served.client() as client:
        client.begin("GET", f"/events?topic=orders&topic=others&since={second}")
        until_text(client, f'id: {third}\nevent: orders\ndata: "three"\n\n')
    with served.client() as client:
        client.begin("GET", "/events?topic=orders", "Last-Event-ID: 1-1")
        until_text(client, "event: gap\n")
    with served.client() as client:
        client.begin("GET", "/events?topic=orders")
        until_text(client, f"id: {third}\n\n")


def until_text(client, wanted):
    data = b""
    while wanted.encode() not in data:
        received = client.sock.recv(65536)
        assert received, data
        data += received
