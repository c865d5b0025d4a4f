"""A client for tests of a project's WebSockets, without a server: in an async test,

    async with SocketClient("/chat/lobby/", user=ann) as socket:
        await socket.send({"text": "hello"})
        assert (await socket.receive())["data"]["text"] == "hello"

It goes through the same code as a client of the server, from the handshake on: routes, ``authorize``, handlers and
topics. Handlers that are no coroutines run where sync code of async tests does, so they see the test's transaction.
What handlers raise is shown on stderr.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from contextvars import Context, copy_context
from importlib import import_module
from types import TracebackType
from typing import Any, cast
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from hendrix.answer.environ import base_environ, build_environ
from hendrix.answer.sockets.admission import middleware
from hendrix.answer.sockets.answer import answer_sockets
from hendrix.answer.sockets.routes import routes_of
from hendrix.core.exchange import Exchange, unheard
from hendrix.core.http import Origin, Request, ResponseHeaders
from hendrix.hub.door import hub_of
from hendrix.test.shown import errors_shown

PATIENCE = 5.0
"""Seconds that ``receive`` waits."""


class Refused(Exception):
    """The handshake was not accepted: ``status`` and ``body`` of the answer."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"the handshake was answered {status}")
        self.status, self.body = status, body


class Closed(Exception):
    """The server has closed the connection."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code} {reason}".rstrip())
        self.code, self.reason = code, reason


class SocketClient:
    """One client at ``path``. ``user`` is logged in for it; ``headers`` are further ones of the handshake."""

    def __init__(
        self,
        path: str,
        *,
        user: Any = None,
        headers: dict[str, str] | None = None,
        subprotocols: tuple[str, ...] | list[str] = (),
        origin: str | None = None,
    ) -> None:
        self._target, self._user = path, user
        self._headers = dict(headers or {})
        if origin is not None:
            self._headers["Origin"] = origin
        if subprotocols:
            self._headers["Sec-WebSocket-Protocol"] = ", ".join(subprotocols)
        self._exchange: _Exchange
        #: What ends with the connection.
        self._shown = ExitStack()
        #: The one that was agreed on.
        self.subprotocol = ""

    async def connect(self) -> SocketClient:
        """Raises ``Refused``."""
        self._shown.enter_context(errors_shown())
        try:
            return await self._connect()
        except BaseException:
            self._shown.close()
            raise

    async def _connect(self) -> SocketClient:
        if self._user is not None:
            await sync_to_async(self._log_in)()
        module = getattr(settings, "HENDRIX_WEBSOCKETS", None) or settings.ROOT_URLCONF
        base = base_environ(multiprocess=False, software="hendrix test", file_wrapper=None)

        def build(request: Request, origin: Origin, body: io.BytesIO, number: str) -> dict[str, Any]:
            return build_environ(base, "", request, origin, body, number)

        host = _Host(asyncio.get_running_loop())
        answer = answer_sockets(routes_of(module), host, build, middleware(), _not_found)
        self._exchange = _Exchange(_request(self._target, self._headers))
        answer(cast("Exchange", self._exchange))
        async with asyncio.timeout(PATIENCE):
            self.subprotocol = await self._exchange.answered
        return self

    def _log_in(self) -> None:
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session[SESSION_KEY] = self._user._meta.pk.value_to_string(self._user)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = self._user.get_session_auth_hash()
        session.save()
        cookie = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
        self._headers["Cookie"] = "; ".join(filter(None, (self._headers.get("Cookie"), cookie)))

    async def send(self, value: Any) -> None:
        """Send ``value`` as JSON."""
        await self.send_text(json.dumps(value))

    async def send_text(self, data: str | bytes) -> None:
        """Send text, or bytes, as they are."""
        self._exchange.wire.on_message(data)
        await asyncio.sleep(0)

    async def receive(self) -> Any:
        """The next message, which is JSON. Raises ``Closed``, ``TimeoutError``."""
        return json.loads(await self.receive_text())

    async def receive_text(self) -> str | bytes:
        """The next message as it is. Raises ``Closed``, ``TimeoutError``."""
        async with asyncio.timeout(PATIENCE):
            found = await self._exchange.wire.sent.get()
        if isinstance(found, Closed):
            self._exchange.wire.sent.put_nowait(found)
            raise found
        return found

    async def nothing(self, seconds: float = 0.1) -> bool:
        """Does nothing come for so long?"""
        await asyncio.sleep(seconds)
        return self._exchange.wire.sent.empty()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, and let the handlers see it."""
        self._exchange.wire.end(code, reason)
        await self._exchange.wire.settled()
        self._shown.close()

    async def __aenter__(self) -> SocketClient:
        return await self.connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class _Host:
    """See ``answer.sockets.session.Host``."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.hub = hub_of(loop)
        _busy.setdefault(loop, set())

    def in_thread(self, call: Callable[[], None], request_id: str) -> None:
        self._hold(self.loop.create_task(sync_to_async(call)()))

    def context(self, request: Request, request_id: str) -> Context:
        return copy_context()

    def start(self, coroutine: Coroutine[Any, Any, None], context: Context) -> asyncio.Task[None]:
        return self._hold(self.loop.create_task(coroutine, context=context))

    def _hold(self, task: asyncio.Task[Any]) -> asyncio.Task[Any]:
        busy = _busy[self.loop]
        busy.add(task)
        task.add_done_callback(busy.discard)
        return task


#: A loop ends with its test.
_busy: WeakKeyDictionary[asyncio.AbstractEventLoop, set[asyncio.Task[Any]]] = WeakKeyDictionary()


class _Wire:
    """See ``core.exchange.WebSocket``: what is sent can be received at once."""

    def __init__(self) -> None:
        self.on_message: Callable[[str | bytes], None] = unheard
        self.on_closed: Callable[[int, str], None] = unheard
        self.on_drained: Callable[[], None] | None = None
        self.farewell: Callable[[], str] = str
        self.sent: asyncio.Queue[str | bytes | Closed] = asyncio.Queue()
        self.open = True

    def send(self, data: str | bytes) -> bool:
        if self.open:
            self.sent.put_nowait(data)
        return True

    def close(self, code: int, reason: str) -> None:
        if self.open:
            self.sent.put_nowait(Closed(code, reason))
            self.end(code, reason)

    def end(self, code: int, reason: str) -> None:
        if self.open:
            self.open = False
            self.on_closed(code, reason)

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    async def settled(self) -> None:
        """Handlers that run have a moment to end."""
        for _ in range(20):
            await asyncio.sleep(0)
            busy = [task for task in _busy.get(asyncio.get_running_loop(), ()) if task is not asyncio.current_task()]
            if not busy:
                return
            await asyncio.wait(busy, timeout=0.05)


class _Exchange:
    """See ``core.exchange.Exchange``, as far as a handshake needs it."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.origin = Origin(("127.0.0.1", 50000), ("testserver", 80), "http")
        self.request_id = "test"
        self.gone = False
        self.on_gone = self.on_eof = None
        self.answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.wire = _Wire()

    def upgrade(self, headers: ResponseHeaders, subprotocol: str) -> _Wire:
        self.answered.set_result(subprotocol)
        return self.wire

    def respond(self, status: str, headers: ResponseHeaders, body: bytes) -> None:
        self.answered.set_exception(Refused(int(status[:3]), body))


def _not_found(exchange: Exchange) -> None:
    exchange.respond("404 Not Found", [], b"no route leads there")


def _request(target: str, headers: dict[str, str]) -> Request:
    fields = {
        "Host": "testserver",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        **headers,
    }
    pairs = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    path, _, query = target.encode().partition(b"?")
    request = Request("GET", target.encode(), path, query, "1.1", pairs, fields["Host"].encode(), websocket=True)
    request.fields = dict(pairs)
    return request


__all__ = ["Closed", "Refused", "SocketClient"]
