"""WebSockets for ASGI applications (ASGI 3, "Websocket" events): one task per connection.

Messages wait for the application in a short queue; past its bounds the peer waits instead.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from hendrix.answer.asgi_headers import native, status_line
from hendrix.answer.asgi_scope import Host, Message, PeerGone, means_gone, websocket_scope
from hendrix.answer.failure import failure
from hendrix.core.errors import AnswerError, PeerError
from hendrix.core.events import ERROR, emit
from hendrix.core.exchange import Answer, Exchange, WebSocket
from hendrix.core.http import ResponseHeaders
from hendrix.core.request_id import named
from hendrix.wire.websocket.frames import ABNORMAL, INTERNAL_ERROR, NORMAL
from hendrix.wire.websocket.handshake import VERSION, read_handshake

#: Waiting for accept; accepted; being refused by an answer of the application's; over.
_CONNECTING, _OPEN, _REFUSING, _DONE = range(4)
#: Bytes that may wait in the queue, however few messages they are.
_MOST_WAITING = 1024 * 1024


def asgi_websocket(host: Host) -> Answer:
    """The answer that ``host.application`` gives to handshakes (``request.websocket``)."""

    def answer(exchange: Exchange) -> None:
        try:
            handshake = read_handshake(exchange.request)
        except PeerError as error:
            _refuse(exchange, error)
            return
        call = Session(host, exchange, handshake.subprotocols)
        call.task = host.tasks.start(call.run())

    return answer


def route_websocket(websocket: Answer, inner: Answer) -> Answer:
    """Handshakes go to ``websocket``, all other requests to ``inner``."""

    def answer(exchange: Exchange) -> None:
        if exchange.request.websocket:
            websocket(exchange)
        else:
            inner(exchange)

    return answer


def _refuse(exchange: Exchange, error: PeerError) -> None:
    status, headers, body = failure(error.status, error.reason, exchange.request.fields.get(b"accept", b""))
    # RFC 6455 section 4.4: what we speak, for who spoke another version.
    exchange.respond(status, [*headers, ("Sec-WebSocket-Version", VERSION)], body)


class Session:
    """One call of the application."""

    __slots__ = (
        "_closed",
        "_drained",
        "_exchange",
        "_headers",
        "_host",
        "_paused",
        "_queue",
        "_socket",
        "_state",
        "_status",
        "_subprotocols",
        "_waiter",
        "_waiting",
        "task",
    )

    def __init__(self, host: Host, exchange: Exchange, subprotocols: list[str]) -> None:
        #: The one that runs it.
        self.task: asyncio.Task[None]
        self._host = host
        #: Until the handshake is answered.
        self._exchange: Exchange | None = exchange
        self._subprotocols = subprotocols
        self._socket: WebSocket | None = None
        self._state = _CONNECTING
        self._status = ""
        self._headers: ResponseHeaders = []
        self._queue: deque[str | bytes | Message] = deque([{"type": "websocket.connect"}])
        self._waiting = 0
        self._paused = False
        #: How it ended, once it has.
        self._closed: Message | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        exchange.on_gone = exchange.on_eof = self._on_left

    async def run(self) -> None:
        """See it through. Never raises."""
        host, exchange = self._host, self._exchange
        assert exchange is not None
        described = f"WEBSOCKET {exchange.request.path.decode('latin-1')}"
        request_id = exchange.request_id
        named.set(request_id)  # the context is the task's own
        try:
            scope = websocket_scope(host, exchange, self._subprotocols)
            del exchange
            await host.application(scope, self.receive, self.send)
        except BaseException as error:
            self._report(error, described, request_id)
        else:
            self._end_well(described, request_id)
        finally:
            host.tasks.leave(self.task)
            if self._exchange is not None:
                self._exchange.on_gone = self._exchange.on_eof = self._exchange.on_drained = None

    # --- receive -------------------------------------------------------------------------------------------

    async def receive(self) -> Message:
        """The next event: connect, a message, or the end."""
        queue = self._queue
        while not queue:
            if self._closed is not None:
                return self._closed
            await self._wait()
        data = queue.popleft()
        kind = type(data)
        if kind is str or kind is bytes:
            self._waiting -= len(data)
            if self._paused and len(queue) <= self._host.max_queue // 2 and self._waiting <= _MOST_WAITING // 2:
                self._go_on()
            return {"type": "websocket.receive", "text" if kind is str else "bytes": data}
        return data  # type: ignore[return-value]

    async def _wait(self) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            waiter = self._waiter = self._host.tasks.loop.create_future()
            await waiter
        else:
            # Two of the application's tasks wait: one that is cancelled must not take the other along.
            await asyncio.shield(waiter)

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    def _on_message(self, data: str | bytes) -> None:
        self._queue.append(data)
        self._waiting += len(data)
        if self._waiter is not None:
            self._wake()
        elif len(self._queue) >= self._host.max_queue or self._waiting >= _MOST_WAITING:
            self._paused = True
            if self._socket is not None:
                self._socket.pause()

    def _go_on(self) -> None:
        self._paused = False
        if self._socket is not None:
            self._socket.resume()

    def _on_closed(self, code: int, reason: str) -> None:
        self._closed = {"type": "websocket.disconnect", "code": code, "reason": reason}
        self._wake()
        self._on_drained()

    def _on_left(self) -> None:
        """The peer is gone before its handshake was answered."""
        self._on_closed(ABNORMAL, "")

    # --- send ----------------------------------------------------------------------------------------------

    async def send(self, message: Message) -> None:
        """An event of the application. Raises ``PeerGone``, or ``AnswerError`` for what cannot be carried."""
        kind = message["type"]
        socket = self._socket
        if kind == "websocket.send" and socket is not None and self._state == _OPEN:
            if self._closed is not None or not socket.open:
                raise PeerGone("the peer is gone")
            data = message.get("bytes")
            if data is None:
                data = message["text"]
            if not socket.send(data):
                await self._drain()
        else:
            await self._rare(kind, message)

    async def _rare(self, kind: str, message: Message) -> None:
        if self._closed is not None and self._state != _DONE:
            raise PeerGone("the peer is gone")
        acts = _ACTS.get((self._state, kind))
        if acts is None:
            raise RuntimeError(f"{kind!r} may not be sent now")
        acts(self, message)
        if self._exchange is not None and not self._exchange.writable:
            await self._drain()

    def _accept(self, message: Message) -> None:
        exchange = self._exchange
        assert exchange is not None
        subprotocol = message.get("subprotocol") or ""
        if subprotocol and subprotocol not in self._subprotocols:
            raise AnswerError(
                f"the subprotocol {subprotocol!r:.80} is none that the peer named (RFC 6455 section 4.2.2)"
            )
        headers, _ = native(message.get("headers") or ())
        exchange.on_gone = exchange.on_eof = None
        socket = self._socket = exchange.upgrade(headers, subprotocol)
        self._exchange = None
        socket.on_message, socket.on_closed = self._on_message, self._on_closed
        self._state = _OPEN

    def _deny(self, _message: Message) -> None:
        exchange = self._exchange
        assert exchange is not None
        self._state = _DONE
        exchange.respond(*failure(403, "the connection was refused", exchange.request.fields.get(b"accept", b"")))
        self._on_closed(ABNORMAL, "")

    def _close(self, message: Message) -> None:
        assert self._socket is not None
        self._socket.close(message.get("code", NORMAL) or NORMAL, message.get("reason") or "")
        self._state = _DONE

    def _begin_refusal(self, message: Message) -> None:
        """Extension "Websocket Denial Response"."""
        self._status = status_line(message["status"])
        self._headers, _ = native(message.get("headers", ()))
        self._state = _REFUSING

    def _go_on_refusing(self, message: Message) -> None:
        exchange = self._exchange
        assert exchange is not None
        body, more = message.get("body", b""), message.get("more_body", False)
        if not exchange.started and not more:
            exchange.respond(self._status, self._headers, body)
        else:
            if not exchange.started:
                exchange.start(self._status, self._headers)
            exchange.write(body)
            if not more:
                exchange.finish()
        if not more:
            self._state = _DONE
            self._on_closed(ABNORMAL, "")

    async def _drain(self) -> None:
        """Until the peer has taken enough, or is gone."""
        if self._closed is not None:
            return
        if self._drained is None:
            self._drained = self._host.tasks.loop.create_future()
            side = self._socket or self._exchange
            assert side is not None
            side.on_drained = self._on_drained
        await asyncio.shield(self._drained)

    def _on_drained(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    # --- the end -------------------------------------------------------------------------------------------

    def _end_well(self, described: str, request_id: str) -> None:
        """The application returned."""
        if self._socket is not None:
            self._socket.close(NORMAL, "")
        elif self._state != _DONE and self._closed is None:
            reason = "the application returned without accepting or refusing the connection"
            emit("application.bad_answer", ERROR, request=described, reason=reason, id=request_id)
            self._give_up()

    def _report(self, error: BaseException, described: str, request_id: str) -> None:
        """The application raised."""
        cut = isinstance(error, asyncio.CancelledError) and self._host.tasks.cancelled
        if not cut and not (self._closed is not None and means_gone(error)):
            emit("application.failed", ERROR, request=described, id=request_id, exc=error)
        self._give_up()

    def _give_up(self) -> None:
        exchange = self._exchange
        if self._socket is not None:
            self._socket.close(INTERNAL_ERROR, "")
        elif exchange is None or exchange.gone or self._state == _DONE:
            pass
        elif exchange.started:
            exchange.abort()
        else:
            exchange.respond(*failure(500, "the application failed", exchange.request.fields.get(b"accept", b"")))
        self._state = _DONE


#: What may be sent when, and what is done then.
_ACTS: dict[tuple[int, str], Callable[[Session, Message], None]] = {
    (_CONNECTING, "websocket.accept"): Session._accept,
    (_CONNECTING, "websocket.close"): Session._deny,
    (_CONNECTING, "websocket.http.response.start"): Session._begin_refusal,
    (_REFUSING, "websocket.http.response.body"): Session._go_on_refusing,
    (_OPEN, "websocket.close"): Session._close,
}
