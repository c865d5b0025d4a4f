"""One request and its answer on an HTTP/1.1 connection: ``core.exchange.Exchange`` for real."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from hendrix.answer.failure import failure
from hendrix.core.errors import AnswerError
from hendrix.core.events import DEBUG, ERROR, WARNING, emit
from hendrix.core.exchange import NO_MORE, Raw, WebSocket
from hendrix.core.http import EVENT_STREAM, Origin, Request, ResponseHeaders
from hendrix.core.prepared import Descriptor, Prepared
from hendrix.wire.http1 import CONTINUE
from hendrix.wire.response import encode_lines
from hendrix.wire.websocket.deflate import negotiate
from hendrix.wire.websocket.handshake import accept_headers
from hendrix.worker.body import Body
from hendrix.worker.inflow import Inflow
from hendrix.worker.known import Known
from hendrix.worker.taking import MOST_WAITING

if TYPE_CHECKING:
    from hendrix.worker.connection import Connection

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9](?: [^\r\n]{0,100})?)")
_GOOD_ID = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")


class HttpExchange:
    """See ``core.exchange.Exchange``."""

    __slots__ = (
        "_body",
        "_connection",
        "_done",
        "_id",
        "_inflow",
        "began",
        "complete",
        "gone",
        "headers",
        "on_drained",
        "on_eof",
        "on_gone",
        "origin",
        "request",
        "sent",
        "started",
        "status",
    )

    def __init__(self, connection: Connection, request: Request, origin: Origin, now: float) -> None:
        self._connection = connection
        self.request = request
        self.origin = origin
        self._id = ""
        self._body: Body | None = None
        self._done: Callable[[BinaryIO], None] | None = None
        self._inflow: Inflow | None = None
        self.gone = False
        self.on_gone: Callable[[], None] | None = None
        self.on_drained: Callable[[], None] | None = None
        self.on_eof: Callable[[], None] | None = None
        #: Facts for the access log: loop time at the start, status, headers and body bytes of the answer.
        self.began = now
        self.status = ""
        self.headers: ResponseHeaders = []
        self.sent = 0
        #: The head of the answer is out; the whole answer is out.
        self.started = False
        self.complete = False

    @property
    def request_id(self) -> str:
        """See ``Exchange.request_id``. What nobody asks for is not made."""
        if not self._id:
            self._id = _request_id(self._connection, self.request)
        return self._id

    @property
    def writable(self) -> bool:
        """See ``Exchange.writable``."""
        return self._connection.writable

    # --- the request's body --------------------------------------------------------------------------------

    def collect(self, done: Callable[[BinaryIO], None]) -> None:
        """See ``Exchange.collect``."""
        length = self.request.length
        if not length:
            done(BytesIO())
            return
        if self._too_large(length):
            return
        self._body = Body(self._connection.site.budget)
        self._done = done
        if self.request.expects_continue:
            self._connection.send(CONTINUE)

    def pull(self, done: Callable[[bytes, bool], None]) -> None:
        """See ``Exchange.pull``."""
        if self.gone:
            return
        request = self.request
        if not request.length:
            done(b"", True)
            return
        if self._too_large(request.length):
            return
        if request.expects_continue and not self.started:
            self._connection.send(CONTINUE)
            request.expects_continue = False
        inflow = self._inflow
        if inflow is None:
            inflow = self._inflow = Inflow()
        inflow.pull(done)
        if inflow.full:
            self._connection.go_on_reading()
        inflow.settle()

    def take(self, data: bytes) -> None:
        """A piece of the body has arrived."""
        if self._body is not None:
            self._store(self._body, data)
        elif not (self.complete or self.gone):
            inflow = self._inflow
            if inflow is None:
                inflow = self._inflow = Inflow()
            if self._too_large(inflow.size + len(data)):
                return
            inflow.put(data)
            inflow.settle()
            if inflow.full:
                self._connection.hold_reading()

    def _store(self, body: Body, data: bytes) -> None:
        if self._too_large(body.size + len(data)):
            return
        try:
            body.write(data)
        except OSError as error:
            emit("request.cannot_store_body", ERROR, reason=str(error), bytes=body.size)
            self.fail(507, "the request cannot be stored")

    def end(self) -> None:
        """The body is complete."""
        if self._body is None and not (self.complete or self.gone):
            inflow = self._inflow
            if inflow is None:
                inflow = self._inflow = Inflow()
            inflow.end()
            inflow.settle()
            return
        done, self._done = self._done, None
        if done is not None and self._body is not None:
            done(self._body.file())

    def _too_large(self, size: int) -> bool:
        most = self._connection.site.config.client_max_body_size
        if not most or size <= most:
            return False
        if not self.complete:
            self.fail(413, f"the body is larger than {most} bytes")
        return True

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
        if site.record is not None:
            site.record(self, time.monotonic())
        return socket

    def take_over(self) -> Raw:
        """See ``Exchange.take_over``."""
        if self.started or self.gone:
            raise AnswerError("an answer has begun")
        raw = self._connection.take_over(self._tell)
        self.started = self.complete = True
        return raw

    def _tell(self, begin: bytes) -> None:
        """What whoever took the connection over has said first is what the request was answered."""
        said = _STATUS_LINE.match(begin)
        self.status = said[1].decode("latin-1") if said else "101 Switching Protocols"
        site = self._connection.site
        if site.record is not None:
            site.record(self, time.monotonic())

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

    def fail(self, code: int, reason: str) -> None:
        """Answer with an error page of the server, or break off where an answer has begun."""
        if self.gone or self.complete:
            return
        if self.started:
            self.abort()
            return
        status, headers, body = failure(code, reason, self.request.fields.get(b"accept", b""))
        emit("request.refused", WARNING if code >= 500 else DEBUG, status=code, reason=reason, id=self.request_id)
        on_gone, self.on_gone = self.on_gone, None
        self.respond(status, headers, body)
        # It was not its answer that did: whoever still waits for the body learns that none will come.
        self.gone = True
        if on_gone is not None:
            on_gone()

    def _extra(self) -> str:
        name = self._connection.site.config.request_id
        return f"{name}: {self.request_id}\r\n" if name else ""

    def _finish(self) -> None:
        self.complete = True
        self._done = None
        site = self._connection.site
        if site.record is not None:
            site.record(self, time.monotonic())
        self.close()
        self._connection.answered()

    # --- the end -------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """The worker drains: an event stream has no end of its own, and its client comes back, to another worker."""
        if not self.started or self.complete or not _is_event_stream(self.headers):
            return
        on_gone, self.on_gone = self.on_gone, None
        if on_gone is not None:
            on_gone()
        self.finish()
        self.gone = True

    def lose(self) -> None:
        """The peer is gone."""
        self.gone = True
        self._done = None
        on_gone, self.on_gone = self.on_gone, None
        if on_gone is not None and not self.complete:
            on_gone()
        self.close()

    def close(self) -> None:
        """The body is no longer needed."""
        # What the answer still reads of the body lives on in the file object that it was given.
        self._body = self._inflow = None
        # Bound methods of the answer, which knows this exchange: a circle that only the collector would break.
        self.on_gone = self.on_eof = self.on_drained = None


def _is_event_stream(headers: ResponseHeaders) -> bool:
    return any(name.lower() == "content-type" and EVENT_STREAM in value.lower() for name, value in headers)


def _request_id(connection: Connection, request: Request) -> str:
    """The id that the peer gave, if it can be trusted in a log line, else a new one."""
    given = request.fields.get(connection.id_field)
    if given is not None and _GOOD_ID.fullmatch(given):
        return given.decode("ascii")
    return connection.site.new_request_id()
