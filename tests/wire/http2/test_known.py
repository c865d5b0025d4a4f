"""Requests that come again byte for byte are answered as before, as long as the bytes mean the same."""

from __future__ import annotations

import math

from hendrix.wire.http2.events import Event, Opened, Repeated
from hendrix.wire.prepare import prepare
from tests.kit import http2_frames as f
from tests.kit.http2_peer import Peer

ANSWER = prepare("200 OK", [("ETag", '"a"')], b"known")


class Known(Peer):
    """A shell that remembers what it has answered."""

    def __init__(self) -> None:
        super().__init__(answers=False)
        self.seen: list[str] = []

    def _act(self, event: Event) -> None:
        stream = event.stream
        self.seen.append(type(event).__name__)
        if isinstance(event, Opened):
            self.machine.answers.ready(stream, ANSWER, b"")
            self.machine.remember(stream, ANSWER, math.inf, None)
            self.machine.settle(stream, 0.0)
        elif isinstance(event, Repeated):
            assert event.known.request.fields[b"host"] == b"a.example"
            self.machine.answers.again(stream, event.known.head, event.known.body)
            self.machine.settle(stream, 0.0)

    def ask(self, number: int, *more: tuple[str, str]) -> str:
        self.seen.clear()
        self.send(self.headers(number, [*f.GET, *more]))
        assert self.body(number) == b"known"
        assert self.ended(number)
        assert self.head(number)["etag"] == '"a"'
        return self.seen[0]


def test_from_the_second_time_on_that_the_bytes_are_the_same() -> None:
    peer = Known()
    assert peer.ask(1) == "Opened"  # its fields go into the table
    assert peer.ask(3) == "Opened"
    assert peer.ask(5) == "Repeated"
    assert peer.ask(7) == "Repeated"
    assert peer.machine.idle


def test_not_when_the_table_has_changed() -> None:
    peer = Known()
    for number in (1, 3, 5):
        peer.ask(number)
    assert peer.ask(7, ("x-new", "to the table")) == "Opened"
    assert peer.ask(9) == "Opened"
    assert peer.ask(11) == "Repeated"


def test_not_when_it_is_forgotten() -> None:
    peer = Known()
    for number in (1, 3, 5):
        peer.ask(number)
    peer.machine.forget()
    assert peer.ask(7) == "Opened"
    assert peer.ask(9) == "Repeated"


def test_not_where_a_body_follows() -> None:
    peer = Known()
    for number in (1, 3, 5):
        peer.ask(number)
    peer.seen.clear()
    peer.send(peer.headers(7, end=False))
    assert peer.seen == ["Opened"]


def test_a_cancelled_one_is_not_answered() -> None:
    peer = Known()
    for number in (1, 3, 5):
        peer.ask(number)
    events = peer.machine.receive(peer.headers(7) + f.rst_stream(7), 0.0)
    assert isinstance(events[0], Repeated)
    assert not events[0].stream.sending


def test_it_goes_out_when_its_peer_has_said_that_it_should() -> None:
    """RFC 9218 section 7.1: a PRIORITY_UPDATE may come before its stream."""
    peer = Known()
    for number in (1, 3, 5):
        peer.ask(number)
    peer.machine.receive(f.priority_update(7, b"u=0"), 0.0)
    (event,) = peer.machine.receive(peer.headers(7), 0.0)
    assert isinstance(event, Repeated)
    assert event.stream.priority == (0, False)
