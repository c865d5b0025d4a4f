"""A strict HTTP/1.1 client over a socket: it sends the bytes it is given and reads whole answers, framing checked."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

_STATUS = re.compile(rb"HTTP/1\.1 ([1-9][0-9]{2}) [\t\x20-\x7e\x80-\xff]*")
_FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\t\x20-\x7e\x80-\xff]*)")


class Truncated(Exception):
    """The connection ended within an answer. ``data`` is the part of the body that had arrived."""

    def __init__(self, data: bytes) -> None:
        super().__init__(f"the connection ended after {len(data)} bytes of the body")
        self.data = data


@dataclass
class Head:
    """The head of an answer. ``headers`` keep order and repetition; names are lower-case."""

    status: int
    headers: list[tuple[str, str]]

    def all(self, name: str) -> list[str]:
        """Every value of the field ``name``."""
        return [value for key, value in self.headers if key == name.lower()]

    def __getitem__(self, name: str) -> str:
        """The one value of the field ``name``; fails where there is none or more than one."""
        (value,) = self.all(name)
        return value

    def __contains__(self, name: str) -> bool:
        return bool(self.all(name))


@dataclass
class Answer(Head):
    """A whole answer."""

    body: bytes = b""

    @property
    def text(self) -> str:
        """The body as latin-1."""
        return self.body.decode("latin-1")


class Client:
    """One connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = bytearray()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- sending -------------------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """These bytes, as they are."""
        self.sock.sendall(data)

    def request(self, method: str, target: str, *lines: str, body: bytes = b"", version: str = "1.1") -> Answer:
        """Send a request and read its answer. ``lines`` are header lines; Host and Content-Length are added."""
        self.begin(method, target, *lines, body=body, version=version)
        return self.answer(method)

    def begin(self, method: str, target: str, *lines: str, body: bytes = b"", version: str = "1.1") -> None:
        """Send a request only."""
        length = [f"Content-Length: {len(body)}"] if body else []
        head = [f"{method} {target} HTTP/{version}", "Host: test.example", *length, *lines, "", ""]
        self.send("\r\n".join(head).encode("latin-1") + body)

    def get(self, target: str, *lines: str) -> Answer:
        """GET and its answer."""
        return self.request("GET", target, *lines)

    def end_sending(self) -> None:
        """Half-close: nothing more will be sent."""
        socket.socket.shutdown(self.sock, socket.SHUT_WR)  # an SSLSocket would not read any more

    # --- receiving -----------------------------------------------------------------------------------------------

    def answer(self, method: str = "GET") -> Answer:
        """Read one final answer to a request with ``method``. Raises ``Truncated``."""
        head = self.head()
        while head.status < 200:
            head = self.head()
        return Answer(head.status, head.headers, self._body(head, method))

    def head(self) -> Head:
        """Read the head of an answer (of an interim one too)."""
        lines = self.until(b"\r\n\r\n")[:-4].split(b"\r\n")
        status = _STATUS.fullmatch(lines[0])
        assert status, f"bad status line {lines[0]!r}"
        fields = [_FIELD.fullmatch(line) for line in lines[1:]]
        assert all(fields), f"bad header in {lines[1:]!r}"
        pairs = [(field[1].decode().lower(), field[2].decode("latin-1")) for field in fields if field]
        return Head(int(status[1]), pairs)

    def _body(self, head: Head, method: str) -> bytes:
        codings, lengths = head.all("transfer-encoding"), head.all("content-length")
        assert not (codings and lengths), "both Content-Length and Transfer-Encoding"
        if method == "HEAD" or head.status in (204, 304):
            return b""
        if codings:
            assert codings == ["chunked"]
            return self._chunks()
        if lengths:
            (length,) = lengths
            return self.exactly(int(length))
        assert head.all("connection") == ["close"], "neither a length nor the end of the connection frames the body"
        return self.rest()

    def _chunks(self) -> bytes:
        body = b""
        while piece := self.chunk():
            body += piece
        return body

    def chunk(self) -> bytes:
        """One chunk; empty at the end of the body. Raises ``Truncated``."""
        size = int(self.until(b"\r\n")[:-2], 16)
        piece = self.exactly(size)
        assert self.exactly(2) == b"\r\n"
        return piece

    def until(self, end: bytes) -> bytes:
        """Bytes up to and with ``end``. Raises ``Truncated``."""
        while (at := self._buffer.find(end)) < 0:
            self._more()
        return self._take(at + len(end))

    def exactly(self, count: int) -> bytes:
        """``count`` bytes. Raises ``Truncated``."""
        while len(self._buffer) < count:
            self._more()
        return self._take(count)

    def rest(self) -> bytes:
        """All bytes until the server closes."""
        parts = [self._take(len(self._buffer))]
        while data := self._receive():
            parts.append(data)
        return b"".join(parts)

    def some(self) -> bytes:
        """Bytes, as soon as there are any. Raises ``Truncated`` at the end."""
        if not self._buffer:
            self._more()
        return self._take(len(self._buffer))

    def closed(self) -> bool:
        """Wait for the end of the connection; True where nothing more arrived before it."""
        return self.rest() == b""

    def _more(self) -> None:
        data = self._receive()
        if not data:
            raise Truncated(self._take(len(self._buffer)))
        self._buffer += data

    def _receive(self) -> bytes:
        try:
            return self.sock.recv(262144)
        except ConnectionResetError:
            return b""

    def _take(self, count: int) -> bytes:
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def close(self) -> None:
        """Close the connection; with bytes unread the peer sees a reset."""
        self.sock.close()
