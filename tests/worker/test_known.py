"""Heads answered a moment ago: answered again without asking, and only where asking would have changed nothing."""

from __future__ import annotations

import itertools
import re
import time
from typing import Any

import pytest

from hendrix.answer.forwarded import believe, trust
from hendrix.core.config import Config
from hendrix.core.http import Origin
from hendrix.core.prepared import Prepared
from hendrix.wire.prepare import prepare
from hendrix.worker.connection import Connection
from hendrix.worker.site import build_site
from tests.worker.test_pipelining import Loop, Transport

HEAD = b"GET /a.css HTTP/1.1\r\nHost: a\r\n\r\n"
ANSWER = prepare("200 OK", [("Content-Type", "text/css")], b"body { }")
FAR = 3600.0


class Site:
    """Answers everything with one prepared answer, which is good for as long as ``lasts`` says."""

    def __init__(self, answer: Prepared = ANSWER, lasts: float = FAR, still: Any = None, **options: Any) -> None:
        self.still = still
        self.asked = 0
        self.answer = answer
        self.until = time.monotonic() + lasts if lasts else 0.0
        self.loop = Loop()
        self.site = build_site(Config(**options), believe(trust("*"), self._answer))

    def _answer(self, exchange: Any) -> None:
        self.asked += 1
        exchange.send(self.answer, until=self.until, still=self.still)

    def connect(self, scheme: str = "http") -> tuple[Connection, Transport]:
        transport = Transport()
        connection = Connection(self.site, self.loop, b"x-request-id", None)  # type: ignore[arg-type]
        connection.connection_made(transport)  # type: ignore[arg-type]
        connection.known = self.site.known[scheme]
        return connection, transport

    def ask(self, head: bytes, scheme: str = "http", times: int = 2) -> list[bytes]:
        """The same on as many new connections; what each was answered, without the id."""
        return [self.on(*self.connect(scheme), head) for _ in range(times)]

    def on(self, connection: Connection, transport: Transport, *pieces: bytes) -> bytes:
        transport.sent = b""
        for piece in pieces:
            connection.get_buffer(len(piece))[: len(piece)] = piece
            connection.buffer_updated(len(piece))
            self.loop.turn()
        return re.sub(rb"X-Request-ID: [^\r]+", b"X-Request-ID: N", transport.sent)


def test_the_second_answer_is_the_first_and_nobody_is_asked() -> None:
    site = Site()
    first, second = site.ask(HEAD)
    assert first == second and first.endswith(b"\r\n\r\nbody { }")
    assert site.asked == 1 and site.site.requests == 2


def _ids(site: Site, head: bytes) -> list[bytes]:
    found = []
    for _ in range(3):
        connection, transport = site.connect()
        connection.get_buffer(len(head))[: len(head)] = head
        connection.buffer_updated(len(head))
        site.loop.turn()
        found += re.findall(rb"X-Request-ID: ([^\r]+)", transport.sent)
    return found


def test_an_id_stands_in_what_is_logged_and_is_another_each_time() -> None:
    site = Site()
    assert not _ids(site, HEAD)
    site = Site()
    site.site.record = lambda _exchange, _now: None
    assert len(set(_ids(site, HEAD))) == 3


def test_an_id_of_the_peer_comes_back() -> None:
    named = HEAD[:-2] + b"X-Request-ID: mine-1\r\n\r\n"
    assert _ids(Site(), named) == [b"mine-1"] * 3


def test_a_connection_goes_on_after_it() -> None:
    site = Site()
    site.ask(HEAD, times=1)
    connection, transport = site.connect()
    for _ in range(3):
        assert site.on(connection, transport, HEAD).count(b"HTTP/1.1 200 OK") == 1
    assert site.on(connection, transport, HEAD + HEAD).count(b"HTTP/1.1 200 OK") == 2
    assert site.on(connection, transport, HEAD[:9], HEAD[9:]).count(b"HTTP/1.1 200 OK") == 1
    assert not transport.closing


