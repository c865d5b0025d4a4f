"""An event loop whose time is an argument, and what else the worker's parts are given in tests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from hendrix.core.events import forget, listen


class FakeLoop:
    """Runs what it was given only when told to: ``turn`` what is due now, ``advance`` the time."""

    def __init__(self) -> None:
        self.now = 0.0
        #: Seconds that each timer runs later than it should.
        self.late = 0.0
        self.soon: deque[Callable[[], object]] = deque()
        self.timers: list[tuple[float, Callable[[], object]]] = []
        #: Times that another thread woke the loop.
        self.woken = 0

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: object) -> None:
        self.woken += 1
        self.call_soon(callback, *args)

    def call_soon(self, callback: Callable[..., object], *args: object) -> None:
        self.soon.append(lambda: callback(*args))

    def call_later(self, delay: float, callback: Callable[..., object], *args: object) -> None:
        self.timers.append((self.now + delay, lambda: callback(*args)))

    def create_task(self, coroutine: Coroutine[Any, Any, None]) -> Coroutine[Any, Any, None]:
        """Runs it at once: nothing in these tests waits."""
        try:
            coroutine.send(None)
        except StopIteration:
            return coroutine
        raise AssertionError("the coroutine waits for something")

    def turn(self) -> None:
        """Run what is to be run soon, and what that adds."""
        while self.soon:
            self.soon.popleft()()

    def advance(self, seconds: float) -> None:
        """Let time pass; timers run in their order."""
        end = self.now + seconds
        while due := [timer for timer in self.timers if timer[0] <= end + 1e-9]:
            first = min(due, key=lambda timer: timer[0])
            self.timers.remove(first)
            self.now = first[0] + self.late
            first[1]()
            self.turn()
        self.now = max(self.now, end)
        self.turn()


@contextmanager
def heard() -> Iterator[list[tuple[str, dict[str, object]]]]:
    """The events that are emitted within."""
    events: list[tuple[str, dict[str, object]]] = []

    def listener(name: str, _level: int, facts: dict[str, object]) -> None:
        events.append((name, facts))

    listen(listener)
    try:
        yield events
    finally:
        forget(listener)
