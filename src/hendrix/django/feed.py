"""The bytes of an event stream: events as they come, and a heartbeat where none does.

The iterable runs in a task of its own, all its life in the same one. So what waits for it can give up waiting, to send
a heartbeat, and nothing within the iterable is cancelled by that or has to know of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from typing import Any

from hendrix.django.event import HEARTBEAT, encode

_Future = asyncio.Future[None]


class Feed:
    """An async iterator of bytes, for one consumer. ``heartbeat`` in seconds; 0: none."""

    __slots__ = ("_asked", "_events", "_frame", "_heartbeat", "_over", "_pump", "_since", "_timer", "_waiter")

    def __init__(self, events: AsyncIterable[Any], heartbeat: float) -> None:
        if not hasattr(events, "__aiter__"):
            raise TypeError(f"{type(events).__name__} is no async iterable of events")
        if heartbeat < 0:
            raise ValueError(f"a heartbeat every {heartbeat} seconds cannot be")
        self._events = events
        self._heartbeat = heartbeat
        self._pump: asyncio.Task[None] | None = None
        #: What the iterable gave and the consumer has not taken.
        self._frame: bytes | None = None
        #: The consumer waits for a frame; the pump waits to be asked for the next one.
        self._waiter: _Future | None = None
        self._asked: _Future | None = None
        #: Goes off when a heartbeat might be due: not set anew with each event, of which there may be many a second.
        self._timer: asyncio.TimerHandle | None = None
        #: Since when the consumer waits, by the loop's clock.
        self._since = 0.0
        self._over = False

    def __aiter__(self) -> Feed:
        return self

    async def __anext__(self) -> bytes:
        if self._pump is None:
            if self._over:
                raise StopAsyncIteration
            self._pump = asyncio.get_running_loop().create_task(self._run())
            self._pump.add_done_callback(self._on_end)
        else:
            _wake(self._asked)
        if self._frame is None and not self._pump.done() and not await self._arrival(self._pump):
            return HEARTBEAT
        frame, self._frame = self._frame, None
        if frame is not None:
            return frame
        self._end(self._pump)
        raise StopAsyncIteration

    async def _arrival(self, pump: asyncio.Task[None]) -> bool:
        """Wait for a frame or the end; False where there was only silence."""
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        if self._heartbeat:
            self._since = loop.time()
            if self._timer is None:
                self._timer = loop.call_later(self._heartbeat, self._on_time, loop)
        try:
            await waiter
        finally:
            self._waiter = None
        return self._frame is not None or pump.done()

    def _on_time(self, loop: asyncio.AbstractEventLoop) -> None:
        """A heartbeat is due, unless the consumer began to wait only lately, or does not wait at all."""
        self._timer = None
        if self._waiter is None or self._over:
            return
        left = self._since + self._heartbeat - loop.time()
        if left > 0:
            self._timer = loop.call_later(left, self._on_time, loop)
        else:
            _wake(self._waiter)

    async def _run(self) -> None:
        """The pump."""
        events = aiter(self._events)
        try:
            async for event in events:
                if self._over:
                    break
                self._frame = encode(event)
                _wake(self._waiter)
                self._asked = asyncio.get_running_loop().create_future()
                await self._asked
        finally:
            # Whatever ended it: an iterable that was left in the middle is closed now, not some time.
            if hasattr(events, "aclose"):
                await events.aclose()

    def _on_end(self, _pump: asyncio.Task[None]) -> None:
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        _wake(self._waiter)

    async def aclose(self) -> None:
        """Have the iterable end, wait until it has; raise what it raises."""
        self._over = True
        pump = self._pump
        if pump is None:
            return
        if not pump.done():
            pump.cancel()
            await asyncio.wait([pump])
        self._end(pump)

    def close(self) -> None:
        """From any thread, for those who forget ``aclose``: have the iterable end soon."""
        self._over = True
        pump = self._pump
        if pump is not None and not pump.done():
            pump.get_loop().call_soon_threadsafe(pump.cancel)

    def _end(self, pump: asyncio.Task[None]) -> None:
        """What the iterable raised is raised once."""
        self._over = True
        self._pump = None
        if not pump.cancelled() and (error := pump.exception()) is not None:
            raise error


def _wake(waiter: _Future | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
