"""HTTP requests for ASGI applications (ASGI 3, "HTTP & WebSocket ASGI Message Format").

One task per request and no thread. The usual answer, a start and one body, goes out in one piece; a stream goes no
faster than the peer takes it, and a request's body comes no faster than the application asks for it.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, BinaryIO

from hendrix.answer.asgi_headers import native, status_line
from hendrix.answer.asgi_scope import Host, Message, PeerGone, http_scope, means_gone
from hendrix.answer.failure import failure
from hendrix.core.errors import AnswerError
from hendrix.core.events import ERROR, emit
from hendrix.core.exchange import Answer, Exchange
from hendrix.core.http import ResponseHeaders
from hendrix.core.request_id import named

#: Nothing sent yet; a start received; the head sent; the body sent and trailers due; all sent, or given up.
_NEW, _STARTED, _STREAMING, _TRAILERS, _DONE = range(5)
_BODY_DUE = (_STARTED, _STREAMING)
#: What an application may send of a body that nobody will see, before it is told that nobody does.
_UNSEEN = 1024 * 1024
_WITHOUT_CONTENT = ("204", "304")


def asgi_http(host: Host) -> Answer:
    """The answer that ``host.application`` gives to HTTP requests."""

    def answer(exchange: Exchange) -> None:
        call = Call(host, exchange)
        call.task = host.tasks.start(call.run())

    return answer


class Call:
    """One call of the application."""

    __slots__ = (
        "_drained",
        "_exchange",
        "_headers",
        "_host",
        "_left",
        "_piece",
        "_pulling",
        "_state",
        "_status",
        "_trailers",
        "_unread",
        "_unseen",
        "_waiters",
        "_watched",
        "task",
    )

    def __init__(self, host: Host, exchange: Exchange) -> None:
        #: The one that runs it.
        self.task: asyncio.Task[None]
        self._host = host
        self._exchange = exchange
        self._state = _NEW
        self._status = ""
        self._headers: ResponseHeaders = []
        #: Bytes of the stated length that are still to be sent; -1: none was stated.
        self._left = -1
        self._trailers: ResponseHeaders | None = None
        self._unseen = -1
        #: Has the application still to receive of the body; has more been asked for; what came.
        self._unread = True
        self._pulling = False
        self._piece: Message | None = None
        #: The peer sends no more, which may mean that it is gone.
        self._watched = False
        self._waiters: list[asyncio.Future[None]] | None = None
        self._drained: asyncio.Future[None] | None = None
        exchange.on_gone = self._on_gone
        exchange.on_eof = self._on_eof

    async def run(self) -> None:
        """See it through. Never raises."""
        host, exchange = self._host, self._exchange
        named.set(exchange.request_id)  # the context is the task's own
        try:
            await host.application(http_scope(host, exchange), self.receive, self.send)
        except BaseException as error:
            # SystemExit and the like end a request, not the loop that serves others.
            self._report(error)
        else:
            if self._state != _DONE and not exchange.gone:
                self._break_off("the application returned before its answer was complete")
        finally:
            host.tasks.leave(self.task)
            exchange.on_gone = exchange.on_eof = exchange.on_drained = None

    # --- receive -------------------------------------------------------------------------------------------

    async def receive(self) -> Message:
        """The next event of the request: a piece of its body, or that the peer is gone or answered."""
        if self._unread:
            if not self._exchange.request.length:
                self._unread = False
                if not self._over:
                    return {"type": "http.request", "body": b"", "more_body": False}
            piece = await self._next_piece()
            if piece is not None:
                return piece
        while not self._over:
            await self._wait()
        return {"type": "http.disconnect"}

    @property
    def _over(self) -> bool:
        return self._state == _DONE or self._watched or self._exchange.gone or self._unseen >= 0

    async def _next_piece(self) -> Message | None:
        """None: there will be none."""
        while self._piece is None and self._unread and self._state != _DONE and not self._exchange.gone:
            if not self._pulling:
                self._pulling = True
                self._exchange.pull(self._on_piece)
            else:
                await self._wait()
        piece, self._piece = self._piece, None
        if piece is not None:
            self._unread = piece["more_body"]
        return piece

    async def _wait(self) -> None:
        future: asyncio.Future[None] = self._host.tasks.loop.create_future()
        if self._waiters is None:
            self._waiters = [future]
        else:
            self._waiters.append(future)
        await future

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, None
        for future in waiters or ():
            if not future.done():
                future.set_result(None)

    def _on_piece(self, data: bytes, last: bool) -> None:
        self._pulling = False
        self._piece = {"type": "http.request", "body": data, "more_body": not last}
        self._wake()

    def _on_gone(self) -> None:
        self._wake()
        self._on_drained()

    def _on_eof(self) -> None:
        self._watched = True
        self._wake()

    # --- send ----------------------------------------------------------------------------------------------

    async def send(self, message: Message) -> None:
        """An event of the answer. Raises ``PeerGone``, or ``AnswerError`` for what HTTP cannot carry."""
        if self._exchange.gone:
            raise PeerGone("the peer is gone")
        kind = message["type"]
        state = self._state
        if kind == "http.response.start" and state == _NEW:
            self._status = status_line(message["status"])
            self._headers, self._left = native(message.get("headers", ()))
            if message.get("trailers"):
                self._trailers = []
            self._state = _STARTED
        elif kind == "http.response.body" and state in _BODY_DUE:
            body = message.get("body", b"")
            if type(body) is not bytes:
                body = _as_bytes(body)
            more = message.get("more_body", False)
            if not more and state == _STARTED and self._trailers is None:
                self._respond(body)
            else:
                await self._write(body, more)
        else:
            await self._rare(kind, message)

    async def _rare(self, kind: str, message: Message) -> None:
        state = self._state
        if kind == "http.response.pathsend" and state == _STARTED:
            await self._send_path(message["path"])
        elif kind == "http.response.trailers" and state == _TRAILERS:
            self._take_trailers(message)
        elif kind == "http.response.early_hint" and state == _NEW:
            self._exchange.inform("103 Early Hints", [("Link", link.decode("latin-1")) for link in message["links"]])
        elif state == _DONE:
            raise RuntimeError(f"{kind!r} was sent after the answer was complete")
        else:
            raise RuntimeError(f"{kind!r} may not be sent now")

    async def _write(self, body: bytes, more: bool) -> None:
        if self._state == _STARTED:
            self._begin()
        if self._unseen >= 0:
            await self._drop(body, more)
            return
        if self._left >= 0:
            self._count(len(body))
        writable = self._exchange.write(body)
        if not more:
            self._end_body()
        elif not writable:
            await self._drain()

    def _respond(self, body: bytes) -> None:
        """The whole answer at once."""
        exchange = self._exchange
        length = self._left
        if 0 <= length != len(body) and exchange.request.method != "HEAD" and self._status[:3] not in _WITHOUT_CONTENT:
            raise AnswerError(f"the body has {len(body)} bytes, and Content-Length says {length}")
        exchange.respond(self._status, self._headers, body)
        self._complete()

    def _begin(self) -> None:
        """The head of an answer that comes in pieces."""
        exchange = self._exchange
        exchange.start(self._status, self._headers)
        self._state = _STREAMING
        if exchange.request.method == "HEAD" or self._status[:3] in _WITHOUT_CONTENT:
            self._unseen = 0
            exchange.finish()
            self._wake()

    async def _drop(self, body: bytes, more: bool) -> None:
        """Nobody sees this body: an application that never ends must not take the loop for it."""
        self._unseen += len(body)
        if not more:
            self._complete()
        elif self._unseen > _UNSEEN:
            raise PeerGone("nobody sees this body")
        else:
            await asyncio.sleep(0)

    def _count(self, size: int) -> None:
        if size > self._left:
            raise AnswerError("the body is longer than its Content-Length")
        self._left -= size

    def _end_body(self) -> None:
        if self._left > 0:
            raise AnswerError(f"the body is {self._left} bytes shorter than its Content-Length")
        if self._trailers is not None:
            self._state = _TRAILERS
            return
        self._exchange.finish()
        self._complete()

    def _take_trailers(self, message: Message) -> None:
        assert self._trailers is not None
        self._trailers += native(message.get("headers", ()))[0]
        if not message.get("more_trailers", False):
            self._exchange.finish(self._trailers)
            self._complete()

    async def _send_path(self, path: str) -> None:
        """Extension "Path Send": a whole file, by sendfile."""
        with open(path, "rb") as file:  # noqa: ASYNC230 - as quick as a look-up, and nothing is read
            size = os.fstat(file.fileno()).st_size
            if self._left < 0:
                self._headers.append(("Content-Length", str(size)))
                self._left = size
            self._begin()
            if self._unseen < 0:
                await self._send_file(file, size)
        if self._state != _DONE and self._unseen < 0:
            self._end_body()
        else:
            self._complete()

    async def _send_file(self, file: BinaryIO, size: int) -> None:
        self._count(size)
        if not self._exchange.send_file(file, 0, size):
            await self._drain()
            if self._exchange.gone:
                raise PeerGone("the peer is gone")

    async def _drain(self) -> None:
        """Until the peer has taken enough, or is gone."""
        if self._exchange.gone:
            return
        if self._drained is None:
            self._drained = self._host.tasks.loop.create_future()
            self._exchange.on_drained = self._on_drained
        await asyncio.shield(self._drained)

    def _on_drained(self) -> None:
        self._exchange.on_drained = None
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    # --- the end -------------------------------------------------------------------------------------------

    def _complete(self) -> None:
        self._state = _DONE
        if self._waiters:
            self._wake()

    def _report(self, error: BaseException) -> None:
        if (self._exchange.gone or self._unseen >= 0) and means_gone(error):
            return
        if isinstance(error, asyncio.CancelledError) and (self._state == _DONE or self._host.tasks.cancelled):
            self._give_up()
            return
        request = self._exchange.request
        described = f"{request.method} {request.path.decode('latin-1')}"
        emit("application.failed", ERROR, request=described, id=self._exchange.request_id, exc=error)
        self._give_up()

    def _break_off(self, reason: str) -> None:
        if self._unseen >= 0:
            return
        request = self._exchange.request
        described = f"{request.method} {request.path.decode('latin-1')}"
        emit("application.bad_answer", ERROR, request=described, reason=reason, id=self._exchange.request_id)
        self._give_up()

    def _give_up(self) -> None:
        """An error page in the application's place, or the connection cut where an answer has begun."""
        exchange = self._exchange
        if self._state == _DONE or exchange.gone or self._unseen >= 0:
            return
        self._complete()
        if exchange.started:
            exchange.abort()
        else:
            exchange.respond(*failure(500, "the application failed", exchange.request.fields.get(b"accept", b"")))


def _as_bytes(body: Any) -> bytes:
    if isinstance(body, bytearray | memoryview | bytes):
        return bytes(body)
    raise AnswerError(f"the body holds {type(body).__name__}, not bytes")
