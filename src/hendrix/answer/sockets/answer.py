"""The answer to a handshake at one of the project's socket routes."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from inspect import iscoroutinefunction
from typing import Any
from urllib.parse import unquote_to_bytes

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase, QueryDict
from django.urls import ResolverMatch, URLResolver

from hendrix.answer.failure import failure
from hendrix.answer.sockets.admission import introduce, origin_is_ours, settle_user
from hendrix.answer.sockets.routes import find
from hendrix.answer.sockets.session import Host, Session
from hendrix.answer.sockets.socket import WebSocket
from hendrix.core.errors import AnswerError, PeerError
from hendrix.core.events import ERROR, INFO, emit
from hendrix.core.exchange import Answer, Exchange
from hendrix.core.http import Origin, Request
from hendrix.core.noted import Named
from hendrix.core.request_id import named
from hendrix.wire.websocket.handshake import VERSION, read_handshake

Environ = dict[str, Any]
Build = Callable[[Request, Origin, Any, str], Environ]


def answer_sockets(
    routes: URLResolver, host: Host, build: Build, middleware: tuple[Any, ...], inner: Answer
) -> Answer:
    """Handshakes at ``routes`` are answered here, everything else by ``inner``."""

    def answer(exchange: Exchange) -> None:
        if not exchange.request.websocket:
            inner(exchange)
            return
        path = unquote_to_bytes(exchange.request.path).decode("utf-8", "replace")
        match = find(routes, path)
        if match is None:
            inner(exchange)
        else:
            exchange.request.noted = Named(str(match.view_name))
            Admission(exchange, match, host, build, middleware).begin()

    return answer


class Admission:
    """One client that asks to come in."""

    def __init__(
        self, exchange: Exchange, match: ResolverMatch, host: Host, build: Build, middleware: tuple[Any, ...]
    ) -> None:
        self._exchange = exchange
        self._match = match
        self._host = host
        self._build = build
        self._middleware = middleware
        self._offered: list[str] = []
        self._gone = False
        self._context = host.context(exchange.request, exchange.request_id)
        self._described = f"WEBSOCKET {exchange.request.path.decode('latin-1')}"

    def begin(self) -> None:
        """On the loop."""
        try:
            self._offered = read_handshake(self._exchange.request).subprotocols
        except PeerError as error:
            self._refuse(error.status, error.reason)
            return
        self._exchange.on_gone = self._exchange.on_eof = self._leave
        self._host.in_thread(self._in_thread, self._exchange.request_id)

    def _leave(self) -> None:
        self._gone = True

    # --- in a thread --------------------------------------------------------------------------------------

    def _in_thread(self) -> None:
        socket, outcome = None, None
        try:
            socket, outcome = self._asked()
        except BaseException as error:
            outcome = error
        self._host.loop.call_soon_threadsafe(self._judged, socket, outcome)
        del outcome  # an exception knows this frame

    def _asked(self) -> tuple[WebSocket, Any]:
        exchange = self._exchange
        named.set(exchange.request_id)  # the context is this call's own
        environ = self._build(exchange.request, exchange.origin, io.BytesIO(), exchange.request_id)
        request = introduce(environ, self._middleware)
        request.resolver_match = self._match
        kind = self._match.func
        if not (isinstance(kind, type) and issubclass(kind, WebSocket)):
            raise TypeError(f"the route {self._match.route!r} leads to {kind!r}, which is no WebSocket")
        socket = kind()
        socket.request, socket.kwargs = request, self._match.kwargs
        if socket.check_origin and not origin_is_ours(request):
            emit("socket.origin", INFO, request=self._described, origin=request.META.get("HTTP_ORIGIN"))
            return socket, False
        if iscoroutinefunction(socket.authorize):
            return socket, partial(socket.authorize, request, **socket.kwargs)
        permitted = _decided(socket.authorize(request, **socket.kwargs))
        if permitted is True and hasattr(request, "user"):
            # It is lazy: let it look into the database here, not in a handler on the loop.
            bool(request.user.is_authenticated)
        return socket, permitted

    # --- on the loop --------------------------------------------------------------------------------------

    def _judged(self, socket: WebSocket | None, outcome: Any) -> None:
        if isinstance(outcome, partial):
            self._host.start(self._await(socket, outcome), self._context)
        elif self._gone or self._exchange.gone:
            pass
        elif isinstance(outcome, BaseException):
            self._failed(outcome)
        elif isinstance(outcome, HttpResponseBase):
            self._respond(outcome)
        elif not outcome or socket is None:
            self._refuse(403, "the connection was refused")
        else:
            self._accept(socket)

    async def _await(self, socket: WebSocket | None, ask: Callable[[], Any]) -> None:
        try:
            outcome = _decided(await ask())
        except Exception as error:
            outcome = error
        self._judged(socket, outcome)
        del outcome

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, PermissionDenied):
            self._refuse(403, "the connection was refused")
        elif isinstance(error, Http404):
            self._refuse(404, "there is nothing here")
        else:
            emit("application.failed", ERROR, request=self._described, id=self._exchange.request_id, exc=error)
            self._refuse(500, "the application failed")

    def _accept(self, socket: WebSocket) -> None:
        exchange = self._exchange
        settle_user(socket.request)
        chosen = next((name for name in socket.subprotocols if name in self._offered), "")
        since = QueryDict(exchange.request.query).get("since", "")
        exchange.on_gone = exchange.on_eof = None
        try:
            session = Session(self._host, socket, self._described, since or "", self._context)
            wire = exchange.upgrade([], chosen)
        except (AnswerError, ValueError) as error:
            self._failed(error)
            return
        socket.subprotocol = chosen
        session.begin(wire)

    def _respond(self, response: Any) -> None:
        headers = [*response.items(), *(("Set-Cookie", c.OutputString()) for c in response.cookies.values())]
        body = b"" if response.streaming else response.content
        self._exchange.respond(f"{response.status_code} {response.reason_phrase}", headers, body)

    def _refuse(self, status: int, reason: str) -> None:
        line, headers, body = failure(status, reason, self._exchange.request.fields.get(b"accept", b""))
        more = [("Sec-WebSocket-Version", VERSION)] if status == 426 else []
        self._exchange.respond(line, [*headers, *more], body)


def _decided(outcome: Any) -> Any:
    """An answer, or yes or no: in the place where it was said, for a queryset has to look into the database."""
    return outcome if isinstance(outcome, HttpResponseBase) else bool(outcome)
