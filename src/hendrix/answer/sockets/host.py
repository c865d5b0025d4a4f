"""A worker, as sockets see it: its loop, its threads, its hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any

from django.db import close_old_connections

from hendrix.answer.belongings import Belongings
from hendrix.answer.delivery import Parking
from hendrix.answer.sync_threads import RequestThreads
from hendrix.answer.tasks import Tasks
from hendrix.core.events import ERROR, emit
from hendrix.core.http import Request
from hendrix.core.request_id import named
from hendrix.hub.door import hub_of


class Handler:
    """A handler for a thread of the pool: see ``core.exchange.Job``."""

    __slots__ = ("_call", "request_id")

    def __init__(self, call: Callable[[], None], request_id: str) -> None:
        self._call = call
        self.request_id = request_id

    def run(self) -> None:
        """See ``Job.run``. Database connections are kept or closed as between requests."""
        try:
            close_old_connections()
            copy_context().run(self._call)
            close_old_connections()
        except BaseException as error:
            emit("socket.failed", ERROR, exc=error)

    def expire(self, seconds: float) -> None:
        """See ``Job.expire``. Its client waits; the thread is lost, and the worker will be replaced."""

    def describe(self) -> str:
        """See ``Job.describe``."""
        return "a handler of a WebSocket"


class WorkerHost:
    """See ``session.Host``."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: Parking, tasks: Tasks) -> None:
        self.loop = loop
        self.hub = hub_of(loop)
        self._threads = threads
        self._tasks = tasks

    def in_thread(self, call: Callable[[], None], request_id: str) -> None:
        """See ``Host``."""
        self._threads.lend(Handler(call, request_id))

    def context(self, request: Request, request_id: str) -> Context:
        """See ``Host``. What its coroutines call of sync functions runs in the worker's threads, one by one."""
        context = copy_context()
        context.run(named.set, request_id)
        RequestThreads(self._threads, Belongings(lingers=True), request, request_id).install(context)
        return context

    def start(self, coroutine: Coroutine[Any, Any, None], context: Context) -> asyncio.Task[None]:
        """See ``Host``."""
        tasks = self._tasks

        async def run() -> None:
            try:
                await coroutine
            finally:
                task = asyncio.current_task()
                assert task is not None
                tasks.leave(task)

        return tasks.start(run(), context)
