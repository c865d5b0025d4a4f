"""``HendrixLiveServerTestCase`` in a project's own tests, run by ``manage.py test``."""

import subprocess
import sys

import pytest

from tests.kit.postgres import Unavailable, postgres

VIEWS = """
import asyncio
import os
import threading

from django.contrib.auth.models import Group
from django.http import HttpResponse, JsonResponse
from twisted.internet import reactor, threads


def groups(request):
    return JsonResponse(sorted(Group.objects.values_list("name", flat=True)), safe=False)


async def async_groups(request):
    return JsonResponse([group.name async for group in Group.objects.order_by("name")], safe=False)


def add(request):
    Group.objects.create(name=request.GET["name"])
    return HttpResponse("added")


async def async_add(request):
    await Group.objects.acreate(name=request.GET["name"])
    return HttpResponse("added")


def blocking(request):
    return HttpResponse(threads.blockingCallFromThread(reactor, lambda: "from the loop"))


async def deferred(request):
    return HttpResponse(await threads.deferToThread(lambda: "from a thread").asFuture(asyncio.get_running_loop()))


def fails(request):
    raise LookupError("of a view")


async def stream(request):
    from django.http import StreamingHttpResponse

    async def pieces():
        for number in range(3):
            yield f"{number} "
            await asyncio.sleep(0)

    return StreamingHttpResponse(pieces())
"""
URLS = """
from django.urls import path

from site1 import views

names = ["groups", "async_groups", "add", "async_add", "blocking", "deferred", "fails", "stream"]
urlpatterns = [path(name, getattr(views, name)) for name in names]
"""
ASGI = """
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site1.settings")
django = get_asgi_application()


async def application(scope, receive, send):
    if scope["type"] == "http":
        return await django(scope, receive, send)
    assert scope["type"] == "websocket"
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"].upper()})
"""
TESTS = '''
import concurrent.futures
import http.client
import json
import os
import socket
import threading
import time
import unittest
import urllib.request
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection
from django.test import TransactionTestCase, override_settings

from hendrix.test import HendrixLiveServerTestCase


def state():
    threads = sorted(thread.name for thread in threading.enumerate() if "multiprocessing" not in thread.name
                     and "Thread-" not in thread.name)
    return threads, len(os.listdir("/proc/self/fd"))


class Live(HendrixLiveServerTestCase):
    @classmethod
    def setUpClass(cls):
        connection.ensure_connection()
        super().setUpClass()

    def get(self, path, expected=200):
        client = http.client.HTTPConnection(self.host, self.server_thread.port, timeout=20)
        try:
            client.request("GET", path)
            answer = client.getresponse()
            body = answer.read()
            self.assertEqual(answer.status, expected, body)
            return answer, body.decode()
        finally:
            client.close()

    def read(self, path):
        return json.loads(self.get(path)[1])


class Database(Live):
    def test_of_the_test_is_seen(self):
        Group.objects.create(name="of the test")
        self.assertEqual(self.read("/groups"), ["of the test"])
        self.assertEqual(self.read("/async_groups"), ["of the test"])

    def test_of_views_is_seen(self):
        self.get("/add?name=sync")
        self.get("/async_add?name=async")
        self.assertEqual(sorted(Group.objects.values_list("name", flat=True)), ["async", "sync"])

    def test_nothing_is_left_from_others(self):
        self.assertEqual(self.read("/groups"), [])

    def test_many_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(self.get, [f"/{kind}add?name={number}{kind}" for number in range(10)
                                     for kind in ("", "async_")]))
        self.assertEqual(Group.objects.count(), 20)

    @override_settings(DEBUG=True)
    def test_queries_of_the_test_are_its_own(self):
        with self.assertNumQueries(1):
            Group.objects.count()


@override_settings(SERVED_BY="hendrix")
class Serving(Live):
    def test_url(self):
        with urllib.request.urlopen(f"{self.live_server_url}/stream") as answer:
            self.assertEqual(answer.read(), b"0 1 2 ")
            self.assertEqual(answer.headers["Server"], "hendrix")

    def test_static_files_without_collectstatic(self):
        answer, text = self.get("/static/admin/css/base.css")
        self.assertIn("text/css", answer.headers["Content-Type"])
        self.assertTrue(answer.headers["ETag"])
        self.assertIn("--primary", text)

    def test_uploads(self):
        Path(settings.MEDIA_ROOT).mkdir(exist_ok=True)
        (Path(settings.MEDIA_ROOT) / "note.txt").write_text("uploaded")
        self.assertEqual(self.get("/media/note.txt")[1], "uploaded")

    def test_twisted(self):
        self.assertEqual(self.get("/blocking")[1], "from the loop")
        self.assertEqual(self.get("/deferred")[1], "from a thread")

    def test_failures(self):
        self.get("/fails", 500)
        self.get("/missing", 404)

    def test_websockets(self):
        from websockets.sync.client import connect

        with connect(f"ws://{self.host}:{self.server_thread.port}/") as client:
            client.send("hello")
            self.assertEqual(client.recv(), "HELLO")

    def test_idle_connections_do_not_hold_the_end(self):
        self.__class__.idle = socket.create_connection((self.host, self.server_thread.port))
        self.addClassCleanup(self.idle.close)


class Again(Live):
    """After others have come and gone."""

    live_server_options = {"server_header": "again"}

    def test_it_serves(self):
        self.get("/add?name=one")
        self.assertEqual(self.get("/groups")[0].headers["Server"], "again")
        self.assertEqual(self.get("/blocking")[1], "from the loop")


class ZLast(TransactionTestCase):
    """What the others used is usable, and nothing of them is left."""

    def test_the_database(self):
        Group.objects.create(name="usable")
        self.assertEqual(Group.objects.count(), 1)

    def test_nothing_is_left(self):
        class Once(Live):
            def runTest(self):
                self.get("/add?name=x")
                self.get("/async_groups")
                self.get("/static/admin/css/base.css")
                self.get("/deferred")

        def run():
            result = unittest.TestResult()
            unittest.TestSuite([Once()]).run(result)
            self.assertEqual((result.errors, result.failures), ([], []))

        run()
        time.sleep(0.1)
        before = state()
        for _ in range(3):
            run()
        deadline = time.monotonic() + 5  # a thread that has said that it ends may still be seen
        while state()[0] != before[0] and time.monotonic() < deadline:
            time.sleep(0.01)
        threads, descriptors = state()
        self.assertEqual(threads, before[0])
        self.assertLessEqual(descriptors, before[1])
        self.assertFalse([name for name in before[0] if "hendrix" in name or "twisted" in name])
'''
WRONG = """
from hendrix.test import HendrixLiveServerTestCase


class Wrong(HendrixLiveServerTestCase):
    live_server_options = {"thread": 1}

    def test_it(self):
        pass
"""


