"""What waits on the loop for an answer: the coroutines of requests, one for each, and requests that have none.

They are watched like the jobs of threads; the coroutines are known to whoever ends a worker.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Coroutine
from contextvars import Context
from functools import partial
from typing import Any, Protocol

from hendrix.answer.slow import Reports
from hendrix.core.events import ERROR, WARNING

_DEEPEST = 100


class Watched(Protocol):
    """A request that has a time limit."""

    @property
    def answering(self) -> bool:
        """Has the answer begun? A stream may take as long as it likes."""

    def expire(self, seconds: float) -> None:
        """It has run for ``seconds`` and is past the hard limit; answer in its place, and cancel it."""

    def describe(self) -> str:
        """What it is, for a log line: method and path."""


class _Run:
    __slots__ = ("expired", "reported", "since", "watched")

    def __init__(self, watched: Watched | None) -> None:
        self.watched = watched
        self.since = time.monotonic()
        self.reported = self.expired = False


class Tasks:
    """Runs coroutines on one loop, and holds them: the loop itself would let them be collected."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._running: dict[asyncio.Task[None], _Run] = {}
        #: Requests whose answer comes by a callback, some time.
        self._attended: dict[Watched, _Run] = {}
        #: Their time is over.
        self.cancelled = False
        self._reports = Reports()

    def __len__(self) -> int:
        return len(self._running)

    def start(
        self, coroutine: Coroutine[Any, Any, None], context: Context | None = None, watched: Watched | None = None
    ) -> asyncio.Task[None]:
        """Begin it soon, in ``context`` or a copy of the current one. It ends with ``leave``, and does not raise."""
        task = self.loop.create_task(coroutine, context=context)
        self._running[task] = _Run(watched)
        return task

    def leave(self, task: asyncio.Task[None]) -> None:
        """From within ``task``: it is about to end."""
        self._running.pop(task, None)

    def attend(self, watched: Watched) -> None:
        """Watch it, until ``dismiss``: nothing of it runs here."""
        self._attended[watched] = _Run(watched)

    def dismiss(self, watched: Watched) -> None:
        """It is over, if it was attended at all."""
        self._attended.pop(watched, None)

    async def settled(self) -> None:
        """Wait until none is left."""
        while self._running:
            await asyncio.wait(list(self._running))

    def cancel(self) -> None:
        """The deadline has passed: whoever still runs is to clean up now."""
        self.cancelled = True
        for task in list(self._running):
            task.cancel()

    def items(self) -> list[tuple[asyncio.Task[None], Watched | None]]:
        """All coroutines, each with the request that is watched for it."""
        return [(task, run.watched) for task, run in self._running.items()]

    def watch(self, now: float, soft: float, hard: float) -> None:
        """Report requests that have been awaited longer than ``soft`` seconds, and end those past ``hard``.

        A task can be cancelled, so nothing of the worker is lost with it.
        """
        for task, run in list(self._running.items()):
            self._judge(run, task, now, soft, hard)
        for run in list(self._attended.values()):
            self._judge(run, None, now, soft, hard)
        self._reports.settle(now)

    def _judge(self, run: _Run, task: asyncio.Task[None] | None, now: float, soft: float, hard: float) -> None:
        watched, seconds = run.watched, now - run.since
        if watched is None or watched.answering:
            return
        stack = partial(_stack, task)
        if soft and seconds > soft and not run.reported:
            run.reported = True
            self._reports.tell("request.slow", WARNING, watched, seconds, stack, now)
        if hard and seconds > hard and not run.expired:
            run.expired = True
            self._reports.tell("request.hung", ERROR, watched, seconds, stack, now)
            watched.expire(seconds)


def _stack(task: asyncio.Task[None] | None) -> str:
    return "".join(traceback.format_list(stack_of(task.get_coro()))) if task is not None else ""


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
