"""A client of HTTP/3 (aioquic's) and our machine; time, and the way between them, are the test's."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, StreamReset
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hendrix.wire.http2.limits import Http2Limits
from hendrix.wire.http3.events import Event, Opened
from hendrix.wire.http3.ids import Ids
from hendrix.wire.http3.lobby import Begin
from hendrix.wire.http3.machine import Http3
from hendrix.wire.http3.quic import Identity, Quic, configuration
from hendrix.wire.response import Common
from tests.kit.certificates import Authority

PEER, OURS = ("192.0.2.1", 1234), ("198.51.100.1", 443)
GET = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"a"), (b":path", b"/")]
POST = [(b":method", b"POST"), *GET[1:]]
COMMON = Common(server="Server: test\r\n")
COMMON.renew("Sat, 28 Nov 2026 00:00:00 GMT")
_made: list[Identity] = []
_count = 0


def identity() -> Identity:
    if not _made:
        made = Authority().issue("a")
        _made.append(
            Identity(made.certificate, list(made.issuers), load_pem_private_key(made.key_pem().encode(), None))
        )
    return _made[0]


def fresh(size: int) -> bytes:
    """Bytes that look random and are not."""
    global _count
    _count += 1
    return (_count.to_bytes(4, "big") * size)[-size:]


class Client:
    """The peer. ``answers`` are its streams: head, body, and whether it ended, or the code of its reset."""

    def __init__(
        self, window: int = 1 << 20, total: int = 1 << 24, raw: Callable[[], H3Connection] | None = None
    ) -> None:
        config = QuicConfiguration(alpn_protocols=["h3"], verify_mode=ssl.CERT_NONE, server_name="a")
        config.max_stream_data, config.max_data = window, total
        self.quic = QuicConnection(configuration=config)
        self.http: Any = None
        self.heads: dict[int, list[list[tuple[bytes, bytes]]]] = {}
        self.bodies: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self.resets: dict[int, int] = {}
        self.closed: int | None = None

    def begin(self, fields: list[tuple[bytes, bytes]] = GET, *, end: bool = True) -> int:
        number: int = self.quic.get_next_available_stream_id()
        self.http.send_headers(number, fields, end_stream=end)
        return number

    def hear(self) -> None:
        while (event := self.quic.next_event()) is not None:
            if isinstance(event, StreamReset):
                self.resets[event.stream_id] = event.error_code
            elif isinstance(event, ConnectionTerminated):
                self.closed = event.error_code
            for happened in self.http.handle_event(event):
                if isinstance(happened, HeadersReceived):
                    self.heads.setdefault(happened.stream_id, []).append(happened.headers)
                elif isinstance(happened, DataReceived):
                    self.bodies[happened.stream_id] = self.bodies.get(happened.stream_id, b"") + happened.data
                if getattr(happened, "stream_ended", False):
                    self.ended.add(happened.stream_id)

    def status(self, number: int) -> int:
        return int(dict(self.heads[number][-1])[b":status"])


class Pair:
    """``events`` are what the machine has told since ``told`` was asked."""

    def __init__(
        self, limits: Http2Limits | None = None, client: Client | None = None, *, settle: bool = True
    ) -> None:
        self.limits = limits or Http2Limits()
        self.now = 1000.0
        self.client = client or Client()
        self.client.quic.connect(OURS, self.now)
        self.client.http = H3Connection(self.client.quic)
        # It would take the length of an answer to HEAD for that of a body.
        self.client.http._check_content_length = lambda _stream: None
        window = self.limits.http.head + 8192
        config = configuration(identity(), 60.0, window, self.limits.connection_window)
        begin = Begin(self.client.quic.original_destination_connection_id, None)
        self.hellos: list[bytes] = []
        self.quic = Quic(config, Ids(7, b"s" * 32, fresh), self._choose, self.limits.streams, begin)
        self.machine = Http3(self.quic, self.limits, COMMON, self.now)
        self._events: list[Event] = []
        #: Bytes either way.
        self.sent = self.received = 0
        #: Datagrams for which this is true are lost, either way.
        self.lose: Callable[[bytes], bool] = lambda _data: False
        if settle:
            self.run()

    def _choose(self, hello: bytes) -> Identity:
        self.hellos.append(hello)
        return identity()

    def told(self) -> list[Event]:
        """What has happened."""
        found, self._events = self._events, []
        return found

    def give(self, data: bytes, place: Any = PEER) -> None:
        self.received += len(data)
        self._events += self.machine.receive(data, place, self.now)

    def turn(self) -> int:
        """Both send what they have. Returns how many datagrams that was."""
        count = 0
        for data, _place in self.client.quic.datagrams_to_send(self.now):
            count += 1
            if not self.lose(data):
                self.give(data)
        for data, place in self.machine.send(self.now):
            assert place == PEER
            count += 1
            self.sent += len(data)
            if not self.lose(data):
                self.client.quic.receive_datagram(data, OURS, self.now)
        self.client.hear()
        return count

    def run(self, seconds: float = 1.0) -> None:
        """Until neither has anything to say, for ``seconds`` at the most; timers come when they are due."""
        until = self.now + seconds
        while self.now <= until:
            if self.turn():
                self.now += 0.0005
                continue
            timers = [one for one in (self.client.quic.get_timer(), self.machine.deadline) if one is not None]
            at = min(timers)
            if at > until:
                return
            self.now = max(at, self.now + 0.0001)
            if (timer := self.client.quic.get_timer()) is not None and timer <= self.now:
                self.client.quic.handle_timer(self.now)
            if self.machine.deadline <= self.now:
                self._events += self.machine.expire(self.now)

    def watch(self, seconds: float) -> None:
        """Time goes by, and the shell looks twice a second."""
        until = self.now + seconds
        while self.now < until:
            self.run(0.5)
            self.now += 0.5
            self._events += self.machine.watch(self.now)
        self.run(0.1)

    def opened(self) -> Opened:
        """The next request."""
        return next(event for event in self.told() if isinstance(event, Opened))
