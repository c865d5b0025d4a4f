"""An async function as a socket, whose client goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from hendrix.answer.sockets import function
from hendrix.answer.sockets.function import IteratedSocket
from hendrix.answer.sockets.socket import websocket


class Session:
    """What of a session the socket asks for."""

    def start(self, coroutine: Any) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(coroutine)

    def call(self, method: Callable[..., None], *args: Any) -> None:
        """To close."""

    close = fail = call


async def gone_from(handler: Callable[..., Any]) -> asyncio.Task[None]:
    """Its task, a while after the client has gone."""
    socket = cast("IteratedSocket", websocket(handler)())
    socket._session = cast("Any", Session())
    await socket.connect()
    assert socket._task is not None
    await asyncio.sleep(0)
    await socket.disconnect(1001)
    await asyncio.wait([socket._task], timeout=20)
    return socket._task


def test_one_that_waits_for_something_else_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "_GRACE", 0.0)

    async def handler(socket: Any) -> None:
        await asyncio.get_running_loop().create_future()

    assert asyncio.run(gone_from(handler)).cancelled()


def test_one_that_has_heard_of_it_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "_GRACE", 0.0)
    done = []

    async def handler(socket: Any) -> None:
        async for _ in socket:
            pass
        for _ in range(10):
            await asyncio.sleep(0)
        done.append(True)

    assert not asyncio.run(gone_from(handler)).cancelled()
    assert done


async def after_words(handler: Callable[..., Any], *words: str) -> asyncio.Task[None]:
    """Its task, a while after a client has said that and left; as a session has it: one call after the other."""
    socket = cast("IteratedSocket", websocket(handler)())
    socket._session = cast("Any", Session())
    await socket.connect()
    assert socket._task is not None

    async def heard() -> None:
        for word in words:
            await socket.receive(word)
        await socket.disconnect(1001)

    hears = asyncio.get_running_loop().create_task(heard())
    await asyncio.sleep(0)
    socket._left()
    await asyncio.wait([hears, socket._task], timeout=20)
    return socket._task


def test_one_that_takes_no_messages_hears_that_its_client_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "_GRACE", 0.0)

    async def handler(socket: Any) -> None:
        await asyncio.get_running_loop().create_future()

    assert asyncio.run(after_words(handler, "ping", "ping")).cancelled()


def test_what_a_client_said_before_it_left_is_given_in_order() -> None:
    taken = []

    async def handler(socket: Any) -> None:
        await asyncio.sleep(0.01)
        async for word in socket:
            taken.append(word)

    assert not asyncio.run(after_words(handler, "a", "b", "c")).cancelled()
    assert taken == ["a", "b", "c"]
