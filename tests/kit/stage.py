"""An exchange that keeps what an answer does with it, for tests of answers without a connection."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO

from hendrix.core.exchange import NO_MORE
from hendrix.core.http import Origin, Request, ResponseHeaders
from hendrix.core.prepared import Descriptor, Prepared

PEER = Origin(("192.0.2.1", 40000), ("198.51.100.1", 80), "http")


def request(target: bytes = b"/", *headers: tuple[bytes, bytes], method: str = "GET", length: int = 0) -> Request:
    """A request as the wire would make it."""
    path, _, query = target.partition(b"?")
    made = Request(method, target, path, query, "1.1", list(headers), b"test.example", length)
    for name, value in headers:
        made.fields[name] = made.fields[name] + b", " + value if name in made.fields else value
    return made


class FakeExchange:
    """See ``hendrix.core.exchange.Exchange``."""

    def __init__(self, request: Request, origin: Origin = PEER, body: bytes = b"") -> None:
        self.request = request
        self.origin = origin
        self.request_id = "id-1"
        self.gone = False
        self.started = False
        self.finished = False
        self.aborted = False
        self.on_eof: Callable[[], None] | None = None
        self.on_gone: Callable[[], None] | None = None
        self.on_drained: Callable[[], None] | None = None
        self.on_eof: Callable[[], None] | None = None
        self.writable = True
        self.status = ""
        self.headers: ResponseHeaders = []
        self.pieces: list[bytes] = []
        self._body = body

    @property
    def body(self) -> bytes:
        """What was sent so far."""
        return b"".join(self.pieces)

    def pull(self, done: Callable[[bytes, bool], None]) -> None:
        done(self._body, True)

    def collect(self, done: Callable[[BinaryIO], None]) -> None:
        done(BytesIO(self._body))

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        self.start(status, headers)
        self.pieces.append(body)
        self.finish()

    def send(
        self,
        answer: Prepared,
        more: ResponseHeaders = NO_MORE,
        until: float = 0.0,
        still: Callable[[], bool] | None = None,
    ) -> None:
        self.start(answer.status, [*answer.headers, *more])
        if self.request.method != "HEAD":
            self.pieces.append(_content(answer))
        self.finish()

    def send_file(self, file: Descriptor, offset: int, count: int) -> bool:
        self.pieces.append(os.pread(file.fileno(), count, offset))
        return True

    def start(self, status: str, headers: ResponseHeaders) -> None:
        assert not self.started
        self.started = True
        self.status, self.headers = status, headers

    def write(self, data: bytes) -> bool:
        self.pieces.append(data)
        return self.writable

    def finish(self, trailers: ResponseHeaders | None = None) -> None:
        assert not self.finished
        self.finished = True

    def abort(self) -> None:
        self.aborted = True

    def when_sent(self, call: Callable[[], None]) -> None:
        assert self.finished or self.aborted or self.gone
        call()


def _content(answer: Prepared) -> bytes:
    return answer.body if answer.file is None else os.pread(answer.file.fileno(), answer.length, answer.offset)
