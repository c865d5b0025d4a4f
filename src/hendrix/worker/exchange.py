"""One request and its answer on an HTTP/1.1 connection: ``core.exchange.Exchange`` for real."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from hendrix.answer.failure import failure
from hendrix.core.events import DEBUG, ERROR, WARNING, emit
from hendrix.core.http import Origin, Request, ResponseHeaders
from hendrix.wire.http1 import CONTINUE
from hendrix.worker.body import Body

if TYPE_CHECKING:
    from hendrix.worker.connection import Connection

_GOOD_ID = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")


class HttpExchange:
    """See ``core.exchange.Exchange``."""

    __slots__ = (
        "_body",
        "_connection",
        "_done",
        "began",
        "complete",
        "gone",
        "headers",
        "needs_peer",
        "on_drained",
        "on_gone",
        "origin",
        "request",
        "request_id",
        "sent",
        "started",
        "status",
    )

    def __init__(self, connection: Connection, request: Request, origin: Origin, now: float) -> None:
        self._connection = connection
        self.request = request
        self.origin = origin
        self.request_id = _request_id(connection, request)
        self._body: Body | None = None
        self._done: Callable[[BinaryIO], None] | None = None
        self.gone = False
        self.needs_peer = False
        self.on_gone: Callable[[], None] | None = None
        self.on_drained: Callable[[], None] | None = None
        #: Facts for the access log: loop time at the start, status, headers and body bytes of the answer.
        self.began = now
        self.status = ""
        self.headers: ResponseHeaders = []
        self.sent = 0
        #: The head of the answer is out; the whole answer is out.
        self.started = False
        self.complete = False

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

    def take(self, data: bytes) -> None:
        """A piece of the body has arrived."""
        body = self._body
        if body is None or self._too_large(body.size + len(data)):
            return
        try:
            body.write(data)
        except OSError as error:
            emit("request.cannot_store_body", ERROR, reason=str(error), bytes=body.size)
            self.fail(507, "the request cannot be stored")

    def end(self) -> None:
        """The body is complete."""
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
        data = connection.machine.whole(status, headers, body, connection.site.common, self._extra())
        self.started = True
        self.status = status
        self.headers = headers
        self.sent = len(body) if self.request.method != "HEAD" else 0
        connection.send(data)
        self._finish()

    def start(self, status: str, headers: ResponseHeaders) -> None:
        """See ``Exchange.start``. Raises ``AnswerError`` with nothing sent."""
        if self.gone:
            return
        connection = self._connection
        if connection.machine.receiving or connection.site.draining:
            connection.finish_here()
        data = connection.machine.head(status, headers, connection.site.common, self._extra())
        self.started = True
        self.status = status
        self.headers = headers
        connection.send(data)

    def write(self, data: bytes) -> bool:
        """See ``Exchange.write``."""
        if self.gone:
            return True
        framed = self._connection.machine.piece(data)
        if not framed:
            return True
        self.sent += len(data)
        self._connection.send(framed)
        return self._connection.writable

    def send_file(self, file: BinaryIO, offset: int, count: int) -> bool:
        """See ``Exchange.send_file``."""
        if self.gone:
            return True
        before, count, behind = self._connection.machine.file_piece(count)
        if not count:
            return True
        self.sent += count
        self._connection.send_file(file, offset, count, before, behind)
        return False

    def finish(self) -> None:
        """See ``Exchange.finish``."""
        if self.gone:
            return
        end = self._connection.machine.end()
        if end:
            self._connection.send(end)
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
        self.respond(status, headers, body)

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
        self._body = None


def _request_id(connection: Connection, request: Request) -> str:
    """The id that the peer gave, if it can be trusted in a log line, else a new one."""
    given = request.fields.get(connection.id_field)
    if given is not None and _GOOD_ID.fullmatch(given):
        return given.decode("ascii")
    return connection.site.new_request_id()
