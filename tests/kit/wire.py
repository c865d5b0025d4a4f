"""A peer for the HTTP/1.1 machine: it sends bytes, plays the shell, and says what came out.

Every case of a parser goes through ``accepted`` or ``refused`` in every one of ``WAYS``: a case that holds only for
bytes that arrive together, or only on a connection with nothing behind it, does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from hendrix.core.http import Request, RequestHeaders
from hendrix.wire.head import HeadParser
from hendrix.wire.http1 import Http1
from hendrix.wire.limits import Limits
from hendrix.wire.machine import Data, End, Event, Fault, Hangup
from hendrix.wire.response import Common

LIMITS = Limits()
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
#: What is sent behind a case on the same connection.
SECOND = b"GET /second?one=1 HTTP/1.1\r\nHost: second.example\r\nX-Mark: second\r\n\r\n"

WAYS = ("whole", "byte by byte", "followed")
in_all_ways = pytest.mark.parametrize("way", WAYS)


def common(server: str = "") -> Common:
    """The fields of the server itself, as the shell keeps them."""
    made = Common(server=f"Server: {server}\r\n" if server else "")
    made.renew(DATE)
    return made


def single(data: bytes) -> list[bytes]:
    """``data`` byte by byte."""
    return [data[at : at + 1] for at in range(len(data))]


@dataclass
class Message:
    """One request as it was read."""

    request: Request
    body: bytes = b""
    trailers: RequestHeaders = field(default_factory=list)
    complete: bool = False


class Peer:
    """One connection. With ``answers`` each complete request is answered at once, as a quick shell would."""

    def __init__(
        self, limits: Limits = LIMITS, *, parser: HeadParser | None = None, answers: bool = True, now: float = 0.0
    ) -> None:
        self.parser = parser or HeadParser(limits)
        self.machine = Http1(limits, self.parser, now)
        self.now = now
        self.messages: list[Message] = []
        self.fault: Fault | None = None
        self.hung_up = False
        self.closed = False
        self._answers = answers

    def send(self, *pieces: bytes) -> Peer:
        """Send pieces, one after the other."""
        for piece in pieces:
            self.take(self.machine.receive(piece, self.now))
        return self

    def take(self, events: list[Event]) -> None:
        """Act on events, and on those that the answers to them bring about."""
        while events:
            for event in events:
                self._act(event)
            ready = self._answers and self.fault is None and self.messages and self.messages[-1].complete
            events = self._next() if ready and not self.closed else []

    def _next(self) -> list[Event]:
        self.machine.whole("204 No Content", [], b"", common(), "")
        if self.machine.keep_alive:
            return self.machine.next_request(self.now)
        self.machine.refuse()
        self.closed = True
        return []

    def _act(self, event: Event) -> None:
        assert self.fault is None, f"{event} after {self.fault}"
        assert not self.hung_up, f"{event} after a hang-up"
        if isinstance(event, Request):
            assert not self.messages or self.messages[-1].complete, "a request within a request"
            self.messages.append(Message(event, complete=event.length == 0))
        elif isinstance(event, Data):
            assert event.data, "an empty piece"
            assert not self.messages[-1].complete
            self.messages[-1].body += event.data
        elif isinstance(event, End):
            assert not self.messages[-1].complete
            self.messages[-1].complete = True
            self.messages[-1].trailers = event.trailers
        elif isinstance(event, Fault):
            self.fault = event
        else:
            assert isinstance(event, Hangup)
            self.hung_up = True

    @property
    def targets(self) -> list[bytes]:
        """Of all requests so far."""
        return [message.request.target for message in self.messages]


def converse(data: bytes, way: str, limits: Limits = LIMITS) -> list[Peer]:
    """Send a case in one of ``WAYS``: on one connection, or followed by ``SECOND`` on two, whole and byte by byte."""
    if way == "whole":
        return [Peer(limits).send(data)]
    if way == "byte by byte":
        return [Peer(limits).send(*single(data))]
    assert way == "followed"
    return [Peer(limits).send(data + SECOND), Peer(limits).send(*single(data + SECOND))]


def accepted(data: bytes, way: str, limits: Limits = LIMITS) -> Message:
    """``data`` is one good request; what follows it is read right, or not at all where the connection ends."""
    read = [_accepted(peer, followed=way == "followed") for peer in converse(data, way, limits)]
    assert all(message == read[0] for message in read), "read in two ways"
    return read[0]


def _accepted(peer: Peer, *, followed: bool) -> Message:
    assert peer.fault is None, peer.fault
    assert peer.messages, "no request"
    first, *others = peer.messages
    assert first.complete
    if followed and first.request.keep_alive:
        assert_second(others)
    else:
        assert others == []
    assert_fit_for_strangers(peer.parser)
    return first


def refused(data: bytes, status: int | tuple[int, ...], way: str, limits: Limits = LIMITS) -> None:
    """``data`` is refused with (one of) ``status``, and so is all that follows it on this connection."""
    for peer in converse(data, way, limits):
        _refused(peer, status if isinstance(status, tuple) else (status,))


def _refused(peer: Peer, statuses: tuple[int, ...]) -> None:
    assert peer.fault is not None, f"not refused: {peer.messages}"
    assert peer.fault.status in statuses, peer.fault
    assert [message for message in peer.messages if message.complete] == []
    machine = peer.machine
    assert b"\r\nConnection: close\r\n" in machine.whole("400 Bad Request", [], b"no", common(), "")
    assert machine.receive(SECOND, 0.0) == []
    assert all(isinstance(event, Hangup) for event in machine.next_request(0.0))
    assert machine.receive(SECOND, 0.0) == []
    assert not machine.keep_alive
    assert machine.buffered == 0
    assert_fit_for_strangers(peer.parser)


def waiting(data: bytes, way: str, limits: Limits = LIMITS) -> Peer:
    """``data`` is the good beginning of a request: nothing is refused, nothing is complete."""
    peer = Peer(limits).send(*(single(data) if way == "byte by byte" else [data]))
    assert peer.fault is None, peer.fault
    assert not peer.hung_up
    assert not any(message.complete for message in peer.messages)
    return peer


def assert_second(messages: list[Message]) -> None:
    """Exactly ``SECOND`` was read."""
    assert [message.request.target for message in messages] == [b"/second?one=1"]
    assert messages[0].request.headers == [(b"host", b"second.example"), (b"x-mark", b"second")]
    assert messages[0].body == b""


def assert_fit_for_strangers(parser: HeadParser) -> None:
    """One parser reads for all connections: no request may leave anything in it for the next, which is another's."""
    stranger = Peer(parser=parser).send(SECOND)
    assert stranger.fault is None, f"a stranger's request is refused: {stranger.fault}"
    assert_second(stranger.messages)


def get(*lines: bytes, target: bytes = b"/", version: bytes = b"HTTP/1.1", method: bytes = b"GET") -> bytes:
    """A request without a body; its field lines as given, ``Host: a`` where none is."""
    return b"\r\n".join((b"%b %b %b" % (method, target, version), *(lines or (b"Host: a",)), b"", b""))


def post(*lines: bytes, body: bytes = b"", version: bytes = b"HTTP/1.1") -> bytes:
    """A POST with a Host, these field lines and this body."""
    return get(b"Host: a", *lines, method=b"POST", version=version) + body


def chunked(body: bytes) -> bytes:
    """A POST whose body is chunked."""
    return post(b"Transfer-Encoding: chunked", body=body)
