"""Messages to browsers by the names and in the words of the old Hendrix (both eras), over several workers."""

from __future__ import annotations

import json
import os
import signal
import tempfile

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.kit.live import until
from tests.process.protocols import free_port
from tests.process.test_deploy import Scripted

CODE = """
import time

from django.dispatch import receiver
from django.http import HttpResponse, JsonResponse
from django.urls import path

from hendrix.contrib.concurrency.messaging import hxdispatcher, send_json_message
from hendrix.contrib.concurrency.signals import message_signal, short_task
from hendrix.contrib.concurrency.sockets import MessageSocket
from hendrix.experience import hey_joe

HEARD = []


def remember(path):
    time.sleep(1.5)
    open(path, "w").close()


class Messages(MessageSocket):
    def may_publish(self, topic, data):
        return topic == "relayed"

    def may_subscribe(self, topic):
        return topic != "secret" and super().may_subscribe(topic)


@receiver(message_signal)
def heard(sender, data, dispatcher, **kwargs):
    if "shout" in data:
        dispatcher.send(data["to"], {"shouted": data["shout"]})


def say(request):
    address, word = request.GET["address"], request.GET["word"]
    {
        "dispatch": lambda: hxdispatcher.send([address, "nobody"], {"word": word}),
        "message": lambda: send_json_message(address, word, extra=1),
        "joe": lambda: hey_joe.send({"word": word}, topic=address),
        "broadcast": lambda: hey_joe.broadcast(word),
        "task": lambda: short_task.send(None, args=(int, (word,)), kwargs=dict(hxrecipient=address, hxmessage="done")),
        "remember": lambda: short_task.send(None, args=(remember, (word,))),
    }[request.GET["how"]]()
    return HttpResponse("said")


urlpatterns = [path("say", say)]
"""

SETTINGS = """
HENDRIX_CHILD_RESOURCES = ["hendrix.contrib.async.resources.MessageResource"]
HENDRIX_MESSAGE_SOCKET = "site1.urls.Messages"
"""


@pytest.fixture
def served(project):
    project.write("urls.py", CODE)
    project.add("settings.py", SETTINGS)
    with (
        tempfile.TemporaryDirectory(prefix="hx-") as folder,
        project.serve("-w", "2", XDG_RUNTIME_DIR=folder) as server,
    ):
        yield server


def opened(server, **options):
    url = f"ws://127.0.0.1:{server.port}/messages/main/websocket"
    socket = connect(url, open_timeout=20, legacy=True, **options)
    return socket, json.loads(socket.recv(timeout=20))["setup_connection"]


def heard(socket):
    return json.loads(socket.recv(timeout=20))


def say(server, how, address, word):
    with server.client() as client:
        assert client.get(f"/say?how={how}&address={address}&word={word}").status == 200


def subscribed(server, room, **options):
    socket, address = opened(server, **options)
    socket.send(json.dumps({"hx_subscribe": room}))
    assert "is listening" in heard(socket)["message"]
    return socket, address


def test_a_room_of_both_eras(served):
    socket, _ = subscribed(served, "room")
    say(served, "dispatch", "room", "one")
    assert heard(socket) == {"word": "one"}
    say(served, "message", "room", "two")
    assert heard(socket) == {"message": "two", "subject_id": "room", "extra": 1}
    say(served, "joe", "room", "three")
    assert heard(socket) == ["room", {"word": "three"}]
    say(served, "broadcast", "", "four")
    assert heard(socket) == ["BROADCAST", "four"]
    socket.close()


def test_a_private_address(served):
    (ann, address), (eve, _) = opened(served), opened(served)
    eve.send(json.dumps({"hx_subscribe": address}))
    eve.send(json.dumps({"hx_subscribe": "secret"}))
    eve.send(json.dumps({"echo": 1}))
    assert heard(eve) == {"echo": 1}
    say(served, "dispatch", address, "for-you")
    say(served, "dispatch", "secret", "for-nobody")
    assert heard(ann) == {"word": "for-you"}
    eve.send(json.dumps({"echo": 2}))
    assert heard(eve) == {"echo": 2}
    say(served, "task", address, "17")
    assert heard(ann) == {"message": "starting...", "subject_id": address, "clear": True}
    assert heard(ann) == {"message": "done", "subject_id": address, "result": 17}
    say(served, "task", address, "x")
    heard(ann)
    assert "invalid literal" in heard(ann)["error"]
    for socket in (ann, eve):
        socket.close()


