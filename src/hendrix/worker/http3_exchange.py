"""One request and its answer on a stream of HTTP/3: what HTTP/2 makes of it, but for the form of the fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from hendrix.core.errors import AnswerError
from hendrix.core.exchange import NO_MORE, WebSocket
from hendrix.core.http import Origin, Request, ResponseHeaders
from hendrix.core.prepared import Prepared
from hendrix.wire.http3.stream import Stream
from hendrix.wire.response import encode_lines
from hendrix.worker.http2_exchange import Http2Exchange

if TYPE_CHECKING:
    from hendrix.wire.http2.stream import Stream as Http2Stream
    from hendrix.worker.http2_connection import Http2Connection
    from hendrix.worker.http3_connection import Http3Connection


class Http3Exchange(Http2Exchange):
    """See ``core.exchange.Exchange``."""

    __slots__ = ()

    def __init__(
        self, connection: Http3Connection, stream: Stream, request: Request, origin: Origin, now: float
    ) -> None:
        # Connection and stream have what the exchange asks of those of HTTP/2.
        super().__init__(cast("Http2Connection", connection), cast("Http2Stream", stream), request, origin, now)

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
        connection, stream = self._connection, self._stream
        recorded = connection.site.record is not None or connection.id_field in self.request.fields
        extra = str(self._extra()).encode("latin-1") if recorded else b""
        if more:
            extra = encode_lines(more) + extra
        connection.machine.answers.ready(stream, answer, extra)
        self.started = True
        self.status = answer.status
        self.headers = [*answer.headers, *more] if more else answer.headers
        if not stream.silent:
            self.sent = answer.length
            if answer.file is not None:
                self._send(answer.file, answer.offset, answer.length, self.finish)
                return
        self._finish()

    def upgrade(self, headers: ResponseHeaders, subprotocol: str) -> WebSocket:
        """See ``Exchange.upgrade``; RFC 9220 is not spoken, and no peer is told that it is."""
        raise AnswerError("no WebSocket is served over HTTP/3")

    def _extra(self) -> bytes:
        name = self._connection.site.config.request_id
        # Lines of HTTP/1.1 are what ``wire.http3.answers`` adds to.
        return cast("bytes", f"{name}: {self.request_id}\r\n" if name else "")
