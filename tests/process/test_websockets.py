"""``hendrix.websockets`` in a served project, and under the client that its own tests have."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Close
from websockets.sync.client import connect

from tests.kit.live import until

SOCKETS = '''
import asyncio
import os
import time

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import path

import hendrix
from hendrix.websockets import WebSocket, websocket


class Chat(WebSocket):
    topics = True

    def authorize(self, request, room):
        if room == "elsewhere":
            return HttpResponse("enter first", status=401)
        return request.user.is_authenticated and room != "secret"

    def connect(self, room):
        self.room = f"chat.{room}"
        self.subscribe(self.room)
        self.watch(self.room)
        self.join(self.room, self.user.username, {"staff": self.user.is_staff})

    def receive(self, data):
        hendrix.publish(self.room, {"by": self.user.username, "text": data["text"], "users": User.objects.count()})

    def may_subscribe(self, topic):
        return topic.startswith("public.")

    async def may_publish(self, topic, data):
        return topic == "public.typing"


@websocket(codec="text", check_origin=False)
async def shout(socket, times):
    async for text in socket:
        if text == "bye":
            return
        for _ in range(times):
            socket.send(text.upper())


@websocket
def add(socket, data):
    socket.send(sum(data))


class Ordered(WebSocket):
    """Handlers of both kinds, one at a time."""

    subprotocols = ["two", "one"]

    async def connect(self):
        self.noted = ["connect"]
        await asyncio.sleep(0.05)
        self.noted.append("connected")

    def receive(self, data):
        self.noted.append(data)
        time.sleep(0.01)
        self.send({"noted": self.noted, "subprotocol": self.subprotocol})


class Limited(WebSocket):
    rate = "1/h:3"

    def receive(self, data):
        self.send(data)


class Flooded(WebSocket):
    queue = 5
    on_full = "close"

    def connect(self):
        for number in range(400):
            self.send(os.urandom(50_000).hex())


class Broken(WebSocket):
    def authorize(self, request):
        raise KeyError("oops")


class Failing(WebSocket):
    def receive(self, data):
        raise KeyError("oops")


class Asked(WebSocket):
    """A queryset says yes or no, which takes a look into the database."""

    topics = True

    def authorize(self, request, name):
        return User.objects.filter(username=name)

    def may_subscribe(self, topic):
        return User.objects.filter(username=topic)


class Odd:
    """A codec with a fault of its own."""

    def decode(self, data):
        return {}[data]


class Mistaken(WebSocket):
    def connect(self, what):
        self.watch("no*topic") if what == "watch" else self.join("topic", "ann", float("nan"))


class Coded(WebSocket):
    codec = Odd()


websocket_urlpatterns = [
    path("chat/<slug:room>/", Chat),
    path("shout/<int:times>/", shout),
    path("add/", add),
    path("ordered/", Ordered),
    path("limited/", Limited),
    path("flooded/", Flooded),
    path("broken/", Broken),
    path("failing/", Failing),
    path("asked/<slug:name>/", Asked),
    path("coded/", Coded),
    path("mistaken/<slug:what>/", Mistaken),
]
'''

VIEWS = """
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpResponse


def enter(request):
    user, _ = User.objects.get_or_create(username=request.GET["name"])
    login(request, user)
    return HttpResponse("in")
"""

URLS = """
from django.urls import path
from site1 import views
from site1.sockets import websocket_urlpatterns

urlpatterns = [path("enter", views.enter)]
"""

TESTS = """
from django.contrib.auth.models import User
from django.test import TestCase

from hendrix.test.websockets import Closed, Refused, SocketClient


class ChatTests(TestCase):
    def setUp(self):
        self.ann = User.objects.create(username="ann")
        self.bob = User.objects.create(username="bob")

    async def test_two_people_talk(self):
        async with SocketClient("/chat/lobby/", user=self.ann) as ann:
            while "members" not in (await ann.receive()):
                pass
            async with SocketClient("/chat/lobby/", user=self.bob) as bob:
                await bob.send({"text": "hello"})
                while (message := await ann.receive()).get("topic") is None:
                    pass
                self.assertEqual(message["data"], {"by": "bob", "text": "hello", "users": 2})

    async def test_strangers_are_refused(self):
        with self.assertRaises(Refused) as caught:
            await SocketClient("/chat/lobby/").connect()
        self.assertEqual(caught.exception.status, 403)
        with self.assertRaises(Refused) as caught:
            await SocketClient("/nowhere/").connect()
        self.assertEqual(caught.exception.status, 404)

    async def test_foreign_pages_are_refused(self):
        with self.assertRaises(Refused):
            await SocketClient("/chat/lobby/", user=self.ann, origin="https://evil.example").connect()
        async with SocketClient("/chat/lobby/", user=self.ann, origin="http://testserver") as socket:
            pass

    async def test_functions(self):
        async with SocketClient("/add/") as socket:
            await socket.send([1, 2, 3])
            self.assertEqual(await socket.receive(), 6)
        async with SocketClient("/shout/2/") as socket:
            await socket.send_text("hey")
            self.assertEqual([await socket.receive_text() for _ in range(2)], ["HEY", "HEY"])
            await socket.send_text("bye")
            with self.assertRaises(Closed):
                await socket.receive_text()

    async def test_too_many(self):
        async with SocketClient("/limited/") as socket:
            for number in range(4):
                await socket.send(number)
            with self.assertRaises(Closed) as caught:
                while True:
                    await socket.receive()
            self.assertEqual(caught.exception.code, 1008)

    async def test_a_handler_that_raises(self):
        async with SocketClient("/failing/") as socket:
            await socket.send(1)
            with self.assertRaises(Closed) as caught:
                await socket.receive()
            self.assertEqual(caught.exception.code, 1011)
