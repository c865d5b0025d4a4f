"""A session whose handlers take their time: how much of what its client sends waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, cast

import pytest

from hendrix.answer.sockets.session import Host, Session
from hendrix.answer.sockets.socket import WebSocket


class Threads:
    """A host whose threads do what they are given when the test says so."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.hub = None
        self._calls: list[Callable[[], None]] = []

    def in_thread(self, call: Callable[[], None], request_id: str) -> None:
        self._calls.append(call)

    def run_one(self) -> None:
        self._calls.pop(0)()
        self.loop.run_until_complete(asyncio.sleep(0))


class Wire:
    paused = False

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False


class Taking(WebSocket):
    codec = "raw"
    kwargs: dict[str, Any] = {}  # noqa: RUF012 - as of a route without any

    def receive(self, data: Any) -> None:
        """It takes what it is given."""


@pytest.mark.parametrize(("size", "most"), [(10, 17), (200_000, 7), (2_000_000, 2)])
def test_a_client_waits_when_many_messages_do_or_few_large_ones(size: int, most: int) -> None:
    host, wire = Threads(), cast("Any", Wire())
    Session(cast("Host", host), Taking(), "", "", copy_context()).begin(wire)
    sent = 0
    while not wire.paused:
        wire.on_message(b"x" * size)
        sent += 1
    assert sent == most
    while wire.paused:  # until half of it is taken
        host.run_one()
        sent -= 1
    assert 0 <= sent <= most // 2 + 1
    host.loop.close()
