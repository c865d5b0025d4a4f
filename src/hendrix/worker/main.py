"""A worker's life on one page: loop, threads, chain, listen, serve, drain, leave."""

from __future__ import annotations

import asyncio
import atexit
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING

from setproctitle import setproctitle

from hendrix.core.config import Config
from hendrix.core.control import (
    AskCache,
    Drain,
    Draining,
    Leave,
    LoadFailed,
    Look,
    Message,
    Presented,
    Ready,
    ReopenLogs,
    Retire,
    Turn,
    Vitals,
)
from hendrix.core.errors import ProjectError
from hendrix.core.events import ERROR, INFO, emit
from hendrix.observe import log
from hendrix.tasks.crew import crew
from hendrix.worker import caching, forks
from hendrix.worker.channel import LoopChannel
from hendrix.worker.engine import OPEN, Engine, Secured
from hendrix.worker.heap import Heap
from hendrix.worker.lender import Lender
from hendrix.worker.looking import Looking
from hendrix.worker.project import thread_exit
from hendrix.worker.reactor import Reactor, new_loop
from hendrix.worker.recycle import Recycle
from hendrix.worker.served import Served, services_of
from hendrix.worker.shares import Share

if TYPE_CHECKING:
    from hendrix.worker.services import Services

_TICK = 0.5
_TICKS_PER_VITALS = 2
#: Seconds between the begin of a drain and the close of idle connections.
_FAREWELL = 0.1
#: Seconds that cancelled tasks and the application's shutdown have at least.
_LAST_WORDS = 1.0
#: Seconds past the deadline of a drain that are ours: a little later the supervisor kills.
_GRACE = 0.75


def live(
    number: int,
    config: Config,
    served: Served,
    sockets: list[socket.socket],
    channel: socket.socket,
    reactor: Reactor,
    secured: Secured = OPEN,
) -> int:
    """Serve until told to leave. Returns the exit status."""
    setproctitle(f"hendrix: worker {number} [{config.subject}]")
    log.be("worker", number)
    # The template may have opened the log file before it was rotated.
    log.reopen()
    worker = Worker(number, config, served, sockets, channel, reactor, secured)
    try:
        reactor.run(installSignalHandlers=False)
    except BaseException as error:
        emit("worker.failed", ERROR, worker=number, exc=error)
        worker.status = 1
    worker.leave()
    return worker.status


