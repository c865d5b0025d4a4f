"""An ASGI application that takes its time to end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "websocket":
        await socket(receive, send)
    else:
        await http(scope, send)


async def lifespan(receive: Any, send: Any) -> None:
    await receive()
    if Path("broken").exists():
        await send({"type": "lifespan.startup.failed", "message": "it is broken"})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    print("shutdown", flush=True)
    await send({"type": "lifespan.shutdown.complete"})


async def socket(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "hello"})
    event = await receive()
    print("disconnected", event["code"], flush=True)


async def http(scope: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun\n", "more_body": True})
    try:
        await asyncio.sleep(float(scope["query_string"] or b"0"))
    except asyncio.CancelledError:
        print("cancelled", flush=True)
        raise
    finally:
        print("cleaned up", flush=True)
    await send({"type": "http.response.body", "body": b"ended\n"})
