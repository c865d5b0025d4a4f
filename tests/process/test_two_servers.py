"""Two servers, as of two machines, with one Redis between them."""

from __future__ import annotations

import contextlib
import tempfile
from urllib.parse import quote

import pytest

from tests.kit.live import until
from tests.kit.redis import Unavailable, redis_server

VIEWS = """
import hendrix
from django.http import HttpResponse
from hendrix.django.topics import TopicStream


def publish(request):
    return HttpResponse(hendrix.publish("news", request.GET["say"]))


def stream(request):
    return TopicStream(request, "news")
"""

URLS = """
from django.urls import path
from site1 import views

urlpatterns = [path("publish", views.publish), path("stream", views.stream)]
"""


def publish(server, say):
    with server.client() as client:
        return client.get(f"/publish?say={quote(say)}").body.decode()


class Stream:
    """A browser's."""

    def __init__(self, server, *lines):
        self.client = server.client()
        self.client.begin("GET", "/stream", *lines)
        self.text = ""

    def await_text(self, wanted):
        while wanted not in self.text:
            self.client.sock.settimeout(20)
            received = self.client.sock.recv(65536)
            assert received, self.text
            self.text += received.decode()


@pytest.fixture
def machine(project):
    """Starts one: with a runtime directory, and so a relay, of its own."""
    project.write("views.py", VIEWS)
    project.write("urls.py", URLS)
    try:
        with redis_server() as redis:

            @contextlib.contextmanager
            def start():
                with (
                    tempfile.TemporaryDirectory(prefix="hx-") as runtime,
                    project.serve(XDG_RUNTIME_DIR=runtime, HX_HUB=redis.url) as server,
                ):
                    yield server

            start.redis = redis
            yield start
    except Unavailable as reason:
        pytest.skip(f"no Redis: {reason}")


def test_messages_pass_both_ways_and_streams_go_on_at_another_machine(machine):
    with machine() as two:
        with machine() as one:
            here, there = Stream(one), Stream(two)
            here.await_text("\n\n")
            there.await_text("\n\n")
            first = publish(one, "from one")
            second = publish(two, "from two")
            for stream in (here, there):
                stream.await_text(f'id: {second}\ndata: "from two"\n\n')
                assert stream.text.count("from one") == stream.text.count("from two") == 1
                assert stream.text.index(f"id: {first}\n") < stream.text.index(f"id: {second}\n")
        # While one is away the other goes on; one that begins anew knows what was said, and what came before.
        third = publish(two, "meanwhile")
        with machine() as one:
            again = Stream(one, f"Last-Event-ID: {second}")
            again.await_text(f'id: {third}\ndata: "meanwhile"\n\n')
            fourth = publish(two, "at last")
            again.await_text(f'id: {fourth}\ndata: "at last"\n\n')
            assert "from two" not in again.text and "gap" not in again.text
            machine.redis.stop()
            until(lambda: "hub.redis_away" in one.log(), "a word about Redis")
            machine.redis.start()
            until(lambda: "hub.redis_back" in one.log() and "hub.redis_back" in two.log(), "Redis to be back", 30)
            publish(one, "with Redis")
            there.await_text('data: "with Redis"\n\n')


def test_no_secret_on_the_command_line(project):
    code, said = project.fails("--hub", "redis://:secret@127.0.0.1/0")
    assert code == 1
    assert "HX_HUB" in said and "secret" not in said
