"""The exchange of nobody: an answer is made in the background, to be kept."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO

from hendrix.core.errors import AnswerError
from hendrix.core.exchange import NO_MORE, Exchange, Raw, WebSocket
from hendrix.core.http import ResponseHeaders
from hendrix.core.prepared import Descriptor, Prepared


class Sink:
    """See ``core.exchange.Exchange``. It is like the exchange ``of`` a client, whose request gave the occasion."""

    def __init__(self, of: Exchange) -> None:
        self.request = of.request
        self.origin = of.origin
        self.request_id = of.request_id
        self.on_gone: Callable[[], None] | None = None
        self.on_drained: Callable[[], None] | None = None
        self.on_eof: Callable[[], None] | None = None
        self.gone = False
        self.started = False
        self.writable = True

    def pull(self, done: Callable[[bytes, bool], None]) -> None:
        """See ``Exchange.pull``."""
        done(b"", True)

    def collect(self, done: Callable[[BinaryIO], None]) -> None:
        """See ``Exchange.collect``."""
        done(BytesIO())

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """See ``Exchange.respond``."""
        self.started = self.gone = True

    def send(
        self,
        answer: Prepared,
        more: ResponseHeaders = NO_MORE,
        until: float = 0.0,
        still: Callable[[], bool] | None = None,
    ) -> None:
        """See ``Exchange.send``."""
        self.started = self.gone = True

    def inform(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.inform``."""

    def upgrade(self, headers: ResponseHeaders, subprotocol: str) -> WebSocket:
        """See ``Exchange.upgrade``."""
        raise AnswerError("there is no connection")

    def take_over(self) -> Raw:
        """See ``Exchange.take_over``."""
        raise AnswerError("there is no connection")

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.start``."""
        self.started = True

    def write(self, data: bytes) -> bool:
        """See ``Exchange.write``."""
        return True

    def send_file(self, file: Descriptor, offset: int, count: int) -> bool:
        """See ``Exchange.send_file``."""
        return True

    def finish(self, trailers: ResponseHeaders | None = None) -> None:
        """See ``Exchange.finish``."""
        self.gone = True

    def abort(self) -> None:
        """See ``Exchange.abort``."""
        self.gone = True

    def when_sent(self, call: Callable[[], None]) -> None:
        """See ``Exchange.when_sent``. Nobody waits for it."""
        call()