class Worker:
    """One serving process."""

    def __init__(
        self,
        number: int,
        config: Config,
        served: Served,
        sockets: list[socket.socket],
        channel: socket.socket,
        reactor: Reactor,
        secured: Secured,
    ) -> None:
        self._number = number
        self._thread = threading.get_ident()
        self._config = config
        self._reactor = reactor
        self.loop = new_loop()
        asyncio.set_event_loop(self.loop)
        reactor.adopt(self.loop)
        log.bridge_twisted()
        share = Share(number, self.loop.time())
        leave = self._leave_when_done
        self.engine = Engine(config, served, self.loop, sockets, share, thread_exit(), leave, secured)
        self._secured = secured
        self._places = {forks.place(sock) for sock in (*sockets, *secured.datagrams)}
        self.site = self.engine.site
        self._channel = LoopChannel(self.loop, channel, self._told, self._orphaned)
        reactor.lender = Lender(self._channel.send)
        self._looking = Looking(self.engine, config.request_id if served.django is not None else None)
        self._services = services_of(served, self._channel)
        self._heap = Heap(time.monotonic())
        self._recycle = Recycle(config, time.monotonic())
        self._ticks = 0
        self._due = 0.0
        self._deadline = self._last_moment = 0.0
        self._retiring = False
        self._ending: asyncio.Task[None] | None = None
        self.status = 0
        reactor.callWhenRunning(self._start)

    # --- start ---------------------------------------------------------------------------------------------

    def _start(self) -> None:
        # A terminal's Ctrl-C goes to every process of its group; the supervisor tells us what it means.
        self.loop.add_signal_handler(signal.SIGINT, lambda: None)
        self.loop.add_signal_handler(signal.SIGQUIT, lambda: None)
        self.loop.add_signal_handler(signal.SIGTERM, self._drain, self._config.graceful_timeout)
        self.loop.add_signal_handler(signal.SIGUSR1, self._reopen_logs)
        forks.took((signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1))
        forks.call_in_others(self._let_go)
        self._opening = self.loop.create_task(self._open())
        self._opening.add_done_callback(self._opened)

    async def _open(self) -> None:
        await self.engine.wake()
        if self._services:
            await self._start_services(self._services)
        await self.engine.open()

    async def _start_services(self, services: Services) -> None:
        try:
            await services.start()
        except ProjectError:
            await services.stop(self.loop.time() + _LAST_WORDS)
            raise

    def _opened(self, task: asyncio.Task[None]) -> None:
        error = task.exception()
        if isinstance(error, ProjectError):
            self._channel.send(LoadFailed(str(error), error.traceback))
            self.status = 1
            self._reactor.stop()
            return
        if error is not None:
            emit("worker.cannot_listen", ERROR, worker=self._number, reason=str(error))
            self.status = 1
            self._reactor.stop()
            return
        self._channel.send(Ready())
        self._await_tick()

    def _let_go(self) -> None:
        """In a process that the project forked. Where whoever forked it comes back to us, it ends."""
        forks.close_sockets(self._places)
        self.engine.threads.let_go(forks.leave)
        if threading.get_ident() == self._thread:
            self.loop.call_soon(forks.leave)

    # --- time ----------------------------------------------------------------------------------------------

    def _await_tick(self) -> None:
        """At the next half of a second by the clock: a Date that lags behind it would be earlier than what files say
        of themselves (RFC 9110 section 8.8.2.1). A timer may be early by half a millisecond."""
        wait = _TICK - time.time() % _TICK + 0.001
        self._due = time.monotonic() + wait
        self.loop.call_later(wait, self._tick)

    def _tick(self) -> None:
        now = time.monotonic()
        self._measure(now)
        self._await_tick()
        self._heap.tick(now)
        if self.engine.tick(now):
            self._retire("a request hung")
        if reason := self._recycle.reason(now, self.site.requests):
            self._retire(reason)
        self._ticks += 1
        if self._ticks % _TICKS_PER_VITALS == 0:
            self._tell_vitals()
        if self._deadline and now >= self._deadline:
            self._cut()
        self.engine.count()

    def _measure(self, now: float) -> None:
        """How late the loop is: what a request waits for it."""
        if self.site.measures is not None:
            self.site.measures.late(max(0.0, now - self._due))

    def _retire(self, reason: str) -> None:
        """Ask for a successor; serve until it is there."""
        if not self._retiring:
            self._retiring = True
            self._channel.send(Retire(reason))

    def _tell_vitals(self) -> None:
        threads = self.engine.threads
        connections = len(self.site.connections)
        cache = self.engine.cache
        told = (cache.tally.asked, cache.tally.found) if cache is not None else (0, 0)
        counts = Vitals(self.site.requests, connections, len(threads.slots), threads.busy, threads.waiting, *told)
        self._channel.send(counts)
        measures = self.site.measures
        if measures is not None and self._channel.send(measures.report(self.engine)):
            measures.told()

    # --- the end -------------------------------------------------------------------------------------------

    def _told(self, message: Message, fds: list[int]) -> None:
        if isinstance(message, Drain):
            self._drain(message.seconds, message.linger, last=message.last)
        elif isinstance(message, Leave):
            self.engine.take_leave()
        elif isinstance(message, Turn) and self._services:
            self._services.turn(message.yours)
        elif isinstance(message, AskCache):
            self._channel.send(caching.answer(message, self.engine.cache))
        elif isinstance(message, Look):
            self._channel.send(self._looking.answer(message, time.monotonic()))
        elif isinstance(message, ReopenLogs):
            self._reopen_logs()
        elif isinstance(message, Presented) and self._secured.keyring is not None:
            from hendrix.worker.presented import renew  # noqa: PLC0415 - imports cryptography

            renew(self._secured.keyring, fds)

    def _reopen_logs(self) -> None:
        log.reopen()
        self.engine.recorder.reopen()

    def _orphaned(self) -> None:
        """The supervisor is gone: finish what is under way and leave."""
        if not self.engine.closed:
            emit("worker.orphaned", ERROR, worker=self._number)
            self._drain(self._config.graceful_timeout)

    def _drain(self, seconds: float, linger: float = 0.0, *, last: bool = True) -> None:
        if not self.engine.closed:
            emit("worker.draining", INFO, worker=self._number, connections=len(self.site.connections))
        self._deadline = time.monotonic() + seconds
        self._last_moment = self._deadline + _GRACE
        self.engine.close(last=last)
        self._reactor.let_go()
        if self._services:
            self._services.leave(self.loop.time() + seconds)
        self._channel.send(Draining())
        if not seconds:
            self._cut()
        self.loop.call_later(max(_FAREWELL, linger), self._say_farewell)

    def _say_farewell(self) -> None:
        """Not at once: what peers had sent before they could know of the drain is still read and answered."""
        self.engine.say_farewell()
        self._leave_when_done()

    def _leave_when_done(self) -> None:
        if self.engine.closed and self.engine.done:
            self._stop()

    def _cut(self) -> None:
        """The deadline of the drain has passed."""
        self._deadline = 0.0
        self.engine.cut()
        self._stop()

    def _stop(self) -> None:
        """The application has a moment to end as well, even past the deadline."""
        if self._ending is None:
            self._ending = self.loop.create_task(self._end())

    async def _end(self) -> None:
        until = min(max(time.monotonic() + _LAST_WORDS, self._deadline), self._last_moment)
        await self.engine.end(until - time.monotonic())
        if self._services:
            await self._services.stop(self.loop.time() + until - time.monotonic())
        await self.engine.sleep(until - time.monotonic())
        if self._reactor.running and not self._reactor._stopped:
            self._reactor.stop()

    def leave(self) -> None:
        """Last words. Threads that hang are left behind: the process ends without waiting for them."""
        crew.give_up()
        self._tell_vitals()
        if self.engine.traces is not None:
            self.engine.traces.close(_LAST_WORDS)
        self.engine.recorder.close()
        self._channel.close()
        forks.end_executors(_LAST_WORDS)
        atexit._run_exitfuncs()
        forks.flush()
