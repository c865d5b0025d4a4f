"""A session whose handlers take their time: how much of what its client sends waits for them."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, cast

import pytest

from hendrix.answer.sockets.session import Host, Session
from hendrix.answer.sockets.socket import WebSocket


class Threads:
    """A host whose threads do what they are given when the test says so."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.hub: Any = None
        self._calls: list[Callable[[], None]] = []

    def in_thread(self, call: Callable[[], None], request_id: str) -> None:
        self._calls.append(call)

    def start(self, coroutine: Any, context: Any) -> asyncio.Task[None]:
        return self.loop.create_task(coroutine, context=context)

    @property
    def busy(self) -> bool:
        return bool(self._calls)

    def run_one(self) -> None:
        self._calls.pop(0)()
        for _ in range(3):
            self.loop.run_until_complete(asyncio.sleep(0))


class Wire:
    paused = False

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False


class Taking(WebSocket):
    codec = "raw"
    kwargs: dict[str, Any] = {}  # noqa: RUF012 - as of a route without any

    def receive(self, data: Any) -> None:
        """It takes what it is given."""


@pytest.mark.parametrize(("size", "most"), [(10, 17), (200_000, 7), (2_000_000, 2)])
def test_a_client_waits_when_many_messages_do_or_few_large_ones(size: int, most: int) -> None:
    host, wire = Threads(), cast("Any", Wire())
    Session(cast("Host", host), Taking(), "", "", copy_context()).begin(wire)
    sent = 0
    while not wire.paused:
        wire.on_message(b"x" * size)
        sent += 1
    assert sent == most
    while wire.paused:  # until half of it is taken
        host.run_one()
        sent -= 1
    assert 0 <= sent <= most // 2 + 1
    host.loop.close()


class Said(WebSocket):
    codec = "text"
    kwargs: dict[str, Any] = {}  # noqa: RUF012 - as of a route without any

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def receive(self, data: str) -> None:
        if data == "end":
            self.close()
        self.heard.append(data)

    def disconnect(self, code: int) -> None:
        self.heard.append(code)


class Closing(Wire):
    """The client answers our close in the next moment."""

    def __init__(self) -> None:
        self.closed: list[int] = []

    def close(self, code: int, reason: str) -> None:
        self.closed.append(code)


@pytest.mark.parametrize(
    ("words", "heard"),
    [(("a", "b", "c"), ["a", "b", "c", 1001]), (("a", "end", "c", "d"), ["a", "end", "c", 1001])],
    ids=["what it said before it left is handled", "we had closed: no more is begun"],
)
def test_a_client_that_leaves_while_handlers_run(words: tuple[str, ...], heard: list[Any]) -> None:
    host, socket, wire = Threads(), Said(), cast("Any", Closing())
    Session(cast("Host", host), socket, "", "", copy_context()).begin(wire)
    for word in words:
        wire.on_message(word)
    if "end" in words:
        host.run_one()
        host.run_one()
        assert wire.closed == [1000]
    wire.on_closed(1001, "")
    while host.busy:
        host.run_one()
    assert socket.heard == heard
    host.loop.close()


class Topics(WebSocket):
    topics = True
    kwargs: dict[str, Any] = {}  # noqa: RUF012 - as of a route without any

    def may_subscribe(self, topic: str) -> bool:
        return True


class Hub:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def listen(self, topic: str, *others: Any) -> Any:
        self.heard.append(topic)
        self.since = others[-1]
        return topic

    def ignore(self, topic: str) -> None:
        self.heard.remove(topic)


def test_what_a_client_asks_for_is_done_in_its_order() -> None:
    host, wire = Threads(), cast("Any", Wire())
    hub = host.hub = cast("Any", Hub())
    Session(cast("Host", host), Topics(), "", "", copy_context()).begin(wire)
    for said in ('{"subscribe": "a"}', '{"unsubscribe": "a"}', '{"subscribe": "b"}'):
        wire.on_message(said)
    while host.busy:
        host.run_one()
    assert hub.heard == ["b"]
    host.loop.close()


@pytest.mark.parametrize(("said", "since"), [({}, "1-5"), ({"since": "1-7"}, "1-7"), ({"since": ""}, "None")])
def test_where_a_topic_goes_on_for_a_client_that_came_back(said: dict[str, str], since: str) -> None:
    host, wire = Threads(), cast("Any", Wire())
    hub = host.hub = cast("Any", Hub())
    Session(cast("Host", host), Topics(), "", "1-5", copy_context()).begin(wire)
    wire.on_message(json.dumps({"subscribe": "a", **said}))
    host.run_one()
    assert str(hub.since) == since
    host.loop.close()


def test_what_a_client_brought_goes_with_it() -> None:
    """Not only when the collector comes."""
    host, socket, wire = Threads(), Said(), cast("Any", Wire())
    session = Session(cast("Host", host), socket, "", "", copy_context())
    session.begin(wire)
    wire.on_message("a")
    wire.on_closed(1001, "")
    socket.send("to nobody")
    while host.busy:
        host.run_one()
    socket.send("to nobody")
    socket.subscribe("topic")
    socket.close()
    assert socket.heard == ["a", 1001]
    gone = weakref.ref(socket), weakref.ref(session)
    vars(wire).clear()  # as the connection lets go of whoever answered
    gc.disable()
    try:
        del socket, session
        assert [each() for each in gone] == [None, None]
    finally:
        gc.enable()
    host.loop.close()