@pytest.fixture
def tested(project):
    project.write("views.py", VIEWS)
    project.write("urls.py", URLS)
    project.write("asgi.py", ASGI)
    project.write("tests.py", TESTS)
    project.add(
        "settings.py",
        "ASGI_APPLICATION = 'site1.asgi.application'\nMEDIA_URL = 'media/'\nMEDIA_ROOT = BASE_DIR / 'media'",
    )
    return project


def manage_test(project, *words):
    command = [sys.executable, "manage.py", "test", *words]
    done = subprocess.run(
        command, cwd=project.folder, env=project.environ(), capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


def passes(project, *words):
    code, said = manage_test(project, *words)
    assert code == 0, said
    assert "hendrix:" not in said and "hangs" not in said, said
    assert "Ran 15 tests" in said, said


def test_with_sqlite_in_memory(tested):
    passes(tested)


def test_with_sqlite_in_a_file(tested):
    tested.add(
        "settings.py",
        "DATABASES['default']['TEST'] = {'NAME': BASE_DIR / 'test.sqlite3'}\nDATABASES['default']['OPTIONS'] = "
        "{'timeout': 20, 'transaction_mode': 'IMMEDIATE'}",
    )
    passes(tested)


def test_in_parallel(tested):
    code, said = manage_test(tested, "--parallel", "2")
    assert code == 0, said
    assert "Ran 15 tests" in said


def test_with_postgresql(tested):
    pytest.importorskip("psycopg")
    try:
        with postgres() as folder:
            facts = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres", "HOST": folder}
            tested.add("settings.py", f"DATABASES = {{'default': {dict(facts, CONN_MAX_AGE=60)!r}}}")
            passes(tested)
    except Unavailable as reason:
        pytest.skip(str(reason))


def test_a_wrong_option_is_said(tested):
    tested.write("tests.py", WRONG)
    code, said = manage_test(tested)
    assert code == 1
    assert "live_server_options['thread'] is no option" in said
