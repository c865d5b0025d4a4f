"""A client that speaks HTTP/2 in frames and is used as ``tests.kit.client.Client`` is, so that suites run on both.

It opens the windows of streams only for what was taken of them. What has no meaning over HTTP/2 (raw bytes, HTTP/1.0,
chunks that are sent) skips the test.
"""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from dataclasses import dataclass, field

import pytest
from hpack import Decoder, Encoder

from tests.kit import http2_frames as f
from tests.kit.client import Answer, Head, Truncated

#: Fields of HTTP/1.1's connections.
_OF_CONNECTION = {"connection", "transfer-encoding", "upgrade", "keep-alive"}


@dataclass
class _Stream:
    """What has come of one answer."""

    number: int
    method: str
    heads: deque[list[tuple[str, str]]] = field(default_factory=deque)
    pieces: deque[bytes] = field(default_factory=deque)
    trailers: list[tuple[str, str]] = field(default_factory=list)
    ended: bool = False
    reset: int = -1
    taken: bytearray = field(default_factory=bytearray)


class Http2Client:
    """One connection."""

    def __init__(self, sock: socket.socket, window: int = 1024 * 1024) -> None:
        self.sock = sock
        self._encoder, self._decoder = Encoder(), Decoder()
        self._buffer = b""
        self._next = 1
        self._streams: dict[int, _Stream] = {}
        #: Asked for, and not answered yet; the first is the one that is read.
        self._waiting: deque[_Stream] = deque()
        self._at: _Stream | None = None
        self._window, self._stream_windows, self._initial = 65535, {}, 65535
        self.goaways: list[f.Frame] = []
        self.frames: list[f.Frame] = []
        self.over = False
        first = f.PREFACE + f.settings((f.INITIAL_WINDOW_SIZE, window), (f.ENABLE_PUSH, 0))
        self.sock.sendall(first + (f.window_update(0, window - 65535) if window > 65535 else b""))

    def __enter__(self) -> Http2Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- sending -------------------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Bytes of HTTP/1.1 have no meaning here."""
        pytest.skip("speaks HTTP/1.1 in bytes")

    def write(self, *frames: bytes) -> None:
        """Frames, as they are."""
        self.sock.sendall(b"".join(frames))

    def block(self, fields: list[tuple[str, str]]) -> bytes:
        """A header block."""
        return self._encoder.encode(fields)

    def request(self, method: str, target: str, *lines: str, body: bytes = b"", version: str = "1.1") -> Answer:
        """Send a request and read its answer. ``lines`` are header lines; the rest is added."""
        self.begin(method, target, *lines, body=body, version=version)
        return self.answer(method)

    def begin(self, method: str, target: str, *lines: str, body: bytes = b"", version: str = "1.1") -> int:
        """Send a request only; returns its stream."""
        if version != "1.1" or not target.startswith("/"):
            pytest.skip("is of HTTP/1.1 only")
        fields = [(":method", method), (":scheme", "http"), (":path", target), (":authority", "test.example")]
        for line in lines:
            name, _, value = line.partition(":")
            if name.lower() in _OF_CONNECTION:
                pytest.skip("is of HTTP/1.1's connections")
            if name.lower() == "host":
                fields[3] = (":authority", value.strip())
            else:
                fields.append((name.lower(), value.strip()))
        if body and not any(name == "content-length" for name, _value in fields):
            fields.append(("content-length", str(len(body))))
        expects = any(name == "content-length" and value != "0" for name, value in fields)
        number = self.open(fields, end=not (body or expects))
        self._streams[number].method = method
        if body:
            self.upload(number, body)
        return number

    def open(self, fields: list[tuple[str, str]], *, end: bool) -> int:
        """A HEADERS frame on the next stream."""
        number, self._next = self._next, self._next + 2
        stream = self._streams[number] = _Stream(number, dict(fields)[":method"])
        self._stream_windows[number] = self._initial
        self._waiting.append(stream)
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        flags = f.END_HEADERS | (f.END_STREAM if end else 0)
        self.write(f.frame(f.HEADERS, flags, number, self.block(pairs)))  # type: ignore[arg-type]
        return number

    def upload(self, number: int, body: bytes, *, end: bool = True) -> None:
        """A body, as the windows allow; stops where the stream is over."""
        while body:
            stream = self._streams[number]
            count = min(16384, self._window, self._stream_windows[number], len(body))
            if count <= 0:
                if stream.reset >= 0 or stream.ended or not self._more():
                    return
                continue
            self._window -= count
            self._stream_windows[number] -= count
            self.write(f.data(number, body[:count], end=end and count == len(body)))
            body = body[count:]

    def get(self, target: str, *lines: str) -> Answer:
        """GET and its answer."""
        return self.request("GET", target, *lines)

    def end_sending(self) -> None:
        """Half-close: nothing more will be sent."""
        self.sock.shutdown(socket.SHUT_WR)

    # --- receiving -----------------------------------------------------------------------------------------------

    def answer(self, method: str = "GET") -> Answer:
        """Read one final answer. Raises ``Truncated``."""
        head = self.head()
        while head.status < 200:
            head = self.head()
        return Answer(head.status, head.headers, self.rest_of_body())

    def head(self) -> Head:
        """Read the head of an answer (of an interim one too)."""
        assert self._waiting, "nothing was asked for"
        stream = self._waiting[0]
        while not stream.heads:
            if stream.reset >= 0 or not self._more():
                raise Truncated(b"")
        fields = stream.heads.popleft()
        status = dict(fields)[":status"]
        if int(status) >= 200:
            self._waiting.popleft()
            self._at = stream
        return Head(int(status), [pair for pair in fields if not pair[0].startswith(":")])

    def chunk(self) -> bytes:
        """A piece of the body; empty at its end. Raises ``Truncated``."""
        stream = self._at
        assert stream is not None
        while not stream.pieces:
            if stream.ended:
                return b""
            if stream.reset >= 0 or not self._more():
                raise Truncated(bytes(stream.taken))
        piece = stream.pieces.popleft()
        stream.taken += piece
        if not stream.ended:
            self._answer(f.window_update(stream.number, len(piece)))
        return piece

    def rest_of_body(self) -> bytes:
        """The body to its end. Raises ``Truncated``."""
        parts = []
        while piece := self.chunk():
            parts.append(piece)
        return b"".join(parts)

    def rest(self) -> bytes:
        """The body, to its end or as far as it came."""
        try:
            return self.rest_of_body()
        except Truncated as error:
            return error.data

    def exactly(self, count: int) -> bytes:
        """``count`` bytes of the body."""
        data = b""
        while len(data) < count:
            piece = self.chunk()
            if not piece:
                raise Truncated(data)
            data += piece
        if len(data) > count:
            assert self._at is not None
            self._at.pieces.appendleft(data[count:])
        return data[:count]

    @property
    def trailers(self) -> list[tuple[str, str]]:
        """Behind the body that was read last."""
        assert self._at is not None
        return self._at.trailers

    def until(self, end: bytes) -> bytes:
        pytest.skip("reads HTTP/1.1 in bytes")

    def some(self) -> bytes:
        pytest.skip("reads HTTP/1.1 in bytes")

    def closed(self) -> bool:
        """HTTP/2 keeps connections where HTTP/1.1 closes them."""
        pytest.skip("waits for the end of a connection of HTTP/1.1")

    def await_goaway(self) -> f.Frame:
        """The last words."""
        while not self.goaways:
            assert self._more(), "the connection ended without a GOAWAY"
        return self.goaways[-1]

    def await_end(self) -> None:
        """Wait until the server closes."""
        while self._more():
            pass

    def await_frame(self, kind: int, stream: int | None = None) -> f.Frame:
        """The next frame of a kind that was not taken yet."""
        while True:
            for sent in self.frames:
                if sent.kind == kind and stream in (None, sent.stream):
                    self.frames.remove(sent)
                    return sent
            assert self._more(), "the connection ended"

    def _more(self) -> bool:
        """Read frames. False: the connection has ended."""
        try:
            data = self.sock.recv(262144)
        except (ConnectionResetError, BrokenPipeError):
            data = b""
        if not data:
            self.over = True
            return False
        frames, self._buffer = f.read_frames(self._buffer + data)
        for sent in frames:
            if sent.kind != f.DATA:
                self.frames.append(sent)
            self._took(sent)
        return True

    def _took(self, sent: f.Frame) -> None:
        stream = self._streams.get(sent.stream)
        if sent.kind == f.HEADERS:
            assert stream is not None
            assert not stream.ended
            pairs = self._decoder.decode(sent.payload, raw=True)
            fields = [(bytes(name).decode(), bytes(value).decode("latin-1")) for name, value in pairs]
            if fields and fields[0][0] == ":status":
                stream.heads.append(fields)
            else:
                stream.trailers = fields
        elif sent.kind == f.DATA:
            assert stream is not None
            assert not stream.ended
            if sent.payload:
                stream.pieces.append(sent.payload)
                # What is not read of one answer must not hold up the others: each has a window of its own.
                self._answer(f.window_update(0, len(sent.payload)))
        elif sent.kind == f.RST_STREAM and stream is not None:
            stream.reset = sent.code
        elif sent.kind == f.GOAWAY:
            self.goaways.append(sent)
        elif sent.kind == f.SETTINGS and not sent.flags & f.ACK:
            self._set(sent.payload)
        elif sent.kind == f.PING and not sent.flags & f.ACK:
            self._answer(f.ping(sent.payload, ack=True))
        elif sent.kind == f.WINDOW_UPDATE:
            if sent.stream:
                self._stream_windows[sent.stream] = self._stream_windows.get(sent.stream, self._initial) + sent.number
            else:
                self._window += sent.number
        if sent.ends:
            assert stream is not None
            stream.ended = True

    def _set(self, payload: bytes) -> None:
        for at in range(0, len(payload), 6):
            if int.from_bytes(payload[at : at + 2], "big") == f.INITIAL_WINDOW_SIZE:
                self._initial = int.from_bytes(payload[at + 2 : at + 6], "big")
        self._answer(f.frame(f.SETTINGS, f.ACK))

    def _answer(self, frame: bytes) -> None:
        try:
            self.write(frame)
        except OSError:  # it has half-closed, or the server is gone
            pass

    def close(self) -> None:
        """Close the connection; with anything unread, such as settings, the peer would see a reset."""
        with contextlib.suppress(OSError):
            self.sock.setblocking(False)
            while self.sock.recv(262144):
                pass
        self.sock.close()