"""


def prepare(project):
    project.write("sockets.py", SOCKETS)
    project.write("views.py", VIEWS)
    project.write("urls.py", URLS)
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v", "0"], cwd=project.folder, env=project.environ(), timeout=60
    )
    assert done.returncode == 0
    return project


@pytest.fixture
def served(project):
    with (
        tempfile.TemporaryDirectory(prefix="hx-") as folder,
        prepare(project).serve("-w", "2", XDG_RUNTIME_DIR=folder) as server,
    ):
        yield server


def cookie(server, name):
    with server.client() as client:
        answer = client.get(f"/enter?name={name}")
    return next(value.partition(";")[0] for value in answer.all("set-cookie") if value.startswith("sessionid="))


def open_socket(server, path, name="", origin=None, **options):
    options["additional_headers"] = {"Cookie": cookie(server, name)} if name else {}
    url = f"ws://127.0.0.1:{server.port}{path}"
    return connect(url, origin=origin, open_timeout=20, legacy=True, **options)


def take(socket, wanted):
    """The next message for which that holds; what comes before is passed over."""
    while True:
        message = json.loads(socket.recv(timeout=20))
        if wanted(message):
            return message


def test_a_chat_over_two_workers_a_reload_in_between(served):
    ann, bob = open_socket(served, "/chat/lobby/", "ann"), open_socket(served, "/chat/lobby/", "bob")
    take(bob, lambda message: "members" in message)
    ann.send(json.dumps({"text": "one"}))
    first = take(bob, lambda message: "data" in message)
    assert first["data"] == {"by": "ann", "text": "one", "users": 2}
    assert take(ann, lambda message: "data" in message) == first
    os.kill(served.pid, signal.SIGHUP)
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            bob.recv(timeout=20)
    assert closed.value.rcvd == Close(1012, f"since={first['id']}")
    # While nobody is connected something is said: who comes back with the last id has it, once.
    carl = open_socket(served, "/chat/lobby/", "carl")
    carl.send(json.dumps({"text": "two"}))
    second = take(carl, lambda message: message.get("data", {}).get("text") == "two")
    bob = open_socket(served, f"/chat/lobby/?since={first['id']}", "bob")
    assert take(bob, lambda message: "data" in message) == second
    carl.send(json.dumps({"text": "three"}))
    assert take(bob, lambda message: "data" in message)["data"]["text"] == "three"
    for one in (ann, bob, carl):
        one.close()


def test_who_is_not_let_in(served):
    def status(path, name="", **options):
        with pytest.raises(InvalidStatus) as caught:
            open_socket(served, path, name, **options)
        return caught.value.response.status_code

    assert status("/chat/lobby/") == 403
    assert status("/chat/secret/", "ann") == 403
    assert status("/chat/elsewhere/", "ann") == 401
    assert status("/broken/") == 500
    assert status("/nowhere/") == 404
    assert status("/asked/nobody/") == 403
    with open_socket(served, "/asked/ann/") as asked:
        for topic, told in (("ann", "subscribed"), ("nobody", "refused")):
            asked.send(json.dumps({"subscribe": topic}))
            assert take(asked, lambda message: True)[told] == topic
    served_host = f"http://127.0.0.1:{served.port}"
    open_socket(served, "/chat/lobby/", "ann", origin=served_host).close()
    open_socket(served, "/shout/1/", origin="https://evil.example").close()


def test_presence_comes_and_goes(served):
    ann = open_socket(served, "/chat/lobby/", "ann")
    members = take(ann, lambda message: "presence" in message)
    bob = open_socket(served, "/chat/lobby/", "bob")
    joined = take(ann, lambda message: message.get("joined") == "bob")
    assert joined == {"presence": "chat.lobby", "joined": "bob", "about": {"staff": False}}
    bob.close()
    assert take(ann, lambda message: "left" in message) == {"presence": "chat.lobby", "left": "bob"}
    assert members["presence"] == "chat.lobby"
    ann.close()


def test_what_a_client_may_ask_for_itself(served):
    ann, bob = open_socket(served, "/chat/a/", "ann"), open_socket(served, "/chat/b/", "bob")
    for one in (ann, bob):
        one.send(json.dumps({"subscribe": "public.typing"}))
        take(one, lambda message: message.get("subscribed") == "public.typing")
    ann.send(json.dumps({"publish": "public.typing", "data": "ann types"}))
    assert take(bob, lambda message: message.get("topic") == "public.typing")["data"] == "ann types"
    for asked in ({"subscribe": "chat.b"}, {"publish": "chat.b", "data": 1}, {"watch": "chat.b"}, {"subscribe": "*"}):
        ann.send(json.dumps(asked))
        assert take(ann, lambda message: "refused" in message)["refused"] in ("chat.b", "*")
    ann.close()
    bob.close()


def test_handlers_run_one_at_a_time_and_in_order(served):
    with open_socket(served, "/ordered/", subprotocols=["one", "two"]) as socket:
        for number in range(40):
            socket.send(json.dumps(number))
        found = [json.loads(socket.recv(timeout=20)) for _ in range(40)]
    assert found[-1]["noted"] == ["connect", "connected", *range(40)]
    assert found[-1]["subprotocol"] == "two"


def test_functions(served):
    with open_socket(served, "/shout/3/") as socket:
        socket.send("hey")
        assert [socket.recv(timeout=20) for _ in range(3)] == ["HEY"] * 3
        socket.send("bye")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=20)
        assert closed.value.rcvd.code == 1000
    with open_socket(served, "/add/") as socket:
        socket.send("[1, 2, 3.5]")
        assert socket.recv(timeout=20) == "6.5"


def closed_with(socket):
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(timeout=20)
    return closed.value.rcvd.code


def test_how_connections_end(served):
    limited = open_socket(served, "/limited/")
    with contextlib.suppress(ConnectionClosed):
        for number in range(10):
            limited.send(json.dumps(number))
    assert closed_with(limited) == 1008
    failing = open_socket(served, "/failing/")
    failing.send("1")
    assert closed_with(failing) == 1011
    until(lambda: "KeyError" in served.log(), "the traceback in the log")
    coded = open_socket(served, "/coded/")
    coded.send("1")
    assert closed_with(coded) == 1011
    for what in ("watch", "join"):
        assert closed_with(open_socket(served, f"/mistaken/{what}/")) == 1011
    for nonsense in ("{", "[" * 100_000):
        bad = open_socket(served, "/add/")
        bad.send(nonsense)
        assert closed_with(bad) == 1007
    slow = open_socket(served, "/flooded/", max_queue=1)
    until(lambda: "socket.slow" in served.log(), "the flood to be noticed")
    assert closed_with(slow) == 1013


BARE = """
SECRET_KEY = "x" * 50
ROOT_URLCONF = "site1.urls"
ALLOWED_HOSTS = ["*"]
"""
BARE_URLS = """
from django.urls import path
from hendrix.websockets import websocket


