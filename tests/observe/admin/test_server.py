"""The admin listener over real sockets; the supervisor behind it is a function."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from hendrix.core.control import Reply
from hendrix.observe.admin.guard import Guard
from hendrix.observe.admin.main import ROUTES
from hendrix.observe.admin.routes import Answer, Route, Routes, Visit
from hendrix.observe.admin.server import MOST_CONNECTIONS, Server

TOKEN = "correct horse battery staple"
FACTS = {"phase": "running", "generation": 1, "workers_wanted": 0, "workers": []}
CACHE = {
    "worker": 1,
    "hits": 3,
    "top": [["http://shop.example/a?page=2&token=hush", 3, 4096]],
    "recent": [["http://shop.example/b?password=hush", "private"]],
}
Talk = Callable[..., Awaitable[bytes]]


async def ask(do: str, **facts: Any) -> Reply:
    if do == "cache":
        return Reply(1, 0, facts={"workers": [CACHE]})
    return Reply(1, 0, facts=FACTS) if do == "status" else Reply(1, 1, "not now")


async def _breaks(visit: Visit) -> Answer:
    raise ValueError("a secret of ours")


async def _posted(visit: Visit) -> Answer:
    return Answer(body=visit.request.body)


async def _counts(visit: Visit) -> Answer:
    async def parts() -> AsyncGenerator[bytes, None]:
        for number in range(3):
            yield b"data: %d\n\n" % number

    return Answer(type="text/event-stream", parts=parts())


async def _reload(visit: Visit) -> Answer:
    await visit.facts("reload")
    return Answer()


MORE = (
    Route("GET", "/breaks", _breaks),
    Route("GET", "/events", _counts),
    Route("POST", "/reload", _reload, changes=True),
    Route("POST", "/echo", _posted),
)


def served(scene: Callable[[Talk], Awaitable[None]], token: str = "") -> None:
    async def play() -> None:
        with socket.create_server(("127.0.0.1", 0)) as sock:
            server = await Server(Routes((*ROUTES, *MORE)), Guard(token, "csrf"), ask).listen(sock)

            async def talk(*requests: bytes, end: bool = True) -> bytes:
                reader, writer = await asyncio.open_connection(*sock.getsockname())
                writer.write(b"".join(requests))
                if end:
                    writer.write_eof()
                async with asyncio.timeout(20):
                    said = await reader.read()
                writer.close()
                return said

            await scene(talk)
            server.close()

    asyncio.run(play())


def get(path: str, *fields: bytes, method: bytes = b"GET") -> bytes:
    return b"\r\n".join([method + b" " + path.encode() + b" HTTP/1.1", b"Host: localhost", *fields, b"", b""])


CLOSE = b"Connection: close"


def test_one_answer_after_the_other() -> None:
    async def scene(talk: Talk) -> None:
        said = await talk(get("/health"), get("/nothing"), get("/ready", CLOSE), end=False)
        assert re.findall(rb"HTTP/1.1 (\d+)", said) == [b"200", b"404", b"200"]
        assert said.endswith(b"\r\n\r\nready: 0 of 0 workers serve\n")
        assert b"Cache-Control: no-store\r\n" in said

    served(scene)


def test_head_has_no_body() -> None:
    async def scene(talk: Talk) -> None:
        said = await talk(get("/health", CLOSE, method=b"HEAD"), end=False)
        assert b"Content-Length: 6\r\n" in said
        assert said.endswith(b"\r\n\r\n")

    served(scene)


def test_methods_and_bodies() -> None:
    async def scene(talk: Talk) -> None:
        said = await talk(get("/health", method=b"DELETE"))
        assert said.startswith(b"HTTP/1.1 405 ")
        assert b"Allow: GET\r\n" in said
        said = await talk(get("/echo", b"Content-Length: 5", CLOSE, method=b"POST"), b"hello")
        assert said.endswith(b"\r\n\r\nhello")
        said = await talk(get("/reload", method=b"POST"))
        assert said.startswith(b"HTTP/1.1 502 ")
        assert b"not now" in said

    served(scene)


def test_a_stream_goes_on_until_it_ends() -> None:
    async def scene(talk: Talk) -> None:
        said = await talk(get("/events"), end=False)
        assert said.endswith(b"\r\n\r\ndata: 0\n\ndata: 1\n\ndata: 2\n\n")
        assert b"Content-Length" not in said

    served(scene)


def test_what_breaks_is_not_shown() -> None:
    async def scene(talk: Talk) -> None:
        said = await talk(get("/breaks"))
        assert said.startswith(b"HTTP/1.1 500 ")
        assert b"secret" not in said

    served(scene)


def test_who_may_not_ask_does_not_learn_what_there_is() -> None:
    async def scene(talk: Talk) -> None:
        for path in ("/status.json", "/nothing", "/events"):
            assert (await talk(get(path, CLOSE), end=False)).startswith(b"HTTP/1.1 401 ")
        bearer = b"Authorization: Bearer " + TOKEN.encode()
        assert (await talk(get("/status.json", bearer, CLOSE), end=False)).startswith(b"HTTP/1.1 200 ")
        assert (await talk(get("/health", CLOSE), end=False)).startswith(b"HTTP/1.1 200 ")

    served(scene, TOKEN)


def test_heads_and_connections_are_bounded() -> None:
    async def scene(talk: Talk) -> None:
        assert (await talk(b"GET /" + b"x" * 70_000, end=False)).startswith(b"HTTP/1.1 431 ")
        idle = [asyncio.create_task(talk(end=False)) for _ in range(MOST_CONNECTIONS)]
        await asyncio.sleep(0)
        while not (said := await talk(get("/health", CLOSE), end=False)).startswith(b"HTTP/1.1 503 "):
            assert said.startswith(b"HTTP/1.1 200 ")
        for task in idle:
            task.cancel()

    served(scene)


def test_what_the_cache_does_is_told_without_secrets() -> None:
    async def scene(talk: Talk) -> None:
        said = await talk(get("/cache.json", CLOSE))
        told = json.loads(said.partition(b"\r\n\r\n")[2])
        assert told["workers"][0] == {
            **CACHE,
            "top": [["http://shop.example/a?page=2&token=***", 3, 4096]],
            "recent": [["http://shop.example/b?password=***", "private"]],
        }

    served(scene)
