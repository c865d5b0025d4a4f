"""One request and its answer on a stream of HTTP/2: ``core.exchange.Exchange`` for real."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from hendrix.core.errors import AnswerError
from hendrix.core.events import WARNING, emit
from hendrix.core.exchange import NO_MORE, Raw, WebSocket
from hendrix.core.http import Origin, Request, ResponseHeaders
from hendrix.core.prepared import Descriptor, Prepared
from hendrix.wire.hpack.literals import raw_string
from hendrix.wire.http2.fields import render
from hendrix.wire.http2.known import LONGEST_BODY
from hendrix.wire.http2.stream import Stream
from hendrix.wire.websocket.deflate import negotiate
from hendrix.wire.websocket.handshake import agreed_headers
from hendrix.worker.http2_file import FileSending
from hendrix.worker.http2_tunnel import Tunnel
from hendrix.worker.receiving import Receiving
from hendrix.worker.taking import MOST_WAITING

if TYPE_CHECKING:
    from hendrix.worker.http2_connection import Http2Connection

_NO_WEBSOCKET = "no WebSocket is served here"


class Http2Exchange(Receiving):
    """See ``core.exchange.Exchange``."""

    __slots__ = ("_connection", "_file", "_stream", "_then")

    def __init__(
        self, connection: Http2Connection, stream: Stream, request: Request, origin: Origin, now: float
    ) -> None:
        super().__init__(connection, request, origin, now)
        self._connection = connection
        self._stream = stream
        self._file: FileSending | None = None
        #: Waits for the answer to have left us.
        self._then: Callable[[], None] | None = None

    @property
    def writable(self) -> bool:
        """See ``Exchange.writable``."""
        # Nothing of the transport: whoever finds this false waits for ``on_drained``, which follows a full stream.
        return not self._stream.full

    # --- the request's body --------------------------------------------------------------------------------

    def collect(self, done: Callable[[BinaryIO], None]) -> None:
        """See ``Exchange.collect``. A WebSocket has no body: whoever waits for one takes it for something else."""
        if self.request.websocket:
            self.fail(501, _NO_WEBSOCKET)
        else:
            super().collect(done)

    def pull(self, done: Callable[[bytes, bool], None]) -> None:
        """See ``Exchange.pull``, and ``collect``."""
        if self.request.websocket:
            self.fail(501, _NO_WEBSOCKET)
        else:
            super().pull(done)

    def _ask(self, *, whole: bool) -> None:
        request = self.request
        connection = self._connection
        limits = connection.limits
        if request.expects_continue and not self.started:
            request.expects_continue = False
            connection.machine.answers.interim(self._stream, "100 Continue", [])
            connection.touch()
        if self._stream.receiving:
            connection.machine.widen(self._stream, limits.whole_window if whole else limits.wide_window)
            connection.touch()

    def _hold(self) -> None:
        self._connection.machine.hold(self._stream, time.monotonic())

    def _go_on(self) -> None:
        self._connection.machine.release(self._stream, time.monotonic())
        self._connection.touch()

    # --- the answer ----------------------------------------------------------------------------------------

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """See ``Exchange.respond``. Raises ``AnswerError`` with nothing sent."""
        if self.gone or self._is_refused(status):
            return
        self._connection.machine.answers.whole(self._stream, status, headers, body, self._extra())
        self.started = True
        self.status = status
        self.headers = headers
        self.sent = len(body) if self.request.method != "HEAD" else 0
        self._finish()

    def send(
        self,
        answer: Prepared,
        more: ResponseHeaders = NO_MORE,
        until: float = 0.0,
        still: Callable[[], bool] | None = None,
    ) -> None:
        """See ``Exchange.send``. Raises ``AnswerError`` with nothing sent."""
        if self.gone or self._is_refused(answer.status):
            return
        connection = self._connection
        recorded = connection.site.record is not None or connection.id_field in self.request.fields
        extra = self._extra() if recorded else b""
        if more:
            extra = render(more).plain() + extra
        stream = self._stream
        connection.machine.answers.ready(stream, answer, extra)
        self.started = True
        self.status = answer.status
        self.headers = [*answer.headers, *more] if more else answer.headers
        if not stream.silent:
            self.sent = answer.length
            if answer.file is not None:
                self._send(answer.file, answer.offset, answer.length, self.finish)
                return
            if until and not (recorded or more) and stream.block and self.request.repeats:
                self._remember(answer, until, still)
        self._finish()

    def _remember(self, answer: Prepared, until: float, still: Callable[[], bool] | None) -> None:
        if self.request.method == "GET" and answer.body and answer.length <= LONGEST_BODY:
            measures = self._connection.site.measures
            if measures is not None:
                still = measures.repeats(self, still)
            self._connection.machine.remember(self._stream, answer, until, still)

    def inform(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.inform``."""
        if not self.gone and not self.started:
            self._connection.machine.answers.interim(self._stream, status, headers)
            self._connection.touch()

    def upgrade(self, headers: ResponseHeaders, subprotocol: str) -> WebSocket:
        """See ``Exchange.upgrade``; RFC 8441 section 5."""
        connection = self._connection
        agreement = None
        if connection.site.config.ws_per_message_deflate and b"sec-websocket-extensions" in self.request.fields:
            agreement = negotiate(self.request.fields[b"sec-websocket-extensions"])
        headers = [*agreed_headers(subprotocol, agreement), *headers]
        connection.machine.answers.head(self._stream, "200 OK", headers, self._extra())
        early = self._inflow.rest() if self._inflow is not None else b""
        tunnel = Tunnel(connection, self._stream, agreement, early)
        self.started = self.complete = True
        self.status = "200 OK"
        self.headers = headers
        self._tell()
        self.close()
        return tunnel.socket

    def _is_refused(self, status: str) -> bool:
        """RFC 8441 section 4: a 2xx would be a WebSocket, of which whoever answers knows nothing."""
        if not self.request.websocket or status[:1] != "2":
            return False
        self.fail(501, _NO_WEBSOCKET)
        return True

    def take_over(self) -> Raw:
        """See ``Exchange.take_over``."""
        raise AnswerError("other requests share the connection (HTTP/2)")

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.start``. Raises ``AnswerError`` with nothing sent."""
        if self.gone or self._is_refused(status):
            return
        self._connection.machine.answers.head(self._stream, status, headers, self._extra())
        self.started = True
        self.status = status
        self.headers = headers
        self._connection.touch()

    def write(self, data: bytes) -> bool:
        """See ``Exchange.write``."""
        stream = self._stream
        if self.gone or (stream.full and self._is_too_far_behind()):
            return True
        count = self._connection.machine.answers.piece(stream, data)
        if count:
            self.sent += count
            self._connection.touch()
        return not stream.full

    def _is_too_far_behind(self) -> bool:
        """An answer that writes on although its peer takes little would fill the memory."""
        if self._stream.queued <= MOST_WAITING:
            return False
        emit("peer.too_far_behind", WARNING, id=self.request_id, bytes=self._stream.queued)
        self.abort()
        return True

    def send_file(self, file: Descriptor, offset: int, count: int) -> bool:
        """See ``Exchange.send_file``; the file is read piece by piece."""
        if self.gone:
            return True
        count = self._connection.machine.answers.fitting(self._stream, count)
        if not count:
            return True
        self.sent += count
        self._send(file, offset, count, self._file_sent)
        return False

    def _send(self, file: Descriptor, offset: int, count: int, done: Callable[[], None]) -> None:
        self._file = FileSending(self._connection, self._stream, file, offset, count, done, self.abort)
        self._file.go_on()

    def _file_sent(self) -> None:
        self._file = None
        if not self._stream.full:
            # Not from within the call that began the file: its caller has yet to learn that it must wait.
            self._connection.loop.call_soon(self.drained)

    def finish(self, trailers: ResponseHeaders | None = None) -> None:
        """See ``Exchange.finish``."""
        if self.gone:
            return
        self._file = None
        self._connection.machine.answers.end(self._stream, trailers)
        self._finish()

    def abort(self) -> None:
        """See ``Exchange.abort``."""
        if not self.gone:
            # What is written from here on goes nowhere; whoever answers hears of it in a turn of its own.
            self.gone = True
            self._file = None
            self._connection.abort_stream(self._stream)
            self._connection.loop.call_soon(self.lose)

    def _written(self, call: Callable[[], None]) -> None:
        if self.writable or self.gone:
            self._connection.loop.call_soon(call)
        else:
            self._then = call

    def _go_then(self) -> None:
        call, self._then = self._then, None
        if call is not None:
            call()

    def _extra(self) -> bytes:
        name = self._connection.id_name
        return name + raw_string(self.request_id.encode("ascii")) if name else b""

    def _finish(self) -> None:
        self.complete = True
        self._done = None
        self._tell()
        self.close()
        self._connection.settle(self._stream)
        self._let_go()

    def _let_go(self) -> None:
        """The stream has nothing more to tell, unless somebody waits for it to be taken.

        They know each other: a circle that only the collector would break.
        """
        if not self._stream.full:
            self._stream.owner = None

    def drained(self) -> None:
        """Little of the answer waits for the peer any more."""
        if self._file is not None:
            self._file.go_on()
        elif self.on_drained is not None:
            self.on_drained()
        elif self.complete:
            self._go_then()
            self._let_go()

    def lose(self) -> None:
        """See ``Receiving.lose``."""
        self._file = self._stream.owner = None
        super().lose()
        self._go_then()
