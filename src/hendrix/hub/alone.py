"""A hub within one process: where no server of the project runs, in tests, under a server of another kind.

One switchboard for all loops and threads of the process, behind a lock. Its messages live as long as the process.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from hendrix.hub.bus import Counted, Hearer, Started
from hendrix.hub.history import Keep
from hendrix.hub.message import HubError, Id, Message
from hendrix.hub.presence import Change
from hendrix.hub.services import Services
from hendrix.hub.switch import Switch


class Alone:
    """The switchboard of this process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._switch = Switch(int(time.time()), time.monotonic())
        self._services = Services()

    def publish(self, topic: str, payload: bytes, *, binary: bool = False, keep: Keep | None = None) -> Id:
        """From any thread."""
        with self._lock:
            return self._switch.publish(topic, payload, time.monotonic(), binary=binary, keep=keep)

    def last(self, topic: str, count: int) -> list[Message]:
        """The last so many messages, oldest first."""
        with self._lock:
            return self._switch.last(topic, count, time.monotonic())

    def members(self, topic: str) -> dict[str, Any]:
        """Who is there."""
        with self._lock:
            self._switch.tick(time.monotonic())
            return self._switch.members(topic)

    def call(self, kind: int, request: bytes) -> bytes:
        """Ask a service, which is this process's own. Raises ``HubError``."""
        with self._lock:
            try:
                return self._services.find(kind)(request, time.monotonic())
            except Exception as error:
                raise HubError(f"{type(error).__name__}: {error}") from error

    def bus(self, hearer: Hearer, loop: asyncio.AbstractEventLoop) -> AloneBus:
        """The ``Bus`` of a loop."""
        return AloneBus(self, hearer, loop)


class AloneBus:
    """See ``bus.Bus``; and a ``switch.Peer``, which may be told something on any thread."""

    def __init__(self, alone: Alone, hearer: Hearer, loop: asyncio.AbstractEventLoop) -> None:
        self._alone, self._hearer, self._loop = alone, hearer, loop
        self._lock, self._switch = alone._lock, alone._switch
        self._ticking: asyncio.TimerHandle | None = None

    # --- the peer -----------------------------------------------------------------------------------------

    def deliver(self, message: Message) -> None:
        """See ``Peer``."""
        self._post(self._hearer.arrived, message)

    def changed(self, change: Change) -> None:
        """See ``Peer``."""
        self._post(self._hearer.changed, change)

    def _post(self, call: Any, what: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(call, what)
        except RuntimeError:  # the loop was closed, and nobody said so
            self._switch.lose(self, time.monotonic())

    # --- the bus ------------------------------------------------------------------------------------------

    def publish(self, topic: str, payload: bytes, *, binary: bool, keep: Keep | None) -> asyncio.Future[Id]:
        """See ``Bus``."""
        future: asyncio.Future[Id] = self._loop.create_future()
        try:
            future.set_result(self._alone.publish(topic, payload, binary=binary, keep=keep))
        except HubError as error:
            future.set_exception(error)
        return future

    def subscribe(self, topic: str, since: Id | None, done: Started) -> None:
        """See ``Bus``."""
        with self._lock:
            try:
                found: Any = self._switch.subscribe(topic, self, since, time.monotonic())
            except HubError as error:
                found = error
            # What was published before waits for the loop: then it is before the subscription there too.
            self._post(done, found)

    def unsubscribe(self, topic: str) -> None:
        """See ``Bus``."""
        with self._lock:
            self._switch.unsubscribe(topic, self)

    def last(self, topic: str, count: int) -> asyncio.Future[list[Message]]:
        """See ``Bus``."""
        future: asyncio.Future[list[Message]] = self._loop.create_future()
        future.set_result(self._alone.last(topic, count))
        return future

    def join(self, topic: str, member: str, about: Any) -> None:
        """See ``Bus``."""
        with self._lock:
            self._switch.join(topic, member, self, about)

    def leave(self, topic: str, member: str) -> None:
        """See ``Bus``."""
        with self._lock:
            self._switch.leave(topic, member, self, time.monotonic())
        self._tick_later()

    def _tick_later(self) -> None:
        deadline = self._switch.deadline()
        if self._ticking is None and deadline is not None:
            self._ticking = self._loop.call_later(deadline - time.monotonic() + 0.01, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        with self._lock:
            self._switch.tick(time.monotonic())
            self._tick_later()

    def watch(self, topic: str, done: Counted) -> None:
        """See ``Bus``."""
        with self._lock:
            try:
                found: Any = self._switch.watch(topic, self)
            except HubError as error:
                found = error
            self._post(done, found)

    def unwatch(self, topic: str) -> None:
        """See ``Bus``."""
        with self._lock:
            self._switch.unwatch(topic, self)

    def members(self, topic: str) -> asyncio.Future[dict[str, Any]]:
        """See ``Bus``."""
        future: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        future.set_result(self._alone.members(topic))
        return future

    def call(self, kind: int, request: bytes) -> asyncio.Future[bytes]:
        """See ``Bus``."""
        future: asyncio.Future[bytes] = self._loop.create_future()
        try:
            future.set_result(self._alone.call(kind, request))
        except HubError as error:
            future.set_exception(error)
        return future

    async def settle(self) -> None:
        """See ``Bus``."""

    def close(self) -> None:
        """See ``Bus``."""
        if self._ticking is not None:
            self._ticking.cancel()
        with self._lock:
            self._switch.lose(self, time.monotonic())
