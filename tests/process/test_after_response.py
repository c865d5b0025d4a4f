"""Work after the response, with real servers: order, databases, clients that leave, drains, other servers."""

import signal
import subprocess
import sys
import time

import pytest

from tests.kit.live import until

VIEWS = """
import asyncio
import os
import threading
import time
from pathlib import Path

from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import translation

from hendrix import after_response
from hendrix.experience import crosstown_traffic

BOOK = Path(__file__).with_name("book")


def note(text):
    with BOOK.open("a") as book:
        book.write(text + "\\n")


def later(what):
    time.sleep(0.2)
    where = "here" if threading.current_thread().name.startswith("hendrix-background") else "there"
    note(f"{what} in {translation.get_language()} {where}")


async def alater(what):
    await asyncio.sleep(0.2)
    await sync_to_async(later)(what)


def sync(request):
    with translation.override("de"):
        after_response(later, "sync")
        after_response(alater, "async of sync")
    return HttpResponse("sync", status=int(request.GET.get("status", 200)))


async def coroutine(request):
    with translation.override("fr"):
        after_response(later, "sync of async")
        after_response(alater, "async")
    await sync_to_async(lambda: after_response(later, "from a thread"))()
    return HttpResponse("coroutine", status=int(request.GET.get("status", 200)))


def decorated(request):
    @crosstown_traffic(no_go_status_codes=["400-405"])
    def ranged():
        note("ranged")

    @crosstown_traffic
    def plain():
        note("plain")

    @crosstown_traffic(same_thread=True, no_go_status_codes=[])
    def same():
        note("same thread" if threading.current_thread() is thread else "other thread")

    thread = threading.current_thread()
    return HttpResponse("decorated", status=int(request.GET.get("status", 200)))


def raises(request):
    after_response(note, "after an error")
    crosstown_traffic()(lambda: note("must not be"))
    raise LookupError("wrong")


def large(request):
    after_response(note, "after large")
    return HttpResponse(b"x" * 30_000_000)


def stream(request):
    after_response(note, "after stream")

    def parts():
        for number in range(3):
            time.sleep(0.1)
            note(f"part {number}")
            yield b"part"

    return StreamingHttpResponse(parts())


async def astream(request):
    after_response(note, "after astream")

    async def parts():
        for number in range(3):
            await asyncio.sleep(0.1)
            note(f"part {number}")
            yield b"part"

    return StreamingHttpResponse(parts())


def fails(request):
    def wrong():
        raise LookupError("of the background")

    after_response(wrong)
    return HttpResponse("fails")


def rows(request):
    def write():
        Group.objects.create(name="late")
        note("open" if connection.connection is not None else "closed")

    def look():
        note("still open" if connection.connection is not None else "closed again")

    after_response(write)
    after_response(look)
    return HttpResponse(str(Group.objects.count()))


def long(request):
    def work():
        note("begun")
        time.sleep(float(request.GET["seconds"]))
        note("done")

    after_response(work)
    return HttpResponse("long")


def held(request):
    def work():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO auth_group (name) VALUES ('held'), ('held too') RETURNING id")
            cursor.fetchone()  # the statement is under way as long as there is another row
            time.sleep(0.5)

    after_response(work)
    return HttpResponse("held")


def many(request):
    for number in range(3):
        after_response(time.sleep, 0.5)
    return HttpResponse("many")
"""
URLS = """
from django.urls import path

from site1 import views

names = ["sync", "coroutine", "decorated", "raises", "large", "stream", "astream", "fails", "rows", "long", "many"]
urlpatterns = [path(name, getattr(views, name)) for name in [*names, "held"]]
"""


@pytest.fixture
def made(project):
    project.write("views.py", VIEWS)
    project.write("urls.py", URLS)
    return project


