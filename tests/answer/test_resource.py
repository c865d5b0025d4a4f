"""The adapter between an exchange and Twisted's ``Request``, with the exchange's side played."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from hendrix.answer import resource as resource_layer
from hendrix.answer.mounts import Mount, Mounts
from hendrix.answer.resource import resources
from hendrix.answer.tasks import Tasks
from hendrix.core import http
from hendrix.core.errors import AnswerError


class Loop:
    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []

    def call_soon(self, call: Callable[..., None], *args: object) -> None:
        self.soon.append(lambda: call(*args))

    def call_later(self, _delay: float, call: Callable[..., None]) -> None:
        self.soon.append(call)

    def turn(self) -> None:
        calls, self.soon = self.soon, []
        for call in calls:
            call()


class Exchange:
    """``core.exchange.Exchange`` that keeps what it is given."""

    def __init__(
        self, path: bytes = b"/r", method: str = "GET", *headers: tuple[bytes, bytes], version: str = "1.1"
    ) -> None:
        fields = dict(headers)
        self.request = http.Request(method, path, path, b"", version, list(headers), b"host.example", fields=fields)
        self.origin = http.Origin(("127.0.0.1", 1), ("127.0.0.1", 80), "http")
        self.request_id = "id"
        self.gone = self.started = False
        self.on_gone: Callable[[], None] | None = None
        self.on_eof: Callable[[], None] | None = None
        self.on_drained: Callable[[], None] | None = None
        self.writable = True
        self.refuses = False
        #: What was called, in order.
        self.calls: list[tuple[Any, ...]] = []

    def collect(self, done: Callable[[BytesIO], None]) -> None:
        done(BytesIO())

    def respond(self, status: str, headers: Any, body: bytes) -> None:
        if self.refuses:
            self.refuses = False
            raise AnswerError("no")
        self.started = True
        self.calls.append(("respond", status, headers, body))

    def start(self, status: str, headers: Any) -> None:
        self.started = True
        self.calls.append(("start", status, headers))

    def write(self, data: bytes) -> bool:
        self.calls.append(("write", data))
        return self.writable

    def finish(self) -> None:
        self.calls.append(("finish",))

    def abort(self) -> None:
        self.gone = True
        self.calls.append(("abort",))


class Scene:
    def __init__(self) -> None:
        self.loop = Loop()
        self.tasks = Tasks(self.loop)  # type: ignore[arg-type]
        self.clock = Clock()

    def ask(self, render: Callable[[Any], Any], exchange: Exchange | None = None) -> Exchange:
        """Have a resource that renders by ``render`` answer."""

        class Leaf(Resource):
            isLeaf = True

            def render_GET(self, request: Any) -> Any:
                return render(request)

        mounts = Mounts([Mount((b"r",), Leaf(), "r")])
        answer = resources(mounts, self.inner, tasks=self.tasks, threads=None, reactor=self.clock)  # type: ignore[arg-type]
        exchange = exchange or Exchange()
        answer(exchange)  # type: ignore[arg-type]
        return exchange

    def inner(self, exchange: Any) -> None:
        exchange.respond("200 OK", [], b"inner")


@pytest.fixture
def scene() -> Scene:
    return Scene()


def held(request: Any, into: list[Any]) -> Any:
    into.append(request)
    return NOT_DONE_YET


def test_the_usual_answer_is_one_call(scene) -> None:
    exchange = scene.ask(lambda request: b"body")
    assert exchange.calls == [("respond", "200 OK", [("Content-Type", "text/html")], b"body")]
    assert scene.loop.soon == []


def test_so_is_one_that_is_written_and_finished(scene) -> None:
    def render(request: Any) -> Any:
        request.write(b"one")
        request.write(b"two")
        request.finish()
        return NOT_DONE_YET

    exchange = scene.ask(render)
    assert exchange.calls == [("respond", "200 OK", [("Content-Type", "text/html")], b"onetwo")]


def test_it_is_twisteds_own_request(scene) -> None:
    def render(request: Any) -> bytes:
        assert isinstance(request, Request)
        return b""

    assert scene.ask(render).calls[0][1] == "200 OK"


def test_nothing_is_left_of_a_request(scene) -> None:
    """No cycle either: what is over is gone without the collector."""
    found: list[weakref.ref[Any]] = []

    def render(request: Any) -> bytes:
        found.append(weakref.ref(request))
        request.getHeader(b"a"), request.getCookie(b"b"), request.transport, request.isSecure()
        return b"body"

    gc.disable()
    try:
        scene.ask(render)
        assert found[0]() is None
    finally:
        gc.enable()


def test_what_is_written_later_goes_out_at_the_end_of_the_turn(scene) -> None:
    requests: list[Any] = []
    exchange = scene.ask(lambda request: held(request, requests))
    (request,) = requests
    request.write(b"one")
    request.write(b"two")
    assert exchange.calls == []
    scene.loop.turn()
    assert [call[0] for call in exchange.calls] == ["start", "write"]
    assert exchange.calls[1] == ("write", b"onetwo")
    request.write(b"three")
    request.finish()
    assert exchange.calls[2:] == [("write", b"three"), ("finish",)]
    assert exchange.on_gone is exchange.on_eof is exchange.on_drained is None


def test_a_large_piece_is_not_held(scene) -> None:
    def render(request: Any) -> Any:
        request.write(b"x" * 100_000)
        assert [call[0] for call in exchange.calls] == ["start", "write"]
        return NOT_DONE_YET

    exchange = Exchange()
    scene.ask(render, exchange)
    assert len(exchange.calls) == 2


@pytest.mark.parametrize(("hook", "error"), [("on_gone", "ConnectionLost"), ("on_eof", "ConnectionDone")])
def test_a_peer_that_leaves(scene, hook, error) -> None:
    requests: list[Any] = []
    exchange = scene.ask(lambda request: held(request, requests))
    noted: list[str] = []
    requests[0].notifyFinish().addErrback(lambda failure: noted.append(failure.type.__name__))
    getattr(exchange, hook)()
    assert noted == [error]
    requests[0].write(b"into the void")
    with pytest.raises(RuntimeError):
        requests[0].finish()
    scene.loop.turn()
    assert exchange.calls == ([("abort",)] if hook == "on_eof" else [])


def test_one_that_left_while_the_resource_ran(scene) -> None:
    exchange = Exchange()
    noted: list[str] = []

    def render(request: Any) -> Any:
        request.notifyFinish().addErrback(lambda failure: noted.append(failure.type.__name__))
        exchange.gone = True
        return NOT_DONE_YET

    scene.ask(render, exchange)
    assert noted == ["ConnectionLost"]


def test_notify_finish_of_a_whole_answer(scene) -> None:
    noted: list[Any] = []

    def render(request: Any) -> bytes:
        request.notifyFinish().addCallback(noted.append)
        request.notifyFinish().addCallback(noted.append)
        return b"body"

    scene.ask(render)
    assert noted == [None, None]


def test_a_refused_answer_is_500_and_nothing_else(scene) -> None:
    exchange = Exchange()
    exchange.refuses = True
    scene.ask(lambda request: b"body", exchange)
    assert [call[1] for call in exchange.calls] == ["500 Internal Server Error"]


class Producer:
    """Writes a little whenever it is asked; see ``IPullProducer``."""

    def __init__(self, request: Any) -> None:
        self.request = request
        self.asked = self.stopped = 0

    def resumeProducing(self) -> None:
        self.asked += 1
        self.request.write(b"x")

    def stopProducing(self) -> None:
        self.stopped += 1


def test_the_producer_of_a_refused_answer_is_stopped(scene) -> None:
    made: list[Producer] = []

    class Refusing(Exchange):
        def start(self, status: str, headers: Any) -> None:
            raise AnswerError("no")

    def render(request: Any) -> Any:
        made.append(Producer(request))
        request.registerProducer(made[0], False)
        return NOT_DONE_YET

    exchange = scene.ask(render, Refusing())
    for _ in range(5):
        scene.loop.turn()
    assert [call[1] for call in exchange.calls] == ["500 Internal Server Error"]
    asked = made[0].asked
    for _ in range(5):
        scene.loop.turn()
    assert (made[0].asked, made[0].stopped) == (asked, 1)


@pytest.mark.parametrize("ends", ["finished", "gone"])
def test_nothing_of_a_request_with_a_producer_waits_for_the_collector(scene, ends) -> None:
    gone: list[weakref.ref[Any]] = []

    def render(request: Any) -> Any:
        gone.append(weakref.ref(request.channel))
        producer = Producer(request)
        request.registerProducer(producer, False)
        requests.append(request)
        return NOT_DONE_YET

    requests: list[Any] = []
    gc.disable()
    try:
        exchange = scene.ask(render)
        scene.loop.turn()
        if ends == "finished":
            requests[0].unregisterProducer()
            requests[0].finish()
        else:
            exchange.on_gone()
            exchange.gone = True
        scene.loop.turn()
        scene.loop.turn()
        requests.clear()
        del exchange
        assert gone[0]() is None
    finally:
        gc.enable()


def test_what_replaces_write_is_asked(scene) -> None:
    """As wrappers do that count, or compress."""
    written: list[bytes] = []

    def render(request: Any) -> bytes:
        write = request.write

        def spy(data: bytes) -> None:
            written.append(data)
            write(data.upper())

        request.write = spy
        return b"body"

    assert scene.ask(render).calls[0][3] == b"BODY"
    assert written == [b"body"]


def test_over_http2_nothing_can_be_taken_over(scene) -> None:
    seen: list[Any] = []

    def render(request: Any) -> bytes:
        seen.extend((request.channel.transport, request.transport, request.clientproto))
        return b""

    scene.ask(render, Exchange(version="2"))
    assert seen == [None, None, b"HTTP/2"]


def test_attributes_of_twisteds_request_are_there(scene) -> None:
    """Whatever Twisted's own constructor sets."""
    missing: list[str] = []

    def render(request: Any) -> bytes:
        plain = vars(Request(request.channel, parsePOSTFormSubmission=True))
        missing.extend(name for name in plain if not hasattr(request, name))
        with pytest.raises(AttributeError):
            request.nothing_of_the_kind  # noqa: B018
        return b""

    scene.ask(render)
    assert missing == []


