"""A WebSocket that says everything back: plain ASGI, with neither Django nor Channels."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Event = MutableMapping[str, Any]

PATH = "/echo/socket/"


async def echo(
    scope: Event, receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]
) -> None:
    """One call is one connection, from the handshake to the end."""
    await receive()  # the handshake
    if scope["path"] != scope.get("root_path", "") + PATH:
        await send({"type": "websocket.close"})  # before an accept: refused
        return
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event.get("text"), "bytes": event.get("bytes")})