def manage(project, *words):
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=project.folder,
        env=project.environ(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def lines(project):
    book = project.package / "book"
    return book.read_text().splitlines() if book.exists() else []


def get(server, target, *fields):
    with server.client() as client:
        return client.get(target, *fields)


def await_lines(project, *wanted):
    until(lambda: len(lines(project)) >= len(wanted), f"{wanted} in {lines(project)}")
    assert lines(project) == list(wanted)


@pytest.mark.parametrize("interface", ["django", "wsgi", "asgi"])
def test_both_kinds_of_views(made, interface) -> None:
    with made.serve("--interface", interface) as server:
        began = time.monotonic()
        assert get(server, "/sync").body == b"sync"
        until(lambda: len(lines(made)) == 2)
        assert time.monotonic() - began > 0.4
        assert lines(made) == ["sync in de here", "async of sync in de here"]
        assert get(server, "/coroutine").body == b"coroutine"
        wanted = ["sync of async in fr here", "async in fr here", "from a thread in en-us here"]
        await_lines(made, "sync in de here", "async of sync in de here", *wanted)


@pytest.mark.parametrize("interface", ["django", "wsgi", "asgi"])
def test_statuses_decide(made, interface) -> None:
    with made.serve("--interface", interface) as server:
        assert get(server, "/decorated?status=405").status == 405
        assert get(server, "/decorated?status=406").status == 406
        assert get(server, "/decorated?status=200").status == 200
        until(lambda: len(lines(made)) == 6)
        found = lines(made)
        assert found.count("plain") == 1
        assert found.count("ranged") == 2
        if interface != "asgi":
            assert found.count("same thread") == 3


def test_an_error_of_the_view(made) -> None:
    with made.serve() as server:
        assert get(server, "/raises").status == 500
        await_lines(made, "after an error")


def test_over_http2(made) -> None:
    """A stream ends before what follows it begins; a client that cancels is followed too; others go on meanwhile."""
    parts = ["part 0", "part 1", "part 2"]
    with made.serve("--http2", "on") as server:
        with server.http2() as client:
            assert client.get("/sync").body == b"sync"
            await_lines(made, "sync in de here", "async of sync in de here")
            (made.package / "book").unlink()
            assert client.get("/stream").body == client.get("/astream").body == b"part" * 3
            await_lines(made, *parts, "after stream", *parts, "after astream")
            (made.package / "book").unlink()
        with server.http2(window=1000) as client:
            client.begin("GET", "/large")
            client.head()
            assert get(server, "/coroutine").body == b"coroutine"
            until(lambda: len(lines(made)) == 3)
            assert "after large" not in lines(made)
        until(lambda: "after large" in lines(made))


@pytest.mark.parametrize("name", ["stream", "astream"])
def test_streams_come_first(made, name) -> None:
    with made.serve() as server:
        assert get(server, f"/{name}").body == b"part" * 3
        await_lines(made, "part 0", "part 1", "part 2", f"after {name}")


def test_not_before_a_slow_client_has_it(made) -> None:
    with made.serve() as server, server.client(receive_buffer=4096) as client:
        client.begin("GET", "/large")
        client.sock.recv(1000)
        time.sleep(0.5)
        assert lines(made) == []
        while len(client.sock.recv(1_000_000)):
            if lines(made):
                break
        await_lines(made, "after large")


def test_a_client_that_leaves(made) -> None:
    with made.serve() as server:
        with server.client() as client:
            client.begin("GET", "/large")
            client.sock.recv(1000)
        await_lines(made, "after large")


def test_failures_are_in_the_log_with_the_id(made) -> None:
    with made.serve() as server:
        get(server, "/fails", "X-Request-ID: id-of-this-request")
        server.await_log("of the background")
        log = server.log()
        assert "id-of-this-request" in log
        assert "LookupError" in log


def test_database_connections_are_tidied(made) -> None:
    manage(made, "migrate", "-v0")
    with made.serve() as server:
        assert get(server, "/rows").body == b"0"
        await_lines(made, "open", "closed again")
        assert get(server, "/rows").status == 200


def test_a_drain_waits(made) -> None:
    with made.serve() as server:
        get(server, "/long?seconds=1.5")
        until(lambda: lines(made) == ["begun"])
        server.signal(signal.SIGTERM)
        assert server.process.wait(10) == 0
    assert lines(made) == ["begun", "done"]


def test_a_drain_does_not_wait_for_ever_and_tells(made) -> None:
    with made.serve("--graceful-timeout", "0.5") as server:
        get(server, "/long?seconds=60")
        until(lambda: lines(made) == ["begun"])
        server.signal(signal.SIGTERM)
        assert server.process.wait(10) == 0
        assert "views.long.<locals>.work" in server.log()
    assert lines(made) == ["begun"]


def test_a_reload_waits(made) -> None:
    with made.serve() as server:
        (old,) = server.workers()
        get(server, "/long?seconds=1.5")
        until(lambda: lines(made) == ["begun"])
        server.signal(signal.SIGHUP)
        until(lambda: old not in server.workers())
        assert lines(made) == ["begun", "done"]


def test_a_full_queue_slows_down_and_loses_nothing(made) -> None:
    with made.serve("--background-threads", "1", "--background-queue", "1", "--threads", "1") as server:
        for number in range(4):
            assert get(server, "/long?seconds=0.1").status == 200, number
        until(lambda: lines(made).count("done") == 4)


TESTS = """
from django.contrib.auth.models import Group
from django.test import AsyncClient, SimpleTestCase, TestCase

from site1 import views


class Cases(TestCase):
    def setUp(self):
        views.BOOK.unlink(missing_ok=True)

    def noted(self):
        return views.BOOK.read_text().splitlines() if views.BOOK.exists() else []

    def test_client(self):
        self.client.get("/sync")
        self.assertEqual(self.noted(), ["sync in de there", "async of sync in de there"])

    def test_in_the_transaction_of_the_test(self):
        self.client.get("/rows")
        self.assertEqual(Group.objects.get().name, "late")

    def test_statuses(self):
        self.client.get("/decorated?status=404")
        self.assertEqual(self.noted(), ["same thread"])

    def test_errors_are_raised(self):
        with self.assertRaisesMessage(LookupError, "of the background"):
            self.client.get("/fails")

    async def test_async_client(self):
        await self.async_client.get("/coroutine")
        self.assertEqual(len(self.noted()), 3)


from hendrix.test.live import HendrixLiveServerTestCase
from urllib.request import urlopen
import time


class Live(HendrixLiveServerTestCase):
    def test_live(self):
        views.BOOK.unlink(missing_ok=True)
        with urlopen(self.live_server_url + "/rows") as answer:
            self.assertEqual(answer.read(), b"0")
        self.await_group("late")

    def test_its_end_waits_for_what_follows(self):
        # A statement of the background is under way, on the connection of the test, whose tables are to be emptied.
        urlopen(self.live_server_url + "/held").close()
        self.await_group("held")

    def await_group(self, name):
        until = time.monotonic() + 10
        while not Group.objects.filter(name=name).exists():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)
"""


def test_under_djangos_test_client(made) -> None:
    made.write("tests.py", TESTS)
    manage(made, "test", "site1")


OUTSIDE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "site1.settings"
import django
django.setup()
from hendrix import after_response
from site1 import views
after_response(views.later, "outside")
"""


def test_outside_of_a_server_the_process_waits(made) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OUTSIDE], cwd=made.folder, env=made.environ(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert lines(made) == ["outside in en-us here"]


RUNSERVER = """
import os, threading
os.environ["DJANGO_SETTINGS_MODULE"] = "site1.settings"
from wsgiref.simple_server import make_server
from site1.wsgi import application
from urllib.request import urlopen
server = make_server("127.0.0.1", 0, application)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
print(urlopen(url + "/sync").read(), urlopen(url + "/decorated").read())
"""


@pytest.mark.skipif(
    (3, 12) <= sys.version_info < (3, 12, 2),
    reason="CPython starts no thread while it waits for others at its end, which a coroutine needs (gh-113964)",
)
def test_under_another_server(made) -> None:
    """The first request imports the views, and with them what listens for the end of requests."""
    done = subprocess.run(
        [sys.executable, "-c", RUNSERVER], cwd=made.folder, env=made.environ(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "sync" in done.stdout
    assert sorted(lines(made)) == sorted(
        ["sync in de here", "async of sync in de here", "ranged", "plain", "same thread"]
    )
