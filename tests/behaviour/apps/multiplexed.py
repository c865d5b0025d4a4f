"""An ASGI application for tests of many requests on one connection."""

import asyncio
from urllib.parse import parse_qs

gates: dict[str, asyncio.Event] = {}
noted: list[str] = []
MEGABYTE = 1024 * 1024


async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await sockets(scope, receive, send)
    elif scope["type"] == "http":
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        await VIEWS[scope["path"].split("/")[1]](scope, receive, send, query)
    else:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})


async def start(send, status=200, **more):
    headers = [(b"content-type", b"text/plain"), (b"x-kind", b"test")]
    await send({"type": "http.response.start", "status": status, "headers": headers, **more})


async def whole(send, body):
    await start(send)
    await send({"type": "http.response.body", "body": body})


async def read(receive):
    body = b""
    while (event := await receive())["type"] == "http.request":
        body += event["body"]
        if not event["more_body"]:
            return body
    noted.append("disconnected")
    return body


async def size(scope, receive, send, query):
    await whole(send, b"x" * int(query["n"]))


async def stream(scope, receive, send, query):
    await start(send)
    for number in range(int(query["n"])):
        await send({"type": "http.response.body", "body": b"y" * MEGABYTE, "more_body": True})
        noted.append(f"{query['key']} {number}")
    await send({"type": "http.response.body", "body": b""})


async def echo(scope, receive, send, query):
    await whole(send, await read(receive))


async def gate(scope, receive, send, query):
    """Begins, and goes on when the gate is opened."""
    await start(send)
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    await gates.setdefault(query["key"], asyncio.Event()).wait()
    await send({"type": "http.response.body", "body": b"ended"})


async def wait(scope, receive, send, query):
    """Waits until the peer leaves."""
    noted.append(f"{query['key']} waits")
    await receive()
    while (await receive())["type"] != "http.disconnect":
        pass
    noted.append(f"{query['key']} left")


async def deaf(scope, receive, send, query):
    """Reads a piece of the body, and no more until the gate is opened."""
    first = await receive()
    await gates.setdefault(query["key"], asyncio.Event()).wait()
    await whole(send, str(len(first["body"]) + len(await read(receive))).encode())


async def open_gate(scope, receive, send, query):
    gates.setdefault(query["key"], asyncio.Event()).set()
    await whole(send, b"opened")


async def notes(scope, receive, send, query):
    await whole(send, "\n".join(noted).encode())


async def facts(scope, receive, send, query):
    fields = b"\n".join(b"%b: %b" % pair for pair in scope["headers"])
    await whole(send, f"{scope['http_version']} {scope['scheme']} {scope['method']}\n".encode() + fields)


async def hints(scope, receive, send, query):
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]})
    await whole(send, b"hinted")


async def trailers(scope, receive, send, query):
    await start(send, trailers=True)
    await send({"type": "http.response.body", "body": b"content"})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"7")]})


async def broken(scope, receive, send, query):
    await start(send)
    await send({"type": "http.response.body", "body": b"some", "more_body": True})
    raise RuntimeError("broken off")


VIEWS = {
    view.__name__: view
    for view in (size, stream, echo, gate, wait, deaf, open_gate, notes, facts, hints, trailers, broken)
}


async def sockets(scope, receive, send):
    await receive()
    if scope["path"] == "/refused":
        await send({"type": "websocket.close"})
        return
    chosen = scope["subprotocols"][0] if scope["subprotocols"] else None
    await send({"type": "websocket.accept", "subprotocol": chosen})
    while (event := await receive())["type"] == "websocket.receive":
        if event.get("text") == "close":
            await send({"type": "websocket.close", "code": 4000, "reason": "asked for"})
            return
        if event.get("text") == "much":
            await send({"type": "websocket.send", "bytes": b"m" * MEGABYTE})
            continue
        await send({"type": "websocket.send", "text": event.get("text"), "bytes": event.get("bytes")})
    noted.append(f"socket {event['code']}")
