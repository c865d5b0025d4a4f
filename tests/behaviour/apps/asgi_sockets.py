"""WebSocket applications of the ASGI suite."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from asgi_stage import Scope, gates, key_of, note, socket

from hendrix.logging import request_id


@socket
async def echo(scope: Scope, receive: Any, send: Any) -> None:
    """Notes how it ended."""
    assert await receive() == {"type": "websocket.connect"}
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event.get("text"), "bytes": event.get("bytes")})
    note(scope, event)
    try:
        await send({"type": "websocket.send", "text": "nobody"})
    except OSError:
        note(scope, "OSError")


@socket
async def scope(scope: Scope, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": json.dumps(scope, default=repr)})


@socket
async def logged(scope: Scope, receive: Any, send: Any) -> None:
    """The id that its log records have, in a thread, too."""
    await receive()
    await send({"type": "websocket.accept"})
    here, there = request_id(), await asyncio.to_thread(request_id)
    await send({"type": "websocket.send", "text": f"{here} {there}"})


@socket
async def accept(scope: Scope, receive: Any, send: Any) -> None:
    """With a subprotocol and headers."""
    await receive()
    chosen = scope["subprotocols"][-1] if scope["subprotocols"] else "unasked"
    await send({"type": "websocket.accept", "subprotocol": chosen, "headers": [(b"x-one", b"1"), (b"x-one", b"2")]})
    await receive()


@socket
async def close(scope: Scope, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    code = json.loads(scope["path"].split("/")[2])
    await send({"type": "websocket.close", "code": code, "reason": "enough"})
    note(scope, await receive())


@socket
async def refuse(scope: Scope, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close"})
    note(scope, await receive())


@socket
async def deny(scope: Scope, receive: Any, send: Any) -> None:
    await receive()
    pieces = 3 if "stream" in scope["path"] else 1
    await send({"type": "websocket.http.response.start", "status": 401, "headers": [(b"x-why", b"because")]})
    for left in reversed(range(pieces)):
        await send({"type": "websocket.http.response.body", "body": b"no! ", "more_body": left > 0})


@socket
async def silent(_scope: Scope, _receive: Any, _send: Any) -> None:
    """Neither accepts nor refuses."""


@socket
async def leaves(_scope: Scope, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})


@socket
async def raises(scope: Scope, receive: Any, send: Any) -> None:
    await receive()
    if "late" in scope["path"]:
        await send({"type": "websocket.accept"})
    raise ValueError("the secret of the application")


@socket
async def wrong(scope: Scope, receive: Any, send: Any) -> None:
    await receive()
    if "early" in scope["path"]:
        await send({"type": "websocket.send", "text": "early"})
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.accept"})


@socket
async def slow(scope: Scope, receive: Any, send: Any) -> None:
    """Accepts, and reads once its gate is open: the messages' sizes, until one is empty."""
    await receive()
    await send({"type": "websocket.accept"})
    await gates[key_of(scope)].wait()
    sizes = []
    while text := (await receive())["text"]:
        sizes.append(len(text))
    await send({"type": "websocket.send", "text": json.dumps([len(sizes), sum(sizes)])})
    await receive()


@socket
async def flood(scope: Scope, receive: Any, send: Any) -> None:
    """Sends without end; notes how many megabytes went out."""
    await receive()
    await send({"type": "websocket.accept"})
    sent = 0
    try:
        while True:
            await send({"type": "websocket.send", "bytes": b"m" * 65536})
            sent += 1
    except OSError:
        note(scope, ["OSError", sent // 16])


@socket
async def patient(scope: Scope, receive: Any, send: Any) -> None:
    """Waits with a timeout again and again; loses nothing."""
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        try:
            event = await asyncio.wait_for(receive(), 0.002)
        except TimeoutError:
            continue
        if event["type"] == "websocket.disconnect":
            return
        await send({"type": "websocket.send", "text": event["text"]})


@socket
async def gate(scope: Scope, receive: Any, send: Any) -> None:
    """Accepts late."""
    await receive()
    note(scope, "called")
    await gates[key_of(scope)].wait()
    try:
        await send({"type": "websocket.accept"})
    except OSError:
        note(scope, "OSError")
    note(scope, await receive())
