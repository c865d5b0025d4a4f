"""The coroutines of requests: started on the loop, and watched like the jobs of threads."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, Protocol

from hendrix.core.events import ERROR, WARNING, emit

_DEEPEST = 100


class Call(Protocol):
    """Who has a coroutine run for a request."""

    @property
    def answering(self) -> bool:
        """Has the answer begun? A stream may take as long as it likes."""

    def expire(self, seconds: float) -> None: ...
    def describe(self) -> str: ...


class _Watched:
    __slots__ = ("call", "expired", "reported", "since")

    def __init__(self, call: Call) -> None:
        self.call = call
        self.since = time.monotonic()
        self.reported = False
        self.expired = False


class Tasks:
    """All of one worker."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watched: dict[asyncio.Task[Any], _Watched] = {}

    async def end(self, seconds: float) -> None:
        """Wait for those that run, so long at the most."""
        if self._watched:
            await asyncio.wait(list(self._watched), timeout=seconds)

    def start(self, call: Call, coroutine: Coroutine[Any, Any, None], context: Context) -> asyncio.Task[None]:
        """Run ``coroutine`` in ``context``. It must not raise."""
        task = self._loop.create_task(coroutine, context=context)
        self._watched[task] = _Watched(call)
        task.add_done_callback(self._watched.pop)
        return task

    def watch(self, now: float, soft: float, hard: float) -> None:
        """Report requests that have been awaited longer than ``soft`` seconds, and end those past ``hard``.

        A task can be cancelled, so nothing of the worker is lost with it.
        """
        for task, watched in list(self._watched.items()):
            call, seconds = watched.call, now - watched.since
            if call.answering:
                continue
            if soft and seconds > soft and not watched.reported:
                watched.reported = True
                _report("request.slow", WARNING, task, call, seconds)
            if hard and seconds > hard and not watched.expired:
                watched.expired = True
                _report("request.hung", ERROR, task, call, seconds)
                call.expire(seconds)


def _report(name: str, level: int, task: asyncio.Task[Any], call: Call, seconds: float) -> None:
    stack = "".join(traceback.format_list(stack_of(task.get_coro())))
    emit(name, level, request=call.describe(), seconds=round(seconds, 1), stack=stack)


def stack_of(awaited: Any) -> list[traceback.FrameSummary]:
    """Where a suspended coroutine is, and what it awaits, down to the future."""
    frames: list[traceback.FrameSummary] = []
    while awaited is not None and len(frames) < _DEEPEST:
        for kind in ("cr", "ag", "gi"):
            frame = getattr(awaited, f"{kind}_frame", None)
            if frame is not None:
                frames.append(traceback.FrameSummary(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
                awaited = getattr(awaited, "gi_yieldfrom" if kind == "gi" else f"{kind}_await")
                break
        else:
            break
    return frames
