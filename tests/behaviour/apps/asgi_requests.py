"""HTTP applications of the ASGI suite."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

from asgi_stage import Scope, answer, body_of, gates, key_of, named, note, told


@named
async def hello(_scope: Scope, _receive: Any, send: Any) -> None:
    await answer(send, b"hello", (b"content-type", b"text/plain"))


@named
async def bare(_scope: Scope, _receive: Any, send: Any) -> None:
    """Neither headers nor a body are named."""
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body"})


@named
async def scope(scope: Scope, _receive: Any, send: Any) -> None:
    kinds = {key: type(value).__name__ for key, value in scope.items()}
    await told(send, {"scope": scope, "kinds": kinds})


@named
async def state(scope: Scope, _receive: Any, send: Any) -> None:
    seen = dict(scope["state"])
    scope["state"]["mine"] = True
    await told(send, seen)


@named
async def echo(_scope: Scope, receive: Any, send: Any) -> None:
    await answer(send, await body_of(receive))


@named
async def weigh(scope: Scope, receive: Any, send: Any) -> None:
    """The size of each piece is noted, and a gate waited at before the first."""
    if key_of(scope):
        await gates[key_of(scope)].wait()
    digest, sizes, more = hashlib.sha256(), [], True
    while more:
        event = await receive()
        digest.update(event["body"])
        sizes.append(len(event["body"]))
        more = event["more_body"]
    await told(send, {"size": sum(sizes), "largest": max(sizes), "digest": digest.hexdigest()})


@named
async def mirror(_scope: Scope, receive: Any, send: Any) -> None:
    """Answers while it reads."""
    await send({"type": "http.response.start", "status": 200})
    more = True
    while more:
        event = await receive()
        more = event["more_body"]
        await send({"type": "http.response.body", "body": event["body"], "more_body": more})


@named
async def early(_scope: Scope, _receive: Any, send: Any) -> None:
    """Answers without having read."""
    await answer(send, b"early")


@named
async def stream(scope: Scope, _receive: Any, send: Any) -> None:
    headers = [(b"content-length", b"9")] if "sized" in scope["path"] else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for piece in (b"one", b"", b"two"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": bytearray(b"end")})


@named
async def endless(scope: Scope, _receive: Any, send: Any) -> None:
    """How many megabytes went out until it failed, and with what."""
    sent = 0
    try:
        await send({"type": "http.response.start", "status": 200})
        while True:
            await send({"type": "http.response.body", "body": b"m" * 65536, "more_body": True})
            sent += 1
    except OSError as error:
        note(scope, ["failed", sent // 16, type(error).__name__])
        raise


@named
async def watch(scope: Scope, receive: Any, send: Any) -> None:
    """Waits for the disconnect, and then tries to send."""
    note(scope, (await receive())["type"])
    note(scope, (await receive())["type"])
    note(scope, (await receive())["type"])
    try:
        await answer(send, b"nobody")
        note(scope, "sent")
    except OSError:
        note(scope, "OSError")


@named
async def after(scope: Scope, receive: Any, send: Any) -> None:
    """What comes after a complete answer."""
    await answer(send, b"done")
    note(scope, (await receive())["type"])
    try:
        await send({"type": "http.response.body", "body": b"more"})
    except RuntimeError:
        note(scope, "RuntimeError")


@named
async def beside(scope: Scope, receive: Any, send: Any) -> None:
    """Two tasks: one receives while the other answers."""
    await receive()
    waiting = asyncio.ensure_future(receive())
    await asyncio.sleep(0)
    await answer(send, b"done")
    note(scope, (await waiting)["type"])


@named
async def cancelled(_scope: Scope, receive: Any, send: Any) -> None:
    """A receive that was given up loses nothing."""
    body, more = b"", True
    while more:
        try:
            event = await asyncio.wait_for(receive(), 0.002)
        except TimeoutError:
            gates["cancelled"].set()
            continue
        body += event["body"]
        more = event["more_body"]
    await answer(send, body)


def bad(name: str, *messages: dict[str, Any]) -> None:
    async def application(_scope: Scope, _receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    apps_of_bad[name] = application


apps_of_bad: dict[str, Any] = {}
START = {"type": "http.response.start", "status": 200, "headers": []}
SIZED = {**START, "headers": [(b"content-length", b"5")]}
bad("nothing")
bad("start_only", START)
bad("body_first", {"type": "http.response.body", "body": b"x"})
bad("start_twice", START, START)
bad("unknown", {"type": "http.response.nonsense"})
bad("no_status", {"type": "http.response.start"})
bad("status_text", {**START, "status": "200"}, {"type": "http.response.body"})
bad("status_low", {**START, "status": 100}, {"type": "http.response.body"})
bad("header_text", {**START, "headers": [("a", "b")]}, {"type": "http.response.body"})
bad("header_break", {**START, "headers": [(b"a", b"b\r\nc: d")]}, {"type": "http.response.body"})
bad("header_name", {**START, "headers": [(b"a b", b"c")]}, {"type": "http.response.body"})
bad("body_text", START, {"type": "http.response.body", "body": "text"})
bad("too_long", SIZED, {"type": "http.response.body", "body": b"123456"})
bad("too_short", SIZED, {"type": "http.response.body", "body": b"1234"})
#: These have begun when they go wrong.
MORE = {"type": "http.response.body", "body": b"12", "more_body": True}
bad("cut_unfinished", START, MORE)
bad("cut_too_long", SIZED, MORE, {"type": "http.response.body", "body": b"3456"})
bad("cut_too_short", SIZED, MORE, {"type": "http.response.body", "body": b"34"})
bad("cut_trailer", {**START, "trailers": True}, MORE, {"type": "http.response.body"})


@named
async def wrong(scope: Scope, receive: Any, send: Any) -> None:
    await apps_of_bad[scope["path"].split("/")[2]](scope, receive, send)


@named
async def raises(scope: Scope, _receive: Any, _send: Any) -> None:
    raise {"exit": SystemExit, "cancel": asyncio.CancelledError, "error": ValueError}[scope["path"].split("/")[2]](
        "the secret of the application"
    )


@named
async def raises_late(_scope: Scope, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    raise ValueError("too late")


@named
async def connection(_scope: Scope, _receive: Any, send: Any) -> None:
    await answer(send, b"x", (b"Connection", b"close"), (b"Transfer-Encoding", b"chunked"), (b"X-One", b"\xe4"))


@named
async def trailers(_scope: Scope, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "trailers": True})
    await send({"type": "http.response.body", "body": b"body"})
    await send({"type": "http.response.trailers", "headers": [(b"x-one", b"1")], "more_trailers": True})
    await send({"type": "http.response.trailers", "headers": [(b"x-two", b"2")]})


@named
async def hints(_scope: Scope, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload", b"</b.js>; rel=preload"]})
    await answer(send, b"late")


@named
async def path(scope: Scope, _receive: Any, send: Any) -> None:
    found = Path(__file__) if "missing" not in scope["path"] else Path("/nowhere")
    headers = [(b"content-length", b"%d" % found.stat().st_size)] if "sized" in scope["path"] else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.pathsend", "path": str(found)})
