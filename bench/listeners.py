"""`python3 -m bench.listeners PORT COUNT events|websocket`: a crowd that holds open what never ends.

Each opens an event stream, or a WebSocket on which one message is echoed. Prints how many have come so far that they
only wait, and after how many seconds. Then, for each line on stdin, `?`: how many still are open; `publish`: how many
have heard the event that `/publish` was asked for, and after how many seconds the last had. Ends with its stdin.
"""

import base64
import json
import os
import select
import socket
import sys
import time
from dataclasses import dataclass, field

from bench.process import raise_file_limit

_PATIENCE = 90.0  # seconds until whoever has not come so far gives up
_UNHEARD = 30.0  # and whoever has not heard an event
_AT_ONCE = 100
_SOURCES = 4
_KEY = base64.b64encode(bytes(16)).decode()
_HEAD = "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: crowd\r\n{more}\r\n"
_UPGRADE = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {_KEY}\r\n"
_NEWS = b"data: news\n\n"


@dataclass(frozen=True)
class Kind:
    """What is sent at first, what is sent when `greeting` was read, and what is read when it only waits."""

    request: bytes
    greeting: bytes
    reply: bytes = b""
    settled: bytes = b""


def _masked(text: bytes) -> bytes:
    """A text frame as clients send it (RFC 6455 section 5.2), with a mask of zeros."""
    return bytes((0x81, 0x80 | len(text))) + bytes(4) + text


KINDS = {
    "events": Kind(_HEAD.format(path="/events", more="Accept: text/event-stream\r\n").encode(), b"data: welcome\n\n"),
    "websocket": Kind(
        _HEAD.format(path="/", more=_UPGRADE).encode(), b"\r\n\r\n", _masked(b"hello"), b"\x81\x05hello"
    ),
}
HALL = Kind(_HEAD.format(path="/hall", more=_UPGRADE).encode(), b"\r\n\r\n", _masked(b"hello"), b"\x81\x05hello")
"""See `bench.audience`."""


@dataclass
class Crowd:
    """All of them, on one thread."""

    port: int
    kind: Kind
    poll: select.epoll = field(default_factory=select.epoll)
    sockets: dict[int, socket.socket] = field(default_factory=dict)
    #: What was read of those that do not wait yet, and what each of them waits for.
    reading: dict[int, bytes] = field(default_factory=dict)
    awaited: dict[int, bytes] = field(default_factory=dict)

    def gather(self, count: int) -> int:
        """Open `count`, some at a time; how many have come so far that they only wait."""
        deadline, opened, settled = time.monotonic() + _PATIENCE, 0, 0
        while settled < count and time.monotonic() < deadline:
            while opened < count and len(self.reading) < _AT_ONCE:
                self._open(opened)
                opened += 1
            settled += self._read(1.0)
            if opened == count and not self.reading:
                break
        return settled

    def leave_out_late(self) -> None:
        """Those that have not come so far that they only wait."""
        for fd in list(self.reading):
            self.poll.unregister(fd)
            self.sockets.pop(fd).close()
            del self.reading[fd]

    def _open(self, number: int) -> None:
        one = socket.socket()
        try:
            one.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
            one.bind((f"127.0.0.{number % _SOURCES + 1}", 0))
            one.connect(("127.0.0.1", self.port))
            one.sendall(self.kind.request)
        except OSError:
            one.close()
            return
        one.setblocking(False)
        fd = one.fileno()
        self.sockets[fd], self.reading[fd], self.awaited[fd] = one, b"", self.kind.greeting
        self.poll.register(fd, select.EPOLLIN)

    def _read(self, seconds: float) -> int:
        """Read whatever has come; how many have got what they waited for and wait for nothing more."""
        settled = 0
        for fd, _ in self.poll.poll(seconds, 4096):
            data = self._received(fd)
            if fd not in self.reading:
                continue
            read = self.reading[fd] + data
            found = read.find(self.awaited[fd])
            if found < 0:
                self.reading[fd] = read
            elif self.kind.reply and self.awaited[fd] == self.kind.greeting:
                self.awaited[fd], self.reading[fd] = self.kind.settled, read[found + len(self.kind.greeting) :]
                self.sockets[fd].sendall(self.kind.reply)
            else:
                del self.reading[fd]
                settled += 1
        return settled

    def _received(self, fd: int) -> bytes:
        try:
            data = self.sockets[fd].recv(4096)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self.poll.unregister(fd)
            self.sockets.pop(fd).close()
            self.reading.pop(fd, None)
        return data

    def alive(self) -> int:
        """How many are open."""
        while self.poll.poll(0, 1):
            self._read(0)
        return len(self.sockets)

    def publish(self) -> tuple[int, float]:
        """Have an event sent to all; how many heard it, and seconds until the last did."""
        self.alive()
        for fd in self.sockets:
            self.reading[fd], self.awaited[fd] = b"", _NEWS
        with socket.create_connection(("127.0.0.1", self.port)) as one:
            begun = last = time.monotonic()
            one.sendall(_HEAD.format(path="/publish", more="").encode())
            heard = 0
            while self.reading and time.monotonic() < begun + _UNHEARD:
                more = self._read(1.0)
                heard += more
                last = time.monotonic() if more else last
        self.reading.clear()
        return heard, last - begun


def main() -> None:
    """See the head of this file."""
    raise_file_limit()
    crowd, begun = Crowd(int(sys.argv[1]), KINDS[sys.argv[3]]), time.monotonic()
    settled = crowd.gather(int(sys.argv[2]))
    print(json.dumps({"open": settled, "seconds": time.monotonic() - begun}), flush=True)
    for line in sys.stdin:
        heard, seconds = crowd.publish() if line.strip() == "publish" else (crowd.alive(), 0.0)
        print(json.dumps({"open": heard, "seconds": seconds}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
