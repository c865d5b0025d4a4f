"""One call in the background: what is called, with what, in which context, and who hears of its failure."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import sys
from collections.abc import Callable
from typing import Any

from hendrix.core.events import ERROR, emit, heard
from hendrix.tasks.contexts import rehome


class Duty:
    """``function(*args, **named)``, to be run once, in a thread, with the context variables of this moment.

    ``skip`` are statuses after which it is not; ``here`` says that it wants the very thread of its request; ``spawn``
    is what starts it where it has threads of its own.
    """

    __slots__ = ("_context", "args", "function", "here", "named", "skip", "spawn")

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...] = (),
        named: dict[str, Any] | None = None,
        *,
        skip: frozenset[int] = frozenset(),
        here: bool = False,
        spawn: Callable[[Callable[[], object]], object] | None = None,
    ) -> None:
        if not callable(function):
            raise TypeError(f"{function!r} cannot be called")
        self.function = function
        self.args = args
        self.named = named or {}
        self.skip = skip
        self.here = here
        self.spawn = spawn
        self._context = contextvars.copy_context()

    @property
    def name(self) -> str:
        """For a log line."""
        function = inspect.unwrap(getattr(self.function, "func", self.function))
        module = getattr(function, "__module__", "")
        return f"{module}.{getattr(function, '__qualname__', type(function).__name__)}".lstrip(".")

    def call(self) -> Any:
        """In the caller's own thread and context; what it raises is raised."""
        return called(self.function, *self.args, **self.named)

    def run(self, request_id: str = "") -> None:
        """In any thread. A failure is told, not raised."""
        try:
            self.run_loudly()
        except Exception as error:
            _tell(self.name, request_id, error)
        finally:
            tidy()

    def run_loudly(self) -> None:
        """The same, but what it raises is raised, and the thread's database connections are let be."""
        self._context.run(self._rehomed)

    def _rehomed(self) -> None:
        rehome()
        self.call()


def called(function: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """What ``function`` returns, awaited where it is a coroutine. Not on a thread whose loop runs."""
    found = function(*args, **named)
    if inspect.isawaitable(found):
        from asgiref.sync import async_to_sync  # noqa: PLC0415 - Django's, which a WSGI application may lack

        async def awaited() -> Any:
            return await found

        return async_to_sync(awaited)()
    return found


def on_a_loop() -> bool:
    """Is this the thread of a loop that runs?"""
    return asyncio._get_running_loop() is not None


def tidy() -> None:
    """The thread's database connections as between two requests."""
    module: Any = sys.modules.get("django.db")
    if module is not None and sys.modules["django.conf"].settings.configured:
        module.reset_queries()
        module.close_old_connections()


def leave() -> None:
    """The thread ends."""
    module: Any = sys.modules.get("django.db")
    if module is not None and sys.modules["django.conf"].settings.configured:
        module.connections.close_all()


def _tell(name: str, request_id: str, error: Exception) -> None:
    if heard():
        emit("background.failed", ERROR, task=name, id=request_id, exc=error)
        return
    # Not within a server of ours: where the project hears of its views' failures, too.
    from django.utils.log import request_logger  # noqa: PLC0415

    request_logger.error("%s failed, after the response", name, exc_info=error)
