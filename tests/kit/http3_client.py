"""A client of HTTP/3 that blocks: aioquic's connection on a UDP socket of its own."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, StreamReset

from tests.kit.live import PATIENCE


class Http3Client:
    """Connects at once. ``heads`` and ``bodies`` are by the number of the request."""

    def __init__(self, host: str, port: int, name: str = "test.example", *, connect: bool = True) -> None:
        config = QuicConfiguration(alpn_protocols=["h3"], verify_mode=ssl.CERT_NONE, server_name=name)
        config.max_data, config.max_stream_data = 8 << 20, 8 << 20
        self.name = name
        self.there = (host, port)
        self.quic = QuicConnection(configuration=config)
        self.http: Any = H3Connection(self.quic)
        self.http._check_content_length = lambda _stream: None
        self.heads: dict[int, dict[bytes, bytes]] = {}
        self.bodies: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self.resets: dict[int, int] = {}
        self.closed: int | None = None
        #: Bytes either way, and the last datagram that came.
        self.sent = self.received = 0
        self.last = b""
        self.move()
        self.quic.connect(self.there, time.monotonic())
        if connect:
            self.until(lambda: self.quic._handshake_complete or self.closed is not None, "the handshake")
            assert self.closed is None, f"closed with {self.closed}"

    def move(self) -> None:
        """To another address of ours."""
        family = socket.AF_INET6 if ":" in self.there[0] else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.connect(self.there)

    # --- the way -------------------------------------------------------------------------------------------

    def turn(self, seconds: float = 0.05) -> None:
        """Send what there is, wait for something, and hear it."""
        self._send()
        timer = self.quic.get_timer()
        wait = min(seconds, max(0.0, (timer or 1e12) - time.monotonic()))
        ready, _, _ = select.select([self.sock], [], [], wait)
        while ready:
            try:
                data = self.sock.recv(65536, socket.MSG_DONTWAIT)
            except OSError:
                break
            self.last = data
            token = self.quic._peer_cid.stateless_reset_token
            if token and data.endswith(token):
                self.closed = -1
            self.received += len(data)
            self.quic.receive_datagram(data, self.there, time.monotonic())
        if timer is not None and time.monotonic() >= timer:
            self.quic.handle_timer(time.monotonic())
        self._hear()
        self._send()

    def _send(self) -> None:
        for data, _place in self.quic.datagrams_to_send(time.monotonic()):
            self.sent += len(data)
            try:
                self.sock.send(data)
            except OSError:
                pass  # what ICMP tells

    def _hear(self) -> None:
        while (event := self.quic.next_event()) is not None:
            if isinstance(event, ConnectionTerminated):
                self.closed = event.error_code
            elif isinstance(event, StreamReset):
                self.resets[event.stream_id] = event.error_code
            for happened in self.http.handle_event(event):
                if isinstance(happened, HeadersReceived):
                    self.heads[happened.stream_id] = dict(happened.headers)
                elif isinstance(happened, DataReceived):
                    self.bodies[happened.stream_id] = self.bodies.get(happened.stream_id, b"") + happened.data
                if getattr(happened, "stream_ended", False):
                    self.ended.add(happened.stream_id)

    def until(self, condition: Callable[[], object], what: str = "the condition", seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
            self.turn()

    # --- requests ------------------------------------------------------------------------------------------

    def begin(self, method: str, path: str, body: bytes = b"", *, end: bool = True) -> int:
        number: int = self.quic.get_next_available_stream_id()
        fields = [(b":method", method.encode()), (b":scheme", b"https"), (b":authority", self.name.encode())]
        self.http.send_headers(number, [*fields, (b":path", path.encode())], end_stream=end and not body)
        if body:
            self.http.send_data(number, body, end_stream=end)
        self.turn(0)
        return number

    def finish(self, number: int) -> tuple[int, bytes]:
        """Status and body of the answer."""

        def over() -> bool:
            return number in self.ended or number in self.resets or self.closed is not None

        self.until(over, f"the answer to {number}")
        assert number in self.ended, f"reset: {self.resets.get(number)}, closed: {self.closed}"
        return int(self.heads[number][b":status"]), self.bodies.get(number, b"")

    def get(self, path: str) -> bytes:
        status, body = self.finish(self.begin("GET", path))
        assert status == 200, (status, body)
        return body

    def close(self) -> None:
        self.quic.close(error_code=0x100)
        self._send()
        self.sock.close()

    def __enter__(self) -> Http3Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
