"""An exchange around another, for layers that change what an answer says: by itself it passes everything on."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from hendrix.core.exchange import NO_MORE, Exchange, Raw, WebSocket
from hendrix.core.http import ResponseHeaders
from hendrix.core.prepared import Descriptor, Prepared


class Around:
    """See ``core.exchange.Exchange``. ``inner`` is the one within."""

    __slots__ = ("inner", "origin", "request", "request_id")

    def __init__(self, inner: Exchange) -> None:
        self.inner = inner
        self.request = inner.request
        self.origin = inner.origin
        self.request_id = inner.request_id

    @property
    def gone(self) -> bool:
        """See ``Exchange.gone``."""
        return self.inner.gone

    @property
    def started(self) -> bool:
        """See ``Exchange.started``."""
        return self.inner.started

    @property
    def writable(self) -> bool:
        """See ``Exchange.writable``."""
        return self.inner.writable

    @property
    def on_gone(self) -> Callable[[], None] | None:
        """See ``Exchange.on_gone``."""
        return self.inner.on_gone

    @on_gone.setter
    def on_gone(self, call: Callable[[], None] | None) -> None:
        self.inner.on_gone = call

    @property
    def on_drained(self) -> Callable[[], None] | None:
        """See ``Exchange.on_drained``."""
        return self.inner.on_drained

    @on_drained.setter
    def on_drained(self, call: Callable[[], None] | None) -> None:
        self.inner.on_drained = call

    @property
    def on_eof(self) -> Callable[[], None] | None:
        """See ``Exchange.on_eof``."""
        return self.inner.on_eof

    @on_eof.setter
    def on_eof(self, call: Callable[[], None] | None) -> None:
        self.inner.on_eof = call

    def pull(self, done: Callable[[bytes, bool], None]) -> None:
        """See ``Exchange.pull``."""
        self.inner.pull(done)

    def collect(self, done: Callable[[BinaryIO], None]) -> None:
        """See ``Exchange.collect``."""
        self.inner.collect(done)

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """See ``Exchange.respond``."""
        self.inner.respond(status, headers, body)

    def send(
        self,
        answer: Prepared,
        more: ResponseHeaders = NO_MORE,
        until: float = 0.0,
        still: Callable[[], bool] | None = None,
    ) -> None:
        """See ``Exchange.send``."""
        self.inner.send(answer, more, until, still)

    def inform(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.inform``."""
        self.inner.inform(status, headers)

    def upgrade(self, headers: ResponseHeaders, subprotocol: str) -> WebSocket:
        """See ``Exchange.upgrade``."""
        return self.inner.upgrade(headers, subprotocol)

    def take_over(self) -> Raw:
        """See ``Exchange.take_over``."""
        return self.inner.take_over()

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.start``."""
        self.inner.start(status, headers)

    def write(self, data: bytes) -> bool:
        """See ``Exchange.write``."""
        return self.inner.write(data)

    def send_file(self, file: Descriptor, offset: int, count: int) -> bool:
        """See ``Exchange.send_file``."""
        return self.inner.send_file(file, offset, count)

    def finish(self, trailers: ResponseHeaders | None = None) -> None:
        """See ``Exchange.finish``."""
        self.inner.finish(trailers)

    def abort(self) -> None:
        """See ``Exchange.abort``."""
        self.inner.abort()

    def when_sent(self, call: Callable[[], None]) -> None:
        """See ``Exchange.when_sent``."""
        self.inner.when_sent(call)