def test_a_head_in_the_middle_of_something_is_no_head() -> None:
    """Bytes that would be known as a head are the body of another request, or the end of a longer head."""
    site = Site()
    site.ask(HEAD, times=1)
    connection, transport = site.connect()
    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (2 * len(HEAD))
    assert site.on(connection, transport, post, HEAD, HEAD).count(b"HTTP/1.1 ") == 1
    connection, transport = site.connect()
    asked = site.asked
    assert site.on(connection, transport, b"GET /b HTTP/1.1\r\nX: ", HEAD).count(b"HTTP/1.1 200 OK") == 1
    assert site.asked == asked + 1


def test_it_ends_with_its_time() -> None:
    site = Site(lasts=-1.0)
    site.ask(HEAD, times=3)
    assert site.asked == 3


def test_it_ends_with_the_tick() -> None:
    site = Site()
    site.ask(HEAD)
    site.site.tick()
    site.ask(HEAD)
    assert site.asked == 2


def test_a_draining_server_says_that_it_closes() -> None:
    site = Site()
    site.ask(HEAD, times=1)
    site.site.draining = True
    (answer,) = site.ask(HEAD, times=1)
    assert b"Connection: close\r\n" in answer


def test_other_schemes_are_asked_for_themselves() -> None:
    site = Site()
    site.ask(HEAD, "http")
    site.ask(HEAD, "https")
    assert site.asked == 2


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace(b"GET", b"HEAD"),
        HEAD.replace(b"GET", b"POST"),
        HEAD.replace(b"1.1", b"1.0"),
        HEAD[:-2] + b"Connection: close\r\n\r\n",
        HEAD[:-2] + b"X-Request-ID: mine\r\n\r\n",
        HEAD[:-2] + b"X-Forwarded-For: 192.0.2.1\r\n\r\n",
        HEAD[:-2] + b"Forwarded: for=192.0.2.1\r\n\r\n",
        HEAD[:-2] + b"Content-Length: 1\r\n\r\nx",
        HEAD[:-2] + b"X: " + b"a" * 3000 + b"\r\n\r\n",
    ],
)
def test_what_is_not_usual_is_asked_for_each_time(head) -> None:
    site = Site()
    site.ask(head, times=3)
    assert site.asked == 3


@pytest.mark.parametrize("options", [{"access_log": "combined"}, {"loud": True}])
def test_where_each_answer_is_told_of(options) -> None:
    site = Site()
    site.site.record = lambda _exchange, _now: None
    site.ask(HEAD, times=3)
    assert site.asked == 3


def test_without_a_promise_it_is_not_kept() -> None:
    site = Site(lasts=0)
    site.ask(HEAD, times=3)
    assert site.asked == 3


def test_no_id_is_sent_where_none_is_wanted() -> None:
    site = Site(request_id="")
    first, second = site.ask(HEAD)
    assert first == second and b"-ID" not in first


def test_their_number_is_bounded() -> None:
    site = Site()
    for number in itertools.islice(itertools.count(), 3000):
        site.ask(HEAD.replace(b"a.css", b"%d.css" % number), times=1)
    assert len(site.site.known["http"]) <= 512


def test_whoever_is_to_be_asked_first_is_asked_each_time() -> None:
    """A cache whose pages may be purged at any moment."""
    valid, asked = [True], []

    def still() -> bool:
        asked.append(valid[0])
        return valid[0]

    site = Site(still=still)
    site.ask(HEAD, times=4)
    assert (site.asked, asked) == (1, [True] * 3)
    valid[0] = False
    site.ask(HEAD, times=2)
    assert site.asked == 3


def test_listeners_are_told_apart_where_one_has_the_cache() -> None:
    site = Site(cache_port=8080)
    one, other = (Origin(("192.0.2.1", 1), ("192.0.2.2", port), "http", door=port) for port in (8000, 8080))
    assert site.site.known_to(one) is not site.site.known_to(other)
    plain = Site().site
    assert plain.known_to(one) is plain.known_to(other)