def test_a_slow_one_is_ended(scene) -> None:
    requests: list[Any] = []
    exchange = scene.ask(lambda request: held(request, requests))
    noted: list[str] = []
    requests[0].notifyFinish().addErrback(lambda failure: noted.append(failure.type.__name__))
    scene.tasks.watch(float("inf"), 1.0, 2.0)
    assert exchange.calls[0][1] == "504 Gateway Timeout"
    assert noted == ["TimeoutError"]
    scene.tasks.watch(float("inf"), 1.0, 2.0)
    assert len(exchange.calls) == 1


def test_one_that_streams_may_take_its_time(scene) -> None:
    requests: list[Any] = []
    exchange = scene.ask(lambda request: held(request, requests))
    requests[0].write(b"begun")
    scene.loop.turn()
    scene.tasks.watch(float("inf"), 1.0, 2.0)
    assert [call[0] for call in exchange.calls] == ["start", "write"]


def test_sessions_are_not_without_end(scene, monkeypatch) -> None:
    monkeypatch.setattr(resource_layer, "_MOST_SESSIONS", 3)
    sites: set[Any] = set()
    names: list[bytes] = []

    def render(request: Any) -> bytes:
        names.append(request.getSession().uid)
        sites.add(request.site)
        return b""

    class Leaf(Resource):
        isLeaf = True
        render_GET = staticmethod(render)

    mounts = Mounts([Mount((b"r",), Leaf(), "r")])
    answer = resources(mounts, scene.inner, tasks=scene.tasks, threads=None, reactor=scene.clock)
    for _ in range(5):
        answer(Exchange())
    (site,) = sites
    assert list(site.sessions) == names[2:]
    scene.clock.advance(901)
    assert site.sessions == {}


def test_resources_find_each_other(scene) -> None:
    """By ``request.site``, as those of ``twisted.web.vhost`` and ``rewrite`` do."""
    found: list[Any] = []

    class Leaf(Resource):
        isLeaf = True

        def render_GET(self, request: Any) -> bytes:
            request.prepath, request.postpath = [], [b"a", b"b"]
            found.append(request.site.getResourceFor(request))
            found.append(request.sitepath)
            return b""

    other, below, leaf = Leaf(), Leaf(), Leaf()
    places = [Mount((b"a", b"b"), other, "b"), Mount((b"a", b"b", b"c"), below, "c"), Mount((b"r",), leaf, "r")]
    answer = resources(Mounts(places), scene.inner, tasks=scene.tasks, threads=None, reactor=scene.clock)
    answer(Exchange())
    assert found == [other, []]
    assert other.children == {}
