"""The engine in a thread of a process that has a Django project set up."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connections

from hendrix.answer import housekeeping
from hendrix.answer.belongings import close_shelved
from hendrix.cli.given import read
from hendrix.core.config import OPTIONS, Config
from hendrix.core.errors import UsageError
from hendrix.tasks.crew import crew
from hendrix.test.shown import errors_shown
from hendrix.worker import project, reactor
from hendrix.worker.engine import Engine
from hendrix.worker.reactor import Reactor, new_loop
from hendrix.worker.shares import Share

_TICK = 0.5
#: Seconds that requests under way have at the end, and that tasks and threads have after that.
_PATIENCE = 5.0
_LAST_WORDS = 2.0
_LOOK = 0.005
#: Breakpoints take their time.
_DEFAULTS = {"dev": True, "timeout": 0.0, "slow_request": 0.0, "threads": 8, "forwarded_allow_ips": "127.0.0.1,::1"}


class EngineThread(threading.Thread):
    """Serves until ``terminate``. ``is_ready`` is set once it does, or ``error`` says why not."""

    def __init__(
        self,
        host: str,
        port: int = 0,
        connections_override: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(name="hendrix-live-server", daemon=True)
        self.host, self.port = host, port
        self.connections_override = dict(connections_override or {})
        self.is_ready = threading.Event()
        self.error: BaseException | None = None
        self._config = _config(options or {}, shared=bool(connections_override))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told: asyncio.Event | None = None
        self._engine: Engine | None = None

    def run(self) -> None:
        """The life of the thread."""
        try:
            with _shared(self.connections_override), errors_shown():
                self._live()
        except BaseException as error:
            self.error = error
        finally:
            self.is_ready.set()
            connections.close_all()

    def terminate(self) -> None:
        """Finish what is under way, let all threads go, and end."""
        loop, told = self._loop, self._told
        if loop is not None and told is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(told.set)
        self.join()

    def settle(self) -> bool:
        """For the thread of the tests: wait until no thread works for a request or for what follows one.

        Who has read an answer does not know that: a view's thread tidies up after it, and background work begins only
        then. False: they have had their time, and still work.
        """
        engine = self._engine
        until = time.monotonic() + _PATIENCE
        # In this order: a request has its place with the crew before its thread lets go of it.
        while engine is not None and (engine.threads.unfinished or crew.pending):
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK)
        return True

    def _live(self) -> None:
        self._loop = loop = new_loop()
        asyncio.set_event_loop(loop)
        twisted = _reactor()
        if twisted is None:
            try:
                loop.run_until_complete(self._serve())
            finally:
                loop.close()
            return
        twisted.adopt(loop)
        twisted.callWhenRunning(self._serve_and_stop, twisted)
        try:
            twisted.run(installSignalHandlers=False)
        finally:
            twisted.renew()
            twisted.adopt(asyncio.new_event_loop())  # closes ours

    def _serve_and_stop(self, twisted: Reactor) -> None:
        assert self._loop is not None

        def over(task: asyncio.Task[None]) -> None:
            self.error = task.exception()
            self.is_ready.set()
            twisted.stop()

        self._loop.create_task(self._serve()).add_done_callback(over)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        self._told = asyncio.Event()
        sock = socket.create_server((self.host, self.port), family=_family(self.host), backlog=self._config.backlog)
        self.port = sock.getsockname()[1]
        served = project.load_set_up(self._config)
        engine = Engine(self._config, served, loop, [sock], Share(0, loop.time()), connections.close_all)
        self._engine = engine
        await engine.wake()
        await engine.open()
        ticking = loop.create_task(_tick(engine))
        self.is_ready.set()
        await self._told.wait()
        await _end(engine)
        ticking.cancel()
        if served.asgi is not None:
            # Threads of asgiref's have ended without closing their database connections, which only the collector
            # finds: until then the test's database could not be dropped.
            gc.collect()


async def _tick(engine: Engine) -> None:
    while True:
        await asyncio.sleep(_TICK)
        engine.tick(time.monotonic())
        engine.count()


async def _end(engine: Engine) -> None:
    engine.close()
    engine.say_farewell()
    until = engine.loop.time() + _PATIENCE
    while not engine.done and engine.loop.time() < until:  # noqa: ASYNC110 - only tests wait here
        await asyncio.sleep(_LOOK)
    engine.cut()
    await engine.end(_LAST_WORDS)
    await engine.sleep(_LAST_WORDS)
    if not await engine.dismiss(_LAST_WORDS):
        sys.stderr.write("hendrix: a view of the live server hangs; its thread is left behind\n")
    close_shelved()


def _config(options: Mapping[str, Any], *, shared: bool) -> Config:
    """With one connection for all, one request at a time: it can have one transaction only."""
    values: dict[str, Any] = {**_DEFAULTS, **({"threads": 1} if shared else {})}
    for name, value in options.items():
        if name not in OPTIONS:
            raise UsageError(f"live_server_options[{name!r}] is no option; hx start --help-all lists them")
        values[name] = read(name, value, f"live_server_options[{name!r}]").value
    return Config(**values)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def prepare_reactor() -> None:
    """Before the project imports Twisted's reactor: have it get one that can run beside the tests, class by class."""
    if "twisted.internet.reactor" not in sys.modules:
        reactor.install()


def _reactor() -> Reactor | None:
    """Twisted's, if it is ours and does not run."""
    prepare_reactor()
    from twisted.internet import reactor as installed  # noqa: PLC0415

    if isinstance(installed, Reactor):
        return None if installed.running else installed
    name = type(installed).__name__
    sys.stderr.write(f"hendrix: {name} was there first and does not run; import hendrix.test before it in the tests\n")
    return None


@contextlib.contextmanager
def _shared(override: Mapping[str, Any]) -> Iterator[None]:
    """Every thread finds the test's own connections: there is no other way into a database in memory."""
    housekeeping.install()
    create = connections.create_connection
    owners = {alias: connection._thread_ident for alias, connection in override.items()}

    def shared(alias: str) -> Any:
        if alias not in override:
            return create(alias)
        housekeeping.here.connections.append(override[alias])
        return override[alias]

    connections.create_connection = shared
    try:
        yield
    finally:
        housekeeping.uninstall()
        for alias, connection in override.items():
            connection._thread_ident = owners[alias]
