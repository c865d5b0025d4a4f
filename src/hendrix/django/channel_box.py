"""What has arrived for the channels of this process, and who waits for it. Any thread may call."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterable

from hendrix.core.events import INFO, emit
from hendrix.hub.mail import Mail, Put

Waiter = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]


class Box:
    """A ``Mail`` of this process's own, whose receivers are woken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mail = Mail()
        self._waiters: dict[str, deque[Waiter]] = {}

    @property
    def groups(self) -> list[str]:
        """Those that have members here."""
        with self._lock:
            return self._mail.groups

    def put(self, channel: str, data: bytes, capacity: int, expiry: float) -> bool:
        """False: it is full. Raises ``HubError``."""
        with self._lock:
            taken = self._mail.put(channel, data, time.monotonic(), capacity, expiry)
        self.wake([channel] if taken else [])
        return taken

    def put_group(self, group: str, data: bytes, expiry: float) -> Put:
        """To all members here."""
        with self._lock:
            put = self._mail.put_group(group, data, time.monotonic(), expiry)
        self.wake(put.taken)
        if put.full:
            emit("channels.full", INFO, group=group, full=len(put.full), of=len(put.full) + len(put.taken))
        return put

    def take(self, channel: str) -> bytes | None:
        """The oldest that is there."""
        with self._lock:
            return self._mail.take(channel, time.monotonic())

    def join(self, group: str, channel: str, capacity: int, expiry: float) -> None:
        """It is in the group."""
        with self._lock:
            self._mail.join(group, channel, time.monotonic(), capacity, expiry)

    def leave(self, group: str, channel: str) -> bool:
        """It is not. True: nobody here is any more."""
        with self._lock:
            self._mail.leave(group, channel)
            return not self._mail.has(group)

    def flush(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._mail.flush()

    # --- waiting ------------------------------------------------------------------------------------------

    def wake(self, channels: Iterable[str]) -> None:
        """One of those who wait for each of them may look again."""
        here = asyncio._get_running_loop()
        for channel in channels:
            while waiter := self._next(channel):
                loop, future = waiter
                if loop is here:
                    self._settle(channel, future)
                    break
                with contextlib.suppress(RuntimeError):  # its loop is closed: the next one, then
                    loop.call_soon_threadsafe(self._settle, channel, future)
                    break

    def _settle(self, channel: str, future: asyncio.Future[None]) -> None:
        if future.done():
            self.wake([channel])  # it went away meanwhile: this is for another one
        else:
            future.set_result(None)

    def _next(self, channel: str) -> Waiter | None:
        with self._lock:
            waiting = self._waiters.get(channel)
            return waiting.popleft() if waiting else None

    def wait(self, channel: str) -> asyncio.Future[None]:
        """Done once it may be worth looking. ``forget`` it in the end."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        with self._lock:
            self._waiters.setdefault(channel, deque()).append((loop, future))
        return future

    def forget(self, channel: str, future: asyncio.Future[None]) -> None:
        """Whoever waited does not any more. What woke it is for the next one, if it did not take it."""
        woken = future.done() and not future.cancelled()
        with self._lock:
            waiting = self._waiters.get(channel)
            if waiting is not None:
                own = next((waiter for waiter in waiting if waiter[1] is future), None)
                if own is not None:
                    waiting.remove(own)
                if not waiting:
                    del self._waiters[channel]
        if woken:
            self.wake([channel])
