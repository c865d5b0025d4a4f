"""``sync_to_async`` in async views: functions run in the worker's threads, those of one request one after the other.

asgiref gives each request (``ThreadSensitiveContext``) a thread of its own, started for it and ended with it. What
that is for, one connection to the database for all of them and never two at once, is here done by ``Belongings``.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import Context
from functools import partial
from typing import Any

from asgiref.sync import SyncToAsync

from hendrix.answer.belongings import Belongings
from hendrix.answer.delivery import Parking
from hendrix.core.events import ERROR, emit
from hendrix.core.http import Request


class Task:
    """A function for a thread of the pool: see ``core.exchange.Job``."""

    __slots__ = ("_around", "_call", "_for", "_future", "request_id")

    def __init__(
        self,
        future: Future[Any],
        call: Callable[[], Any],
        around: Callable[..., None],
        request: Request | None,
        request_id: str = "",
    ) -> None:
        self.request_id = request_id
        self._future = future
        self._call = call
        self._around = around
        self._for = request

    def run(self) -> None:
        """See ``Job.run``."""
        self._around(self._settle)

    def _settle(self) -> None:
        if not self._future.set_running_or_notify_cancel():
            return
        try:
            result = self._call()
        except BaseException as error:
            self._future.set_exception(error)
        else:
            self._future.set_result(result)

    def expire(self, seconds: float) -> None:
        """See ``Job.expire``. Who waits for it has a deadline of his own."""

    def describe(self) -> str:
        """See ``Job.describe``."""
        name = getattr(self._call, "__qualname__", type(self._call).__name__)
        return f"{name} for {self._for.described}" if self._for is not None else name


class _Sensitive:
    """Stands for one request in asgiref's table, like its ``ThreadSensitiveContext``."""

    __slots__ = ("__weakref__",)
    #: asgiref asks whether it has ended. Tasks that outlive their request may still use threads.
    _exited = False


class RequestThreads(Executor):
    """The executor of one request's thread-sensitive functions."""

    def __init__(self, threads: Parking, belongings: Belongings, request: Request, request_id: str) -> None:
        self._threads = threads
        self._belongings = belongings
        # Nothing that knows the request's context, which keeps this alive by asgiref's table.
        self._request = request
        self._request_id = request_id
        self._lock = threading.Lock()
        self._waiting: deque[Task] = deque()
        self._running = False

    def install(self, context: Context) -> None:
        """From now on asgiref finds it in ``context``, the request's, and forgets it when that is no more."""
        key: Any = _Sensitive()
        context.run(SyncToAsync.thread_sensitive_context.set, key)
        SyncToAsync.context_to_thread_executor[key] = self

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """See ``Executor.submit``."""
        future: Future[Any] = Future()
        call = partial(fn, *args, **kwargs) if args or kwargs else fn
        task = Task(future, call, self._around, self._request, self._request_id)
        with self._lock:
            if self._running:
                self._waiting.append(task)
                return future
            self._running = True
        self._threads.lend(task)
        return future

    def _around(self, settle: Callable[[], None]) -> None:
        """In a thread: with the request's connections; then the next one's turn."""
        try:
            self._belongings.visit(settle)
        except Exception as error:
            emit("connections.failed", ERROR, request=self._request.described, exc=error)
        with self._lock:
            following = self._waiting.popleft() if self._waiting else None
            self._running = following is not None
        if following is not None:
            self._threads.lend(following)


class FreeThreads(ThreadPoolExecutor):
    """The loop's default executor: ``sync_to_async(thread_sensitive=False)`` and ``asyncio.to_thread``.

    It starts no threads of its own; it is a ``ThreadPoolExecutor`` because asyncio takes nothing else.
    """

    def __init__(self, threads: Parking) -> None:
        super().__init__(max_workers=1)
        self._worker_threads = threads

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """See ``Executor.submit``."""
        future: Future[Any] = Future()
        # In a context of its own: what it sets must not be found by the requests of that thread.
        call = partial(Context().run, fn, *args, **kwargs)
        self._worker_threads.lend(Task(future, call, _at_once, None))
        return future


def _at_once(settle: Callable[[], None]) -> None:
    settle()


def adopt_loop(loop: asyncio.AbstractEventLoop, threads: Parking) -> Callable[[], None]:
    """Have ``loop`` use ``threads``; return what each new one does first, so that it uses ``loop``.

    ``async_to_sync`` in a sync view runs its coroutine on the worker's loop, as under any ASGI server: what lives
    there (channel layers, clients with a pool) is the same for both kinds of views, and no loop is made for each call.
    """
    loop.set_default_executor(FreeThreads(threads))

    def adopt_thread() -> None:
        SyncToAsync.threadlocal.main_event_loop = loop
        SyncToAsync.threadlocal.main_event_loop_pid = os.getpid()

    return adopt_thread
