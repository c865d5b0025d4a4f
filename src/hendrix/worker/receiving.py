"""What an exchange does with a request, and how it ends, whatever carries it; its answer is the protocol's matter."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from io import BytesIO
from typing import BinaryIO, Protocol

from hendrix.answer.failure import failure
from hendrix.core.events import DEBUG, ERROR, WARNING, emit
from hendrix.core.http import EVENT_STREAM, Origin, Request, ResponseHeaders
from hendrix.worker.body import Body
from hendrix.worker.inflow import Inflow
from hendrix.worker.site import Site

_GOOD_ID = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")


class Carrier(Protocol):
    """The connection of an exchange, as far as that goes."""

    site: Site
    #: The field that carries a request's id, in lower case.
    id_field: bytes


class Receiving:
    """See ``core.exchange.Exchange``, of which a protocol adds the answer."""

    __slots__ = (
        "_body",
        "_carrier",
        "_done",
        "_id",
        "_inflow",
        "_when_sent",
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

    def __init__(self, carrier: Carrier, request: Request, origin: Origin, now: float) -> None:
        self._carrier = carrier
        self.request = request
        self.origin = origin
        self._id = ""
        self._body: Body | None = None
        self._done: Callable[[BinaryIO], None] | None = None
        self._inflow: Inflow | None = None
        self._when_sent: Callable[[], None] | None = None
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
            self._id = _request_id(self._carrier, self.request)
        return self._id

    # --- the request's body --------------------------------------------------------------------------------

    def collect(self, done: Callable[[BinaryIO], None]) -> None:
        """See ``Exchange.collect``."""
        length = self.request.length
        if not length:
            done(BytesIO())
            return
        if self._too_large(length):
            return
        self._body = Body(self._carrier.site.budget)
        self._done = done
        self._ask(whole=True)

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
        self._ask(whole=False)
        inflow = self._inflow
        if inflow is None:
            inflow = self._inflow = Inflow()
        inflow.pull(done)
        if inflow.full:
            self._go_on()
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
                self._hold()

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
        most = self._carrier.site.config.client_max_body_size
        if not most or size <= most:
            return False
        if not self.complete:
            self.fail(413, f"the body is larger than {most} bytes")
        return True

    # --- of the protocol -------------------------------------------------------------------------------------

    def _ask(self, *, whole: bool) -> None:
        """The body is wanted, as a whole or piece by piece: tell a peer that waits for that (``100 Continue``)."""
        raise NotImplementedError

    def _hold(self) -> None:
        """More has come than is wanted for now: the peer is to wait."""
        raise NotImplementedError

    def _go_on(self) -> None:
        """The reverse of ``_hold``; safe to call without it."""
        raise NotImplementedError

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        """See ``Exchange.respond``."""
        raise NotImplementedError

    def finish(self, trailers: ResponseHeaders | None = None) -> None:
        """See ``Exchange.finish``."""
        raise NotImplementedError

    def abort(self) -> None:
        """See ``Exchange.abort``."""
        raise NotImplementedError

    def _written(self, call: Callable[[], None]) -> None:
        """The answer is over: have ``call()`` made when little of it waits for the peer, or the peer is gone."""
        raise NotImplementedError

    # --- the end ---------------------------------------------------------------------------------------------

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

    def _tell(self) -> None:
        """Of an exchange that is over, where anybody asks."""
        site = self._carrier.site
        if site.record is not None:
            site.record(self, time.monotonic())
        if site.over is not None:
            site.over(self)

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
        if not self.complete and self._carrier.site.over is not None:
            self._carrier.site.over(self)
        self.close()

    def close(self) -> None:
        """The body is no longer needed."""
        # What the answer still reads of the body lives on in the file object that it was given.
        self._body = self._inflow = None
        # Bound methods of the answer, which knows this exchange: a circle that only the collector would break.
        self.on_gone = self.on_eof = self.on_drained = None
        if self._when_sent is not None:
            call, self._when_sent = self._when_sent, None
            self._written(call)

    def when_sent(self, call: Callable[[], None]) -> None:
        """See ``Exchange.when_sent``."""
        self._when_sent = call
        if self.complete or self.gone:
            self.close()


def _is_event_stream(headers: ResponseHeaders) -> bool:
    return any(name.lower() == "content-type" and EVENT_STREAM in value.lower() for name, value in headers)


def _request_id(carrier: Carrier, request: Request) -> str:
    """The id that the peer gave, if it can be trusted in a log line, else a new one."""
    given = request.fields.get(carrier.id_field)
    if given is not None and _GOOD_ID.fullmatch(given):
        return given.decode("ascii")
    return carrier.site.new_request_id()
