"""Applications that differ in how they take their lifespan; what they serve tells what it left."""

from __future__ import annotations

import json
from typing import Any


async def serve(scope: Any, _receive: Any, send: Any) -> None:
    body = json.dumps([scope["state"], scope["root_path"], scope["path"]]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def with_lifespan(life: Any) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await (life if scope["type"] == "lifespan" else serve)(scope, receive, send)

    return app


@with_lifespan
async def unknown(scope: Any, _receive: Any, _send: Any) -> None:
    raise ValueError(f"no application for {scope['type']}")


@with_lifespan
async def takes_it_for_http(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await serve({**scope, "root_path": "", "path": ""}, receive, send)


@with_lifespan
async def returns(_scope: Any, _receive: Any, _send: Any) -> None:
    pass


@with_lifespan
async def complete(scope: Any, receive: Any, send: Any) -> None:
    scope["state"]["from"] = (await receive())["type"]
    await send({"type": "lifespan.startup.complete"})
    print((await receive())["type"], flush=True)
    await send({"type": "lifespan.shutdown.complete"})


@with_lifespan
async def fails(_scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database today"})
    raise SystemExit


@with_lifespan
async def raises(_scope: Any, receive: Any, _send: Any) -> None:
    await receive()
    raise LookupError("the key is missing")


@with_lifespan
async def breaks_later(_scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    raise LookupError("in the midst of life")


@with_lifespan
async def cannot_end(_scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.failed", "message": "it would not stop"})