def test_clients_relay_only_where_that_is_permitted(served):
    (ann, _), (bob, _) = subscribed(served, "relayed"), subscribed(served, "other")
    bob.send(json.dumps({"address": "relayed", "text": "hi"}))
    assert heard(ann) == {"address": "relayed", "text": "hi"}
    ann.send(json.dumps({"address": "other", "text": "not relayed"}))
    ann.send(json.dumps({"shout": "hey", "to": "other"}))
    assert heard(bob) == {"shouted": "hey"}
    for nonsense in (
        "no json",
        "[1]",
        "[" * 50_000,
        '{"hx_subscribe": ["a"]}',
        '{"hx_subscribe": "*"}',
        '{"address": 5}',
    ):
        ann.send(nonsense)
    ann.send(json.dumps({"still": "here"}))
    assert heard(ann) == {"shout": "hey", "to": "other"}
    assert heard(ann) == {"still": "here"}
    for socket in (ann, bob):
        socket.close()


def test_pages_of_strangers_are_refused_and_the_place_itself(served):
    with pytest.raises(InvalidStatus):
        opened(served, origin="https://evil.example")
    with served.client() as client:
        assert client.get("/messages/").status == 403


def test_who_has_left_is_told_nothing_and_breaks_nothing(served):
    socket, address = subscribed(served, "room")
    socket.close()
    with pytest.raises(ConnectionClosed):
        socket.recv()
    say(served, "dispatch", "room", "x")
    say(served, "dispatch", address, "x")
    until(lambda: "ERROR" not in served.log(), "a quiet log")


def test_a_reload_waits_for_a_short_task(served, tmp_path):
    """In whichever worker it is: each is asked several times, most likely, and one of them all the same."""
    before = served.workers()
    files = [tmp_path / str(number) for number in range(4)]
    for file in files:
        say(served, "remember", "", str(file))
    os.kill(served.pid, signal.SIGHUP)
    until(lambda: not set(before) & set(served.workers()), "the new workers")
    assert all(file.exists() for file in files)


RUN = """
import sys

from hendrix.deploy import HendrixDeploy
from hendrix.experience import hey_joe


class Service(hey_joe.WebSocketService):
    def may_publish(self, participant, topic, data):
        return topic == "relayed"


service = Service("127.0.0.1", PORT)
service.register_followup("greeted", lambda participant: participant.sendMessage(b"hello there"))
deployer = HendrixDeploy("start", {"settings": "site1.settings", "bind": sys.argv[-1], "workers": 2})
deployer.add_non_tls_websocket_service(service)
deployer.run()
"""


def test_the_service_at_a_port_of_its_own(tmp_path):
    project = Scripted(tmp_path)
    port = free_port()
    project.write("urls.py", CODE)
    (project.folder / "run.py").write_text(RUN.replace("PORT", str(port)))

    def client(topic, told, **options):
        socket = connect(f"ws://127.0.0.1:{port}", open_timeout=20, legacy=True, **options)
        socket.send(json.dumps({"hx_subscribe": topic}))
        assert socket.recv(timeout=20) == told
        return socket

    with tempfile.TemporaryDirectory(prefix="hx-") as folder, project.serve(XDG_RUNTIME_DIR=folder) as server:
        ann, bob = client("greeted", "hello there"), client("relayed", "Subscribed to relayed")
        say(server, "joe", "relayed", "one")
        assert heard(bob) == ["relayed", {"word": "one"}]
        for nonsense in (
            "no json",
            "[1]",
            '{"hx_subscribe": ["a"]}',
            '{"hx_subscribe": "BROADCAST"}',
            '{"address": 5}',
        ):
            ann.send(nonsense)
        ann.send(json.dumps({"address": "greeted", "text": "not relayed"}))
        ann.send(json.dumps({"address": "relayed", "text": "hi"}))
        assert heard(bob) == ["relayed", {"address": "relayed", "text": "hi"}]
        say(server, "broadcast", "", "two")
        assert heard(ann) == heard(bob) == ["BROADCAST", "two"]
        with pytest.raises(InvalidStatus):
            client("greeted", "", origin="https://evil.example")
        client("greeted", "hello there", origin="http://127.0.0.1").close()
        ann.close()
        say(server, "broadcast", "", "three")
        assert heard(bob) == ["BROADCAST", "three"]
        bob.close()
        assert "ERROR" not in server.log()
