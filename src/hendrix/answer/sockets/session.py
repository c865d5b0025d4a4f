"""One connection of a ``WebSocket`` class: from its handshake to its end. Everything happens on the loop's thread, but
handlers that are plain functions, which are given to threads; of one connection one handler runs at a time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, Protocol

from hendrix.answer.sockets.rate import Rate
from hendrix.answer.sockets.socket import WebSocket
from hendrix.answer.sockets.topics import Topical
from hendrix.core.events import ERROR, INFO, emit
from hendrix.core.exchange import WebSocket as Wire
from hendrix.core.exchange import unheard
from hendrix.core.http import Request
from hendrix.core.request_id import named
from hendrix.hub.local import Hub
from hendrix.hub.subscription import CLOSE
from hendrix.wire.websocket.frames import INTERNAL_ERROR, INVALID_DATA, POLICY

TRY_AGAIN = 1013
"""Registry of RFC 6455 section 11.7: the server could not keep up with what this client was to be sent."""
#: Messages that wait for a handler before the client is made to wait, and bytes of them.
_MOST_PENDING = 16
_MOST_PENDING_BYTES = 1 << 20
_MOST_QUEUED_BYTES = 4 << 20


_NOBODY = WebSocket()


class Host(Protocol):
    """What runs handlers: a worker, or a test."""

    loop: asyncio.AbstractEventLoop
    hub: Hub

    def in_thread(self, call: Callable[[], None], request_id: str) -> None:
        """Call it in a thread, with the database connections looked after. It does not raise."""

    def context(self, request: Request, request_id: str) -> Context:
        """Where the coroutines of one client run."""

    def start(self, coroutine: Coroutine[Any, Any, None], context: Context) -> asyncio.Task[None]:
        """Run it there."""


class Session(Topical):
    """See above. ``begin`` is given the connection once the handshake is accepted."""

    def __init__(self, host: Host, socket: WebSocket, described: str, since: str, context: Context) -> None:
        super().__init__(host.hub, socket, since)
        self._context = context
        self._request_id = context.get(named, "")
        self._host = host
        self._described = described
        self._codec = socket.find_codec()
        self._wire: Wire | None = None
        self._thread = threading.get_ident()
        self._rate = Rate(socket.rate, time.monotonic()) if socket.rate else None
        #: Handlers that wait for the one that runs, what is done with what they return, and the size of their message.
        self._pending: deque[tuple[Callable[[], Any], Callable[[Any], None], int]] = deque()
        self._pending_bytes = self._arriving = 0
        self._running = self._paused = False
        #: What waits for a client that reads slowly.
        self._queued: deque[str | bytes] = deque()
        self._queued_bytes = 0
        self._writable = True
        #: The client is gone; and it was we who closed.
        self._gone = self._ended = False
        socket._session = self

    # --- the client ---------------------------------------------------------------------------------------

    def begin(self, wire: Wire) -> None:
        """It is connected."""
        self._wire = wire
        wire.on_message, wire.on_closed, wire.on_drained = self._on_message, self._on_closed, self._on_drained
        wire.farewell = self._farewell
        self._call_handler("connect", **self._socket.kwargs)

    def _on_message(self, data: str | bytes) -> None:
        if self._rate is not None and not self._rate.take(time.monotonic()):
            self.close(POLICY, "too many messages")
            return
        try:
            value = self._codec.decode(data)
        except ValueError as error:
            self.close(INVALID_DATA, str(error))
            return
        except Exception as error:  # the codec's own fault
            self.fail(error)
            return
        self._arriving = len(data)
        if not (self._socket.topics and self.commanded(value)):
            self._call_handler("receive", value)
        self._arriving = 0

    def _on_closed(self, code: int, reason: str) -> None:
        self._gone = True
        self._queued.clear()
        if self._ended:
            # What came behind that is for nobody. What a client has said before it left is still to be handled.
            self._pending.clear()
            self._pending_bytes = 0
        self.end_topics()
        self._socket._left()
        self._call_handler("disconnect", code)
        if not self._running:
            self._let_go()

    def _let_go(self) -> None:
        """All is done. Circles would keep the client's request, and all that it brought, until Python's collector
        comes, which for what has lived for long is seldom. Who holds the socket may still say something: to nobody."""
        self._wire = None
        self._socket = _NOBODY

    def send_value(self, value: Any) -> None:
        """Send it, as the codec writes it."""
        try:
            data = self._codec.encode(value)
            self.send_text(data)
        except Exception as error:
            self.fail(error)

    def send_text(self, data: str | bytes) -> None:
        """Send it as it is, now or when the client has taken what was before it."""
        if self._gone or self._wire is None:
            return
        if self._writable:
            self._writable = self._wire.send(data)
            return
        self._queued.append(data)
        self._queued_bytes += len(data)
        while len(self._queued) > self._socket.queue or self._queued_bytes > _MOST_QUEUED_BYTES:
            if self._socket.on_full == CLOSE:
                emit("socket.slow", INFO, request=self._described, waiting=len(self._queued))
                self._queued.clear()
                self.close(TRY_AGAIN, "too slow")
                return
            self._queued_bytes -= len(self._queued.popleft())

    def _on_drained(self) -> None:
        self._writable = True
        while self._queued and self._writable and self._wire is not None:
            data = self._queued.popleft()
            self._queued_bytes -= len(data)
            self._writable = self._wire.send(data)

    def _farewell(self) -> str:
        """Where the client may go on at another worker; of what it was not sent it knows better itself."""
        position = None if self._queued else self.position
        return f"since={position}" if position else "service restart"

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close it."""
        self._ended = True
        if self._wire is not None and not self._gone:
            self._wire.close(code, reason)

    def fail(self, error: BaseException) -> None:
        """A handler raised."""
        emit("application.failed", ERROR, request=self._described, id=self._request_id, exc=error)
        self.close(INTERNAL_ERROR)

    # --- handlers -----------------------------------------------------------------------------------------

    def call(self, method: Callable[..., Any], *args: Any) -> None:
        """From any thread: on the loop, at once if this is it."""
        if threading.get_ident() == self._thread:
            method(*args)
        else:
            self._host.loop.call_soon_threadsafe(method, *args)

    def start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A coroutine beside the handlers."""
        return self._host.start(coroutine, self._context)

    def _call_handler(self, name: str, *args: Any, **kwargs: Any) -> None:
        if getattr(type(self._socket), name) is not getattr(WebSocket, name):
            self.handle(partial(getattr(self._socket, name), *args, **kwargs))

    def handle(self, call: Callable[[], Any], then: Callable[[Any], None] = unheard) -> None:
        """Have a handler called in its turn; ``then`` is called on the loop with what it returns."""
        self._pending.append((call, then, self._arriving))
        self._pending_bytes += self._arriving
        if not self._running:
            self._next()
        elif self._holds(1) and not self._paused and self._wire is not None:
            self._paused = True
            self._wire.pause()

    def _holds(self, part: int) -> bool:
        """As much as may wait, or a ``part`` of it?"""
        return len(self._pending) >= _MOST_PENDING // part or self._pending_bytes >= _MOST_PENDING_BYTES // part

    def _next(self) -> None:
        self._running = bool(self._pending)
        if self._gone and not self._running:
            self._let_go()
        if self._paused and not self._holds(2) and self._wire is not None:
            self._paused = False
            self._host.loop.call_soon(self._wire.resume)
        if self._running:
            call, then, size = self._pending.popleft()
            self._pending_bytes -= size
            if iscoroutinefunction(call.func if isinstance(call, partial) else call):
                self._host.start(self._await(call, then), self._context)
            else:
                self._host.in_thread(partial(self._in_thread, call, then), self._request_id)

    def _in_thread(self, call: Callable[[], Any], then: Callable[[Any], None]) -> None:
        named.set(self._request_id)  # the context is this call's own
        try:
            found = call()
        except Exception as error:
            found, then = error, self.fail
        self._host.loop.call_soon_threadsafe(self._handled, found, then)
        del found  # an exception knows this frame, and the message in it

    async def _await(self, call: Callable[[], Any], then: Callable[[Any], None]) -> None:
        try:
            found = await call()
        except Exception as error:
            found, then = error, self.fail
        self._handled(found, then)
        del found

    def _handled(self, found: Any, then: Callable[[Any], None]) -> None:
        try:
            then(found)
        finally:
            self._next()
