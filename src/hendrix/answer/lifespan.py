"""The lifespan of an ASGI application (ASGI 3, "Lifespan Protocol"): told of the start and of the end."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

from hendrix.answer.asgi_scope import AsgiApplication, Message
from hendrix.core.errors import ProjectError
from hendrix.core.events import ERROR, emit

_COMPLETE = {"startup": "lifespan.startup.complete", "shutdown": "lifespan.shutdown.complete"}
_FAILED = {"startup": "lifespan.startup.failed", "shutdown": "lifespan.shutdown.failed"}


class Lifespan:
    """``mode``: ``on`` (the application must understand it), ``off``, or ``auto`` (it may)."""

    def __init__(self, application: AsgiApplication, mode: str) -> None:
        self._application = application
        self._mode = mode
        #: What it leaves here is given to every request.
        self.state: dict[str, Any] = {}
        self._task: asyncio.Task[None] | None = None
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._answered: asyncio.Event = asyncio.Event()
        self._phase = "startup"
        self._said = ""
        self._failure = ""
        self._error: BaseException | None = None
        #: It asked for the first event, so it knows what a lifespan is; it sent what belongs to no lifespan.
        self._understood = False
        self._mistaken = False

    async def startup(self) -> None:
        """Before the first request. Raises ``ProjectError`` where the application says that it cannot start."""
        if self._mode == "off":
            return
        self._events.put_nowait({"type": "lifespan.startup"})
        self._task = asyncio.get_running_loop().create_task(self._run())
        await self._answered.wait()
        if self._said == _COMPLETE["startup"]:
            return
        if self._said == _FAILED["startup"]:
            raise ProjectError(f"the application's startup failed: {self._failure or 'no reason given'}")
        self._judge_silence()

    def _judge_silence(self) -> None:
        """It ended without a word: does it not know the protocol, or did its startup break?"""
        error = self._error
        self._task = None
        if error is not None and (self._mode == "on" or (self._understood and not self._mistaken)):
            reason = f"{type(error).__name__}: {error}".strip()
            shown = "".join(traceback.format_exception(error))
            raise ProjectError(f"the application's startup failed: {reason}", shown) from error
        if self._mode == "on":
            raise ProjectError("the application does not understand the lifespan protocol (--lifespan on)")

    async def shutdown(self) -> None:
        """After the last request. What goes wrong is logged."""
        if self._task is None or self._task.done():
            return
        self._phase = "shutdown"
        self._answered.clear()
        self._events.put_nowait({"type": "lifespan.shutdown"})
        await self._answered.wait()
        if self._said == _FAILED["shutdown"]:
            emit("lifespan.shutdown_failed", ERROR, reason=self._failure)

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._application(scope, self._receive, self._send)
        except BaseException as error:
            self._error = error
            if self._said in _COMPLETE.values():
                # Of a startup that failed the caller tells.
                emit("lifespan.failed", ERROR, exc=error)
        finally:
            self._answered.set()

    async def _receive(self) -> Message:
        self._understood = True
        return await self._events.get()

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind not in (_COMPLETE[self._phase], _FAILED[self._phase]) or self._answered.is_set():
            self._mistaken = True
            raise RuntimeError(f"{kind!r} may not be sent now")
        self._said = kind
        self._failure = str(message.get("message", ""))
        self._answered.set()
