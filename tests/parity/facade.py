"""Hendrix's handler in the clothes of Django's own: what Django's tests call, with our chain and our ``Call`` within.

``ClientHandler`` and ``WSGIHandler`` answer through ``Handler.get_response``; ``AsyncClientHandler`` enters and leaves
the chain around a pause; ``ASGIHandler`` drives a whole ``Call``, with a real pool of threads on the test's own loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import weakref
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import django.core.handlers.asgi as django_asgi
import django.core.handlers.wsgi as django_wsgi
import django.test.client as django_client
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.signals import request_started
from django.db import connections
from django.http import HttpResponse, HttpResponseBadRequest
from django.urls import set_script_prefix, set_urlconf

from hendrix.answer import housekeeping
from hendrix.answer.django import Call
from hendrix.answer.django_handler import Handler
from hendrix.answer.layers import Pause
from hendrix.answer.routes import Routes
from hendrix.answer.sync_threads import adopt_loop
from hendrix.answer.tasks import Tasks
from hendrix.core.http import Origin, Request
from hendrix.worker.threads import ThreadPool

ORIGIN = Origin(("127.0.0.1", 1), ("testserver", 80), "http")
Message = dict[str, Any]


class OurChain(Handler):
    """Mixed into a handler of Django's: middleware and views are run by ours."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._routes = Routes()
        self.threads_are_prepared = False
        housekeeping.install()
        super(Handler, self).__init__(*args, **kwargs)

    def load_middleware(self, is_async: bool | None = False) -> None:
        super().load_middleware(is_async)
        self._middleware_chain = self.chain

    def get_response(self, request: Any) -> Any:
        set_urlconf(settings.ROOT_URLCONF)
        return super().get_response(request)

    async def get_response_async(self, request: Any) -> Any:
        set_urlconf(settings.ROOT_URLCONF)
        found = await sync_to_async(self.chain.enter)(request)
        if type(found) is Pause:
            try:
                outcome = await found.start()
            except Exception as error:
                outcome = error
            found = await sync_to_async(found.leave)(request, outcome)
        return await sync_to_async(self.completed)(request, found)


class ClientHandler(OurChain, django_client.ClientHandler):
    pass


class AsyncClientHandler(OurChain, django_client.AsyncClientHandler):
    pass


class WSGIHandler(OurChain, django_wsgi.WSGIHandler):
    pass


class ScopeCall(Call):
    """A request made of an ASGI scope, by the class that the test's handler names."""

    __slots__ = ("_scope",)

    def _started(self) -> Any:
        scope, handler = self._scope, self._handler
        set_script_prefix(django_asgi.get_script_prefix(scope))
        request_started.send(sender=type(handler), scope=scope)
        try:
            return handler.request_class(scope, self._body)
        except UnicodeDecodeError:
            return _Refused(scope, HttpResponseBadRequest())
        except RequestDataTooBig:
            return _Refused(scope, HttpResponse("413 Payload too large", status=413))


class _Refused:
    """In the place of a request that could not be made: Django answers such without its middleware."""

    def __init__(self, scope: Any, response: HttpResponse) -> None:
        self.response = response
        self.path = scope["path"]

    def close(self) -> None:
        pass


class ASGIHandler(OurChain, django_asgi.ASGIHandler):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError(f"Django can only handle ASGI/HTTP connections, not {scope['type']}.")
        body = await _body(receive)
        if body is None:
            return
        loop = asyncio.get_running_loop()
        exchange = ScopeExchange(scope, send)
        call = ScopeCall(_for_refused(self), None, exchange, body, _pool(loop), Tasks(loop))
        call._scope = scope
        call.threads.submit(call)
        listening = loop.create_task(exchange.listen(receive))
        try:
            await exchange.over(call)
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening


def _for_refused(handler: Any) -> Any:
    if getattr(handler, "_knows_refused", False):
        return handler
    handler._knows_refused = True
    enter = handler.chain.enter
    handler.chain.enter = lambda request: request.response if type(request) is _Refused else enter(request)
    return handler


async def _body(receive: Any) -> BytesIO | None:
    body = BytesIO()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body.write(message.get("body", b""))
        if not message.get("more_body", False):
            body.seek(0)
            return body


_pools: weakref.WeakKeyDictionary[Any, ThreadPool] = weakref.WeakKeyDictionary()


def _pool(loop: asyncio.AbstractEventLoop) -> ThreadPool:
    if loop not in _pools:
        _pools[loop] = pool = ThreadPool(loop, 4, 100, connections.close_all)
        pool.on_start = adopt_loop(loop, pool)
    return _pools[loop]


class ScopeExchange:
    """``core.exchange.Exchange`` over ASGI's ``send``."""

    writable = True
    on_eof: Callable[[], None] | None

    def __init__(self, scope: Any, send: Callable[[Message], Awaitable[None]]) -> None:
        path = scope.get("raw_path") or scope["path"].encode()
        self.request = Request(scope["method"], path, path, b"", "1.1", [])
        self.origin = ORIGIN
        self.request_id = ""
        self.gone = self.started = False
        self.on_gone: Callable[[], None] | None = None
        self.on_drained: Callable[[], None] | None = None
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue()
        self._sending = asyncio.get_running_loop().create_task(self._send(send))
        self._complete = False

    async def listen(self, receive: Any) -> None:
        message = await receive()
        if message["type"] != "http.disconnect":
            raise AssertionError(f"Invalid ASGI message after request body: {message['type']}")
        self.gone = True
        self._messages.put_nowait(None)
        if self.on_gone is not None and not self._complete:
            self.on_gone()

    async def _send(self, send: Callable[[Message], Awaitable[None]]) -> None:
        while (message := await self._messages.get()) is not None:
            await send(message)

    async def over(self, call: ScopeCall) -> None:
        """Until all is sent and the request has left its last thread."""
        await self._sending
        while call.threads.busy or call.threads.waiting or call._task is not None:
            await asyncio.sleep(0.005)

    def respond(self, status: str, headers: Any, body: bytes) -> None:
        self.start(status, headers)
        self.write(body)
        self._end()

    def start(self, status: str, headers: Any) -> None:
        self.started = True
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        self._put({"type": "http.response.start", "status": int(status.split(maxsplit=1)[0]), "headers": pairs})

    def write(self, data: bytes) -> bool:
        self._put({"type": "http.response.body", "body": data, "more_body": True})
        return True

    def send_file(self, file: Any, offset: int, count: int) -> bool:
        file.seek(offset)
        return self.write(file.read(count))

    def finish(self) -> None:
        self.write(b"")
        self._end()

    def abort(self) -> None:
        self._end()

    def _end(self) -> None:
        self._complete = True
        self._messages.put_nowait(None)

    def _put(self, message: Message) -> None:
        if not self.gone:
            self._messages.put_nowait(message)


def take_over() -> None:
    """From now on whoever asks Django for a handler gets one of ours."""
    ours = {
        django_client.ClientHandler: ClientHandler,
        django_client.AsyncClientHandler: AsyncClientHandler,
        django_wsgi.WSGIHandler: WSGIHandler,
        django_asgi.ASGIHandler: ASGIHandler,
    }
    import django.contrib.staticfiles.handlers
    import django.core.asgi
    import django.core.wsgi  # noqa: F401

    for module in list(sys.modules.values()):
        if module is None or getattr(module, "__name__", "") == __name__:
            continue
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if isinstance(value, type) and value in ours:
                setattr(module, name, ours[value])
