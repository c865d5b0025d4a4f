"""A worker's life on one page: loop, threads, chain, listen, serve, drain, leave."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import signal
import socket
import sys
import time

from setproctitle import setproctitle

from hendrix.answer.forwarded import trust
from hendrix.answer.tasks import Tasks
from hendrix.core.config import Config
from hendrix.core.control import Drain, Draining, LoadFailed, Message, Ready, ReopenLogs, Retire, Vitals
from hendrix.core.errors import ProjectError
from hendrix.core.events import ERROR, INFO, emit
from hendrix.observe import log
from hendrix.wire.proxy_line import ProxyLine
from hendrix.worker.channel import LoopChannel
from hendrix.worker.connection import Connection
from hendrix.worker.heap import Heap
from hendrix.worker.listen import Listener
from hendrix.worker.project import thread_exit
from hendrix.worker.reactor import Reactor, new_loop
from hendrix.worker.record import Recorder
from hendrix.worker.recycle import Recycle
from hendrix.worker.served import Served, asgi_host, build_answer, introduce
from hendrix.worker.shares import Share
from hendrix.worker.site import build_site
from hendrix.worker.threads import ThreadPool

_TICK = 0.5
_TICKS_PER_VITALS = 2
#: Seconds between the begin of a drain and the close of idle connections.
_FAREWELL = 0.1
#: Seconds that cancelled tasks and the application's shutdown have at least.
_LAST_WORDS = 1.0


def live(
    number: int,
    config: Config,
    served: Served,
    sockets: list[socket.socket],
    channel: socket.socket,
    reactor: Reactor,
) -> int:
    """Serve until told to leave. Returns the exit status."""
    setproctitle(f"hendrix: worker {number} [{config.subject}]")
    # The template may have opened the log file before it was rotated.
    log.reopen()
    worker = Worker(number, config, served, sockets, channel, reactor)
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
    ) -> None:
        self._number = number
        self._config = config
        self._reactor = reactor
        self.loop = new_loop()
        asyncio.set_event_loop(self.loop)
        reactor.adopt(self.loop)
        log.bridge_twisted()
        self.threads = ThreadPool(self.loop, config.threads, config.queue_size, thread_exit())
        introduce(served, config, self.loop, self.threads)
        self.tasks = Tasks(self.loop)
        host, self._lifespan = asgi_host(served, config, self.tasks)
        self.site = build_site(config, build_answer(served, config, self.threads, self.tasks, host))
        self._recorder = Recorder(config, self.loop)
        self.site.record = self._recorder.record if self._recorder.wanted else None
        share = Share(number, self.loop.time())
        self._listener = Listener(self.loop, sockets, self._connect, share, limit=config.limit_connections)
        self.site.on_close = self._count
        self.site.trusts = trust(config.forwarded_allow_ips)
        self._id_field = config.request_id.lower().encode()
        self._channel = LoopChannel(self.loop, channel, self._told, self._orphaned)
        self._heap = Heap(time.monotonic())
        self._recycle = Recycle(config, time.monotonic())
        self._ticks = 0
        self._deadline = 0.0
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
        self._opening = self.loop.create_task(self._open())
        self._opening.add_done_callback(self._opened)

    async def _open(self) -> None:
        if self._lifespan is not None:
            await self._lifespan.startup()
        await self._listener.open()

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
        self.loop.call_later(_TICK, self._tick)

    def _connect(self) -> Connection:
        proxy = ProxyLine(self._config.proxy_protocol) if self._config.proxy_protocol != "off" else None
        connection = Connection(self.site, self.loop, self._id_field, proxy)
        self.loop.call_soon(self._count)
        return connection

    def _count(self) -> None:
        self._listener.check(len(self.site.connections) + self.site.arriving)
        self._leave_when_done()

    # --- time ----------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.loop.call_later(_TICK, self._tick)
        now = time.monotonic()
        self.site.tick()
        self.threads.tick()
        self._heap.tick(now)
        self._listener.tick(self.loop.time())
        for connection in list(self.site.connections):
            connection.check(now)
        config = self._config
        self.tasks.watch(now, config.slow_request, config.timeout)
        if self.threads.watch(now, config.slow_request, config.timeout):
            self._retire("a request hung")
        if reason := self._recycle.reason(now, self.site.requests):
            self._retire(reason)
        self._ticks += 1
        if self._ticks % _TICKS_PER_VITALS == 0:
            self._tell_vitals()
        if self._deadline and now >= self._deadline:
            self._cut()
        self._count()

    def _retire(self, reason: str) -> None:
        """Ask for a successor; serve until it is there."""
        if not self._retiring:
            self._retiring = True
            self._channel.send(Retire(reason))

    def _tell_vitals(self) -> None:
        threads = self.threads
        connections = len(self.site.connections)
        counts = Vitals(self.site.requests, connections, len(threads.slots), threads.busy, threads.waiting)
        self._channel.send(counts)

    # --- the end -------------------------------------------------------------------------------------------

    def _told(self, message: Message) -> None:
        if isinstance(message, Drain):
            self._drain(message.seconds, message.linger)
        elif isinstance(message, ReopenLogs):
            self._reopen_logs()

    def _reopen_logs(self) -> None:
        log.reopen()
        self._recorder.reopen()

    def _orphaned(self) -> None:
        """The supervisor is gone: finish what is under way and leave."""
        if not self.site.draining:
            emit("worker.orphaned", ERROR, worker=self._number)
            self._drain(self._config.graceful_timeout)

    def _drain(self, seconds: float, linger: float = 0.0) -> None:
        if not self.site.draining:
            emit("worker.draining", INFO, worker=self._number, connections=len(self.site.connections))
        self.site.draining = True
        self._deadline = time.monotonic() + seconds
        self._listener.close()
        self._channel.send(Draining())
        if not seconds:
            self._cut()
        self.loop.call_later(max(_FAREWELL, linger), self._say_farewell)

    def _say_farewell(self) -> None:
        """Not at once: what peers had sent before they could know of the drain is still read and answered."""
        for connection in list(self.site.connections):
            connection.leave()
        self._leave_when_done()

    def _leave_when_done(self) -> None:
        """A view whose peer has left is still let finish, unless it hangs."""
        site = self.site
        if site.draining and not (site.arriving or site.connections or self.threads.unfinished or self.tasks):
            self._stop()

    def _cut(self) -> None:
        """The deadline of the drain has passed."""
        self._deadline = 0.0
        for connection in list(self.site.connections):
            connection.abort()
        self._stop()

    def _stop(self) -> None:
        """The application has a moment to end as well, even past the deadline."""
        if self._ending is None:
            self._ending = self.loop.create_task(self._end())

    async def _end(self) -> None:
        # Tasks that are left have been cut off from their peers: they learn that first, and then are cancelled.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                await self.tasks.settled()
        self.tasks.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(_LAST_WORDS, self._deadline - time.monotonic())):
                await self.tasks.settled()
                if self._lifespan is not None:
                    await self._lifespan.shutdown()
        if self._reactor.running and not self._reactor._stopped:
            self._reactor.stop()

    def leave(self) -> None:
        """Last words. Threads that hang are left behind: the process ends without waiting for them."""
        self._recorder.close()
        self._channel.close()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
