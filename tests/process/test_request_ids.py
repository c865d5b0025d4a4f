"""The id of a request in what its views log, wherever they go on: the same as in the answer and in the access log."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.kit.live import Server, until

BACKPORT = version("Django").startswith("5.")
SETTINGS = f"""
INSTALLED_APPS += {["django_tasks"] if BACKPORT else []} + ["django_tasks_db", "hendrix.tasks"]
HENDRIX_CHILD_RESOURCES = ["site1.views.bell"]
TASKS = {{"default": {{"BACKEND": "hendrix.tasks.backend.TaskBackend"}}}}
LOGGING = {{
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {{"id": {{"()": "hendrix.logging.RequestIdFilter"}}}},
    "formatters": {{"plain": {{"format": "%(request_id)s %(message)s"}}}},
    "handlers": {{
        "book": {{
            "class": "logging.FileHandler", "filename": BASE_DIR / "book", "formatter": "plain", "filters": ["id"],
        }}
    }},
    "loggers": {{"shop": {{"handlers": ["book"], "level": "INFO", "propagate": False}}}},
}}
"""
VIEWS = f"""
import asyncio
import logging

from asgiref.sync import async_to_sync, sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from {"django_tasks" if BACKPORT else "django.tasks"} import task
from twisted.internet import reactor
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from hendrix import after_response
from hendrix.logging import request_id
from hendrix.websockets import WebSocket

log = logging.getLogger("shop")
log.info("outside")


async def coroutine(what):
    await asyncio.sleep(0)
    log.info(what)


def sync(request):
    log.info("sync")
    async_to_sync(coroutine)("coroutine of sync")
    after_response(log.info, "after sync")
    logging.getLogger("elsewhere").warning("to the server's own log")
    return HttpResponse(request_id())


async def asynchronous(request):
    log.info("async")
    await sync_to_async(log.info)("thread of async")
    await asyncio.to_thread(log.info, "free thread of async")
    await asyncio.gather(coroutine("task of async"))
    after_response(coroutine, "after async")
    return HttpResponse(request_id())


def stream(request):
    def parts():
        log.info("stream")
        yield request_id()

    return StreamingHttpResponse(parts())


@task
def work():
    log.info("task")


def enqueue(request):
    return HttpResponse(work.enqueue().id)


class Socket(WebSocket):
    check_origin = False

    def authorize(self, request):
        log.info("socket asked")
        return True

    async def connect(self):
        log.info("socket connected")

    def receive(self, data):
        log.info("socket received")
        self.send(request_id())


class Bell(Resource):
    isLeaf = True
    namespace = "bell"

    def render_GET(self, request):
        log.info("resource")
        reactor.callLater(0.01, self.ring, request)
        return NOT_DONE_YET

    def ring(self, request):
        log.info("later in resource")
        request.write(request_id().encode())
        request.finish()


bell = Bell()
websocket_urlpatterns = [path("socket", Socket)]
"""
URLS = """
from django.urls import path

from site1 import views
from site1.views import websocket_urlpatterns

urlpatterns = [
    path("sync", views.sync), path("async", views.asynchronous), path("stream", views.stream),
    path("enqueue", views.enqueue),
]
"""


@pytest.fixture
def made(project):
    project.add("settings.py", SETTINGS)
    project.write("views.py", VIEWS)
    project.write("urls.py", URLS)
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=project.folder, env=project.environ(), check=True)
    return project


Book = Callable[[str], set[str]]


@pytest.fixture
def book(made) -> Book:
    """What was logged with an id."""
    path = Path(made.folder) / "book"

    def read(wanted: str) -> set[str]:
        lines = [line.partition(" ") for line in path.read_text().splitlines()]
        return {what for found, _, what in lines if found == wanted}

    return read


def ask(server: Server, path: str, **fields: str) -> tuple[str, str]:
    """The id in the head of the answer, and its body."""
    with server.client() as client:
        answer = client.get(path, *[f"{name.replace('_', '-')}: {value}" for name, value in fields.items()])
    assert answer.status == 200, answer.body
    return answer["x-request-id"], answer.body.decode()


def test_wherever_it_goes_on(made, book: Book) -> None:
    with made.serve("--task-workers", "1", "--task-interval", "0.05", "--access-log", "json") as server:
        given, body = ask(server, "/sync", X_Request_ID="from-the-proxy")
        assert given == body == "from-the-proxy"
        until(lambda: book(given) == {"sync", "coroutine of sync", "after sync"}, "what sync logs")
        assert f'message="to the server\'s own log" id={given}' in server.log()
        given, body = ask(server, "/async")
        assert given == body
        wanted = {"async", "thread of async", "free thread of async", "task of async", "after async"}
        until(lambda: book(given) == wanted, "what async logs")
        until(lambda: f'"id": "{given}"' in server.output(), "its line in the access log")
        line = next(line for line in server.output().splitlines() if given in line)
        assert json.loads(line)["path"] == "/async"
        given, body = ask(server, "/stream")
        assert given == body and book(given) == {"stream"}
        given, body = ask(server, "/bell")
        assert given == body and book(given) == {"resource", "later in resource"}
        _, number = ask(server, "/enqueue")
        until(lambda: book(number) == {"task"}, "what the task logs")
        with connect(f"ws://127.0.0.1:{server.port}/socket") as socket:
            socket.send('"x"')
            given = json.loads(socket.recv(timeout=20))
        until(lambda: f'"id": "{given}"' in server.output(), "its line in the access log")
        assert book(given) == {"socket asked", "socket connected", "socket received"}
    assert book("-") == {"outside"}


def test_in_an_asgi_application(made, book: Book) -> None:
    with made.serve("--interface", "asgi") as server:
        given, body = ask(server, "/async")
        assert given == body
        until(lambda: "after async" in book(given), "what follows the answer")
        assert {"async", "thread of async", "free thread of async", "task of async"} <= book(given)
        given, body = ask(server, "/sync")
        assert given == body and "sync" in book(given)
