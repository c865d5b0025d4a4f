"""The stage that the ASGI applications of the behaviour suite stand on; ``app`` picks one by the path's first part.

What they want to be known of goes into the journal, under the key that the query names; ``/journal?KEY`` tells it, and
``/open?KEY`` opens the gate that an application waits at.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

Scope = dict[str, Any]
journal: dict[str, list[Any]] = defaultdict(list)
gates: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
apps: dict[str, Callable[..., Any]] = {}
sockets: dict[str, Callable[..., Any]] = {}


def named(function: Callable[..., Any]) -> Callable[..., Any]:
    apps[function.__name__] = function
    return function


def socket(function: Callable[..., Any]) -> Callable[..., Any]:
    sockets[function.__name__] = function
    return function


def key_of(scope: Scope) -> str:
    return scope["query_string"].decode()


def note(scope: Scope, what: object) -> None:
    journal[key_of(scope)].append(what)


async def body_of(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        event = await receive()
        assert event["type"] == "http.request", event
        body += event["body"]
        more = event["more_body"]
    return body


async def answer(send: Any, body: bytes, *headers: tuple[bytes, bytes], status: int = 200) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


async def told(send: Any, what: object) -> None:
    await answer(send, json.dumps(what, default=repr).encode(), (b"content-type", b"application/json"))


@named
async def tell(scope: Scope, _receive: Any, send: Any) -> None:
    await told(send, journal[key_of(scope)])


apps["journal"] = tell


@named
async def open(scope: Scope, _receive: Any, send: Any) -> None:
    gates[key_of(scope)].set()
    await told(send, True)


async def app(scope: Scope, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await lifespan(scope, receive, send)
        return
    table = sockets if scope["type"] == "websocket" else apps
    await table[scope["path"].split("/")[1]](scope, receive, send)


async def lifespan(scope: Scope, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "lifespan.startup"
    scope["state"]["began"] = ["once"]
    await send({"type": "lifespan.startup.complete"})
    assert (await receive())["type"] == "lifespan.shutdown"
    print("the lifespan ended", flush=True)
    await send({"type": "lifespan.shutdown.complete"})
