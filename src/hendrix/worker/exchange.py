"""One request and its answer on an HTTP/1.1 connection: ``core.exchange.Exchange`` for real."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from hendrix.core.errors import AnswerError
from hendrix.core.events import WARNING, emit
from hendrix.core.exchange import NO_MORE, Raw, WebSocket
from hendrix.core.http import Origin, Request, ResponseHeaders
from hendrix.core.prepared import Descriptor, Prepared
from hendrix.wire.http1 import CONTINUE
from hendrix.wire.response import encode_lines
from hendrix.wire.websocket.deflate import negotiate
from hendrix.wire.websocket.handshake import accept_headers
from hendrix.worker.known import Known
from hendrix.worker.receiving import Receiving
from hendrix.worker.taking import MOST_WAITING

if TYPE_CHECKING:
    from hendrix.worker.connection import Connection

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9](?: [^\r\n]{0,100})?)")


class HttpExchange(Receiving):
    """See ``core.exchange.Exchange``."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection, request: Request, origin: Origin, now: float) -> None:
        super().__init__(connection, request, origin, now)
        self._connection = connection

    @property
    def writable(self) -> bool:
        """See ``Exchange.writable``."""
        return self._connection.writable

    # --- the request's body --------------------------------------------------------------------------------

    def _ask(self, *, whole: bool) -> None:
        if self.request.expects_continue and not self.started:
            self.request.expects_continue = False
            self._connection.send(CONTINUE)

    def _hold(self) -> None:
        self._connection.hold_reading()

    def _go_on(self) -> None:
        self._connection.go_on_reading()

    # --- the answer ----------------------------------------------------------------------------------------

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """See ``Exchange.respond``. Raises ``AnswerError`` with nothing sent."""
        if self.gone:
            return
        connection = self._connection
        if connection.machine.receiving or connection.site.draining:
            connection.finish_here()
        data = connection.machine.whole(status, headers, body, connection.common, self._extra())
        self.started = True
        self.status = status
        self.headers = headers
        self.sent = len(body) if self.request.method != "HEAD" else 0
        connection.send(data)
        self._finish()

    def send(
        self,
        answer: Prepared,
        more: ResponseHeaders = NO_MORE,
        until: float = 0.0,
        still: Callable[[], bool] | None = None,
    ) -> None:
        """See ``Exchange.send``. Raises ``AnswerError`` with nothing sent."""
        if self.gone:
            return
        connection = self._connection
        if connection.machine.receiving or connection.site.draining:
            connection.finish_here()
        recorded = connection.site.record is not None or connection.id_field in self.request.fields
        # An id that stands in no log tells nothing.
        extra = self._extra().encode("latin-1") if recorded else b""
        if more:
            extra = encode_lines(more) + extra
        head = connection.machine.ready(answer, connection.common, extra)
        self.started = True
        self.status = answer.status
        self.headers = [*answer.headers, *more] if more else answer.headers
        if self.request.method == "HEAD":
            connection.send(head)
        elif answer.file is None:
            self.sent = answer.length
            if until and not recorded and not more and not connection.known.full:
                if connection.site.measures is not None:
                    still = connection.site.measures.repeats(self, still)
                known = Known(head, answer.body, until, still)
                connection.known.remember(connection.machine.head_alone, self.request, known)
            connection.send_parts(head, answer.body)
        else:
            self.sent = answer.length
            connection.send_file(answer.file, answer.offset, answer.length, head, b"", self._finish)
            return
        self._finish()

    def inform(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.inform``. Raises ``AnswerError`` with nothing sent."""
        data = self._connection.machine.interim(status, headers)
        if data and not self.gone and not self.started:
            self._connection.send(data)

    def upgrade(self, headers: ResponseHeaders, subprotocol: str) -> WebSocket:
        """See ``Exchange.upgrade``."""
        site = self._connection.site
        agreement = None
        if site.config.ws_per_message_deflate and b"sec-websocket-extensions" in self.request.fields:
            agreement = negotiate(self.request.fields[b"sec-websocket-extensions"])
        key = self.request.fields[b"sec-websocket-key"]
        headers = [*accept_headers(key, subprotocol, agreement), *headers]
        socket = self._connection.upgrade(headers, agreement)
        self.started = self.complete = True
        self.status = "101 Switching Protocols"
        self.headers = headers
        self._tell()
        return socket

    def take_over(self) -> Raw:
        """See ``Exchange.take_over``."""
        if self.started or self.gone:
            raise AnswerError("an answer has begun")
        raw = self._connection.take_over(self._tell_of)
        self.started = self.complete = True
        return raw

    def _tell_of(self, begin: bytes) -> None:
        """What whoever took the connection over has said first is what the request was answered."""
        said = _STATUS_LINE.match(begin)
        self.status = said[1].decode("latin-1") if said else "101 Switching Protocols"
        self._tell()

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.start``. Raises ``AnswerError`` with nothing sent."""
        if self.gone:
            return
        connection = self._connection
        if connection.site.draining:
            connection.machine.keep_alive = False
        data = connection.machine.head(status, headers, connection.common, self._extra())
        self.started = True
        self.status = status
        self.headers = headers
        connection.send(data)

    def write(self, data: bytes) -> bool:
        """See ``Exchange.write``."""
        if self.gone or (not self._connection.writable and self._is_too_far_behind()):
            return True
        framed = self._connection.machine.piece(data)
        if not framed:
            return True
        self.sent += len(data)
        self._connection.send(framed)
        return self._connection.takes_more

    def _is_too_far_behind(self) -> bool:
        """An answer that writes on although its peer takes little would fill the memory."""
        if self._connection.waiting <= MOST_WAITING:
            return False
        emit("peer.too_far_behind", WARNING, id=self.request_id, bytes=self._connection.waiting)
        self.abort()
        return True

    def send_file(self, file: Descriptor, offset: int, count: int) -> bool:
        """See ``Exchange.send_file``."""
        if self.gone:
            return True
        before, count, behind = self._connection.machine.file_piece(count)
        if not count:
            return True
        self.sent += count
        self._connection.send_file(file, offset, count, before, behind)
        return False

    def finish(self, trailers: ResponseHeaders | None = None) -> None:
        """See ``Exchange.finish``."""
        if self.gone:
            return
        connection = self._connection
        end = connection.machine.end(trailers)
        if connection.machine.receiving:
            # Only now, for an answer may begin while it still reads the request.
            connection.finish_here()
        if end:
            connection.send(end)
        self._finish()

    def abort(self) -> None:
        """See ``Exchange.abort``."""
        if not self.gone:
            self._connection.abort()

    def _written(self, call: Callable[[], None]) -> None:
        self._connection.when_written(call)

    def _extra(self) -> str:
        name = self._connection.site.config.request_id
        return f"{name}: {self.request_id}\r\n" if name else ""

    def _finish(self) -> None:
        self.complete = True
        self._done = None
        self._tell()
        self.close()
        self._connection.answered()
