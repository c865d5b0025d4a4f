"""A request as an ASGI connection scope (ASGI 3, "HTTP Connection Scope" and "Websocket Connection Scope")."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from hendrix.answer.tasks import Tasks
from hendrix.core.exchange import Exchange
from hendrix.core.http import Origin, Request

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

_ASGI = {"version": "3.0", "spec_version": "2.5"}
_HTTP_EXTENSIONS: dict[str, dict[str, Any]] = {
    "http.response.pathsend": {},
    "http.response.trailers": {},
    "http.response.early_hint": {},
}
_SOCKET_EXTENSIONS: dict[str, dict[str, Any]] = {"websocket.http.response": {}}
_SOCKET_SCHEMES = {"http": "ws", "https": "wss"}


class PeerGone(ConnectionError):
    """Raised to an application that goes on sending to nobody (an ``OSError``, as the specification asks)."""


def means_gone(error: BaseException) -> bool:
    """Does it only say that the peer is gone, in words of the application's framework perhaps?"""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return False
        if isinstance(seen, PeerGone | asyncio.CancelledError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


@dataclass(slots=True)
class Host:
    """What all calls of one application share. ``max_queue`` are messages that may wait for it on a WebSocket."""

    application: AsgiApplication
    tasks: Tasks
    root_path: str = ""
    max_queue: int = 32
    #: The header, in lower case, that tells it a request's id; empty: none.
    id_field: bytes = b""
    #: What its lifespan has left for its requests.
    state: dict[str, Any] = field(default_factory=dict)


def http_scope(host: Host, exchange: Exchange) -> Scope:
    """The scope of an HTTP request."""
    request, origin = exchange.request, exchange.origin
    path = request.path
    words = path.decode("ascii")
    if "%" in words:
        # What is not UTF-8 is replaced, as urllib does.
        words = unquote(words)
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": request.version,
        "method": request.method,
        "scheme": origin.scheme,
        "path": host.root_path + words if host.root_path else words,
        "raw_path": host.root_path.encode() + path if host.root_path else path,
        "query_string": request.query,
        "root_path": host.root_path,
        "headers": _headers(host, exchange),
        "client": origin.client if origin.client[0] else None,
        "server": origin.server,
        "state": host.state.copy(),
        "extensions": _extensions(_HTTP_EXTENSIONS, origin),
    }


def websocket_scope(host: Host, exchange: Exchange, subprotocols: list[str]) -> Scope:
    """The scope of a WebSocket."""
    scope = http_scope(host, exchange)
    del scope["method"]
    scope["type"] = "websocket"
    scope["scheme"] = _SOCKET_SCHEMES.get(scope["scheme"], "ws")
    scope["subprotocols"] = subprotocols
    scope["extensions"] = _extensions(_SOCKET_EXTENSIONS, exchange.origin)
    return scope


def _extensions(known: dict[str, dict[str, Any]], origin: Origin) -> dict[str, dict[str, Any]]:
    """With that of TLS (ASGI, "TLS Extension") where the connection has it."""
    secured = origin.secured
    if secured is None:
        return known.copy()
    client = secured.client
    tls = {
        "server_cert": None,
        "client_cert_chain": [client.pem] if client else [],
        "client_cert_name": client.subject if client else None,
        "client_cert_error": None,
        "tls_version": secured.version_number,
        "cipher_suite": secured.cipher_number,
    }
    return {**known, "tls": tls}


def _headers(host: Host, exchange: Exchange) -> list[tuple[bytes, bytes]]:
    """As received, with the request's id where the peer gave none that can be used."""
    request: Request = exchange.request
    name, headers = host.id_field, request.headers
    if not name:
        return list(headers)
    value = exchange.request_id.encode()
    given = request.fields.get(name)
    if given is not None:
        if given == value:
            return list(headers)
        headers = [pair for pair in headers if pair[0] != name]
    return [*headers, (name, value)]