@websocket
def add(socket, data):
    socket.send(sum(data))


urlpatterns = []
websocket_urlpatterns = [path("add/", add)]
"""


def test_a_project_without_users_and_sessions(project):
    project.write("settings.py", BARE)
    project.write("urls.py", BARE_URLS)
    with (
        tempfile.TemporaryDirectory(prefix="hx-") as folder,
        project.serve(XDG_RUNTIME_DIR=folder) as server,
        open_socket(server, "/add/") as socket,
    ):
        socket.send("[1, 2]")
        assert socket.recv(timeout=20) == "3"


def test_a_projects_own_tests_need_no_server(project):
    """Nor do they meet one of these settings that happens to run, or has left its socket behind."""
    prepare(project).write("tests.py", TESTS)
    with tempfile.TemporaryDirectory(prefix="hx-") as folder, socket.socket(socket.AF_UNIX) as other:
        os.mkdir(f"{folder}/hendrix", 0o700)
        other.bind(f"{folder}/hendrix/17_site1_settings.hub")
        other.listen()
        done = subprocess.run(
            [sys.executable, "manage.py", "test", "site1"],
            cwd=project.folder,
            env=project.environ(XDG_RUNTIME_DIR=folder),
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    assert "Ran 6 tests" in done.stderr
    assert "hendrix: application.failed" in done.stderr
    assert "KeyError: 'oops'" in done.stderr
