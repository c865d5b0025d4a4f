"""Functions as sockets."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from hendrix.answer.sockets.socket import WebSocket

#: Seconds that a function has to ask for the next message, and so to hear that its client is gone.
_GRACE = 10.0


class FunctionSocket(WebSocket):
    """``handler`` is called for each message."""

    handler: Callable[..., Any]

    def receive(self, data: Any) -> Any:
        """See ``WebSocket``."""
        return type(self).handler(self, data, **self.kwargs)


class IteratedSocket(WebSocket):
    """``handler`` is called once, and iterates over the messages; the client is closed when it returns."""

    handler: Callable[..., Any]

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._cancels: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[None] | None = None
        #: The message that was received, and who waits for it to be taken; several only of a client that has left.
        self._given: deque[Any] = deque()
        self._taken: asyncio.Future[None] | None = None
        #: Nobody makes a client wait that has left; it is gone once all that it said was given; the function was told.
        self._leaves = self._gone = self._told = False

    async def connect(self, **kwargs: Any) -> None:
        """See ``WebSocket``."""
        self._task = self._session.start(self._run(kwargs))

    async def _run(self, kwargs: dict[str, Any]) -> None:
        try:
            await type(self).handler(self, **kwargs)
        except Exception as error:
            self._session.fail(error)
        else:
            self.close()
        finally:
            self._gone = True
            _wake(self._taken)
            if self._cancels is not None:
                self._cancels.cancel()

    async def receive(self, data: Any) -> None:
        """See ``WebSocket``. It lasts until the message is taken: so a client that floods is made to wait."""
        if self._gone:
            return
        self._given.append(data)
        _wake(self._waiter)
        if not self._leaves:
            self._taken = asyncio.get_running_loop().create_future()
            await self._taken

    def _left(self) -> None:
        """See ``WebSocket``. A function that takes no messages is to hear of it, too."""
        self._leaves = True
        _wake(self._taken)

    async def disconnect(self, code: int) -> None:
        """See ``WebSocket``."""
        self._gone = True
        _wake(self._waiter)
        if self._task is not None and not self._task.done():
            self._cancels = asyncio.get_running_loop().call_later(_GRACE, self._cancel)

    def _cancel(self) -> None:
        """As a view is whose client is gone: it waits for something else, which may go on for ever."""
        if self._task is not None and not self._told:
            self._task.cancel()

    def __aiter__(self) -> IteratedSocket:
        return self

    async def __anext__(self) -> Any:
        while not self._given:
            if self._gone:
                self._told = True
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        _wake(self._taken)
        return self._given.popleft()


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


def made_of(handler: Callable[..., Any], options: dict[str, Any]) -> type[WebSocket]:
    """A class for the function."""
    kind = IteratedSocket if iscoroutinefunction(handler) else FunctionSocket
    facts = {"handler": staticmethod(handler), "__doc__": handler.__doc__, "__module__": handler.__module__}
    unknown = [name for name in options if not hasattr(WebSocket, name)]
    if unknown:
        raise TypeError(f"@websocket has no option {', '.join(unknown)}")
    if callable(options.get("authorize")):
        authorize = options["authorize"]
        options = {**options, "authorize": lambda self, request, **kwargs: authorize(request, **kwargs)}
        if iscoroutinefunction(authorize):

            async def wait(self: WebSocket, request: Any, **kwargs: Any) -> Any:
                return await authorize(request, **kwargs)

            options["authorize"] = wait
    return type(handler.__name__, (kind,), {**facts, **options})
