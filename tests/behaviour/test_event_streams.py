"""Event streams of a Django project in a real process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.django.sse_parser import Parser, Read
from tests.kit.client import Client
from tests.kit.live import Server, serve, until

APPS = Path(__file__).parent / "apps"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve("streams", "--graceful-timeout", "1", directory=APPS, kind="settings") as server:
        yield server


class Listener:
    """A client of one stream."""

    def __init__(self, server: Server, target: str, *lines: str) -> None:
        self.client: Client = server.client()
        self.client.begin("GET", target, "Accept: text/event-stream", "Accept-Encoding: gzip", *lines)
        self.head = self.client.head()
        self._parser = Parser()

    def next(self) -> Read:
        """The next event."""
        heard = len(self._parser.events)
        while len(self._parser.events) == heard:
            self._parser.feed(self.client.chunk())
        return self._parser.events[heard]

    def await_heartbeats(self, count: int) -> None:
        while self._parser.comments < count:
            self._parser.feed(self.client.chunk())


def publish(server: Server, key: str, text: str) -> int:
    with server.client() as client:
        return int(client.request("POST", f"/publish/{key}", body=text.encode()).body)


def journal(server: Server, key: str) -> list[str]:
    with server.client() as client:
        return json.loads(client.get(f"/journal/{key}").body)


def test_events_come_as_they_are_published(server) -> None:
    one, two = Listener(server, "/events/a"), Listener(server, "/events/a")
    assert (one.head.status, one.head["content-type"]) == (200, "text/event-stream")
    assert "content-encoding" not in one.head and "content-length" not in one.head
    assert one.next() == two.next() == Read("welcome", last_event_id="0")
    assert publish(server, "a", "first\nof two lines") == 2
    assert one.next() == two.next() == Read("first\nof two lines", last_event_id="0")
    publish(server, "a", "second")
    assert two.next().data == "second"
    one.client.close()
    two.client.close()


def test_silence_is_broken_and_nothing_is_lost(server) -> None:
    one = Listener(server, "/events/b?heartbeat=0.02")
    assert one.next().data == "welcome"
    one.await_heartbeats(3)
    publish(server, "b", "still here")
    assert one.next().data == "still here"
    one.client.close()


def test_whoever_comes_again_says_what_he_has_seen(server) -> None:
    one = Listener(server, "/events/c", "Last-Event-ID: 41")
    assert one.next().last_event_id == "41"
    one.client.close()


def test_when_the_client_leaves_the_iterable_is_closed(server) -> None:
    one = Listener(server, "/events/d")
    one.next()
    one.client.close()
    until(lambda: journal(server, "d") == ["listens", "left"], "the end of the stream")
    assert publish(server, "d", "anybody?") == 0


def test_head_begins_nothing(server) -> None:
    with server.client() as client:
        answer = client.request("HEAD", "/events/e")
        assert (answer.status, answer["content-type"]) == (200, "text/event-stream")
        assert json.loads(client.get("/journal/e").body) == []


def test_a_sync_view_may_give_one(server) -> None:
    with server.client() as client:
        answer = client.get("/from_sync/f")
    assert answer.body == b"data: from a sync view\n\n"


def test_a_crowd_holds_no_threads(server) -> None:
    """More listeners than there may be threads (20)."""
    crowd = [Listener(server, "/events/g") for _ in range(60)]
    assert {one.next().data for one in crowd} == {"welcome"}
    assert publish(server, "g", "all") == 60
    assert {one.next().data for one in crowd} == {"all"}
    (worker,) = server.workers()
    assert len(list(Path(f"/proc/{worker}/task").iterdir())) < 30
    for one in crowd:
        one.client.close()
    until(lambda: journal(server, "g").count("left") == 60, "everybody to leave")


def test_a_server_that_ends_ends_its_streams_first() -> None:
    with serve("streams", "--graceful-timeout", "60", directory=APPS, kind="settings") as server:
        one = Listener(server, "/events/drain")
        assert one.next().data == "welcome"
        server.process.terminate()
        assert one.client.chunk() == b""
        assert server.process.wait(20) == 0
