"""The project's services in one worker: started in order, stopped in reverse order, their Deferreds awaited.

Those that say ``once`` run in one worker at a time: the supervisor says in which (``AskTurn``, ``Turn``, ``EndTurn``).
Where a worker of the old code has the turn, ours begins when that one has stopped them. What fails then is tried
again; what fails before the worker is ready stops the start, or the reload.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred

from hendrix.core.errors import ProjectError
from hendrix.core.events import ERROR, INFO, emit
from hendrix.worker.fault import projects_fault
from hendrix.worker.wanted import Wanted

#: Seconds until services that did not start after the worker was ready are tried again: at first, and at the most.
_AGAIN = 1.0
_AGAIN_AT_MOST = 60.0
#: Seconds that each has to stop, even past the deadline.
_LEAST = 0.1


class HendrixService(MultiService):
    """All services of this worker. What is added while it runs is started at once."""

    def get_port(self, name: str) -> int:
        """The port at which the service of this name listens. Raises ``KeyError`` where there is none."""
        service = self.getServiceNamed(name)
        port = getattr(service, "_port", None) or _result_of(getattr(service, "_waitingForPort", None))
        if port is None:
            raise KeyError(name)
        return int(port.getHost().port)


def _result_of(deferred: Any) -> Any:
    return getattr(deferred, "result", None)


Hook = Callable[[HendrixService], None]


class Group:
    """Some services, started and stopped together. ``hook`` may add others to the collection."""

    def __init__(self, wanted: Sequence[Wanted], hook: Hook | None) -> None:
        self._wanted, self._hook = wanted, hook
        self.collection = HendrixService()
        self._started: list[Any] = []

    def __bool__(self) -> bool:
        return bool(self._wanted) or self._hook is not None

    async def start(self) -> None:
        """Make and start all. Raises ``ProjectError``; those that have started are to be stopped then."""
        sources = {}
        for wanted in self._wanted:
            service = wanted.make()
            sources[id(service)] = wanted.source
            with projects_fault(f"{wanted.source} cannot be added"):
                if service.parent is None:
                    service.setServiceParent(self.collection)
                elif service not in self.collection.services:
                    self.collection.services.append(service)
        if self._hook is not None:
            with projects_fault("addServices() failed"):
                self._hook(self.collection)
        services = list(self.collection)
        for service in services:
            if _begins_early(service):
                self._started.append(service)
            with projects_fault(f"{_source(service, sources)} does not start"):
                await settled(service.privilegedStartService())
        for service in services:
            if service not in self._started:
                self._started.append(service)
            with projects_fault(f"{_source(service, sources)} does not start"):
                await settled(service.startService())
        self.collection.running = True

    async def stop(self, until: float) -> None:
        """Stop all, in reverse order. What has not come to an end at ``until``, of the loop's clock, is left."""
        loop = asyncio.get_running_loop()
        self.collection.running = False
        hanging = []
        for service in reversed(list(self.collection)):
            if service in self._started or getattr(service, "running", False):
                ending = loop.create_task(_stop(service))
                await asyncio.wait([ending], timeout=max(_LEAST, until - loop.time()))
                if not ending.done():
                    hanging.append(ending)
        if hanging:
            await asyncio.wait(hanging, timeout=_LEAST)
        for ending in hanging:
            ending.cancel()
        self._started.clear()
        self.collection = HendrixService()


def _begins_early(service: Any) -> bool:
    """Does it something in ``privilegedStartService``, such as to open a port, that is to be undone?"""
    return getattr(type(service), "privilegedStartService", None) is not Service.privilegedStartService


async def _stop(service: Any) -> None:
    try:
        await settled(service.stopService())
    except asyncio.CancelledError:
        emit("service.hangs", ERROR, service=_named(service), advice="its stopService did not come to an end")
    except Exception as error:
        emit("service.stop_failed", ERROR, service=_named(service), exc=error)


def _named(service: Any) -> str:
    return str(getattr(service, "name", None) or type(service).__qualname__)


def _source(service: Any, sources: dict[int, str]) -> str:
    return sources.get(id(service), f"service {_named(service)}")


async def settled(result: object) -> None:
    """Wait for what a service has returned: nothing, a Deferred or an awaitable."""
    if isinstance(result, Deferred):
        await result.asFuture(asyncio.get_running_loop())
    elif inspect.isawaitable(result):
        await result


class Services:
    """Both kinds. ``ask`` and ``end`` tell the supervisor about the turn."""

    def __init__(
        self,
        wanted: Iterable[Wanted],
        ask: Callable[[], object],
        end: Callable[[], object],
        hook: Hook | None = None,
        hook_once: Hook | None = None,
    ) -> None:
        wanted = list(wanted)
        self._each = Group([one for one in wanted if not one.once], hook)
        self._once = Group([one for one in wanted if one.once], hook_once)
        self._ask, self._end = ask, end
        self._answer: asyncio.Future[bool] | None = None
        self._again = _AGAIN
        self._ours = self._leaving = False
        self._work: asyncio.Task[None] | None = None

    def named(self, name: str) -> Any:
        """The service ``name`` of this worker. Raises ``KeyError``: there is none, or it runs once, elsewhere."""
        for group in (self._each, self._once):
            with contextlib.suppress(KeyError):
                return group.collection.getServiceNamed(name)
        raise KeyError(f"no service {name!r} runs in this worker")

    async def start(self) -> None:
        """Before the worker is ready. Raises ``ProjectError``."""
        await self._each.start()
        if not self._once:
            return
        self._answer = asyncio.get_running_loop().create_future()
        self._ask()
        if await self._answer:
            self._ours = True
            await self._once.start()

    def turn(self, yours: bool) -> None:
        """The supervisor says whether those that run once are ours now."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(yours)
        elif yours:
            self._ours = True
            self._work = asyncio.ensure_future(self._take_over())

    async def _take_over(self) -> None:
        if self._leaving:
            self._release()
            return
        try:
            await self._once.start()
        except ProjectError as error:
            facts = {"summary": str(error), "traceback": error.traceback, "again_in": self._again}
            emit("service.failed", ERROR, **facts)
            loop = asyncio.get_running_loop()
            await self._once.stop(loop.time() + _AGAIN)
            self._release()
            loop.call_later(self._again, self._ask_again)
            self._again = min(2 * self._again, _AGAIN_AT_MOST)
        else:
            self._again = _AGAIN
            emit("service.taken_over", INFO)

    def _ask_again(self) -> None:
        if not self._leaving:
            self._ask()

    def _release(self) -> None:
        self._ours = False
        self._end()

    def leave(self, until: float) -> None:
        """The worker drains: what runs once is stopped at once, as another worker waits for its turn."""
        if self._leaving:
            return
        self._leaving = True
        if self._ours:
            self._work = asyncio.ensure_future(self._leave(self._work, until))

    async def _leave(self, before: asyncio.Task[None] | None, until: float) -> None:
        if before is not None:
            await asyncio.wait([before], timeout=max(0.01, until - asyncio.get_running_loop().time()))
        await self._once.stop(until)
        if self._ours:
            self._release()

    async def stop(self, until: float) -> None:
        """Nothing is under way any more."""
        self.leave(until)
        if self._work is not None:
            await asyncio.wait([self._work], timeout=max(0.01, until - asyncio.get_running_loop().time()))
        await self._each.stop(until)


#: Those of this process, once they have started.
here: Services | None = None
